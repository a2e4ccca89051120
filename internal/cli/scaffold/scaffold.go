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

	"github.com/previewset/previewset/internal/cli/output"
)

// Scaffold is the set of files that init writes.
type Scaffold struct {
	files    map[string][]byte
	settings Settings
}

// New applies the settings to the example.
func New(example fs.FS, s Settings) (*Scaffold, error) {
	texts, err := read(example)
	switch {
	case err != nil:
		return nil, err
	case s.Example:
		err = setRepositories(texts, s.ExampleRepositories)
	default:
		err = removeDemo(texts)
	}
	if err != nil {
		return nil, err
	}
	if err := s.setRoutes(texts); err != nil {
		return nil, err
	}
	appsets, others := s.replacers()
	files := map[string][]byte{}
	for name, text := range texts {
		replacer := others
		if strings.HasPrefix(name, "appsets/") {
			replacer = appsets
		}
		files[name] = []byte(replacer.Replace(text))
	}
	return &Scaffold{files: files, settings: s}, nil
}

// Compare returns the missing files, and the files with other content, without a README of the user's own. A nil root
// is an empty folder. It refuses a folder with Ingresses while the settings choose neither Ingresses nor a Gateway.
func (s *Scaffold) Compare(root *os.Root) (missing, differing []string, err error) {
	if err := s.settings.refuseChangeOfRoutes(root); err != nil {
		return nil, nil, err
	}
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
			return nil, nil, fmt.Errorf("compare the files: %w", err)
		case !bytes.Equal(content, s.files[name]) && name != readme:
			differing = append(differing, name)
		}
	}
	return missing, differing, nil
}

// Write writes the missing files, and with force the differing ones. Without force a differing file is an error, and
// nothing is written.
func (s *Scaffold) Write(root *os.Root, force bool) (written []string, err error) {
	missing, differing, err := s.Compare(root)
	if err != nil {
		return nil, err
	}
	if len(differing) > 0 && !force {
		return nil, fmt.Errorf("write the files: existing content differs in %s:\n%s\n"+
			"nothing was written; use --force to overwrite, or --dry-run to see all files",
			output.Count(len(differing), "file"), strings.Join(differing, "\n"))
	}
	written = slices.Concat(missing, differing)
	for _, name := range written {
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return nil, fmt.Errorf("create the folder: %w", err)
		}
		if err := root.WriteFile(name, s.files[name], 0o644); err != nil {
			return nil, fmt.Errorf("write the file: %w", err)
		}
	}
	return written, nil
}
