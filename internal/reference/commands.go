package reference

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Commands returns a page for each command below root, and an index.
func Commands(root *cobra.Command) ([]Page, error) {
	root.DisableAutoGenTag = true
	var index strings.Builder
	index.WriteString(notice + "# Commands\n\n| command | effect |\n| --- | --- |\n")
	var pages []Page
	for _, cmd := range documented(root) {
		text, err := commandPage(cmd)
		if err != nil {
			return nil, fmt.Errorf("document %s: %w", cmd.CommandPath(), err)
		}
		file := strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"
		pages = append(pages, Page{"cli/" + file, text})
		fmt.Fprintf(&index, "| [%s](%s) | %s |\n", cmd.CommandPath(), file, cmd.Short)
	}
	return append(pages, Page{"cli/README.md", []byte(index.String())}), nil
}

// documented returns the command and all commands below it, in the order of the help text.
func documented(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() && below.Name() != "completion" {
			all = append(all, documented(below)...)
		}
	}
	return all
}

func commandPage(cmd *cobra.Command) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(notice)
	if err := doc.GenMarkdown(cmd, &b); err != nil {
		return nil, err
	}
	text := completionLink.ReplaceAll(b.Bytes(), nil)
	return append(bytes.TrimRight(text, "\n"), '\n'), nil
}

// completionLink matches the link to the command completion, which has no page.
var completionLink = regexp.MustCompile(`(?m)^\* .*\(previewctl_completion\.md\).*\n`)
