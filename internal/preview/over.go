package preview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// fixedEnd is when an environment is over however it is used; zero is never.
func (r *resolver) fixedEnd(w *wish, profile string) time.Time {
	switch {
	case w.file.Lifetime.Expires != nil:
		return *w.file.Lifetime.Expires
	case w.source() != sourceEnvironment:
		return time.Time{}
	}
	life := r.beginLife()
	if l := r.lives[w.name]; l != nil {
		life = l.Life
	}
	if after := r.LifetimeOf(profile).ExpireAfter; after > 0 && !life.Unsure {
		return life.Since.Add(after)
	}
	return time.Time{}
}

// extended is until when an environment isn't over, because somebody asked for it.
func (l *living) extended() time.Time { return l.intent.until(l.rules) }

func (i Intent) until(rules *config.LifetimeSettings) time.Time {
	if most := i.Renewed.Add(rules.MaxExtension); i.Extended.After(most) {
		return most
	}
	return i.Extended
}

// endsAt is when the lifetime of an environment takes it away, if nobody uses it any more; zero is never. It may be past.
func (r *resolver) endsAt(l *living) (at time.Time, rule string) {
	if l.wish == nil || len(l.wish.ghosts) > 0 {
		return time.Time{}, "" // what nobody speaks for stays
	}
	fixed, idle := r.fixedEnd(l.wish, l.profile), time.Time{}
	if l.isIdleable() && l.wish.knowsHeads && l.rules.DeleteAfterIdle > 0 && !r.kept(l.wish) && (l.measured || l.state == Asleep) {
		idle = latest(l.Active.Add(l.rules.DeleteAfterIdle), l.extended())
	}
	if !fixed.IsZero() {
		fixed = latest(fixed, l.extended())
	}
	if !fixed.IsZero() && (idle.IsZero() || fixed.Before(idle)) {
		return fixed, ruleExpired
	}
	return idle, ruleIdle
}

// isIdleable says whether an environment is over when nobody uses it: those that people made by hand stay until their end.
func (l *living) isIdleable() bool {
	return l.wish.source() != sourceEnvironment && !l.wish.file.Adopted
}

// kept says whether a pull request in it has the label by which it isn't deleted for being idle.
func (r *resolver) kept(w *wish) bool {
	return slices.ContainsFunc(w.members, func(c *candidate) bool {
		keep, _ := labelled(c.Labels, r.Policy.PullRequests.KeepLabel)
		return keep && (w.own || c.isIn(w.name))
	})
}

// over says of a live environment that its lifetime is over.
func (r *resolver) over(w *wish) *hold {
	l := r.lives[w.name]
	if w.was == nil || l == nil || !r.agrees() || slices.ContainsFunc(w.members, func(c *candidate) bool { return c.was != nil && !c.isIn(w.name) }) {
		return nil
	}
	seen := r.now
	at, rule := r.endsAt(l)
	if rule == ruleIdle && l.state != Asleep {
		seen = r.facts.Activity.At
	}
	if at.IsZero() || at.After(seen) || !r.configSince(w, at) || rule == ruleIdle && !r.readSince(w, at) {
		return nil
	}
	reason := "its end came " + moment(at)
	if rule == ruleIdle {
		reason = fmt.Sprintf("nobody has used it since %s, and lifetime.deleteAfterIdle is %s", moment(l.Active), config.FormatDuration(l.rules.DeleteAfterIdle))
	}
	return &hold{rule: rule, over: true, reason: reason, remedy: comeBack(r.Config, w.name, r.now)}
}

// configSince says whether what configuration says of an environment was read after a time: somebody may have written a later
// end where it couldn't be.
func (r *resolver) configSince(w *wish, at time.Time) bool {
	read := r.facts.ConfigReadAt
	return r.Broken[w.name] == "" && (read.IsZero() || !read.Before(at))
}

// readSince says whether the repositories that pushes to an environment come from were read after a time: a push that couldn't
// be read is use too.
func (r *resolver) readSince(w *wish, at time.Time) bool {
	fresh := func(name string) bool {
		repository, ok := r.heard(strings.ToLower(name))
		return ok && (repository.ReadAt.IsZero() || !repository.ReadAt.Before(at))
	}
	for _, c := range w.members {
		if !fresh(c.key) {
			return false
		}
	}
	for name := range w.file.Services {
		if s := r.Policy.Services.Get(name); s != nil && !fresh(s.Repository) {
			return false
		}
	}
	return true
}

// comeBack is how what is over comes back. Where somebody has written its end, a push doesn't move that.
func comeBack(c *config.Config, name string, now time.Time) string {
	if e := c.Environments[name]; e != nil && e.Lifetime.Expires != nil && !e.Lifetime.Expires.After(now) {
		return "previewctl extend " + name + ", or write a later lifetime.expires into its file, to bring it back"
	}
	return "push to it, or previewctl extend " + name + ", to bring it back"
}

