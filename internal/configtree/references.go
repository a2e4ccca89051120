package configtree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
)

// referenceChecker follows the references of kustomization files. It finds a missing file and a file that isn't YAML,
// without a build: the service doesn't run Kustomize on files of other people.
type referenceChecker struct {
	reader *reader
	seen   map[string]*config.Problem // by path
	left   int64                      // bytes that may still be checked; references after them aren't
}

const (
	maxChecked    = 64 << 20
	referenceCost = 4 << 10 // of a lookup, in the same unit
)

// lists are the keys of a kustomization file that list paths. pathsIn are those that list mappings with a path.
var (
	lists = []string{
		"resources", "components", "bases", "crds", "configurations", "generators", "transformers", "validators",
	}
	pathsIn = []string{"patches", "patchesJson6902", "replacements"}
)

var plainPath = regexp.MustCompile(`^[A-Za-z0-9._+/-]+$`)

// addReferences adds a problem for each part of the tree that can't be built.
func (r *reader) addReferences() {
	c := &referenceChecker{reader: r, seen: map[string]*config.Problem{}, left: maxChecked}
	for _, folder := range slices.Sorted(maps.Keys(r.tree.Kustomizations)) {
		p := c.folder(folder)
		name, isOverlay := strings.CutPrefix(folder, config.OverlaysFolder+"/")
		switch {
		case p == nil || slices.Contains(r.tree.BaseProblems, *p):
		case !isOverlay || folder == config.SharedOverlay:
			r.tree.BaseProblems = append(r.tree.BaseProblems, *p)
		default:
			if r.tree.Unbuildable == nil {
				r.tree.Unbuildable = map[string]config.Problem{}
			}
			r.tree.Unbuildable[name] = *p
		}
	}
}

// folder returns the first problem of a folder with a kustomization file, and of its references.
func (c *referenceChecker) folder(name string) *config.Problem {
	if known, ok := c.seen[name]; ok {
		return known
	}
	c.seen[name] = nil // folders may refer to each other
	c.seen[name] = c.inspect(name)
	return c.seen[name]
}

func (c *referenceChecker) inspect(folder string) *config.Problem {
	file, err := c.kustomizationOf(folder)
	if err != nil {
		return &config.Problem{File: folder, Message: err.Error(), Remedy: "restore it"}
	}
	content, err := c.read(file)
	if err != nil {
		return &config.Problem{File: file, Message: err.Error(), Remedy: "correct it"}
	}
	var k map[string]yaml.Node
	if err := yaml.Unmarshal(content, &k); err != nil {
		return &config.Problem{File: file, Message: "isn't a kustomization: " + err.Error(), Remedy: "correct it"}
	}
	for _, key := range lists {
		for i, n := range k[key].Content {
			if p := c.follow(file, fmt.Sprintf("%s[%d]", key, i), n); p != nil {
				return p
			}
		}
	}
	for _, key := range pathsIn {
		for i, n := range k[key].Content {
			if p := c.followPath(file, fmt.Sprintf("%s[%d].path", key, i), n); p != nil {
				return p
			}
		}
	}
	return nil
}

// followPath checks the value of the key path in a mapping.
func (c *referenceChecker) followPath(file, at string, mapping *yaml.Node) *config.Problem {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == "path" {
			return c.follow(file, at, mapping.Content[i+1])
		}
	}
	return nil
}

// follow checks one reference. Only plain paths are checked: previewctl check refuses all others.
func (c *referenceChecker) follow(file, at string, ref *yaml.Node) *config.Problem {
	target := path.Join(path.Dir(file), ref.Value)
	if !plainPath.MatchString(ref.Value) || !fs.ValidPath(target) {
		return nil
	}
	problem := func(message, remedy string) *config.Problem {
		return &config.Problem{
			File: file, Line: ref.Line, Path: at, Message: fmt.Sprintf("%q %s", target, message), Remedy: remedy,
		}
	}
	if c.left -= referenceCost; c.left < 0 {
		return nil
	}
	info, err := c.reader.stat(target)
	switch {
	case err != nil || info == nil:
		return problem("doesn't exist", "create it, or correct the path")
	case info.IsDir():
		if _, err := c.kustomizationOf(target); err != nil {
			return problem("has no kustomization.yaml", "add one that lists the folder's files")
		}
		return c.folder(target)
	case !info.Mode().IsRegular():
		return problem("is a symbolic link, or is below one", "put the file itself there")
	case info.Size() > maxManifest:
		return nil
	}
	if known, ok := c.seen[target]; ok {
		return known
	}
	if c.left -= info.Size(); c.left < 0 {
		return nil
	}
	c.seen[target] = c.manifest(target)
	return c.seen[target]
}

// maxManifest limits the files that are checked, in bytes. The service doesn't fetch larger ones.
const maxManifest = 1 << 20

func (c *referenceChecker) manifest(file string) *config.Problem {
	content, err := c.read(file)
	if err != nil {
		return &config.Problem{File: file, Message: err.Error(), Remedy: "correct it"}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return &config.Problem{File: file, Message: "isn't YAML: " + err.Error(), Remedy: "correct it"}
		}
	}
}

func (c *referenceChecker) read(file string) ([]byte, error) {
	info, err := c.reader.stat(file)
	if err != nil || info == nil || !info.Mode().IsRegular() || info.Size() > maxManifest {
		return nil, errors.New("is not a regular file of at most 1 MiB")
	}
	return fs.ReadFile(c.reader.fsys, file)
}

func (c *referenceChecker) kustomizationOf(folder string) (string, error) {
	entries, err := fs.ReadDir(c.reader.fsys, folder)
	if err != nil {
		return "", errors.New("can't be listed")
	}
	for _, e := range entries {
		if isKustomization(e.Name()) {
			return path.Join(folder, e.Name()), nil
		}
	}
	return "", errors.New("has no kustomization.yaml")
}
