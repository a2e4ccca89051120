package preview

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// truth is what stands on GitHub, read or not.
func (p *play) truth(m Member) PullRequest { return *p.pulls[m.Repository][m.Number-1] }

// isMember reports whether a pull request is in some environment now.
func (p *play) isMember(m Member) bool {
	for _, e := range p.last.Memory.Environments {
		if slices.ContainsFunc(e.Members, func(other Member) bool { return other.subject() == m.subject() }) {
			return true
		}
	}
	return false
}

// isAskedFor reports whether a file or a claim makes an environment, whatever its pull requests do.
func (p *play) isAskedFor(name string) bool {
	return name == "jakub" && p.policy.hand != "" || name == "ivysaur" && p.policy.holder != ""
}

// has reports whether one of the labels is this one, with a profile or without.
func has(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(l string) bool {
		l = strings.ToLower(l)
		return l == label || strings.HasPrefix(l, label+":")
	})
}

func (p *play) nothingIsLost(before *Snapshot, confirmed map[string]bool) {
	for name, was := range before.Memory.Environments {
		is, there := p.last.Memory.Environments[name]
		for _, m := range was.Members {
			pr, label := p.truth(m), p.asked[name]
			if isNamed(name) {
				label = "preview-with:" + name
			}
			if !there && !confirmed[name] && !pr.Created.IsZero() && has(pr.Labels, label) && !p.isMember(m) && !p.conflicts(m) {
				p.fail("%s vanished, though it is open and labelled %q", name, pr.Labels)
			}
		}
		switch {
		case confirmed[name]:
		case !there && p.isAskedFor(name):
			p.fail("%s vanished, though it is asked for", name)
		case there && is.Row.Namespace != was.Row.Namespace:
			p.fail("%s moved to %s", name, is.Row.Namespace)
		case there && !isNamed(name) && was.Run != nil && missing(was.Run, is.Run):
			p.fail("services of %s went: %v, now %v", name, was.Run, is.Run)
		}
	}
}

func missing(was, is map[string]config.ServiceRef) bool {
	for s := range was {
		if _, ok := is[s]; !ok {
			return true
		}
	}
	return false
}

// forksHaveNoSecrets: an environment with a commit of a pull request from a fork has no secrets, and no mark changes.
func (p *play) forksHaveNoSecrets(before *Snapshot) {
	for name, e := range p.last.Memory.Environments {
		mark := e.Row.SecretsMark()
		if last := before.Memory.Environments[name].Row.SecretsMark(); last != "" && last != mark {
			p.fail("%s was marked %q, and is marked %q now", name, last, mark)
		}
		for service, ref := range e.Run {
			s := p.config.Policy.Services.Get(service)
			if ref.Number == 0 || s == nil {
				continue
			}
			pulls := p.pulls[strings.ToLower(s.Repository)]
			isFork := ref.Number <= len(pulls) && pulls[ref.Number-1].isFork() && ref.Origin != config.OriginOwn
			if isFork && (mark != SecretsNever || len(secretsOf(e.Row)) > 0) {
				p.fail("%s has commit %s from a fork, and is marked %q", name, ref.SHA, mark)
			}
		}
	}
}

// deletionGuardHolds checks that within ten minutes no more environments lose their label and are removed than the limit
// allows, and that a guarded environment is removed only after a confirmation.
func (p *play) deletionGuardHolds(before *Snapshot, confirmed map[string]bool) {
	p.lost = slices.DeleteFunc(p.lost, func(at time.Time) bool { return p.now.Sub(at) >= guardWindow })
	went := false
	for name, was := range before.Memory.Environments {
		if _, there := p.last.Memory.Environments[name]; there || confirmed[name] || !p.isOpen(was) && was.Row.Source == FromPullRequest {
			continue
		}
		went = true
		p.lost = append(p.lost, p.now)
		if was.IsGuarded {
			p.fail("%s was withheld, and its removal was not confirmed", name)
		}
	}
	if n := len(p.lost); went && n > cmp.Or(p.config.Policy.Limits.DeletionsAtOnce, 10) {
		p.fail("%d went within ten minutes", n)
	}
}

// isOpen reports whether a pull request is open as far as it was read.
func (p *play) isOpen(e Remembered) bool {
	return slices.ContainsFunc(e.Members, func(m Member) bool { return p.read1(m).Number > 0 })
}

func (p *play) read1(m Member) PullRequest {
	for _, pr := range p.facts.Repositories[m.Repository].PullRequests {
		if pr.Number == m.Number {
			return pr
		}
	}
	return PullRequest{}
}

// conflicts reports whether a pull request is held for what another one changes.
func (p *play) conflicts(m Member) bool {
	return slices.ContainsFunc(p.last.Decisions, func(d Decision) bool {
		return d.Rule == RuleConflict && subject(d.Repository, d.Number) == m.subject()
	})
}

