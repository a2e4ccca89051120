package plan

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/preview"
)

// identity is what tells an object of an environment from the others.
type identity struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

var unfitForFile = regexp.MustCompile(`[^A-Za-z0-9.-]`)

// documents are manifests as files, one for each object, so that a difference says whose it is.
func documents(environment, manifests string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for doc := range strings.SplitSeq(manifests, "\n---\n") {
		var object identity
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			return nil, fmt.Errorf("read the manifests of %s: %w", environment, err)
		}
		name := environment + "/" + unfitForFile.ReplaceAllString(object.Kind+"-"+object.Metadata.Name, "_")
		for files[name+".yaml"] != nil { // one kind of two API groups
			name += "_"
		}
		files[name+".yaml"] = []byte(strings.TrimSuffix(doc, "\n") + "\n")
	}
	return files, nil
}

// leaveAlone makes the later files say what the earlier ones do of all that Argo CD is told to ignore: with
// RespectIgnoreDifferences it applies of an object that is there what is there.
func leaveAlone(ignored []preview.IgnoreDifference, before, after map[string][]byte) error {
	for name, manifest := range after {
		var object identity
		if err := yaml.Unmarshal(manifest, &object); err != nil {
			return err
		}
		group, _, _ := strings.Cut(object.APIVersion, "/")
		for _, d := range ignored {
			if before[name] == nil || group != d.Group || object.Kind != d.Kind || object.Metadata.Name != d.Name {
				continue
			}
			if err := keep(d.JSONPointers, name, before, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep makes one of the later files say what the earlier one does at those pointers. Rows have only such of one key.
func keep(pointers []string, name string, before, after map[string][]byte) error {
	var was, is map[string]any
	if err := errors.Join(yaml.Unmarshal(before[name], &was), yaml.Unmarshal(after[name], &is)); err != nil {
		return err
	}
	for _, pointer := range pointers {
		key := strings.TrimPrefix(pointer, "/")
		is[key] = was[key]
	}
	return errors.Join(reencode(before, name, was), reencode(after, name, is)) // both in one style
}

func reencode(files map[string][]byte, name string, object map[string]any) (err error) {
	files[name], err = yaml.Marshal(object)
	return err
}
