package envfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
)

// refValue computes the value of a service's key. A nil refValue removes the key.
type refValue func(*config.Policy) (any, error)

func always(value any) refValue {
	return func(*config.Policy) (any, error) { return value, nil }
}

// parseRef parses the ref of --service SERVICE=REF.
func parseRef(service, text string) (refValue, error) {
	kind, name, _ := strings.Cut(text, ":")
	switch {
	case text == "default":
		return nil, nil
	case kind == "pr":
		return parsePullRequestRef(service, name)
	case kind == "sha" && config.IsSHA(name):
		return always(map[string]string{"sha": name}), nil
	case kind == "sha":
		return nil, fmt.Errorf("%q is not a full commit hash; use 40 characters of 0-9 and a-f", name)
	case (kind == "branch" || kind == "tag") && flags.IsGitName(name):
		return always(map[string]string{kind: name}), nil
	case kind == "branch" || kind == "tag":
		return nil, fmt.Errorf("%q is not a valid %s name; check the spelling", name, kind)
	}
	return nil, fmt.Errorf("unknown ref %q; use pr:OWNER/REPO#N, branch:NAME, tag:NAME, sha:COMMIT or default", text)
}

// parsePullRequestRef accepts a number, or a pull request of the service's own repository.
func parsePullRequestRef(service, text string) (refValue, error) {
	if n, err := strconv.Atoi(strings.TrimPrefix(text, "#")); err == nil && n > 0 {
		return always(map[string]int{"pullRequest": n}), nil
	}
	repository, number, ok := config.ParsePullRequest(text)
	if !ok {
		return nil, fmt.Errorf("%q is not a pull request; use for example acme/gateway#12", text)
	}
	return func(p *config.Policy) (any, error) {
		for _, s := range p.Services {
			if s.Name == service && !strings.EqualFold(s.Repository, repository) {
				return nil, fmt.Errorf("--service %s=pr:%s: service %s comes from %s, not from %s\nname a pull request of %s",
					service, text, service, s.Repository, repository, s.Repository)
			}
		}
		return map[string]int{"pullRequest": number}, nil
	}, nil
}

// parseLink parses the target of --link SERVICE=TARGET.
func parseLink(_, text string) (refValue, error) {
	kind, name, _ := strings.Cut(text, ":")
	_, _, isPullRequest := config.ParsePullRequest(name)
	switch {
	case text == "default" || text == "baseline":
		return nil, nil
	case kind == "env" && flags.IsDNSLabel(name):
		return always(map[string]string{"environment": name}), nil
	case kind == "env":
		return nil, fmt.Errorf("%q is not an environment's name; use a-z, 0-9 and hyphens", name)
	case kind == "pr" && isPullRequest:
		return always(map[string]string{"pullRequest": name}), nil
	case kind == "pr":
		return nil, fmt.Errorf("%q is not a pull request; use for example acme/gateway#12", name)
	}
	return nil, fmt.Errorf("unknown link target %q; use env:NAME, pr:OWNER/REPO#N or default", text)
}
