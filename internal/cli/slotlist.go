package cli

import (
	"context"
	"fmt"
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
	env    *terminal.Process
	repo   configrepo.Flags
	client *apiclient.Client // nil without a server
	output string
}

// slotRow is one line of the sheet.
type slotRow struct {
	Slot    string     `json:"slot,omitempty"`
	Holders []string   `json:"holders"`
	Purpose string     `json:"purpose"`
	Since   *time.Time `json:"since,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	State   string     `json:"state"` // free, waiting, what the service says, or empty where nobody says it
	URL     string     `json:"url"`
}

// slotSheet is what slot list -o json prints.
type slotSheet struct {
	Slots []slotRow `json:"slots"`
	Queue []slotRow `json:"queue"`
}

func newSlotListCmd(env *terminal.Process, runF func(context.Context, *slotListOptions) error) *cobra.Command {
	opts, server := &slotListOptions{env: env}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the slots: who holds which, for what, since and until when",
		Long: `list prints the slots as they are now, and who waits for one. State and address come from the service, where --server or
PREVIEWSET_SERVER names it; all the rest is in the GitOps repository.

In a pipe it prints one line each, separated by tabs, without a header: slot, holders, purpose, since, until, state, URL;
who waits has no slot. The JSON has the keys "slots" and "queue".`,
		Example: `  previewctl slot list
  previewctl slot list -o json
  previewctl slot list --local -o name`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := flags.CheckOutput(cmd, opts.output, "", "table", "wide", "json", "yaml", "name")
			if err == nil && env.FlagOrEnv(server.Server, "PREVIEWSET_SERVER") != "" {
				opts.client, err = apiclient.New(cmd, env, server)
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
	defer opts.env.NoticeIfSlow(terminal.SlowRepository)()
	repo, err := opts.repo.Open(ctx, opts.env, gitrepo.Options{})
	if err != nil {
		return err
	}
	fsys, err := repo.ReadFiles(ctx)
	if err != nil {
		return err
	}
	p, err := slotfile.Open(fsys, opts.env.Now())
	if err != nil {
		return err
	}
	p.NoteIfOff(opts.env)
	return opts.print(opts.sheet(ctx, p))
}

func (o *slotListOptions) sheet(ctx context.Context, p *slotfile.Pool) slotSheet {
	live := o.live(ctx)
	s := slotSheet{Slots: []slotRow{}, Queue: []slotRow{}}
	for _, name := range p.Names() {
		row := slotRowOf(p.Now.Slots[name])
		row.Slot, row.State, row.URL = name, live[name].State, live[name].URL
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

// live are the environments that the service knows, by name. Without it the sheet lacks two columns, no more.
func (o *slotListOptions) live(ctx context.Context) map[string]preview.Row {
	found := map[string]preview.Row{}
	if o.client == nil {
		o.env.Inform("note: state and URL are the service's to say: name it with --server or PREVIEWSET_SERVER")
		return found
	}
	rows, err := o.client.Environments(ctx)
	if err != nil {
		o.env.Inform("note: no state and URL: " + config.Printable(err.Error()))
	}
	for _, r := range rows {
		found[r.Name] = r
	}
	return found
}

func (o *slotListOptions) print(s slotSheet) error {
	aligned := o.output == "table" || o.output == "wide" || o.env.OutTTY
	t := &output.Table{Header: []string{"SLOT", "HOLDERS", "PURPOSE", "SINCE", "UNTIL", "STATE", "URL"}}
	switch o.output {
	case "json", "yaml":
		return output.Encode(o.env.Out, o.output, s)
	case "name":
		for _, r := range s.Slots {
			o.env.Answerf("%s", config.Printable(r.Slot))
		}
		return nil
	}
	for _, r := range s.Slots {
		t.Add(r.cells(r.Slot, aligned)...)
	}
	for i, r := range s.Queue {
		name := ""
		if aligned {
			name = fmt.Sprintf("(waits, %d)", i+1)
		}
		t.Add(r.cells(name, aligned)...)
	}
	return t.Write(o.env.Out, aligned)
}

func (r slotRow) cells(name string, short bool) []string {
	layout := time.RFC3339
	if short {
		layout = "2006-01-02 15:04"
	}
	moment := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format(layout)
	}
	return []string{name, strings.Join(r.Holders, ", "), r.Purpose, moment(r.Since), moment(r.Until), r.State, r.URL}
}
