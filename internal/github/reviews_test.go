package github

import (
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func newReview(author, state, sha string) githubtest.Review {
	return githubtest.Review{Author: author, State: state, SHA: githubtest.SHA(sha)}
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	approval := func(reviewer, sha string, writer bool) preview.Approval {
		return preview.Approval{Reviewer: reviewer, SHA: githubtest.SHA(sha), Writer: writer}
	}
	for name, tc := range map[string]struct {
		reviews []githubtest.Review
		dismiss int // number of the dismissed review, from 1; 0 for none
		want    []preview.Approval
	}{
		"no review": {
			want: []preview.Approval{},
		},
		"a writer approves": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1")},
			want:    []preview.Approval{approval("wendy", "1", true)},
		},
		"a maintainer and an admin approve": {
			reviews: []githubtest.Review{newReview("mary", "APPROVED", "1"), newReview("acme", "APPROVED", "1")},
			want:    []preview.Approval{approval("mary", "1", true), approval("acme", "1", true)},
		},
		"a reviewer with triage permission is no writer": {
			reviews: []githubtest.Review{newReview("tina", "APPROVED", "1")},
			want:    []preview.Approval{approval("tina", "1", false)},
		},
		"a stranger is no writer": {
			reviews: []githubtest.Review{newReview("bob", "APPROVED", "1")},
			want:    []preview.Approval{approval("bob", "1", false)},
		},
		"a bot is no writer": {
			reviews: []githubtest.Review{newReview("wendy[bot]", "APPROVED", "1")},
			want:    []preview.Approval{approval("wendy[bot]", "1", false)},
		},
		"the newest commit of a reviewer counts": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("wendy", "APPROVED", "2")},
			want:    []preview.Approval{approval("wendy", "2", true)},
		},
		"a comment changes nothing": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("wendy", "COMMENTED", "2")},
			want:    []preview.Approval{approval("wendy", "1", true)},
		},
		"a pending review changes nothing": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("wendy", "PENDING", "2")},
			want:    []preview.Approval{approval("wendy", "1", true)},
		},
		"a comment is no approval": {
			reviews: []githubtest.Review{newReview("wendy", "COMMENTED", "1")},
			want:    []preview.Approval{},
		},
		"changes requested later": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("Wendy", "CHANGES_REQUESTED", "1")},
			want:    []preview.Approval{},
		},
		"changes requested earlier": {
			reviews: []githubtest.Review{newReview("wendy", "CHANGES_REQUESTED", "1"), newReview("wendy", "APPROVED", "1")},
			want:    []preview.Approval{approval("wendy", "1", true)},
		},
		"changes requested by another reviewer": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("mary", "CHANGES_REQUESTED", "1")},
			want:    []preview.Approval{approval("wendy", "1", true)},
		},
		"a dismissed review": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1")},
			dismiss: 1,
			want:    []preview.Approval{},
		},
		"the newest review is dismissed": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("wendy", "APPROVED", "2")},
			dismiss: 2,
			want:    []preview.Approval{},
		},
		"an older review is dismissed": {
			reviews: []githubtest.Review{newReview("wendy", "APPROVED", "1"), newReview("wendy", "APPROVED", "2")},
			dismiss: 1,
			want:    []preview.Approval{approval("wendy", "2", true)},
		},
		"a deleted account": {
			reviews: []githubtest.Review{{AuthorDeleted: true, State: "APPROVED"}},
			want:    []preview.Approval{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			repo.SetPermission("wendy", "write")
			repo.SetPermission("wendy[bot]", "write")
			repo.SetPermission("mary", "maintain")
			repo.SetPermission("tina", "triage")
			repo.Open(githubtest.PullRequest{Author: "mallory", HeadSHA: githubtest.SHA("1")})
			var ids []int64
			for _, r := range tc.reviews {
				ids = append(ids, repo.Review(1, r))
			}
			if tc.dismiss > 0 {
				repo.DismissReview(1, ids[tc.dismiss-1])
			}
			got := readShop(t, newClient(t, url, Options{}), wantApprovals).PullRequests[0]
			assertEqual(t, tc.want, got.Approvals)
			assertEqual(t, []string{"mallory"}, got.CommitAuthors)
			assertEqual(t, "", got.Problem)
			assertEqual(t, 0, countRequests(s, "bot]/permission"))
		})
	}
}
