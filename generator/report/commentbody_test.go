package report

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

func TestCommentQuotesHostileText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"@acme/everyone <img src=x> [a](javascript:alert)", "```\n# heading", "````` @team", "<!-- previewset -->", "a\r\n| b |",
	} {
		body := commentBody(asking{
			decision: &preview.Decision{Environment: "shop-pr-7", Outcome: preview.Held, Rule: preview.RuleProfile},
			progress: preview.Progress{Phase: preview.PhaseFailed, Reason: text, Remedy: text},
		})
		lines := strings.Split(strings.TrimSpace(body), "\n")
		open, last := lines[2], lines[len(lines)-1]
		fence := strings.TrimSuffix(open, "text")
		if len(lines) != 6 || strings.Trim(fence, "`") != "" || last != fence || strings.Contains(lines[3]+lines[4], fence) {
			t.Errorf("%q:\n%s", text, body)
		}
	}
}
