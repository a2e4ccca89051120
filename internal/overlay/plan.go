package overlay

import (
	"cmp"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// The name, owner and commit of the sample environments of a check.
const (
	sampleName  = "check"
	sampleOwner = "octocat"
	sampleSHA   = "0123456789abcdef0123456789abcdef01234567"
)

// Plan returns the content of environment name according to its file: the services of its profile and its own services,
// all at a sample commit. An environment without a file runs everything.
func Plan(c *config.Config, name string) preview.Plan {
	e := c.Environments[name]
	if e == nil {
		e = &config.Environment{}
	}
	p := planOfProfile(c.Policy, cmp.Or(e.Profile, c.Policy.PullRequests.Profile))
	for s := range e.EachRef() {
		p.Run[s] = sampleCommit()
	}
	p.Links = map[string]string{}
	for s, l := range e.Links {
		delete(p.Run, s)
		p.Links[s] = c.Policy.NamespacePrefix + linkTarget(c.Policy, l)
	}
	p.Name, p.Owner, p.Dataset = name, e.Owner, cmp.Or(e.Dataset, p.Dataset)
	p.Components, p.Reset, p.Env = slices.Concat(p.Components, e.Components), e.Reset, e.Variables()
	return p
}

// planOf runs some services at the sample commit.
func planOf(run []string) preview.Plan {
	p := preview.Plan{Name: sampleName, Owner: sampleOwner, Run: map[string]config.ServiceRef{}}
	for _, s := range run {
		p.Run[s] = sampleCommit()
	}
	return p
}

func sampleCommit() config.ServiceRef {
	return config.ServiceRef{SHA: sampleSHA, Branch: "check", Number: 1, Origin: config.OriginOwn}
}

// planOfProfile runs a profile. For `changed`, it assumes a pull request that changes every service.
func planOfProfile(policy *config.Policy, name string) preview.Plan {
	profile := policy.Profiles[name]
	run := serviceNames(policy)
	if profile.Run.Mode == "list" {
		run = profile.Run.Services
	}
	p := planOf(run)
	p.Profile, p.Dataset, p.Components = name, profile.Dataset, profile.Components
	return p
}

func serviceNames(p *config.Policy) []string {
	names := make([]string, 0, len(p.Services))
	for _, s := range p.Services {
		names = append(names, s.Name)
	}
	return names
}

// linkTarget returns the name of the environment that a link leads to.
func linkTarget(p *config.Policy, l config.Link) string {
	if repository, number, ok := config.ParsePullRequest(l.PullRequest); ok {
		return config.PullRequestName(p, repository, number)
	}
	return l.Environment
}
