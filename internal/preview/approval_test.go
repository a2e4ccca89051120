package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// forked makes a pull request one that comes from a fork, without an approval.
func forked(pr *PullRequest) {
	pr.HeadRepositoryID, pr.Approvals, pr.CommitAuthors = 99, []Approval{}, []string{"alice"}
}

// orphaned deletes the fork of a pull request.
func orphaned(pr *PullRequest) {
	forked(pr)
	pr.HeadRepositoryID = 0
}

// approvedBy adds a writer's approval of the head commit.
func approvedBy(reviewer string) func(*PullRequest) {
	return func(pr *PullRequest) {
		pr.Approvals = append(pr.Approvals, Approval{Reviewer: reviewer, SHA: pr.HeadSHA, Writer: true})
	}
}

func headed(commit string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.HeadSHA = testfixture.SHA(commit) }
}

// forksAllowed is demo where approved forks get a preview, with what else is put under pullRequests.
func forksAllowed(t testing.TB, more string) *config.Config {
	t.Helper()
	return testfixture.LoadPolicy(t,
		testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {forks: approved, "+more))
}

func TestApproval(t *testing.T) {
	t.Parallel()
	const nobody = "it comes from a fork without an approval of commit abcdef1"
	written := func(logins ...string) func(*PullRequest) {
		return func(pr *PullRequest) { pr.CommitAuthors = logins }
	}
	review := func(a Approval) func(*PullRequest) {
		return func(pr *PullRequest) { pr.Approvals = append(pr.Approvals, a) }
	}
	head := testfixture.SHA("abcdef1234")
	tests := []struct {
		name   string
		pr     PullRequest
		reason string // empty: it is live
	}{
		{"a writer who wrote none of it approves", pull(7, forked, written("alice", "carol"), approvedBy("bob")), ""},
		{"a branch of the repository itself needs no approval", pull(7), ""},
		{"there is no review, or it was dismissed", pull(7, forked), nobody},
		{"the author approves", pull(7, forked, approvedBy("alice")), nobody},
		{"the author approves, spelled otherwise", pull(7, forked, approvedBy("ALICE")), nobody},
		{"the commit's author approves", pull(7, forked, written("carol"), approvedBy("carol")), nobody},
		{"the committer approves, spelled otherwise", pull(7, forked, written("mallory", "carol"), approvedBy("Carol")), nobody},
		{
			"a writer approves a commit with an unknown author", pull(7, forked, written("", "web-flow"), approvedBy("bob")),
			"it comes from a fork, and GitHub doesn't know the author of commit abcdef1, so it can't be checked that the reviewer is another person",
		},
		{"a person without write permission approves", pull(7, forked, review(Approval{Reviewer: "bob", SHA: head})), nobody},
		{"another commit is approved", pull(7, forked, review(Approval{Reviewer: "bob", SHA: testfixture.SHA("e"), Writer: true})), nobody},
		{"the beginning of the commit is approved", pull(7, forked, review(Approval{Reviewer: "bob", SHA: head[:7], Writer: true})), nobody},
		{
			"the author, a person without permission, and a writer",
			pull(7, forked, approvedBy("alice"), review(Approval{Reviewer: "eve", SHA: head}), approvedBy("bob")), "",
		},
		{"the repository that it comes from is gone, without an approval", pull(7, orphaned), nobody},
		{"the repository that it comes from is gone, and a writer approves", pull(7, orphaned, approvedBy("bob")), ""},
		{"no repository is known, without an approval", pull(7, orphaned, func(pr *PullRequest) { pr.BaseRepositoryID = 0 }), nobody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := resolve(forksAllowed(t, ""), factsOf(tt.pr))
			d := decision(t, s)
			want := []string{string(Held), "approval", tt.reason, "ask another person with write permission for an approving review of that commit"}
			if strings.Contains(tt.reason, "GitHub doesn't know") {
				want[3] = "commit with an e-mail address that belongs to a GitHub account"
			}
			if tt.reason == "" {
				want = []string{string(Live), "labelled", `it is open and labelled "preview"; profile changed`, ""}
			}
			if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if (len(s.Rows) == 0) != (tt.reason != "") {
				t.Errorf("%d rows", len(s.Rows))
			}
		})
	}
}

// Without a read of the approvals, the reason doesn't say that there is none. Without a known author of the commit, no
// approval counts.
func TestUnknownApprovalHoldsAFork(t *testing.T) {
	t.Parallel()
	c := forksAllowed(t, "")
	const why = "it comes from a fork, and who approved it isn't known: "
	tests := []struct {
		name, reason string
		edit         func(*PullRequest)
	}{
		{"reviews weren't read", why + "that has not been read yet", func(pr *PullRequest) { pr.Approvals = nil }},
		{
			"they couldn't be", why + "read its approvals: 500",
			func(pr *PullRequest) { pr.Approvals, pr.Problem = nil, "read its approvals: 500" },
		},
		{"the commit wasn't", why + "that has not been read yet", func(pr *PullRequest) { pr.CommitAuthors = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pr := pull(7, forked, approvedBy("bob"), tt.edit)
			d := decision(t, resolve(c, factsOf(pr)))
			if diff := cmp.Diff([]string{string(Held), "unread", tt.reason, "wait; it is read again"},
				[]string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			before := resolve(c, factsOf(pull(7, forked, approvedBy("bob"))))
			after := Resolve(c, factsOf(pull(7, forked, approvedBy("bob"), headed("bad"), tt.edit)), restarted(t, before.Memory), noon)
			if diff := cmp.Diff(before.Rows, after.Rows); diff != "" {
				t.Errorf("a live one's row (-before +after):\n%s", diff)
			}
		})
	}
}

func TestApprovalDoesNotAllowForks(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{
		testfixture.DemoPolicy,
		testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {forks: never, "),
	} {
		if d := decision(t, resolve(testfixture.LoadPolicy(t, policy), factsOf(pull(7, forked, approvedBy("bob"))))); d.Outcome != Held ||
			d.Rule != "fork" {
			t.Errorf("%s by %s: %s; want it held as a fork", d.Outcome, d.Rule, d.Reason)
		}
	}
}

func TestLabelsAloneNeverApprove(t *testing.T) {
	t.Parallel()
	d := decision(t,
		resolve(forksAllowed(t, "drafts: include, "), factsOf(pull(7, forked, withLabels("preview", "preview:full", "approved")))))
	if d.Outcome != Held || d.Rule != "approval" {
		t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Reason)
	}
}

func TestApprovedForkNeedsATagThatNamesItsCommit(t *testing.T) {
	t.Parallel()
	const unnamed = "it comes from a fork, and the tag of service orders doesn't name the whole commit that was approved"
	tests := []struct {
		name, tag string
		edits     []func(*PullRequest)
		reason    string
	}{
		{"the commit", "{{ .SHA }}", nil, ""},
		{"the commit among others", "pr-{{ .Number }}-{{ .SHA }}", nil, ""},
		{"the beginning of the commit, which another can have too", "v-{{ .ShortSHA }}", nil, unnamed},
		{"the branch", "{{ .Branch }}", nil, unnamed},
		{"the number", "pr-{{ .Number }}", nil, unnamed},
		{"nothing of it", "latest", nil, unnamed},
		{"nothing of it, but the service isn't changed", "latest", []func(*PullRequest){changing("web/a.js")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t,
				testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {forks: approved, ", "image: ghcr.io/acme/orders",
					`image: ghcr.io/acme/orders, tag: "`+tt.tag+`"`))
			d := decision(t, resolve(c, factsOf(pull(7, append(tt.edits, forked, approvedBy("bob"))...))))
			want := []string{string(Held), "approval", tt.reason, "use {{ .SHA }} in that tag in previewset.yaml"}
			if tt.reason == "" {
				want = []string{string(Live), "labelled", `it is open and labelled "preview"; profile changed`, ""}
			}
			if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if own := decision(t, resolve(c, factsOf(pull(7, tt.edits...)))); own.Outcome != Live {
				t.Errorf("a branch of the repository itself is %s: %s", own.Outcome, own.Reason)
			}
		})
	}
}

// A fork's author pushes once more, or the approval was dismissed just now: the approved commit goes on running, and
// nothing else.
func TestApprovedCommitOfAForkKeepsRunning(t *testing.T) {
	t.Parallel()
	c := forksAllowed(t, "")
	approved := pull(7, forked, approvedBy("bob"))
	before := resolve(c, factsOf(approved))
	if got := only(t, before).HeadSHA; got != approved.HeadSHA {
		t.Fatalf("%s runs, want the approved commit", got)
	}
	tests := []struct {
		name   string
		pr     PullRequest
		reason string
	}{
		{
			"a later push",
			pull(7, forked, approvedBy("bob"), headed("bad"), changing("orders/a", "web/b"), func(pr *PullRequest) { pr.Title = "Trust me" }),
			"it stays as it was: it comes from a fork without an approval of commit bad0000",
		},
		{"the approval is dismissed", pull(7, forked), "it stays as it was: it comes from a fork without an approval of commit abcdef1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			after := Resolve(c, factsOf(tt.pr), restarted(t, before.Memory), noon.Add(time.Hour))
			if diff := cmp.Diff(before.Rows, after.Rows); diff != "" {
				t.Errorf("row (-before +after):\n%s", diff)
			}
			d := decision(t, after)
			want := []string{string(Live), "approval", tt.reason, "ask another person with write permission for an approving review of that commit"}
			if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			again := only(t, Resolve(c, factsOf(pull(7, forked, headed("bad"), approvedBy("bob"))), after.Memory, noon.Add(2*time.Hour)))
			if again.HeadSHA != testfixture.SHA("bad") {
				t.Errorf("%s runs after the new commit was approved", again.HeadSHA)
			}
		})
	}
}

func TestReviewsAreReadOnlyOfLabelledForks(t *testing.T) {
	t.Parallel()
	if w := Wanted(testfixture.LoadPolicy(t, testfixture.DemoPolicy), "acme/shop"); w.Approvals != nil {
		t.Error("reviews are asked for though forks get no preview")
	}
	c := forksAllowed(t, "")
	if w := Wanted(c, "acme/elsewhere"); w.Approvals != nil {
		t.Error("reviews of a repository are asked for that isn't configured")
	}
	tests := []struct {
		name string
		pr   PullRequest
		want bool
	}{
		{"a labelled fork", pull(7, forked), true},
		{"from a deleted repository", pull(7, orphaned), true},
		{"a fork without the label", pull(7, forked, withLabels("bug")), false},
		{"a fork that is a draft, and may run since it was none", pull(7, forked, asDraft), true},
		{"a labelled branch of the repository", pull(7), false},
	}
	for _, tt := range tests {
		for _, repository := range []string{"acme/shop", "ACME/gateway"} {
			if got := Wanted(c, repository).Approvals(tt.pr); got != tt.want {
				t.Errorf("%s of %s: %v, want %v", tt.name, repository, got, tt.want)
			}
		}
	}
}
