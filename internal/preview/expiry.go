package preview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// fixedEnd returns the time at which an environment expires whatever its activity; zero is never.
func (ls *lifecycles) fixedEnd(desired *desiredEnvironment, profile string) time.Time {
	switch {
	case desired.file.Lifetime.Expires != nil:
		return *desired.file.Lifetime.Expires
	case desired.isAbandoned() && desired.previous.IsLease: // its file is gone from a branch that was force-pushed
		end, _ := time.Parse(time.RFC3339, desired.previous.Row.ExpiresAt)
		return end
	case desired.source() != FromFile:
		return time.Time{}
	}
	life := newLife(ls.in)
	if l := ls.byName[desired.name]; l != nil {
		life = l.Life
	}
	if after := ls.in.cfg.LifetimeOf(profile).ExpireAfter; after > 0 && !life.Unsure {
		return life.Since.Add(after)
	}
	return time.Time{}
}

// extendedUntil is the end of the extension that a person asked for, within lifetime.maxExtension.
func (i Requests) extendedUntil(settings *config.LifetimeSettings) time.Time {
	return earliest(i.ExpiresNotBefore, i.Renewed.Add(settings.MaxExtension))
}

// heldUntil is the time until which a person keeps an environment awake.
func (i Requests) heldUntil(settings *config.LifetimeSettings) time.Time {
	most, _ := settings.MaxHold()
	return earliest(i.AwakeUntil, i.Woken.Add(most))
}

func (l *lifecycle) extendedUntil() time.Time { return l.requests.extendedUntil(l.settings) }

func (l *lifecycle) heldUntil() time.Time { return l.requests.heldUntil(l.settings) }

// expiry returns the time at which an environment expires without further activity; zero is never. It may be past.
func (ls *lifecycles) expiry(l *lifecycle, state State) (at time.Time, rule Rule) {
	desired := l.desired
	if desired == nil || len(desired.orphans) > 0 {
		return time.Time{}, "" // there is no evidence
	}
	fixed, idle := ls.fixedEnd(desired, l.profile), time.Time{}
	expiresIdle := desired.source() != FromFile && !desired.file.Adopted && l.settings.DeleteAfterIdle > 0
	if expiresIdle && l.pushes.isKnown && !ls.isKept(desired) && (l.isMeasured || state == Asleep) {
		idle = latest(l.Active.Add(l.settings.DeleteAfterIdle), l.extendedUntil())
	}
	if !fixed.IsZero() {
		fixed = latest(fixed, l.extendedUntil())
	}
	if !fixed.IsZero() && (idle.IsZero() || fixed.Before(idle)) {
		return fixed, RuleExpired
	}
	return idle, RuleIdle
}

// isKept reports whether a member has the label pullRequests.keepLabel, which prevents expiry without activity.
func (ls *lifecycles) isKept(desired *desiredEnvironment) bool {
	return slices.ContainsFunc(desired.members, func(m *member) bool {
		hasKeepLabel, _ := labelled(m.Labels, ls.in.cfg.Policy.PullRequests.KeepLabel)
		return hasKeepLabel && (desired.isDedicated || m.isIn(desired.name))
	})
}

// expiredHold returns the evidence that the lifetime of a live environment is over, or nil.
func (ls *lifecycles) expiredHold(desired *desiredEnvironment) *hold {
	in, l := ls.in, ls.byName[desired.name]
	if desired.previous == nil || l == nil || !in.isClockReliable() {
		return nil
	}
	movesHere := func(m *member) bool { return m.environment != nil && !m.isIn(desired.name) }
	if slices.ContainsFunc(desired.members, movesHere) {
		return nil
	}
	state := ls.initial[desired.name].State
	at, rule := ls.expiry(l, state)
	if at.IsZero() || !ls.isExpiryEvident(desired, at, rule, state) {
		return nil
	}
	reason := "it expired at " + moment(at)
	if rule == RuleIdle {
		reason = fmt.Sprintf("it has had no activity since %s, and lifetime.deleteAfterIdle is %s",
			moment(l.Active), config.FormatDuration(l.settings.DeleteAfterIdle))
	}
	return &hold{rule: rule, allowsRemoval: true, reason: reason, remedy: comeBackRemedy(in.cfg, desired.name, in.now)}
}

// isExpiryEvident reports whether an expiry has come, and everything that could move it was read since.
func (ls *lifecycles) isExpiryEvident(desired *desiredEnvironment, at time.Time, rule Rule, state State) bool {
	in := ls.in
	switch {
	case !isConfigReadSince(in, desired, at):
		return false
	case rule != RuleIdle:
		return !at.After(in.now)
	case !areMembersReadSince(in, desired, at):
		return false
	case state == Asleep: // it can only be visited, and visits are requests
		return !at.After(in.now)
	}
	return !at.After(in.facts.Activity.At)
}

// isConfigReadSince reports whether the environment's configuration was read after a time. An unread file may have a
// later end.
func isConfigReadSince(in *input, desired *desiredEnvironment, at time.Time) bool {
	return in.fileProblem(desired.name) == "" && in.isSince(in.facts.ConfigReadAt, at)
}

// areMembersReadSince reports whether the repositories of an environment were read after a time. An unread push is use.
func areMembersReadSince(in *input, desired *desiredEnvironment, at time.Time) bool {
	isRead := func(name string) bool {
		repository, ok := in.readRepository(strings.ToLower(name))
		return ok && in.isSince(repository.ReadAt, at)
	}
	for _, m := range desired.members {
		if !isRead(m.key) {
			return false
		}
	}
	for name := range desired.file.EachRef() {
		if s := in.cfg.Policy.Services.Get(name); s != nil && !isRead(s.Repository) {
			return false
		}
	}
	return true
}

// comeBackRemedy returns how an expired environment comes back. A push doesn't move an end that a file says.
func comeBackRemedy(cfg *config.Config, name string, now time.Time) string {
	if e := cfg.Environments[name]; e != nil && e.Lifetime.Expires != nil && !e.Lifetime.Expires.After(now) {
		return "previewctl extend " + name + ", or write a later lifetime.expires into its file, to bring it back"
	}
	return "push to it, or previewctl extend " + name + ", to bring it back"
}

// carryOverExpired returns the environments that expired earlier and that nothing has requested anew.
func (ls *lifecycles) carryOverExpired() map[string]Expired {
	expired := map[string]Expired{}
	for name, left := range ls.in.memory.Expired {
		if ls.in.previous[name] == nil && !ls.isAskedAnew(name, left) {
			expired[name] = left
		}
	}
	return expired
}

// isExtended reports whether a person extended an environment that isn't live.
func isExtended(in *input, name string) bool {
	return in.memory.Requests[name].extendedUntil(in.cfg.LifetimeOf("")).After(in.now)
}

// isAskedAnew reports whether the entry of an expired environment may go: a push, a label or a person requests the
// environment anew, or nothing requests it any more.
func (ls *lifecycles) isAskedAnew(name string, left Expired) bool {
	if isExtended(ls.in, name) {
		return true
	}
	desired := ls.desired[name]
	if desired == nil {
		return !slices.ContainsFunc(left.Members,
			func(m Member) bool { _, isRead := ls.in.anyRepository(m.Repository); return !isRead })
	}
	if desired.lacksLabel() {
		return true // the next label asks for it anew
	}
	p := ls.pushes[desired]
	return p.isKnown && isPush(p.heads, left.Heads) || left.Rule == RuleIdle && ls.isKept(desired)
}
