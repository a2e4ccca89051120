package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// Access says what may be reported to a repository.
type Access struct {
	// MayWrite is false for a repository that the generator may not read, and for one that has taken over another
	// repository's name.
	MayWrite bool
	// WasRead is true if the list of its open pull requests has been read, and the last read succeeded.
	WasRead bool
}

// progressOf returns the progress of an environment; nil if it isn't known yet.
type progressOf func(environment string) *preview.Progress

// view has the pull requests of a snapshot that may get reports.
type view struct {
	snapshot *preview.Snapshot
	access   map[string]Access // by lower-case name of the repository
	records  map[string]Record // of one kind
	asking   []asking
	// unclear are the keys of pull requests with an unknown progress, or in a repository that gets no reports. GitHub and
	// the records keep their reports.
	unclear []string
}

// asking is a pull request that asks for a preview.
type asking struct {
	key      string // owner/name#number
	decision *preview.Decision
	row      *preview.Row // of its environment; nil if the pull request is held or the environment isn't live
	progress preview.Progress
	page     string // the address of the preview's page; empty if there is none
	last     Record
}

// address returns the preview's address; empty if it isn't live.
func (r asking) address() string {
	if r.row == nil {
		return ""
	}
	return r.row.URL
}

// staysGreen reports whether a commit that was ready counts as ready while its environment sleeps or wakes, or is synced
// again.
func (r asking) staysGreen(wasReady bool) bool {
	isWaiting := r.progress.Phase == preview.PhaseQueued || r.progress.Phase == preview.PhaseChecks
	return wasReady && r.row != nil && !isWaiting && !isSettled(r.progress.Phase)
}

func newView(
	snapshot *preview.Snapshot, progress progressOf, access map[string]Access, records map[string]Record,
	pageOf func(environment string) string,
) *view {
	v := &view{snapshot: snapshot, access: access, records: records}
	rows := make(map[string]*preview.Row, len(snapshot.Rows))
	for i := range snapshot.Rows {
		rows[snapshot.Rows[i].Name] = &snapshot.Rows[i]
	}
	for i := range snapshot.Decisions {
		d := &snapshot.Decisions[i]
		if !isRequested(d) {
			continue
		}
		r := asking{key: nameOf(d), decision: d, last: records[nameOf(d)], page: pageOf(d.Environment)}
		environment := progress(d.Environment)
		if d.Outcome != preview.Held {
			r.row = rows[d.Environment]
		}
		if r.row != nil && environment == nil || !access[strings.ToLower(d.Repository)].MayWrite {
			v.unclear = append(v.unclear, r.key)
			continue
		}
		r.progress = preview.HeadProgress(d, r.row, environment)
		v.asking = append(v.asking, r)
	}
	return v
}

// isRequested says whether a decision is about a pull request that asks for a preview, and has a commit for a status.
func isRequested(d *preview.Decision) bool {
	return d.Number > 0 && d.HeadSHA != "" && d.Outcome != preview.Gone && d.Rule != preview.RuleUnlabelled
}

// nameOf returns the pull request's name, owner/name#number.
func nameOf(d *preview.Decision) string { return d.Repository + "#" + strconv.Itoa(d.Number) }

// split returns the repository and the number in a pull request's name.
func split(key string) (repository string, number int) {
	repository, text, _ := strings.Cut(key, "#")
	number, _ = strconv.Atoi(text)
	return repository, number
}

// ended returns the keys of records whose pull requests no longer ask for a preview. A pull request in a repository
// that can't be read is unclear. If the repository isn't known, it may be a renamed one: it is unclear while any
// repository can't be read.
func (v *view) ended() (keys, unclear []string) {
	isAsking := map[string]bool{}
	for i := range v.snapshot.Decisions {
		if d := &v.snapshot.Decisions[i]; isRequested(d) {
			isAsking[nameOf(d)] = true
		}
	}
	for key := range v.records {
		repository, _ := split(key)
		access, isKnown := v.access[strings.ToLower(repository)]
		switch {
		case isAsking[key]:
		case access.MayWrite && access.WasRead, !isKnown && len(v.snapshot.Unread) == 0:
			keys = append(keys, key)
		default:
			unclear = append(unclear, key)
		}
	}
	slices.Sort(keys)
	return keys, unclear
}

// isSettled reports whether a phase is the result of a deployment.
func isSettled(p preview.Phase) bool {
	return p == preview.PhaseReady || p == preview.PhaseFailed || p == preview.PhaseDegraded
}
