package preview

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// files decides about the environment files that no open pull request stands for.
func (r *resolver) files() {
	for name, e := range r.Environments {
		d := Decision{Outcome: Held, Rule: ruleFile, Environment: name, Author: e.Owner, Owner: e.Owner}
		switch {
		case r.named[name]:
			continue
		case e.PullRequest == "": // else it was decided about
			d.Reason, d.Remedy = "it is the file of a slot that nobody holds", "previewctl slot claim "+name+" --holders <login>"
		default:
			d.Reason, d.Remedy = "it adjusts "+e.PullRequest+", which is not known to be open", "take the folder out, or reopen the pull request"
		}
		r.decided(d)
	}
	for name, problem := range r.Broken {
		if r.Environments[name] == nil && !r.named[name] {
			r.decided(Decision{Outcome: Held, Rule: ruleFile, Environment: config.Printable(name), Reason: problem, Remedy: "mend the file and push it"})
		}
	}
}

// depart notes what was there before and isn't any more.
func (r *resolver) depart() {
	s := r.snapshot
	var gone []Decision
	for name, was := range r.memory.Environments {
		if _, ok := s.Memory.Environments[name]; !ok {
			gone = append(gone, r.gone(was))
		}
	}
	slices.SortFunc(gone, compareDecisions)
	s.Memory.Gone = r.memory.remembered(gone, r.now)
	for _, d := range s.Memory.Gone {
		if !r.named[d.Environment] {
			s.Decisions = append(s.Decisions, d)
		}
	}
	for _, d := range s.Memory.Gone {
		r.named[d.Environment] = true
	}
}

func (r *resolver) finish() {
	s := r.snapshot
	for name, pin := range r.memory.Defaults {
		if _, ok := s.Memory.Defaults[name]; !ok {
			s.Memory.Defaults[name] = pin
		}
	}
	s.Rows = make([]Row, 0, len(s.Memory.Environments))
	for _, name := range slices.Sorted(maps.Keys(s.Memory.Environments)) { // guard row-order: slices.Collect(maps.Keys(s.Memory.Environments))
		s.Rows = append(s.Rows, s.Memory.Environments[name].Row)
	}
	slices.SortFunc(s.Decisions, compareDecisions)
	slices.Sort(s.Problems)
}

func (r *resolver) gone(was Remembered) Decision {
	d := Decision{
		Outcome: Gone, Rule: ruleClosed, Reason: "its pull request was closed or merged, or lost its label", Remedy: "reopen or label it to bring it back",
		Since: r.now.UTC().Truncate(time.Second), Environment: was.Row.Name, Repository: was.Row.Repository, Number: was.member().Number,
		Title: was.Row.Title, Author: was.Row.Author, Owner: was.Row.Owner, URL: was.Row.PullRequestURL,
	}
	switch to, moved := r.moves[was.Row.Name]; {
	case moved:
		d.Rule, d.Reason, d.Remedy = ruleMoved, "its pull request runs in environment "+to+" now", "previewctl show "+to
	case was.Row.Source == sourceEnvironment:
		d.Rule, d.Reason, d.Remedy = ruleFile, "its file was taken out of the config branch", "bring it back with previewctl create "+was.Row.Name
	case was.Row.Source == sourceSlot:
		d.Rule, d.Reason, d.Remedy = ruleSlot, "its slot was released", "previewctl slot claim "+was.Row.Name+" --holders <login>"
	}
	if over, ok := r.snapshot.Memory.Left[was.Row.Name]; ok {
		d.Rule, d.Reason, d.Remedy = over.Rule, over.Reason, comeBack(r.Config, was.Row.Name, r.now)
	}
	if r.confirmed(was.Row.Name) {
		d.Rule, d.Reason = ruleConfirmed, "it was withheld, and somebody has confirmed that it may go"
		d.Remedy = "label its pull request, in a repository that configuration names, to bring it back"
	}
	return d
}

func compareDecisions(a, b Decision) int {
	return cmp.Or(
		cmp.Compare(strings.ToLower(a.Repository), strings.ToLower(b.Repository)),
		cmp.Compare(a.Number, b.Number), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Rule, b.Rule),
	)
}
