package generator

import (
	"maps"
	"strings"

	"github.com/previewset/previewset/generator/pending"
)

// takeIn applies pending requests and confirmations to the memory, and has new filters and links for guests saved. The
// next snapshot, which is computed at once, has the effect.
func (r *refresher) takeIn(work pending.Work) {
	for _, request := range work.Requests.InOrder() {
		r.memory.Ask(request)
	}
	r.confirm(work.Confirmed)
	if len(work.Requests)+len(work.Confirmed) > 0 || work.Saves {
		r.store.MustSave()
		r.pendingPublish = true
	}
}

// confirm notes that environments may be removed, and that repositories count as empty.
func (r *refresher) confirm(names []string) {
	if len(names) == 0 {
		return
	}
	r.memory.Confirmed = cloneOrNew(r.memory.Confirmed)
	r.memory.Repositories = cloneOrNew(r.memory.Repositories)
	for _, name := range names {
		if !strings.Contains(name, "/") {
			r.memory.Confirmed[name] = true
			continue
		}
		// The ID is 0 if the repository was never read. The next complete read then gives its identity.
		r.memory.Repositories[name] = r.repositories.Facts[name].ID
		if r.repositories.HasOtherIdentity(name) { // its only fact is the new identity
			r.repositories.Forget(name)
			r.reads.want(name, true)
		}
	}
}

// cloneOrNew copies a map, because snapshots share it.
func cloneOrNew[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}
