package overlay

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/previewset/previewset/internal/preview"
)

// shop is the repository of testdata/shop.txtar with some files replaced, added, or ("") left out.
func shop(t *testing.T, changes map[string]string) *Repo {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	for name, content := range changes {
		if delete(files, name); content != "" {
			files[name] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return New(files)
}

func config(t *testing.T, r *Repo) *preview.Config {
	t.Helper()
	c, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantProblem fails unless exactly one problem was found, and its line has every one of the texts.
func wantProblem(t *testing.T, problems preview.Problems, texts ...string) {
	t.Helper()
	if len(problems) != 1 {
		t.Fatalf("found %d problems, want 1:\n%s", len(problems), problems.Error())
	}
	if problems[0].Remedy == "" {
		t.Errorf("%s has no remedy", problems[0].Error())
	}
	for _, text := range texts {
		if !strings.Contains(problems[0].Error(), text) {
			t.Errorf("problem %q doesn't say %q", problems[0].Error(), text)
		}
	}
}
