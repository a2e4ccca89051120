package gitrepo_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestLinkCanBeDeleted(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{"dir/file": "x", "link": "-> dir"})
	repo := open(t, gitrepo.Options{URL: "file://" + bare})
	_, err := repo.Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
		return gitrepo.Edits{Delete: []string{"link"}, Message: gitrepo.Message{Subject: "Remove link"}}, nil
	})
	if diff := cmp.Diff(map[string]string{"dir/file": "x"}, gittest.Files(t, bare)); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}
