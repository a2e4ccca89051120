package cli

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/exitcode"
)

func newExitCodesCmd() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "Explain the exit codes", Long: exitcode.Help()}
}
