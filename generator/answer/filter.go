package answer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Filter holds the input parameters of an ApplicationSet: for each row key, the accepted values.
type Filter map[string][]string

// filterValues returns a row's values for each input parameter. Values are compared without regard to case.
var filterValues = map[string]func(*preview.Snapshot, preview.Row) []string{
	"source":     func(_ *preview.Snapshot, r preview.Row) []string { return []string{string(r.Source)} },
	"repository": RepositoryNames,
	"owner":      func(_ *preview.Snapshot, r preview.Row) []string { return []string{r.Owner} },
	"profile":    func(_ *preview.Snapshot, r preview.Row) []string { return []string{r.Profile} },
}

// RepositoryNames are the repository names that select a row: GitHub's name, and the configured names of all its pull
// requests. So a renamed repository or another pull request that joins the environment doesn't remove it from an
// ApplicationSet.
func RepositoryNames(s *preview.Snapshot, r preview.Row) []string {
	names := []string{r.Repository}
	for _, m := range s.Memory.Environments[r.Name].Members {
		names = append(names, m.Repository)
	}
	return names
}

// Matches reports whether the filter selects a row.
func (f Filter) Matches(s *preview.Snapshot, r preview.Row) bool {
	for key, accepted := range f {
		if !slices.ContainsFunc(filterValues[key](s, r), func(value string) bool { return ContainsFold(accepted, value) }) {
			return false
		}
	}
	return true
}

// ContainsFold reports whether a list contains a text, without regard to case.
func ContainsFold(all []string, one string) bool {
	return slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, one) })
}

// Equal reports whether two filters are the same.
func (f Filter) Equal(other Filter) bool { return maps.EqualFunc(f, other, slices.Equal) }

// HasKnownKeys is false for a filter of a version that has other input parameters.
func (f Filter) HasKnownKeys() bool {
	for key := range f {
		if filterValues[key] == nil {
			return false
		}
	}
	return true
}

// key is equal for equal filters.
func (f Filter) key() string {
	b, _ := json.Marshal(f) // strings never fail; keys are sorted
	return string(b)
}

// ParseFilter reads input.parameters. Each value is a string or a list of strings.
func ParseFilter(parameters map[string]json.RawMessage) (Filter, error) {
	f := Filter{}
	for key, raw := range parameters {
		if filterValues[key] == nil {
			return nil, fmt.Errorf(
				"unknown input parameter %q; use owner, profile, repository or source", config.Printable(key),
			)
		}
		accepted, ok := parseTexts(raw)
		if !ok {
			return nil, fmt.Errorf("input parameter %q: expected a string or a list of strings", key)
		}
		slices.Sort(accepted)
		f[key] = slices.Compact(accepted)
	}
	return f, nil
}

// parseTexts reads a string or a list of strings. It refuses an empty list: that is a mistake, and Argo CD would delete
// every Application.
func parseTexts(raw json.RawMessage) ([]string, bool) {
	var one *string
	if json.Unmarshal(raw, &one) == nil && one != nil {
		return []string{*one}, true
	}
	var many []*string
	if json.Unmarshal(raw, &many) != nil || len(many) == 0 || slices.Contains(many, nil) {
		return nil, false
	}
	all := make([]string, len(many))
	for i, s := range many {
		all[i] = *s
	}
	return all, true
}
