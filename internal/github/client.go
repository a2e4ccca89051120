// Package github reads pull requests, their changes, approvals and checks, branches and tags from GitHub, and returns
// them as preview.Repository, for preview.Facts.
//
// It knows GitHub's API. It must not know how the facts are used: no policy, no decision, no metrics library.
// A read of a repository is complete or an error. An error about one pull request becomes its Problem. A missing page
// or answer never makes a pull request disappear.
//
// A page of pull requests has 2 MB, of which about 40 KB are needed. So the lists are decoded into small structs of
// this package instead of go-github's.
package github

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/github/rest"
	"github.com/previewset/previewset/internal/preview"
)

// Options name a GitHub and the credentials for it; see rest.Options.
type Options = rest.Options

// App is an installation of a GitHub App; see rest.App.
type App = rest.App

// Rate is the quota of the present hour; see rest.Rate.
type Rate = rest.Rate

// Client reads repositories of one GitHub. It is safe for concurrent use. It keeps the last read of each repository,
// so that a read without changes costs no quota.
type Client struct {
	rest *rest.Client

	mu           sync.Mutex             // guards repositories and their costs
	repositories map[string]*repository // by lower-case "owner/name"
}

// New returns a Client for the options. It sends no request.
func New(o Options) (*Client, error) {
	c, err := rest.New(o)
	if err != nil {
		return nil, err
	}
	return &Client{rest: c, repositories: map[string]*repository{}}, nil
}

// Repository reads the repository "owner/name". After an error the facts of the previous read stay valid.
// It returns a *preview.IdentityError if the name now belongs to another repository.
func (c *Client) Repository(ctx context.Context, name string, wants preview.Wants) (preview.Repository, error) {
	if !config.IsRepository(name) {
		return preview.Repository{}, fmt.Errorf("read repository %q: invalid name; write owner/name", name)
	}
	r := c.lockRepository(name, wants.ID)
	defer r.mu.Unlock()
	api := newRepositoryAPI(c.rest, r.identity)
	facts, err := r.read(ctx, api, wants)
	c.addCost(r, api.expectedCost.Load())
	if err != nil {
		return preview.Repository{}, fmt.Errorf("read repository %s: %w", name, err)
	}
	r.last = facts.PullRequests
	return facts, nil
}

// lockRepository locks and returns the repository with the name. The caller unlocks it. If the last read found another
// ID than id, the name belongs to another repository now, and its last read is forgotten. An id of 0 is unknown and
// matches any.
func (c *Client) lockRepository(name string, id int64) *repository {
	r := c.repository(name)
	r.mu.Lock()
	if id != 0 && r.identity.id != 0 && r.identity.id != id {
		r.mu.Unlock()
		c.mu.Lock()
		delete(c.repositories, strings.ToLower(name))
		c.mu.Unlock()
		r = c.repository(name)
		r.mu.Lock()
	}
	if id != 0 {
		r.identity.id = id
	}
	return r
}

// repository returns the repository with the name. The first call creates it.
func (c *Client) repository(name string) *repository {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(name)
	if c.repositories[key] == nil {
		c.repositories[key] = newRepository(name)
	}
	return c.repositories[key]
}

// Only forgets all repositories except the named ones.
func (c *Client) Only(names []string) {
	isNamed := make(map[string]bool, len(names))
	for _, n := range names {
		isNamed[strings.ToLower(n)] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.repositories, func(name string, _ *repository) bool { return !isNamed[name] })
}

// Rate returns the quota from GitHub's newest answer; zero before the first answer.
func (c *Client) Rate() Rate { return c.rest.Rate() }

// Skew returns how far GitHub's clock is ahead of the local clock, in whole seconds, and whether that is known.
func (c *Client) Skew() (time.Duration, bool) { return c.rest.ClockSkew() }
