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

type slotClaimOptions struct {
	env            *process
	slot           string
	holders        []string
	purpose, until string
	take           bool
	commit         commitOptions

	claim preview.Claim // what of it is known before anything is read
}

func newSlotClaimCmd(env *process, runF func(context.Context, *slotClaimOptions) error) *cobra.Command {
	opts := &slotClaimOptions{env: env}
	cmd := &cobra.Command{
		Use:   "claim [SLOT]",
		Short: "Claim a slot, or wait for one",
		Long: `claim writes into slots.yaml that the holders have a slot: the one that is named, else the first that is free. Where none
is, they wait in the queue, and the first of it holds the next slot that gets free, without another command. One that
others hold is refused, unless --take says to take it from them.

Who claims again what they hold already changes its purpose and its end.`,
		Example: `  previewctl slot claim --holders alice,bob --purpose 'checkout redesign' --until 72h
  previewctl slot claim ivysaur --holders alice --until 7d --dry-run
  previewctl slot claim bulbasaur --holders carol --purpose 'urgent fix' --take`,
		Args:              maxOneArg("slot"),
		ValidArgsFunction: completeFromRepo(env, &opts.commit.repo)("slot"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.slot = args[0]
			}
			if err := opts.check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&opts.holders, "holders", nil, "whose it is: GitHub logins (default: PREVIEWSET_OWNER, or github.user of Git's configuration)")
	f.StringVar(&opts.purpose, "purpose", "", "what it is for")
	f.StringVar(&opts.until, "until", "", "when the claim is over: a length like 72h or 7d from now, a day, or a time like 2026-12-24T18:00:00Z")
	f.BoolVar(&opts.take, "take", false, "take it from those who hold it")
	opts.commit.flags(cmd)
	return cmd
}

func (o *slotClaimOptions) check(cmd *cobra.Command) error {
	if owner := ownerOf(cmd.Context(), o.env); len(o.holders) == 0 && owner != "" {
		o.holders = []string{owner}
	}
	switch {
	case len(o.holders) == 0:
		return usagef(cmd, "nobody is said to hold it: say --holders LOGIN, or once for all: git config --global github.user LOGIN")
	case o.take && o.slot == "":
		return usagef(cmd, "--take needs the slot that is taken: previewctl slot list says who holds which")
	}
	if err := checkHolders(cmd, o.holders); err != nil {
		return err
	}
	if err := checkLine(cmd, "--purpose", o.purpose); err != nil {
		return err
	}
	now := o.env.Now().UTC().Truncate(time.Second)
	o.claim = preview.Claim{Holders: o.holders, Purpose: o.purpose, Since: &now}
	if o.until != "" {
		until, err := parseTime(o.until, now)
		if err != nil {
			return usagef(cmd, "--until %w", err)
		}
		o.claim.Until = &until
	}
	return o.commit.check(cmd)
}

func runSlotClaim(ctx context.Context, opts *slotClaimOptions) error {
	var done string
	var p *pool
	result, err := opts.commit.commit(ctx, opts.env, func(fsys fs.FS) (e gitrepo.Edits, err error) {
		if p, err = newPool(fsys, *opts.claim.Since); err != nil {
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
	p.note(opts.env)
	p.noteSeveral(opts.env, opts.holders)
	opts.commit.report(opts.env, result, done)
	return nil
}

// apply gives the holders a slot or a place in the queue, and says which.
func (o *slotClaimOptions) apply(p *pool) (done string, m gitrepo.Message, err error) {
	slot := o.choose(p)
	if slot == "" {
		return o.enqueue(p)
	}
	held := p.now.Slots[slot]
	own := sameHolders(held.Holders, o.holders)
	if !isFree(held) && !own && !o.take {
		return "", m, fmt.Errorf("slot %s is held by %s\nask them to release it, wait for any slot (name none), or take it with --take", slot, describeClaim(held))
	}
	claim := o.claim
	if own {
		claim = renewed(held, o.claim)
	}
	p.now.Slots[slot] = claim
	p.now.Queue = slices.DeleteFunc(p.now.Queue, func(c preview.Claim) bool { return sameHolders(c.Holders, o.holders) })
	m = gitrepo.Message{
		Subject:  subjectOf(fmt.Sprintf("Claim slot %s for %s", slot, plural(o.holders)), "Claim slot "+slot),
		Trailers: []gitrepo.Trailer{{Key: "Environment", Value: slot}},
	}
	if !isFree(held) && !own {
		m.Body = "Taken from " + describeClaim(held) + "."
	}
	return fmt.Sprintf("claimed slot %s for %s", slot, plural(o.holders)), m, nil
}

// choose is the slot that is named, that they hold already, or that is free; "" is none.
func (o *slotClaimOptions) choose(p *pool) string {
	if o.slot != "" {
		return o.slot
	}
	for _, name := range p.names() {
		if sameHolders(p.now.Slots[name].Holders, o.holders) {
			return name
		}
	}
	for _, name := range p.names() {
		if isFree(p.now.Slots[name]) {
			return name
		}
	}
	return ""
}

// renewed is a claim with what was said anew; the rest stays.
func renewed(held, claim preview.Claim) preview.Claim {
	if claim.Purpose != "" {
		held.Purpose = claim.Purpose
	}
	if claim.Until != nil {
		held.Until = claim.Until
	}
	return held
}

func (o *slotClaimOptions) enqueue(p *pool) (done string, m gitrepo.Message, err error) {
	i := slices.IndexFunc(p.now.Queue, func(c preview.Claim) bool { return sameHolders(c.Holders, o.holders) })
	if i >= 0 {
		p.now.Queue[i] = renewed(p.now.Queue[i], o.claim)
	} else {
		i = len(p.now.Queue)
		p.now.Queue = append(p.now.Queue, o.claim)
	}
	m = gitrepo.Message{Subject: subjectOf(fmt.Sprintf("Queue %s for a slot", plural(o.holders)), "Queue for a slot")}
	return fmt.Sprintf("no slot is free: %s waits at place %d of the queue", plural(o.holders), i+1), m, nil
}
