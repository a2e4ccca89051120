package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/buildinfo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
)

type versionOptions struct {
	term   *terminal.Process
	output string
}

func newVersionCmd(term *terminal.Process, runF func(context.Context, *versionOptions) error) *cobra.Command {
	opts := &versionOptions{term: term}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `version prints the release, the Go version and the platform of this binary. The JSON also has the commit
("revision"), and whether the sources were modified.`,
		Example: `  previewctl version
  previewctl version -o json
  previewctl version -o yaml`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.CheckOutput(cmd, opts.output, "text", "json", "yaml"); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func runVersion(_ context.Context, opts *versionOptions) error {
	v := buildinfo.Read()
	if opts.output != "text" {
		return output.Encode(opts.term.Out, opts.output, v)
	}
	_, err := fmt.Fprintf(opts.term.Out, "previewctl %s (%s, %s)\n", v.Version, v.Go, v.Platform)
	return err
}
