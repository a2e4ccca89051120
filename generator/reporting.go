package generator

import (
	"context"
	"strings"

	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/sources"
)

// wantReport queues the reports about the served snapshot, unless only the reserve of the quota is left.
func (r *refresher) wantReport() {
	if r.reports.Enabled() && r.pacing.hasQuota() {
		r.reads.want(reportKey, false)
	}
}

// reportTask writes the reports about the served snapshot. Written is called if there were any: what GitHub has must be
// saved, so that a restart repeats nothing.
func (in *inputs) reportTask(ctx context.Context, written func()) sources.Task {
	batch := in.reports.Plan(in.servedSnapshot(), in.progress.Of, in.reportAccess())
	return func() sources.Apply {
		in.reports.Send(ctx, batch)
		return func() {
			if in.reports.Accept(batch) {
				in.store.MustSave()
				written()
			}
		}
	}
}

// reportAccess says which repositories may get reports, by lower-case name. A repository that has taken over another
// one's name gets none.
func (in *inputs) reportAccess() map[string]report.Access {
	names := map[string]report.Access{}
	for _, name := range in.config.Names() {
		facts := in.repositories.Facts[name]
		known := in.memory.Identity(name)
		access := report.Access{
			MayWrite: in.repositories.IsAllowed(name) && (facts.ID == known || facts.ID == 0 || known == 0),
			WasRead:  in.repositories.Errors[name] == nil && !facts.ReadAt.IsZero(),
		}
		names[strings.ToLower(name)] = access
		if facts.FullName != "" {
			names[strings.ToLower(facts.FullName)] = access
		}
	}
	return names
}
