package flags

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Output adds -o with its choices, completion included.
func Output(cmd *cobra.Command, value *string, standard string, choices ...string) {
	cmd.Flags().StringVarP(value, "output", "o", standard, "output format: "+strings.Join(choices, ", "))
	Complete(cmd, "output", func(string) []string { return choices })
}

// CheckOutput checks what -o was given.
func CheckOutput(cmd *cobra.Command, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return Usagef(cmd, "--output %q is none of %s", value, strings.Join(allowed, ", "))
}

// Complete adds completion to a flag that exists; cobra errs only where it doesn't.
func Complete(cmd *cobra.Command, flag string, values func(toComplete string) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return values(toComplete), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}
