package github

import (
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestWhichCommitsABranchOrTagHolds(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	sha := githubtest.SHA
	for child, parent := range map[string]string{"main2": "main1", "dev2": "main1", "forked": "main2"} {
		s.SetCommit(sha(child), githubtest.Commit{Parent: sha(parent)})
	}
	repo.SetBranch("main", sha("main2"))
	repo.SetBranch("dev", sha("dev2"))
	repo.SetBranch("feature/cart", sha("feature"))
	repo.SetAnnotatedTag("v1", "commit", sha("tagged"))
	repo.Open(githubtest.PullRequest{HeadSHA: sha("forked"), HeadRepository: repo.Fork("mallory").ID})
	c := client(t, url, Options{})
	wants := preview.Wants{
		Branches: []string{"dev"}, Tags: []string{"v1"}, BranchChecks: true,
		Commits: []string{sha("main1"), sha("main2"), sha("dev2"), sha("tagged"), sha("forked"), sha("nobody's"), sha("feature")},
	}
	repo.SetStatus(sha("main1"), githubtest.Status{State: "success", Context: "ci"})
	facts := read(t, c, wants)
	diff(t, map[string]bool{
		sha("main1"): true, sha("main2"): true, sha("dev2"): true, sha("tagged"): true, sha("forked"): false, sha("nobody's"): false, sha("feature"): true,
	}, facts.Commits)
	diff(t, 1, len(facts.Checks[sha("main1")]))
	if _, ok := facts.Checks[sha("forked")]; ok {
		t.Error("a fork's commit is looked at")
	}
	s.ResetCounts()
	for range waitMissing {
		diff(t, facts.Commits, read(t, c, wants).Commits)
	}
	diff(t, 0, s.Charged())

	repo.SetBranch("main", sha("main1")) // forced back
	repo.SetBranch("dev", sha("forked")) // merged there
	repo.DeleteBranch("feature/cart")
	repo.SetBranch("fix", sha("nobody's")) // pushed now
	facts = read(t, c, wants)
	diff(t, []bool{true, true, true, true}, []bool{facts.Commits[sha("main2")], facts.Commits[sha("forked")], facts.Commits[sha("feature")], facts.Commits[sha("nobody's")]})
}
