package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	apiclient.Lookup
	output string
}

func newWhyCmd(term *terminal.Process, runF func(context.Context, *whyOptions) error) *cobra.Command {
	opts, server := &whyOptions{Lookup: apiclient.Lookup{Env: term}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "why NAME|OWNER/REPO#NUMBER",
		Short: "Explain the generator's decision and the remedy",
		Long: `why prints the generator's decision about a pull request or an environment: live, asleep, held or
gone, with the rule, the reason, the time and the remedy. For an existing environment it also prints when it
falls asleep and when it expires.

The JSON has the key "decisions", a list with one entry, or several if several pull requests ask for the
same name. Its keys:

- outcome, rule, reason, remedy: the decision, and what to do
- since: the time of the decision
- state, live_since: awake, asleep or waking, and since when it is live
- sleeps_at, expires_at: when it falls asleep and when it expires
- expires_anyway: activity doesn't postpone expires_at
- queue: name, for and position in a queue
- slot_claim: holders, until and next of a slot
- withheld: its removal waits for confirmation
- environment, repository, number: the environment and the pull request
- title, author, url, head_sha: of the pull request
- owner: of a bot's pull request: the login that added the label`,
		Example: `  previewctl why acme/shop#7
  previewctl why shop-pr-7
  previewctl why shop-pr-7 -o json`,
		Args: flags.OneEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := flags.CheckOutput(cmd, opts.output, "text", "json", "yaml")
			if err == nil {
				err = opts.Parse(cmd, &server, args)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = server.CompleteAny(term)
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
		return output.Encode(opts.Env.Out, opts.output, map[string]any{"decisions": found})
	}
	for i, d := range found {
		if i > 0 {
			opts.Env.Answerf("")
		}
		if err := opts.explain(d); err != nil {
			return err
		}
	}
	return nil
}

// decisions returns the decisions about the target, and the problems of the configuration.
func (o *whyOptions) decisions(ctx context.Context) (apiclient.Decisions, error) {
	defer o.Env.NoticeIfSlow(terminal.SlowService)()
	if repository, number, ok := config.ParsePullRequest(o.Target); ok {
		return o.Client.Decisions(ctx, repository, number)
	}
	answer, err := o.Client.Decisions(ctx, "", 0)
	answer.Decisions = slices.DeleteFunc(answer.Decisions, func(d preview.Decision) bool {
		return d.Environment != o.Target
	})
	return answer, err
}

// unknown returns the error for an unknown target, with the problems of its repository.
func (o *whyOptions) unknown(problems []string) error {
	lines := []string{
		"the generator knows no open pull request and no environment " + o.Target + ", also none that was removed within a day",
	}
	if repository, _, ok := config.ParsePullRequest(o.Target); ok {
		for _, p := range problems {
			if strings.HasPrefix(strings.ToLower(p), strings.ToLower(repository)+" ") {
				lines = append(lines, config.Printable(p))
			}
		}
	}
	return errors.New(strings.Join(append(lines, "see all of them: previewctl list --all"), "\n"))
}

// explain prints a decision.
func (o *whyOptions) explain(d preview.Decision) error {
	since, now := "", o.Env.Now()
	if !d.Since.IsZero() {
		since = fmt.Sprintf(", for %s (since %s)", output.Duration(now.Sub(d.Since)), d.Since.UTC().Format(time.RFC3339))
	}
	subject := cmp.Or(apiclient.PullRequest(d), d.Environment)
	o.Env.Answerf("%s is %s%s", config.Printable(subject), o.outcome(d), since)
	owner, removal := d.Owner, ""
	if owner == d.Author {
		owner = ""
	}
	claim := ""
	if d.SlotClaim != nil {
		claim = d.SlotClaim.String()
	}
	if d.Withheld {
		removal = "waits for confirmation: previewctl confirm " + d.Environment
	}
	return output.WriteFields(o.Env.Out, [][2]string{
		{"Environment", d.Environment},
		{"State", string(d.State)},
		{"Title", d.Title},
		{"Author", d.Author},
		{"Owner", owner},
		{"Rule", string(d.Rule)},
		{"Reason", d.Reason},
		{"What to do", d.Remedy},
		{"Sleeps", output.FutureTime(d.SleepsAt, false, now)},
		{"Expires", output.FutureTime(d.ExpiresAt, d.ExpiresAnyway, now)},
		{"Slot", claim},
		{"Removal", removal},
		{"Pull request", d.URL},
	})
}

// outcome is green for a live environment without a problem, and yellow otherwise.
func (o *whyOptions) outcome(d preview.Decision) string {
	colour := terminal.Yellow
	if d.Outcome == preview.Live && d.Rule == preview.RuleLabelled {
		colour = terminal.Green
	}
	return o.Env.Colour(colour, config.Printable(string(d.Outcome)))
}
