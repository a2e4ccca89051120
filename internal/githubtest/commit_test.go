package githubtest

import (
	"testing"
)

func TestCommits(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.SetBranch("main", SHA("main"))
	r.Open(PullRequest{Author: "alice", HeadSHA: SHA("head")})
	type shown struct {
		SHA               string
		Author, Committer *struct{ Login string }
		Parents           []struct{ SHA string }
	}
	commit := func(sha string) shown { return parse[shown](t, g.expect(200, g.get("/repos/acme/shop/commits/"+sha))) }
	got := commit(SHA("head"))
	diff(t, []any{"alice", "alice", SHA("main")}, []any{got.Author.Login, got.Committer.Login, got.Parents[0].SHA})
	diff(t, "octocat", commit(SHA("main")).Author.Login)
	g.SetCommit(SHA("head"), Commit{Author: NoAccount, Committer: "web-flow"})
	got = commit(SHA("head"))
	diff(t, []any{true, "web-flow", SHA("main")}, []any{got.Author == nil, got.Committer.Login, got.Parents[0].SHA})
	pushed := commit(r.Push(1))
	diff(t, []any{"alice", SHA("head")}, []any{pushed.Author.Login, pushed.Parents[0].SHA})
}

func TestComparisons(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	for _, name := range []string{"1", "2", "3"} {
		r.SetBranch("main", SHA(name))
	}
	g.SetCommit(SHA("side"), Commit{Parent: SHA("1")})
	g.SetCommit(SHA("alone"), Commit{})
	for basehead, want := range map[string][]any{
		SHA("1") + "...main":            {"ahead", 2, 0, 2},
		"main..." + SHA("1"):            {"behind", 0, 2, 0},
		"main..." + SHA("side"):         {"diverged", 1, 2, 1},
		"main...main":                   {"identical", 0, 0, 0},
		SHA("1") + "...main?per_page=1": {"ahead", 2, 0, 1},
	} {
		got := parse[struct {
			Status  string
			Ahead   int `json:"ahead_by"`
			Behind  int `json:"behind_by"`
			Commits []struct{ SHA string }
		}](t, g.expect(200, g.get("/repos/acme/shop/compare/"+basehead)))
		diff(t, want, []any{got.Status, got.Ahead, got.Behind, len(got.Commits)})
		if len(got.Commits) == 2 {
			diff(t, SHA("2"), got.Commits[0].SHA) // the oldest first
		}
	}
	g.expect(404, g.get("/repos/acme/shop/compare/main..."+SHA("alone")))
	g.expect(404, g.get("/repos/acme/shop/compare/main...nowhere"))
	g.expect(404, g.get("/repos/acme/shop/compare/main"))
}
