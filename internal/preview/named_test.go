package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// fileRefCase is the file of an environment, with the services that it runs.
type fileRefCase struct {
	name, file string
	want       map[string]string
	reason     string // of being held
}

// fileRefCases are files with each kind of ref. The commit exists.
func fileRefCases(commit string) []fileRefCase {
	return []fileRefCase{
		{"a branch", "services: {gateway: {branch: main}}\n", map[string]string{"gateway": "9a7e", "web": ""}, ""},
		{"a tag", "services: {gateway: {tag: dev}}\n", map[string]string{"gateway": "de4", "web": ""}, ""},
		{"a commit", "services: {gateway: {sha: " + commit + "}}\n", map[string]string{"gateway": "c0ffee", "web": ""}, ""},
		{
			"an open pull request, whether it is labelled or not", "services: {gateway: {pullRequest: 3}}\n",
			map[string]string{"gateway": "9a7d", "web": ""},
			"",
		},
		{
			"the services on the path from a public one run too", "services: {orders: {branch: main}}\n",
			map[string]string{"gateway": "", "orders": "5409", "web": ""},
			"",
		},
		{"a profile", "profile: checkout\n", map[string]string{"gateway": "", "orders": ""}, ""},
		{"nothing", "owner: jakub\n", nil, "it has nothing to run"},
		{"a branch that isn't there", "services: {gateway: {branch: x}}\n", nil, `acme/gateway has no branch "x", which service gateway runs at`},
		{
			"a commit that no branch holds", "services: {gateway: {sha: " + testfixture.SHA("e") + "}}\n", nil,
			"acme/gateway has no commit " + testfixture.SHA("e") + " on its default branch or at a branch's head, which service gateway runs at",
		},
		{
			"a pull request that isn't open", "services: {gateway: {pullRequest: 4}}\n", nil,
			"acme/gateway has no open pull request #4, which service gateway runs at",
		},
		{
			"a fork's pull request", "services: {gateway: {pullRequest: 5}}\n", nil,
			"acme/gateway#5, which service gateway runs at: it comes from a fork, and forks get no preview here",
		},
	}
}

// What a file's services run at, for each kind of ref.
func TestEnvironmentFromFile(t *testing.T) {
	t.Parallel()
	commit := testfixture.SHA("c0ffee")
	for _, tt := range fileRefCases(commit) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadTree(t,
				testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML("purpose: redesign\n" + tt.file)}), nil)
			s := resolve(c,
				with(factsOf(), []string{commit}, ofGateway(3, withLabels()), ofGateway(5, func(pr *PullRequest) { pr.HeadRepositoryID = 99 })))
			if tt.reason != "" {
				if d := s.Decisions[slices.IndexFunc(s.Decisions, func(d Decision) bool { return d.Environment == "jakub" })]; d.Outcome != Held ||
					d.Reason != tt.reason || d.Remedy == "" || d.Rule == "ref" && !strings.HasSuffix(d.Remedy, " in "+jakub) {
					t.Errorf("%s: %s; %s; want it held: %s", d.Outcome, d.Reason, d.Remedy, tt.reason)
				}
				return
			}
			i := slices.IndexFunc(s.Rows, func(r Row) bool { return r.Name == "jakub" })
			if diff := cmp.Diff(tt.want, runs(s, "jakub")); diff != "" || i < 0 {
				t.Fatalf("runs (-want +got): %s; %s", diff, reasons(s))
			}
			row := s.Rows[i]
			if row.Source != "environment" || row.Namespace != "preview-jakub" || row.Purpose != "redesign" || row.Number != "" ||
				row.Path != "overlays/jakub" {
				t.Errorf("row: %+v", row)
			}
		})
	}
}

