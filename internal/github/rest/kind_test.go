package rest

import "testing"

func TestKind(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/repos/acme/shop":                                  "repository",
		"/repos/acme/shop/pulls":                            "pulls",
		"/repositories/7/pulls":                             "pulls",
		"/repos/acme/shop/pulls/1":                          "pull",
		"/repos/acme/shop/pulls/1/files":                    "files",
		"/repos/acme/shop/pulls/1/reviews":                  "reviews",
		"/repos/acme/shop/issues/1/events":                  "events",
		"/repos/acme/shop/collaborators/carol/permission":   "permission",
		"/repos/acme/shop/commits/c0ffee":                   "commit",
		"/repos/acme/shop/commits/c0ffee/statuses":          "statuses",
		"/repos/acme/shop/statuses/c0ffee":                  "status",
		"/repos/acme/shop/commits/c0ffee/check-runs":        "checks",
		"/repos/acme/shop/check-runs":                       "checks",
		"/repos/acme/shop/check-runs/7":                     "checks",
		"/repos/acme/shop/compare/main...c0ffee":            "compare",
		"/repos/acme/shop/git/matching-refs/heads/x/pulls":  "ref",
		"/repos/acme/shop/git/ref/heads/commits/x/statuses": "ref",
		"/repos/acme/shop/git/tags/7a6":                     "tag",
		"/app/installations/8/access_tokens":                "token",
		"/repos/acme/shop/deployments/7/statuses":           "deployments",
		"/repos/acme/shop/issues/1/comments":                "comments",
		"/repos/acme/shop/issues/comments/7":                "comments",
		"/user":                                             "user",
	} {
		if got := Kind(path); got != want {
			t.Errorf("%s: kind %s, want %s", path, got, want)
		}
	}
}
