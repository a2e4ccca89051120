package github

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/previewset/previewset/internal/github/paged"
	"github.com/previewset/previewset/internal/preview"
)

// maxPullRequestPages limits the list of open pull requests.
const maxPullRequestPages = 1000

// openPullRequests are the open pull requests of one read.
type openPullRequests struct {
	all []preview.PullRequest // by number ascending
	// asBefore has the numbers of the pull requests in all that couldn't be read now. They are as in the previous read,
	// and no details are read.
	asBefore map[int]bool
	// unknown maps the numbers of pull requests that aren't in all to the cause: they couldn't be read now, and no
	// previous read of this process has them.
	unknown map[int]string
	// observed are the pull requests that were read directly, and whether they are closed.
	observed map[int]bool

	byNumber map[int]preview.PullRequest // the open ones so far
}

func newOpenPullRequests(listed []preview.PullRequest) openPullRequests {
	o := openPullRequests{
		asBefore: map[int]bool{}, unknown: map[int]string{}, observed: map[int]bool{},
		byNumber: make(map[int]preview.PullRequest, len(listed)),
	}
	for _, pr := range listed {
		o.byNumber[pr.Number] = pr
	}
	return o
}

// indexes returns the indexes of the pull requests that match. A nil function matches none.
func (o openPullRequests) indexes(matches func(preview.PullRequest) bool) []int {
	var found []int
	for i, pr := range o.all {
		if matches != nil && !o.asBefore[pr.Number] && matches(pr) {
			found = append(found, i)
		}
	}
	return found
}

// pullRequestList is the list of open pull requests, as read last.
type pullRequestList struct {
	pages []paged.Page[preview.PullRequest]
}

// readList reads the list and returns its pull requests by number. It brings id up to date.
func (l *pullRequestList) readList(
	ctx context.Context, api *repositoryAPI, id *identity,
) ([]preview.PullRequest, error) {
	list := paged.List[[]*pullRequestJSON, preview.PullRequest]{
		Name: "list pull requests", MaxPages: maxPullRequestPages, Get: api.get,
		Key: func(p preview.PullRequest) int64 { return int64(p.Number) },
		Path: func(page int) string {
			path := api.path
			if page == 1 {
				path = api.namePath // its answer shows which repository has the name
			}
			return path + "/pulls?state=open&sort=created&direction=asc&" + paged.Query(page)
		},
		Decode: func(found []*pullRequestJSON) ([]preview.PullRequest, error) {
			return paged.Items(found, func(p *pullRequestJSON) (preview.PullRequest, error) { return listedFact(p, id) })
		},
	}
	if _, err := list.Update(ctx, &l.pages); err != nil {
		return nil, err
	}
	return l.withLabelList(), nil
}

// listedFact converts a pull request of the list and checks its repository.
func listedFact(p *pullRequestJSON, id *identity) (preview.PullRequest, error) {
	if p == nil || p.Number <= 0 {
		return preview.PullRequest{}, errors.New("the answer has a pull request without a number")
	}
	if p.Base.Repo != nil {
		if err := id.accept(*p.Base.Repo); err != nil {
			return preview.PullRequest{}, err
		}
	}
	return p.fact(id.id), nil
}

// withLabelList returns the pull requests by number, except those without a list of labels. They count as missing from
// the list: absent labels don't prove that a label was removed.
func (l *pullRequestList) withLabelList() []preview.PullRequest {
	byNumber := map[int]preview.PullRequest{}
	for _, p := range l.pages {
		for _, pr := range p.Items {
			if pr.Labels != nil {
				byNumber[pr.Number] = pr
			}
		}
	}
	return sortByNumber(byNumber)
}

func sortByNumber(prs map[int]preview.PullRequest) []preview.PullRequest {
	byNumber := func(a, b preview.PullRequest) int { return cmp.Compare(a.Number, b.Number) }
	return slices.SortedFunc(maps.Values(prs), byNumber)
}

// findByNumber searches a list that is sorted by number.
func findByNumber(prs []preview.PullRequest, number int) (preview.PullRequest, bool) {
	i, found := slices.BinarySearchFunc(prs, number, func(p preview.PullRequest, n int) int { return p.Number - n })
	if !found {
		return preview.PullRequest{}, false
	}
	return prs[i], true
}

// addProblem adds an error to the Problem of a pull request.
func addProblem(pr *preview.PullRequest, err error) {
	if pr.Problem != "" {
		pr.Problem += "; "
	}
	pr.Problem += err.Error()
}
