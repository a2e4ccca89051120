// Package github reads pull requests, what they change, who approved them, checks, branches and tags from GitHub, and tells
// them as preview.Facts.
//
// It knows GitHub's API: pages, conditional requests, quotas, Apps. It must not know what is done with the facts: no
// configuration, no decision, no metrics library. A read is whole or an error; what can't be read of one pull request
// becomes that one's Problem, and nothing is left out because of a page or an answer that went missing.
//
// go-github does requests, redirects and typed errors, because it is what everybody in the field uses and it keeps up with
// GitHub; its structs aren't used for lists, because a page is 2 MB of which we keep 40 KB. ghinstallation makes and renews
// the tokens of a GitHub App, which is easy to get subtly wrong.
package github

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// Options say which GitHub is read and as whom. The zero value reads the public GitHub as nobody.
type Options struct {
	// BaseURL is the root of the API, https://api.github.com by default. User info in it is refused.
	BaseURL string
	// Token is called for every request, so that the token can change.
	Token func() (string, error)
	// App is used instead of Token.
	App *App
	// UserAgent names us in GitHub's logs; "previewset" by default.
	UserAgent string
	// Transport sends the requests; http.DefaultTransport by default.
	Transport http.RoundTripper
	// Timeout bounds every request with its answer; 15 s by default.
	Timeout time.Duration
	// Observe, if set, is called after every request that was sent, from several goroutines. Kind is one of pulls, pull,
	// files, events, reviews, permission, commit, statuses, checks, ref, tag, compare, repository, token, and status for one that is set;
	// status is 0 if no answer came; fromCache means 304.
	Observe func(kind string, status int, fromCache bool, took time.Duration)
}

// App is an installation of a GitHub App. Key gives its private key in PEM, and is called for every request too.
type App struct {
	ID, Installation int64
	Key              func() ([]byte, error)
}

// Client reads one GitHub. It is safe for concurrent use and remembers what it read last of every repository.
type Client struct {
	base    *url.URL
	options Options
	wire    *wire

	mu      sync.Mutex // guards the two below and the costs
	session *session
	entries map[string]*entry
}

// New returns a Client; nothing is read yet.
func New(o Options) (*Client, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.App != nil && (o.Token != nil || o.App.Key == nil || o.App.ID <= 0 || o.App.Installation <= 0) {
		return nil, fmt.Errorf("GitHub App: it needs the App's ID, the installation's ID and a key, and no token besides")
	}
	if o.UserAgent == "" {
		o.UserAgent = "previewset"
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	return &Client{base: base, options: o, wire: &wire{next: o.Transport, observe: o.Observe}, entries: map[string]*entry{}}, nil
}

func parseBase(text string) (*url.URL, error) {
	if text == "" {
		text = "https://api.github.com"
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // the error would show the user info
		return nil, fmt.Errorf("GitHub URL: it isn't a URL")
	case u.User != nil:
		return nil, fmt.Errorf("GitHub URL %s: user info isn't allowed in it; give the token in a file", u.Redacted())
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, fmt.Errorf("GitHub URL %q: it must begin with https:// or http:// and a host", text)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("GitHub URL %q: it is the API's root and has no query", text)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u, nil
}

// entry is what is remembered of a repository. Its lock is held during a read.
type entry struct {
	mu       sync.Mutex
	id       int64 // GitHub's numeric identity; 0 until it was seen
	fullName string
	// defaultBranch is empty until it was seen.
	defaultBranch string
	etag          string // of the repository itself, which is read only where no pull request tells its identity

	pages []page[preview.PullRequest]
	refs  map[string]ref
	// comparisons of refs with commits, by "ref...commit".
	comparisons map[string]*comparison
	changes     map[int]changes
	checks      map[string]*checks // by commit
	reviews     map[int]*reviews
	events      map[int]*events
	authors     map[string]authors    // by commit
	writers     map[string]writer     // by login, lower case
	last        []preview.PullRequest // what the last whole read told, by number; never changed

	costs [2]int64 // what the last two reads were charged that the next one may be charged again; Client.mu guards it
}

func (c *Client) entry(name string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(name)
	e := c.entries[key]
	if e == nil {
		e = &entry{
			refs: map[string]ref{}, changes: map[int]changes{}, checks: map[string]*checks{}, reviews: map[int]*reviews{},
			authors: map[string]authors{}, writers: map[string]writer{},
		}
		c.entries[key] = e
	}
	return e
}

// lockedEntry is the entry of the repository that has the identity; 0 is any. Where the name is meant to be another's now,
// nothing is known of that one.
func (c *Client) lockedEntry(name string, id int64) *entry {
	e := c.entry(name)
	e.mu.Lock()
	if id != 0 && e.id != 0 && e.id != id {
		e.mu.Unlock()
		c.mu.Lock()
		delete(c.entries, strings.ToLower(name))
		c.mu.Unlock()
		e = c.entry(name)
		e.mu.Lock()
	}
	e.id = cmp.Or(id, e.id)
	return e
}

// Only forgets all repositories but those named.
func (c *Client) Only(names []string) {
	wanted := make(map[string]bool, len(names))
	for _, n := range names {
		wanted[strings.ToLower(n)] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.entries, func(name string, _ *entry) bool { return !wanted[name] })
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)

func validRepository(name string) bool {
	_, short, _ := strings.Cut(name, "/")
	return repositoryName.MatchString(name) && strings.Trim(short, ".") != "" && !strings.HasPrefix(name, ".")
}

// Repository reads the repository "owner/name" as a whole, or is an error; then its last facts stay valid.
func (c *Client) Repository(ctx context.Context, name string, wants preview.Wants) (preview.Repository, error) {
	if !validRepository(name) {
		return preview.Repository{}, fmt.Errorf("read repository %q: it isn't a repository's name; write owner/name", name)
	}
	e := c.lockedEntry(name, wants.ID)
	defer e.mu.Unlock()
	r := newReading(c, e, name)
	facts, err := r.all(ctx, wants)
	c.charge(e, r.charged.Load())
	if err != nil {
		return preview.Repository{}, fmt.Errorf("read repository %s: %w", name, err)
	}
	e.last = facts.PullRequests
	return facts, nil
}

// reading is one read of one repository.
type reading struct {
	client  *Client
	entry   *entry
	name    string
	named   string         // "repos/owner/name"
	path    string         // the same, or "repositories/ID" while the name only redirects, because redirects cost quota
	kept    map[int]bool   // pull requests that couldn't be read and are told as they were
	unread  map[int]string // those of which nobody knows how they were, and why they couldn't be read
	charged atomic.Int64
}

func newReading(c *Client, e *entry, name string) *reading {
	r := &reading{client: c, entry: e, name: name, named: "repos/" + name, path: "repos/" + name, kept: map[int]bool{}}
	if e.fullName != "" && !strings.EqualFold(e.fullName, name) {
		r.path = fmt.Sprintf("repositories/%d", e.id)
	}
	return r
}

// explained says of a repository that is there no longer what can have happened to it.
func (r *reading) explained(err error) error {
	if statusOf(err) == http.StatusNotFound && r.entry.id != 0 {
		return fmt.Errorf("%w; it was read before, so it was deleted or made private, or the token lost it; what is known of it stays", err)
	}
	return err
}

// get is Client.get, and counts what the next read may be charged too: not the first read of something that has an ETag.
func (r *reading) get(ctx context.Context, path, etag string, v any) (answer, error) {
	a, err := r.client.get(ctx, path, etag, v)
	if again := err == nil && !a.unchanged && (etag != "" || a.etag == ""); again || statusOf(err) != 0 {
		r.charged.Add(1)
	}
	if a.redirected {
		r.charged.Add(1)
	}
	return a, err
}

func (r *reading) all(ctx context.Context, wants preview.Wants) (preview.Repository, error) {
	facts := preview.Repository{ReadAt: time.Now()}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		facts.PullRequests, err = r.pullRequests(gctx, wants)
		return err
	})
	g.Go(func() (err error) {
		facts.Branches, facts.Tags, err = r.wantedRefs(gctx, wants)
		return err
	})
	if err := g.Wait(); err != nil {
		return preview.Repository{}, err
	}
	facts.ID, facts.FullName, facts.Unread = r.entry.id, r.entry.fullName, r.unread
	return facts, r.details(ctx, &facts, wants)
}

