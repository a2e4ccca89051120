package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

// maxShort is the length of a command's one-line description.
const maxShort = 60

func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	term, _, _ := terminaltest.New("", nil)
	for _, cmd := range allCommands(newRootCmd(term)) {
		if isCobras(cmd) {
			continue
		}
		if len(cmd.Short) > maxShort {
			t.Errorf("%s: the short text has %d characters, more than %d", cmd.Name(), len(cmd.Short), maxShort)
		}
		if cmd.Short == "" || cmd.Long == "" || cmd.Args == nil || len(strings.Split(cmd.Example, "\n")) < 3 {
			t.Errorf("%s has no short or long text, no check of its arguments, or fewer than three examples", cmd.Name())
		}
		if cmd.Flags().Lookup("output") != nil && !completes(cmd, "output") {
			t.Errorf("%s -o doesn't complete", cmd.Name())
		}
	}
}

// isCobras reports whether cobra documents the command.
func isCobras(cmd *cobra.Command) bool {
	name := cmd.Name()
	return name == "completion" || name == "help" || cmd.Parent().Name() == "completion" || cmd.IsAdditionalHelpTopicCommand()
}

func allCommands(cmd *cobra.Command) []*cobra.Command {
	found := cmd.Commands()
	for _, c := range cmd.Commands() {
		found = append(found, allCommands(c)...)
	}
	return found
}

func completes(cmd *cobra.Command, flag string) bool {
	f, ok := cmd.GetFlagCompletionFunc(flag)
	if !ok {
		return false
	}
	values, _ := f(cmd, nil, "")
	return len(values) > 0
}
