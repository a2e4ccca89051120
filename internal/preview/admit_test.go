package preview

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

// admitAnswer is a decision, with the profile of the live environment.
type admitAnswer struct{ Outcome, Rule, Profile, Reason, Remedy string }

func heldAnswer(rule, reason, remedy string) admitAnswer {
	return admitAnswer{string(Held), rule, "", reason, remedy}
}

func liveAnswer(profile string) admitAnswer {
	return admitAnswer{string(Live), "labelled", profile, `it is open and labelled "preview"; profile ` + profile, ""}
}

func unlabelledAnswer() admitAnswer {
	return heldAnswer("unlabelled", `it has no label "preview"`, `label it "preview" to get a preview`)
}

// usual is the setting of pullRequests that most cases have.
const usual = "label: preview"

// admitCase is a pull request with the policy about pull requests, and its decision.
type admitCase struct {
	name   string
	policy string // of pullRequests
	pr     PullRequest
	want   admitAnswer
}

// labelCases are about the label that asks for a preview.
func labelCases() []admitCase {
	return []admitCase{
		{"a labelled one is live", usual, pull(7), liveAnswer("changed")},
		{"one without labels is held", usual, pull(7, withLabels()), unlabelledAnswer()},
		{
			"one with other labels is held", usual, pull(7, withLabels("bug", "previews", "previewed", "pre", "preview-", "no preview")),
			unlabelledAnswer(),
		},
		{"a label's case doesn't count", usual, pull(7, withLabels("PreView")), liveAnswer("changed")},
		{"blanks around a label don't count", usual, pull(7, withLabels(" preview ")), liveAnswer("changed")},
		{"a label that only looks the same is another", usual, pull(7, withLabels("pre\u200bview")), unlabelledAnswer()},
		{
			"configuration may ask for another label, in any case", "label: Deploy me", pull(7, withLabels("deploy ME")),
			admitAnswer{string(Live), "labelled", "changed", `it is open and labelled "Deploy me"; profile changed`, ""},
		},
	}
}

// profileCases are about the profile that labels and the policy choose.
func profileCases() []admitCase {
	return []admitCase{
		{"a label may pick a profile", usual, pull(7, withLabels("preview:full")), liveAnswer("full")},
		{"a profile's case doesn't count", usual, pull(7, withLabels("Preview: FULL")), liveAnswer("full")},
		{"a label without profile and one with it", usual, pull(7, withLabels("preview", "preview:full")), liveAnswer("full")},
		{"the same profile twice", usual, pull(7, withLabels("preview:full", "Preview:Full")), liveAnswer("full")},
		{
			"two profiles are held", usual, pull(7, withLabels("preview:full", "preview:checkout")),
			heldAnswer("profile", "its labels name several profiles: preview:checkout, preview:full", "keep only one of these labels"),
		},
		{
			"an unknown profile is held", usual, pull(7, withLabels("preview:fast")),
			heldAnswer("profile", `its label "preview:fast" names no profile`, "use an existing profile; known: changed, checkout, full"),
		},
		{
			"an empty profile is held", usual, pull(7, withLabels("preview:")),
			heldAnswer("profile", `its label "preview:" names no profile`, "use an existing profile; known: changed, checkout, full"),
		},
		{
			"an unknown profile is shown without what it hides", usual, pull(7, withLabels("preview:\x1b[31mfa\u202est")),
			heldAnswer("profile", `its label "preview:[31mfast" names no profile`, "use an existing profile; known: changed, checkout, full"),
		},
		{"configuration may pick the profile", "profile: checkout", pull(7), liveAnswer("checkout")},
		{"a label wins over configuration", "profile: checkout", pull(7, withLabels("preview:full")), liveAnswer("full")},
	}
}

// forkCases are about drafts and forks.
func forkCases() []admitCase {
	headless := func(pr *PullRequest) { pr.HeadRepositoryID = 0 }
	baseless := func(pr *PullRequest) { pr.HeadRepositoryID, pr.BaseRepositoryID = 0, 0 }
	aDraft := heldAnswer("draft", "it is a draft, and drafts get no preview here", "mark it ready for review")
	aFork := heldAnswer("fork", "it comes from a fork, and forks get no preview here",
		"push the branch to the repository itself and open the pull request from there")
	return []admitCase{
		{"a draft is held where drafts are skipped", usual, pull(7, asDraft), aDraft},
		{"a draft is live where drafts are included", "drafts: include", pull(7, asDraft), liveAnswer("changed")},
		{"a fork is held", usual, pull(7, forked), aFork},
		{
			"a fork is held until it is approved", "forks: approved", pull(7, forked),
			heldAnswer("approval", "it comes from a fork without an approval of commit abcdef1",
				"ask another person with write permission for an approving review of that commit"),
		},
		{"a fork that is a draft is held as a fork", usual, pull(7, forked, asDraft), aFork},
		{"a fork without label is held for its label", usual, pull(7, forked, withLabels()), unlabelledAnswer()},
		{
			"a pull request from a deleted repository is a fork", usual, pull(7, headless),
			heldAnswer("fork", "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here", aFork.Remedy),
		},
		{
			"one of which no repository is known is a fork", usual, pull(7, baseless),
			heldAnswer("fork", "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here", aFork.Remedy),
		},
	}
}

// unreadCases are about facts that GitHub doesn't give.
func unreadCases() []admitCase {
	return []admitCase{
		{"a pull request of a deleted author is live", usual, pull(7, func(pr *PullRequest) { pr.Author = "" }), liveAnswer("changed")},
		{
			"one without a head commit is held", usual, pull(7, func(pr *PullRequest) { pr.HeadSHA = "" }),
			heldAnswer("unread", "GitHub names no commit as its head", "push to its branch"),
		},
		{
			"one with something else for a head commit is held", usual, pull(7, func(pr *PullRequest) { pr.HeadSHA = "main; rm -rf /" }),
			heldAnswer("unread", "GitHub names no commit as its head", "push to its branch"),
		},
		{
			"a pull request with unread changes is held", usual, pull(7, func(pr *PullRequest) { pr.Changes = nil }),
			heldAnswer("unread", "its changed files have not been read yet", "wait; they are read again"),
		},
		{
			"an unreadable text is printed without control characters", usual,
			pull(7, func(pr *PullRequest) { pr.Changes, pr.Problem = nil, "files:\x1b[2J 502" }),
			heldAnswer("unread", "files:[2J 502", "wait; they are read again"),
		},
		{
			"one of which something else can't be read is live and says so", usual, pull(7, func(pr *PullRequest) { pr.Problem = "no reviews" }),
			admitAnswer{string(Live), "labelled", "changed", `it is open and labelled "preview"; profile changed; no reviews`, ""},
		},
		{
			"a pull request with unreadable changes is held with the reason", usual,
			pull(7, func(pr *PullRequest) { pr.Changes, pr.Problem = nil, "files: 502" }),
			heldAnswer("unread", "files: 502", "wait; they are read again"),
		},
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(labelCases(), profileCases(), forkCases(), unreadCases()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {"+tt.policy+", "))
			s := resolve(c, factsOf(tt.pr))
			d := decision(t, s)
			got := admitAnswer{Outcome: string(d.Outcome), Rule: string(d.Rule), Reason: d.Reason, Remedy: d.Remedy}
			if d.Outcome == Live {
				got.Profile = only(t, s).Profile
			} else if len(s.Rows) != 0 {
				t.Errorf("%d rows of held pull requests", len(s.Rows))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}
