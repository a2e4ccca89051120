package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindMarkersRefusesTheSameNameTwice(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, name := range []string{"a.go", "b.go"} {
		code := "package p\n\nvar a = true // guard same: false\n"
		if err := os.WriteFile(filepath.Join(root, name), []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := findMarkers(root)
	if err == nil || !strings.Contains(err.Error(), "a.go:3") || !strings.Contains(err.Error(), "b.go:3") {
		t.Errorf("got %v, want an error that names both lines", err)
	}
}
