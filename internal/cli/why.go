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

	"github.com/previewset/previewset/internal/preview"
)

type whyOptions struct {
	env    *process
	client *client
	what   string
	output string
}

func newWhyCmd(env *process, runF func(context.Context, *whyOptions) error) *cobra.Command {
	opts, server := &whyOptions{env: env}, serverOptions{}
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
		Args:              oneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: completeFromService(env, &server, 1, func(preview.Decision) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			err := checkName(cmd, opts.what)
			if err == nil {
				err = checkOutput(cmd, opts.output, "text", "json", "yaml")
			}
			if err == nil {
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
		return encode(opts.env.Out, opts.output, map[string]any{"decisions": found})
	}
	for i, d := range found {
		if i > 0 {
			opts.env.say("")
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
	if repository, _, ok := preview.ParsePullRequest(o.what); ok {
		for _, p := range problems {
			if strings.HasPrefix(strings.ToLower(p), strings.ToLower(repository)+" ") {
				lines = append(lines, preview.Printable(p))
			}
		}
	}
	return errors.New(strings.Join(append(lines, "see what there is with: previewctl list --all"), "\n"))
}

// decisions are those about what was asked for.
func (o *whyOptions) decisions(ctx context.Context) (decided, error) {
	defer o.env.patience(slowService)()
	if repository, number, ok := preview.ParsePullRequest(o.what); ok {
		return o.client.decisions(ctx, repository, number)
	}
	answer, err := o.client.decisions(ctx, "", 0)
	answer.Decisions = slices.DeleteFunc(answer.Decisions, func(d preview.Decision) bool { return d.Environment != o.what })
	return answer, err
}

// explain writes a decision as a few lines for a person.
func (o *whyOptions) explain(d preview.Decision) error {
	since := ""
	if !d.Since.IsZero() {
		since = fmt.Sprintf(", for %s (since %s)", shortly(o.env.Now().Sub(d.Since)), d.Since.UTC().Format(time.RFC3339))
	}
	o.env.say("%s is %s%s", preview.Printable(cmp.Or(pullRequest(d), d.Environment)), o.colour(d), since)
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
		{"Sleeps", comes(d.SleepsAt, false, o.env.Now())},
		{"Ends", comes(d.ExpiresAt, d.ExpiresAnyway, o.env.Now())},
		{"Withheld", withheld(d)},
		{"Pull request", d.URL},
	} {
		if value := preview.Printable(line[1]); value != "" {
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
	colour := yellow
	if d.Outcome == preview.Live && d.Rule == "labelled" {
		colour = green
	}
	return o.env.colour(colour, preview.Printable(d.Outcome))
}

// completionTimeout is how long somebody who pressed Tab is kept waiting.
const completionTimeout = 2 * time.Second

// completeFromService offers the environments that the service has decided about, for up to most arguments.
func completeFromService(env *process, server *serverOptions, most int, wanted func(preview.Decision) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		c, err := newClient(cmd, env, *server)
		if err != nil || len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		answer, err := c.decisions(ctx, "", 0)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, d := range answer.Decisions {
			if wanted(d) && dnsLabel.MatchString(d.Environment) && !slices.Contains(args, d.Environment) {
				names = append(names, d.Environment)
			}
		}
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
	}
}
