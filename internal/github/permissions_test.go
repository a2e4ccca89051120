package github

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestUnknownReviewer(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	repo.SetPermission("wendy", "write")
	repo.Review(1, newReview("bob", "APPROVED", "1"))
	repo.Review(1, newReview("wendy", "APPROVED", "1"))
	s.Inject(githubtest.Fault{Match: "/collaborators/bob/", Status: 404})
	c := newClient(t, url, Options{})
	for range 3 { // status 404 has no ETag, so the permission is read once
		got := readShop(t, c, wantApprovals).PullRequests[0]
		assertEqual(t, []preview.Approval{
			{Reviewer: "bob", SHA: githubtest.SHA("1"), Unread: true},
			{Reviewer: "wendy", SHA: githubtest.SHA("1"), Writer: true},
		}, got.Approvals)
		assertEqual(t, true, strings.Contains(got.Problem, "whether bob may push"))
	}
	assertEqual(t, 1, countRequests(s, "/collaborators/bob/"))
	s.ClearFaults()
	repo.SetPermission("bob", "write")
	repo.Review(1, newReview("bob", "APPROVED", "2"))
	got := readShop(t, c, wantApprovals).PullRequests[0]
	assertEqual(t, "", got.Problem)
	assertEqual(t, preview.Approval{Reviewer: "bob", SHA: githubtest.SHA("2"), Writer: true}, got.Approvals[2])
}

// A login can belong to another account later. Its permission isn't the reviewer's.
func TestPermissionOfAnotherAccountWithTheLogin(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	repo.Review(1, newReview("wendy", "APPROVED", "1"))
	s.Inject(githubtest.Fault{
		Match: "/collaborators/wendy/", Status: 200,
		Body: `{"permission":"admin","user":{"login":"wendy","id":1,"type":"User"}}`,
	})
	got := readShop(t, newClient(t, url, Options{}), wantApprovals).PullRequests[0]
	assertEqual(t, []preview.Approval{{Reviewer: "wendy", SHA: githubtest.SHA("1"), Unread: true}}, got.Approvals)
}
