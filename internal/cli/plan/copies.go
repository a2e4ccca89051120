package plan

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/config"
)

// Copy is a new volume that is a copy of a snapshot.
type Copy struct {
	Claim    string `json:"claim"`
	Snapshot string `json:"snapshot"`
	Size     string `json:"size"`
	// Seconds is the expected time of the copy, or 0 if the claim doesn't say it.
	Seconds int `json:"seconds"`
}

// claim is the part of a PersistentVolumeClaim that says where its data come from.
type claim struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Resources struct {
			Requests map[string]string `json:"requests"`
		} `json:"resources"`
		DataSourceRef struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"dataSourceRef"`
	} `json:"spec"`
}

// newCopies returns the copies of snapshots that only the later manifests have, by claim.
func newCopies(before, after map[string][]byte) ([]Copy, error) {
	var found []Copy
	var problems error
	for file, manifest := range after {
		var kind struct{ Kind string }
		var c claim
		err := yaml.Unmarshal(manifest, &kind)
		if err == nil && kind.Kind == "PersistentVolumeClaim" && before[file] == nil {
			err = yaml.Unmarshal(manifest, &c)
		}
		problems = errors.Join(problems, err)
		if c.Spec.DataSourceRef.Kind != "VolumeSnapshot" {
			continue
		}
		seconds, _ := strconv.Atoi(c.Metadata.Annotations[config.SecondsAnnotation]) // 0 without a number
		found = append(found, Copy{
			Claim: c.Metadata.Name, Snapshot: c.Spec.DataSourceRef.Name, Size: c.Spec.Resources.Requests["storage"],
			Seconds: max(seconds, 0),
		})
	}
	slices.SortFunc(found, func(a, b Copy) int { return strings.Compare(a.Claim, b.Claim) })
	return found, problems
}
