package terminal_test

import (
	"testing"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

func TestNoNoticeOfFastWork(t *testing.T) {
	t.Parallel()
	env, _, said := terminaltest.New("", nil)
	env.NoticeIfSlow("working")()
	if said.Len() > 0 {
		t.Errorf("standard error is %q after fast work", said)
	}
}
