package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// A commit that never ran isn't red and blocks nothing, and no text says that it is live: neither before the first
// visit nor while it wakes.
func TestReportsOfAPreviewThatStartsAsleep(t *testing.T) {
	t.Parallel()
	w, sent := testworld.New(), &testworld.Statuses{}
	w.Tree = testworld.Tree(1, testworld.Policy+"lifetime: {start: asleep}\n")
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo), func(o *generator.Options) {
		o.Reporter, o.Reports = sent, []report.Kind{report.Status, report.Check, report.Deployment}
	})
	next := func() (results []string) {
		for range 3 {
			w.AdvanceClock(time.Minute)
			s.Refresh(t.Context())
		}
		for _, line := range sent.Take() {
			line, _, _ = strings.Cut(line, " https://")
			if strings.HasPrefix(line, "acme/shop") && !strings.Contains(line, " deploy ") {
				results = append(results, line)
			}
		}
		return results
	}
	want := []string{
		`acme/shop 3ef success "the preview shop-pr-7 is asleep: it wakes on the first visit"`,
		"acme/shop acme/shop#7 check run completed neutral",
		`acme/shop deployment N inactive "the preview shop-pr-7 is asleep: it wakes on the first visit"`,
	}
	if diff := cmp.Diff(want, withoutIDs(next())); diff != "" {
		t.Errorf("at first: %s", diff)
	}
	s.Request(t, "shop-pr-7", preview.ActionWake, "")
	s.Refresh(t.Context())
	for _, line := range withoutIDs(next()) {
		if strings.Contains(line, " success ") || strings.Contains(line, "neutral") {
			t.Errorf("while it wakes: %s", line)
		}
	}
	w.AdvanceClock(20 * time.Minute)
	argo.Heal(s.Environment(t, "shop-pr-7").Row)
	s.Refresh(t.Context())
	argo.Heal(s.Environment(t, "shop-pr-7").Row)
	isLive := false
	for _, line := range next() {
		isLive = isLive || line == `acme/shop 3ef success "the preview shop-pr-7 is live"`
	}
	if !isLive {
		t.Error("it is ready, and no status says so")
	}
}

// withoutIDs replaces the IDs of deployments and check runs.
func withoutIDs(lines []string) []string {
	for i, line := range lines {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[1] == "deployment" {
			lines[i] = strings.Replace(line, " "+fields[2]+" ", " N ", 1)
		}
	}
	return lines
}
