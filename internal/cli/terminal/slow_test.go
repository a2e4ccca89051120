package terminal_test

import (
	"testing"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

func TestPatienceEndsWithTheWork(t *testing.T) {
	t.Parallel()
	env, _, said := terminaltest.New("", nil)
	env.NoticeIfSlow("working")()
	if said.Len() > 0 {
		t.Errorf("standard error says %q of what took no time", said)
	}
}
