package flags

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/config"
)

// NoArgs, maxOneArg and oneArg say in words what cobra's own checks say in numbers.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return Usagef(cmd, "there is no command %q", args[0])
	}
	return Usagef(cmd, "%s takes no arguments, but was given %q", cmd.Name(), args)
}

func MaxOneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return Usagef(cmd, "%s takes one %s, but was given %q", cmd.Name(), what, args)
		}
		return nil
	}
}

func OneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return Usagef(cmd, "%s takes exactly one %s, but was given %d arguments", cmd.Name(), what, len(args))
		}
		return nil
	}
}

// subject of an environment's command is a name, or a pull request whose environment is meant.
func OneEnvironment(cmd *cobra.Command, args []string) error {
	if err := OneArg("environment, by name or as owner/repo#number")(cmd, args); err != nil {
		return err
	}
	return CheckTarget(cmd, args[0])
}

// CheckTarget takes an environment's name or a pull request.
func CheckTarget(cmd *cobra.Command, what string) error {
	if _, _, ok := config.ParsePullRequest(what); ok || IsDNSLabel(what) {
		return nil
	}
	return Usagef(cmd, "%q is neither an environment's name nor a pull request like acme/gateway#12; names have a-z, 0-9 and hyphens", what)
}

func CompleteFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
