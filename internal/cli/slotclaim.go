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

type slotClaimOptions struct {
	env            *terminal.Process
	slot           string
	holders        []string
	purpose, until string
	take           bool
	commit         configrepo.CommitOptions

	claim config.Claim // what of it is known before anything is read
}

func newSlotClaimCmd(env *terminal.Process, runF func(context.Context, *slotClaimOptions) error) *cobra.Command {
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
		Args:              flags.MaxOneArg("slot"),
		ValidArgsFunction: configrepo.Completer(env, &opts.commit.Repo)("slot"),
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
	opts.commit.AddFlags(cmd)
	return cmd
}

func (o *slotClaimOptions) check(cmd *cobra.Command) error {
	if owner := configrepo.CallerLogin(cmd.Context(), o.env); len(o.holders) == 0 && owner != "" {
		o.holders = []string{owner}
	}
	switch {
	case len(o.holders) == 0:
		return flags.Usagef(cmd, "nobody is said to hold it: say --holders LOGIN, or once for all: git config --global github.user LOGIN")
	case o.take && o.slot == "":
		return flags.Usagef(cmd, "--take needs the slot that is taken: previewctl slot list says who holds which")
	}
	if err := slotfile.CheckHolders(cmd, o.holders); err != nil {
		return err
	}
	if err := flags.CheckLine(cmd, "--purpose", o.purpose); err != nil {
		return err
	}
	now := o.env.Now().UTC().Truncate(time.Second)
	o.claim = config.Claim{Holders: o.holders, Purpose: o.purpose, Since: &now}
	if o.until != "" {
		until, err := flags.ParseTime(o.until, now)
		if err != nil {
			return flags.Usagef(cmd, "--until %w", err)
		}
		o.claim.Until = &until
	}
	return o.commit.Check(cmd)
}

func runSlotClaim(ctx context.Context, opts *slotClaimOptions) error {
	var done string
	var p *slotfile.Pool
	result, err := opts.commit.Commit(ctx, opts.env, func(fsys fs.FS) (e gitrepo.Edits, err error) {
		if p, err = slotfile.Open(fsys, *opts.claim.Since); err != nil {
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
	p.NoteIfOff(opts.env)
	p.NoteSeveral(opts.env, opts.holders)
	opts.commit.Report(opts.env, result, done)
	return nil
}

// apply gives the holders a slot or a place in the queue, and says which.
func (o *slotClaimOptions) apply(p *slotfile.Pool) (done string, m gitrepo.Message, err error) {
	slot := o.choose(p)
	if slot == "" {
		return o.enqueue(p)
	}
	held := p.Now.Slots[slot]
	own := slotfile.SameHolders(held.Holders, o.holders)
	if !slotfile.IsFree(held) && !own && !o.take {
		return "", m, fmt.Errorf("slot %s is held by %s\nask them to release it, wait for any slot (name none), or take it with --take", slot, slotfile.Describe(held))
	}
	claim := o.claim
	if own {
		claim = renewed(held, o.claim)
	}
	p.Now.Slots[slot] = claim
	p.Now.Queue = slices.DeleteFunc(p.Now.Queue, func(c config.Claim) bool { return slotfile.SameHolders(c.Holders, o.holders) })
	m = gitrepo.Message{
		Subject:  configrepo.Subject(fmt.Sprintf("Claim slot %s for %s", slot, output.List(o.holders)), "Claim slot "+slot),
		Trailers: []gitrepo.Trailer{{Key: "Environment", Value: slot}},
	}
	if !slotfile.IsFree(held) && !own {
		m.Body = "Taken from " + slotfile.Describe(held) + "."
	}
	return fmt.Sprintf("claimed slot %s for %s", slot, output.List(o.holders)), m, nil
}

// choose is the slot that is named, that they hold already, or that is free; "" is none.
func (o *slotClaimOptions) choose(p *slotfile.Pool) string {
	if o.slot != "" {
		return o.slot
	}
	for _, name := range p.Names() {
		if slotfile.SameHolders(p.Now.Slots[name].Holders, o.holders) {
			return name
		}
	}
	for _, name := range p.Names() {
		if slotfile.IsFree(p.Now.Slots[name]) {
			return name
		}
	}
	return ""
}

// renewed is a claim with what was said anew; the rest stays.
func renewed(held, claim config.Claim) config.Claim {
	if claim.Purpose != "" {
		held.Purpose = claim.Purpose
	}
	if claim.Until != nil {
		held.Until = claim.Until
	}
	return held
}

func (o *slotClaimOptions) enqueue(p *slotfile.Pool) (done string, m gitrepo.Message, err error) {
	i := slices.IndexFunc(p.Now.Queue, func(c config.Claim) bool { return slotfile.SameHolders(c.Holders, o.holders) })
	if i >= 0 {
		p.Now.Queue[i] = renewed(p.Now.Queue[i], o.claim)
	} else {
		i = len(p.Now.Queue)
		p.Now.Queue = append(p.Now.Queue, o.claim)
	}
	m = gitrepo.Message{Subject: configrepo.Subject(fmt.Sprintf("Queue %s for a slot", output.List(o.holders)), "Queue for a slot")}
	return fmt.Sprintf("no slot is free: %s waits at place %d of the queue", output.List(o.holders), i+1), m, nil
}
