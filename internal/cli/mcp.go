package cli

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/buildinfo"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/mcpserver"
	"github.com/previewset/previewset/internal/cli/terminal"
)

type mcpOptions struct {
	term       *terminal.Process
	allowWrite bool
	owner      string
	skill      bool
}

func newMCPCmd(term *terminal.Process, runF func(context.Context, *mcpOptions) error) *cobra.Command {
	opts := &mcpOptions{term: term}
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Offer previews to agents as a server of MCP",
		Long: `mcp serves the Model Context Protocol on standard input and output. An agent's program starts it.

Its tools run the commands of previewctl: list, show, why, plan and wait. --allow-write adds create, set, delete,
wake, sleep, extend and redeploy, each only for environments of one owner: --owner, else PREVIEWSET_OWNER, else Git's
github.user. The results are the commands' JSON. An error has the keys error, remedy and exit_code.

The owner prevents mistakes. It is no border: the agent may do what the API token and the Git credentials of this
process allow.

The settings come from the variables of the commands, such as PREVIEWSET_SERVER, PREVIEWSET_API_TOKEN_FILE and
PREVIEWSET_CONFIG_REPO. --skill prints SKILL.md, which tells an agent how to work with previews.`,
		Example: `  previewctl mcp --skill
  previewctl mcp </dev/null
  previewctl mcp --allow-write --owner alice </dev/null`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.CheckLine(cmd, "--owner", opts.owner); err != nil {
				return err
			}
			if opts.owner == "" {
				opts.owner = configrepo.CallerLogin(cmd.Context(), term)
			}
			if opts.allowWrite && opts.owner == "" {
				return flags.Usagef(cmd, "--allow-write needs an owner; use --owner LOGIN, or once: "+
					"git config --global github.user LOGIN")
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.allowWrite, "allow-write", false, "add the tools that change environments of the owner")
	cmd.Flags().StringVar(&opts.owner, "owner", "",
		"set the GitHub login that tools may write for (default: PREVIEWSET_OWNER, else Git's github.user)")
	cmd.Flags().BoolVar(&opts.skill, "skill", false, "print SKILL.md and exit")
	return cmd
}

func runMCP(ctx context.Context, opts *mcpOptions) error {
	if opts.skill {
		_, err := io.WriteString(opts.term.Out, mcpserver.Skill)
		return err
	}
	server := mcpserver.New(opts.command, mcpserver.Options{
		Version: buildinfo.Read().Version, AllowWrite: opts.allowWrite, Owner: opts.owner,
	})
	return server.Run(ctx, &mcp.IOTransport{Reader: io.NopCloser(opts.term.In), Writer: unclosed{opts.term.Out}})
}

// unclosed is a writer that its user can't close.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// command runs a command of previewctl for a tool.
func (o *mcpOptions) command(ctx context.Context, args []string, messages io.Writer) ([]byte, error) {
	var answer bytes.Buffer
	term := terminal.Process{
		In: strings.NewReader(""), Out: &answer, Err: messages, Now: o.term.Now, Getenv: o.getenv,
	}
	root := newRootCmd(&term)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return answer.Bytes(), err
}

// getenv names the owner of new environments, and the caller of requests.
func (o *mcpOptions) getenv(name string) string {
	switch {
	case name == "PREVIEWSET_OWNER" && o.owner != "":
		return o.owner
	case name == "USER":
		return strings.TrimSpace(o.owner + " with previewctl mcp")
	}
	return o.term.Getenv(name)
}
