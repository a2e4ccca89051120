package plan

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/preview"
)

// identity identifies an object of an environment.
type identity struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
}

var unsafeInFile = regexp.MustCompile(`[^A-Za-z0-9.-]`)

// documents splits manifests into a file for each object, so that the file names of a diff name the objects.
func documents(environment, manifests string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for doc := range strings.SplitSeq(manifests, "\n---\n") {
		var object identity
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			return nil, fmt.Errorf("read the manifests of %s: %w", environment, err)
		}
		name := environment + "/" + unsafeInFile.ReplaceAllString(object.Kind+"-"+object.Metadata.Name, "_")
		for files[name+".yaml"] != nil { // two API groups may have the same kind
			name += "_"
		}
		files[name+".yaml"] = []byte(strings.TrimSuffix(doc, "\n") + "\n")
	}
	return files, nil
}

// copyIgnored copies the ignored specifications from before to after: with RespectIgnoreDifferences, Argo CD keeps the
// current values of an existing object.
func copyIgnored(ignored []preview.IgnoreDifference, before, after map[string][]byte) error {
	for name, manifest := range after {
		var object identity
		if err := yaml.Unmarshal(manifest, &object); err != nil {
			return err
		}
		group, _, _ := strings.Cut(object.APIVersion, "/")
		for _, d := range ignored {
			isOfKind := group == d.Group && object.Kind == d.Kind
			if before[name] == nil || !isOfKind || !d.IgnoresSpec(object.Metadata.Name, object.Metadata.Labels) {
				continue
			}
			if err := copySpec(name, before, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// copySpec copies the specification in one file.
func copySpec(name string, before, after map[string][]byte) error {
	var from, to map[string]any
	if err := errors.Join(yaml.Unmarshal(before[name], &from), yaml.Unmarshal(after[name], &to)); err != nil {
		return err
	}
	to["spec"] = from["spec"]
	return errors.Join(reencode(before, name, from), reencode(after, name, to)) // the same style, for the diff
}

func reencode(files map[string][]byte, name string, object map[string]any) (err error) {
	files[name], err = yaml.Marshal(object)
	return err
}
