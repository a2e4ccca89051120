package envfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
)

// parseRef takes what a service is pinned to. Nil is what the profile says.
func parseRef(service, text string) (func(*config.Policy) (any, error), error) {
	kind, what, _ := strings.Cut(text, ":")
	switch {
	case text == "default":
		return nil, nil
	case kind == "pr":
		return parsePullRequestRef(service, what)
	case (kind == "branch" || kind == "tag") && flags.IsGitName(what):
		return always(map[string]string{kind: what}), nil
	case kind == "sha" && flags.IsFullCommit(what):
		return always(map[string]string{"sha": what}), nil
	case kind == "sha":
		return nil, fmt.Errorf("%q is not a full commit: 40 characters of 0 to 9 and a to f", what)
	case kind == "branch" || kind == "tag":
		return nil, fmt.Errorf("%q is not the name of a %s", what, kind)
	}
	return nil, fmt.Errorf("%q is none of pr:OWNER/REPO#N, branch:NAME, tag:NAME, sha:COMMIT and default", text)
}

func always(value any) func(*config.Policy) (any, error) {
	return func(*config.Policy) (any, error) { return value, nil }
}

// parsePullRequestRef takes a number, or a pull request of the service's own repository.
func parsePullRequestRef(service, what string) (func(*config.Policy) (any, error), error) {
	if n, err := strconv.Atoi(strings.TrimPrefix(what, "#")); err == nil && n > 0 {
		return always(map[string]int{"pullRequest": n}), nil
	}
	repository, number, ok := config.ParsePullRequest(what)
	if !ok {
		return nil, fmt.Errorf("%q is not a pull request like acme/gateway#12", what)
	}
	return func(p *config.Policy) (any, error) {
		for _, s := range p.Services {
			if s.Name == service && !strings.EqualFold(s.Repository, repository) {
				return nil, fmt.Errorf("--service %s=pr:%s: service %s comes from %s, not from %s\nname a pull request of that repository", service, what, service, s.Repository, repository)
			}
		}
		return map[string]int{"pullRequest": number}, nil
	}, nil
}

// parseLink takes where a service's name leads to. Nil is the baseline.
func parseLink(_, text string) (func(*config.Policy) (any, error), error) {
	kind, what, _ := strings.Cut(text, ":")
	_, _, isPullRequest := config.ParsePullRequest(what)
	switch {
	case text == "default" || text == "baseline":
		return nil, nil
	case kind == "env" && flags.IsDNSLabel(what):
		return always(map[string]string{"environment": what}), nil
	case kind == "env":
		return nil, fmt.Errorf("%q is not an environment's name", what)
	case kind == "pr" && isPullRequest:
		return always(map[string]string{"pullRequest": what}), nil
	case kind == "pr":
		return nil, fmt.Errorf("%q is not a pull request like acme/gateway#12", what)
	}
	return nil, fmt.Errorf("%q is none of env:NAME, pr:OWNER/REPO#N and default", text)
}
