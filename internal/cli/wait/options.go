package wait

import (
	"context"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
)

type Options struct {
	apiclient.Lookup
	Goal     string // healthy or gone
	Timeout  time.Duration
	Grace    time.Duration
	Every    time.Duration
	FailHeld bool
	Commits  []string
	// configCommit is one of the config branch; "" where any will do.
	ConfigCommit string
	// found, where it isn't nil, is called once it is live.
	Found func(context.Context)
}

const Every = 2 * time.Second

// AddFlags are those that ci has too.
func (o *Options) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "how long to wait; 0 asks once")
	f.DurationVar(&o.Grace, "grace", 10*time.Second, "how long it may be degraded, or its sync failed, before that counts")
	f.DurationVar(&o.Every, "every", Every, "how often to ask")
	f.BoolVar(&o.FailHeld, "fail-on-held", false, "give up where something holds it, instead of waiting for somebody to mend that")
	f.StringSliceVar(&o.Commits, "commit", nil, "commit that must be in it, of any service or of one: [SERVICE=]SHA")
}

var (
	commitWanted = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*=)?[0-9a-f]{7,40}$`)
	configCommit = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
)

func (o *Options) Check(cmd *cobra.Command) error {
	if o.Goal != "healthy" && o.Goal != "gone" {
		return flags.Usagef(cmd, "--for %q is neither healthy nor gone", o.Goal)
	}
	if o.Timeout < 0 || o.Grace < 0 || o.Every < 100*time.Millisecond {
		return flags.Usagef(cmd, "--timeout and --grace can't be negative, nor --every below 100ms")
	}
	switch {
	case o.ConfigCommit != "" && !configCommit.MatchString(o.ConfigCommit):
		return flags.Usagef(cmd, "--config-commit %q is no commit of 7 to 40 characters 0-9 and a-f", o.ConfigCommit)
	case o.ConfigCommit != "" && o.Goal == "gone":
		return flags.Usagef(cmd, "--config-commit is for what is to become healthy: what is gone can't be there as it was before")
	}
	for _, c := range o.Commits {
		if !commitWanted.MatchString(c) {
			return flags.Usagef(cmd, "--commit %q is no commit of 7 to 40 characters 0-9 and a-f, with the service before it where one is meant: orders=3f2a9c1d", c)
		}
	}
	return nil
}
