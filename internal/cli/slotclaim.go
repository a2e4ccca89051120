package cli

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/slotfile"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

type slotClaimOptions struct {
	term           *terminal.Process
	slot           string // "" is any slot
	holders        []string
	purpose, until string
	take           bool
	commit         configrepo.CommitOptions

	claim config.Claim // the new claim, from the flags
}

func newSlotClaimCmd(term *terminal.Process, runF func(context.Context, *slotClaimOptions) error) *cobra.Command {
	opts := &slotClaimOptions{term: term}
	cmd := &cobra.Command{
		Use:   "claim [SLOT]",
		Short: "Claim a slot, or join the queue",
		Long: `claim writes a claim on the named slot, or else on the first free slot, into slots.yaml. If no
slot is free, the claim joins the queue; the first claim in the queue gets the next free slot, without
another command. A slot with other holders is refused, except with --take.

If the holders have the slot already, the command changes the purpose and the end of their claim.`,
		Example: `  previewctl slot claim --holders alice,bob --purpose 'checkout redesign' --until 72h
  previewctl slot claim ivysaur --holders alice --until 7d --dry-run
  previewctl slot claim bulbasaur --holders carol --purpose 'urgent fix' --take`,
		Args:              flags.MaxOneArg("slot"),
		ValidArgsFunction: configrepo.Completer(term, &opts.commit.Repo)("slot"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.slot = args[0]
			}
			if err := opts.checkClaim(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	flags.ListVar(f, &opts.holders, "holders",
		"set the holders, GitHub logins (default: PREVIEWSET_OWNER, else Git's github.user)")
	f.StringVar(&opts.purpose, "purpose", "", "set the purpose, one line of text")
	f.StringVar(&opts.until, "until", "", "end the claim at a time: "+flags.TimeFormats)
	f.BoolVar(&opts.take, "take", false, "take the slot from its holders")
	opts.commit.AddFlags(cmd)
	return cmd
}

func (o *slotClaimOptions) checkClaim(cmd *cobra.Command) error {
	if login := configrepo.CallerLogin(cmd.Context(), o.term); len(o.holders) == 0 && login != "" {
		o.holders = []string{login}
	}
	switch {
	case len(o.holders) == 0:
		return flags.Usagef(cmd, "the claim has no holder; use --holders LOGIN, "+
			"or once: git config --global github.user LOGIN")
	case o.take && o.slot == "":
		return flags.Usagef(cmd, "--take requires a slot; see the holders: previewctl slot list")
	}
	if err := slotfile.CheckHolders(cmd, o.holders); err != nil {
		return err
	}
	if err := flags.CheckLine(cmd, "--purpose", o.purpose); err != nil {
		return err
	}
	now := o.term.Now().UTC().Truncate(time.Second)
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
	result, err := opts.commit.Commit(ctx, opts.term, func(fsys fs.FS) (e gitrepo.Edits, err error) {
		if p, err = slotfile.Open(fsys, *opts.claim.Since); err != nil {
			return e, err
		}
		if err = p.Check(opts.slot); err != nil {
			return e, err
		}
		var m gitrepo.Message
		if done, m, err = opts.claimIn(p); err != nil {
			return e, err
		}
		return p.Edits(m)
	})
	if err != nil {
		return err
	}
	p.NoteIfOff(opts.term)
	p.NoteSeveral(opts.term, opts.holders)
	opts.noteEnd(p)
	opts.commit.Report(opts.term, result, done)
	return nil
}

// claimIn gives the holders a slot or a place in the queue.
func (o *slotClaimOptions) claimIn(p *slotfile.Pool) (done string, m gitrepo.Message, err error) {
	slot := o.choose(p)
	if slot == "" {
		done, m = o.enqueue(p)
		return done, m, nil
	}
	current := p.Now.Slots[slot]
	isOwn := o.isOwn(current)
	hasOtherHolders := !slotfile.IsFree(current) && !isOwn
	if hasOtherHolders && !o.take {
		return "", m, fmt.Errorf("slot %s is held by %s\nask them to release it, claim any slot (name none), or use --take",
			slot, slotfile.Describe(current))
	}
	if why := p.Problem(slot); why != "" && !o.take {
		return "", m, fmt.Errorf("the claim on slot %s is invalid, so its holder is unknown: %s\n"+
			"correct it, claim any slot (name none), or use --take", slot, why)
	}
	claim := o.claim
	if isOwn {
		claim = renewed(current, o.claim)
	}
	if err := checkMaxClaim(p, claim); err != nil {
		return "", m, err
	}
	p.Now.Slots[slot] = claim
	p.Now.Queue = slices.DeleteFunc(p.Now.Queue, o.isOwn)
	holders := strings.Join(o.holders, ", ")
	m = gitrepo.Message{
		Subject:  configrepo.Subject(fmt.Sprintf("Claim slot %s for %s", slot, holders), "Claim slot "+slot),
		Trailers: []gitrepo.Trailer{{Key: "Environment", Value: slot}},
	}
	if hasOtherHolders {
		m.Body = "Taken from " + slotfile.Describe(current) + "."
	}
	return fmt.Sprintf("claimed slot %s for %s", slot, holders), m, nil
}

// checkMaxClaim refuses an end that slots.maxClaim cuts off.
func checkMaxClaim(p *slotfile.Pool, claim config.Claim) error {
	most := p.Now.Longest
	if most == 0 || claim.Since == nil || claim.Until == nil || !claim.Until.After(claim.Since.Add(most)) {
		return nil
	}
	return fmt.Errorf("a claim lasts %s at most (slots.maxClaim), so this one ends at %s\nuse an earlier --until",
		config.FormatDuration(most), claim.Since.Add(most).UTC().Format(time.RFC3339))
}

// noteEnd tells the user when slots.maxClaim ends the claim.
func (o *slotClaimOptions) noteEnd(p *slotfile.Pool) {
	if most := p.Now.Longest; most > 0 && o.claim.Until == nil {
		o.term.Notef("a claim lasts %s at most (slots.maxClaim); then the slot is free, "+
			"or the next claim in the queue has it", config.FormatDuration(most))
	}
}

func (o *slotClaimOptions) isOwn(c config.Claim) bool {
	return slotfile.SameHolders(c.Holders, o.holders)
}

// choose returns the named slot, else the holders' slot, else the first free slot, else "".
func (o *slotClaimOptions) choose(p *slotfile.Pool) string {
	if o.slot != "" {
		return o.slot
	}
	for _, matches := range []func(config.Claim) bool{o.isOwn, slotfile.IsFree} {
		for _, name := range p.Names() {
			if matches(p.Now.Slots[name]) && p.Problem(name) == "" {
				return name
			}
		}
	}
	return ""
}

// renewed returns the current claim with the given fields of the new one.
func renewed(current, claim config.Claim) config.Claim {
	if claim.Purpose != "" {
		current.Purpose = claim.Purpose
	}
	if claim.Until != nil {
		current.Until = claim.Until
	}
	return current
}

// enqueue adds the claim to the queue, or renews it there.
func (o *slotClaimOptions) enqueue(p *slotfile.Pool) (done string, m gitrepo.Message) {
	i := slices.IndexFunc(p.Now.Queue, o.isOwn)
	if i >= 0 {
		p.Now.Queue[i] = renewed(p.Now.Queue[i], o.claim)
	} else {
		i = len(p.Now.Queue)
		p.Now.Queue = append(p.Now.Queue, o.claim)
	}
	holders := strings.Join(o.holders, ", ")
	m.Subject = configrepo.Subject(fmt.Sprintf("Queue %s for a slot", holders), "Queue for a slot")
	return fmt.Sprintf("no slot is free; %s has queue position %d", holders, i+1), m
}
