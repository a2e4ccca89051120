package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/preview"
)

// maxPages bounds the list of open pull requests.
const maxPages = 1000

// list brings the list of open pull requests up to date.
func (r *reading) list(ctx context.Context) ([]preview.PullRequest, error) {
	l := list[preview.PullRequest]{
		what: "list pull requests", most: maxPages,
		key: func(p preview.PullRequest) int64 { return int64(p.Number) },
		read: func(ctx context.Context, number int, last page[preview.PullRequest]) (page[preview.PullRequest], bool, error) {
			path := r.path
			if number == 1 {
				path = r.named // so that it shows whom the name belongs to
			}
			path += "/pulls?state=open&sort=created&direction=asc&" + numbered(number)
			return conditional(ctx, r, path, last, func(found []*pullRequest) ([]preview.PullRequest, error) { return each(found, r.fact) })
		},
	}
	if _, err := l.all(ctx, &r.entry.pages); err != nil {
		return nil, err
	}
	return r.listed(), nil
}

// listed is what the pages show, by number. Where they don't show how one is labelled, it counts as one that the list lacks:
// that is no evidence that it isn't.
func (r *reading) listed() []preview.PullRequest {
	byNumber := map[int]preview.PullRequest{}
	for _, p := range r.entry.pages {
		for _, pr := range p.items {
			if pr.Labels != nil {
				byNumber[pr.Number] = pr
			}
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
	User    *user         `json:"user"`
	Labels  []*label      `json:"labels"`
	Head    branch        `json:"head"`
	Base    branch        `json:"base"`
}

type label struct {
	Name string `json:"name"`
}

type branch struct {
	Ref  string      `json:"ref"`
	SHA  string      `json:"sha"`
	Repo *repository `json:"repo"`
}

type repository struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
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
		Number: p.Number, Title: p.Title, URL: p.HTMLURL, Author: p.User.login(), Bot: p.User.bot(), Draft: p.Draft, Labels: p.labels(),
		Branch: p.Head.Ref, TargetBranch: p.Base.Ref, HeadSHA: p.Head.SHA, BaseSHA: p.Base.SHA, BaseRepositoryID: baseRepository,
	}
	if p.Created != nil {
		out.Created = p.Created.UTC()
	}
	if p.Head.Repo != nil {
		out.HeadRepositoryID = p.Head.Repo.ID
	}
	return out
}

// labels are the names of its labels; nil where the answer doesn't say all.
func (p *pullRequest) labels() []string {
	if p.Labels == nil || slices.Contains(p.Labels, nil) {
		return nil
	}
	names := make([]string, 0, len(p.Labels))
	for _, l := range p.Labels {
		names = append(names, l.Name)
	}
	return names
}

// identify refuses a repository that isn't the one that had the name before, or that belongs to somebody else than was
// asked for: redirects and reused names must not make one repository's facts another's, and whom an owner trusts isn't
// whom the next one trusts.
func (r *reading) identify(found repository) error {
	e := r.entry
	if found.ID == 0 {
		return errors.New("the answer has a repository without an ID")
	}
	if e.id != 0 && e.id != found.ID { // guard other-repository: false
		return &preview.IdentityError{Was: e.id, Is: found.ID}
	}
	e.id, e.defaultBranch = found.ID, cmp.Or(found.DefaultBranch, e.defaultBranch)
	if found.FullName == "" {
		return nil
	}
	if wanted, owner := ownerOf(r.name), ownerOf(found.FullName); !strings.EqualFold(wanted, owner) {
		return fmt.Errorf("it was transferred to %s and is %s now; what is known of it stays. If that is right, write the new name", owner, found.FullName)
	}
	e.fullName = found.FullName
	return nil
}

func ownerOf(fullName string) string {
	owner, _, _ := strings.Cut(fullName, "/")
	return owner
}

// readIdentity asks for the repository itself, where no pull request shows it.
func (r *reading) readIdentity(ctx context.Context) error {
	var found repository
	a, err := r.get(ctx, r.named, r.entry.etag, &found)
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
