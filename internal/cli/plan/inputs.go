package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

// inputs are what the service knows, or else what the newest commit says about environments that have a file.
func (o *Planner) inputs(ctx context.Context, clone *gitrepo.Clone) (preview.Inputs, error) {
	if o.Client != nil {
		return o.Client.Facts(ctx)
	}
	o.note("no service is named: pull requests aren't looked at, and every ref stands at a made-up commit; see --server")
	head, err := clone.Commit(ctx, "HEAD")
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("%w: commit once, or name the service with --server", err)
	}
	cfg, err := loadTree(head, clone.Folder(), nil)
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("the newest commit: %w", err)
	}
	in := preview.Inputs{Commit: head.Commit, Facts: synthetic.Facts(cfg, "", preview.PullRequest{}), Asked: preview.AskedRefs(cfg)}
	in.Facts.Skew = new(time.Duration) // there is no other clock
	in.Memory = preview.Resolve(cfg, in.Facts, preview.Memory{}, o.Env.Now()).Memory
	return in, nil
}

// makeUp gives refs that nobody has read a commit. Without, they would count as refs that don't exist.
func (o *Planner) makeUp(c *config.Config, in *preview.Inputs) {
	for _, key := range c.Repositories() {
		r, read := in.Facts.Repositories[key]
		if !read && o.Client == nil {
			r, read = preview.Repository{FullName: key}, true
		}
		if !read {
			continue // Resolve says so
		}
		w, asked := preview.Wanted(c, key), in.Asked[key]
		r.Branches = o.madeUp(key, "branch", r.Branches, w.Branches, asked.Branches)
		r.Tags = o.madeUp(key, "tag", r.Tags, w.Tags, asked.Tags)
		r.Commits = o.takenAsThere(key, r.Commits, w.Commits, asked.Commits)
		in.Facts.Repositories[key] = r
	}
}

func (o *Planner) madeUp(repository, kind string, known map[string]string, wanted, asked []string) map[string]string {
	all := maps.Clone(known)
	if all == nil {
		all = map[string]string{}
	}
	for _, ref := range wanted {
		if slices.Contains(asked, ref) {
			continue
		}
		all[ref] = synthetic.Commit(repository, ref)
		if o.Client != nil {
			o.note("the service hasn't read %s %q of %s yet: a made-up commit stands for it", kind, ref, repository)
		}
	}
	return all
}

// takenAsThere are the commits that services may be pinned to, with those that nobody has looked for.
func (o *Planner) takenAsThere(repository string, known map[string]bool, wanted, asked []string) map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, known)
	for _, sha := range wanted {
		if slices.Contains(asked, sha) {
			continue
		}
		all[sha] = true
		if o.Client != nil {
			o.note("the service hasn't looked for commit %s of %s yet: it is taken to be on a branch or tag", output.ShortCommit(sha), repository)
		}
	}
	return all
}

func (o *Planner) note(format string, args ...any) {
	o.Env.Inform("note: " + config.Printable(fmt.Sprintf(format, args...)))
}
