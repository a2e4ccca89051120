// Package report tells GitHub and Jira about previews: by commit statuses, check runs and deployments of the head commits of
// pull requests, by one comment for each pull request, and by links of issues. It decides what to say and when to try
// again; the adapters talk to GitHub and Jira.
package report

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Kind is a kind of report.
type Kind string

// The kinds of reports.
const (
	Status     Kind = "status"     // a commit status
	Check      Kind = "check"      // a check run; only a GitHub App may write it
	Deployment Kind = "deployment" // a GitHub deployment, with its statuses
	Comment    Kind = "comment"    // a comment, which is edited in place
	RemoteLink Kind = "jira"       // a remote link of an issue in Jira
)

// Kinds are all kinds at GitHub. Reports are written in this order.
var Kinds = []Kind{Status, Check, Deployment, Comment}

// GitHub writes reports. Repository is "owner/name", and descriptions have at most 140 characters.
type GitHub interface {
	// Report sets our commit status on a commit. State is pending, success or failure; target is a URL or "".
	Report(ctx context.Context, repository, sha, state, description, target string) error
	CheckRuns
	// Deploy returns the deployment of a commit to an environment of GitHub with the task. It creates a missing one.
	Deploy(ctx context.Context, repository, sha, environment, task string) (id int64, err error)
	// SetDeploymentStatus adds a status to a deployment, and returns whether the deployment exists. State is queued,
	// in_progress, success, failure or inactive; url is the environment's address or "", logURL that of the preview's
	// page or "".
	SetDeploymentStatus(
		ctx context.Context, repository string, id int64, state, description, url, logURL string,
	) (exists bool, err error)
	// DeleteDeployment deletes an inactive deployment. A missing one is no error.
	DeleteDeployment(ctx context.Context, repository string, id int64) error
	// PutComment writes our comment of a pull request and returns its ID. An id of 0 is unknown: the comment is searched
	// for, and created if it is missing.
	PutComment(ctx context.Context, repository string, number int, id int64, body string) (newID int64, err error)
}

// CheckRuns writes check runs.
type CheckRuns interface {
	// CreateCheckRun writes the content of a commit's check run with the external ID, and returns its ID. It creates a
	// missing one.
	CreateCheckRun(ctx context.Context, repository string, run preview.CheckRun) (id int64, err error)
	// UpdateCheckRun writes the content of a check run, and returns whether the check run exists.
	UpdateCheckRun(ctx context.Context, repository string, id int64, run preview.CheckRun) (exists bool, err error)
}

// Options are the options of Reports.
type Options struct {
	// GitHub writes the reports; nil writes none.
	GitHub GitHub
	// Kinds are the kinds to write to GitHub; only Status if it is empty.
	Kinds []Kind
	// Jira writes the links of issues; nil writes none.
	Jira Jira
	// Environment is the name of GitHub's environment for all deployments; "preview" if it is empty.
	Environment string
	// Stops says whether an error ends the reports to a repository, because the token may not write them; nil retries
	// after every error.
	Stops func(error) bool
	// PageOf returns the address of an environment's page for people who have signed in; nil if there is none.
	PageOf func(environment string) string
	Now    func() time.Time
	Log    *slog.Logger
	// Count is called after each write.
	Count func(kind Kind, ok bool)
}

const (
	// maxAtOnce bounds the entries of one kind after one snapshot, because each costs quota. The others follow later.
	maxAtOnce = 20
	// maxFailures bounds the failures of one kind after one snapshot: usually the token may not write at all.
	maxFailures = 3
	// retryAfter is the time until a failed write is tried again. An entry with another text is tried at once.
	retryAfter = 5 * time.Minute
)

// Reports remembers what GitHub has. Plan and Accept belong to one goroutine; Send may run in another.
type Reports struct {
	options  Options
	planners map[Kind]planner
	budget   *budget
	lists    map[Kind]list
	// reruns are the pull requests whose check run is to be written again. They wait here, because a Send may run.
	reruns []string
	// refused are the repositories that the token may not write to. They get no reports until the generator restarts.
	refused map[string]bool
}

// planner finds the entries of one kind. A record whose key is neither in entries nor in kept is dropped.
type planner func(v *view) (entries []entry, kept []string)

// entry is what GitHub should have of one kind for one pull request.
type entry interface {
	key() string  // owner/name#number
	text() string // another text is tried at once after a failure
	// next returns the next write; nil if GitHub has all of it, or the write must wait.
	next(r Record, now time.Time) write
}

// write writes to GitHub once, and returns the new record.
type write func(ctx context.Context, g GitHub) (Record, error)

// list has the records and failures of one kind, by pull request.
type list struct {
	records map[string]Record
	failed  map[string]failedWrite
}

// failedWrite is a write that failed, and the time of the next attempt.
type failedWrite struct {
	text  string
	retry time.Time
}

