package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/plan"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type planOptions struct {
	plan.Planner
	output string
}

func newPlanCmd(env *terminal.Process, runF func(context.Context, *planOptions) error) *cobra.Command {
	opts, server := &planOptions{Planner: plan.Planner{Env: env}}, apiclient.Flags{}
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
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := flags.CheckOutput(cmd, opts.output, "text", "json", "yaml")
			if err == nil && env.FlagOrEnv(server.Server, "PREVIEWSET_SERVER") != "" {
				opts.Client, err = apiclient.New(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	cmd.Flags().StringVar(&opts.Dir, "dir", ".", "folder of the GitOps repository, in a clone of it")
	cmd.Flags().BoolVar(&opts.Summary, "summary", false, "leave the manifests' difference out")
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
	if p.Broken {
		return exitcode.ErrReported
	}
	return nil
}

func (o *planOptions) print(p plan.Plan) {
	colours := map[string]string{plan.Added: terminal.Green, plan.Changed: terminal.Yellow, plan.Removed: terminal.Red}
	signs := map[string]string{plan.Added: "+", plan.Changed: "~", plan.Removed: "-"}
	for _, c := range p.Changes {
		o.Env.Answerf("%s: %s; %s", o.Env.Colour(colours[c.Change], signs[c.Change]+" "+config.Printable(c.Environment)+" is "+c.Change), config.Printable(c.Reason), o.effect(c))
	}
	for _, d := range p.Held {
		o.Env.Answerf("! %s would be %s by rule %s: %s; %s", config.Printable(cmp.Or(apiclient.PullRequest(d), d.Environment)), held(d), d.Rule, config.Printable(d.Reason), config.Printable(d.Remedy))
	}
	for _, c := range p.Changes {
		if c.Patch != "" {
			o.Env.Answerf("")
			o.Env.PrintPatch(c.Patch)
		}
	}
	if len(p.Changes)+len(p.Held) == 0 {
		o.Env.Answerf("unchanged: Argo CD would be told what it is told now")
	}
}

// effect is what Argo CD would do.
func (o *planOptions) effect(c plan.Change) string {
	switch {
	case c.Change == plan.Removed:
		return "namespace " + config.Printable(c.Before.Namespace) + " goes with all data in it"
	case c.Unknown:
		return "what differs isn't known"
	case o.Summary:
		return "in namespace " + config.Printable(c.After.Namespace)
	case c.Patch == "":
		return "the same manifests"
	}
	return output.Count(strings.Count(c.Patch, "\ndiff --git ")+1, "object") + " in namespace " + config.Printable(c.After.Namespace)
}

// held is what is done to what a decision is about.
func held(d preview.Decision) string {
	if d.Withheld {
		return "withheld until somebody confirms that it may go,"
	}
	return "held"
}
