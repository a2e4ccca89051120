package github

import (
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestCommitAuthors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		commit githubtest.Commit
		want   []string
	}{
		"two accounts":                 {githubtest.Commit{Author: "alice", Committer: "bob"}, []string{"alice", "bob"}},
		"one account":                  {githubtest.Commit{Author: "alice", Committer: "alice"}, []string{"alice"}},
		"author without an account":    {githubtest.Commit{Author: githubtest.NoAccount, Committer: "bob"}, []string{"", "bob"}},
		"committer without an account": {githubtest.Commit{Author: "alice", Committer: githubtest.NoAccount}, []string{"alice", ""}},
		"no account":                   {githubtest.Commit{Author: githubtest.NoAccount, Committer: githubtest.NoAccount}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			openMany(repo, 1)
			c := newClient(t, url, Options{})
			head := readShop(t, c, wantApprovals).PullRequests[0].HeadSHA
			s.SetCommit(head, tc.commit) // like a user who adds an e-mail address to the account
			assertEqual(t, tc.want, readShop(t, c, wantApprovals).PullRequests[0].CommitAuthors)
		})
	}
}
