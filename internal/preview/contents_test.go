package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestContents(t *testing.T) {
	t.Parallel()
	const commit = "3f2a9c1d5e8b7a604c1f0d9e8b7a6c5d4e3f2a1b"
	row, err := Compose(testfixture.LoadPolicy(t, testfixture.DemoPolicy), Plan{
		Name: "alice", Run: map[string]config.ServiceRef{"web": {}, "gateway": {SHA: commit}},
		Links: map[string]string{"orders": "preview-bob"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Content{
		{Service: "web", Runs: true, Host: "alice.preview.example.dev"},
		{Service: "gateway", Runs: true, Commit: commit, Host: "gateway-alice.preview.example.dev"},
		{Service: "orders", Namespace: "preview-bob"},
		{Service: "products", Namespace: "staging"},
		{Service: "mailer", Namespace: "staging"},
	}
	if diff := cmp.Diff(want, row.Contents()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	row.Services, row.Links = nil, nil // as in a row of an earlier version
	if diff := cmp.Diff(want, row.Contents()); diff != "" {
		t.Errorf("of an earlier version (-want +got):\n%s", diff)
	}
}

// Resolve completes the rows of a saved state that has neither services nor links, also those that it only keeps.
func TestEarlierMemoryGetsServicesAndLinks(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)))
	row := only(t, before)
	if len(row.Services) == 0 || len(row.Links) == 0 {
		t.Fatalf("services %v, links %v", row.Services, row.Links)
	}
	earlier := restarted(t, before.Memory)
	e := earlier.Environments[row.Name]
	e.Row.Services, e.Row.Links = nil, nil
	earlier.Environments[row.Name] = e
	kept := FromMemory(earlier, noon)
	if diff := cmp.Diff(row, only(t, kept)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}
