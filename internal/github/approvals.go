package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// reviews are a pull request's as they were read last.
type reviews struct{ pages []page[review] }

// authors are those of a commit as they were read last.
type authors struct {
	etag   string
	logins []string
}

// writer is whether somebody may push, as it was read last.
type writer struct {
	etag   string
	writes bool
	// unknown is GitHub's 404. That has no ETag, so it is remembered until the reviews of the repository change.
	unknown error
}

// review is one that decides something, or comments.
type review struct {
	id             int64
	login, sha     string
	human, decides bool
	state          string
}

// approving is what is read of one pull request to know who approves it.
type approving struct {
	approvals []review // the newest decision of each reviewer, where it approves
	authors   authors
	reviews   *reviews
	changed   bool
	err       error
}

// withApprovals fills in who approves, where that is wanted. What can't be read is a problem of that pull request alone.
func (r *reading) withApprovals(ctx context.Context, prs []preview.PullRequest, wanted func(preview.PullRequest) bool) error {
	found := make([]*approving, len(prs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for i, pr := range prs {
		if wanted == nil || r.kept[pr.Number] || !wanted(pr) {
			continue
		}
		a := &approving{authors: r.entry.authors[pr.HeadSHA], reviews: r.entry.reviews[pr.Number]}
		if a.reviews == nil {
			a.reviews = &reviews{}
		}
		found[i] = a
		g.Go(func() error {
			if a.err = r.readReviews(gctx, pr, a); a.err == nil {
				a.err = r.readAuthors(gctx, pr, a)
			}
			return gctx.Err() // a read that was given up is no problem of the pull request
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	unreadable, err := r.readWriters(ctx, found)
	if err != nil {
		return err
	}
	r.rememberApprovals(prs, found)
	for i, a := range found {
		if a != nil {
			r.approve(&prs[i], a, unreadable)
		}
	}
	return nil
}

// rememberApprovals forgets all that wasn't asked for.
func (r *reading) rememberApprovals(prs []preview.PullRequest, found []*approving) {
	e := r.entry
	e.reviews, e.authors = map[int]*reviews{}, map[string]authors{}
	for i, a := range found {
		if a != nil {
			e.reviews[prs[i].Number], e.authors[prs[i].HeadSHA] = a.reviews, a.authors
		}
	}
}

// approve tells of one pull request what was found.
func (r *reading) approve(pr *preview.PullRequest, a *approving, unreadable map[string]error) {
	pr.Approvals, pr.CommitAuthors = nil, nil
	for _, by := range a.approvals {
		if err := unreadable[strings.ToLower(by.login)]; err != nil {
			a.err = err
		}
	}
	if a.err != nil {
		addProblem(pr, fmt.Errorf("read its approvals: %w", a.err))
		return
	}
	pr.CommitAuthors, pr.Approvals = a.authors.logins, make([]preview.Approval, 0, len(a.approvals))
	for _, by := range a.approvals {
		w := r.entry.writers[strings.ToLower(by.login)] // nothing is there of who is no human
		if w.unknown != nil {
			addProblem(pr, fmt.Errorf("read whether %s may push: %w", by.login, w.unknown))
		}
		pr.Approvals = append(pr.Approvals, preview.Approval{Reviewer: by.login, SHA: by.sha, Writer: w.writes})
	}
}

func (r *reading) readReviews(ctx context.Context, pr preview.PullRequest, a *approving) (err error) {
	l := list[review]{what: "list reviews", most: maxDetailPages, key: func(v review) int64 { return v.id }}
	l.read = func(ctx context.Context, number int, last page[review]) (page[review], bool, error) {
		path := fmt.Sprintf("%s/pulls/%d/reviews?%s", r.path, pr.Number, numbered(number))
		return conditional(ctx, r, path, last, func(found []*reviewJSON) ([]review, error) { return each(found, (*reviewJSON).review) })
	}
	if a.changed, err = l.all(ctx, &a.reviews.pages); err == nil {
		a.approvals = approvals(a.reviews.pages)
	}
	return err
}

// approvals are the newest decision of each reviewer, where it is to approve, in the order in which GitHub lists them: the
// oldest first. A comment decides nothing. A review of somebody whose account is gone is nobody's.
func approvals(pages []page[review]) []review {
	decisions, order := map[string]review{}, []string{}
	for _, p := range pages {
		for _, v := range p.items {
			if !v.decides || v.login == "" {
				continue
			}
			key := strings.ToLower(v.login)
			decisions[key] = v
			order = append(slices.DeleteFunc(order, func(k string) bool { return k == key }), key)
		}
	}
	out := []review{}
	for _, key := range order {
		if decisions[key].state == "APPROVED" {
			out = append(out, decisions[key])
		}
	}
	return out
}

func (r *reading) readAuthors(ctx context.Context, pr preview.PullRequest, a *approving) error {
	if pr.HeadSHA == "" {
		return errors.New("GitHub doesn't tell its head commit")
	}
	var c commit
	// One file is enough: a commit's answer has up to 300, with their patches.
	got, err := r.get(ctx, r.path+"/commits/"+url.PathEscape(pr.HeadSHA)+"?per_page=1", a.authors.etag, &c)
	switch {
	case err != nil:
		return fmt.Errorf("get the commit %.7s: %w", pr.HeadSHA, err)
	case got.unchanged:
		return nil
	case !strings.EqualFold(c.SHA, pr.HeadSHA):
		return fmt.Errorf("get the commit %.7s: the answer is about another one", pr.HeadSHA)
	}
	a.authors = authors{etag: got.etag, logins: slices.Compact([]string{c.Author.login(), c.Committer.login()})}
	return nil
}

// readWriters reads who of those who approve may push, each once, and returns for whom that failed.
func (r *reading) readWriters(ctx context.Context, found []*approving) (map[string]error, error) {
	asked, anew := map[string]string{}, false
	for _, a := range found {
		if a == nil {
			continue
		}
		anew = anew || a.changed
		for _, v := range a.approvals {
			if v.human {
				asked[strings.ToLower(v.login)] = v.login
			}
		}
	}
	keys := slices.Sorted(maps.Keys(asked))
	read, errs := make([]writer, len(keys)), make([]error, len(keys))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for i, key := range keys {
		g.Go(func() error {
			read[i], errs[i] = r.readWriter(gctx, asked[key], r.entry.writers[key], anew)
			return gctx.Err()
		})
	}
	err := g.Wait()
	failed := map[string]error{}
	r.entry.writers = make(map[string]writer, len(keys))
	for i, key := range keys {
		r.entry.writers[key] = read[i]
		if errs[i] != nil {
			failed[key] = fmt.Errorf("read whether %s may push: %w", asked[key], errs[i])
		}
	}
	return failed, err
}

func (r *reading) readWriter(ctx context.Context, login string, last writer, anew bool) (writer, error) {
	if last.unknown != nil && !anew {
		return last, nil
	}
	var p permission
	a, err := r.get(ctx, r.path+"/collaborators/"+url.PathEscape(login)+"/permission", last.etag, &p)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return writer{unknown: err}, nil
	case err != nil:
		return last, err
	case a.unchanged:
		return last, nil
	case !strings.EqualFold(p.User.login(), login):
		return last, errors.New("the answer is about somebody else")
	}
	writes := p.User.human() && slices.Contains([]string{"write", "maintain", "admin"}, p.Permission)
	return writer{etag: a.etag, writes: writes}, nil
}

type user struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

// login is empty where GitHub knows nobody.
func (u *user) login() string {
	if u == nil {
		return ""
	}
	return u.Login
}

// bot is true of an App's account, which is nobody's who could be asked.
func (u *user) bot() bool {
	return u != nil && (u.Type == "Bot" || strings.HasSuffix(u.Login, "[bot]"))
}

// human is true of nobody whose account is gone.
func (u *user) human() bool { return u != nil && u.Type == "User" && !u.bot() }

type reviewJSON struct {
	ID       int64  `json:"id"`
	User     *user  `json:"user"`
	State    string `json:"state"`
	CommitID string `json:"commit_id"`
}

func (v *reviewJSON) review() (review, error) {
	if v == nil || v.ID == 0 {
		return review{}, errors.New("the answer has a review without an ID")
	}
	return review{
		id: v.ID, login: v.User.login(), human: v.User.human(), sha: v.CommitID, state: v.State,
		decides: slices.Contains([]string{"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}, v.State),
	}, nil
}

type commit struct {
	SHA       string `json:"sha"`
	Author    *user  `json:"author"`
	Committer *user  `json:"committer"`
}

type permission struct {
	Permission string `json:"permission"`
	User       *user  `json:"user"`
}
