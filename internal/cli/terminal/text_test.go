package terminal_test

import (
	"testing"

	"github.com/previewset/previewset/internal/cli/terminal"
)

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"main": "main", "https://x.test/a": "https://x.test/a", "a b": "'a b'", "it's": `'it'\''s'`, "$(id)": "'$(id)'",
		"~/x": "'~/x'", "": "''", "acme/shop#7": "'acme/shop#7'",
	} {
		if got := terminal.ShellQuote(text); got != want {
			t.Errorf("ShellQuote(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"four": "four", "fünf5": "fün…", "": ""} {
		if got := terminal.Truncate(text, 4); got != want {
			t.Errorf("Truncate(%q, 4) = %q, want %q", text, got, want)
		}
	}
}
