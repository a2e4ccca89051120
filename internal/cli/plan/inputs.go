package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

// inputs returns the generator's facts and memory. Without a generator it makes them from the base commit, which then
// contains only environments with a file.
func (p *Planner) inputs(ctx context.Context, clone *gitrepo.Clone) (preview.Inputs, error) {
	if p.Client != nil {
		return p.Client.Facts(ctx)
	}
	base, name, err := p.base(ctx, clone)
	if err != nil {
		return preview.Inputs{}, err
	}
	p.Env.Notef("no service is named: the plan compares with %s, ignores pull requests with a label, and uses a "+
		"synthetic commit for every ref; set --server", config.Printable(name))
	cfg, err := load(base, clone.Folder(), nil)
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("read %s: %w", name, err)
	}
	in := preview.Inputs{Commit: base.Commit, Facts: syntheticFacts(cfg), Asked: preview.AskedRefs(cfg)}
	in.Memory = preview.Resolve(cfg, in.Facts, preview.Memory{}, p.Env.Now()).Memory
	return in, nil
}

// syntheticFacts returns the facts for a plan without a generator.
func syntheticFacts(cfg *config.Config) preview.Facts {
	facts := synthetic.Facts(cfg, "", preview.PullRequest{})
	facts.Skew = new(time.Duration) // the only clock is this machine's
	return facts
}

// base returns the commit to compare with, and its name: that of --base, else the config branch as the clone last
// fetched it, else the newest commit.
func (p *Planner) base(ctx context.Context, clone *gitrepo.Clone) (*gitrepo.Tree, string, error) {
	names := []string{p.Base}
	if p.Base == "" {
		branch := cmp.Or(p.Env.Getenv("PREVIEWSET_CONFIG_BRANCH"), "main")
		names = []string{"refs/remotes/origin/" + branch, "refs/remotes/origin/HEAD", "HEAD"}
	}
	var err error
	for _, name := range names {
		var tree *gitrepo.Tree
		if tree, err = clone.Commit(ctx, name); err == nil {
			return tree, strings.TrimPrefix(name, "refs/remotes/"), nil
		}
		if !errors.Is(err, gitrepo.ErrNoCommit) {
			return nil, "", err
		}
	}
	if p.Base != "" {
		return nil, "", fmt.Errorf("--base: %w: run git fetch, or name an existing commit", err)
	}
	return nil, "", fmt.Errorf("%w: commit once, or name the generator with --server", err)
}

// addSyntheticRefs adds a commit for each ref that the generator hasn't read yet. Otherwise Resolve would take it for a
// missing ref.
func (p *Planner) addSyntheticRefs(c *config.Config, in *preview.Inputs) {
	if p.Client == nil {
		in.Facts = syntheticFacts(c)
		return
	}
	for _, key := range c.Repositories() {
		r, isRead := in.Facts.Repositories[key]
		if !isRead {
			continue // Resolve reports it
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
		p.Env.Notef("the generator hasn't read %s %q of %s yet: the plan uses a synthetic commit", kind, ref, repository)
	}
	return all
}

// withCommits adds the commits that the generator hasn't looked up yet.
func (p *Planner) withCommits(repository string, known map[string]bool, wanted, asked []string) map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, known)
	for _, sha := range wanted {
		if slices.Contains(asked, sha) {
			continue
		}
		all[sha] = true
		p.Env.Notef("the generator hasn't looked up commit %s of %s yet: the plan assumes that it exists",
			output.ShortCommit(sha), repository)
	}
	return all
}
