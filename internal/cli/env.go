package cli

import (
	"context"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type envOptions struct {
	apiclient.Lookup
	output string
}

func newEnvCmd(term *terminal.Process, runF func(context.Context, *envOptions) error) *cobra.Command {
	opts, server := &envOptions{Lookup: apiclient.Lookup{Env: term}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "env NAME|OWNER/REPO#NUMBER",
		Short: "Print an environment's addresses and commits for a shell",
		Long: `env prints variables of an existing environment as shell exports, safely quoted: eval
"$(previewctl env NAME)".

Every environment has PREVIEW_NAME, PREVIEW_NAMESPACE, PREVIEW_URL, PREVIEW_OWNER, PREVIEW_PROFILE and
PREVIEW_REVISION (the commit of the config branch). Each public service that runs in it has
PREVIEW_HOST_<SERVICE>, and each service at a commit has PREVIEW_COMMIT_<SERVICE>, with the name in upper
case and _ for -.

-o dotenv prints NAME=value lines for .env files and GITHUB_ENV, -o json an object.`,
		Example: `  previewctl env shop-pr-7
  eval "$(previewctl env shop-pr-7)" && echo "$PREVIEW_URL"
  previewctl env acme/shop#7 -o dotenv`,
		Args: flags.OneEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.CheckOutput(cmd, opts.output, "shell", "dotenv", "json"); err != nil {
				return err
			}
			if err := opts.Parse(cmd, &server, args); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = server.CompleteExisting(term)
	server.Add(cmd)
	flags.Output(cmd, &opts.output, "shell", "shell", "dotenv", "json")
	return cmd
}

func runEnv(ctx context.Context, opts *envOptions) error {
	status, err := opts.StatusWithNotice(ctx)
	if err != nil {
		return err
	}
	all := variables(status.Row)
	if opts.output == "json" {
		object := map[string]string{}
		for _, v := range all {
			object[v.name] = v.value
		}
		return output.Encode(opts.Env.Out, "json", object)
	}
	for _, v := range all {
		if opts.output == "dotenv" {
			opts.Env.Answerf("%s=%s", v.name, dotenvQuoted(v.value))
		} else {
			opts.Env.Answerf("export %s=%s", v.name, terminal.ShellQuote(v.value))
		}
	}
	return nil
}

// variable is an environment variable.
type variable struct{ name, value string }

// variables returns the variables of an environment. None contains a text of a pull request, which anyone can write.
func variables(r preview.Row) []variable {
	all := []variable{
		{"PREVIEW_NAME", r.Name},
		{"PREVIEW_NAMESPACE", r.Namespace},
		{"PREVIEW_URL", r.URL},
		{"PREVIEW_OWNER", r.Owner},
		{"PREVIEW_PROFILE", r.Profile},
		{"PREVIEW_REVISION", r.Revision},
	}
	var commits []variable
	for _, c := range r.Contents() {
		if !flags.IsDNSLabel(c.Service) {
			continue
		}
		suffix := strings.ToUpper(strings.ReplaceAll(c.Service, "-", "_"))
		if c.Host != "" {
			all = append(all, variable{"PREVIEW_HOST_" + suffix, c.Host})
		}
		if c.Commit != "" {
			commits = append(commits, variable{"PREVIEW_COMMIT_" + suffix, c.Commit})
		}
	}
	all = append(all, commits...)
	for i := range all {
		all[i].value = config.Printable(all[i].value)
	}
	return all
}

// plainLine matches values that mean the same in every .env file without quotes.
var plainLine = regexp.MustCompile(`^[]A-Za-z0-9_./:@[-]*$`)

// dotenvQuoted quotes only where necessary, because some readers of .env files treat quotes as part of the value.
func dotenvQuoted(s string) string {
	if plainLine.MatchString(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s) + `"`
}
