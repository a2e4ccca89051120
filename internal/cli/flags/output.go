package flags

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Output adds -o with its formats and their completion.
func Output(cmd *cobra.Command, value *string, standard string, formats ...string) {
	usage := "set the output format: " + strings.Join(formats, ", ")
	if standard == "" {
		usage += " (default: table on a terminal, else lines with tabs)"
	}
	cmd.Flags().StringVarP(value, "output", "o", standard, usage)
	Complete(cmd, "output", formats...)
}

// CheckOutput checks the value of -o.
func CheckOutput(cmd *cobra.Command, value string, formats ...string) error {
	if slices.Contains(formats, value) {
		return nil
	}
	allowed := slices.DeleteFunc(slices.Clone(formats), func(f string) bool { return f == "" })
	return Usagef(cmd, "--output %q: unknown format; use %s", value, strings.Join(allowed, ", "))
}

// Complete adds the completion of fixed values to an existing flag.
func Complete(cmd *cobra.Command, flag string, values ...string) {
	CompleteWith(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	})
}

// CompleteWith adds a completion to an existing flag.
func CompleteWith(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // only for a flag that doesn't exist
	}
}
