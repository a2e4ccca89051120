package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// describe names a node for a person.
func describe(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		return "a set of keys"
	}
	if n.Kind == yaml.SequenceNode {
		return "a list"
	}
	text := Printable(n.Value)
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:57], "") + "…"
	}
	return strconv.Quote(text)
}

// suggest is the remedy for an unknown key: the known one that it is nearest to.
func suggest(key string, known map[string]reflect.StructField) string {
	names := slices.Sorted(maps.Keys(known))
	best, least := "", 3 // further away it is another word
	for _, k := range names {
		if d := distance(strings.ToLower(key), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(names, ", ")
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, last+1)
		}
	}
	return row[len(b)]
}
