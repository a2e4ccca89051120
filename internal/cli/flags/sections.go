package flags

import (
	"strings"

	"github.com/spf13/cobra"
)

// cobraFlags is how cobra's usage lists a command's flags: all of them, by the alphabet.
const cobraFlags = "\n\nFlags:\n{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}"

// flagSections are the flags that many commands have, for which nobody looks who reads what one command can do.
var flagSections = []struct {
	title string
	has   string // whoever has this flag has the section
	flags []string
}{
	{
		"Flags about the GitOps repository", "config-repo",
		[]string{"config-branch", "config-known-hosts-file", "config-path", "config-repo", "config-ssh-key-file", "config-token-file", "local"},
	},
	{"Flags about the commit", "author", []string{"author", "branch", "dry-run", "message", "sign"}},
	{"Flags about the service", "server", []string{"api-token-file", "server"}},
}

// Section has the usage of a command and of those below it list a command's own flags first.
func Section(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		Section(sub)
	}
	cmd.InitDefaultHelpFlag()
	text := ""
	for _, s := range flagSections {
		if cmd.Flags().Lookup(s.has) != nil {
			text += "\n\n" + s.title + ":\n" + usages(cmd, s.flags)
			hide(cmd, s.flags, true)
			defer hide(cmd, s.flags, false)
		}
	}
	if text == "" {
		return
	}
	text = "\n\nFlags:\n" + strings.TrimRight(cmd.LocalFlags().FlagUsages(), " \n") + text
	// A raw string of the template language, which takes everything but a backquote; no usage has one left.
	cmd.SetUsageTemplate(strings.Replace(cmd.UsageTemplate(), cobraFlags, "{{`"+text+"`}}", 1))
}

// usages lists the named flags that a command has.
func usages(cmd *cobra.Command, names []string) string {
	section := (&cobra.Command{}).Flags()
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f != nil {
			section.AddFlag(f)
		}
	}
	return strings.TrimRight(section.FlagUsages(), " \n")
}

// hide leaves the named flags out of what lists flags, or takes them in again.
func hide(cmd *cobra.Command, names []string, hidden bool) {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f != nil {
			f.Hidden = hidden
		}
	}
}
