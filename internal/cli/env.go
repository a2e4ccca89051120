package cli

import (
	"cmp"
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

func newEnvCmd(env *terminal.Process, runF func(context.Context, *envOptions) error) *cobra.Command {
	opts, server := &envOptions{Lookup: apiclient.Lookup{Env: env}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "env NAME|OWNER/REPO#NUMBER",
		Short: "Print an environment's addresses and commits as shell exports, for CI",
		Long: `env asks the service about one live environment and prints variables for a shell, quoted so that no value is anything but
a value: eval "$(previewctl env NAME)".

PREVIEW_NAME, PREVIEW_NAMESPACE, PREVIEW_URL, PREVIEW_OWNER, PREVIEW_PROFILE and PREVIEW_REVISION (the config branch's commit)
are always there; PREVIEW_HOST_<SERVICE> of each public service that runs in it, and PREVIEW_COMMIT_<SERVICE> of each that is
pinned to a commit: names in capitals, with _ for -.

-o dotenv prints NAME=value lines, as in .env files and for GITHUB_ENV; -o json one object.`,
		Example: `  previewctl env shop-pr-7
  eval "$(previewctl env shop-pr-7)" && echo "$PREVIEW_URL"
  previewctl env acme/shop#7 -o dotenv`,
		Args:              flags.OneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: apiclient.Complete(env, &server, 1, apiclient.HasEnvironment),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(flags.CheckOutput(cmd, opts.output, "shell", "dotenv", "json"), opts.Parse(cmd, server, args)); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
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

// variable is one of the environment that a program gets.
type variable struct{ name, value string }

// variables are what a program needs to know of an environment. Nothing that strangers wrote is among them.
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
		suffix, ok := variableName(c.Service)
		if ok && c.Host != "" {
			all = append(all, variable{"PREVIEW_HOST_" + suffix, c.Host})
		}
		if ok && c.Commit != "" {
			commits = append(commits, variable{"PREVIEW_COMMIT_" + suffix, c.Commit})
		}
	}
	all = append(all, commits...)
	for i := range all {
		all[i].value = config.Printable(all[i].value)
	}
	return all
}

// variableName is a service's name as part of a variable's. ok is false of what can't be a service's name.
func variableName(service string) (name string, ok bool) {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_")), flags.IsDNSLabel(service)
}

var plainLine = regexp.MustCompile(`^[]A-Za-z0-9_./:@[-]*$`)

// dotenvQuoted leaves plain values as they are, since some readers of such lines take quotes for part of the value.
func dotenvQuoted(s string) string {
	if plainLine.MatchString(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s) + `"`
}
