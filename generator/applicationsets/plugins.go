package applicationsets

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/preview"
)

// installedConfigMap is the plugin ConfigMap in appsets/.
const installedConfigMap = "preview-generator"

// ourPlugins are the plugin generators that ask this service. Their ConfigMap is the installed one, or that of an
// ApplicationSet that has asked already.
func (n *Notifier) ourPlugins(all []preview.Plugin) []preview.Plugin {
	ours := map[string]bool{installedConfigMap: true}
	for _, p := range all {
		if n.callers.hasAsked(p.ApplicationSet) {
			ours[p.ConfigMap] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(p preview.Plugin) bool { return !ours[p.ConfigMap] })
}

// pluginFilter reads the input parameters of a plugin generator. In a matrix, other generators fill in parameters; such
// a parameter is left out, and isOpen is true.
func pluginFilter(p preview.Plugin) (f answer.Filter, isOpen bool, err error) {
	raw := map[string]json.RawMessage{}
	for key, value := range p.Parameters {
		if raw[key], err = json.Marshal(value); err != nil {
			return nil, false, err
		}
	}
	if f, err = answer.ParseFilter(raw); err != nil {
		return nil, false, err
	}
	for key, accepted := range f {
		if slices.ContainsFunc(accepted, func(w string) bool { return strings.Contains(w, "{{") }) {
			delete(f, key)
			isOpen = true
		}
	}
	return f, isOpen, nil
}

// Overlaps names environments that two ApplicationSets both get: each of them would create the same Application.
func (n *Notifier) Overlaps(s *preview.Snapshot, plugins []preview.Plugin) []string {
	filters := map[string][]answer.Filter{}
	for _, p := range n.ourPlugins(plugins) {
		if f, isOpen, err := pluginFilter(p); err == nil && !isOpen {
			filters[p.ApplicationSet] = append(filters[p.ApplicationSet], f)
		}
	}
	sets := slices.Sorted(maps.Keys(filters))
	first := map[string]preview.Row{}
	for i, a := range sets {
		for _, b := range sets[i+1:] {
			for _, r := range s.Rows {
				if anyMatches(filters[a], s, r) && anyMatches(filters[b], s, r) {
					first[a+" and "+b] = r
					break
				}
			}
		}
	}
	var problems []string
	for _, pair := range slices.Sorted(maps.Keys(first)) {
		problems = append(problems, fmt.Sprintf(
			"ApplicationSets %s both get environment %s; "+
				"make their input parameters exclude each other", pair, first[pair].Name))
	}
	return problems
}

func anyMatches(filters []answer.Filter, s *preview.Snapshot, r preview.Row) bool {
	return slices.ContainsFunc(filters, func(f answer.Filter) bool { return f.Matches(s, r) })
}
