package rest

import "strings"

// pathKinds map parts of a path to a kind of request, in order. A ref's name can end like any other path, so refs
// come first.
var pathKinds = []struct {
	kind    string
	matches func(path, part string) bool
	part    string
}{
	{"ref", strings.Contains, "/git/ref/"},
	{"ref", strings.Contains, "/git/matching-refs/"},
	{"tag", strings.Contains, "/git/tags/"},
	{"compare", strings.Contains, "/compare/"},
	{"token", strings.HasSuffix, "/access_tokens"},
	{"files", strings.HasSuffix, "/files"},
	{"pulls", strings.HasSuffix, "/pulls"},
	{"events", strings.HasSuffix, "/events"},
	{"reviews", strings.HasSuffix, "/reviews"},
	{"pull", strings.Contains, "/pulls/"},
	{"permission", strings.HasSuffix, "/permission"},
	{"deployments", strings.Contains, "/deployments"},
	{"statuses", strings.HasSuffix, "/statuses"},
	{"comments", strings.Contains, "/comments"},
	{"status", strings.Contains, "/statuses/"},
	{"user", strings.HasSuffix, "/user"},
	{"checks", strings.HasSuffix, "/check-runs"},
	{"checks", strings.Contains, "/check-runs/"},
	{"commit", strings.Contains, "/commits/"},
}

// Kind returns the kind of a request path for metrics; see Options.Observe.
func Kind(path string) string {
	for _, k := range pathKinds {
		if k.matches(path, k.part) {
			return k.kind
		}
	}
	return "repository"
}
