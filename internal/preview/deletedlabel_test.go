package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// withLabelsOfShop returns facts with pull requests of acme/shop that were read directly, and what was read of its labels.
func withLabelsOfShop(labels map[string]bool, pulls ...PullRequest) Facts {
	f := factsOf(pulls...)
	r := f.Repositories["acme/shop"]
	r.Labels, r.Observed = labels, map[int]bool{}
	for _, pr := range pulls {
		r.Observed[pr.Number] = false
	}
	f.Repositories["acme/shop"] = r
	return f
}

func TestDeletedLabelWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	const deleted, unknown = "was deleted or renamed in acme/shop", "can't be read"
	tests := []struct {
		name   string
		label  string // before
		labels map[string]bool
		reason string // why it stays; empty if it goes
	}{
		{"a person took the label off", "preview", map[string]bool{"preview": true}, ""},
		{"the label was deleted", "preview", map[string]bool{"preview": false}, deleted},
		{"the label can't be read", "preview", map[string]bool{}, unknown},
		{"the label with a profile was deleted", "Preview:full", map[string]bool{"preview": true, "preview:full": false}, deleted},
		{"a person took the label with a profile off", "preview:full", map[string]bool{"preview:full": true}, ""},
		{"the join label was deleted", "preview-with:x", map[string]bool{"preview-with:x": false}, deleted},
		{"a person took the join label off", "preview-with:x", map[string]bool{"preview-with:x": true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := limitedTo(t, "")
			before := Resolve(c, withLabelsOfShop(nil, pull(7, withLabels(tt.label))), Memory{}, noon)
			m, s := before.Memory, before
			for minute := 1; minute <= 3; minute++ { // two reads must agree
				at := noon.Add(time.Duration(minute) * time.Minute)
				if got := m.LostLabels(c, "acme/shop", shopID, []PullRequest{pull(7, withLabels())}); minute == 1 {
					if diff := cmp.Diff([]string{strings.ToLower(tt.label)}, got); diff != "" {
						t.Errorf("labels to read (-want +got):\n%s", diff)
					}
				}
				f := withLabelsOfShop(tt.labels, pull(7, withLabels()))
				r := f.Repositories["acme/shop"]
				r.ReadAt = at
				f.Repositories["acme/shop"] = r
				s = Resolve(c, f, restarted(t, m), at)
				m = s.Memory
			}
			if isLive := len(s.Rows) == 1; isLive != (tt.reason != "") {
				t.Fatalf("live: %v; %v", isLive, reasons(s))
			}
			if tt.reason == "" {
				return
			}
			d := s.Decisions[0]
			if !d.Withheld || !strings.Contains(d.Reason, tt.reason) || !strings.Contains(d.Remedy, "previewctl confirm") {
				t.Errorf("%s; %s", d.Reason, d.Remedy)
			}
			if tt.reason == deleted { // the label is made again, without any pull request
				again := withLabelsOfShop(map[string]bool{strings.ToLower(tt.label): true}, pull(7, withLabels()))
				s = Resolve(c, again, restarted(t, m), noon.Add(time.Hour))
				if len(s.Rows) != 1 {
					t.Errorf("the label exists again: %v", reasons(s))
				}
			}
			m = s.Memory
			m.Confirmed = map[string]bool{d.Environment: true}
			s = Resolve(c, withLabelsOfShop(tt.labels, pull(7, withLabels())), m, noon.Add(2*time.Hour))
			if len(s.Rows) != 0 {
				t.Errorf("confirmed: %v", reasons(s))
			}
		})
	}
}
