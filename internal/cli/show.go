package cli

import (
	"cmp"
	"context"
	"fmt"
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

type showOptions struct {
	apiclient.Lookup
	output string
}

// details is the JSON of show: the generator's keys, the services as a list, and the decision.
type details struct {
	preview.Status
	Services []preview.Content `json:"services"`
	Decision *preview.Decision `json:"decision,omitempty"`
}

func newShowCmd(term *terminal.Process, runF func(context.Context, *showOptions) error) *cobra.Command {
	opts, server := &showOptions{Lookup: apiclient.Lookup{Env: term}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "show NAME|OWNER/REPO#NUMBER",
		Short: "Show an environment's services, address and health",
		Long: `show prints an existing environment: its address, pull requests, owner, state, expiry, and the phase with its
age; its components, datasets and handovers; its services with their commits; the targets of its links; and
Argo CD's sync status and health; why it isn't ready; and a failing Pod or the first unhealthy resource.

The JSON has the keys of the row for Argo CD, and "services", "decision", "expected" (revision and images),
"ready", "failing", "reason", "progress" (phase, reason, remedy, since, expected_seconds, resource) and
"application" (sync, health, revision, operation, message, unhealthy, failing_pod, images). "ready" and
"application" are absent if the generator has no access to a cluster.`,
		Example: `  previewctl show shop-pr-7
  previewctl show acme/shop#7
  previewctl show shop-pr-7 -o json`,
		Args: flags.OneEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.CheckOutput(cmd, opts.output, "text", "json", "yaml"); err != nil {
				return err
			}
			if err := opts.Parse(cmd, &server, args); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = server.CompleteExisting(term)
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func runShow(ctx context.Context, opts *showOptions) error {
	d, err := opts.details(ctx)
	if err != nil {
		return err
	}
	if opts.output != "text" {
		return output.Encode(opts.Env.Out, opts.output, d)
	}
	opts.Env.Answerf("%s is %s", config.Printable(d.Name), opts.condition(d.Status))
	if err := output.WriteFields(opts.Env.Out, d.fields(opts.Env.Now())); err != nil {
		return err
	}
	opts.Env.Answerf("")
	return d.servicesTable().Write(opts.Env.Out, true)
}

func (o *showOptions) details(ctx context.Context) (d details, err error) {
	defer o.Env.NoticeIfSlow(terminal.SlowService)()
	if d.Status, err = o.Status(ctx); err == nil {
		d.Services = d.Contents()
		d.Decision, err = o.Client.DecisionAbout(ctx, d.Name)
	}
	return d, err
}

// condition returns the environment's phase.
func (o *showOptions) condition(s preview.Status) string {
	switch {
	case s.State == preview.Asleep, s.State == preview.Waking:
		return o.Env.Colour(terminal.Yellow, string(s.State))
	case s.Ready == nil: // the generator has no access to a cluster
		return "live"
	case *s.Ready:
		return o.Env.Colour(terminal.Green, string(preview.PhaseReady))
	case s.Progress.IsFailing():
		return o.Env.Colour(terminal.Red, string(s.Progress.Phase))
	}
	return o.Env.Colour(terminal.Yellow, cmp.Or(string(s.Progress.Phase), "not ready yet"))
}

// phase returns since when the environment is in its phase, and how long that usually takes.
func (d details) phase(now time.Time) string {
	if d.Ready == nil && d.State == preview.Awake {
		return "" // the generator has no access to a cluster
	}
	text := phaseText(&d.Progress, now)
	if d.Progress.ExpectedSeconds > 0 {
		text += ", usually " + output.Duration(time.Duration(d.Progress.ExpectedSeconds)*time.Second)
	}
	return text
}

// why returns why the environment isn't ready, and what its author can do, with a label: a failure doesn't end by
// waiting.
func (d details) why() [2]string {
	if d.Progress.IsFailing() {
		return [2]string{"Problem", d.notReady()}
	}
	return [2]string{"Waits for", d.notReady()}
}

func (d details) notReady() string {
	if d.State == preview.Asleep || d.State == preview.Waking {
		return "" // the decision says it
	}
	reason := cmp.Or(d.Reason, d.Progress.Reason)
	if d.Ready == nil || reason == "" || d.Progress.Remedy == "" {
		return d.Reason
	}
	return reason + "; " + d.Progress.Remedy
}

func (d details) fields(now time.Time) [][2]string {
	var sleepsAt *time.Time
	if d.Decision != nil {
		sleepsAt = d.Decision.SleepsAt
	}
	components, datasets := d.Content()
	return [][2]string{
		{"Address", d.URL},
		{"Namespace", d.Namespace},
		{"State", string(d.State)},
		{"Phase", d.phase(now)},
		{"Source", cmp.Or(apiclient.Reference(d.Repository, d.Number), string(d.Source))},
		{"Pull requests", pullRequestsOf(d.Row)},
		{"Title", d.Title},
		{"Owner", d.Owner},
		{"Purpose", d.Purpose},
		{"Profile", d.Profile},
		{"Components", strings.Join(components, ", ")},
		{"Data", strings.Join(datasets, ", ")},
		{"Handover", strings.Join(handoverOf(d.Row), ", ")},
		{"Sleeps", output.FutureTime(sleepsAt, false, now)},
		{"Expires", d.expiry(now)},
		{"Slot", d.slotClaim()},
		{"Live since", d.liveSince(now)},
		{"Decision", decisionText(d.Decision, now)},
		{"Files", d.Path + " at commit " + output.ShortCommit(d.Revision)},
		{"Argo CD", argoCDText(d.Status)},
		d.why(),
		{"Look at", resourceToLookAt(d.Status)},
	}
}

// expiry prefers the decision's time, which includes extensions.
func (d details) expiry(now time.Time) string {
	if d.Decision != nil && d.Decision.ExpiresAt != nil {
		return output.FutureTime(d.Decision.ExpiresAt, d.Decision.ExpiresAnyway, now)
	}
	if at, err := time.Parse(time.RFC3339, d.ExpiresAt); err == nil {
		if left := at.Sub(now); left > 0 {
			return fmt.Sprintf("%s, in %s", d.ExpiresAt, output.Duration(left))
		}
		return d.ExpiresAt
	}
	switch d.Source {
	case preview.FromPullRequest:
		return "with its pull request"
	case preview.FromSlot:
		return "when its slot is released"
	case preview.FromFile:
	}
	return "when it is deleted"
}

// slotClaim returns the slot's holders, the end of their claim, and what follows.
func (d details) slotClaim() string {
	if d.Decision == nil || d.Decision.SlotClaim == nil {
		return ""
	}
	return d.Decision.SlotClaim.String()
}

func (d details) liveSince(now time.Time) string {
	if d.Decision == nil || d.Decision.LiveSince == nil {
		return ""
	}
	since := *d.Decision.LiveSince
	return flags.FormatTime(since) + ", for " + output.Duration(now.Sub(since))
}

func decisionText(d *preview.Decision, now time.Time) string {
	if d == nil {
		return ""
	}
	text := string(d.Rule) + ": " + d.Reason
	if d.Remedy != "" {
		text += "; " + d.Remedy
	}
	if !d.Since.IsZero() {
		text += " (for " + output.Duration(now.Sub(d.Since)) + ")"
	}
	return text
}

func argoCDText(s preview.Status) string {
	switch {
	case s.Ready == nil:
		return "unknown: the generator has no access to a cluster"
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

// resourceToLookAt returns the resource that the progress is about. While Argo CD syncs, or after a failed sync, the
// progress has none, and a failing Pod takes its place.
func resourceToLookAt(s preview.Status) string {
	switch a := s.Application; {
	case s.Progress.Resource != nil:
		return s.Progress.Resource.String()
	case a != nil && a.FailingPod != nil:
		return a.FailingPod.String()
	case a != nil && a.Unhealthy != nil:
		return a.Unhealthy.String()
	}
	return ""
}

// servicesTable lists the services that run, and the targets of the links.
func (d details) servicesTable() *output.Table {
	t := &output.Table{Header: []string{"SERVICE", "RUNS", "COMMIT", "ADDRESS"}}
	prefix := strings.TrimSuffix(d.Namespace, d.Name)
	for _, c := range d.Services {
		runs, address := "here", ""
		if c.Host != "" {
			address = "https://" + c.Host
		}
		environment, isEnvironment := strings.CutPrefix(c.Namespace, prefix)
		switch {
		case isEnvironment && prefix != "" && c.Namespace != "":
			runs = "in environment " + environment
		case !c.Runs:
			runs = "in namespace " + c.Namespace
		}
		t.Add(c.Service, runs, output.ShortCommit(c.Commit), address)
	}
	return t
}
