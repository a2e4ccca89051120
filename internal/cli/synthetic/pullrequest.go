// Package synthetic makes pull requests and facts for commands that run without the generator.
package synthetic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Flags describe a synthetic pull request.
type Flags struct {
	sha, branch     string
	labels, changed []string
}

// Add adds the flags to a command.
func (f *Flags) Add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.StringVar(&f.sha, "sha", "",
		"set the head of the synthetic pull request, a full commit hash (default: a synthetic one)")
	p.StringVar(&f.branch, "branch", "synthetic", "set its branch")
	p.StringArrayVar(&f.labels, "label", nil, "add a label (default: the policy's label); repeatable")
	flags.ListVar(p, &f.changed, "changed",
		"name a changed service or path (default: every service of its repository); repeatable")
}

// Check checks the flags.
func (f *Flags) Check(cmd *cobra.Command) error {
	if f.sha != "" && !config.IsSHA(f.sha) {
		return flags.Usagef(cmd, "--sha %q is not a full commit hash; use 40 characters of 0-9 and a-f", f.sha)
	}
	return nil
}

// IsSet reports whether any flag was given.
func (f *Flags) IsSet(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"sha", "branch", "label", "changed"}, cmd.Flags().Changed)
}

// PullRequest returns an open, labelled pull request of the repository itself.
func (f *Flags) PullRequest(c *config.Config, repository string, number int) (preview.PullRequest, error) {
	pr := preview.PullRequest{
		Number: number, Title: "synthetic, by previewctl render", Author: "octocat", Labels: f.labels,
		URL:    fmt.Sprintf("https://github.com/%s/pull/%d", repository, number),
		Branch: f.branch, TargetBranch: "main", HeadSHA: f.sha, BaseSHA: Commit(repository, "main"),
		HeadRepositoryID: 1, BaseRepositoryID: 1, Changes: &preview.Changes{All: len(f.changed) == 0},
	}
	if len(pr.Labels) == 0 {
		pr.Labels = []string{c.Policy.PullRequests.Label}
	}
	if pr.HeadSHA == "" {
		pr.HeadSHA = Commit(repository, f.branch)
	}
	for _, change := range f.changed {
		p, err := changedPath(c.Policy, repository, change)
		if err != nil {
			return pr, err
		}
		pr.Changes.Paths = append(pr.Changes.Paths, p)
	}
	return pr, nil
}

// changedPath returns a path of the named service, or else the change itself, which is a path.
func changedPath(p *config.Policy, repository, change string) (string, error) {
	for _, s := range p.Services {
		if s.Name != change {
			continue
		}
		if !strings.EqualFold(s.Repository, repository) {
			return "", fmt.Errorf("service %s comes from %s: a pull request of %s doesn't change it\n"+
				"render a pull request of %s", change, s.Repository, repository, s.Repository)
		}
		return pathOf(s)
	}
	return change, nil
}

// wildcards are replaced by a plain name to make a path that a pattern matches.
var wildcards = strings.NewReplacer("**", "x", "*", "x", "?", "x")

// pathOf returns a path that belongs to the service.
func pathOf(s config.Service) (string, error) {
	if len(s.Paths) == 0 {
		return "x", nil
	}
	if p := wildcards.Replace(s.Paths[0]); doublestar.MatchUnvalidated(s.Paths[0], p) {
		return p, nil
	}
	return "", fmt.Errorf("pattern %q of service %s: can't derive a matching path\n"+
		"name a path with --changed", s.Paths[0], s.Name)
}
