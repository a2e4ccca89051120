package githubtest

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestPermissions(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	type shown struct {
		Permission string
		Role       string `json:"role_name"`
		User       struct {
			Login, Type string
			Permissions struct{ Pull, Triage, Push, Maintain, Admin bool }
		}
	}
	for name, want := range map[string]struct {
		role, permission string
		push             bool
	}{
		"acme":  {"admin", "admin", true},
		"bob":   {"maintain", "write", true},
		"carol": {"triage", "read", false},
		"dave":  {"read", "read", false},
	} {
		if want.role != "read" && name != "acme" {
			r.SetPermission(name, want.role)
		}
		got := parse[shown](t, g.expect(200, g.get("/repos/acme/shop/collaborators/"+name+"/permission")))
		diff(t, []any{want.role, want.permission, want.push, name, "User"}, []any{got.Role, got.Permission, got.User.Permissions.Push, got.User.Login, got.User.Type})
		diff(t, true, got.User.Permissions.Pull)
	}
	r.SetPrivate(true)
	first := g.get("/repos/acme/shop/collaborators/dave/permission")
	diff(t, "none", parse[shown](t, first).Permission)
	diff(t, false, parse[shown](t, first).User.Permissions.Pull)
	g.expect(304, g.get("/repos/acme/shop/collaborators/dave/permission", "If-None-Match", first.header.Get("ETag")))
	r.SetPermission("Dave", "write")
	g.expect(200, g.get("/repos/acme/shop/collaborators/dave/permission", "If-None-Match", first.header.Get("ETag")))
	diff(t, "Bot", parse[struct{ Type string }](t, g.expect(200, g.get("/users/renovate%5Bbot%5D"))).Type)
}

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
	g.SetCommit(SHA("head"), Commit{Author: Unknown, Committer: "web-flow"})
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

func TestIssueEventsSayWhoDidIt(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{Author: "alice", Labels: []string{"bug"}})
	r.LabelBy("bob", 1, "preview", "bug")
	r.EditBy("carol", 1, func(p *PullRequest) { p.Labels = []string{"bug"} })
	g.expect(200, g.do("POST", "/repos/acme/shop/issues/1/labels", `["again"]`))
	r.Close(1)
	r.Reopen(1)
	type shown struct {
		Event string
		Actor struct{ Login string }
		Label struct{ Name string }
	}
	got := [][3]string{}
	for _, page := range []string{"?per_page=4", "?per_page=4&page=2"} {
		for _, e := range parse[[]shown](t, g.expect(200, g.get("/repos/acme/shop/issues/1/events"+page))) {
			got = append(got, [3]string{e.Event, e.Actor.Login, e.Label.Name})
		}
	}
	diff(t, [][3]string{
		{"labeled", "alice", "bug"},
		{"labeled", "bob", "preview"},
		{"unlabeled", "carol", "preview"},
		{"labeled", "octocat", "again"},
		{"closed", "octocat", ""},
		{"reopened", "octocat", ""},
	}, got)
}

func TestAGhostsReview(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	r.Review(1, Review{Ghost: true, State: "APPROVED"})
	got := parse[[]map[string]any](t, g.get("/repos/acme/shop/pulls/1/reviews"))
	if user, shown := got[0]["user"]; !shown || user != nil {
		t.Errorf("user is %v, shown %t; want null", user, shown)
	}
}

func TestCheckSuites(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	sha := SHA("1")
	first := r.SetCheckRun(sha, CheckRun{Name: "build", Conclusion: "success"})
	second := r.SetCheckRun(sha, CheckRun{Name: "build", Suite: 1})
	diff(t, true, first != second)
	r.SetCheckSuite(sha, CheckSuite{Number: 1})
	r.SetCheckSuite(sha, CheckSuite{Number: 1, Conclusion: "failure"})
	type suite struct {
		ID                 int64
		Status, Conclusion string
		HeadSHA            string `json:"head_sha"`
		Runs               int    `json:"latest_check_runs_count"`
	}
	runs := parse[struct {
		Runs []struct {
			Suite struct{ ID int64 } `json:"check_suite"`
		} `json:"check_runs"`
	}](t, g.get("/repos/acme/shop/commits/"+sha+"/check-runs"))
	diff(t, true, runs.Runs[0].Suite.ID != runs.Runs[1].Suite.ID)
	got := parse[struct {
		Total  int     `json:"total_count"`
		Suites []suite `json:"check_suites"`
	}](t, g.expect(http.StatusOK, g.get("/repos/acme/shop/commits/"+sha+"/check-suites")))
	diff(t, 1, got.Total)
	diff(t, []suite{{runs.Runs[1].Suite.ID, "completed", "failure", sha, 1}}, got.Suites)
}

func TestWebhooksOfLabelsSuitesAndRepositories(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddHook("http://127.0.0.1:1/", "hush")
	r := g.AddRepository("acme/shop")
	r.CreateLabel("preview")
	r.Open(PullRequest{Labels: []string{"Bug", "preview"}})
	r.LabelBy("bob", 1, "again")
	r.RenameLabel("PREVIEW", "env")
	got, _ := r.PullRequest(1)
	diff(t, []string{"Bug", "env", "again"}, got.Labels)
	r.DeleteLabel("env")
	got, _ = r.PullRequest(1)
	diff(t, []string{"Bug", "again"}, got.Labels)
	r.SetCheckSuite(SHA("1"), CheckSuite{})
	r.Rename("acme/store")
	r.Rename("bob/store")
	r.SetPrivate(true)
	r.Delete()
	type shown struct{ Event, Action, Sender, Label, From, Name, Owner string }
	events := []shown{}
	for _, d := range g.Deliveries() {
		var p struct {
			Action  string
			Sender  struct{ Login string }
			Label   struct{ Name string }
			Changes struct {
				Name       struct{ From string }
				Repository struct{ Name struct{ From string } }
				Owner      struct {
					From struct{ User struct{ Login string } }
				}
			}
		}
		if err := json.Unmarshal(d.Body, &p); err != nil {
			t.Fatal(err)
		}
		events = append(events, shown{d.Event, p.Action, p.Sender.Login, p.Label.Name, p.Changes.Name.From, p.Changes.Repository.Name.From, p.Changes.Owner.From.User.Login})
	}
	diff(t, []shown{
		{"label", "created", "octocat", "preview", "", "", ""},
		{"pull_request", "opened", "octocat", "", "", "", ""},
		{"pull_request", "labeled", "bob", "again", "", "", ""},
		{"label", "edited", "octocat", "env", "PREVIEW", "", ""},
		{"label", "deleted", "octocat", "env", "", "", ""},
		{"check_suite", "requested", "octocat", "", "", "", ""},
		{"repository", "renamed", "octocat", "", "", "shop", ""},
		{"repository", "transferred", "octocat", "", "", "", "acme"},
		{"repository", "privatized", "octocat", "", "", "", ""},
		{"repository", "deleted", "octocat", "", "", "", ""},
	}, events)
}
