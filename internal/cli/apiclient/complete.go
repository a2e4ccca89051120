package apiclient

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/preview"
)

// CompletionTimeout is how long somebody who pressed Tab is kept waiting.
const CompletionTimeout = 2 * time.Second

// Complete offers the environments that the service has decided about, for up to most arguments.
func Complete(env *terminal.Process, server *Flags, most int, wanted func(preview.Decision) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		c, err := New(cmd, env, *server)
		if err != nil || len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), CompletionTimeout)
		defer cancel()
		answer, err := c.Decisions(ctx, "", 0)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, d := range answer.Decisions {
			if wanted(d) && flags.IsDNSLabel(d.Environment) && !slices.Contains(args, d.Environment) {
				names = append(names, d.Environment)
			}
		}
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
	}
}

// CompletePublicServices offers the services of the environment that is named which have an address.
func CompletePublicServices(env *terminal.Process, server *Flags) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		o := Lookup{Env: env}
		if len(args) == 0 || o.Parse(cmd, *server, args) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), CompletionTimeout)
		defer cancel()
		status, err := o.Status(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, c := range status.Contents() {
			if c.Host != "" && flags.IsServiceName(c.Service) {
				names = append(names, c.Service)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
