package reference_test

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/previewset/previewset/internal/cli"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/reference"
)

var update = flag.Bool("update", false, "write the pages instead of comparing them")

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
		t.Errorf("docs/reference/cli has %d pages for %d commands; delete the pages of commands that no longer exist", len(files), len(pages))
	}
}

func TestFormatPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	formats := []struct{ schema, path, title, intro string }{
		{
			"previewconfig", "previewset.md", "previewset.yaml",
			"The policy, at the top of the GitOps repository. An unknown key, a wrong type or a reference to a missing object is an error.\n" +
				"`previewctl check` prints all errors with file, line and remedy.",
		},
		{
			"environment", "environment.md", "environment.yaml",
			"`overlays/<name>/environment.yaml` makes the environment `<name>`. With `pullRequest` it adjusts the environment of that pull\n" +
				"request. Guide: [environments by hand](../guides/environments-by-hand.md).",
		},
		{
			"slotpool", "slots.md", "slots.yaml",
			"The slots, their claims and the queue, at the top of the GitOps repository. Guide: [slots](../guides/slots.md).",
		},
	}
	for _, f := range formats {
		text, err := os.ReadFile(filepath.Join("../config/schema", f.schema+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := reference.ParseSchema(text)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, reference.FormatPage(reference.Format{Path: f.path, Title: f.title, Intro: f.intro, Schema: schema}))
	}
}

func TestRowPageIsUpToDate(t *testing.T) {
	t.Parallel()
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	if err := r.AddGoComments("github.com/previewset/previewset/internal/preview", "../preview"); err != nil {
		t.Fatal(err)
	}
	compare(t, reference.FormatPage(reference.Format{
		Path: "rows.md", Title: "Row keys",
		Intro: "The parameters of one environment in the answer to Argo CD. The template of the ApplicationSet uses them.\n" +
			"Every row has every key. A key without a value is empty, never missing. All scalars are strings.",
		Schema: r.ReflectFromType(reflect.TypeFor[preview.Row]()),
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
	path := filepath.Join(folder, filepath.FromSlash(p.Path))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, p.Text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, p.Text) {
		t.Errorf("docs/reference/%s differs; run make generate (-committed +generated):\n%s", p.Path, cmp.Diff(string(committed), string(p.Text)))
	}
}
