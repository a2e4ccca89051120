package synthetic

import (
	"testing"

	"github.com/previewset/previewset/internal/config"
)

func TestCommitDependsOnRepositoryAndRef(t *testing.T) {
	t.Parallel()
	first := Commit("acme/shop", "main")
	if !config.IsSHA(first) {
		t.Errorf("%q is not a full commit hash", first)
	}
	if got := Commit("Acme/Shop", "main"); got != first {
		t.Errorf("the case of the repository changes the commit: %s, %s", first, got)
	}
	if Commit("acme/shop", "dev") == first || Commit("acme/gateway", "main") == first {
		t.Error("another ref or repository has the same commit")
	}
}
