package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/plan"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
)

type planOptions struct {
	plan.Planner
	output string
}

func newPlanCmd(term *terminal.Process, runF func(context.Context, *planOptions) error) *cobra.Command {
	opts, server := &planOptions{Planner: plan.Planner{Env: term}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a push of this working tree would change",
		Long: `plan shows which environments a push of the working tree in --dir would add, change and remove,
with the diff of their manifests. It changes nothing.

It reads pull requests, branches and tags from the generator and applies the generator's rules. For a ref that
the generator hasn't read yet, it uses a synthetic commit and prints a note. Without a generator it compares
with --base, ignores labelled pull requests, and uses a synthetic commit for each ref. If the clone is behind
the config branch, the plan includes what the branch has in addition.

The JSON has the keys "changes" (environment, change, reason, before, after, patch, copies; before and after
are the rows for Argo CD; copies are the new volumes from snapshots), "held" (new decisions that hold an environment, or make its removal wait for
confirmation) and "problems".`,
		Example: `  previewctl plan
  previewctl plan --dir . --summary
  previewctl plan -o json`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := flags.CheckOutput(cmd, opts.output, "text", "json", "yaml")
			if err == nil {
				opts.Client, err = server.Optional(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	cmd.Flags().StringVar(&opts.Dir, "dir", ".", "read the GitOps repository from a folder in a clone")
	cmd.Flags().StringVar(&opts.Base, "base", "",
		"without a generator, compare with a commit (default: the config branch on the remote origin, else HEAD)")
	cmd.Flags().BoolVar(&opts.Summary, "summary", false, "omit the diff of the manifests")
	return cmd
}

func runPlan(ctx context.Context, opts *planOptions) error {
	p, err := opts.Plan(ctx)
	if err != nil {
		return err
	}
	for _, text := range p.Problems {
		opts.Env.Inform("problem: " + config.Printable(text))
	}
	if opts.output == "text" {
		opts.print(p)
	} else if err := output.Encode(opts.Env.Out, opts.output, p); err != nil {
		return err
	}
	if !p.CanBuild {
		return exitcode.ErrReported // the plan has the problems
	}
	return nil
}

func (o *planOptions) print(p plan.Plan) {
	for _, c := range p.Changes {
		o.Env.Answerf("%s: %s; %s", o.headline(c), config.Printable(c.Reason), o.effect(c))
		for _, v := range c.Copies {
			duration := "for an unknown time"
			if v.Seconds > 0 {
				duration = fmt.Sprintf("for about %d s", v.Seconds)
			}
			o.Env.Answerf("  claim %s copies snapshot %s: %s, %s",
				config.Printable(v.Claim), config.Printable(v.Snapshot), config.Printable(v.Size), duration)
		}
	}
	for _, d := range p.Held {
		subject, verb := cmp.Or(apiclient.PullRequest(d), d.Environment), "be held"
		if d.Withheld {
			verb = "wait for confirmation"
		}
		o.Env.Answerf("! %s would %s by rule %s: %s; %s",
			config.Printable(subject), verb, d.Rule, config.Printable(d.Reason), config.Printable(d.Remedy))
	}
	for _, c := range p.Changes {
		if c.Patch != "" {
			o.Env.Answerf("")
			o.Env.PrintPatch(c.Patch)
		}
	}
	switch {
	case len(p.Changes)+len(p.Held) > 0:
	case o.Client == nil:
		o.Env.Answerf("unchanged: no environment made by hand would change\n" +
			"not compared: environments of pull requests, which need --server, and the baseline")
	default:
		o.Env.Answerf("unchanged: no environment would change")
	}
}

func (o *planOptions) headline(c plan.Change) string {
	colours := map[string]string{plan.Added: terminal.Green, plan.Changed: terminal.Yellow, plan.Removed: terminal.Red}
	signs := map[string]string{plan.Added: "+", plan.Changed: "~", plan.Removed: "-"}
	return o.Env.Colour(colours[c.Change], signs[c.Change]+" "+config.Printable(c.Environment)+" is "+c.Change)
}

// effect describes what Argo CD would do.
func (o *planOptions) effect(c plan.Change) string {
	switch {
	case c.Change == plan.Removed:
		return "namespace " + config.Printable(c.Before.Namespace) + " is deleted with all data in it"
	case c.Unknown:
		return "the diff is unknown"
	case o.Summary:
		return "in namespace " + config.Printable(c.After.Namespace)
	case c.Patch == "":
		return "the same manifests"
	}
	objects := output.Count(strings.Count(c.Patch, "\ndiff --git ")+1, "object")
	return objects + " in namespace " + config.Printable(c.After.Namespace)
}
