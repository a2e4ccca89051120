package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// withLabelsOfShop returns facts with directly read pull requests of acme/shop, and its labels.
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

// The reasons why an environment without its label stays.
const labelIsDeleted, labelIsUnread = "was deleted or renamed in acme/shop", "can't be read"

// lostLabelCase is a label that a live pull request has no more.
type lostLabelCase struct {
	name   string
	label  string // before
	labels map[string]bool
	reason string // why it stays; empty if it goes
}

// lostLabelCases are the reasons for which a pull request has its label no more.
func lostLabelCases() []lostLabelCase {
	return []lostLabelCase{
		{"a person took the label off", "preview", map[string]bool{"preview": true}, ""},
		{"the label was deleted", "preview", map[string]bool{"preview": false}, labelIsDeleted},
		{"the label can't be read", "preview", map[string]bool{}, labelIsUnread},
		{"the label with a profile was deleted", "Preview:full", map[string]bool{"preview": true, "preview:full": false}, labelIsDeleted},
		{"a person took the label with a profile off", "preview:full", map[string]bool{"preview:full": true}, ""},
		{"the join label was deleted", "preview-with:x", map[string]bool{"preview-with:x": false}, labelIsDeleted},
		{"a person took the join label off", "preview-with:x", map[string]bool{"preview-with:x": true}, ""},
	}
}

func TestDeletedLabelWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	for _, tt := range lostLabelCases() {
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
			if tt.reason == labelIsDeleted { // the label is made again, without any pull request
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

func TestLosesLabel(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		label, to string
		want      bool
	}{
		"it stays":                            {"preview", "", false},
		"it is closed":                        {"preview", leavesClosed, false},
		"it lost its label":                   {"preview", leavesUnlabelled, true},
		"it lost its join label":              {"preview-with:x", leavesJoin, true},
		"it joins an environment":             {"preview", "x", false},
		"it joins another, without the first": {"preview-with:x", "y", true},
	} {
		if got := losesLabel(Member{Label: tt.label}, tt.to); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestLabelNames(t *testing.T) {
	t.Parallel()
	only := Member{Repository: "acme/shop", Number: 7, Label: "preview"}
	joining := Member{Repository: "acme/shop", Number: 7, Label: "preview-with:X"}
	for name, tt := range map[string]struct {
		members []Member
		labels  []string // of the row
		want    []string
	}{
		"with a profile":                 {[]Member{only}, []string{"bug", "Preview:Full"}, []string{"preview:full"}},
		"two labels with profiles":       {[]Member{only}, []string{"preview:a", "preview"}, []string{"preview:a", "preview"}},
		"the row has none":               {[]Member{only}, []string{"bug"}, []string{"preview"}},
		"a join label":                   {[]Member{joining}, []string{"preview-with:X", "preview"}, []string{"preview-with:x"}},
		"the row of several has no role": {[]Member{only, {Number: 8}}, []string{"preview:full"}, []string{"preview"}},
	} {
		got := labelNames(Remembered{Members: tt.members, Row: Row{Labels: tt.labels}}, tt.members[0])
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLostLabels(t *testing.T) {
	t.Parallel()
	c, unlabelled, renamed := limitedTo(t, ""), pull(7, withLabels()), "acme/store"
	for name, tt := range map[string]struct {
		repository string
		id         int64
		open       PullRequest
		isDeleted  bool // and that is known
		want       []string
	}{
		"it lost its label":                {"acme/shop", shopID, unlabelled, false, []string{"preview"}},
		"the repository was renamed":       {renamed, shopID, unlabelled, false, []string{"preview"}},
		"another repository has the name":  {"acme/shop", gatewayID, unlabelled, false, nil},
		"the repository's ID is unknown":   {"acme/shop", 0, unlabelled, false, nil},
		"another pull request lost it":     {"acme/shop", shopID, pull(8, withLabels()), false, nil},
		"it has its label":                 {"acme/shop", shopID, pull(7), false, nil},
		"it joins an environment":          {"acme/shop", shopID, pull(7, withLabels("preview", "preview-with:x")), false, nil},
		"that the label is gone, is known": {"acme/shop", shopID, unlabelled, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := resolve(c, factsOf(pull(7))).Memory
			if tt.isDeleted {
				m.Leaving = map[string]Leaving{m.Environments["shop-pr-7"].Members[0].lasting(): {To: leavesUnlabelled, IsLabelDeleted: true}}
			}
			if diff := cmp.Diff(tt.want, m.LostLabels(c, tt.repository, tt.id, []PullRequest{tt.open})); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}
