package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

func TestInitAsksOnATerminal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in   string
		args       []string
		wantAsked  []string
		wantDomain string
		wantCode   int
	}{
		{"both answered", "git@git.test:a/b.git\nprev.test\n", nil, []string{"Address of", "Domain of"}, "domain: prev.test\n", 0},
		{"nothing answered", "\n\n", nil, []string{"Address of", "Domain of", "still the example's"}, "domain: preview.example.dev\n", 0},
		{"one is a flag", "git@git.test:a/b.git\n", []string{"--domain", "flag.test"}, []string{"Address of"}, "domain: flag.test\n", 0},
		{"the end of input", "", nil, []string{"still the example's"}, "domain: preview.example.dev\n", 0},
		{"a wrong answer", "nonsense\n\n", nil, []string{"--repo-url is not an address"}, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "previews")
			term, _, asked := terminaltest.New(tt.in, nil)
			if code := run(t.Context(), term, append([]string{"init", dir}, tt.args...)); code != tt.wantCode {
				t.Errorf("exit code %d, want %d:\n%s", code, tt.wantCode, asked)
			}
			for _, text := range tt.wantAsked {
				if !strings.Contains(asked.String(), text) {
					t.Errorf("standard error doesn't say %q:\n%s", text, asked)
				}
			}
			policy, _ := os.ReadFile(filepath.Join(dir, "previewset.yaml"))
			if !strings.Contains("\n"+string(policy), "\n"+tt.wantDomain) || (tt.wantDomain == "") != (len(policy) == 0) {
				t.Errorf("previewset.yaml doesn't have %q:\n%s", tt.wantDomain, policy)
			}
		})
	}
}
