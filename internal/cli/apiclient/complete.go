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

// completionTimeout limits how long the shell waits after Tab.
const completionTimeout = 2 * time.Second

// Complete completes the names of environments with a matching decision, for at most maxArgs arguments.
func (f *Flags) Complete(env *terminal.Process, maxArgs int, matches func(preview.Decision) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		c, err := f.Client(cmd, env)
		if err != nil || len(args) >= maxArgs {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		answer, err := c.Decisions(ctx, "", 0)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, d := range answer.Decisions {
			if matches(d) && flags.IsDNSLabel(d.Environment) && !slices.Contains(args, d.Environment) {
				names = append(names, d.Environment)
			}
		}
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteExisting completes the name of one existing environment.
func (f *Flags) CompleteExisting(env *terminal.Process) cobra.CompletionFunc {
	return f.Complete(env, 1, HasEnvironment)
}

// CompleteAny completes the name of one environment, also of one that is held or gone.
func (f *Flags) CompleteAny(env *terminal.Process) cobra.CompletionFunc {
	return f.Complete(env, 1, func(preview.Decision) bool { return true })
}

// CompletePublicServices completes the services with an address in the environment of the first argument.
func (f *Flags) CompletePublicServices(env *terminal.Process) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		l := Lookup{Env: env}
		if len(args) == 0 || l.Parse(cmd, f, args) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		status, err := l.Status(ctx)
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
