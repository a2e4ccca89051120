package github

import (
	"slices"

	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/preview"
)

// pullRequestJSON is the needed part of GitHub's answer. Each field can be null.
type pullRequestJSON struct {
	Number  int           `json:"number"`
	State   string        `json:"state"`
	Title   string        `json:"title"`
	HTMLURL string        `json:"html_url"`
	Draft   bool          `json:"draft"`
	Created *gh.Timestamp `json:"created_at"`
	User    *account      `json:"user"`
	Labels  []*labelJSON  `json:"labels"`
	Head    branchJSON    `json:"head"`
	Base    branchJSON    `json:"base"`
}

type labelJSON struct {
	Name string `json:"name"`
}

type branchJSON struct {
	Ref  string          `json:"ref"`
	SHA  string          `json:"sha"`
	Repo *repositoryJSON `json:"repo"`
}

// fact converts the answer. The base's repository may be null in it, so the caller passes its ID.
func (p *pullRequestJSON) fact(baseRepositoryID int64) preview.PullRequest {
	out := preview.PullRequest{
		Number: p.Number, Title: p.Title, URL: p.HTMLURL, Author: p.User.login(), Bot: p.User.isBot(), Draft: p.Draft,
		Labels: p.labelNames(), Branch: p.Head.Ref, TargetBranch: p.Base.Ref, HeadSHA: p.Head.SHA, BaseSHA: p.Base.SHA,
		BaseRepositoryID: baseRepositoryID,
	}
	if p.Created != nil {
		out.Created = p.Created.UTC()
	}
	if p.Head.Repo != nil {
		out.HeadRepositoryID = p.Head.Repo.ID
	}
	return out
}

// labelNames returns the names of the labels; nil if the answer doesn't contain all of them.
func (p *pullRequestJSON) labelNames() []string {
	if p.Labels == nil || slices.Contains(p.Labels, nil) {
		return nil
	}
	names := make([]string, 0, len(p.Labels))
	for _, l := range p.Labels {
		names = append(names, l.Name)
	}
	return names
}
