package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

func TestShowReadsTheContentOfARow(t *testing.T) {
	t.Parallel()
	row := preview.Row{
		Info: []preview.Info{{Name: "Title", Value: "a"}, {Name: "Pull requests", Value: "acme/shop#7:11 acme/gateway#3"}},
		IgnoreDifferences: []preview.IgnoreDifference{
			{Group: "apps", Kind: "Deployment", Name: "web"}, {Group: "apps", Kind: "StatefulSet", Name: "web"},
		},
	}
	got := [][]string{handoverOf(row), {pullRequestsOf(row)}}
	want := [][]string{{"web"}, {"acme/shop#7, acme/gateway#3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
