// Package synthetic makes pull requests and facts for commands that run without the service.
package synthetic

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Flags is a pull request that nobody opened, described by flags.
type Flags struct {
	sha, branch     string
	labels, changed []string
}

func (m *Flags) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.sha, "sha", "", "head commit of the made-up pull request")
	cmd.Flags().StringVar(&m.branch, "branch", "made-up", "its branch")
	cmd.Flags().StringArrayVar(&m.labels, "label", nil, "its labels (default: the policy's label)")
	cmd.Flags().StringSliceVar(&m.changed, "changed", nil, "services or paths that it changes (default: every service of its repository)")
}

func (m *Flags) Check(cmd *cobra.Command) error {
	if m.sha != "" && !flags.IsFullCommit(m.sha) {
		return flags.Usagef(cmd, "--sha %q is not a full commit: 40 characters of 0 to 9 and a to f", m.sha)
	}
	return nil
}

func (m *Flags) IsSet(cmd *cobra.Command) bool {
	for _, name := range []string{"sha", "branch", "label", "changed"} {
		if cmd.Flags().Changed(name) {
			return true
		}
	}
	return false
}

func (m *Flags) PullRequest(c *config.Config, repository string, number int) (preview.PullRequest, error) {
	pr := preview.PullRequest{
		Number: number, Title: "made up by previewctl render", Author: "octocat", Labels: m.labels,
		URL:    fmt.Sprintf("https://github.com/%s/pull/%d", repository, number),
		Branch: m.branch, TargetBranch: "main", HeadSHA: m.sha, BaseSHA: Commit(repository, "main"),
		HeadRepositoryID: 1, BaseRepositoryID: 1, Changes: &preview.Changes{All: len(m.changed) == 0},
	}
	if len(pr.Labels) == 0 {
		pr.Labels = []string{c.Policy.PullRequests.Label}
	}
	if pr.HeadSHA == "" {
		pr.HeadSHA = Commit(repository, m.branch)
	}
	for _, what := range m.changed {
		p, err := changedPath(c.Policy, repository, what)
		if err != nil {
			return pr, err
		}
		pr.Changes.Paths = append(pr.Changes.Paths, p)
	}
	return pr, nil
}

// changedPath is a path that a service of the repository is told by, or the path itself.
func changedPath(p *config.Policy, repository, what string) (string, error) {
	for _, s := range p.Services {
		if s.Name != what {
			continue
		}
		if !strings.EqualFold(s.Repository, repository) {
			return "", fmt.Errorf("service %s comes from %s, so that a pull request of %s doesn't change it\nrender one of that repository instead", what, s.Repository, repository)
		}
		return pathOfService(s)
	}
	return what, nil
}

// wildcards are replaced by a plain name to make a path that a pattern matches.
var wildcards = strings.NewReplacer("**", "x", "*", "x", "?", "x")

func pathOfService(s config.Service) (string, error) {
	if len(s.Paths) == 0 {
		return "x", nil
	}
	if p := wildcards.Replace(s.Paths[0]); doublestar.MatchUnvalidated(s.Paths[0], p) {
		return p, nil
	}
	return "", fmt.Errorf("no path can be made up that only %q of service %s matches\nname a path with --changed instead", s.Paths[0], s.Name)
}
