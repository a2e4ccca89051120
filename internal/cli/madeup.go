package cli

import (
	"crypto/sha1" //nolint:gosec // G505: makes up what looks like a commit; nothing is protected by it
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/preview"
)

// madeUp is a pull request that nobody opened, described by flags.
type madeUp struct {
	sha, branch     string
	labels, changed []string
}

var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

func (m *madeUp) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.sha, "sha", "", "head commit of the made-up pull request")
	cmd.Flags().StringVar(&m.branch, "branch", "made-up", "its branch")
	cmd.Flags().StringArrayVar(&m.labels, "label", nil, "its labels (default: the policy's label)")
	cmd.Flags().StringSliceVar(&m.changed, "changed", nil, "services or paths that it changes (default: every service of its repository)")
}

func (m *madeUp) check(cmd *cobra.Command) error {
	if m.sha != "" && !fullSHA.MatchString(m.sha) {
		return usagef(cmd, "--sha %q is not a full commit: 40 characters of 0 to 9 and a to f", m.sha)
	}
	return nil
}

func (m *madeUp) isSet(cmd *cobra.Command) bool {
	for _, name := range []string{"sha", "branch", "label", "changed"} {
		if cmd.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// rowOfPullRequest asks the same rules as the service what a made-up pull request gets.
func (o *renderOptions) rowOfPullRequest(c *preview.Config, repository string, number int) (preview.Row, error) {
	pr, err := o.madeUp.pullRequest(c, repository, number)
	if err != nil {
		return preview.Row{}, err
	}
	s := preview.Resolve(c, facts(c, repository, pr), preview.Memory{}, o.env.Now())
	for _, r := range s.Rows {
		if strings.EqualFold(r.Repository, repository) && r.Number == strconv.Itoa(number) {
			o.note("pull request %s#%d is made up, at commit %s of branch %q", repository, number, pr.HeadSHA, pr.Branch)
			return r, nil
		}
	}
	for _, d := range s.Decisions {
		if strings.EqualFold(d.Repository, repository) && d.Number == number {
			return preview.Row{}, notLive(o.what, d)
		}
	}
	return preview.Row{}, fmt.Errorf("no service of previewset.yaml comes from %s\nknown repositories: %s", repository, strings.Join(c.Repositories(), ", "))
}

func (m *madeUp) pullRequest(c *preview.Config, repository string, number int) (preview.PullRequest, error) {
	pr := preview.PullRequest{
		Number: number, Title: "made up by previewctl render", Author: "octocat", Labels: m.labels,
		URL:    fmt.Sprintf("https://github.com/%s/pull/%d", repository, number),
		Branch: m.branch, TargetBranch: "main", HeadSHA: m.sha, BaseSHA: madeUpSHA(repository, "main"),
		HeadRepositoryID: 1, BaseRepositoryID: 1, Changes: &preview.Changes{All: len(m.changed) == 0},
	}
	if len(pr.Labels) == 0 {
		pr.Labels = []string{c.Policy.PullRequests.Label}
	}
	if pr.HeadSHA == "" {
		pr.HeadSHA = madeUpSHA(repository, m.branch)
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

// facts are those of a world where every configured repository was read, and every ref that is asked for exists.
func facts(c *preview.Config, repository string, pr preview.PullRequest) preview.Facts {
	f := preview.Facts{Repositories: map[string]preview.Repository{}}
	for _, key := range c.Repositories() {
		r := preview.Repository{FullName: key, Branches: map[string]string{}, Tags: map[string]string{}}
		wants := c.Wants(key)
		for _, b := range wants.Branches {
			r.Branches[b] = madeUpSHA(key, b)
		}
		for _, t := range wants.Tags {
			r.Tags[t] = madeUpSHA(key, t)
		}
		if strings.EqualFold(key, repository) {
			r.FullName, r.PullRequests = repository, []preview.PullRequest{pr}
		}
		f.Repositories[key] = r
	}
	return f
}

// madeUpSHA is the same for the same ref, so that the same command prints the same manifests.
func madeUpSHA(repository, ref string) string {
	sum := sha1.Sum([]byte(strings.ToLower(repository) + "@" + ref)) //nolint:gosec // G401: see the import
	return hex.EncodeToString(sum[:])
}

// changedPath is a path that a service of the repository is told by, or the path itself.
func changedPath(p *preview.Policy, repository, what string) (string, error) {
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

func pathOfService(s preview.Service) (string, error) {
	if len(s.Paths) == 0 {
		return "x", nil
	}
	if p := wildcards.Replace(s.Paths[0]); doublestar.MatchUnvalidated(s.Paths[0], p) {
		return p, nil
	}
	return "", fmt.Errorf("no path can be made up that only %q of service %s matches\nname a path with --changed instead", s.Paths[0], s.Name)
}
