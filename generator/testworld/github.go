package testworld

import (
	"fmt"

	"github.com/previewset/previewset/internal/preview"
)

// Repository is a repository with open pull requests.
func Repository(name string, prs ...preview.PullRequest) preview.Repository {
	return preview.Repository{FullName: name, PullRequests: prs, Branches: map[string]string{}, Tags: map[string]string{}}
}

// PullRequest is an open pull request. Without labels it gets the label "preview".
func PullRequest(number int, author string, labels ...string) preview.PullRequest {
	if labels == nil {
		labels = []string{"preview"}
	}
	return preview.PullRequest{
		Number: number, Title: fmt.Sprintf("Change %d", number), URL: fmt.Sprintf("https://github.example/pull/%d", number),
		Author: author, Labels: labels, Created: Start, Branch: fmt.Sprintf("feature/ABC-%d", number), TargetBranch: "main",
		HeadSHA: fmt.Sprintf("%040x", 1000+number), BaseSHA: fmt.Sprintf("%040x", 1), HeadRepositoryID: 7,
		BaseRepositoryID: 7,
		Changes:          &preview.Changes{},
	}
}

// WithPaths returns a pull request that changes these paths.
func WithPaths(pr preview.PullRequest, paths ...string) preview.PullRequest {
	pr.Changes = &preview.Changes{Paths: paths}
	return pr
}
