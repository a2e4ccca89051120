package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type usageOptions struct {
	env    *terminal.Process
	client *apiclient.Client
	output string
	by     string
	since  time.Duration
}

func newUsageCmd(env *terminal.Process, runF func(context.Context, *usageOptions) error) *cobra.Command {
	opts, server := &usageOptions{env: env}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Show what environments cost: hours awake and asleep, CPU and memory, and what sleeping saved",
		Long: `usage asks the service, which asks Prometheus, how long environments were awake and asleep, how much CPU and memory their
workloads requested in that time (cores and GiB, times hours), and how much more it would have been without sleep.

In a pipe it prints one line each, separated by tabs, without a header: name, awake hours, asleep hours, CPU core hours, memory
GiB hours, saved CPU core hours, saved memory GiB hours. It needs ` + "`activity.prometheus`" + ` in previewset.yaml, and a Prometheus that
scrapes the service.`,
		Example: `  previewctl usage
  previewctl usage --by repository --since 720h
  previewctl usage --by environment -o json`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := opts.check(cmd)
			if err == nil {
				opts.client, err = apiclient.New(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "", "table", "json", "yaml")
	cmd.Flags().StringVar(&opts.by, "by", "owner", "what to add up by: environment, owner, repository, profile")
	cmd.Flags().DurationVar(&opts.since, "since", 7*24*time.Hour, "how far to look back")
	flags.Complete(cmd, "by", func(string) []string { return preview.UsageBy() })
	return cmd
}

func (o *usageOptions) check(cmd *cobra.Command) error {
	switch {
	case !slices.Contains(preview.UsageBy(), o.by):
		return flags.Usagef(cmd, "--by %q is none of environment, owner, repository, profile", o.by)
	case o.since < time.Hour:
		return flags.Usagef(cmd, "--since must be at least 1h")
	}
	return flags.CheckOutput(cmd, o.output, "", "table", "json", "yaml")
}

func runUsage(ctx context.Context, opts *usageOptions) error {
	defer opts.env.NoticeIfSlow("Prometheus takes its time")()
	u, err := opts.client.Usage(ctx, opts.by, opts.since)
	if err != nil {
		return err
	}
	if u.Problem != "" {
		opts.env.Inform("note: " + config.Printable(u.Problem))
	}
	return opts.print(u)
}

func (o *usageOptions) print(u apiclient.Usage) error {
	aligned := o.output == "table" || o.env.OutTTY
	switch {
	case o.output == "json" || o.output == "yaml":
		return output.Encode(o.env.Out, o.output, u)
	case aligned && len(u.Rows) == 0:
		o.env.Answerf("nothing was measured since %s", u.Since.UTC().Format(time.RFC3339))
		return nil
	}
	t := &output.Table{Header: []string{"NAME", "AWAKE H", "ASLEEP H", "CPU CORE H", "MEMORY GIB H", "SAVED CPU", "SAVED MEMORY"}}
	var total [6]float64
	for _, r := range u.Rows {
		figures := [...]float64{r.AwakeHours, r.AsleepHours, r.CPUCoreHours, r.MemoryGiBHours, r.SavedCPUCoreHours, r.SavedMemoryGiBHours}
		t.Add(usageCells(r.Name, figures)...)
		for i, v := range figures {
			total[i] += v
		}
	}
	if aligned && len(u.Rows) > 1 {
		t.Add(usageCells("all", total)...)
	}
	return t.Write(o.env.Out, aligned)
}

func usageCells(name string, figures [6]float64) []string {
	cells := []string{name}
	for _, v := range figures {
		cells = append(cells, fmt.Sprintf("%.1f", v))
	}
	return cells
}
