// Package overlaytest has a small GitOps repository for the tests of overlay and its subpackages.
package overlaytest

import (
	_ "embed" // for shop.txtar
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/previewset/previewset/internal/config"
)

//go:embed shop.txtar
var shop []byte

// Shop returns the repository of shop.txtar with some files replaced or added. An empty content removes the file.
func Shop(changes map[string]string) fs.FS {
	files := fstest.MapFS{}
	for _, f := range txtar.Parse(shop).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	for name, content := range changes {
		if delete(files, name); content != "" {
			files[name] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return files
}

// WantProblem fails the test unless there is exactly one problem, with a remedy, that contains every text.
func WantProblem(t *testing.T, problems config.Problems, texts ...string) {
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
