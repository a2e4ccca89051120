package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// marker is a comment in the source that says how a guard is disabled:
//
//	if found == nil { // guard missing-list: false
//
// At the end of a line it is about that line. On a line of its own it is about the next line of code.
type marker struct {
	name   string
	change string // see disable
	file   string
	line   int // the line that it is about
}

var markerText = regexp.MustCompile(`^// guard ([a-z][a-z-]*): (.+)$`)

// findMarkers reads the markers of all Go files below a folder, by name. Tests, testdata and nested modules have none.
func findMarkers(root string) (map[string]marker, error) {
	found := map[string]marker{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && isForeign(path):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return addMarkers(found, path)
	})
	return found, err
}

// isForeign reports whether a folder's Go files don't belong to the product.
func isForeign(folder string) bool {
	name := filepath.Base(folder)
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil || strings.HasPrefix(name, ".") || name == "testdata" || name == "guards"
}

func addMarkers(found map[string]marker, file string) error {
	content, err := os.ReadFile(file) //nolint:gosec // G304: a file of the source
	if err != nil || !strings.Contains(string(content), "// guard ") {
		return err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	lines := strings.Split(string(content), "\n")
	var problems []error
	for _, group := range parsed.Comments {
		for _, c := range group.List {
			if m, ok := parseMarker(fset, lines, c); !ok {
				continue
			} else if other, isTwice := found[m.name]; isTwice {
				problems = append(problems, fmt.Errorf("marker %s is in the source twice: %s:%d and %s:%d",
					m.name, other.file, other.line, m.file, m.line))
			} else {
				found[m.name] = m
			}
		}
	}
	return errors.Join(problems...)
}

func parseMarker(fset *token.FileSet, lines []string, c *ast.Comment) (marker, bool) {
	parts := markerText.FindStringSubmatch(c.Text)
	if parts == nil {
		return marker{}, false
	}
	at := fset.Position(c.Pos())
	line := at.Line
	for line < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[line-1]), "//") {
		line++
	}
	return marker{name: parts[1], change: parts[2], file: filepath.ToSlash(at.Filename), line: line}, true
}