// newOnesAreAllowed checks that each new environment and each new commit is green, approved and within the limits.
func (p *play) newOnesAreAllowed(before *Snapshot) {
	limits, grew := p.config.Policy.Limits, false
	for name, is := range p.last.Memory.Environments {
		was, there := before.Memory.Environments[name]
		grew = grew || !there
		for s, pin := range is.Run {
			pr := p.read1(Member{Repository: strings.ToLower(p.config.Policy.Services.Get(s).Repository), Number: pin.Number})
			if pin != was.Run[s] && pr.Number > 0 && pr.HeadRepositoryID != pr.BaseRepositoryID && !p.approved[pin.SHA] {
				p.fail("%s runs %s of %s, which has no approval", name, short(pin.SHA), s)
			}
		}
		for _, s := range []string{"orders", "gateway"} {
			if pin := is.Run[s]; pin != was.Run[s] && pin.SHA != "" && !p.green[pin.SHA] {
				p.fail("%s runs %s at %s, which isn't green", name, s, short(pin.SHA))
			}
		}
	}
	if n := len(p.last.Rows); grew && limits.Environments > 0 && n > limits.Environments {
		p.fail("%d are live after one more went live", n)
	}
}

// answerIsWhole: rows are sorted and unique, each has a decision, and so has every open pull request.
func (p *play) answerIsWhole() {
	decided := map[string]bool{}
	for _, d := range p.last.Decisions {
		if d.Outcome == Live || d.Outcome == AsleepOutcome {
			decided[d.Environment] = true
		}
		if state := p.last.Memory.Environments[d.Environment].Row.State; (d.Outcome == AsleepOutcome) != (d.State == Asleep) ||
			(d.Outcome == AsleepOutcome && state != Asleep) {
			p.fail("%s is %s, and its row %s: %+v", d.Environment, d.Outcome, state, d)
		}
		if d.Outcome == Held && (d.Reason == "" || d.Remedy == "") {
			p.fail("%s is held without reason or remedy: %+v", d.Environment, d)
		}
	}
	for i, r := range p.last.Rows {
		if !decided[r.Name] || (i > 0 && p.last.Rows[i-1].Name >= r.Name) {
			p.fail("row %s has no decision, or is out of order", r.Name)
		}
	}
	if len(decided) != len(p.last.Rows) || len(p.last.Rows) != len(p.last.Memory.Environments) {
		p.fail("%d decisions and %d remembered for %d rows", len(decided), len(p.last.Memory.Environments), len(p.last.Rows))
	}
}

// loseMemory restarts without, with everything readable: else the service answers nothing. What stands there again is
// whatever would get a preview today.
func (p *play) loseMemory() {
	p.tell("memory is lost")
	clear(p.unreadable)
	p.policy.broken = false
	p.last, p.config, p.lost = &Snapshot{}, nil, nil
	p.load()
	p.resolve(Memory{})
}

// end makes everything readable, ready, approved and allowed, confirms all that is withheld, and compares.
func (p *play) end() {
	p.tell("the end")
	clear(p.unreadable)
	p.policy.broken, p.policy.file, p.policy.limits, p.policy.forks, p.policy.hand, p.policy.holder = false, "", "", "approved", "", ""
	p.green[p.main] = true
	want := []string{}
	for name, pulls := range p.pulls {
		for _, pr := range pulls {
			p.green[pr.HeadSHA], p.approved[pr.HeadSHA] = true, true
			pr.Draft, pr.Changes = false, &Changes{All: true}
			pr.Labels = slices.DeleteFunc(slices.Clone(pr.Labels),
				func(l string) bool { return l == "preview:checkout" || strings.HasPrefix(l, "preview-with:") })
			if !pr.Created.IsZero() && has(pr.Labels, p.policy.label) && name != p.policy.without {
				want = append(want, subject(name, pr.Number))
			}
		}
	}
	p.load()
	for range 3 {
		p.now = p.now.Add(time.Hour)
		p.resolve(p.confirmAll(p.last.Memory))
	}
	got := []string{}
	for _, e := range p.last.Memory.Environments {
		for _, m := range e.Members {
			got = append(got, m.subject())
		}
		if want := p.policy.prefix + e.Row.Name; e.Row.Namespace != want {
			p.fail("%s is in %s in the end", e.Row.Name, e.Row.Namespace)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		p.fail("in the end %v are live, want %v", got, want)
	}
}

func (p *play) confirmAll(m Memory) Memory {
	m.Confirmed = map[string]bool{}
	for _, d := range p.last.Decisions {
		if d.Withheld {
			m.Confirmed[d.Environment] = true
		}
	}
	return m
}
