package testworld

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// NewLarge has open pull requests in one repository. The first ones are labelled.
func NewLarge(open, live int) *World {
	w := New()
	prs := make([]preview.PullRequest, open)
	for i := range prs {
		number := i + 1
		labels := []string{"dependencies", "size/M"}
		if i < live {
			labels = append(labels, []string{"preview", "preview:full"}[i%2])
		}
		pr := PullRequest(number, fmt.Sprintf("author%d", i%200), labels...)
		pr.Title = fmt.Sprintf(
			"ABC-%d: change what %d others have changed before, and tell of it in the log", number, i*7919%1009,
		)
		pr.HeadSHA, pr.BaseSHA = SHA(i), SHA(i/50)
		prs[i] = WithPaths(pr, fmt.Sprintf("orders/handler%d.go", i), "orders/main.go", fmt.Sprintf("docs/%d.md", i))
	}
	w.Repositories = map[string]preview.Repository{
		"acme/shop": Repository("acme/shop", prs...), "acme/gateway": Repository("acme/gateway"),
	}
	return w
}

// SHA is a commit that looks random, so that answers compress as badly as real ones.
func SHA(i int) string {
	x := uint64(i + 1) //nolint:gosec // G115: i isn't negative
	var b strings.Builder
	for range 3 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		x *= 0x9E3779B97F4A7C15
		fmt.Fprintf(&b, "%016x", x)
	}
	return b.String()[:40]
}
