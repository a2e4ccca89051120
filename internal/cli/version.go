package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

type versionOptions struct {
	env    *process
	output string
}

// version is what the binary says of itself; all of it comes from how Go built it.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCmd(env *process, runF func(context.Context, *versionOptions) error) *cobra.Command {
	opts := &versionOptions{env: env}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of previewctl",
		Long:  "version prints which release and commit this previewctl was built from.",
		Example: `  previewctl version
  previewctl version -o json
  previewctl version -o yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(cmd, opts.output, "text", "json", "yaml"); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	outputFlag(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func runVersion(_ context.Context, opts *versionOptions) error {
	v := buildVersion()
	if opts.output != "text" {
		return encode(opts.env.Out, opts.output, v)
	}
	_, err := fmt.Fprintf(opts.env.Out, "previewctl %s (%s, %s)\n", v.Version, v.Go, v.Platform)
	return err
}

func buildVersion() version {
	v := version{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
