package github

import (
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestContainedCommits(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	sha := githubtest.SHA
	for child, parent := range map[string]string{"main2": "main1", "dev2": "main1", "forked": "main2"} {
		s.SetCommit(sha(child), githubtest.Commit{Parent: sha(parent)})
	}
	repo.SetBranch("main", sha("main2"))
	repo.SetBranch("dev", sha("dev2"))
	repo.SetBranch("feature/cart", sha("feature"))
	repo.SetAnnotatedTag("v1", "commit", sha("tagged"))
	repo.Open(githubtest.PullRequest{HeadSHA: sha("forked"), HeadRepository: repo.Fork("mallory").ID})
	c := newClient(t, url, Options{})
	wants := preview.Wants{
		Branches: []string{"dev"}, Tags: []string{"v1"}, BranchChecks: true,
		Commits: []string{
			sha("main1"), sha("main2"), sha("dev2"), sha("tagged"), sha("forked"), sha("unknown"), sha("feature"),
		},
	}
	repo.SetStatus(sha("main1"), githubtest.Status{State: "success", Context: "ci"})
	facts := readShop(t, c, wants)
	assertEqual(t, map[string]bool{
		sha("main1"): true, sha("main2"): true, sha("dev2"): true, sha("tagged"): true, sha("feature"): true,
		sha("forked"): false, sha("unknown"): false,
	}, facts.Commits)
	assertEqual(t, 1, len(facts.Checks[sha("main1")]))
	if _, ok := facts.Checks[sha("forked")]; ok {
		t.Error("the checks of a fork's commit were read")
	}
	s.ResetCounts()
	for range readsWithoutRetry {
		assertEqual(t, facts.Commits, readShop(t, c, wants).Commits)
	}
	assertEqual(t, 0, s.Charged())

	repo.SetBranch("main", sha("main1")) // a forced push
	repo.SetBranch("dev", sha("forked")) // a merge
	repo.DeleteBranch("feature/cart")
	repo.SetBranch("fix", sha("unknown")) // a push
	facts = readShop(t, c, wants)
	for _, name := range []string{"main2", "forked", "feature", "unknown"} {
		assertEqual(t, true, facts.Commits[sha(name)])
	}
}