func (r *reading) pullRequests(ctx context.Context, wants preview.Wants) ([]preview.PullRequest, error) {
	ahead := r.readAhead(ctx, wants)
	listed, err := r.list(ctx)
	read := ahead()
	if err != nil {
		return nil, r.explained(err)
	}
	maps.Copy(r.entry.changes, read)
	if len(listed) == 0 || r.entry.fullName == "" {
		if err = r.readIdentity(ctx); err != nil {
			return nil, err
		}
	}
	for i := range listed { // a base that GitHub doesn't show must not look like a head that is gone
		listed[i].BaseRepositoryID = r.entry.id
	}
	prs, err := r.withMissing(ctx, listed, wants.Live)
	if err != nil {
		return nil, err
	}
	return r.withChanges(ctx, prs, wants.Changes)
}

// details reads what belongs to single commits and pull requests once those are known.
func (r *reading) details(ctx context.Context, facts *preview.Repository, wants preview.Wants) (err error) {
	if facts.Commits, err = r.wantedCommits(ctx, *facts, wants); err != nil {
		return err
	}
	var unchecked map[string]error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		facts.Checks, unchecked, err = r.wantedChecks(gctx, commitsToCheck(*facts, wants))
		return err
	})
	var labelled map[int]*labellings
	g.Go(func() (err error) {
		labelled, err = r.wantedLabellings(gctx, facts.PullRequests, wants.Labellings)
		return err
	})
	prs := slices.Clone(facts.PullRequests) // the other one looks at them
	g.Go(func() error { return r.withApprovals(gctx, prs, wants.Approvals) })
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range prs {
		if l := labelled[prs[i].Number]; l != nil {
			l.tell(&prs[i])
		}
		if err := unchecked[prs[i].HeadSHA]; err != nil && wants.Checks != nil && wants.Checks(facts.PullRequests[i]) {
			addProblem(&prs[i], err)
		}
	}
	facts.PullRequests = prs
	return nil
}

func addProblem(pr *preview.PullRequest, err error) {
	if pr.Problem != "" {
		pr.Problem += "; "
	}
	pr.Problem += err.Error()
}
