package cli

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

var unfitForFile = regexp.MustCompile(`[^A-Za-z0-9.-]`)

// documents are manifests as files, one for each object, so that a difference says whose it is.
func documents(environment, manifests string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for doc := range strings.SplitSeq(manifests, "\n---\n") {
		var object struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
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
