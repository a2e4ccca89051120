package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// Access says what may be reported to a repository.
type Access struct {
	// MayWrite is false for a repository that has taken over another one's name.
	MayWrite bool
	// WasRead says that all of its pull requests are known.
	WasRead bool
}

// progressOf returns the progress of an environment; nil if it isn't known yet.
type progressOf func(environment string) *preview.Progress

// view has the pull requests of a snapshot that may get reports.
type view struct {
	snapshot *preview.Snapshot
	access   map[string]Access // by lower-case name of the repository
	records  map[string]Record // of one kind
	requests []request
	// unclear are pull requests with unknown progress, or in a repository that gets no reports. They keep what they have.
	unclear []string
}

// request is a pull request that asks for a preview.
type request struct {
	key      string // owner/name#number
	decision *preview.Decision
	row      *preview.Row // its environment's; nil if the pull request is held or the environment isn't live
	progress preview.Progress
	page     string // the address of the preview's page; empty if there is none
	last     Record
}

// address returns the preview's address; empty if it isn't live.
func (r request) address() string {
	if r.row == nil {
		return ""
	}
	return r.row.URL
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
		r := request{key: nameOf(d), decision: d, last: records[nameOf(d)], page: pageOf(d.Environment)}
		environment := progress(d.Environment)
		if d.Outcome != preview.Held {
			r.row = rows[d.Environment]
		}
		if r.row != nil && environment == nil || !access[strings.ToLower(d.Repository)].MayWrite {
			v.unclear = append(v.unclear, r.key)
			continue
		}
		r.progress = preview.HeadProgress(d, r.row, environment)
		v.requests = append(v.requests, r)
	}
	return v
}

// isRequested says whether a pull request asks for a preview and has a commit that can carry a status.
func isRequested(d *preview.Decision) bool {
	return d.Number > 0 && d.HeadSHA != "" && d.Outcome != preview.Gone && d.Rule != preview.RuleUnlabelled
}

func nameOf(d *preview.Decision) string { return d.Repository + "#" + strconv.Itoa(d.Number) }

// split returns the repository and the number in a pull request's name.
func split(key string) (repository string, number int) {
	repository, text, _ := strings.Cut(key, "#")
	number, _ = strconv.Atoi(text)
	return repository, number
}

// ended returns the records of pull requests that ask for a preview no more. A pull request that can't be read is
// unclear, and so is each of an unknown repository while one can't be read.
func (v *view) ended() (keys, unclear []string) {
	asking := map[string]bool{}
	for i := range v.snapshot.Decisions {
		if d := &v.snapshot.Decisions[i]; isRequested(d) {
			asking[nameOf(d)] = true
		}
	}
	for key := range v.records {
		repository, _ := split(key)
		access, isKnown := v.access[strings.ToLower(repository)]
		switch {
		case asking[key]:
		case access.MayWrite && access.WasRead, !isKnown && len(v.snapshot.Unread) == 0:
			keys = append(keys, key)
		default:
			unclear = append(unclear, key)
		}
	}
	slices.Sort(keys)
	return keys, unclear
}

// isSettled says whether a phase is the result of a deployment.
func isSettled(p preview.Phase) bool {
	return p == preview.PhaseReady || p == preview.PhaseFailed || p == preview.PhaseDegraded
}
