package newstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/previewset/previewset/internal/overlay/filetree"
)

// Store is a data store to add.
type Store struct {
	Name, Image string
	Port        int
	// User is the number of the user and the group that the program runs as.
	User int
	// Path is the folder of the data, DatasetPath that of the dataset, and Writable are folders for other files.
	Path, DatasetPath string
	Writable          []string
	Args              []string
	// Env are the store's own variables. Variables are those of the services that use it.
	Env, Variables []Variable
	// Storage is the size of the volume, and Memory the limit of the container.
	Storage, Memory string
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// AddStore returns the files of a new data store.
func (r Repository) AddStore(s Store) (map[string][]byte, error) {
	folder := path.Join(dataFolder, s.Name)
	if r.Tree.Kind(folder) != filetree.Absent {
		return nil, fmt.Errorf("%s exists\nchoose another name, or remove the folder", folder)
	}
	return fillTemplates("store", folder, s,
		"kustomization.yaml", "statefulset.yaml", "service.yaml", "persistentvolumeclaim.yaml",
		"datasets/empty/kustomization.yaml", "datasets/empty/configmap.yaml",
		"reset/kustomization.yaml", "reset/statefulset.yaml")
}

// quote writes a text as a scalar of YAML. JSON is YAML.
func quote(text string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return strings.TrimSpace(b.String()), err
}
