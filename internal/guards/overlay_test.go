package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryGuardIsMarked keeps table and source in agreement between two runs of make guards, which take minutes.
func TestEveryGuardIsMarked(t *testing.T) {
	t.Chdir("../..")
	found, err := findMarkers(".")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, g := range guards {
		files, err := g.changed(found)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, name := range g.markers {
			used[name] = true
		}
		for name, content := range files {
			if _, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution); err != nil {
				t.Errorf("guard disabled: %s: %v", g.name, err)
			}
		}
	}
	for name, m := range found {
		if !used[name] {
			t.Errorf("%s:%d: marker %s is in no guard; add it to internal/guards/table.go", m.file, m.line, name)
		}
	}
}

func TestEveryGuardHasItsSequences(t *testing.T) {
	t.Parallel()
	for _, s := range []sequences{service, domain, sleep, more, late} {
		files, err := filepath.Glob(filepath.Join("../..", s.pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if !anyContains(t, files, "func "+s.test+"(t *testing.T)") {
			t.Errorf("%s has no test %s; name the new one in internal/guards/table.go", s.pkg, s.test)
		}
	}
}

func anyContains(t *testing.T, files []string, text string) bool {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), text) {
			return true
		}
	}
	return false
}
