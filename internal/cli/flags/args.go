package flags

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/config"
)

// NoArgs refuses arguments.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		if near := config.Nearest(args[0], commandNames(cmd)); near != "" {
			return Usagef(cmd, "there is no command %q; did you mean %s %s?", args[0], cmd.CommandPath(), near)
		}
		return Usagef(cmd, "there is no command %q", args[0])
	}
	return Usagef(cmd, "%s takes no arguments, but got %q", cmd.Name(), args)
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// MaxOneArg accepts at most one argument, described by the noun.
func MaxOneArg(noun string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return Usagef(cmd, "%s takes at most one %s, but got %q", cmd.Name(), noun, args)
		}
		return nil
	}
}

// OneArg accepts exactly one argument, described by the noun.
func OneArg(noun string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return Usagef(cmd, "%s takes exactly one %s, but got %d arguments", cmd.Name(), noun, len(args))
		}
		return nil
	}
}

// OneEnvironment accepts exactly one argument. CheckTarget checks it.
func OneEnvironment(cmd *cobra.Command, args []string) error {
	return OneArg("environment (NAME or OWNER/REPO#NUMBER)")(cmd, args)
}

// CheckTarget accepts an environment's name or a pull request.
func CheckTarget(cmd *cobra.Command, target string) error {
	if _, _, ok := config.ParsePullRequest(target); ok || IsDNSLabel(target) {
		return nil
	}
	return Usagef(cmd, "%q is neither an environment's name nor a pull request; "+
		"use a-z, 0-9 and hyphens, or for example acme/gateway#12", target)
}

// CompleteFolder completes the names of folders.
func CompleteFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
