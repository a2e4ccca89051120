package cli

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

type resetOptions struct {
	term   *terminal.Process
	target string
	stores []string
	commit configrepo.CommitOptions
}

func newResetCmd(term *terminal.Process, runF func(context.Context, *resetOptions) error) *cobra.Command {
	opts := &resetOptions{term: term}
	cmd := &cobra.Command{
		Use:   "reset NAME|OWNER/REPO#NUMBER [STORE...]",
		Short: "Start the data stores of an environment anew",
		Long: `reset deletes the data of stores in an environment, and lets them load their dataset again. Without
STORE it takes all stores. It writes the time into the key reset of overlays/NAME/environment.yaml. After
Argo CD's sync, each store starts once with an empty volume.

A store with a dataset of a snapshot can't load it again.

For a pull request it writes the file that adjusts the pull request's environment, if there is none.

Services keep running meanwhile. A service that creates its tables at its start needs a new start: put the
environment to sleep and wake it.`,
		Example: `  previewctl reset jakub postgres
  previewctl reset 'acme/shop#7' --dry-run
  previewctl reset jakub postgres redis -m 'after the load test'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return flags.Usagef(cmd, "reset takes an environment; use for example: previewctl reset jakub postgres")
			}
			return flags.CheckTarget(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.target, opts.stores = args[0], args[1:]
			for _, s := range opts.stores {
				if err := flags.CheckLine(cmd, "the store", s); err != nil {
					return err
				}
			}
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	complete := configrepo.Completer(term, &opts.commit.Repo)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return complete("environment")(cmd, args, text)
		}
		return complete("store")(cmd, args, text)
	}
	opts.commit.AddFlags(cmd)
	return cmd
}

func runReset(ctx context.Context, opts *resetOptions) error {
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.term, opts.target, opts.reset)
	if err != nil {
		return err
	}
	opts.commit.Report(opts.term, result, fmt.Sprintf("reset %s of %s", strings.Join(opts.stores, ", "), f.Name))
	if absent := absentStores(f, opts.stores, opts.term.Now()); len(absent) > 0 {
		opts.term.Notef("%s: no service of %s needs it, so there was nothing to delete", strings.Join(absent, ", "), f.Name)
	}
	if !opts.commit.DryRun {
		opts.term.Answerf("\nNext: start services anew that create their tables at their start: "+
			"previewctl sleep %[1]s; previewctl wake %[1]s", f.Name)
	}
	return nil
}

// absentStores returns the stores that don't run in an environment. Without the service it isn't known for a pull
// request's environment, and the result is empty.
func absentStores(f *envfile.File, stores []string, now time.Time) []string {
	facts := synthetic.Facts(f.Config, "", preview.PullRequest{})
	for _, row := range preview.Resolve(f.Config, facts, preview.Memory{}, now).Rows {
		if row.Name != f.Name {
			continue
		}
		return slices.DeleteFunc(slices.Clone(stores), func(store string) bool {
			isStore := func(c string) bool { return strings.HasSuffix(c, "/data/"+store) }
			return slices.ContainsFunc(row.Kustomize.Components, isStore)
		})
	}
	return nil
}

func (o *resetOptions) reset(f *envfile.File) (gitrepo.Edits, error) {
	if f.PullRequest == "" {
		if err := f.RequireExisting(); err != nil {
			return gitrepo.Edits{}, err
		}
	}
	if err := o.chooseStores(f); err != nil {
		return gitrepo.Edits{}, err
	}
	var settings []envfile.Setting
	if f.PullRequest != "" {
		settings = append(settings, envfile.SetValue(f.PullRequest, "", "pullRequest"))
	}
	now := o.term.Now().UTC().Truncate(time.Second)
	for _, s := range o.stores {
		settings = append(settings, envfile.SetValue(now, "", "reset", s))
	}
	return f.Adopt(settings, fmt.Sprintf("Reset %s of environment %s", strings.Join(o.stores, ", "), f.Name),
		"Reset data stores of environment "+f.Name)
}

// chooseStores checks the named stores. Without names it takes all stores that can start anew.
func (o *resetOptions) chooseStores(f *envfile.File) error {
	var known []string
	entries, err := fs.ReadDir(f.FS, "kustomize-base/data")
	if err != nil {
		return fmt.Errorf("read the data stores: %w", err)
	}
	for _, e := range entries {
		if config.CanReset(f.Config, e.Name()) && (finalDataset(f, e.Name()) == "" || slices.Contains(o.stores, e.Name())) {
			known = append(known, e.Name())
		}
	}
	if len(known) == 0 {
		return fmt.Errorf("no data store can start anew: no kustomize-base/data/STORE/reset exists\n" +
			"copy these folders from a new repository: previewctl init DIR")
	}
	for _, s := range o.stores {
		if dataset := finalDataset(f, s); dataset != "" {
			if dataset == config.SharedDataset {
				return fmt.Errorf("store %s is a database in the baseline's server, which a reset doesn't empty\n"+
					"delete its tables with SQL, or choose another dataset", s)
			}
			return fmt.Errorf("store %s has dataset %s, a copy of a snapshot, which it can't load again\n"+
				"delete the environment and create it again, or choose another dataset", s, dataset)
		}
	}
	if len(o.stores) == 0 {
		o.stores = known
	}
	return nil
}

// finalDataset returns the dataset of a store if it can't load that again, or "". A label can choose another profile,
// which isn't known here; the generator then ignores the request.
func finalDataset(f *envfile.File, store string) string {
	e := f.Config.Environments[f.Name]
	if e == nil {
		e = &config.Environment{}
	}
	policy := f.Config.Policy
	dataset := cmp.Or(e.Dataset, policy.Profiles[cmp.Or(e.Profile, policy.PullRequests.Profile)].Dataset)
	if config.CanLoadAgain(f.Config, store, dataset) {
		return ""
	}
	return dataset
}
