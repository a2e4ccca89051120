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

// inputs returns the service's facts and memory. Without a service it makes them from the newest commit, which then
// contains only environments with a file.
func (p *Planner) inputs(ctx context.Context, clone *gitrepo.Clone) (preview.Inputs, error) {
	if p.Client != nil {
		return p.Client.Facts(ctx)
	}
	p.Env.Notef("no service is named: pull requests are ignored, and every ref has a synthetic commit; set --server")
	head, err := clone.Commit(ctx, "HEAD")
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("%w: commit once, or name the service with --server", err)
	}
	cfg, err := load(head, clone.Folder(), nil)
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("read the newest commit: %w", err)
	}
	facts := synthetic.Facts(cfg, "", preview.PullRequest{})
	in := preview.Inputs{Commit: head.Commit, Facts: facts, Asked: preview.AskedRefs(cfg)}
	in.Facts.Skew = new(time.Duration) // the only clock is this machine's
	in.Memory = preview.Resolve(cfg, in.Facts, preview.Memory{}, p.Env.Now()).Memory
	return in, nil
}

// addSyntheticRefs adds a commit for each ref that the service hasn't read yet. Otherwise Resolve would take it for a
// missing ref.
func (p *Planner) addSyntheticRefs(c *config.Config, in *preview.Inputs) {
	for _, key := range c.Repositories() {
		r, isRead := in.Facts.Repositories[key]
		if !isRead && p.Client != nil {
			continue // Resolve reports it
		}
		if !isRead {
			r = preview.Repository{FullName: key}
		}
		wants, asked := preview.Wanted(c, key), in.Asked[key]
		r.Branches = p.withRefs(key, "branch", r.Branches, wants.Branches, asked.Branches)
		r.Tags = p.withRefs(key, "tag", r.Tags, wants.Tags, asked.Tags)
		r.Commits = p.withCommits(key, r.Commits, wants.Commits, asked.Commits)
		in.Facts.Repositories[key] = r
	}
}

func (p *Planner) withRefs(repository, kind string, known map[string]string, wanted, asked []string) map[string]string {
	all := maps.Clone(known)
	if all == nil {
		all = map[string]string{}
	}
	for _, ref := range wanted {
		if slices.Contains(asked, ref) {
			continue
		}
		all[ref] = synthetic.Commit(repository, ref)
		if p.Client != nil {
			p.Env.Notef("the service hasn't read %s %q of %s yet: the plan uses a synthetic commit", kind, ref, repository)
		}
	}
	return all
}

// withCommits adds the commits that the service hasn't looked up yet.
func (p *Planner) withCommits(repository string, known map[string]bool, wanted, asked []string) map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, known)
	for _, sha := range wanted {
		if slices.Contains(asked, sha) {
			continue
		}
		all[sha] = true
		if p.Client != nil {
			p.Env.Notef("the service hasn't looked up commit %s of %s yet: the plan assumes that it exists",
				output.ShortCommit(sha), repository)
		}
	}
	return all
}
