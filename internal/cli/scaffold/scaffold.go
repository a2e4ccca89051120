// Package scaffold writes a new GitOps repository from the example, with its settings and secrets.
package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Scaffold is the set of files that init writes.
type Scaffold struct {
	files map[string][]byte
}

// New fills the settings into the example.
func New(example fs.FS, s Settings) (*Scaffold, error) {
	appsets, others := s.literals()
	files := map[string][]byte{}
	err := fs.WalkDir(example, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(example, name)
		if err != nil {
			return err
		}
		replacer := others
		if strings.HasPrefix(name, "appsets/") {
			replacer = appsets
		}
		files[name] = []byte(replacer.Replace(string(content)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the example: %w", err)
	}
	return &Scaffold{files: files}, nil
}

// Compare says which files aren't there, and which are there with another content. A nil root is an empty folder.
func (s *Scaffold) Compare(root *os.Root) (missing, differing []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		if root == nil {
			missing = append(missing, name)
			continue
		}
		content, err := root.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, name)
		case err != nil:
			return nil, nil, fmt.Errorf("compare: %w", err)
		case !bytes.Equal(content, s.files[name]):
			differing = append(differing, name)
		}
	}
	return missing, differing, nil
}

// Write writes what is missing, and with force what differs. Nothing is written where that is refused.
func (s *Scaffold) Write(root *os.Root, force bool) (written []string, err error) {
	missing, differing, err := s.Compare(root)
	if err != nil {
		return nil, err
	}
	if len(differing) > 0 && !force {
		return nil, fmt.Errorf("%s there and differ from what would be written:\n%s\nnothing was written; use --force to overwrite, or --dry-run to see all",
			areFiles(len(differing)), strings.Join(differing, "\n"))
	}
	written = slices.Concat(missing, differing)
	for _, name := range written {
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return nil, fmt.Errorf("make the folder: %w", err)
		}
		if err := root.WriteFile(name, s.files[name], 0o644); err != nil {
			return nil, fmt.Errorf("write the file: %w", err)
		}
	}
	return written, nil
}

func areFiles(n int) string {
	if n == 1 {
		return "1 file is"
	}
	return fmt.Sprintf("%d files are", n)
}
