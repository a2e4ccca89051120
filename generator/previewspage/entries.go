package previewspage

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// entry is a preview in the list: a live environment, or a pull request or file that asks for one but has none.
type entry struct {
	Name    string
	Address string
	preview.Progress
	Decision     *preview.Decision // the one that the times are from
	PullRequests []pullRequest
	Owner        string
	Purpose      string
	IsOwn        bool
	// WaitsForConfirmation says that its removal waits for an admin.
	WaitsForConfirmation bool

	row       *preview.Row // nil if the environment isn't live
	decisions []*preview.Decision
}

// pullRequest is a pull request of a preview.
type pullRequest struct{ Text, Title, URL, Author, repository string }

// entriesOf returns all previews of a snapshot: those with a failure first, those on hold last, and otherwise by the
// time of their last change.
func entriesOf(p *answer.Published, known map[string]preview.Progress, login string, now time.Time) []*entry {
	live := make(map[string]*entry, len(p.Snapshot.Rows))
	var all []*entry
	for i := range p.Snapshot.Rows {
		row := &p.Snapshot.Rows[i]
		e := &entry{
			Name: row.Name, Address: webAddress(row.URL), Owner: row.Owner, Purpose: row.Purpose, row: row, Progress: known[row.Name],
		}
		if e.Phase == "" {
			e.Progress = preview.Progress{Phase: preview.PhaseDeploying, Reason: "Argo CD hasn't been read yet"}
		}
		live[row.Name], all = e, append(all, e)
	}
	for i := range p.Snapshot.Decisions {
		d := &p.Snapshot.Decisions[i]
		if e := live[d.Environment]; e != nil && d.Outcome != preview.Gone {
			e.add(d)
		} else if asks(d) {
			e := &entry{Name: d.Environment, Owner: d.Owner, Progress: preview.HeadProgress(d, nil, nil)}
			e.Phase = d.ListedPhase()
			e.add(d)
			all = append(all, e)
		}
	}
	claims := p.Config.Claims(now)
	for _, e := range all {
		e.IsOwn = answer.IsOwn(login, e.row, e.decisions, claims)
	}
	slices.SortStableFunc(all, func(a, b *entry) int {
		return cmp.Or(compareBool(b.IsFailing(), a.IsFailing()), compareBool(a.Phase == preview.PhaseOnHold, b.Phase == preview.PhaseOnHold),
			b.since().Compare(a.since()), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// asks says whether a decision without a live environment is about something that asks for one, or that had one until
// its lifetime ended.
func asks(d *preview.Decision) bool {
	hasEnded := d.Rule == preview.RuleIdle || d.Rule == preview.RuleExpired
	return (d.Outcome == preview.Held && d.Rule != preview.RuleUnlabelled) || (d.Outcome == preview.Gone && hasEnded)
}

// add adds a decision about the preview. Times come from the decision that keeps it live.
func (e *entry) add(d *preview.Decision) {
	e.decisions = append(e.decisions, d)
	e.WaitsForConfirmation = e.WaitsForConfirmation || d.Withheld
	if e.Decision == nil || e.Decision.Outcome == preview.Held {
		e.Decision = d
	}
	if d.Number > 0 {
		e.PullRequests = append(e.PullRequests, pullRequest{
			Text: d.Repository + "#" + strconv.Itoa(d.Number), Title: d.Title, URL: webAddress(d.URL), Author: d.Author,
			repository: d.Repository,
		})
	}
}

func (e *entry) since() time.Time {
	switch {
	case e.Since != nil:
		return *e.Since
	case e.Decision != nil:
		return e.Decision.Since
	}
	return time.Time{}
}

// IsLive reports whether the environment exists.
func (e *entry) IsLive() bool { return e.row != nil }

// Path is the path of the preview's page; "" if it has none.
func (e *entry) Path() string {
	if e.Name == "" {
		return ""
	}
	return PathOf(e.Name)
}

// Title is the first pull request's title, or the purpose.
func (e *entry) Title() string {
	if len(e.PullRequests) > 0 {
		return e.PullRequests[0].Title
	}
	return e.Purpose
}

// SleepsAt is the time at which the environment falls asleep without further use; nil if none is known.
func (e *entry) SleepsAt() *time.Time {
	if e.Decision == nil || e.Phase == preview.PhaseAsleep {
		return nil
	}
	return e.Decision.SleepsAt
}

// LiveSince is the time at which the environment went live; nil if it is unknown.
func (e *entry) LiveSince() *time.Time {
	if e.Decision == nil {
		return nil
	}
	return e.Decision.LiveSince
}

// EndsAt is the time at which the environment expires without further use; nil if none is known.
func (e *entry) EndsAt() *time.Time {
	if e.Decision == nil {
		return nil
	}
	return e.Decision.ExpiresAt
}

// webAddress returns an address that a browser opens as a web page; "" for any other text.
func webAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	return text
}

// filter chooses previews of the list.
type filter struct {
	Text, Repository, Owner, Phase string
	Mine, ToConfirm                bool
}

// maxFilterText bounds each text of a filter in bytes.
const maxFilterText = 200

func filterOf(q url.Values) filter {
	text := func(name string) string {
		v := config.Printable(strings.TrimSpace(q.Get(name)))
		return v[:min(len(v), maxFilterText)]
	}
	return filter{
		Text: text("q"), Repository: text("repository"), Owner: text("owner"), Phase: text("state"), Mine: q.Get("mine") != "",
		ToConfirm: q.Get("confirm") != "",
	}
}

func (f filter) matches(e *entry) bool {
	return (!f.Mine || e.IsOwn) && (!f.ToConfirm || e.WaitsForConfirmation) && (f.Phase == "" || string(e.Phase) == f.Phase) &&
		(f.Owner == "" || strings.EqualFold(f.Owner, e.Owner)) &&
		(f.Repository == "" || e.hasRepository(f.Repository)) && e.contains(strings.ToLower(f.Text))
}

func (e *entry) hasRepository(name string) bool {
	return slices.ContainsFunc(e.PullRequests, func(pr pullRequest) bool { return strings.EqualFold(pr.repository, name) })
}

// contains reports whether a text of the preview contains a lower-case text.
func (e *entry) contains(text string) bool {
	texts := []string{e.Name, e.Owner, e.Purpose}
	for _, pr := range e.PullRequests {
		texts = append(texts, pr.Text, pr.Title, pr.Author)
	}
	if e.row != nil {
		texts = append(texts, e.row.Branch, e.row.IssueKey)
	}
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), text) })
}

