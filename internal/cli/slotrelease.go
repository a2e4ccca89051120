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

type slotReleaseOptions struct {
	term    *terminal.Process
	slot    string // "" is the slot of the holders
	holders []string
	now     time.Time
	commit  configrepo.CommitOptions
}

func newSlotReleaseCmd(term *terminal.Process, runF func(context.Context, *slotReleaseOptions) error) *cobra.Command {
	opts := &slotReleaseOptions{term: term}
	cmd := &cobra.Command{
		Use:   "release [SLOT]",
		Short: "Release a slot, or leave the queue",
		Long: `release ends the claim on a slot. The first claim in the queue then gets the slot. If the queue is
empty, the slot's environment is deleted with all data in it.

With --holders instead of a slot, it ends the claim of exactly these holders, or removes them from the
queue.`,
		Example: `  previewctl slot release bulbasaur
  previewctl slot release --holders alice,bob
  previewctl slot release bulbasaur --dry-run`,
		Args:              flags.MaxOneArg("slot"),
		ValidArgsFunction: configrepo.Completer(term, &opts.commit.Repo)("slot"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.slot = args[0]
			}
			if (opts.slot == "") == (len(opts.holders) == 0) {
				return flags.Usagef(cmd, "release takes either a slot or --holders")
			}
			opts.now = term.Now().UTC().Truncate(time.Second)
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
	flags.ListVar(cmd.Flags(), &opts.holders, "holders", "release the slot or queue position of these GitHub logins")
	opts.commit.AddFlags(cmd)
	return cmd
}

func runSlotRelease(ctx context.Context, opts *slotReleaseOptions) error {
	var done string
	result, err := opts.commit.Commit(ctx, opts.term, func(fsys fs.FS) (e gitrepo.Edits, err error) {
		p, err := slotfile.Open(fsys, opts.now)
		if err != nil {
			return e, err
		}
		if err = p.Check(opts.slot); err != nil {
			return e, err
		}
		var m gitrepo.Message
		if done, m, err = opts.releaseIn(p); err != nil {
			return e, err
		}
		return p.Edits(m)
	})
	if err != nil {
		return err
	}
	opts.commit.Report(opts.term, result, done)
	return nil
}

// releaseIn frees the slot or the place in the queue, and lets the queue move up.
func (o *slotReleaseOptions) releaseIn(p *slotfile.Pool) (done string, m gitrepo.Message, err error) {
	slot, holders := o.slot, strings.Join(o.holders, ", ")
	isOwn := func(c config.Claim) bool { return slotfile.SameHolders(c.Holders, o.holders) }
	for _, name := range p.Names() {
		if slot == "" && isOwn(p.Now.Slots[name]) {
			slot = name
		}
	}
	if slot == "" {
		if !slices.ContainsFunc(p.Now.Queue, isOwn) {
			return "", m, fmt.Errorf("%s: no claim has exactly these holders\nsee all claims: previewctl slot list", holders)
		}
		p.Now.Queue = slices.DeleteFunc(p.Now.Queue, isOwn)
		m.Subject = configrepo.Subject(fmt.Sprintf("Remove %s from the queue", holders), "Leave the queue")
		return "removed " + holders + " from the queue", m, nil
	}
	p.Now.Slots[slot] = config.Claim{}
	p.Now = *p.Now.At(o.now)
	m = gitrepo.Message{
		Subject:  configrepo.Subject("Release slot " + slot),
		Trailers: []gitrepo.Trailer{{Key: "Environment", Value: slot}},
	}
	done = "released slot " + slot
	if next := p.Now.Slots[slot]; !slotfile.IsFree(next) {
		done += "; its new holder is " + slotfile.Describe(next)
	}
	return done, m, nil
}
