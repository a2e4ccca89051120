package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

func TestAdmit(t *testing.T) {
	t.Parallel()
	const usual = "label: preview"
	headless := func(pr *PullRequest) { pr.HeadRepositoryID = 0 }
	baseless := func(pr *PullRequest) { pr.HeadRepositoryID, pr.BaseRepositoryID = 0, 0 }
	type answer struct{ Outcome, Rule, Profile, Reason, Remedy string }
	held := func(rule, reason, remedy string) answer { return answer{string(Held), rule, "", reason, remedy} }
	live := func(profile string) answer {
		return answer{string(Live), "labelled", profile, `it is open and labelled "preview"; profile ` + profile, ""}
	}
	unlabelled := held("unlabelled", `it has no label "preview"`, `label it "preview" to get a preview`)
	aDraft := held("draft", "it is a draft, and drafts get no preview here", "mark it ready for review")
	aFork := held("fork", "it comes from a fork, and forks get no preview here",
		"push the branch to the repository itself and open the pull request from there")
	tests := []struct {
		name   string
		policy string // of pullRequests
		pr     PullRequest
		want   answer
	}{
		{"a labelled one is live", usual, pull(7), live("changed")},
		{"one without labels is held", usual, pull(7, withLabels()), unlabelled},
		{
			"one with other labels is held", usual, pull(7, withLabels("bug", "previews", "previewed", "pre", "preview-", "no preview")),
			unlabelled,
		},
		{"a label's case doesn't count", usual, pull(7, withLabels("PreView")), live("changed")},
		{"blanks around a label don't count", usual, pull(7, withLabels(" preview ")), live("changed")},
		{"a label that only looks the same is another", usual, pull(7, withLabels("pre\u200bview")), unlabelled},
		{
			"configuration may ask for another label, in any case", "label: Deploy me", pull(7, withLabels("deploy ME")),
			answer{string(Live), "labelled", "changed", `it is open and labelled "Deploy me"; profile changed`, ""},
		},
		{"a label may pick a profile", usual, pull(7, withLabels("preview:full")), live("full")},
		{"a profile's case doesn't count", usual, pull(7, withLabels("Preview: FULL")), live("full")},
		{"a label without profile and one with it", usual, pull(7, withLabels("preview", "preview:full")), live("full")},
		{"the same profile twice", usual, pull(7, withLabels("preview:full", "Preview:Full")), live("full")},
		{
			"two profiles are held", usual, pull(7, withLabels("preview:full", "preview:checkout")),
			held("profile", "its labels name several profiles: preview:checkout, preview:full", "leave one of them"),
		},
		{
			"an unknown profile is held", usual, pull(7, withLabels("preview:fast")),
			held("profile", `its label "preview:fast" names no profile`, "use an existing profile; known: changed, checkout, full"),
		},
		{
			"an empty profile is held", usual, pull(7, withLabels("preview:")),
			held("profile", `its label "preview:" names no profile`, "use an existing profile; known: changed, checkout, full"),
		},
		{
			"an unknown profile is shown without what it hides", usual, pull(7, withLabels("preview:\x1b[31mfa\u202est")),
			held("profile", `its label "preview:[31mfast" names no profile`, "use an existing profile; known: changed, checkout, full"),
		},
		{"configuration may pick the profile", "profile: checkout", pull(7), live("checkout")},
		{"a label wins over configuration", "profile: checkout", pull(7, withLabels("preview:full")), live("full")},
		{"a draft is held where drafts are skipped", usual, pull(7, asDraft), aDraft},
		{"a draft is live where drafts are included", "drafts: include", pull(7, asDraft), live("changed")},
		{"a fork is held", usual, pull(7, forked), aFork},
		{
			"a fork is held until it is approved", "forks: approved", pull(7, forked),
			held("approval", "it comes from a fork without an approval of commit abcdef1",
				"ask another person with write permission for an approving review of that commit"),
		},
		{"a fork that is a draft is held as a fork", usual, pull(7, forked, asDraft), aFork},
		{"a fork without label is held for its label", usual, pull(7, forked, withLabels()), unlabelled},
		{
			"one whose repository is gone is a fork", usual, pull(7, headless),
			held("fork", "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here", aFork.Remedy),
		},
		{
			"one of which no repository is known is a fork", usual, pull(7, baseless),
			held("fork", "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here", aFork.Remedy),
		},
		{"one whose author is gone is live", usual, pull(7, func(pr *PullRequest) { pr.Author = "" }), live("changed")},
		{
			"one without a head commit is held", usual, pull(7, func(pr *PullRequest) { pr.HeadSHA = "" }),
			held("unread", "GitHub names no commit as its head", "push to its branch"),
		},
		{
			"one with something else for a head commit is held", usual, pull(7, func(pr *PullRequest) { pr.HeadSHA = "main; rm -rf /" }),
			held("unread", "GitHub names no commit as its head", "push to its branch"),
		},
		{
			"one whose changes were not read is held", usual, pull(7, func(pr *PullRequest) { pr.Changes = nil }),
			held("unread", "its changed files have not been read yet", "wait; they are read again"),
		},
		{
			"what can't be read is told without what it hides", usual,
			pull(7, func(pr *PullRequest) { pr.Changes, pr.Problem = nil, "files:\x1b[2J 502" }),
			held("unread", "files:[2J 502", "wait; they are read again"),
		},
		{
			"one of which something else can't be read is live and says so", usual, pull(7, func(pr *PullRequest) { pr.Problem = "no reviews" }),
			answer{string(Live), "labelled", "changed", `it is open and labelled "preview"; profile changed; no reviews`, ""},
		},
		{
			"one whose changes can't be read is held with the reason", usual,
			pull(7, func(pr *PullRequest) { pr.Changes, pr.Problem = nil, "files: 502" }),
			held("unread", "files: 502", "wait; they are read again"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {"+tt.policy+", "))
			s := resolve(c, factsOf(tt.pr))
			d := decision(t, s)
			got := answer{Outcome: string(d.Outcome), Rule: string(d.Rule), Reason: d.Reason, Remedy: d.Remedy}
			if d.Outcome == Live {
				got.Profile = only(t, s).Profile
			} else if len(s.Rows) != 0 {
				t.Errorf("%d rows for what is held", len(s.Rows))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}
