package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type listOptions struct {
	term              *terminal.Process
	client            *apiclient.Client
	output            string
	all               bool
	repository, owner string
	state             string
	mine              bool
	login             string // the user's, for mine
}

// listing is the JSON of list: rows and decisions with the generator's keys.
type listing struct {
	Environments []apiclient.Environment `json:"environments"`
	Decisions    []preview.Decision      `json:"decisions"`
}

func newListCmd(term *terminal.Process, runF func(context.Context, *listOptions) error) *cobra.Command {
	opts, server := &listOptions{term: term}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List environments, and held pull requests with reasons",
		Long: `list prints the existing environments, and then each held pull request with the reason and the
remedy. --all adds unlabelled pull requests and recently removed environments.

The state is the same word as on the previews page, in GitHub's reports and in --state: queued, waiting for
checks, deploying, ready, failed, degraded, asleep, waking, removed, or on hold (a person must change
something). The age is that of the environment, or of the decision if there is no environment.

On a terminal, list prints two tables. -o wide adds why an environment isn't ready, and when it falls
asleep or expires. Without a terminal it prints lines with tabs and no header: name, desired state (awake,
waking, asleep) or outcome (held, gone), pull request, owner, profile, services, URL, since, reason, remedy,
state. The JSON has the keys "environments" (the rows for Argo CD, with "progress") and "decisions".`,
		Example: `  previewctl list
  previewctl list --repository acme/gateway -o wide
  previewctl list --state failed
  previewctl list --all -o json`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := flags.CheckOutput(cmd, opts.output, "", "table", "wide", "json", "yaml", "name")
			if err == nil {
				err = opts.checkFilters(cmd)
			}
			if err == nil {
				opts.client, err = server.Client(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "", "table", "wide", "json", "yaml", "name")
	cmd.Flags().BoolVar(&opts.all, "all", false, "add unlabelled pull requests and removed environments")
	cmd.Flags().StringVar(&opts.repository, "repository", "", "select a repository, owner/name")
	cmd.Flags().StringVar(&opts.owner, "owner", "", "select an owner or author, a GitHub login")
	cmd.Flags().StringVar(&opts.state, "state", "", "select a state, like ready, failed or 'on hold'")
	cmd.Flags().BoolVar(&opts.mine, "mine", false,
		"select what you own, wrote or hold; your login is PREVIEWSET_OWNER, else Git's github.user")
	flags.Complete(cmd, "state", listedStates()...)
	return cmd
}

// listedStates are the values of --state.
func listedStates() []string {
	phases := preview.ListedPhases()
	states := make([]string, len(phases))
	for i, p := range phases {
		states[i] = string(p)
	}
	return states
}

func (o *listOptions) checkFilters(cmd *cobra.Command) error {
	if o.state != "" && !slices.Contains(listedStates(), o.state) {
		return flags.Usagef(cmd, "--state %q: unknown; use %s", o.state, strings.Join(listedStates(), ", "))
	}
	if o.mine {
		if o.login = configrepo.CallerLogin(cmd.Context(), o.term); o.login == "" {
			return flags.Usagef(cmd, "--mine: your GitHub login is unknown; set PREVIEWSET_OWNER, "+
				"or once: git config --global github.user LOGIN")
		}
	}
	return nil
}

func runList(ctx context.Context, opts *listOptions) error {
	rows, answer, err := opts.read(ctx)
	if err != nil {
		return err
	}
	for _, p := range answer.Problems {
		opts.term.Inform("problem: " + config.Printable(p))
	}
	return opts.print(opts.selected(listing{Environments: rows, Decisions: answer.Decisions}))
}

func (o *listOptions) read(ctx context.Context) (rows []apiclient.Environment, answer apiclient.Decisions, err error) {
	defer o.term.NoticeIfSlow(terminal.SlowService)()
	if rows, err = o.client.Environments(ctx); err == nil {
		answer, err = o.client.Decisions(ctx, "", 0)
	}
	return rows, answer, err
}

// selected applies the filters and --all.
func (o *listOptions) selected(l listing) listing {
	matches := func(filter string, values ...string) bool {
		return filter == "" || slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(filter, v) })
	}
	decisions := apiclient.ByEnvironment(l.Decisions)
	l.Environments = slices.DeleteFunc(l.Environments, func(r apiclient.Environment) bool {
		d := decisions[r.Name]
		return !matches(o.repository, r.Repository) || !matches(o.owner, r.Owner, r.Author) || !matches(o.state, stateOf(r)) ||
			!matches(o.login, append(holdersOf(d), r.Owner, r.Author, d.Author)...)
	})
	states := make(map[string]string, len(l.Environments))
	for _, r := range l.Environments {
		states[r.Name] = stateOf(r)
	}
	l.Decisions = slices.DeleteFunc(l.Decisions, func(d preview.Decision) bool {
		state := string(d.ListedPhase())
		if apiclient.HasEnvironment(d) {
			state = states[d.Environment]
		}
		isSelected := matches(o.repository, d.Repository) && matches(o.owner, d.Owner, d.Author) &&
			matches(o.state, state) && matches(o.login, append(holdersOf(d), d.Owner, d.Author)...)
		return !isSelected || (!o.all && apiclient.IsQuiet(d) && o.state != string(preview.PhaseRemoved))
	})
	return l
}

func holdersOf(d preview.Decision) []string {
	if d.SlotClaim == nil {
		return nil
	}
	return slices.Clone(d.SlotClaim.Holders)
}

