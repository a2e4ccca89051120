package reference_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/internal/cli"
	"github.com/previewset/previewset/internal/reference"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

const folder = "../../docs/reference"

func TestCommandPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	pages, err := reference.Commands(cli.NewRootCommand())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		compare(t, p)
	}
	files, err := filepath.Glob(filepath.Join(folder, "cli", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(pages) {
		t.Errorf("docs/reference/cli has %d pages for %d commands; delete the pages of commands that no longer exist",
			len(files), len(pages))
	}
}

func TestRowPageIsUpToDate(t *testing.T) {
	t.Parallel()
	schema, err := reference.RowSchema("../preview")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, reference.FormatPage(reference.Format{
		Path: "rows.md", Title: "Row keys",
		Intro: "The parameters of one environment in the answer to Argo CD. The template of the ApplicationSet uses them.\n" +
			"Every row has every key. A key without a value is empty, never missing. All scalars are strings.",
		Schema: schema,
	}))
}

func TestMetricsPageIsUpToDate(t *testing.T) {
	t.Parallel()
	g, registry := newService(t)
	call(t, g.Handler(), http.MethodGet, "/livez", "", nil)
	call(t, g.PublicHandler(), http.MethodPost, "/webhooks/github", "", nil)
	page, err := reference.MetricsPage(registry)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, page)
}

// compare fails where the committed page differs from the generated one. With -update it writes the page.
func compare(t *testing.T, p reference.Page) {
	t.Helper()
	golden.Compare(t, filepath.Join(folder, filepath.FromSlash(p.Path)), p.Text)
}
