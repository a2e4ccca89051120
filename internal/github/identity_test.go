package github

import (
	"fmt"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestReusedNameIsAnError(t *testing.T) {
	t.Parallel()
	for name, prs := range map[string]int{"with pull requests": 1, "without pull requests": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			openMany(repo, 1)
			c := newClient(t, url, Options{})
			readShop(t, c, preview.Wants{})
			repo.Rename("acme/elsewhere")
			got := readShop(t, c, preview.Wants{})
			assertEqual(t, []int{1}, numbersOf(got)) // GitHub redirects
			assertEqual(t, "acme/elsewhere", got.FullName)
			other := s.AddRepository("acme/shop")
			openMany(other, prs)
			want := fmt.Sprintf("belongs to another repository (ID %d → %d)", repo.ID, other.ID)
			readShopError(t, c, want)
			readShopError(t, c, want)
			other.Delete()
			repo.Rename("acme/shop")
			assertEqual(t, []int{1}, numbersOf(readShop(t, c, preview.Wants{})))
		})
	}
}

func TestLostRepository(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*githubtest.Server, *githubtest.Repo)
		undo   func(*githubtest.Server, *githubtest.Repo)
		want   string
	}{
		"transferred": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("bob/shop") },
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("acme/shop") },
			"transferred to bob and is now bob/shop",
		},
		"transferred and renamed": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("bob/store") },
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("acme/shop") },
			"transferred to bob and is now bob/store",
		},
		"made private": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.SetPrivate(true) },
			func(_ *githubtest.Server, r *githubtest.Repo) { r.SetPrivate(false) },
			"deleted or made private",
		},
		"deleted": {func(_ *githubtest.Server, r *githubtest.Repo) { r.Delete() }, nil, "deleted or made private"},
		"replaced by another repository": {
			func(s *githubtest.Server, r *githubtest.Repo) {
				r.Rename("acme/elsewhere")
				openMany(s.AddRepository("acme/shop"), 1)
			}, nil, "belongs to another repository",
		},
		"replaced by another repository without pull requests": {
			func(s *githubtest.Server, r *githubtest.Repo) { r.Delete(); s.AddRepository("acme/shop") }, nil,
			"belongs to another repository",
		},
	} {
		for prs := range 2 {
			t.Run(fmt.Sprintf("%s, with %d pull requests", name, prs), func(t *testing.T) {
				t.Parallel()
				s, repo, url := startGitHub(t)
				s.AllowToken("secret", "acme/other")
				openMany(repo, prs)
				c := newClient(t, url, Options{})
				before := readShop(t, c, preview.Wants{})
				tc.change(s, repo)
				for range 2 {
					readShopError(t, c, tc.want)
				}
				if tc.undo == nil {
					return
				}
				tc.undo(s, repo)
				after := readShop(t, c, preview.Wants{})
				assertEqual(t, before.PullRequests, after.PullRequests)
				assertEqual(t, before.FullName, after.FullName)
			})
		}
	}
}
