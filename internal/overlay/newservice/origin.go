package newservice

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/filetree"
)

// manifestsFile says from where a service's manifests were read, in its run folder.
const manifestsFile = "from.yaml"

// Manifests says from where a service's manifests were read, with the user's choices.
type Manifests struct {
	// From is the file or folder, or "" where it isn't a relative path: an absolute one is of one computer only.
	From string `json:"from,omitempty"`
	// Name is the service's name in the manifests, where previewctl service rename gave it another one.
	Name string `json:"name,omitempty"`
	// With, Image, Port and Migrate are those of Service.
	With    []string `json:"with,omitempty"`
	Image   string   `json:"image,omitempty"`
	Port    int      `json:"port,omitempty"`
	Migrate []string `json:"migrate,omitempty"`
}

// Origin is from where the manifests of a service are. Both are nil for a service that no file says it of.
type Origin struct {
	Chart     *Chart
	Manifests *Manifests
	// HasSource is true for a service from a chart or from a user's manifests.
	HasSource bool
}

// ReadOrigin returns from where the manifests of a service are.
func ReadOrigin(tree *filetree.Tree, service string) (Origin, error) {
	run := path.Join("kustomize-base", "services", service, "run")
	o := Origin{HasSource: tree.Kind(path.Join(run, sourceFolder)) == filetree.Folder}
	var c Chart
	isThere, err := readFile(tree, path.Join(run, chartFile), &c)
	if isThere {
		o.Chart = &c
	}
	if isThere || err != nil {
		return o, err
	}
	var m Manifests
	if isThere, err = readFile(tree, path.Join(run, manifestsFile), &m); isThere {
		o.Manifests = &m
	}
	return o, err
}

// FormerName returns the service's name in its manifests, or "" where it is the service's name.
func (o Origin) FormerName() string {
	switch {
	case o.Chart != nil:
		return o.Chart.Name
	case o.Manifests != nil:
		return o.Manifests.Name
	}
	return ""
}

func readFile(tree *filetree.Tree, file string, into any) (isThere bool, err error) {
	text, err := tree.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", file, err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		return false, fmt.Errorf("read %s: %w\ncorrect the file", file, err)
	}
	return true, nil
}

// addOrigin writes from where the manifests in source are.
func (a *addition) addOrigin() error {
	var file, comment string
	var content any
	switch s := a.service; {
	case s.Chart != nil:
		file, content = chartFile, s.Chart
		comment = "# The Helm chart from which source was rendered. " +
			"To change the version or the values: previewctl service update.\n"
	case s.Manifests != nil:
		file, content = manifestsFile, s.Manifests
		comment = "# The manifests that source was read from. To read them again: previewctl service update.\n"
	default:
		return nil
	}
	text, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	a.added.Files[path.Join(a.folder(), "run", file)] = append([]byte(comment), text...)
	return nil
}