// stateOf returns the phase of an environment, or its desired state while its phase is unknown.
func stateOf(r apiclient.Environment) string {
	return cmp.Or(phaseOf(r.Progress), string(r.State))
}

func (o *listOptions) print(l listing) error {
	switch o.output {
	case "json", "yaml":
		return output.Encode(o.term.Out, o.output, l)
	case "name":
		for _, r := range l.Environments {
			o.term.Answerf("%s", config.Printable(r.Name))
		}
		return nil
	case "":
		if !o.term.OutTTY {
			return l.lines().Write(o.term.Out, false)
		}
	}
	return o.printTables(l)
}

// lines returns everything as one table for programs.
func (l listing) lines() *output.Table {
	t := &output.Table{}
	decisions := apiclient.ByEnvironment(l.Decisions)
	for _, r := range l.Environments {
		d := decisions[r.Name]
		t.Add(r.Name, string(r.State), apiclient.Reference(r.Repository, r.Number), r.Owner, r.Profile,
			runningServices(r.Row), r.URL, sinceTime(d), d.Reason, d.Remedy, phaseOf(r.Progress))
	}
	for _, d := range l.Decisions {
		if !apiclient.HasEnvironment(d) {
			t.Add(d.Environment, string(d.Outcome), apiclient.PullRequest(d), d.Owner, "", "", "",
				sinceTime(d), d.Reason, d.Remedy, string(d.ListedPhase()))
		}
	}
	return t
}

func sinceTime(d preview.Decision) string {
	if d.Since.IsZero() {
		return ""
	}
	return d.Since.UTC().Format(time.RFC3339)
}

func (o *listOptions) printTables(l listing) error {
	if err := o.existingTable(l).Write(o.term.Out, true); err != nil {
		return err
	}
	held := o.heldTable(l)
	if len(held.Rows) == 0 {
		return nil
	}
	o.term.Answerf("")
	return held.Write(o.term.Out, true)
}

const maxTitle = 60

// existingTable has a row for each existing environment. -o wide adds columns at the end.
func (o *listOptions) existingTable(l listing) *output.Table {
	t := &output.Table{Header: []string{"NAME", "STATE", "SOURCE", "OWNER", "PROFILE", "SERVICES", "URL", "AGE"}}
	if o.output == "wide" {
		t.Header = append(t.Header, "WHY", "NEXT", "BRANCH", "COMMIT", "TITLE")
	}
	decisions := apiclient.ByEnvironment(l.Decisions)
	for _, r := range l.Environments {
		d := decisions[r.Name]
		state := cmp.Or(phaseText(r.Progress, o.term.Now()), string(r.State))
		if d.Withheld {
			state += " (waits for confirmation)"
		}
		source := cmp.Or(apiclient.Reference(r.Repository, r.Number), string(r.Source))
		cells := []string{r.Name, state, source, r.Owner, r.Profile, runningServices(r.Row), r.URL, o.age(d)}
		if o.output == "wide" {
			cells = append(
				cells, whyNotReady(r.Progress), o.nextChange(d), r.Branch, r.HeadShortSHA, terminal.Truncate(r.Title, maxTitle),
			)
		}
		t.Add(cells...)
	}
	return t
}

// heldTable has a row for each decision without an environment: held pull requests and removed environments.
func (o *listOptions) heldTable(l listing) *output.Table {
	t := &output.Table{Header: []string{"NOT LIVE", "STATE", "RULE", "AGE", "REASON", "WHAT TO DO"}}
	for _, d := range l.Decisions {
		if !apiclient.HasEnvironment(d) {
			subject := cmp.Or(apiclient.PullRequest(d), d.Environment)
			t.Add(subject, string(d.ListedPhase()), string(d.Rule), o.age(d), d.Reason, d.Remedy)
		}
	}
	return t
}

func phaseOf(p *preview.Progress) string {
	if p == nil {
		return ""
	}
	return string(p.Phase)
}

// phaseText returns the phase and how long it has lasted.
func phaseText(p *preview.Progress, now time.Time) string {
	if p == nil || p.Since == nil {
		return phaseOf(p)
	}
	return string(p.Phase) + " for " + output.Duration(now.Sub(*p.Since))
}

func whyNotReady(p *preview.Progress) string {
	if p == nil || p.Phase == preview.PhaseReady {
		return ""
	}
	return p.Reason
}

// age returns the age of the environment, or of the decision if there is no environment.
func (o *listOptions) age(d preview.Decision) string {
	since := d.Since
	if d.LiveSince != nil {
		since = *d.LiveSince
	}
	if since.IsZero() {
		return ""
	}
	return output.Duration(o.term.Now().Sub(since))
}

// nextChange returns what happens next to an environment without use: it falls asleep or expires.
func (o *listOptions) nextChange(d preview.Decision) string {
	timeUntil := func(verb string, at *time.Time) string { return verb + " in " + output.Duration(at.Sub(o.term.Now())) }
	switch {
	case d.SleepsAt != nil && (d.ExpiresAt == nil || d.SleepsAt.Before(*d.ExpiresAt)):
		return timeUntil("sleeps", d.SleepsAt)
	case d.ExpiresAt != nil:
		return timeUntil("expires", d.ExpiresAt)
	}
	return ""
}

// runningServices lists the services that run in an environment.
func runningServices(r preview.Row) string {
	var names []string
	for _, c := range r.Contents() {
		if c.Runs {
			names = append(names, c.Service)
		}
	}
	return strings.Join(names, ",")
}
