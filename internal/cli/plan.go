package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

type planOptions struct {
	env     *process
	dir     string
	output  string
	summary bool
	client  *client // nil without a server
}

// The kinds of change that a plan has.
const (
	added   = "added"
	changed = "changed"
	removed = "removed"
)

// planned is what `plan -o json` prints.
type planned struct {
	Changes []plannedChange `json:"changes"`
	// Held are the decisions that would be new and keep something from being live, or only for want of a confirmation let
	// it stay.
	Held     []preview.Decision `json:"held"`
	Problems []string           `json:"problems"`
	// broken says that Argo CD couldn't build an environment.
	broken bool
}

// plannedChange is one environment that Argo CD would be told something else about.
type plannedChange struct {
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

func newPlanCmd(env *process, runF func(context.Context, *planOptions) error) *cobra.Command {
	opts, server := &planOptions{env: env}, serverOptions{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change if this working tree were pushed: environments, and their manifests",
		Long: `plan answers what Argo CD would be told if everything in the working tree of --dir were committed and pushed to the config
branch now, and what it would then apply: which environments would be added, changed and removed, and the difference of their
manifests. It changes nothing.

It asks the service what it knows of pull requests, branches and tags, and decides with the same rules, so that it shows what
the service would answer. A ref that nothing asked the service for so far stands at a made-up commit; that is said. Without a
service it compares with the newest commit, without pull requests, every ref at a made-up commit.

The JSON has the keys "changes" (environment, change, reason, before, after, patch; before and after are the rows that Argo CD
gets), "held" (new decisions that keep something from being live, or let it stay only until somebody confirms that it may go)
and "problems".`,
		Example: `  previewctl plan
  previewctl plan --dir . --summary
  previewctl plan -o json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := checkOutput(cmd, opts.output, "text", "json", "yaml")
			if err == nil && env.or(server.server, "PREVIEWSET_SERVER") != "" {
				opts.client, err = newClient(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.flags(cmd)
	outputFlag(cmd, &opts.output, "text", "text", "json", "yaml")
	cmd.Flags().StringVar(&opts.dir, "dir", ".", "folder of the GitOps repository, in a clone of it")
	cmd.Flags().BoolVar(&opts.summary, "summary", false, "leave the manifests' difference out")
	return cmd
}

func runPlan(ctx context.Context, opts *planOptions) error {
	p, err := opts.plan(ctx)
	if err != nil {
		return err
	}
	for _, text := range p.Problems {
		opts.env.tell("problem: " + preview.Printable(text))
	}
	if opts.output == "text" {
		opts.print(p)
	} else if err := encode(opts.env.Out, opts.output, p); err != nil {
		return err
	}
	if p.broken {
		return errReported
	}
	return nil
}

func (o *planOptions) plan(ctx context.Context) (planned, error) {
	defer o.env.patience(slowBuilds)()
	clone, err := gitrepo.OpenClone(ctx, gitrepo.Options{Folder: o.dir})
	if err != nil {
		return planned{}, err
	}
	working, err := clone.WorkingTree(ctx)
	if err != nil {
		return planned{}, err
	}
	known, err := o.inputs(ctx, clone)
	if err != nil {
		return planned{}, err
	}
	config, err := loadTree(working, clone.Folder(), known.Memory.Previous(), known.Commit, known.Memory.Commit)
	if err != nil {
		return planned{}, fmt.Errorf("%w\nmend the configuration, and see all problems with: previewctl check %s", err, o.dir)
	}
	o.makeUp(config, &known)
	now := o.env.Now()
	if now.Before(known.Memory.At) {
		now = known.Memory.At // the service's clock is ahead
	}
	after := preview.Resolve(config, known.Facts, known.Memory, now)
	b := &planBuilder{clone: clone, working: working, trees: map[string]*overlay.Repo{}}
	p := planned{Changes: []plannedChange{}, Held: newlyHeld(known.Memory, after), Problems: orEmpty(after.Problems)}
	for _, change := range compared(known.Memory, after) {
		if !o.summary {
			if err := b.compare(ctx, &change); err != nil {
				return p, err
			}
		}
		p.Changes = append(p.Changes, change)
	}
	p.Problems, p.broken = append(p.Problems, b.problems...), b.broken
	return p, nil
}

// loadTree reads the configuration in a folder of a tree, as the service does: with Git's own hashes, so that an overlay
// that didn't change stays at the commit that it is at. It comes after the commits that are named: who pushes without force
// adds to what is there.
func loadTree(tree *gitrepo.Tree, folder string, prev *preview.Config, after ...string) (*preview.Config, error) {
	t, err := configtree.ReadCommit(tree, tree.Commit, folder)
	if err != nil {
		return nil, err
	}
	t.Ancestors = after
	return preview.Load(t, prev)
}

// inputs are what the service knows, or else what the newest commit says about environments that have a file.
func (o *planOptions) inputs(ctx context.Context, clone *gitrepo.Clone) (preview.Inputs, error) {
	if o.client != nil {
		return o.client.facts(ctx)
	}
	o.note("no service is named: pull requests aren't looked at, and every ref stands at a made-up commit; see --server")
	head, err := clone.Commit(ctx, "HEAD")
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("%w: commit once, or name the service with --server", err)
	}
	config, err := loadTree(head, clone.Folder(), nil)
	if err != nil {
		return preview.Inputs{}, fmt.Errorf("the newest commit: %w", err)
	}
	in := preview.Inputs{Commit: head.Commit, Facts: facts(config, "", preview.PullRequest{}), Asked: config.Asked()}
	in.Facts.Skew = new(time.Duration) // there is no other clock
	in.Memory = preview.Resolve(config, in.Facts, preview.Memory{}, o.env.Now()).Memory
	return in, nil
}

// makeUp gives refs that nobody has read a commit. Without, they would count as refs that don't exist.
func (o *planOptions) makeUp(c *preview.Config, in *preview.Inputs) {
	for _, key := range c.Repositories() {
		r, read := in.Facts.Repositories[key]
		if !read && o.client == nil {
			r, read = preview.Repository{FullName: key}, true
		}
		if !read {
			continue // Resolve says so
		}
		w, asked := c.Wants(key), in.Asked[key]
		r.Branches = o.madeUp(key, "branch", r.Branches, w.Branches, asked.Branches)
		r.Tags = o.madeUp(key, "tag", r.Tags, w.Tags, asked.Tags)
		r.Commits = o.takenAsThere(key, r.Commits, w.Commits, asked.Commits)
		in.Facts.Repositories[key] = r
	}
}

func (o *planOptions) madeUp(repository, kind string, known map[string]string, wanted, asked []string) map[string]string {
	all := maps.Clone(known)
	if all == nil {
		all = map[string]string{}
	}
	for _, ref := range wanted {
		if slices.Contains(asked, ref) {
			continue
		}
		all[ref] = madeUpSHA(repository, ref)
		if o.client != nil {
			o.note("the service hasn't read %s %q of %s yet: a made-up commit stands for it", kind, ref, repository)
		}
	}
	return all
}

// takenAsThere are the commits that services may be pinned to, with those that nobody has looked for.
func (o *planOptions) takenAsThere(repository string, known map[string]bool, wanted, asked []string) map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, known)
	for _, sha := range wanted {
		if slices.Contains(asked, sha) {
			continue
		}
		all[sha] = true
		if o.client != nil {
			o.note("the service hasn't looked for commit %s of %s yet: it is taken to be on a branch or tag", shortCommit(sha), repository)
		}
	}
	return all
}

func (o *planOptions) note(format string, args ...any) {
	o.env.tell("note: " + preview.Printable(fmt.Sprintf(format, args...)))
}

// compared are the environments that the new answer says something else about than the one that is remembered, by name.
func compared(m preview.Memory, after *preview.Snapshot) []plannedChange {
	var changes []plannedChange
	rows := map[string]preview.Row{}
	for _, r := range after.Rows {
		rows[r.Name] = r
	}
	why := reasons(after)
	for name, was := range m.Environments {
		is, live := rows[name]
		switch {
		case !live:
			changes = append(changes, plannedChange{Environment: name, Change: removed, Reason: why[name], Before: &was.Row})
		case !sameRow(was.Row, is):
			changes = append(changes, plannedChange{Environment: name, Change: changed, Reason: difference(was.Row, is), Before: &was.Row, After: &is})
		}
	}
	for name, is := range rows {
		if _, was := m.Environments[name]; !was {
			changes = append(changes, plannedChange{Environment: name, Change: added, Reason: why[name], After: &is})
		}
	}
	slices.SortFunc(changes, func(a, b plannedChange) int { return strings.Compare(a.Environment, b.Environment) })
	return changes
}

// sameRow compares as Argo CD sees them.
func sameRow(a, b preview.Row) bool {
	was, err := json.Marshal(a)
	is, otherErr := json.Marshal(b)
	return err == nil && otherErr == nil && bytes.Equal(was, is)
}

func reasons(s *preview.Snapshot) map[string]string {
	why := map[string]string{}
	for _, d := range s.Decisions {
		if why[d.Environment] == "" || d.Outcome != preview.Held {
			why[d.Environment] = d.Reason
		}
	}
	return why
}

// newlyHeld are the decisions that hold or withhold something, and that are new with this answer.
func newlyHeld(m preview.Memory, after *preview.Snapshot) []preview.Decision {
	held := []preview.Decision{}
	for _, d := range after.Decisions {
		about := d.Environment
		if d.Number > 0 {
			about = strings.ToLower(pullRequest(d))
		}
		was, known := m.Since[about]
		isNew := !known || was.Outcome != d.Outcome || was.Rule != d.Rule
		if isNew && ((d.Outcome == preview.Held && !isQuiet(d)) || d.Withheld) {
			held = append(held, d)
		}
	}
	return held
}

// difference says in a few words what differs between two rows.
func difference(a, b preview.Row) string {
	var parts []string
	was := map[string]preview.Content{}
	for _, c := range a.Contents() {
		was[c.Service] = c
	}
	for _, c := range b.Contents() {
		switch old, known := was[c.Service]; {
		case !known:
			parts = append(parts, c.Service+" is new")
		case old != c:
			parts = append(parts, fmt.Sprintf("%s %s → %s", c.Service, where(old), where(c)))
		}
		delete(was, c.Service)
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		parts = append(parts, name+" goes")
	}
	if a.Path != b.Path {
		parts = append(parts, "built from "+b.Path)
	} else if a.Revision != b.Revision {
		parts = append(parts, "files of the new commit")
	}
	if len(parts) == 0 {
		return "its composition"
	}
	return strings.Join(parts, ", ")
}

func where(c preview.Content) string {
	switch {
	case !c.Runs:
		return "linked to " + c.Namespace
	case c.Commit == "":
		return "the base's image"
	}
	return shortCommit(c.Commit)
}

// planBuilder builds environments before and after.
type planBuilder struct {
	clone    *gitrepo.Clone
	working  *gitrepo.Tree
	trees    map[string]*overlay.Repo // by commit; "" is the working tree
	problems []string
	broken   bool // one of the working tree can't be built
}

// compare adds the difference of the manifests. What can't be built is a problem.
func (b *planBuilder) compare(ctx context.Context, c *plannedChange) error {
	before, err := b.manifests(ctx, c.Before)
	if errors.Is(err, gitrepo.ErrNoCommit) {
		b.problem("%s: git fetch --unshallow, or git fetch, so that what is there now can be compared", err)
	} else if err != nil {
		b.problem("build %s as it is now: %s", c.Environment, err)
	}
	after, afterErr := b.manifests(ctx, c.After)
	if afterErr != nil {
		b.broken = true
		b.problem("build %s: %s", c.Environment, afterErr)
	}
	if c.Unknown = err != nil || afterErr != nil; c.Unknown {
		return ctx.Err()
	}
	if c.Before != nil && c.After != nil {
		if err = leaveAlone(c.After.IgnoreDifferences, before, after); err != nil {
			return err
		}
	}
	c.Patch, err = gitrepo.Patch(ctx, before, after)
	return err
}

// problem says each once.
func (b *planBuilder) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(b.problems, text) {
		b.problems = append(b.problems, text)
	}
}

// manifests are what a row is built to, a file each; none for nil.
func (b *planBuilder) manifests(ctx context.Context, r *preview.Row) (map[string][]byte, error) {
	if r == nil {
		return nil, nil
	}
	repo, err := b.repo(ctx, r.Revision)
	if err != nil {
		return nil, err
	}
	manifests, err := repo.Build(*r)
	if err != nil {
		return nil, err
	}
	return documents(r.Name, string(manifests))
}

func (b *planBuilder) repo(ctx context.Context, commit string) (*overlay.Repo, error) {
	if strings.Trim(commit, "0") == "" {
		commit = ""
	}
	if known := b.trees[commit]; known != nil {
		return known, nil
	}
	tree := b.working
	if commit != "" {
		var err error
		if tree, err = b.clone.Commit(ctx, commit); err != nil {
			return nil, err
		}
	}
	b.trees[commit] = overlay.New(tree)
	return b.trees[commit], nil
}

func (o *planOptions) print(p planned) {
	colours := map[string]string{added: green, changed: yellow, removed: red}
	signs := map[string]string{added: "+", changed: "~", removed: "-"}
	for _, c := range p.Changes {
		o.env.say("%s: %s; %s", o.env.colour(colours[c.Change], signs[c.Change]+" "+preview.Printable(c.Environment)+" is "+c.Change), preview.Printable(c.Reason), o.effect(c))
	}
	for _, d := range p.Held {
		o.env.say("! %s would be %s by rule %s: %s; %s", preview.Printable(cmp.Or(pullRequest(d), d.Environment)), held(d), d.Rule, preview.Printable(d.Reason), preview.Printable(d.Remedy))
	}
	for _, c := range p.Changes {
		if c.Patch != "" {
			o.env.say("")
			o.env.printPatch(c.Patch)
		}
	}
	if len(p.Changes)+len(p.Held) == 0 {
		o.env.say("unchanged: Argo CD would be told what it is told now")
	}
}

// effect is what Argo CD would do.
func (o *planOptions) effect(c plannedChange) string {
	switch {
	case c.Change == removed:
		return "namespace " + preview.Printable(c.Before.Namespace) + " goes with all data in it"
	case c.Unknown:
		return "what differs isn't known"
	case o.summary:
		return "in namespace " + preview.Printable(c.After.Namespace)
	case c.Patch == "":
		return "the same manifests"
	}
	return count(strings.Count(c.Patch, "\ndiff --git ")+1, "object") + " in namespace " + preview.Printable(c.After.Namespace)
}

// held is what is done to what a decision is about.
func held(d preview.Decision) string {
	if d.Withheld {
		return "withheld until somebody confirms that it may go,"
	}
	return "held"
}
