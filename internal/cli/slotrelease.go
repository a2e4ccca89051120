package cli

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

type slotReleaseOptions struct {
	env     *process
	slot    string
	holders []string
	now     time.Time
	commit  commitOptions
}

func newSlotReleaseCmd(env *process, runF func(context.Context, *slotReleaseOptions) error) *cobra.Command {
	opts := &slotReleaseOptions{env: env}
	cmd := &cobra.Command{
		Use:   "release [SLOT]",
		Short: "Give a slot back, or stop waiting for one",
		Long: `release ends the claim on a slot. Who waits first holds it from then on; where nobody waits, the slot's environment goes,
with all data in it. With --holders and no slot it gives back what exactly these hold, or their place in the queue.`,
		Example: `  previewctl slot release bulbasaur
  previewctl slot release --holders alice,bob
  previewctl slot release bulbasaur --dry-run`,
		Args:              maxOneArg("slot"),
		ValidArgsFunction: completeFromRepo(env, &opts.commit.repo)("slot"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.slot = args[0]
			}
			if (opts.slot == "") == (len(opts.holders) == 0) {
				return usagef(cmd, "say either which slot is released, or with --holders who releases theirs")
			}
			opts.now = env.Now().UTC().Truncate(time.Second)
			err := checkHolders(cmd, opts.holders)
			if err == nil {
				err = opts.commit.check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringSliceVar(&opts.holders, "holders", nil, "who gives back what they hold or wait for: GitHub logins")
	opts.commit.flags(cmd)
	return cmd
}

func runSlotRelease(ctx context.Context, opts *slotReleaseOptions) error {
	var done string
	result, err := opts.commit.commit(ctx, opts.env, func(fsys fs.FS) (e gitrepo.Edits, err error) {
		p, err := newPool(fsys, opts.now)
		if err != nil {
			return e, err
		}
		if err = p.check(opts.slot); err != nil {
			return e, err
		}
		var m gitrepo.Message
		if done, m, err = opts.apply(p); err != nil {
			return e, err
		}
		return p.edits(m)
	})
	if err != nil {
		return err
	}
	opts.commit.report(opts.env, result, done)
	return nil
}

// apply frees the slot, or the place in the queue, and lets who waits have it.
func (o *slotReleaseOptions) apply(p *pool) (done string, m gitrepo.Message, err error) {
	slot := o.slot
	own := func(c preview.Claim) bool { return sameHolders(c.Holders, o.holders) }
	for _, name := range p.names() {
		if slot == "" && own(p.now.Slots[name]) {
			slot = name
		}
	}
	if slot == "" {
		if !slices.ContainsFunc(p.now.Queue, own) {
			return "", m, fmt.Errorf("no slot is held by exactly %s, who don't wait for one either\nsee who does with: previewctl slot list", plural(o.holders))
		}
		p.now.Queue = slices.DeleteFunc(p.now.Queue, own)
		return "took " + plural(o.holders) + " out of the queue", gitrepo.Message{Subject: subjectOf(fmt.Sprintf("Take %s out of the queue", plural(o.holders)), "Leave the queue")}, nil
	}
	p.now.Slots[slot] = preview.Claim{}
	p.now = *p.now.At(o.now)
	m = gitrepo.Message{Subject: subjectOf("Release slot " + slot), Trailers: []gitrepo.Trailer{{Key: "Environment", Value: slot}}}
	done = "released slot " + slot
	if next := p.now.Slots[slot]; !isFree(next) {
		done += "; now it is " + describeClaim(next)
	}
	return done, m, nil
}
