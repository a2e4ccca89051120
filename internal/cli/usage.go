package cli

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/preview"
)

type usageOptions struct {
	term   *terminal.Process
	client *apiclient.Client
	output string
	by     string
	since  time.Duration
}

func newUsageCmd(term *terminal.Process, runF func(context.Context, *usageOptions) error) *cobra.Command {
	opts, server := &usageOptions{term: term}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Show the hours, CPU and memory of environments",
		Long: `usage shows how many hours environments were awake and asleep, the CPU and memory that their
workloads requested (cores and GiB, multiplied by hours), and how much sleep saved. The generator reads these
figures from Prometheus.

Without a terminal it prints lines with tabs and no header: name, awake hours, asleep hours, CPU core hours,
memory GiB hours, saved CPU core hours, saved memory GiB hours. It requires activity.prometheus in
previewset.yaml, and a Prometheus that scrapes the generator.`,
		Example: `  previewctl usage
  previewctl usage --by repository --since 720h
  previewctl usage --by environment -o json`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := opts.checkPeriod(cmd)
			if err == nil {
				opts.client, err = server.Client(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "", "table", "json", "yaml")
	cmd.Flags().StringVar(&opts.by, "by", "owner", "add up by environment, owner, repository or profile")
	cmd.Flags().DurationVar(&opts.since, "since", 7*24*time.Hour, "set the period until now, at least 1h")
	flags.Complete(cmd, "by", preview.UsageBy()...)
	return cmd
}

func (o *usageOptions) checkPeriod(cmd *cobra.Command) error {
	switch {
	case !slices.Contains(preview.UsageBy(), o.by):
		return flags.Usagef(cmd, "--by %q: unknown; use %s", o.by, strings.Join(preview.UsageBy(), ", "))
	case o.since < time.Hour:
		return flags.Usagef(cmd, "--since must be at least 1h")
	}
	return flags.CheckOutput(cmd, o.output, "", "table", "json", "yaml")
}

func runUsage(ctx context.Context, opts *usageOptions) error {
	defer opts.term.NoticeIfSlow("waiting for Prometheus")()
	u, err := opts.client.Usage(ctx, opts.by, opts.since)
	if apiclient.IsStatus(err, http.StatusNotImplemented) {
		return errors.New("usage isn't measured here\nset activity.prometheus in previewset.yaml to a Prometheus that " +
			"scrapes the generator\nsee which environments are awake or asleep now, and since when: previewctl list -o wide")
	}
	if err != nil {
		return err
	}
	if u.Problem != "" {
		opts.term.Notef("%s", u.Problem)
	}
	return opts.print(u)
}

func (o *usageOptions) print(u apiclient.Usage) error {
	aligned := o.output == "table" || o.term.OutTTY
	switch {
	case o.output == "json" || o.output == "yaml":
		return output.Encode(o.term.Out, o.output, u)
	case aligned && len(u.Rows) == 0:
		o.term.Answerf("no usage was measured since %s", u.Since.UTC().Format(time.RFC3339))
		return nil
	}
	t := &output.Table{
		Header: []string{
			"NAME", "AWAKE H", "ASLEEP H", "CPU CORE H", "MEMORY GIB H", "SAVED CPU CORE H", "SAVED MEMORY GIB H",
		},
	}
	total := preview.UsageRow{Name: "all"}
	for _, r := range u.Rows {
		t.Add(usageCells(r)...)
		total.AwakeHours += r.AwakeHours
		total.AsleepHours += r.AsleepHours
		total.CPUCoreHours += r.CPUCoreHours
		total.MemoryGiBHours += r.MemoryGiBHours
		total.SavedCPUCoreHours += r.SavedCPUCoreHours
		total.SavedMemoryGiBHours += r.SavedMemoryGiBHours
	}
	if aligned && len(u.Rows) > 1 {
		t.Add(usageCells(total)...)
	}
	return t.Write(o.term.Out, aligned)
}

func usageCells(r preview.UsageRow) []string {
	cells := []string{r.Name}
	for _, v := range []float64{
		r.AwakeHours, r.AsleepHours, r.CPUCoreHours, r.MemoryGiBHours, r.SavedCPUCoreHours, r.SavedMemoryGiBHours,
	} {
		cells = append(cells, strconv.FormatFloat(v, 'f', 1, 64))
	}
	return cells
}
