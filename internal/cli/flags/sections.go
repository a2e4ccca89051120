package flags

import (
	"strings"

	"github.com/spf13/cobra"
)

// cobraFlags is the part of cobra's usage template that lists all flags in alphabetical order.
const cobraFlags = "\n\nFlags:\n{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}"

// flagSections are flags that many commands have. The help lists them after the command's own flags.
var flagSections = []struct {
	title string
	// marker is the flag that every command with this section has.
	marker string
	flags  []string
}{
	{
		"Flags about the GitOps repository", "config-repo",
		[]string{
			"config-branch", "config-known-hosts-file", "config-path", "config-repo", "config-ssh-key-file",
			"config-token-file", "local",
		},
	},
	{"Flags about the commit", "author", []string{"author", "branch", "dry-run", "message", "sign"}},
	{"Flags about the generator", "server", []string{"api-token-file", "server"}},
}

// Section makes the usage of a command and of all commands below it list the command's own flags first.
func Section(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		Section(sub)
	}
	cmd.InitDefaultHelpFlag()
	text := ""
	for _, s := range flagSections {
		if cmd.Flags().Lookup(s.marker) != nil {
			text += "\n\n" + s.title + ":\n" + usages(cmd, s.flags)
			hide(cmd, s.flags, true)
			defer hide(cmd, s.flags, false)
		}
	}
	if text == "" {
		return
	}
	text = "\n\nFlags:\n" + strings.TrimRight(cmd.LocalFlags().FlagUsages(), " \n") + text
	// The template's raw string may contain everything but a backquote; pflag removes those from usages.
	cmd.SetUsageTemplate(strings.Replace(cmd.UsageTemplate(), cobraFlags, "{{`"+text+"`}}", 1))
}

// usages returns the help of the named flags that the command has.
func usages(cmd *cobra.Command, names []string) string {
	section := (&cobra.Command{}).Flags()
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f != nil {
			section.AddFlag(f)
		}
	}
	return strings.TrimRight(section.FlagUsages(), " \n")
}

func hide(cmd *cobra.Command, names []string, hidden bool) {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f != nil {
			f.Hidden = hidden
		}
	}
}
