package generator

import (
	"context"
	"strings"

	"github.com/previewset/previewset/generator/sources"
)

// reportTask sets the commit statuses of the served snapshot.
func (r *refresher) reportTask(ctx context.Context) sources.Task {
	batch := r.statuses.Plan(r.servedSnapshot(), r.reportedRepositories())
	return func() sources.Apply {
		r.statuses.Send(ctx, batch)
		return func() { r.statuses.Accept(batch) }
	}
}

// reportedRepositories are the lower-case names of the repositories that may get commit statuses. A repository that has
// taken over another one's name gets none.
func (in *inputs) reportedRepositories() map[string]bool {
	names := map[string]bool{}
	for _, name := range in.config.Names() {
		facts := in.repositories.Facts[name]
		known := in.memory.Identity(name)
		if in.repositories.IsAllowed(name) && (facts.ID == known || facts.ID == 0 || known == 0) {
			names[name], names[strings.ToLower(facts.FullName)] = true, true
		}
	}
	return names
}
