package config

import (
	"fmt"
	"strconv"
	"strings"
)

// String names the ref for people, for example `branch "main"`.
func (r Ref) String() string {
	switch {
	case r.Branch != "":
		return fmt.Sprintf("branch %q", Printable(r.Branch))
	case r.Tag != "":
		return fmt.Sprintf("tag %q", Printable(r.Tag))
	case r.PullRequest != 0:
		return fmt.Sprintf("open pull request #%d", r.PullRequest)
	}
	return "commit " + r.SHA
}

// invalidity returns the mistake in a ref, or "".
func (r Ref) invalidity() string {
	n := 0
	for _, is := range []bool{r.PullRequest != 0, r.Branch != "", r.Tag != "", r.SHA != ""} {
		if is {
			n++
		}
	}
	switch {
	case n != 1:
		return "must name exactly one of pullRequest, branch, tag and sha"
	case r.SHA != "" && !IsSHA(r.SHA):
		return "its sha is not a full commit SHA"
	case max(len(r.Branch), len(r.Tag)) > maxRef:
		return fmt.Sprintf("its branch or tag has more than %d characters", maxRef)
	}
	return ""
}

// ServiceRef is the commit that a running service is deployed from. The zero value means the image of kustomize-base.
type ServiceRef struct {
	SHA    string // full commit SHA
	Branch string // empty if the ref is not a branch
	Number int    // 0 if the ref is not a pull request
	// Origin is the origin of a pull request's commit. It is "" for other refs, and where it isn't known, as in the saved
	// state of earlier versions.
	Origin Origin `json:",omitempty"`
}

// Origin says in which repository the branch of a pull request is.
type Origin string

// The origins.
const (
	OriginOwn  Origin = "own"  // the repository of the pull request itself
	OriginFork Origin = "fork" // another one, or one that is gone
)

// MayGetSecrets reports whether the commit is known to come from the repository itself. Code from forks gets no secrets.
func (p ServiceRef) MayGetSecrets() bool { return p.Number == 0 || p.Origin == OriginOwn }

// ParsePullRequest parses "owner/name#number".
func ParsePullRequest(s string) (repository string, number int, ok bool) {
	repository, digits, _ := strings.Cut(s, "#")
	number, err := strconv.Atoi(digits)
	return repository, number, err == nil && number > 0 && IsRepository(repository)
}
