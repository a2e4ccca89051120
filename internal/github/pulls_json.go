package github

import (
	"slices"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// The bounds of texts, in characters. GitHub's own are 256 for a title, 255 for a branch, 50 for a label and 39 for a
// login. A longer text gets an ellipsis, so it can't be taken for another name. It would fill the saved state.
const (
	maxTitle = 256
	maxName  = 100 // of labels and logins
	maxRef   = 255
	maxSHA   = 64
	maxURL   = 2048
)

// pullRequestJSON is the needed part of GitHub's answer. Each field can be null.
type pullRequestJSON struct {
	Number  int           `json:"number"`
	State   string        `json:"state"`
	Title   string        `json:"title"`
	HTMLURL string        `json:"html_url"`
	Draft   bool          `json:"draft"`
	Created *gh.Timestamp `json:"created_at"`
	Updated *gh.Timestamp `json:"updated_at"`
	User    *account      `json:"user"`
	Labels  []*labelJSON  `json:"labels"`
	Head    branchJSON    `json:"head"`
	// Reviewers and Teams are asked for a review. Only their number is needed.
	Reviewers []struct{} `json:"requested_reviewers"`
	Teams     []struct{} `json:"requested_teams"`
	Base      branchJSON `json:"base"`
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
		Number: p.Number, Title: config.Shorten(p.Title, maxTitle), URL: config.Shorten(p.HTMLURL, maxURL),
		Author: p.User.login(), Bot: p.User.isBot(), Draft: p.Draft, Labels: p.labelNames(),
		Branch: config.Shorten(p.Head.Ref, maxRef), TargetBranch: config.Shorten(p.Base.Ref, maxRef),
		HeadSHA: config.Shorten(p.Head.SHA, maxSHA), BaseSHA: config.Shorten(p.Base.SHA, maxSHA),
		BaseRepositoryID: baseRepositoryID, Updated: p.updatedAt(),
		ReviewRequested: len(p.Reviewers)+len(p.Teams) > 0,
	}
	if p.Created != nil {
		out.Created = p.Created.UTC()
	}
	if p.Head.Repo != nil {
		out.HeadRepositoryID = p.Head.Repo.ID
	}
	return out
}

// updatedAt returns the time of the last update; zero if it is unknown.
func (p *pullRequestJSON) updatedAt() time.Time {
	if p.Updated == nil {
		return time.Time{}
	}
	return p.Updated.UTC()
}

// labelNames returns the names of the labels; nil if the answer doesn't contain all of them.
func (p *pullRequestJSON) labelNames() []string {
	if p.Labels == nil || slices.Contains(p.Labels, nil) {
		return nil
	}
	names := make([]string, 0, len(p.Labels))
	for _, l := range p.Labels {
		names = append(names, config.Shorten(l.Name, maxName))
	}
	return names
}