// moment is a time for people to read.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// end takes an environment away whose lifetime is over, unless too many would go at once.
func (r *resolver) end(w *wish, h *hold) {
	if !r.confirmed(w.name) && r.braked(w.was, w.was.Braked) {
		withheld := &hold{
			rule: ruleWithheld, withheld: true, reason: fmt.Sprintf("%s, as that of many others, more than the %d that may go within 10 minutes", h.reason, r.deletionsAtOnce()),
			remedy: "previewctl confirm " + w.name + " to let it go, or previewctl extend " + w.name,
		}
		r.serve(*w.was)
		r.tellAll(w, func(d Decision) Decision { return d.stays(withheld) })
		return
	}
	r.snapshot.Memory.Left[w.name] = Left{Rule: h.rule, Reason: h.reason, Heads: r.lives[w.name].Heads, Members: w.was.Members}
	r.tellAll(w, func(d Decision) Decision { return d.held(h) })
}

// tellAll makes the decisions about an environment: one of each pull request in it, and its own where a file or a slot
// makes it.
func (r *resolver) tellAll(w *wish, say func(Decision) Decision) {
	for _, c := range w.members {
		if d := r.about(w, c); !w.own && c.hold != nil && !c.isIn(w.name) {
			r.decided(d.held(c.hold))
		} else {
			r.decided(say(d))
		}
	}
	if !w.own && (w.isFile || w.claim != nil || len(w.members) == 0) {
		r.decided(say(Decision{Environment: w.name, Owner: config.Printable(w.owner()), Author: config.Printable(w.owner())}))
	}
}

// newcomer holds a new environment that its lifetime took away, or for which there is no room.
func (r *resolver) newcomer(w *wish) *hold {
	s := r.snapshot
	if end := w.file.Lifetime.Expires; s.Memory.Left[w.name].Rule == "" && end != nil && r.agrees() && !end.After(r.now) && !r.isExtended(w.name) {
		s.Memory.Left[w.name] = Left{Rule: ruleExpired, Reason: "its end came " + moment(*end), Heads: w.pushed, Members: r.membersOf(w)}
	}
	if left, ok := s.Memory.Left[w.name]; ok {
		return &hold{rule: left.Rule, reason: left.Reason, remedy: comeBack(r.Config, w.name, r.now)}
	}
	return r.limited(w) // guard limits: nil
}

// remain remembers what its lifetime took away, as long as it is asked for in the same way.
func (r *resolver) remain() {
	for name, left := range r.memory.Left {
		if r.was[name] == nil && !r.comesBack(name, left) {
			r.snapshot.Memory.Left[name] = left
		}
	}
}

// isExtended says of what isn't live whether somebody wants it to be.
func (r *resolver) isExtended(name string) bool {
	return r.memory.Intents[name].until(r.LifetimeOf("")).After(r.now)
}

// comesBack says whether what is over is asked for anew, or no more.
func (r *resolver) comesBack(name string, left Left) bool {
	if r.isExtended(name) {
		return true
	}
	w := r.asked[name]
	if w == nil {
		return !slices.ContainsFunc(left.Members, func(m Member) bool { _, heard := r.heardAs(m.Repository); return !heard })
	}
	if r.unlabelled(w) {
		return true // who labels it again asks for it anew
	}
	return w.knowsHeads && isPush(w.pushed, left.Heads) || left.Rule == ruleIdle && r.kept(w)
}

// unlabelled says whether an environment is that of a pull request which doesn't ask for it.
func (r *resolver) unlabelled(w *wish) bool {
	if !w.own {
		return false
	}
	_, h := admit(r.Config, w.members[0].PullRequest)
	return h != nil && h.over
}

// openIn are the environments that open pull requests are in.
func openIn(candidates []*candidate) map[string]bool {
	open := map[string]bool{}
	for _, c := range candidates {
		if c.was != nil {
			open[c.was.Row.Name] = true
		}
	}
	return open
}

// grace keeps the environments of pull requests that were closed a while.
func (r *resolver) grace(open map[string]bool) {
	for name, was := range r.was {
		_, kept := r.snapshot.Memory.Environments[name]
		if kept || open[name] || isGiven(name) || r.asked[name] != nil || len(was.Members) == 0 || r.confirmed(name) {
			continue
		}
		if h := r.graceHold(r.lives[name]); h != nil {
			r.keep(*was, h, was.Row.HeadSHA)
		}
	}
}

// graceHold keeps an environment whose pull requests are closed, for as long as lifetime.grace says since that was first seen.
func (r *resolver) graceHold(l *living) *hold {
	if l.rules.Grace == 0 {
		return nil
	}
	if l.Closed.IsZero() {
		l.Closed = r.now.UTC()
	}
	end := l.graceEnds()
	if r.agrees() && // guard grace-clock: true
		!end.After(r.now) {
		return nil
	}
	return &hold{rule: ruleGrace, reason: "its pull request is closed, and it goes " + moment(end), remedy: "reopen it to keep its preview"}
}

// graceEnds is when an environment goes whose pull requests are closed. Who extends it then, wants it to stay without them.
func (l *living) graceEnds() time.Time {
	end := l.Closed.Add(l.rules.Grace)
	if l.intent.Renewed.After(l.Closed) {
		end = latest(end, l.extended())
	}
	return end
}
