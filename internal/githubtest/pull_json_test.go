package githubtest

import (
	"strings"
	"testing"
)

func TestNullFields(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	fork := r.Fork("bob")
	r.Open(PullRequest{AuthorDeleted: true, HeadRepository: fork.ID, Raw: map[string]any{"created_at": nil}})
	before := g.get("/repos/acme/shop/pulls/1").body
	diff(t, true, strings.Contains(before, `"full_name":"bob/shop"`))
	fork.Delete()
	got := parse[map[string]any](t, g.get("/repos/acme/shop/pulls/1"))
	head, _ := got["head"].(map[string]any)
	diff(t, []any{nil, nil, nil}, []any{got["user"], head["repo"], got["created_at"]})
	if _, shown := head["repo"]; !shown {
		t.Error("head.repo is left out instead of null")
	}
}
