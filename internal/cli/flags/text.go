package flags

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// CheckText refuses hidden characters and command substitutions.
func CheckText(cmd *cobra.Command, flag, text string) error {
	if message, remedy := TextProblem(text); message != "" {
		return Usagef(cmd, "%s %s; %s", flag, message, remedy)
	}
	return nil
}

// CheckLine is CheckText for a text of one line.
func CheckLine(cmd *cobra.Command, flag, text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return Usagef(cmd, "%s has more than one line; write one line", flag)
	}
	return CheckText(cmd, flag, text)
}

// TextProblem returns the problem of a text and the remedy, or two empty strings.
func TextProblem(text string) (message, remedy string) {
	if message, remedy = HiddenProblem(text); message == "" && strings.Contains(text, "$(") {
		return `contains "$(", which Kubernetes and shells replace`, "remove it"
	}
	return message, remedy
}

// HiddenProblem is TextProblem for hidden characters only.
func HiddenProblem(text string) (message, remedy string) {
	if !utf8.ValidString(text) || terminal.HasHidden(text) {
		return "contains invisible or control characters", "remove them"
	}
	return "", ""
}
