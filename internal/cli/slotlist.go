package cli

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/slotfile"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

type slotListOptions struct {
	term   *terminal.Process
	repo   configrepo.Flags
	client *apiclient.Client // nil if no service is named
	output string
}

// slotRow is a slot, or a claim in the queue.
type slotRow struct {
	Slot    string     `json:"slot,omitempty"`
	Holders []string   `json:"holders"`
	Purpose string     `json:"purpose"`
	Since   *time.Time `json:"since,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	State   string     `json:"state"` // free, waiting, the generator's state, or empty without a generator
	URL     string     `json:"url"`
}

// slotListing is the JSON of slot list.
type slotListing struct {
	Slots []slotRow `json:"slots"`
	Queue []slotRow `json:"queue"`
}

func newSlotListCmd(term *terminal.Process, runF func(context.Context, *slotListOptions) error) *cobra.Command {
	opts, server := &slotListOptions{term: term}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the slots, their holders and the queue",
		Long: `list prints the slots with their claims, and the queue. State and address come from the generator in
--server or PREVIEWSET_SERVER; everything else comes from the GitOps repository. If its remote can't be
read, the list comes from the clone in the current folder, or else from the generator, and a note names the
unknown parts.

Without a terminal it prints lines with tabs and no header: slot, holders, purpose, since, until, state,
URL. A claim in the queue has no slot. The JSON has the keys "slots" and "queue".`,
		Example: `  previewctl slot list
  previewctl slot list -o json
  previewctl slot list --local -o name`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := flags.CheckOutput(cmd, opts.output, "", "table", "wide", "json", "yaml", "name")
			if err == nil {
				opts.client, err = server.Optional(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.repo.Add(cmd)
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "", "table", "wide", "json", "yaml", "name")
	return cmd
}

func runSlotList(ctx context.Context, opts *slotListOptions) error {
	defer opts.term.NoticeIfSlow(terminal.SlowRepository)()
	rows, isKnown := opts.rowsByName(ctx)
	fsys, err := opts.files(ctx)
	if err != nil && isKnown {
		opts.term.Notef("the GitOps repository can't be read: %s", err)
		opts.term.Notef("these are the slots with an environment, as the generator knows them; free slots, further holders, " +
			"the time of a claim and the queue are unknown")
		return opts.print(listingOfService(rows))
	}
	if err != nil {
		return err
	}
	p, err := slotfile.Open(fsys, opts.term.Now())
	if err != nil {
		return err
	}
	p.NoteIfOff(opts.term)
	return opts.print(newSlotListing(p, rows))
}

// files returns the files of the GitOps repository. In a clone with a remote that can't be read, they are those of the
// clone's newest commit.
func (o *slotListOptions) files(ctx context.Context) (fs.FS, error) {
	read := func(f *configrepo.Flags) (fs.FS, error) {
		repo, err := f.Open(ctx, o.term, gitrepo.Options{})
		if err != nil {
			return nil, err
		}
		return repo.ReadFiles(ctx)
	}
	fsys, err := read(&o.repo)
	local, ok := o.repo.InClone()
	if err == nil || !ok || ctx.Err() != nil {
		return fsys, err
	}
	fsys, localErr := read(&local)
	if localErr != nil {
		return nil, err
	}
	o.term.Notef("the remote can't be read: %s", err)
	o.term.Notef("these are the claims of the newest commit in this clone; later ones are unknown")
	return fsys, nil
}

// listingOfService returns the slots with an environment.
func listingOfService(rows map[string]preview.Row) slotListing {
	s := slotListing{Slots: []slotRow{}, Queue: []slotRow{}}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		r := rows[name]
		if r.Source != preview.FromSlot {
			continue
		}
		slot := slotRow{
			Slot: name, Holders: []string{}, Purpose: r.Purpose, State: string(r.State), URL: r.URL,
		}
		if r.Owner != "" {
			slot.Holders = append(slot.Holders, r.Owner)
		}
		if until, err := time.Parse(time.RFC3339, r.ExpiresAt); err == nil {
			slot.Until = &until
		}
		s.Slots = append(s.Slots, slot)
	}
	return s
}

func newSlotListing(p *slotfile.Pool, rows map[string]preview.Row) slotListing {
	s := slotListing{Slots: []slotRow{}, Queue: []slotRow{}}
	for _, name := range p.Names() {
		row := slotRowOf(p.Now.Slots[name])
		row.Slot, row.State, row.URL = name, string(rows[name].State), rows[name].URL
		if slotfile.IsFree(p.Now.Slots[name]) {
			row.State = "free"
		}
		s.Slots = append(s.Slots, row)
	}
	for _, c := range p.Now.Queue {
		row := slotRowOf(c)
		row.State = "waiting"
		s.Queue = append(s.Queue, row)
	}
	return s
}

func slotRowOf(c config.Claim) slotRow {
	return slotRow{Holders: output.OrEmpty(c.Holders), Purpose: c.Purpose, Since: c.Since, Until: c.Until}
}

// rowsByName returns the generator's environments. isKnown is false without an answer: state and address stay empty then.
func (o *slotListOptions) rowsByName(ctx context.Context) (found map[string]preview.Row, isKnown bool) {
	found = map[string]preview.Row{}
	if o.client == nil {
		o.term.Notef("no service is named: state and URL are unknown; set --server or PREVIEWSET_SERVER")
		return found, false
	}
	rows, err := o.client.Environments(ctx)
	if err != nil {
		o.term.Notef("state and URL are unknown: %s", err)
	}
	for _, r := range rows {
		found[r.Name] = r.Row
	}
	return found, err == nil
}

func (o *slotListOptions) print(s slotListing) error {
	aligned := o.output == "table" || o.output == "wide" || o.term.OutTTY
	switch o.output {
	case "json", "yaml":
		return output.Encode(o.term.Out, o.output, s)
	case "name":
		for _, r := range s.Slots {
			o.term.Answerf("%s", config.Printable(r.Slot))
		}
		return nil
	}
	t := &output.Table{Header: []string{"SLOT", "HOLDERS", "PURPOSE", "SINCE", "UNTIL", "STATE", "URL"}}
	for _, r := range s.Slots {
		t.Add(r.row(r.Slot, aligned)...)
	}
	for i, r := range s.Queue {
		name := ""
		if aligned {
			name = fmt.Sprintf("(queue, %d)", i+1)
		}
		t.Add(r.row(name, aligned)...)
	}
	return t.Write(o.term.Out, aligned)
}

// row returns the cells of a table, with shorter times for a person.
func (r slotRow) row(name string, isShort bool) []string {
	layout := time.RFC3339
	if isShort {
		layout = "2006-01-02 15:04"
	}
	format := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format(layout)
	}
	return []string{name, strings.Join(r.Holders, ", "), r.Purpose, format(r.Since), format(r.Until), r.State, r.URL}
}
