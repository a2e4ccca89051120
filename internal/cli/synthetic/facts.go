package synthetic

import (
	"crypto/sha1" //nolint:gosec // G505: has the form of a commit hash and protects nothing
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Facts returns facts in which every configured repository was read, every configured ref exists, and all checks are
// green. The repository also has the pull request pr.
func Facts(c *config.Config, repository string, pr preview.PullRequest) preview.Facts {
	f := preview.Facts{Repositories: map[string]preview.Repository{}}
	for _, key := range c.Repositories() {
		r := preview.Repository{
			FullName: key, Branches: map[string]string{}, Tags: map[string]string{}, Commits: map[string]bool{},
			PullRequests: pullRequests(c, key),
		}
		wants := preview.Wanted(c, key)
		for _, b := range wants.Branches {
			r.Branches[b] = Commit(key, b)
		}
		for _, t := range wants.Tags {
			r.Tags[t] = Commit(key, t)
		}
		for _, sha := range wants.Commits {
			r.Commits[sha] = true
		}
		if strings.EqualFold(key, repository) {
			r.FullName = repository
			r.PullRequests = slices.DeleteFunc(r.PullRequests, func(p preview.PullRequest) bool { return p.Number == pr.Number })
			r.PullRequests = append(r.PullRequests, pr)
		}
		r.Checks = greenChecks(c.ServicesOf(key), r)
		f.Repositories[key] = r
	}
	return f
}

// pullRequests returns the open pull requests that services of the repository run at. They have no label.
func pullRequests(c *config.Config, repository string) []preview.PullRequest {
	var all []preview.PullRequest
	for _, s := range c.ServicesOf(repository) {
		for _, ref := range c.Refs(s) {
			isKnown := func(p preview.PullRequest) bool { return p.Number == ref.PullRequest }
			if ref.PullRequest == 0 || slices.ContainsFunc(all, isKnown) {
				continue
			}
			branch := "pull-request-" + strconv.Itoa(ref.PullRequest)
			all = append(all, preview.PullRequest{
				Number: ref.PullRequest, Title: "synthetic", Author: "octocat", Branch: branch, TargetBranch: "main",
				URL:     fmt.Sprintf("https://github.com/%s/pull/%d", repository, ref.PullRequest),
				HeadSHA: Commit(repository, branch), BaseSHA: Commit(repository, "main"),
				HeadRepositoryID: 1, BaseRepositoryID: 1, Changes: &preview.Changes{},
			})
		}
	}
	return all
}

// greenChecks returns a green result of each check that a service waits for, on each commit.
func greenChecks(services []*config.Service, r preview.Repository) map[string][]preview.Check {
	commits := slices.Concat(slices.Collect(maps.Values(r.Branches)), slices.Collect(maps.Values(r.Tags)),
		slices.Collect(maps.Keys(r.Commits)))
	for _, pr := range r.PullRequests {
		commits = append(commits, pr.HeadSHA)
	}
	checks := map[string][]preview.Check{}
	for _, s := range services {
		if s.Ready == nil {
			continue
		}
		for _, sha := range commits {
			checks[sha] = append(checks[sha], preview.Check{
				Name: s.Ready.Check, App: s.Ready.App, AppID: int64(s.Ready.AppID), UserID: int64(s.Ready.UserID), Green: true,
			})
		}
	}
	return checks
}

// Commit returns a synthetic commit hash. The same ref has the same hash, so that manifests are reproducible.
func Commit(repository, ref string) string {
	sum := sha1.Sum([]byte(strings.ToLower(repository) + "@" + ref)) //nolint:gosec // G401: see the import
	return hex.EncodeToString(sum[:])
}
