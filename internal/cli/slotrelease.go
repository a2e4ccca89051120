package cli

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/slotfile"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

type slotReleaseOptions struct {
	env     *terminal.Process
	slot    string
	holders []string
	now     time.Time
	commit  configrepo.CommitOptions
}

func newSlotReleaseCmd(env *terminal.Process, runF func(context.Context, *slotReleaseOptions) error) *cobra.Command {
	opts := &slotReleaseOptions{env: env}
	cmd := &cobra.Command{
		Use:   "release [SLOT]",
		Short: "Give a slot back, or stop waiting for one",
		Long: `release ends the claim on a slot. Who waits first holds it from then on; where nobody waits, the slot's environment goes,
with all data in it. With --holders and no slot it gives back what exactly these hold, or their place in the queue.`,
		Example: `  previewctl slot release bulbasaur
  previewctl slot release --holders alice,bob
  previewctl slot release bulbasaur --dry-run`,
		Args:              flags.MaxOneArg("slot"),
		ValidArgsFunction: configrepo.Completer(env, &opts.commit.Repo)("slot"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.slot = args[0]
			}
			if (opts.slot == "") == (len(opts.holders) == 0) {
				return flags.Usagef(cmd, "say either which slot is released, or with --holders who releases theirs")
			}
			opts.now = env.Now().UTC().Truncate(time.Second)
			err := slotfile.CheckHolders(cmd, opts.holders)
			if err == nil {
				err = opts.commit.Check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringSliceVar(&opts.holders, "holders", nil, "who gives back what they hold or wait for: GitHub logins")
	opts.commit.AddFlags(cmd)
	return cmd
}

func runSlotRelease(ctx context.Context, opts *slotReleaseOptions) error {
	var done string
	result, err := opts.commit.Commit(ctx, opts.env, func(fsys fs.FS) (e gitrepo.Edits, err error) {
		p, err := slotfile.Open(fsys, opts.now)
		if err != nil {
			return e, err
		}
		if err = p.Check(opts.slot); err != nil {
			return e, err
		}
		var m gitrepo.Message
		if done, m, err = opts.apply(p); err != nil {
			return e, err
		}
		return p.Edits(m)
	})
	if err != nil {
		return err
	}
	opts.commit.Report(opts.env, result, done)
	return nil
}

// apply frees the slot, or the place in the queue, and lets who waits have it.
func (o *slotReleaseOptions) apply(p *slotfile.Pool) (done string, m gitrepo.Message, err error) {
	slot := o.slot
	own := func(c config.Claim) bool { return slotfile.SameHolders(c.Holders, o.holders) }
	for _, name := range p.Names() {
		if slot == "" && own(p.Now.Slots[name]) {
			slot = name
		}
	}
	if slot == "" {
		if !slices.ContainsFunc(p.Now.Queue, own) {
			return "", m, fmt.Errorf("no slot is held by exactly %s, who don't wait for one either\nsee who does with: previewctl slot list", output.List(o.holders))
		}
		p.Now.Queue = slices.DeleteFunc(p.Now.Queue, own)
		return "took " + output.List(o.holders) + " out of the queue", gitrepo.Message{Subject: configrepo.Subject(fmt.Sprintf("Take %s out of the queue", output.List(o.holders)), "Leave the queue")}, nil
	}
	p.Now.Slots[slot] = config.Claim{}
	p.Now = *p.Now.At(o.now)
	m = gitrepo.Message{Subject: configrepo.Subject("Release slot " + slot), Trailers: []gitrepo.Trailer{{Key: "Environment", Value: slot}}}
	done = "released slot " + slot
	if next := p.Now.Slots[slot]; !slotfile.IsFree(next) {
		done += "; now it is " + slotfile.Describe(next)
	}
	return done, m, nil
}
