package preview

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// ingredients are everything that an environment is composed of, besides the configuration. With one configuration,
// equal ingredients make equal environments.
type ingredients struct {
	plan     Plan
	source   Source
	purpose  string
	person   string // for limits.perOwner
	isLease  bool
	expires  time.Time // the fixed end; zero if there is none
	handover []string  // services with workloads that Argo CD leaves alone
	members  []Member
	single   pullRequestFacts // zero if there are several pull requests, or none
	labels   []string         // of the single pull request
}

// pullRequestFacts are the facts of a single pull request that are in its row.
type pullRequestFacts struct {
	number                                                        int
	repositoryID                                                  int64
	title, branch, targetBranch, headSHA, author, repository, url string
}

func (p *ingredients) equal(other *ingredients) bool {
	return p.plan.equal(&other.plan) && p.source == other.source && p.purpose == other.purpose &&
		p.person == other.person && p.isLease == other.isLease &&
		p.expires.Equal(other.expires) && slices.Equal(p.handover, other.handover) &&
		slices.Equal(p.members, other.members) &&
		p.single == other.single && slices.Equal(p.labels, other.labels)
}

// composition is an environment with its ingredients. It never changes.
type composition struct {
	ingredients
	environment Remembered
}

// compositions are the live environments of a snapshot. The next snapshot reuses those with the same ingredients: one
// push changes one of a thousand environments.
type compositions struct {
	cfg      *config.Config
	baseline map[string]linkPatches // the links to the baseline, composed once
	// plain have no links to and from other environments. linked are those of them that have some.
	plain, linked map[string]*composition
	// isShared is true if equal rows share their lists with the last snapshot. After a restart they don't, because rows
	// from saved state have copies of all texts of the configuration.
	isShared bool
}

// of returns the compositions that can be reused with a configuration.
func (c compositions) of(cfg *config.Config) compositions {
	if c.cfg != cfg {
		return compositions{cfg: cfg, baseline: baselineLinks(cfg), isShared: c.cfg != nil}
	}
	c.isShared = true
	return c
}

// compose returns the last composition if its ingredients are the same, or composes an environment.
func (c compositions) compose(parts *ingredients, last *composition, previous *Remembered) (*composition, error) {
	if last != nil && last.equal(parts) {
		return last, nil
	}
	made, err := composeEnvironment(c.cfg, c.baseline, parts)
	if err != nil {
		return nil, err
	}
	if previous != nil && c.isShared {
		made.share(previous)
	}
	return &composition{*parts, made}, nil
}

// share takes over equal lists, so that memory has them once and not once a snapshot.
func (e *Remembered) share(previous *Remembered) {
	if reflect.DeepEqual(e.Row, previous.Row) {
		e.Row = previous.Row
	}
	if slices.Equal(e.Hosts, previous.Hosts) {
		e.Hosts = previous.Hosts
	}
	if maps.Equal(e.Run, previous.Run) {
		e.Run = previous.Run
	}
}

// composeEnvironment composes an environment.
func composeEnvironment(cfg *config.Config, baseline map[string]linkPatches, parts *ingredients) (Remembered, error) {
	c, err := composePlan(cfg, baseline, parts.plan)
	if err != nil {
		return Remembered{}, err
	}
	e := Remembered{
		Members: parts.members, Row: sourcedRow(cfg, parts, c), Hosts: slices.Sorted(maps.Values(c.hosts)),
		Run: parts.plan.Run, IsLease: parts.isLease,
	}
	if parts.person != e.Row.Author {
		e.Person = parts.person
	}
	return e, nil
}
