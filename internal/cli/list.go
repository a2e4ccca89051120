package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type listOptions struct {
	env               *terminal.Process
	client            *apiclient.Client
	output            string
	all               bool
	repository, owner string
}

// listing is what `list -o json` prints: rows and decisions with the service's own keys.
type listing struct {
	Environments []preview.Row      `json:"environments"`
	Decisions    []preview.Decision `json:"decisions"`
}

func newListCmd(env *terminal.Process, runF func(context.Context, *listOptions) error) *cobra.Command {
	opts, server := &listOptions{env: env}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the live environments, and those that are held with the reason",
		Long: `list asks the service which environments are live, then why the others aren't: what holds each pull request and what its
author can do. Pull requests that nobody asked a preview for are left out; --all shows them, and what went away lately.

On a terminal it prints two tables; what is withheld (it goes once somebody confirms it) is marked so, and -o wide says what
comes next: when it sleeps, or ends. In a pipe it prints one line each, separated by tabs, without a header: name, state
(awake, waking, asleep, held or gone), pull request, owner, profile, services, URL, since, reason, remedy. The JSON has the
keys "environments" (the rows that Argo CD gets) and "decisions".`,
		Example: `  previewctl list
  previewctl list --repository acme/gateway -o wide
  previewctl list --all -o json`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := flags.CheckOutput(cmd, opts.output, "", "table", "wide", "json", "yaml", "name")
			if err == nil {
				opts.client, err = apiclient.New(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "", "table", "wide", "json", "yaml", "name")
	cmd.Flags().BoolVar(&opts.all, "all", false, "show also the pull requests that nobody asked a preview for, and what is gone")
	cmd.Flags().StringVar(&opts.repository, "repository", "", "only this repository, owner/name")
	cmd.Flags().StringVar(&opts.owner, "owner", "", "only this owner or author, a GitHub login")
	return cmd
}

func runList(ctx context.Context, opts *listOptions) error {
	rows, answer, err := opts.ask(ctx)
	if err != nil {
		return err
	}
	for _, p := range answer.Problems {
		opts.env.Inform("problem: " + config.Printable(p))
	}
	return opts.print(opts.filter(listing{Environments: rows, Decisions: answer.Decisions}))
}

// ask asks the service for what is live, and what was decided.
func (o *listOptions) ask(ctx context.Context) (rows []preview.Row, answer apiclient.Decisions, err error) {
	defer o.env.NoticeIfSlow(terminal.SlowService)()
	if rows, err = o.client.Environments(ctx); err == nil {
		answer, err = o.client.Decisions(ctx, "", 0)
	}
	return rows, answer, err
}

func (o *listOptions) filter(l listing) listing {
	wanted := func(filter, value string) bool { return filter == "" || strings.EqualFold(filter, value) }
	l.Environments = slices.DeleteFunc(l.Environments, func(r preview.Row) bool {
		return !wanted(o.repository, r.Repository) || (!wanted(o.owner, r.Owner) && !wanted(o.owner, r.Author))
	})
	l.Decisions = slices.DeleteFunc(l.Decisions, func(d preview.Decision) bool {
		return !wanted(o.repository, d.Repository) || (!wanted(o.owner, d.Owner) && !wanted(o.owner, d.Author)) || (!o.all && apiclient.IsQuiet(d))
	})
	return l
}

func (o *listOptions) print(l listing) error {
	switch o.output {
	case "json", "yaml":
		return output.Encode(o.env.Out, o.output, l)
	case "name":
		for _, r := range l.Environments {
			o.env.Answerf("%s", config.Printable(r.Name))
		}
		return nil
	case "":
		if !o.env.OutTTY {
			return o.lines(l).Write(o.env.Out, false)
		}
	}
	return o.tables(l)
}

// lines is everything in one table, for programs.
func (o *listOptions) lines(l listing) *output.Table {
	t := &output.Table{}
	live := apiclient.ByEnvironment(l.Decisions)
	for _, r := range l.Environments {
		d := live[r.Name]
		t.Add(r.Name, r.State, apiclient.Reference(r.Repository, r.Number), r.Owner, r.Profile, services(r), r.URL, output.Since(d), d.Reason, d.Remedy)
	}
	for _, d := range l.Decisions {
		if !apiclient.HasEnvironment(d) {
			t.Add(d.Environment, d.Outcome, apiclient.PullRequest(d), d.Owner, "", "", "", output.Since(d), d.Reason, d.Remedy)
		}
	}
	return t
}

func (o *listOptions) tables(l listing) error {
	if err := o.live(l).Write(o.env.Out, true); err != nil {
		return err
	}
	held := o.held(l)
	if len(held.Rows) == 0 {
		return nil
	}
	o.env.Answerf("")
	return held.Write(o.env.Out, true)
}

func (o *listOptions) live(l listing) *output.Table {
	t := &output.Table{Header: []string{"NAME", "STATE", "SOURCE", "OWNER", "PROFILE", "SERVICES", "URL", "AGE"}}
	if o.output == "wide" {
		t.Header = append(t.Header, "NEXT", "BRANCH", "COMMIT", "TITLE")
	}
	live := apiclient.ByEnvironment(l.Decisions)
	for _, r := range l.Environments {
		d := live[r.Name]
		cells := []string{r.Name, state(r, d), cmp.Or(apiclient.Reference(r.Repository, r.Number), r.Source), r.Owner, r.Profile, services(r), r.URL, o.age(d)}
		if o.output == "wide" {
			cells = append(cells, output.NextChange(d, o.env.Now()), r.Branch, r.HeadShortSHA, terminal.Truncate(r.Title, maxTitle))
		}
		t.Add(cells...)
	}
	return t
}

const maxTitle = 60

// state is a row's for a person: also whether it would go if somebody confirmed that.
func state(r preview.Row, d preview.Decision) string {
	if d.Withheld {
		return r.State + " (withheld)"
	}
	return r.State
}

func (o *listOptions) held(l listing) *output.Table {
	t := &output.Table{Header: []string{"NOT LIVE", "STATE", "RULE", "AGE", "REASON", "WHAT TO DO"}}
	for _, d := range l.Decisions {
		if !apiclient.HasEnvironment(d) {
			t.Add(cmp.Or(apiclient.PullRequest(d), d.Environment), d.Outcome, d.Rule, o.age(d), d.Reason, d.Remedy)
		}
	}
	return t
}

// services are those that run in an environment.
func services(r preview.Row) string {
	var names []string
	for _, c := range r.Contents() {
		if c.Runs {
			names = append(names, c.Service)
		}
	}
	return strings.Join(names, ",")
}

// age is how long a decision has stood, in the one unit that matters.
func (o *listOptions) age(d preview.Decision) string {
	if d.Since.IsZero() {
		return ""
	}
	return output.Duration(o.env.Now().Sub(d.Since))
}
