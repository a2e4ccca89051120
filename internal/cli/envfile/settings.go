package envfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Setting is a key of environment.yaml and its new value. The value nil removes the key.
type Setting struct {
	Keys []string
	// Value computes the value from the policy and the file.
	Value func(*config.Policy, *yamldoc.Document) (any, error)
	// Label names the setting in the commit's subject.
	Label string
}

// SetValue returns a setting with a fixed value.
func SetValue(value any, label string, keys ...string) Setting {
	return Setting{
		Keys: keys, Label: label,
		Value: func(*config.Policy, *yamldoc.Document) (any, error) { return value, nil },
	}
}

// apply applies settings to a file and returns the labels of those that changed it, sorted.
func apply(settings []Setting, p *config.Policy, d *yamldoc.Document) ([]string, error) {
	changed := map[string]bool{}
	for _, s := range settings {
		before := string(d.Bytes())
		value, err := s.Value(p, d)
		if err == nil && value == nil {
			err = d.Remove(s.Keys...)
		} else if err == nil {
			err = d.Set(value, s.Keys...)
		}
		if err != nil {
			return nil, err
		}
		if string(d.Bytes()) != before && s.Label != "" {
			changed[s.Label] = true
		}
	}
	return slices.Sorted(maps.Keys(changed)), nil
}

// CheckService returns an error if the policy has no service of that name.
func CheckService(p *config.Policy, name string) error {
	var names []string
	for _, s := range p.Services {
		if s.Name == name {
			return nil
		}
		names = append(names, s.Name)
	}
	text := "there is no service " + name
	if near := config.Nearest(name, names); near != "" {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s\nuse a service of previewset.yaml: %s", text, strings.Join(names, ", "))
}
