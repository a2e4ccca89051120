package github

import (
	"context"
	"errors"
	"fmt"

	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/preview"
)

const (
	perPage   = 100
	maxPages  = 1000
	maxPasses = 4
)

// page is one page of the list of open pull requests as it was read last.
type page struct {
	etag string
	next bool
	prs  []preview.PullRequest
}

// list returns the open pull requests, as the list shows them at one moment. A pull request that is closed between two
// pages moves those behind it forward, over the edge of a page that was read already; so several pages count only once a
// pass over them found all unchanged, which costs no quota.
func (r *reading) list(ctx context.Context) ([]preview.PullRequest, error) {
	for range maxPasses {
		changed, err := r.pass(ctx)
		if err != nil {
			return nil, err
		}
		if !changed || len(r.entry.pages) == 1 {
			return r.listed(), nil
		}
	}
	return nil, errors.New("the list of pull requests kept changing while it was read; it is read again at the next poll")
}

// pass reads all pages once and says whether any is other than before. What was read stays also after an error: each page is
// true together with its ETag.
func (r *reading) pass(ctx context.Context) (bool, error) {
	e, seen, changed := r.entry, map[int]bool{}, false
	for i := range maxPages {
		p, unchanged, err := r.page(ctx, i)
		if err != nil {
			return false, fmt.Errorf("list pull requests, page %d: %w", i+1, err)
		}
		if i == len(e.pages) {
			e.pages = append(e.pages, p)
		}
		e.pages[i] = p
		changed = changed || !unchanged
		if news := remember(seen, p); !goesOn(p, news) {
			changed = changed || len(e.pages) != i+1
			e.pages = e.pages[:i+1]
			return changed, nil
		}
	}
	return false, fmt.Errorf("list pull requests: it didn't end after %d pages", maxPages)
}

// goesOn says whether there may be a page behind this one. A full page is reason enough: the link to the next could be missing,
// and an answer that is asked for in vain costs little.
func goesOn(p page, news bool) bool {
	return p.next || (len(p.prs) >= perPage && news)
}

func remember(seen map[int]bool, p page) (news bool) {
	for _, pr := range p.prs {
		news = news || !seen[pr.Number]
		seen[pr.Number] = true
	}
	return news
}

func (r *reading) page(ctx context.Context, i int) (p page, unchanged bool, err error) {
	if i < len(r.entry.pages) {
		p = r.entry.pages[i]
	}
	var found []*pullRequest
	path := fmt.Sprintf("%s/pulls?state=open&sort=created&direction=asc&per_page=%d&page=%d", r.path, perPage, i+1)
	a, err := r.client.get(ctx, path, p.etag, &found)
	if err != nil || a.unchanged {
		return p, a.unchanged, err
	}
	if found == nil { // go-github takes an empty body for an empty list
		return page{}, false, errors.New("the answer has no list")
	}
	p = page{etag: a.etag, next: a.next, prs: make([]preview.PullRequest, 0, len(found))}
	for _, f := range found {
		pr, err := r.fact(f)
		if err != nil {
			return page{}, false, err
		}
		p.prs = append(p.prs, pr)
	}
	return p, false, nil
}

// listed is what the pages show, by number.
func (r *reading) listed() []preview.PullRequest {
	byNumber := map[int]preview.PullRequest{}
	for _, p := range r.entry.pages {
		for _, pr := range p.prs {
			byNumber[pr.Number] = pr
		}
	}
	return sorted(byNumber)
}

// pullRequest is as much of GitHub's JSON as we need. Everything in it can be null.
type pullRequest struct {
	Number  int           `json:"number"`
	State   string        `json:"state"`
	Title   string        `json:"title"`
	HTMLURL string        `json:"html_url"`
	Draft   bool          `json:"draft"`
	Created *gh.Timestamp `json:"created_at"`
	User    *struct {
		Login string `json:"login"`
	} `json:"user"`
	Labels []*struct {
		Name string `json:"name"`
	} `json:"labels"`
	Head branch `json:"head"`
	Base branch `json:"base"`
}

type branch struct {
	Ref  string      `json:"ref"`
	SHA  string      `json:"sha"`
	Repo *repository `json:"repo"`
}

type repository struct {
	ID       int64  `json:"id"`
	FullName string `json:"full_name"`
}

// fact turns what a list says into what we tell, and makes sure that it is about the repository that we know.
func (r *reading) fact(p *pullRequest) (preview.PullRequest, error) {
	if p == nil || p.Number <= 0 {
		return preview.PullRequest{}, errors.New("the answer has a pull request without a number")
	}
	if p.Base.Repo != nil {
		if err := r.identify(*p.Base.Repo); err != nil {
			return preview.PullRequest{}, err
		}
	}
	return p.fact(r.entry.id), nil
}

func (p *pullRequest) fact(baseRepository int64) preview.PullRequest {
	out := preview.PullRequest{
		Number: p.Number, Title: p.Title, URL: p.HTMLURL, Draft: p.Draft, Labels: make([]string, 0, len(p.Labels)),
		Branch: p.Head.Ref, TargetBranch: p.Base.Ref, HeadSHA: p.Head.SHA, BaseSHA: p.Base.SHA, BaseRepositoryID: baseRepository,
	}
	if p.User != nil {
		out.Author = p.User.Login
	}
	if p.Created != nil {
		out.Created = p.Created.UTC()
	}
	if p.Head.Repo != nil {
		out.HeadRepositoryID = p.Head.Repo.ID
	}
	for _, l := range p.Labels {
		if l != nil {
			out.Labels = append(out.Labels, l.Name)
		}
	}
	return out
}

// identify refuses a repository that isn't the one that had the name before: redirects and reused names must not make one
// repository's facts another's.
func (r *reading) identify(found repository) error {
	e := r.entry
	if found.ID == 0 {
		return errors.New("the answer has a repository without an ID")
	}
	if e.id != 0 && e.id != found.ID {
		return fmt.Errorf("the name now belongs to another repository (ID %d → %d); what is known of the first one stays", e.id, found.ID)
	}
	e.id = found.ID
	if found.FullName != "" {
		e.fullName = found.FullName
	}
	return nil
}

// readIdentity asks for the repository itself, where no pull request shows it.
func (r *reading) readIdentity(ctx context.Context) error {
	var found repository
	a, err := r.client.get(ctx, r.path, r.entry.etag, &found)
	if err != nil {
		return fmt.Errorf("get the repository: %w", err)
	}
	if a.unchanged {
		return nil
	}
	if err := r.identify(found); err != nil {
		return err
	}
	r.entry.etag = a.etag
	return nil
}
