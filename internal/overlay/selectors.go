package overlay

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// foreignSelections returns a problem for each Service that selects Pods of another service: its requests would reach
// both. The owner of an object is the service without which it isn't built.
func (c *checker) foreignSelections(services []string) config.Problems {
	everything := c.titled[titleEverythingRun]
	if everything == nil {
		return nil
	}
	owners, objects := map[string]string{}, map[string]manifest.Object{}
	for identity, text := range everything.kept {
		var fields map[string]any
		_ = json.Unmarshal(text, &fields) // json.Marshal wrote it
		objects[identity] = manifest.Object{Fields: fields}
	}
	for _, s := range services {
		without := c.titled[titleAloneLinked(s)]
		for identity := range objects {
			if without != nil && (without.kept[identity] == nil || isServiceNamed(identity, s)) {
				owners[identity] = s
			}
		}
	}
	var found config.Problems
	for _, identity := range slices.Sorted(maps.Keys(objects)) {
		selector := stringsOf(objects[identity].Under("spec", "selector"))
		if objects[identity].Text("kind") != "Service" || len(selector) == 0 || owners[identity] == "" {
			continue
		}
		for _, workload := range slices.Sorted(maps.Keys(objects)) {
			owner, pods := owners[workload], podLabels(objects[workload])
			if owner == "" || owner == owners[identity] || len(pods) == 0 || !labels.SelectorFromSet(selector).Matches(pods) {
				continue
			}
			found = append(found, foreignSelection(owners[identity], owner, objects[identity], objects[workload]))
		}
	}
	return found
}

func foreignSelection(service, other string, selecting, selected manifest.Object) config.Problem {
	return config.Problem{
		File: baseFolder + "/services/" + service, Path: titleEverythingRun,
		Message: fmt.Sprintf("Service %s of service %s selects the Pods of %s %s, which belongs to service %s",
			selecting.Text("metadata", "name"), service, selected.Text("kind"), selected.Text("metadata", "name"), other),
		Remedy: "write labels in spec.selector that only its own Pods have, such as app.kubernetes.io/name: " + service,
	}
}

// podLabels returns the labels of the Pods that a workload creates; none for other objects.
func podLabels(o manifest.Object) labels.Set {
	if o.Text("kind") == "CronJob" {
		o = o.Under("spec", "jobTemplate")
	}
	return stringsOf(o.Under("spec", "template", "metadata", "labels"))
}

// stringsOf returns the text fields of an object.
func stringsOf(o manifest.Object) labels.Set {
	all := labels.Set{}
	for key, value := range o.Fields {
		if text, ok := value.(string); ok {
			all[key] = text
		}
	}
	return all
}
