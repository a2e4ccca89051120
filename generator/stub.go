package generator

import "github.com/previewset/previewset/internal/preview"

// request puts what somebody asks of an environment to what the refresher takes.
func (g *Generator) request(r preview.Request) { g.requests.add(scope{asked: []preview.Request{r}}) }

// workloadsOf are an environment's workloads.
func workloadsOf(preview.Status) []preview.Workload { return nil }
