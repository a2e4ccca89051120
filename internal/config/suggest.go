package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// describe names a YAML node in messages.
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

// suggest returns the remedy for an unknown key: the most similar known key, or all of them.
func suggest(key string, known map[string]reflect.StructField) string {
	names := slices.Sorted(maps.Keys(known))
	if best := Nearest(key, names); best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(names, ", ")
}

// Nearest returns the name that is most similar to a mistyped word, or "" if none is similar.
func Nearest(word string, names []string) string {
	best, least := "", 3 // a larger distance means another word
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
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

// KnownNames lists the keys of a map as the remedy for an unknown name.
func KnownNames[V any](m map[string]V) string { return someOf(slices.Sorted(maps.Keys(m))) }

// someOf lists names in a message, at most 20.
func someOf(names []string) string {
	const most = 20
	if len(names) == 0 {
		return "none exist"
	}
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	return "known: " + strings.Join(names, ", ")
}
