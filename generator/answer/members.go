package answer

import (
	"net/url"

	"github.com/previewset/previewset/internal/preview"
)

// PullRequest is a pull request that runs in an environment.
type PullRequest struct {
	// Repository is its repository, "owner/name".
	Repository string `json:"repository"`
	// Number is its number.
	Number int `json:"number"`
	// Title is its title.
	Title string `json:"title"`
	// Author is the GitHub login of its author.
	Author string `json:"author"`
	// URL is its web address.
	URL string `json:"url"`
}

// PullRequests returns the pull requests that run in a live environment.
func (p *Published) PullRequests(environment string) []PullRequest {
	found := []PullRequest{}
	for _, d := range p.about(environment) {
		if d.Number > 0 && d.Outcome != preview.Held {
			found = append(found, PullRequest{
				Repository: d.Repository, Number: d.Number, Title: d.Title, Author: d.Author, URL: d.URL,
			})
		}
	}
	return found
}

// CommitURLs returns the web addresses of the commits that run in an environment, by service, as far as they are known.
// GitHub's address is that of the environment's first pull request.
func (p *Published) CommitURLs(row *preview.Row) map[string]string {
	members := p.PullRequests(row.Name)
	if len(members) == 0 || p.Config == nil {
		return nil
	}
	root, err := url.Parse(members[0].URL)
	if err != nil || (root.Scheme != "https" && root.Scheme != "http") || root.Host == "" {
		return nil
	}
	repositories := map[string]string{}
	for _, s := range p.Config.Policy.Services {
		repositories[s.Name] = s.Repository
	}
	urls := make(map[string]string, len(row.Services))
	for _, s := range row.Services {
		if repository := repositories[s.Service]; repository != "" && s.Commit != "" {
			urls[s.Service] = root.Scheme + "://" + root.Host + "/" + repository + "/commit/" + url.PathEscape(s.Commit)
		}
	}
	return urls
}