func TestServiceStaysWhenItsRefIsDeleted(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML("services: {gateway: {pullRequest: 3}, products: {tag: " +
			"v1}}\n")}), nil)
	before := resolve(c, with(factsOf(), nil, ofGateway(3, withLabels())))
	moved := ofGateway(3, withLabels())
	moved.HeadSHA = testfixture.SHA("fee1")
	at := Resolve(c, with(factsOf(), nil, moved), before.Memory, noon)
	after := Resolve(c, with(factsOf(), nil), at.Memory, noon)
	if got := []string{
		runs(before, "jakub")["gateway"], runs(at, "jakub")["gateway"],
		runs(after, "jakub")["gateway"],
	}; !slices.Equal(got, []string{"9a7d", "fee1", "fee1"}) {
		t.Errorf("gateway was at %v", got)
	}
	want := []string{"jakub: live by file: its file is in overlays/jakub; service gateway stays at fee1000: acme/gateway has no open " +
		"pull request #3, which service gateway runs at"}
	if diff := cmp.Diff(want, reasons(after)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

// The evidence for the end of an environment that a file makes.
func TestDeletedFileRemovesItsEnvironment(t *testing.T) {
	t.Parallel()
	const two = "overlays/alice/environment.yaml"
	file := testfixture.EnvironmentYAML("profile: checkout\n")
	before := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: file, two: file}), nil)
	m := resolve(before, factsOf()).Memory
	lean := testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "limits: {deletionsAtOnce: 1}\npullRequests: {")
	tests := []struct {
		name  string
		files map[string]string
		force bool
		edit  func(*Memory)
		want  []string
	}{
		{"one folder", map[string]string{two: file}, false, nil, []string{"alice"}},
		{"renamed", map[string]string{two: file, "overlays/bob/environment.yaml": file}, false, nil, []string{"alice", "bob"}},
		{"broken", map[string]string{two: file, jakub: "oops"}, false, nil, []string{"alice", "jakub"}},
		{"both at once, where one may go", map[string]string{config.PolicyFile: lean}, false, nil, []string{"alice", "jakub"}},
		{"on a branch that was rewritten", map[string]string{two: file}, true, nil, []string{"alice", "jakub"}},
		{
			"on a branch with an unknown earlier state",
			map[string]string{two: file},
			false, func(m *Memory) { m.Commit = "" },
			[]string{"alice", "jakub"},
		},
		{
			"on a rewritten branch, and confirmed",
			map[string]string{two: file},
			true,
			func(m *Memory) { m.Confirmed = map[string]bool{"jakub": true} },
			[]string{"alice"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			memory := restarted(t, m)
			if tt.edit != nil {
				tt.edit(&memory)
			}
			c := later(t, before, tt.files, tt.force)
			s := Resolve(c, factsOf(), memory, noon.Add(time.Minute))
			if got := slices.Sorted(slices.Values(names(s))); !slices.Equal(got, tt.want) {
				t.Errorf("%v are live, want %v: %s", got, tt.want, strings.Join(reasons(s), "\n"))
			}
			again := Resolve(c, factsOf(), restarted(t, s.Memory), noon.Add(time.Hour))
			if diff := cmp.Diff(names(s), names(again)); diff != "" {
				t.Errorf("an hour later (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	usual := testfixture.LoadTree(t, testfixture.DemoTree(nil), nil)
	live := resolve(usual, factsOf(pull(7)))
	adopting := later(t, usual,
		map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nadopted: true\nowner: " +
			"bob\nservices:\n  orders: {sha: " + testfixture.SHA("abcdef1234") + "}\n")}, false)
	open := Resolve(adopting, factsOf(pull(7)), restarted(t, live.Memory), noon)
	if row := only(t, open); row.Source != "pull-request" || row.HeadSHA != testfixture.SHA("abcdef1234") {
		t.Errorf("while it is open: %+v", row)
	}
	for name, pulls := range map[string][]PullRequest{"closed": nil, "unlabelled": {pull(7, withLabels())}} {
		s := Resolve(adopting, factsOf(pulls...), restarted(t, open.Memory), noon)
		row, was := only(t, s), live.Rows[0]
		if row.Source != "environment" || row.Name != was.Name || row.Namespace != was.Namespace || row.URL != was.URL ||
			row.Owner != "bob" || row.Number != "" {
			t.Errorf("%s: %+v", name, row)
		}
		if got := runs(s, "shop-pr-7")["orders"]; got != "abcdef1234" {
			t.Errorf("%s: orders runs at %q: %v", name, got, reasons(s))
		}
		again := Resolve(adopting, factsOf(pulls...), restarted(t, s.Memory), noon)
		if diff := cmp.Diff(s.Rows, again.Rows); diff != "" {
			t.Errorf("%s: the next answer (-before +after):\n%s", name, diff)
		}
		for what, pr := range map[string]PullRequest{"reopened": pull(7), "reopened as a draft": pull(7, asDraft)} {
			back := Resolve(adopting, factsOf(pr), restarted(t, s.Memory), noon)
			if row := only(t, back); (row.Source == "pull-request") != (what == "reopened") || row.Namespace != was.Namespace ||
				decision(t, back).Number != 7 {
				t.Errorf("%s and %s: %+v", name, what, row)
			}
		}
		gone := Resolve(later(t, adopting, nil, false), factsOf(pulls...), restarted(t, s.Memory), noon)
		if len(pulls) == 0 && len(gone.Rows) > 0 {
			t.Errorf("%s: without the file: %v", name, reasons(gone))
		}
		rewritten := Resolve(later(t, adopting, nil, true), factsOf(), restarted(t, s.Memory), noon)
		if len(rewritten.Rows) != 1 {
			t.Errorf("%s: on a rewritten branch: %v", name, reasons(rewritten))
		}
	}
}
