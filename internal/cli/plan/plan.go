// Package plan compares the environments of a working tree with those that the generator knows.
package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

// The kinds of change.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// Plan is what a push of the working tree would change. It is the JSON of previewctl plan.
type Plan struct {
	Changes []Change `json:"changes"`
	// Held are new decisions that hold an environment, or keep it only until a confirmation.
	Held     []preview.Decision `json:"held"`
	Problems []string           `json:"problems"`
	// CanBuild reports whether every environment of the working tree can be built.
	CanBuild bool `json:"-"`
}

// Change is an environment with another row.
type Change struct {
	Environment string       `json:"environment"`
	Change      string       `json:"change"` // Added, Changed or Removed
	Reason      string       `json:"reason"`
	Before      *preview.Row `json:"before,omitempty"`
	After       *preview.Row `json:"after,omitempty"`
	// Patch is the diff of the manifests.
	Patch string `json:"patch"`
	// Copies are the new volumes that are copies of snapshots.
	Copies []Copy `json:"copies"`
	// Unknown reports that a version of the manifests can't be built, so that there is no patch.
	Unknown bool `json:"unknown"`
}

// Planner makes plans.
type Planner struct {
	Env *terminal.Process
	// Dir is the folder of the GitOps repository in a clone.
	Dir string
	// Summary omits the manifests.
	Summary bool
	// Base is the commit to compare with if no service is named; "" is the config branch.
	Base string
	// Client is nil if no service is named.
	Client *apiclient.Client
}

// Plan compares the working tree with the generator's newest snapshot, or else with the newest commit.
func (p *Planner) Plan(ctx context.Context) (Plan, error) {
	defer p.Env.NoticeIfSlow(terminal.SlowBuilds)()
	clone, err := gitrepo.OpenClone(ctx, gitrepo.Options{Folder: p.Dir})
	if err != nil {
		return Plan{}, err
	}
	known, err := p.inputs(ctx, clone)
	if err != nil {
		return Plan{}, err
	}
	working, err := clone.WorkingTreeOn(ctx, known.Commit)
	if err != nil {
		return Plan{}, err
	}
	cfg, err := load(working, clone.Folder(), known.Memory.Previous(), known.Commit, known.Memory.Commit)
	if err != nil {
		return Plan{}, fmt.Errorf("%w\ncorrect the configuration, and see all problems with: previewctl check %s", err, p.Dir)
	}
	p.addSyntheticRefs(cfg, &known)
	now := p.Env.Now()
	if now.Before(known.Memory.At) {
		now = known.Memory.At // the generator's clock is ahead
	}
	after := preview.Resolve(cfg, known.Facts, known.Memory, now)
	plan := Plan{Changes: compare(known.Memory, after), Held: newlyHeld(known.Memory, after), CanBuild: true}
	b := newBuilder(clone, working)
	if !p.Summary {
		for i := range plan.Changes {
			if err := b.addPatch(ctx, &plan.Changes[i]); err != nil {
				return plan, err
			}
		}
	}
	plan.Problems = output.OrEmpty(slices.Concat(after.Problems, b.problems))
	plan.CanBuild = !b.failed
	return plan, nil
}

// load reads the configuration in a folder of a commit like the generator. The commit is newer than the named commits,
// because a push without force adds to them.
func load(tree *gitrepo.Tree, folder string, previous *config.Config, ancestors ...string) (*config.Config, error) {
	t, err := configtree.ReadCommit(tree, tree.Commit, folder)
	if err != nil {
		return nil, err
	}
	t.Ancestors = ancestors
	return config.Load(t, previous)
}
