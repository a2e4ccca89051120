package applicationsets

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Filters remember the filter of each ApplicationSet. Argo CD deletes all Applications that an answer lacks, so a
// mistake in a filter would delete them all. A filter that suddenly selects none of the environments that it selected
// before is refused until a person confirms it. It uses no clock.
type Filters struct {
	mu      sync.Mutex
	known   map[string]store.Filter  // by ApplicationSet
	refused map[string]answer.Filter // the last refused filter, by ApplicationSet
}

// WaitingError refuses an answer until a person confirms it.
type WaitingError struct{ message string }

func (e *WaitingError) Error() string { return e.message }

// Check refuses an answer without any of the environments that the ApplicationSet had until now, although they exist.
// IsNew says that the filter is a new one, which must be saved.
func (a *Filters) Check(name string, f answer.Filter, p *answer.Published) (isNew bool, err error) {
	generators, isOpen := generatorsOf(p.Facts.Cluster.Plugins, name)
	a.mu.Lock()
	defer a.mu.Unlock()
	known, isKnown := a.known[name]
	if isOpen || generators > 1 || generators == 0 && !isKnown || len(name) > maxNameBytes {
		return false, nil
	}
	isSame := isKnown && f.Equal(known.Values)
	if isSame && len(known.Lost) == 0 {
		delete(a.refused, name)
		return false, nil
	}
	before := known.Lost
	if isKnown && len(before) == 0 {
		before = selected(known.Values, p.Snapshot)
	}
	existing := rowsNamed(before, p.Snapshot)
	isSelected := func(r *preview.Row) bool { return f.Matches(p.Snapshot, *r) }
	if len(existing) > 0 && !slices.ContainsFunc(existing, isSelected) { // guard changed-filter: false
		a.refuse(name, f)
		return false, refusal(name, f, known, existing)
	}
	delete(a.refused, name)
	if isSame || !isKnown && len(a.known) >= maxCallers {
		return false, nil
	}
	a.set(name, store.Filter{Values: f})
	return true, nil
}

// generatorsOf returns how many plugin generators the cluster shows for an ApplicationSet, and whether one of them gets
// parameters from a matrix. Requests don't tell which of several generators asks. While the cluster is unreadable, it
// shows none.
func generatorsOf(plugins []preview.Plugin, name string) (n int, isOpen bool) {
	for _, p := range plugins {
		if p.ApplicationSet == name {
			_, isMatrix, err := pluginFilter(p)
			n, isOpen = n+1, isOpen || err == nil && isMatrix
		}
	}
	return n, isOpen
}

// selected returns the environments that a filter selects.
func selected(f answer.Filter, s *preview.Snapshot) (names []string) {
	for i := range s.Rows {
		if f.Matches(s, s.Rows[i]) {
			names = append(names, s.Rows[i].Name)
		}
	}
	return names
}

// rowsNamed returns the rows of the environments that exist.
func rowsNamed(names []string, s *preview.Snapshot) (rows []*preview.Row) {
	for _, name := range names {
		i, found := slices.BinarySearchFunc(s.Rows, name, func(r preview.Row, name string) int {
			return strings.Compare(r.Name, name)
		})
		if found {
			rows = append(rows, &s.Rows[i])
		}
	}
	return rows
}

func (a *Filters) set(name string, f store.Filter) {
	if a.known == nil {
		a.known = map[string]store.Filter{}
	}
	a.known[name] = f
}

func (a *Filters) refuse(name string, f answer.Filter) {
	if a.refused == nil {
		a.refused = map[string]answer.Filter{}
	}
	a.refused[name] = f // only known ApplicationSets are refused, so it is bounded
}

func refusal(name string, f answer.Filter, known store.Filter, before []*preview.Row) error {
	last, count := "its last filter "+describe(known.Values)+" selected", "environment"
	if f.Equal(known.Values) {
		last = "it selected before"
	}
	if len(before) > 1 {
		count = fmt.Sprintf("%d environments", len(before))
	}
	return &WaitingError{fmt.Sprintf("the filter %s of ApplicationSet %s doesn't select the %s that %s, such as %s; "+
		"correct it, or let these go: previewctl confirm --application-set %s",
		describe(f), config.Printable(name), count, last, before[0].Name, config.Printable(name))}
}

// describe returns a filter as JSON that is safe to print.
func describe(f answer.Filter) string {
	const most = 300
	if len(f) == 0 {
		return "without parameters"
	}
	text, _ := json.Marshal(f) // strings never fail
	return config.Printable(strings.ToValidUTF8(string(text[:min(len(text), most)]), ""))
}

// Confirm accepts the last refused filter of an ApplicationSet. It returns false if none was refused.
func (a *Filters) Confirm(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, isRefused := a.refused[name]
	if isRefused {
		delete(a.refused, name)
		a.set(name, store.Filter{Values: f})
	}
	return isRefused
}

// IsRefused reports whether an ApplicationSet waits for confirmation.
func (a *Filters) IsRefused(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, isRefused := a.refused[name]
	return isRefused
}

// Problems explain the refused filters.
func (a *Filters) Problems() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(a.refused)) {
		problems = append(problems, fmt.Sprintf("ApplicationSet %s gets no answer, because its filter %s selects none of "+
			"its environments any more; correct it, or let these go: previewctl confirm --application-set %s",
			config.Printable(name), describe(a.refused[name]), config.Printable(name)))
	}
	return problems
}

// Compare notes the ApplicationSets that lose all their environments by an unchanged filter: the environments exist,
// and the facts that the filter reads have changed. It returns whether there is something to save.
func (a *Filters) Compare(before, after *preview.Snapshot) (hasChanged bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, known := range a.known {
		if len(known.Values) == 0 { // it selects everything
			continue
		}
		lost := known.Lost
		if len(lost) == 0 {
			lost = selected(known.Values, before)
		}
		rows := rowsNamed(lost, after)
		lost = nil
		isSelected := func(r *preview.Row) bool { return answer.Filter(known.Values).Matches(after, *r) }
		if !slices.ContainsFunc(rows, isSelected) && !isOrdinary(known, rows, after) {
			for _, r := range rows {
				lost = append(lost, r.Name)
			}
		}
		if !slices.Equal(lost, known.Lost) {
			known.Lost, hasChanged = lost, true
			a.known[name] = known
		}
	}
	return hasChanged
}

// isOrdinary says whether an ApplicationSet lost its environments in an ordinary way: a person changed the owner, the
// profile or the origin of the only one. A repository's name isn't the choice of one environment.
func isOrdinary(known store.Filter, lost []*preview.Row, s *preview.Snapshot) bool {
	if len(known.Lost) > 0 || len(lost) != 1 {
		return false
	}
	repositories, isFiltered := known.Values["repository"]
	return !isFiltered || answer.Filter{"repository": repositories}.Matches(s, *lost[0])
}

// Saved returns the filters to save.
func (a *Filters) Saved() map[string]store.Filter {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.known)
}

// Restore takes over saved filters. One with keys of another version is left out.
func (a *Filters) Restore(saved map[string]store.Filter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known, a.refused = maps.Clone(saved), nil
	maps.DeleteFunc(a.known, func(_ string, f store.Filter) bool { return !answer.Filter(f.Values).HasKnownKeys() })
}
