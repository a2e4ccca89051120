package github

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func newReview(author, state, sha string) githubtest.Review {
	return githubtest.Review{Author: author, State: state, SHA: githubtest.SHA(sha)}
}

// approvalTests have reviews as "author state sha", and approvals as "reviewer sha", "reviewer sha writer" or
// "reviewer sha writer superseded".
var approvalTests = map[string]struct {
	reviews []string
	dismiss int // number of the dismissed review, from 1; 0 for none
	want    []string
}{
	"no review":         {},
	"a writer approves": {[]string{"wendy APPROVED 1"}, 0, []string{"wendy 1 writer"}},
	"a maintainer and an admin approve": {
		[]string{"mary APPROVED 1", "acme APPROVED 1"}, 0, []string{"mary 1 writer", "acme 1 writer"},
	},
	"a reviewer with triage permission is no writer": {[]string{"tina APPROVED 1"}, 0, []string{"tina 1"}},
	"a stranger is no writer":                        {[]string{"bob APPROVED 1"}, 0, []string{"bob 1"}},
	"a bot is no writer":                             {[]string{"wendy[bot] APPROVED 1"}, 0, []string{"wendy[bot] 1"}},
	"the newest commit of a reviewer counts": {
		[]string{"wendy APPROVED 1", "wendy APPROVED 2"}, 0, []string{"wendy 1 writer superseded", "wendy 2 writer"},
	},
	"changes requested of another commit": {
		[]string{"wendy APPROVED 1", "Wendy CHANGES_REQUESTED 2"}, 0, []string{"wendy 1 writer superseded"},
	},
	"a comment changes nothing":        {[]string{"wendy APPROVED 1", "wendy COMMENTED 2"}, 0, []string{"wendy 1 writer"}},
	"a pending review changes nothing": {[]string{"wendy APPROVED 1", "wendy PENDING 2"}, 0, []string{"wendy 1 writer"}},
	"a comment is no approval":         {[]string{"wendy COMMENTED 1"}, 0, nil},
	"changes requested later":          {[]string{"wendy APPROVED 1", "Wendy CHANGES_REQUESTED 1"}, 0, nil},
	"changes requested earlier": {
		[]string{"wendy CHANGES_REQUESTED 1", "wendy APPROVED 1"}, 0, []string{"wendy 1 writer"},
	},
	"changes requested by another reviewer": {
		[]string{"wendy APPROVED 1", "mary CHANGES_REQUESTED 1"}, 0, []string{"wendy 1 writer"},
	},
	"a dismissed review": {[]string{"wendy APPROVED 1"}, 1, nil},
	"the newest review is dismissed": {
		[]string{"wendy APPROVED 1", "wendy APPROVED 2"}, 2, []string{"wendy 1 writer superseded"},
	},
	"an older review is dismissed": {
		[]string{"wendy APPROVED 1", "wendy APPROVED 2"}, 1, []string{"wendy 2 writer"},
	},
	"a deleted account": {[]string{"- APPROVED 1"}, 0, nil},
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	for name, tc := range approvalTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			for login, role := range map[string]string{
				"wendy": "write", "wendy[bot]": "write", "mary": "maintain", "tina": "triage",
			} {
				repo.SetPermission(login, role)
			}
			repo.Open(githubtest.PullRequest{Author: "mallory", HeadSHA: githubtest.SHA("1")})
			var ids []int64
			for _, text := range tc.reviews {
				part := strings.Fields(text)
				r := newReview(part[0], part[1], part[2])
				r.AuthorDeleted = part[0] == "-"
				ids = append(ids, repo.Review(1, r))
			}
			if tc.dismiss > 0 {
				repo.DismissReview(1, ids[tc.dismiss-1])
			}
			want := []preview.Approval{}
			for _, text := range tc.want {
				part := strings.Fields(text)
				want = append(want, preview.Approval{
					Reviewer: part[0], SHA: githubtest.SHA(part[1]), Writer: len(part) >= 3, Superseded: len(part) == 4,
				})
			}
			got := readShop(t, newClient(t, url, Options{}), wantApprovals).PullRequests[0]
			assertEqual(t, want, got.Approvals)
			assertEqual(t, []string{"mallory"}, got.CommitAuthors)
			assertEqual(t, "", got.Problem)
			assertEqual(t, 0, countRequests(s, "bot]/permission"))
		})
	}
}
