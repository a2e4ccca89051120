package kustomization

import (
	"reflect"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Folder is a folder with a kustomization file.
type Folder struct {
	// Dir is the folder. File is its kustomization file, or the folder where there is none.
	Dir, File string
	// Kustomization is the decoded file.
	Kustomization types.Kustomization
	// Problems are the mistakes in the file and its references.
	Problems config.Problems

	root       *yamlv3.Node
	references []string // the folders that it refers to
	files      []string // the files that it refers to
	own        size     // without its references
	kinds      []string // of the objects in its files
}

// IsComponent reports whether the folder is a Kustomize Component.
func (f *Folder) IsComponent() bool { return f.Kustomization.Kind == types.ComponentKind }

func (f *Folder) addProblem(line int, where, message, remedy string) {
	f.Problems = append(
		f.Problems, config.Problem{File: f.File, Line: line, Path: where, Message: message, Remedy: remedy},
	)
}

// decode reads a folder's kustomization file as Kustomize does. It also refuses some mistakes that Kustomize accepts:
// several files, several documents, a key twice, a key in another case.
func (g *Graph) decode(dir string) (f *Folder, isDecoded bool) {
	f = &Folder{Dir: dir}
	files := g.files(dir)
	if len(files) == 0 {
		f.File = dir
		f.addProblem(0, "", "has no kustomization.yaml", "add one")
		return f, false
	}
	f.File = files[0]
	if file := g.parameterFile(dir); file != "" {
		f.Problems = append(f.Problems, config.Problem{
			File: file, Message: "would change the environment's row: Argo CD reads parameters from it",
			Remedy: "remove it, and write its changes into kustomization.yaml",
		})
	}
	if len(files) > 1 {
		f.addProblem(0, "", "there is also "+files[1], "keep one of them")
		return f, false
	}
	content, err := g.tree.Read(f.File)
	if err != nil {
		f.addProblem(0, "", err.Error(), "make it a regular file")
		return f, false
	}
	return f, f.parse(content)
}

const syntaxRemedy = "see https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/"

func (f *Folder) parse(content []byte) bool {
	nodes, err := yamldoc.All(content)
	switch {
	case err != nil:
		f.addProblem(0, "", err.Error(), syntaxRemedy)
	case len(nodes) == 0:
		f.addProblem(0, "", "is empty", "write at least kind: Kustomization and its resources")
	case len(nodes) > 1:
		f.addProblem(nodes[1].Line, "", "has more than one document", "remove the others: Kustomize reads only the first")
	case nodes[0].Kind != yamlv3.MappingNode:
		f.addProblem(nodes[0].Line, "", "isn't a mapping", syntaxRemedy)
	default:
		f.root = nodes[0]
		return f.unmarshal(content)
	}
	return false
}

func (f *Folder) unmarshal(content []byte) bool {
	if _, err := yaml.YAMLToJSONStrict(content); err != nil {
		f.addProblem(0, "", config.Printable(err.Error()), "write every key once")
		return false
	}
	f.refuseKeysInOtherCase()
	if err := f.Kustomization.Unmarshal(content); err != nil {
		f.addProblem(0, "", config.Printable(err.Error()), syntaxRemedy)
		return false
	}
	return true
}

// refuseKeysInOtherCase refuses a key such as `Images`: Kustomize accepts it, but a reader overlooks it.
func (f *Folder) refuseKeysInOtherCase() {
	for i := 0; i+1 < len(f.root.Content); i += 2 {
		key := f.root.Content[i]
		for _, known := range knownKeys {
			if key.Value != known && strings.EqualFold(key.Value, known) {
				f.addProblem(key.Line, key.Value, "is written in another case than Kustomize documents", "write "+known)
			}
		}
	}
}

var knownKeys = jsonKeys(reflect.TypeFor[types.Kustomization]())

func jsonKeys(t reflect.Type) []string {
	var keys []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name != "":
			keys = append(keys, name)
		case field.Anonymous:
			keys = append(keys, jsonKeys(field.Type)...)
		}
	}
	return keys
}
