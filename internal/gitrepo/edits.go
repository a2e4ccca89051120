package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// Edits are the changes to a tree, in one commit. Paths are slash-separated and relative to the top.
type Edits struct {
	// Write has the content of files by path. An executable file stays executable.
	Write map[string][]byte
	// Delete has files and folders. An absent path is ignored.
	Delete []string
	// Message of the commit.
	Message Message
}

// fileEdit is the new content of a file, or the deletion of a file or folder.
type fileEdit struct {
	content    []byte
	isDeletion bool
}

// touchedPaths returns all paths of the edits, sorted.
func (e Edits) touchedPaths() []string {
	return slices.Sorted(maps.Keys(e.newContents()))
}

// newContents maps every touched path to its new content, or to a deletion.
func (e Edits) newContents() map[string]fileEdit {
	all := map[string]fileEdit{}
	for _, name := range e.Delete {
		all[name] = fileEdit{isDeletion: true}
	}
	for name, content := range e.Write {
		all[name] = fileEdit{content: content}
	}
	return all
}

// checkPaths refuses paths outside of the tree or in Git's own files, and contradictory paths.
func (e Edits) checkPaths() error {
	var all []error
	for _, name := range e.Delete {
		if _, ok := e.Write[name]; ok {
			all = append(all, pathError(name, "is both written and deleted"))
		}
	}
	names := e.touchedPaths()
	for _, name := range names {
		if why := pathProblem(name); why != "" {
			all = append(all, pathError(name, why))
		}
		if i, _ := slices.BinarySearch(names, name+"/"); i < len(names) && strings.HasPrefix(names[i], name+"/") {
			all = append(all, pathError(name, "is a folder of "+fmt.Sprintf("%q", names[i])+", which is changed too"))
		}
	}
	return errors.Join(all...)
}

func pathError(name, why string) error { return fmt.Errorf("change %q: %w: it %s", name, ErrPath, why) }

// pathProblem returns the reason why a path can't be a file of a repository; "" if it can.
func pathProblem(name string) string {
	if name == "." || !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "is no path inside of the repository"
	}
	isForbidden := func(r rune) bool { return r == '\\' || r == unicode.ReplacementChar || !unicode.IsPrint(r) }
	if strings.ContainsFunc(name, isForbidden) {
		return "has characters that a file name can't have"
	}
	for part := range strings.SplitSeq(strings.ToLower(name), "/") {
		if p := strings.TrimRight(part, ". "); p == ".git" || p == "git~1" || p == "" {
			return "leads into Git's own files"
		}
	}
	return ""
}
