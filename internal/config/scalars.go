package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a length of time in the notation of time.ParseDuration, such as "168h" or "90m".
type Duration time.Duration

func (d *Duration) decodeNode(dec *decoder, path string, n *yaml.Node) {
	v, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < 0 {
		dec.problem(
			n.Line,
			path,
			fmt.Sprintf("%s is not a length of time", describe(n)),
			`write it like "90m" or "168h"`,
		)
		return
	}
	*d = Duration(v)
}

func (r *RunSet) decodeNode(dec *decoder, path string, n *yaml.Node) {
	switch {
	case n.Kind == yaml.SequenceNode:
		r.Mode = "list"
		dec.value(path, n, &r.Services)
	case n.Kind == yaml.ScalarNode && (n.Value == "changed" || n.Value == "all"):
		r.Mode = n.Value
	default:
		dec.problem(
			n.Line,
			path,
			describe(n)+" is not a choice of services",
			"write changed, all, or a list of services",
		)
	}
}

// decodeNode accepts a mode alone.
func (s *SlotPolicy) decodeNode(dec *decoder, path string, n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		dec.byKind(path, n, reflect.ValueOf(s).Elem())
		return
	}
	mode := reflect.ValueOf(&s.Mode).Elem()
	dec.scalar(path, n, mode)
	dec.enum(path, n, mode, "off,on,required")
}

// decodeNode keeps the order of the file, which a map would lose.
func (s *Services) decodeNode(dec *decoder, path string, n *yaml.Node) {
	dec.mapping(path, n, func(key, value *yaml.Node, at string) {
		service := Service{Name: key.Value, Tag: defaultTag}
		dec.value(at, value, &service)
		*s = append(*s, service)
	})
}

// FormatDuration formats a length of time for people: 48h instead of 48h0m0s.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
