package generator

import (
	"context"
	"strings"

	"github.com/previewset/previewset/generator/sources"
)

// wantReport tells GitHub about the served snapshot, unless only the reserve of the quota is left.
func (r *refresher) wantReport() {
	if r.statuses.Enabled() && r.pacing.hasQuota() {
		r.reads.want(reportKey, false)
	}
}

// reportTask sets the commit statuses of the served snapshot.
func (in *inputs) reportTask(ctx context.Context) sources.Task {
	batch := in.statuses.Plan(in.servedSnapshot(), in.progress.Of, in.reportedRepositories())
	return func() sources.Apply {
		in.statuses.Send(ctx, batch)
		return func() { in.statuses.Accept(batch) }
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
