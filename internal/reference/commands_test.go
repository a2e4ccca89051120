package reference_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli"
)

var (
	consolePattern = regexp.MustCompile("(?ms)^ *```(?:console|sh|yaml)$(.*?)^ *```$")
	inlinePattern  = regexp.MustCompile("`(previewctl [^`]*)`")
	commandPattern = regexp.MustCompile(`previewctl [^\n|;&)]*(?:'[^']*'[^\n|;&)]*)*`)
	wordPattern    = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+(?:'[^']*'|"[^"]*")?`)
)

func TestDocumentedCommandsExist(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t, true) {
		for _, line := range documentedCommands(d.text) {
			if err := checkCommand(line); err != nil {
				t.Errorf("%s: %s: %v", d.path, line, err)
			}
		}
	}
}

var (
	makePattern   = regexp.MustCompile("(?m)(?:`|^\\$ )make ([a-z][a-z0-9-]*)")
	targetPattern = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
)

func TestDocumentedMakeTargetsExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(projectRoot, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range targetPattern.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	for _, d := range documents(t, true) {
		for _, m := range makePattern.FindAllStringSubmatch(d.text, -1) {
			if !targets[m[1]] {
				t.Errorf("%s: the Makefile has no target %s", d.path, m[1])
			}
		}
	}
}

// documentedCommands returns the calls of previewctl in code blocks and in inline code.
func documentedCommands(text string) []string {
	var all []string
	for _, m := range consolePattern.FindAllStringSubmatch(text, -1) {
		for line := range strings.SplitSeq(strings.ReplaceAll(m[1], "\\\n", " "), "\n") {
			line, _, _ = strings.Cut(line, " # ")
			line, _, _ = strings.Cut(line, "  #")
			all = append(all, commandPattern.FindAllString(line, -1)...)
		}
	}
	for _, m := range inlinePattern.FindAllStringSubmatch(text, -1) {
		all = append(all, commandPattern.FindString(strings.ReplaceAll(m[1], "\n", " ")))
	}
	return all
}

// checkCommand parses a command line as previewctl does, without running it.
func checkCommand(line string) error {
	var words []string
	for _, w := range wordPattern.FindAllString(line, -1)[1:] {
		words = append(words, strings.Trim(w, `'"`))
	}
	root := cli.NewRootCommand()
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if cmd.Name() == "help" {
		return nil
	}
	return checkFlags(cmd, rest)
}

// checkFlags checks flags, and arguments if there are any: a text may name a command without its arguments.
func checkFlags(cmd *cobra.Command, words []string) error {
	if err := cmd.ParseFlags(words); err != nil {
		return err
	}
	if args := cmd.Flags().Args(); len(args) > 0 {
		return cmd.ValidateArgs(args)
	}
	return nil
}
