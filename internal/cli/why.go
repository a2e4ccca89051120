package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type whyOptions struct {
	env    *terminal.Process
	client *apiclient.Client
	what   string
	output string
}

func newWhyCmd(env *terminal.Process, runF func(context.Context, *whyOptions) error) *cobra.Command {
	opts, server := &whyOptions{env: env}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "why NAME|OWNER/REPO#NUMBER",
		Short: "Say why a pull request or environment is live, asleep, held or gone, and what to do",
		Long: `why asks the service what it decided about one pull request or environment: whether it is live, asleep, held or gone, by
which rule, since when, for what reason, and what its author can do about it; and of one that is there, when it sleeps and
when it ends, if nobody uses it until then.

The JSON has the key "decisions", a list with one entry, or several where two want the same name: outcome, rule, reason,
remedy, since, state, sleeps_at and expires_at (where they are known), expires_anyway (however it is used), withheld (it goes
once somebody confirms it), environment, repository, number, title, author, owner (of a bot's pull request: who labelled it),
url, head_sha.`,
		Example: `  previewctl why acme/shop#7
  previewctl why shop-pr-7
  previewctl why shop-pr-7 -o json`,
		Args:              flags.OneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: apiclient.Complete(env, &server, 1, func(preview.Decision) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			err := flags.CheckTarget(cmd, opts.what)
			if err == nil {
				err = flags.CheckOutput(cmd, opts.output, "text", "json", "yaml")
			}
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
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func runWhy(ctx context.Context, opts *whyOptions) error {
	answer, err := opts.decisions(ctx)
	if err != nil {
		return err
	}
	found := answer.Decisions
	if len(found) == 0 {
		return opts.unknown(answer.Problems)
	}
	if opts.output != "text" {
		return output.Encode(opts.env.Out, opts.output, map[string]any{"decisions": found})
	}
	for i, d := range found {
		if i > 0 {
			opts.env.Answerf("")
		}
		if err := opts.explain(d); err != nil {
			return err
		}
	}
	return nil
}

// unknown says that nothing is known, and what is the matter with the repository, where something is.
func (o *whyOptions) unknown(problems []string) error {
	lines := []string{fmt.Sprintf("the service knows no open pull request and no environment %s, and none that went within a day", o.what)}
	if repository, _, ok := config.ParsePullRequest(o.what); ok {
		for _, p := range problems {
			if strings.HasPrefix(strings.ToLower(p), strings.ToLower(repository)+" ") {
				lines = append(lines, config.Printable(p))
			}
		}
	}
	return errors.New(strings.Join(append(lines, "see what there is with: previewctl list --all"), "\n"))
}

// decisions are those about what was asked for.
func (o *whyOptions) decisions(ctx context.Context) (apiclient.Decisions, error) {
	defer o.env.NoticeIfSlow(terminal.SlowService)()
	if repository, number, ok := config.ParsePullRequest(o.what); ok {
		return o.client.Decisions(ctx, repository, number)
	}
	answer, err := o.client.Decisions(ctx, "", 0)
	answer.Decisions = slices.DeleteFunc(answer.Decisions, func(d preview.Decision) bool { return d.Environment != o.what })
	return answer, err
}

// explain writes a decision as a few lines for a person.
func (o *whyOptions) explain(d preview.Decision) error {
	since := ""
	if !d.Since.IsZero() {
		since = fmt.Sprintf(", for %s (since %s)", output.Duration(o.env.Now().Sub(d.Since)), d.Since.UTC().Format(time.RFC3339))
	}
	o.env.Answerf("%s is %s%s", config.Printable(cmp.Or(apiclient.PullRequest(d), d.Environment)), o.colour(d), since)
	w := tabwriter.NewWriter(o.env.Out, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"Environment", d.Environment},
		{"State", d.State},
		{"Title", d.Title},
		{"Author", d.Author},
		{"Owner", owner(d)},
		{"Rule", d.Rule},
		{"Reason", d.Reason},
		{"What to do", d.Remedy},
		{"Sleeps", output.FutureTime(d.SleepsAt, false, o.env.Now())},
		{"Ends", output.FutureTime(d.ExpiresAt, d.ExpiresAnyway, o.env.Now())},
		{"Withheld", withheld(d)},
		{"Pull request", d.URL},
	} {
		if value := config.Printable(line[1]); value != "" {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", line[0], value) // Flush says what went wrong
		}
	}
	return w.Flush()
}

// owner is whose it is, where that isn't its author.
func owner(d preview.Decision) string {
	if d.Owner == d.Author {
		return ""
	}
	return d.Owner
}

func withheld(d preview.Decision) string {
	if !d.Withheld {
		return ""
	}
	return "until somebody confirms that it may go: previewctl confirm " + d.Environment
}

// colour is green for what is live as it should be, yellow for what needs somebody's attention.
func (o *whyOptions) colour(d preview.Decision) string {
	colour := terminal.Yellow
	if d.Outcome == preview.Live && d.Rule == "labelled" {
		colour = terminal.Green
	}
	return o.env.Colour(colour, config.Printable(d.Outcome))
}
