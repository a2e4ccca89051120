// Package plan compares the environments of a working tree with those that the service knows.
package plan

import (
	"context"
	"fmt"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

// The kinds of change that a plan has.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// Plan is what `plan -o json` prints.
type Plan struct {
	Changes []Change `json:"changes"`
	// Held are the decisions that would be new and keep something from being live, or only for want of a confirmation let
	// it stay.
	Held     []preview.Decision `json:"held"`
	Problems []string           `json:"problems"`
	// broken says that Argo CD couldn't build an environment.
	Broken bool
}

// Change is one environment that Argo CD would be told something else about.
type Change struct {
	Environment string       `json:"environment"`
	Change      string       `json:"change"` // added, changed or removed
	Reason      string       `json:"reason"`
	Before      *preview.Row `json:"before,omitempty"`
	After       *preview.Row `json:"after,omitempty"`
	// Patch is the difference of the manifests that Argo CD would apply. It isn't known where the manifests can't be built,
	// or weren't.
	Patch   string `json:"patch"`
	Unknown bool   `json:"unknown"`
}

// Planner compares a working tree with the environments that the service knows.
type Planner struct {
	Env     *terminal.Process
	Dir     string
	Summary bool
	Client  *apiclient.Client // nil without a server
}

func (o *Planner) Plan(ctx context.Context) (Plan, error) {
	defer o.Env.NoticeIfSlow(terminal.SlowBuilds)()
	clone, err := gitrepo.OpenClone(ctx, gitrepo.Options{Folder: o.Dir})
	if err != nil {
		return Plan{}, err
	}
	working, err := clone.WorkingTree(ctx)
	if err != nil {
		return Plan{}, err
	}
	known, err := o.inputs(ctx, clone)
	if err != nil {
		return Plan{}, err
	}
	cfg, err := loadTree(working, clone.Folder(), known.Memory.Previous(), known.Commit, known.Memory.Commit)
	if err != nil {
		return Plan{}, fmt.Errorf("%w\nmend the configuration, and see all problems with: previewctl check %s", err, o.Dir)
	}
	o.makeUp(cfg, &known)
	now := o.Env.Now()
	if now.Before(known.Memory.At) {
		now = known.Memory.At // the service's clock is ahead
	}
	after := preview.Resolve(cfg, known.Facts, known.Memory, now)
	b := &planBuilder{clone: clone, working: working, trees: map[string]*overlay.Repo{}}
	p := Plan{Changes: []Change{}, Held: newlyHeld(known.Memory, after), Problems: output.OrEmpty(after.Problems)}
	for _, change := range compared(known.Memory, after) {
		if !o.Summary {
			if err := b.compare(ctx, &change); err != nil {
				return p, err
			}
		}
		p.Changes = append(p.Changes, change)
	}
	p.Problems, p.Broken = append(p.Problems, b.problems...), b.broken
	return p, nil
}

// loadTree reads the configuration in a folder of a tree, as the service does: with Git's own hashes, so that an overlay
// that didn't change stays at the commit that it is at. It comes after the commits that are named: who pushes without force
// adds to what is there.
func loadTree(tree *gitrepo.Tree, folder string, prev *config.Config, after ...string) (*config.Config, error) {
	t, err := configtree.ReadCommit(tree, tree.Commit, folder)
	if err != nil {
		return nil, err
	}
	t.Ancestors = after
	return config.Load(t, prev)
}