// New returns Reports.
func New(o Options) *Reports {
	switch {
	case o.GitHub == nil:
		o.Kinds = nil
	case len(o.Kinds) == 0:
		o.Kinds = []Kind{Status}
	}
	if o.Jira != nil {
		o.Kinds = append(slices.Clone(o.Kinds), RemoteLink)
	}
	if o.Environment == "" {
		o.Environment = "preview"
	}
	if o.PageOf == nil {
		o.PageOf = func(string) string { return "" }
	}
	deployments := deploymentPlanner{environment: o.Environment}
	return &Reports{
		options: o, budget: newBudget(o.Now), lists: map[Kind]list{},
		planners: map[Kind]planner{
			Status: planStatuses, Check: planCheckRuns, Deployment: deployments.plan, Comment: planComments,
			RemoteLink: remoteLinks{o.Jira, o.PageOf}.plan,
		},
	}
}

// Enabled reports whether reports are written.
func (r *Reports) Enabled() bool { return len(r.options.Kinds) > 0 }

// Batch has the entries that are due after a snapshot, and then the results of their writes.
type Batch struct {
	kinds   []*kindBatch
	refused map[string]bool // as in Reports
}

type kindBatch struct {
	kind Kind
	due  []entry
	list
	hasChanged bool // a write has changed a report at GitHub
}

// Plan finds the entries that are due. Entries that failed before come last.
func (r *Reports) Plan(snapshot *preview.Snapshot, progress progressOf, access map[string]Access) *Batch {
	for _, pr := range r.reruns {
		r.beginRerun(pr)
	}
	r.reruns = nil
	b := &Batch{refused: maps.Clone(r.refused)}
	if b.refused == nil {
		b.refused = map[string]bool{}
	}
	for _, kind := range append(slices.Clone(Kinds), RemoteLink) {
		if slices.Contains(r.options.Kinds, kind) {
			v := newView(snapshot, progress, access, r.lists[kind].records, r.options.PageOf)
			entries, kept := r.planners[kind](v)
			b.kinds = append(b.kinds, r.plan(kind, entries, kept))
		}
	}
	return b
}

func (r *Reports) plan(kind Kind, entries []entry, kept []string) *kindBatch {
	old, now := r.lists[kind], r.options.Now()
	k := &kindBatch{kind: kind, list: list{records: map[string]Record{}, failed: map[string]failedWrite{}}}
	for _, key := range kept {
		if record, isKnown := old.records[key]; isKnown {
			k.records[key] = record
		}
	}
	for _, e := range entries {
		key := e.key()
		record, isKnown := old.records[key]
		if isKnown {
			k.records[key] = record
		}
		if failed, hasFailed := old.failed[key]; hasFailed && failed.text == e.text() {
			k.failed[key] = failed
		}
		repository, _ := split(key)
		if !r.refused[repository] && e.next(record, now) != nil && !now.Before(k.failed[key].retry) {
			k.due = append(k.due, e)
		}
	}
	slices.SortStableFunc(k.due, func(x, y entry) int { return k.failed[x.key()].retry.Compare(k.failed[y.key()].retry) })
	return k
}

// Send makes the due writes and notes the results in the batch. It stops a kind after maxFailures failures, and all of
// them when the budget is used up.
func (r *Reports) Send(ctx context.Context, b *Batch) {
	for _, k := range b.kinds {
		failures := 0
		for _, e := range k.due[:min(len(k.due), maxAtOnce)] {
			if failures == maxFailures {
				break
			}
			repository, _ := split(e.key())
			if b.refused[repository] {
				continue
			}
			err := r.write(ctx, k, e)
			if err != nil && r.options.Stops != nil && r.options.Stops(err) {
				r.options.Log.Info("a repository gets no reports, because the token may not write them; see --report",
					"repository", repository, "error", err)
				b.refused[repository] = true
				continue
			}
			if err != nil {
				failures++
				k.failed[e.key()] = failedWrite{text: e.text(), retry: r.options.Now().Add(retryAfter)}
				r.options.Log.Warn("report to GitHub failed; it will be tried again",
					"report", string(k.kind), "pr", e.key(), "error", err)
			}
		}
	}
}

// write makes the writes of an entry, one after another.
func (r *Reports) write(ctx context.Context, k *kindBatch, e entry) error {
	for ctx.Err() == nil {
		next := e.next(k.records[e.key()], r.options.Now())
		if next == nil {
			delete(k.failed, e.key())
			return nil
		}
		if !r.budget.spend() {
			return nil // it is due again after the next snapshot
		}
		after, err := next(ctx, r.options.GitHub)
		r.options.Count(k.kind, err == nil)
		if err != nil {
			return err
		}
		k.hasChanged = true
		if after.isEmpty() {
			delete(k.records, e.key())
			return nil
		}
		k.records[e.key()] = after
	}
	return nil
}

// Accept takes over the results of a batch. It returns whether a report at GitHub has changed, so that the records must
// be saved.
func (r *Reports) Accept(b *Batch) (mustSave bool) {
	r.refused = b.refused
	for _, k := range b.kinds {
		r.lists[k.kind] = k.list
		mustSave = mustSave || k.hasChanged
	}
	return mustSave
}
