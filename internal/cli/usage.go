package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

type usageOptions struct {
	env    *process
	client *client
	output string
	by     string
	since  time.Duration
}

// usageBy are what usage can be added up by.
var usageBy = []string{"environment", "owner", "repository", "profile"}

// usage is what environments cost, as the service has it from Prometheus.
type usage struct {
	By    string     `json:"by"`
	Since time.Time  `json:"since"`
	Rows  []usageRow `json:"rows"`
	// Problem is what the figures lack; empty where they are whole.
	Problem string `json:"problem,omitempty"`
}

type usageRow struct {
	Name        string  `json:"name"`
	AwakeHours  float64 `json:"awake_hours"`
	AsleepHours float64 `json:"asleep_hours"`
	CPUHours    float64 `json:"cpu_core_hours"`
	MemoryHours float64 `json:"memory_gib_hours"`
	SavedCPU    float64 `json:"saved_cpu_core_hours"`
	SavedMemory float64 `json:"saved_memory_gib_hours"`
}

func newUsageCmd(env *process, runF func(context.Context, *usageOptions) error) *cobra.Command {
	opts, server := &usageOptions{env: env}, serverOptions{}
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
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := opts.check(cmd)
			if err == nil {
				opts.client, err = newClient(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.flags(cmd)
	outputFlag(cmd, &opts.output, "", "table", "json", "yaml")
	cmd.Flags().StringVar(&opts.by, "by", "owner", "what to add up by: environment, owner, repository, profile")
	cmd.Flags().DurationVar(&opts.since, "since", 7*24*time.Hour, "how far to look back")
	complete(cmd, "by", func(string) []string { return usageBy })
	return cmd
}

func (o *usageOptions) check(cmd *cobra.Command) error {
	switch {
	case !slices.Contains(usageBy, o.by):
		return usagef(cmd, "--by %q is none of environment, owner, repository, profile", o.by)
	case o.since < time.Hour:
		return usagef(cmd, "--since must be at least 1h")
	}
	return checkOutput(cmd, o.output, "", "table", "json", "yaml")
}

func runUsage(ctx context.Context, opts *usageOptions) error {
	defer opts.env.patience("Prometheus takes its time")()
	u, err := opts.client.usage(ctx, opts.by, opts.since)
	if err != nil {
		return err
	}
	if u.Problem != "" {
		opts.env.tell("note: " + u.Problem)
	}
	return opts.print(u)
}

func (o *usageOptions) print(u usage) error {
	aligned := o.output == "table" || o.env.OutTTY
	switch {
	case o.output == "json" || o.output == "yaml":
		return encode(o.env.Out, o.output, u)
	case aligned && len(u.Rows) == 0:
		o.env.say("nothing was measured since %s", u.Since.UTC().Format(time.RFC3339))
		return nil
	}
	t := &table{header: []string{"NAME", "AWAKE H", "ASLEEP H", "CPU CORE H", "MEMORY GIB H", "SAVED CPU", "SAVED MEMORY"}}
	total := usageRow{Name: "all"}
	for _, r := range u.Rows {
		t.add(r.cells()...)
		total.add(r)
	}
	if aligned && len(u.Rows) > 1 {
		t.add(total.cells()...)
	}
	return t.write(o.env.Out, aligned)
}

func (r *usageRow) add(o usageRow) {
	r.AwakeHours, r.AsleepHours = r.AwakeHours+o.AwakeHours, r.AsleepHours+o.AsleepHours
	r.CPUHours, r.MemoryHours = r.CPUHours+o.CPUHours, r.MemoryHours+o.MemoryHours
	r.SavedCPU, r.SavedMemory = r.SavedCPU+o.SavedCPU, r.SavedMemory+o.SavedMemory
}

func (r *usageRow) cells() []string {
	cells := []string{r.Name}
	for _, v := range []float64{r.AwakeHours, r.AsleepHours, r.CPUHours, r.MemoryHours, r.SavedCPU, r.SavedMemory} {
		cells = append(cells, fmt.Sprintf("%.1f", v))
	}
	return cells
}
