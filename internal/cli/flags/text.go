package flags

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// CheckText refuses what shows as something else than it is, or what a shell or Kubernetes would replace later.
func CheckText(cmd *cobra.Command, flag, text string) error {
	if why := TextProblem(text); why != "" {
		return Usagef(cmd, "%s %s", flag, why)
	}
	return nil
}

// CheckLine is checkText for a text of one line.
func CheckLine(cmd *cobra.Command, flag, text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return Usagef(cmd, "%s has more than one line: write it as one", flag)
	}
	return CheckText(cmd, flag, text)
}

func TextProblem(text string) string {
	switch {
	case !utf8.ValidString(text) || terminal.HasHidden(text):
		return "has characters that don't show, or that steer a terminal: leave them out"
	case strings.Contains(text, "$("):
		return `has "$(", which Kubernetes and shells replace by something else: write it without`
	}
	return ""
}
