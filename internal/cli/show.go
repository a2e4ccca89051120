package cli

import (
	"cmp"
	"context"
	"fmt"
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

type showOptions struct {
	apiclient.Lookup
	output string
}

// shown is what `show -o json` prints: the service's keys, the services taken apart, and what was decided.
type shown struct {
	preview.Status
	Services []preview.Content `json:"services"`
	Decision *preview.Decision `json:"decision,omitempty"`
}

func newShowCmd(env *terminal.Process, runF func(context.Context, *showOptions) error) *cobra.Command {
	opts, server := &showOptions{Lookup: apiclient.Lookup{Env: env}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "show NAME|OWNER/REPO#NUMBER",
		Short: "Show one environment: services, commits, links, address, and how Argo CD gets on with it",
		Long: `show asks the service about one live environment: its address, whose it is, whether it is awake and how long it stays; which
services run in it and at which commits, and where the names of the others lead; whether Argo CD has synced exactly that
and finds it healthy, and if not, why, with the first resource to look at.

The JSON has the keys of the row that Argo CD gets, and "services", "decision", "expected" (revision and images), "ready",
"failing", "reason" and "application" (sync, health, revision, operation, message, unhealthy, images). Where the service
knows no cluster, "ready" and "application" are absent.`,
		Example: `  previewctl show shop-pr-7
  previewctl show acme/shop#7
  previewctl show shop-pr-7 -o json`,
		Args:              flags.OneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: apiclient.Complete(env, &server, 1, apiclient.HasEnvironment),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(flags.CheckOutput(cmd, opts.output, "text", "json", "yaml"), opts.Parse(cmd, server, args)); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func runShow(ctx context.Context, opts *showOptions) error {
	s, err := opts.ask(ctx)
	if err != nil {
		return err
	}
	if opts.output != "text" {
		return output.Encode(opts.Env.Out, opts.output, s)
	}
	return opts.print(s)
}

func (o *showOptions) ask(ctx context.Context) (s shown, err error) {
	defer o.Env.NoticeIfSlow(terminal.SlowService)()
	if s.Status, err = o.Status(ctx); err == nil {
		s.Services = s.Contents()
		s.Decision, err = o.Client.DecisionAbout(ctx, s.Name)
	}
	return s, err
}

func (o *showOptions) print(s shown) error {
	o.Env.Answerf("%s is %s", config.Printable(s.Name), o.condition(s.Status))
	w := tabwriter.NewWriter(o.Env.Out, 0, 0, 2, ' ', 0)
	for _, line := range o.lines(s) {
		if value := config.Printable(line[1]); value != "" {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", line[0], value) // Flush says what went wrong
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	o.Env.Answerf("")
	return o.services(s).Write(o.Env.Out, true)
}

// condition is how it is, in a word or two.
func (o *showOptions) condition(s preview.Status) string {
	switch {
	case s.State == preview.Asleep:
		return o.Env.Colour(terminal.Yellow, "asleep")
	case s.State == preview.Waking:
		return o.Env.Colour(terminal.Yellow, "waking")
	case s.Ready == nil:
		return "live"
	case *s.Ready:
		return o.Env.Colour(terminal.Green, "ready")
	case s.Failing:
		return o.Env.Colour(terminal.Red, "failing")
	}
	return o.Env.Colour(terminal.Yellow, "not ready yet")
}

func (o *showOptions) lines(s shown) [][2]string {
	return [][2]string{
		{"Address", s.URL},
		{"Namespace", s.Namespace},
		{"State", s.State},
		{"Source", cmp.Or(apiclient.Reference(s.Repository, s.Number), s.Source)},
		{"Title", s.Title},
		{"Owner", s.Owner},
		{"Purpose", s.Purpose},
		{"Profile", s.Profile},
		{"Sleeps", o.sleeps(s)},
		{"Ends", o.ends(s)},
		{"Decision", o.decision(s.Decision)},
		{"Files", s.Path + " at commit " + output.ShortCommit(s.Revision)},
		{"Argo CD", o.argocd(s.Status)},
		{"Waits for", s.Reason},
		{"Look at", unhealthy(s.Application)},
	}
}

// sleeps is when it sleeps next.
func (o *showOptions) sleeps(s shown) string {
	if s.Decision == nil {
		return ""
	}
	return output.FutureTime(s.Decision.SleepsAt, false, o.Env.Now())
}

// ends is how long it stays. What was decided knows of extensions too.
func (o *showOptions) ends(s shown) string {
	if s.Decision != nil && s.Decision.ExpiresAt != nil {
		return output.FutureTime(s.Decision.ExpiresAt, s.Decision.ExpiresAnyway, o.Env.Now())
	}
	r := s.Row
	if at, err := time.Parse(time.RFC3339, r.ExpiresAt); err == nil {
		if left := at.Sub(o.Env.Now()); left > 0 {
			return fmt.Sprintf("%s, in %s", r.ExpiresAt, output.Duration(left))
		}
		return r.ExpiresAt
	}
	if r.Source == "pull-request" {
		return "with its pull request"
	}
	return "when somebody ends it"
}

func (o *showOptions) decision(d *preview.Decision) string {
	if d == nil {
		return ""
	}
	text := d.Rule + ": " + d.Reason
	if d.Remedy != "" {
		text += "; " + d.Remedy
	}
	if !d.Since.IsZero() {
		text += " (for " + output.Duration(o.Env.Now().Sub(d.Since)) + ")"
	}
	return text
}

func (o *showOptions) argocd(s preview.Status) string {
	switch {
	case s.Ready == nil:
		return "unknown: the service knows no cluster"
	case s.Application == nil:
		return ""
	}
	a := s.Application
	text := cmp.Or(a.Sync, "not compared") + ", " + cmp.Or(a.Health, "health unknown")
	if a.Revision != "" {
		text += ", at commit " + output.ShortCommit(a.Revision)
	}
	return text
}

func unhealthy(a *preview.ApplicationStatus) string {
	if a == nil || a.Unhealthy == nil {
		return ""
	}
	return a.Unhealthy.String()
}

// services is a table of what runs and where the rest leads.
func (o *showOptions) services(s shown) *output.Table {
	t := &output.Table{Header: []string{"SERVICE", "RUNS", "COMMIT", "ADDRESS"}}
	prefix := strings.TrimSuffix(s.Namespace, s.Name)
	for _, c := range s.Services {
		runs, address := "here", ""
		if c.Host != "" {
			address = "https://" + c.Host
		}
		if environment, ours := strings.CutPrefix(c.Namespace, prefix); ours && prefix != "" && c.Namespace != "" {
			runs = "in environment " + environment
		} else if !c.Runs {
			runs = "in namespace " + c.Namespace
		}
		t.Add(c.Service, runs, output.ShortCommit(c.Commit), address)
	}
	return t
}