// choices are the values that the list's filters offer.
type choices struct{ Repositories, Owners, Phases []string }

func choicesOf(all []*entry) choices {
	repositories, owners, phases := map[string]bool{}, map[string]bool{}, map[preview.Phase]bool{}
	for _, e := range all {
		for _, pr := range e.PullRequests {
			repositories[pr.repository] = true
		}
		if e.Owner != "" {
			owners[e.Owner] = true
		}
		phases[e.Phase] = true
	}
	c := choices{Repositories: slices.Sorted(maps.Keys(repositories)), Owners: slices.Sorted(maps.Keys(owners))}
	for _, phase := range preview.ListedPhases() {
		if phases[phase] {
			c.Phases = append(c.Phases, string(phase))
		}
	}
	return c
}

// slot is a slot with its holders.
type slot struct {
	Name    string
	Path    string // empty if it has no environment now
	Holders []string
	Purpose string
	Until   *time.Time
}

// slotsOf returns the slots and the claims that wait for one.
func slotsOf(c *config.Config, all []*entry, now time.Time) (slots, queue []slot) {
	claims := c.Claims(now)
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		one := slotOf(name, claims[name])
		if find(all, name) != nil {
			one.Path = PathOf(name)
		}
		slots = append(slots, one)
	}
	if len(claims) > 0 {
		for _, claim := range c.Slots.At(now).Queue {
			queue = append(queue, slotOf("", claim))
		}
	}
	return slots, queue
}

func slotOf(name string, c config.Claim) slot {
	return slot{Name: name, Holders: c.Holders, Purpose: config.Printable(c.Purpose), Until: c.Until}
}
