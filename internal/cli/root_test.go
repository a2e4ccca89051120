package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

// Every command explains itself, and every flag of a few words completes.
func TestCommandsExplainThemselves(t *testing.T) {
	t.Parallel()
	env, _, _ := terminaltest.New("", nil)
	for _, cmd := range allCommands(newRootCmd(env)) {
		if cmd.Name() == "completion" || cmd.Parent().Name() == "completion" || cmd.Name() == "help" || cmd.IsAdditionalHelpTopicCommand() {
			continue
		}
		if cmd.Short == "" || cmd.Long == "" || cmd.Args == nil || len(strings.Split(cmd.Example, "\n")) != 3 {
			t.Errorf("%s lacks a short or long text, a check of its arguments, or three examples", cmd.Name())
		}
		if cmd.Flags().Lookup("output") != nil && !completes(cmd, "output") {
			t.Errorf("%s -o doesn't complete", cmd.Name())
		}
	}
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
