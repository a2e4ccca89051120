package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/preview"
)

func TestConfirmAsksOnATerminal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in  string
		args      []string
		wantCode  int
		confirmed bool
	}{
		{"yes", "y\n", nil, 0, true},
		{"yes in capitals", " YES\n", nil, 0, true},
		{"yes without end of line", "yes", nil, 0, true},
		{"no", "n\n", nil, 1, false},
		{"an empty line", "\n", nil, 1, false},
		{"the end of input", "", nil, 1, false},
		{"yes by flag", "", []string{"--yes"}, 0, true},
		{"a dry run", "y\n", []string{"--dry-run"}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					waiting := preview.Decision{Outcome: preview.Live, Environment: "shop-pr-7", Withheld: true, Reason: "it stays"}
					apitest.Respond(w, http.StatusOK, map[string]any{"decisions": []preview.Decision{waiting}})
					return
				}
				body, _ := io.ReadAll(r.Body)
				got = r.URL.Path + " " + string(body)
				apitest.Respond(w, http.StatusAccepted, map[string]any{"message": "confirmed"})
			}))
			defer s.Close()
			term, _, asked := terminaltest.New(tt.in, map[string]string{"PREVIEWSET_SERVER": s.URL, "USER": "alice"})
			if code := run(t.Context(), term, append([]string{"confirm", "shop-pr-7"}, tt.args...)); code != tt.wantCode {
				t.Errorf("exit code %d, want %d:\n%s", code, tt.wantCode, asked)
			}
			want := ""
			if tt.confirmed {
				want = `/api/v1/confirm {"environments":["shop-pr-7"],"caller":"alice"}`
			}
			if got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
			shown := asked.String()
			if !strings.Contains(shown, "shop-pr-7") || strings.Contains(shown, "[y/N]") == (len(tt.args) > 0) {
				t.Errorf("standard error is\n%s", shown)
			}
			if tt.wantCode == 1 && !strings.Contains(shown, "nothing was confirmed") {
				t.Errorf("standard error doesn't report the result:\n%s", shown)
			}
		})
	}
}
