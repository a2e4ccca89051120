package terminal_test

import (
	"testing"

	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/terminaltest"
)

func TestColour(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		tty     bool
		environ map[string]string
		want    string
	}{
		{"a terminal", true, nil, "\x1b[32mok\x1b[0m"},
		{"a pipe", false, nil, "ok"},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, "ok"},
		{"a dumb terminal", true, map[string]string{"TERM": "dumb"}, "ok"},
	}
	for _, tt := range tests {
		env, _, _ := terminaltest.New("", tt.environ)
		env.OutTTY = tt.tty
		if got := env.Colour(terminal.Green, "ok"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
