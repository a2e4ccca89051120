package preview

import (
	"slices"
	"time"
)

// graceEnd returns the time at which an environment goes after its pull requests were closed. An extension after that
// counts for it too.
func (l *lifecycle) graceEnd(now time.Time) time.Time {
	closed := l.Closed
	if closed.IsZero() {
		closed = now.UTC()
	}
	end := closed.Add(l.settings.Grace)
	if l.requests.Renewed.After(closed) {
		end = latest(end, l.extendedUntil())
	}
	return end
}

// graceHold keeps an environment for lifetime.grace after its pull requests were closed, and until a read after that
// shows them closed: a person may have reopened one meanwhile.
func graceHold(in *input, l *lifecycle) *hold {
	if l.settings.Grace == 0 {
		return nil
	}
	end := l.graceEnd(in.now)
	if in.isClockReliable() && // guard grace-clock: true
		!end.After(in.now) &&
		wereMembersReadSince(in, l.previous, end) { // guard grace-read: true
		return nil
	}
	return &hold{
		rule:   RuleGrace,
		reason: "its pull request is closed, and it is removed at " + moment(end),
		remedy: "reopen it to keep its preview",
	}
}

// wereMembersReadSince reports whether the repositories of an environment's last members were read after a time.
// Members of other repositories are orphans, and keep their environment anyway.
func wereMembersReadSince(in *input, e *Remembered, at time.Time) bool {
	byID := repositoriesByID(in)
	return !slices.ContainsFunc(e.Members, func(m Member) bool {
		repository, ok := in.anyRepository(m.Repository)
		if key, isKnown := byID[m.RepositoryID]; isKnown {
			repository, ok = in.facts.Repositories[key], true
		}
		return ok && !in.isSince(repository.ReadAt, at)
	})
}
