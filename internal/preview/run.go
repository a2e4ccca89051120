package preview

import (
	"reflect"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// changedServices returns the services of a repository that a pull request changes. ok is false if they are unknown.
func changedServices(c *config.Config, repository string, pr PullRequest) (names []string, ok bool) {
	for _, s := range c.ServicesOf(repository) {
		switch {
		case len(s.Paths) == 0:
			names = append(names, s.Name)
		case pr.Changes == nil:
			return nil, false
		case pr.Changes.All || s.Matches(pr.Changes.Paths):
			names = append(names, s.Name)
		}
	}
	return names, true
}

// addRunning adds the services that run already. For a pull request the run set only grows: Argo CD would prune a
// data store that left the row.
func addRunning(set map[string]bool, previous *Remembered, services config.Services) {
	for name := range previous.Run {
		if services.Get(name) != nil {
			set[name] = true
		}
	}
}

// Wanted returns the details of a repository that Resolve needs.
func Wanted(c *config.Config, repository string) Wants {
	admitted := func(pr PullRequest) bool { return isAdmittedByList(c, pr) }
	w := Wants{
		Changes:    func(PullRequest) bool { return false },
		Labellings: func(pr PullRequest) bool { return pr.Bot && admitted(pr) },
	}
	pinned := map[int]bool{}
	deployed := func(pr PullRequest) bool { return pinned[pr.Number] || admitted(pr) }
	for _, s := range c.ServicesOf(repository) {
		refs := c.Refs(s)
		for _, ref := range refs {
			w.add(ref)
			if ref.PullRequest != 0 {
				pinned[ref.PullRequest] = true
			}
		}
		if len(s.Paths) > 0 {
			w.Changes = admitted
		}
		if c.Policy.PullRequests.AcceptsForks() {
			w.Approvals = func(pr PullRequest) bool {
				return pr.isFork() && (pinned[pr.Number] || !parseLabels(c.Policy.PullRequests, pr.Labels).isUnlabelled())
			}
		}
		if s.Ready != nil {
			w.Checks, w.BranchChecks = deployed, w.BranchChecks || len(refs) > 0
		}
	}
	w.Branches, w.Tags, w.Commits = sortedSet(w.Branches), sortedSet(w.Tags), sortedSet(w.Commits)
	return w
}

func (w *Wants) add(r config.Ref) {
	if r.Branch != "" {
		w.Branches = append(w.Branches, r.Branch)
	}
	if r.Tag != "" {
		w.Tags = append(w.Tags, r.Tag)
	}
	if r.SHA != "" {
		w.Commits = append(w.Commits, r.SHA)
	}
}

// Reread returns the repositories of which a configuration needs more details than the previous one; all without one.
func Reread(c, prev *config.Config) []string {
	var names []string
	for _, name := range c.Repositories() {
		if prev == nil || !reflect.DeepEqual(c.Policy, prev.Policy) || wantsOther(c, prev, name) {
			names = append(names, name)
		}
	}
	return names
}

func wantsOther(c, prev *config.Config, name string) bool {
	a, b := Wanted(c, name), Wanted(prev, name)
	return !slices.Equal(a.Branches, b.Branches) || !slices.Equal(a.Tags, b.Tags) ||
		!slices.Equal(a.Commits, b.Commits) || a.BranchChecks != b.BranchChecks
}
