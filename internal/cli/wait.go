package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/preview"
)

// How waiting ends without what was waited for.
var (
	errTimeUp   = errors.New("time is up")
	errDegraded = errors.New("it doesn't become healthy")
	errGone     = errors.New("it is gone")
	errHeld     = errors.New("it is held")
)

type waitOptions struct {
	lookup
	goal     string // healthy or gone
	timeout  time.Duration
	grace    time.Duration
	every    time.Duration
	failHeld bool
	commits  []string
	// configCommit is one of the config branch; "" where any will do.
	configCommit string
	// found, where it isn't nil, is called once it is live.
	found func(context.Context)
}

const waitEvery = 2 * time.Second

func newWaitCmd(env *process, runF func(context.Context, *waitOptions) error) *cobra.Command {
	opts, server := &waitOptions{lookup: lookup{env: env}}, serverOptions{}
	cmd := &cobra.Command{
		Use:   "wait NAME|OWNER/REPO#NUMBER",
		Short: "Wait until an environment is synced and healthy, or gone",
		Long: `wait asks the service, again and again, until Argo CD has synced what the environment is to be now (its commit of the config
branch, its images, everything that the service answers for it) and finds all of it healthy; or, with --for gone, until the
service answers it no more and Argo CD has deleted its Application with everything in it. It needs no access to the cluster.
One that is asleep isn't healthy, and isn't woken: previewctl wake does that.

An environment that the service doesn't know yet is waited for; one that is held too, with the reason. Just after a change the
environment may be taken for ready as it was before. So after a push to a service, --commit says which commit must be in it; after
a commit of previewctl, --config-commit says which one the service must have read: those commands print it.

How it gets on is told on standard error: in one line on a terminal, elsewhere in a line for each change. The exit code says
how it ended: see previewctl help exit-codes.`,
		Example: `  previewctl wait acme/shop#7 --commit orders=3f2a9c1d --timeout 5m
  previewctl wait mine --config-commit ab8bdbe446
  previewctl wait gateway-pr-9 --for gone`,
		Args:              oneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: completeFromService(env, &server, 1, func(preview.Decision) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(opts.check(cmd), opts.parse(cmd, server, args)); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.goal, "for", "healthy", "what to wait for: healthy, gone")
	f.StringVar(&opts.configCommit, "config-commit", "", "commit of the config branch that the service must have read, as previewctl set and others print it")
	opts.flags(cmd)
	complete(cmd, "for", func(string) []string { return []string{"healthy", "gone"} })
	return cmd
}

// flags are those that ci has too.
func (o *waitOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long to wait; 0 asks once")
	f.DurationVar(&o.grace, "grace", 10*time.Second, "how long it may be degraded, or its sync failed, before that counts")
	f.DurationVar(&o.every, "every", waitEvery, "how often to ask")
	f.BoolVar(&o.failHeld, "fail-on-held", false, "give up where something holds it, instead of waiting for somebody to mend that")
	f.StringSliceVar(&o.commits, "commit", nil, "commit that must be in it, of any service or of one: [SERVICE=]SHA")
}

var (
	commitWanted = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*=)?[0-9a-f]{7,40}$`)
	configCommit = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
)

func (o *waitOptions) check(cmd *cobra.Command) error {
	if o.goal != "healthy" && o.goal != "gone" {
		return usagef(cmd, "--for %q is neither healthy nor gone", o.goal)
	}
	if o.timeout < 0 || o.grace < 0 || o.every < 100*time.Millisecond {
		return usagef(cmd, "--timeout and --grace can't be negative, nor --every below 100ms")
	}
	switch {
	case o.configCommit != "" && !configCommit.MatchString(o.configCommit):
		return usagef(cmd, "--config-commit %q is no commit of 7 to 40 characters 0-9 and a-f", o.configCommit)
	case o.configCommit != "" && o.goal == "gone":
		return usagef(cmd, "--config-commit is for what is to become healthy: what is gone can't be there as it was before")
	}
	for _, c := range o.commits {
		if !commitWanted.MatchString(c) {
			return usagef(cmd, "--commit %q is no commit of 7 to 40 characters 0-9 and a-f, with the service before it where one is meant: orders=3f2a9c1d", c)
		}
	}
	return nil
}

func runWait(ctx context.Context, opts *waitOptions) error {
	status, err := opts.wait(ctx)
	if err != nil {
		return err
	}
	took := shortly(opts.env.Now().Sub(status.began))
	if opts.goal == "gone" {
		opts.env.say("%s is gone, after %s", preview.Printable(opts.what), took)
		return nil
	}
	opts.env.say("%s is healthy, after %s", preview.Printable(status.Name), took)
	if status.URL != "" {
		opts.env.tell("open it with: previewctl open " + preview.Printable(status.Name) + " (" + preview.Printable(status.URL) + ")")
	}
	return nil
}

// waited is what waiting ended with.
type waited struct {
	preview.Status
	began time.Time
}

// wait asks until the goal is reached; the error says how else it ended.
func (o *waitOptions) wait(ctx context.Context) (waited, error) {
	w := &waiter{waitOptions: o, waited: waited{began: o.env.Now()}, progress: progress{env: o.env}}
	defer w.progress.done()
	stop := o.env.patience(slowService) // of the first answer: after it the progress says where it is
	for {
		done, err := w.askInTime(ctx)
		stop()
		if done || err != nil {
			return w.waited, err
		}
		passed := o.env.Now().Sub(w.began)
		if passed >= o.timeout {
			return w.waited, w.timeUp()
		}
		w.progress.show(o.what+": "+w.line, "("+shortly(passed)+")")
		select {
		case <-ctx.Done():
			return w.waited, ctx.Err()
		case <-time.After(min(o.every, o.timeout-passed)):
		}
	}
}

// waiter is one time of waiting.
type waiter struct {
	*waitOptions
	waited
	progress progress
	line     string // what it is waiting for now
	heard    bool   // the service has answered once
	seen     bool   // it was live
	failing  time.Time
}

// leastAnswer is how long the service has to answer where the time is nearly up.
const leastAnswer = time.Second

// askInTime asks the service once, and doesn't wait for its answer longer than for the goal.
func (w *waiter) askInTime(ctx context.Context) (done bool, err error) {
	if w.timeout == 0 {
		return w.ask(ctx)
	}
	within, cancel := context.WithTimeout(ctx, max(leastAnswer, w.timeout-w.env.Now().Sub(w.began)))
	defer cancel()
	done, err = w.ask(within)
	if ctx.Err() == nil && within.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		w.line = cmp.Or(w.line, "the service hasn't answered")
		return false, w.timeUp()
	}
	return done, err
}

func (w *waiter) timeUp() error {
	return fmt.Errorf("%s isn't %s after %s, and %w: %s\nsee more with: previewctl show %s", w.what, w.goal, shortly(w.env.Now().Sub(w.began)), errTimeUp, w.line, w.what)
}

// ask asks the service once. What may pass by itself is no error once the service has answered.
func (w *waiter) ask(ctx context.Context) (done bool, err error) {
	if w.goal == "gone" {
		done, err = w.isGone(ctx)
	} else {
		done, err = w.isHealthy(ctx)
	}
	status, answered := errors.AsType[*statusError](err)
	switch {
	case err == nil:
		w.heard = true
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, errDegraded) || errors.Is(err, errGone) || errors.Is(err, errHeld):
		return false, err
	case (answered && status.code >= 500 && status.code != http.StatusNotImplemented) || (!answered && w.heard && errors.As(err, new(*unreachableError))):
		w.line, _, _ = strings.Cut(err.Error(), "\n")
		return false, nil
	}
	return done, err
}

// find looks for the environment; of one that isn't live it returns what was decided about it, nil where nothing was.
func (w *waiter) find(ctx context.Context) (*preview.Status, *preview.Decision, error) {
	name := w.Name
	if name == "" {
		name = w.what
		if repository, number, ok := preview.ParsePullRequest(w.what); ok {
			answer, err := w.client.decisions(ctx, repository, number)
			d := firstOf(answer.Decisions, func(preview.Decision) bool { return true })
			if err != nil || d == nil || !hasEnvironment(*d) {
				return nil, d, err
			}
			name = d.Environment
		}
	}
	s, err := w.client.environment(ctx, name, w.configCommit)
	if err == nil {
		if w.Status = s; w.found != nil {
			w.found(ctx)
			w.found = nil
		}
		w.seen = w.seen || w.isRead(s) // else it may be one from before
		return &s, nil, nil
	}
	if !isStatus(err, http.StatusNotFound) {
		return nil, nil, err
	}
	d, err := w.client.decisionAbout(ctx, name)
	return nil, d, err
}

func (w *waiter) isHealthy(ctx context.Context) (bool, error) {
	status, decision, err := w.find(ctx)
	switch {
	case err != nil:
		return false, err
	case status == nil:
		return false, w.absent(decision)
	case status.Ready == nil:
		return false, errors.New("the service knows no cluster, so it can't tell whether an environment is healthy\nrun it beside Argo CD, or with --kubeconfig")
	}
	if missing := w.missing(*status); missing != "" {
		w.failing, w.line = time.Time{}, missing
		return false, w.explain(ctx)
	}
	if status.State == preview.Asleep || status.State == preview.Waking {
		w.failing, w.line = time.Time{}, "it is "+status.State
		if status.State == preview.Asleep {
			w.line += "; wake it with: previewctl wake " + status.Name
		}
		return false, nil
	}
	w.line = status.Reason
	if *status.Ready {
		return true, nil
	}
	return false, w.degraded(status.Failing)
}

// absent is about an environment that isn't live.
func (w *waiter) absent(d *preview.Decision) error {
	switch {
	case w.seen || (d != nil && d.Outcome == preview.Gone && d.Since.After(w.began) && w.configCommit == ""):
		why := ""
		if d != nil {
			why = ": " + d.Reason
		}
		return fmt.Errorf("%s won't become healthy: %w%s", w.what, errGone, why)
	case d == nil:
		w.line = "the service doesn't know it yet"
	case d.Outcome == preview.Held && w.failHeld:
		return fmt.Errorf("%s won't become healthy: %w by rule %s: %s\n%s", w.what, errHeld, d.Rule, d.Reason, d.Remedy)
	default:
		w.line = fmt.Sprintf("it is %s: %s", d.Outcome, d.Reason)
		if d.Remedy != "" {
			w.line += "; " + d.Remedy
		}
	}
	return nil
}

// isRead says whether what the service answers is of the commit of the config branch that is waited for.
func (w *waiter) isRead(s preview.Status) bool {
	return w.configCommit == "" || (s.ConfigRead != nil && *s.ConfigRead)
}

// missing is what tells that the environment isn't yet the one that is waited for: that the service hasn't read of it, or a
// commit that isn't in it.
func (w *waiter) missing(s preview.Status) string {
	if !w.isRead(s) {
		return fmt.Sprintf("the service hasn't read commit %s of the config branch yet", shortCommit(w.configCommit))
	}
	contents := s.Contents()
	for _, wanted := range w.commits {
		service, commit, one := strings.Cut(wanted, "=")
		if !one {
			service, commit = "", wanted
		}
		if !slices.ContainsFunc(contents, func(c preview.Content) bool {
			return strings.HasPrefix(c.Commit, commit) && (service == "" || c.Service == service)
		}) {
			return "commit " + wanted + " isn't in it yet"
		}
	}
	return ""
}

// explain adds why a live environment stays as it was.
func (w *waiter) explain(ctx context.Context) error {
	d, err := w.client.decisionAbout(ctx, w.Name)
	if err == nil && d != nil && d.Reason != "" {
		w.line += ": " + d.Reason
	}
	return err
}

// degraded is an error once it has been failing for the whole grace: what is starting may be degraded for a moment.
func (w *waiter) degraded(failing bool) error {
	now := w.env.Now()
	switch {
	case !failing:
		w.failing = time.Time{}
	case w.failing.IsZero():
		w.failing = now
	}
	if failing && now.Sub(w.failing) >= w.grace {
		return fmt.Errorf("%s: %w: %s\nsee more with: previewctl show %s", w.what, errDegraded, w.line, w.what)
	}
	return nil
}

// isGone says whether the service answers the environment no more and Argo CD has deleted it.
func (w *waiter) isGone(ctx context.Context) (bool, error) {
	status, decision, err := w.find(ctx)
	if err != nil {
		return false, err
	}
	if status != nil {
		w.line = "it is live"
		return false, w.explain(ctx)
	}
	name := w.Name
	if name == "" && decision != nil {
		name = decision.Environment
	}
	if name == "" && dnsLabel.MatchString(w.what) {
		name = w.what
	}
	if name == "" {
		return true, nil // a pull request that nobody knows: it has no environment
	}
	application, err := w.client.application(ctx, name)
	switch {
	case isStatus(err, http.StatusNotFound):
		return true, nil
	case isStatus(err, http.StatusNotImplemented):
		w.env.tell("note: the service knows no cluster, so it can't tell whether Argo CD has deleted it yet")
		return true, nil
	case err != nil:
		return false, err
	}
	w.line = "Argo CD is deleting it"
	if !application.Deleting {
		w.line = "Argo CD hasn't begun to delete it"
	}
	return false, nil
}
