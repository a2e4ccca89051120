package wait

import (
	"context"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
)

// The goals of waiting.
const (
	Healthy = "healthy"
	Gone    = "gone"
)

// Options say which environment to wait for, and how long.
type Options struct {
	apiclient.Lookup
	// Goal is Healthy or Gone.
	Goal    string
	Timeout time.Duration
	// Grace is how long the environment may be degraded.
	Grace time.Duration
	// Every is the time between two requests.
	Every    time.Duration
	FailHeld bool
	// Commits must run in the environment: SHA or SERVICE=SHA.
	Commits []string
	// ConfigCommit is a commit of the config branch that the generator must have read; "" accepts any.
	ConfigCommit string
	// Found is called once when the environment exists. It may be nil.
	Found func(context.Context)
}

// Every is the default time between two requests.
const Every = 2 * time.Second

// AddFlags adds the flags that the commands wait and ci share.
func (o *Options) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "stop waiting after a duration; 0 asks once")
	f.DurationVar(&o.Grace, "grace", 10*time.Second, "accept a degraded environment or a failed sync for a duration")
	f.DurationVar(&o.Every, "every", Every, "ask the generator at an interval of at least 100ms")
	f.BoolVar(&o.FailHeld, "fail-on-held", false, "fail if the environment is held, instead of waiting for a correction")
	flags.ListVar(f, &o.Commits, "commit", "require a commit of any service or of one: [SERVICE=]SHA; repeatable")
}

// AddGoalFlags adds the flags that only the command wait has.
func (o *Options) AddGoalFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Goal, "for", Healthy, "set the goal: healthy, gone")
	f.StringVar(&o.ConfigCommit, "config-commit", "",
		"require that the generator has read a commit of the config branch, as previewctl create and set print it")
	flags.Complete(cmd, "for", Healthy, Gone)
}

var (
	serviceCommit = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*=)?[0-9a-f]{7,40}$`)
	configCommit  = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
)

// Check checks the flags.
func (o *Options) Check(cmd *cobra.Command) error {
	switch {
	case o.Goal != Healthy && o.Goal != Gone:
		return flags.Usagef(cmd, "--for %q: unknown goal; use healthy or gone", o.Goal)
	case o.Timeout < 0 || o.Grace < 0 || o.Every < 100*time.Millisecond:
		return flags.Usagef(cmd, "--timeout and --grace can't be negative, and --every can't be below 100ms")
	case o.ConfigCommit != "" && !configCommit.MatchString(o.ConfigCommit):
		return flags.Usagef(cmd, "--config-commit %q is not a commit; use 7 to 40 characters of 0-9 and a-f", o.ConfigCommit)
	case o.ConfigCommit != "" && o.Goal == Gone:
		return flags.Usagef(cmd, "--config-commit requires --for healthy; remove one of the two flags")
	}
	for _, c := range o.Commits {
		if !serviceCommit.MatchString(c) {
			return flags.Usagef(cmd, "--commit %q is not a commit; "+
				"use 7 to 40 characters of 0-9 and a-f, for one service like orders=3f2a9c1d", c)
		}
	}
	return nil
}
