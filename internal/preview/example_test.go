package preview_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/testfixture"
)

// The decisions and rows about two pull requests: one has the label, one comes from a fork.
func ExampleResolve() {
	cfg, err := config.Load(testfixture.DemoTree(nil), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	const shop, fork = 11, 99 // GitHub's numeric IDs of two repositories
	pull := func(number int, head int64) preview.PullRequest {
		return preview.PullRequest{
			Number: number, Author: "alice", Labels: []string{"preview"}, Branch: "feature", TargetBranch: "main",
			HeadSHA: strings.Repeat("a", 40), BaseSHA: strings.Repeat("b", 40), HeadRepositoryID: head, BaseRepositoryID: shop,
			Changes: &preview.Changes{Paths: []string{"orders/api.go"}},
		}
	}
	noon := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	facts := preview.Facts{ConfigReadAt: noon, PollInterval: time.Minute, Repositories: map[string]preview.Repository{
		"acme/shop": {ID: shop, FullName: "acme/shop", ReadAt: noon, PullRequests: []preview.PullRequest{pull(7, shop), pull(8, fork)}},
	}}
	snapshot := preview.Resolve(cfg, facts, preview.Memory{}, noon)
	for i := range snapshot.Decisions {
		d := &snapshot.Decisions[i]
		fmt.Printf("#%d %s by rule %s\n", d.Number, d.Outcome, d.Rule)
	}
	for i := range snapshot.Rows {
		fmt.Println("row:", snapshot.Rows[i].Name, "in", snapshot.Rows[i].Namespace)
	}
	// Output:
	// #7 live by rule labelled
	// #8 held by rule fork
	// row: shop-pr-7 in preview-shop-pr-7
}
