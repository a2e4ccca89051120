package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

const (
	// leasePrefix begins the names of leases. leaseRandom is the number of random characters behind it: 50 bits.
	leasePrefix = "lease-"
	leaseRandom = 10
	// keepEndedLease is how long the file of a lease that has ended stays in the GitOps repository. The generator has
	// removed its environment long before.
	keepEndedLease = 24 * time.Hour
)

type leaseOptions struct {
	create createOptions
	ttl    time.Duration
}

// leaseAnswer is the JSON of lease.
type leaseAnswer struct {
	changeAnswer
	Expires time.Time `json:"expires"`
}

func newLeaseCmd(term *terminal.Process, runF func(context.Context, *leaseOptions) error) *cobra.Command {
	opts := &leaseOptions{create: createOptions{term: term}}
	create := &opts.create
	cmd := &cobra.Command{
		Use:   "lease",
		Short: "Create an environment with a unique name and an end",
		Long: `lease creates an environment for a program: with a name that no other environment has, and an end. It
prints the name; release ends the lease earlier. It is like create otherwise.

Leases count for limits.leases, and for no other limit but limits.awake. If limits.awake is reached and another
environment needs a place, the newest lease falls asleep. No environment falls asleep for a lease.

The end of leases needs no confirmation, however many end at once. The command also removes the files of leases
that ended more than a day ago.

The JSON has the keys of create, and expires.`,
		Example: `  previewctl lease --ttl 2h --profile full -o json
  previewctl lease --service gateway=branch:main --purpose 'load test'
  previewctl lease --ttl 30m --dry-run`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := opts.check(cmd)
			if err == nil {
				create.client, err = (&apiclient.Flags{}).Optional(cmd, term)
			}
			if err == nil {
				create.term, err = create.answer.check(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().DurationVar(&opts.ttl, "ttl", 2*time.Hour, "remove the environment after this time, such as 90m")
	create.addContentFlags(cmd)
	create.answer.add(cmd)
	return cmd
}

func (o *leaseOptions) check(cmd *cobra.Command) error {
	if o.ttl < time.Minute {
		return flags.Usagef(cmd, "--ttl %s: expected at least 1m", o.ttl)
	}
	now := o.create.term.Now()
	if err := o.create.flags.Check(cmd, now); err != nil {
		return err
	}
	o.create.target = leasePrefix + strings.ToLower(rand.Text()[:leaseRandom])
	o.create.flags.Settings = append(o.create.flags.Settings,
		envfile.SetValue(true, "lease", "lease"), envfile.SetValue(o.expires(now), "expiry", "lifetime", "expires"))
	o.create.build = o.build(now)
	return o.create.commit.Check(cmd)
}

// build returns the function that makes the edits of the commit. Many programs take leases at the same time, and each
// push of another one makes Commit call it again. It then builds the environment again only if the files have changed
// that all environments are built from.
func (o *leaseOptions) build(now time.Time) func(*envfile.File) (gitrepo.Edits, error) {
	var last gitrepo.Edits
	var basis string
	return func(f *envfile.File) (gitrepo.Edits, error) {
		sum, err := f.Basis()
		if err == nil && (sum != basis || f.Content != nil || o.create.flags.HasLinks()) {
			last, err = f.Create(nil, slices.Concat(o.create.defaults, o.create.flags.Settings))
		}
		if err != nil {
			return last, err
		}
		basis = sum
		last.Delete = endedLeases(f, now)
		return last, nil
	}
}

func (o *leaseOptions) expires(now time.Time) time.Time {
	return now.Add(o.ttl).UTC().Truncate(time.Second)
}

func runLease(ctx context.Context, opts *leaseOptions) error {
	expires := opts.expires(opts.create.term.Now())
	answer, err := opts.create.run(ctx)
	if err != nil {
		return err
	}
	opts.create.term.Answerf("It ends at %s; end it earlier: previewctl release %s", flags.FormatTime(expires), answer.Name)
	return opts.create.answer.print(leaseAnswer{answer, expires})
}

// endedLeases returns the folders of leases that ended more than a day ago, and that no environment links to.
func endedLeases(f *envfile.File, now time.Time) (folders []string) {
	names := slices.DeleteFunc(f.Repo.Names(), func(name string) bool { return !strings.HasPrefix(name, leasePrefix) })
	if len(names) == 0 {
		return nil
	}
	cfg, err := f.Repo.Config(names...)
	if err != nil {
		return nil // they can go with another lease
	}
	for _, name := range names {
		e := cfg.Environments[name]
		if e != nil && e.Lease && !e.Shared && now.Sub(*e.Lifetime.Expires) > keepEndedLease {
			folders = append(folders, envfile.FolderOf(name))
		}
	}
	return folders
}

func newReleaseCmd(term *terminal.Process, runF func(context.Context, *deleteOptions) error) *cobra.Command {
	opts := &deleteOptions{term: term, onlyLease: true}
	cmd := &cobra.Command{
		Use:   "release NAME",
		Short: "End a lease and delete its environment",
		Long: `release ends a lease before its time: it is delete for environments that previewctl lease created, and refuses
all others. The generator then removes the environment with its data, without confirmation.

The JSON has the keys of delete.`,
		Example: `  previewctl release lease-4k2vqz7mpx --dry-run
  previewctl release lease-4k2vqz7mpx
  previewctl release lease-4k2vqz7mpx --if-exists -o json`,
	}
	opts.addTo(cmd, runF)
	return cmd
}

// checkLease returns an error if an environment isn't a lease.
func (o *deleteOptions) checkLease(f *envfile.File) (err error) {
	if e := f.Config.Environments[f.Name]; o.onlyLease && (e == nil || !e.Lease) {
		err = fmt.Errorf("%s is no lease\ndelete it with previewctl delete %s", f.Name, f.Name)
	}
	return err
}
