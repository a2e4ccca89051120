package generator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// watchlist maps the names and identities that a repository can have in webhooks to configured names. It is safe for
// concurrent use.
type watchlist struct {
	configured atomic.Pointer[map[string][]string]
}

// Concerned are the configured repositories that a webhook's repository concerns. GitHub may have renamed it.
func (w *watchlist) Concerned(name string, id int64) map[string]bool {
	repositories := map[string]bool{}
	if configured := w.configured.Load(); configured != nil {
		for _, r := range slices.Concat((*configured)[name], (*configured)[identityKey(id)]) {
			repositories[r] = true
		}
	}
	return repositories
}

// watch updates the watchlist.
func (in *inputs) watch() {
	configured := map[string][]string{}
	for _, name := range in.config.Names() {
		configured[name] = append(configured[name], name)
		facts := in.repositories.Facts[name]
		if now := strings.ToLower(facts.FullName); now != "" && now != name {
			configured[now] = append(configured[now], name)
		}
		if id := cmp.Or(in.memory.Identity(name), facts.ID); id != 0 {
			configured[identityKey(id)] = append(configured[identityKey(id)], name)
		}
	}
	in.watched.configured.Store(&configured)
}

// identityKey is a numeric identity as a key. No name looks like it, because names contain a slash.
func identityKey(id int64) string { return strconv.FormatInt(id, 10) }
