package overlay

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// titleEverythingRun is the title of the build that runs all services.
const titleEverythingRun = "all services"

func titleAloneLinked(service string) string { return "only " + service + " linked" }

// keepForComparison marks the builds that foreignChanges compares.
func (c *checker) keepForComparison(services []string) {
	for _, s := range services {
		if b := c.titled[titleAloneLinked(s)]; b != nil {
			b.isKept = true
		}
	}
	if b := c.titled[titleEverythingRun]; b != nil {
		b.isKept = true
	}
}

// keepObjects keeps the objects of a build as JSON, by identity, without the values that a row sets for each
// environment.
func (b *buildCheck) keepObjects() {
	b.kept = map[string][]byte{}
	for _, o := range b.objects {
		if o.Kind == "ConfigMap" && o.Name == "environment" {
			continue
		}
		if text, err := json.Marshal(withoutHosts(o)); err == nil {
			b.kept[o.Identity()] = text
		}
	}
}

// withoutHosts returns the fields of an object. A route has no hosts: they depend on which services run.
func withoutHosts(o manifest.Object) map[string]any {
	if len(o.Hosts()) == 0 {
		return o.Fields
	}
	fields, spec := maps.Clone(o.Fields), maps.Clone(o.Under("spec").Fields)
	delete(spec, "hostnames")
	delete(spec, "tls")
	var rules []any
	for _, r := range o.Items("spec", "rules") {
		rule := maps.Clone(r.Fields)
		delete(rule, "host")
		rules = append(rules, rule)
	}
	spec["rules"], fields["spec"] = rules, spec
	return fields
}

// foreignChanges returns a problem for each object that differs between the build that runs everything and the build
// that links one service, although the object doesn't belong to that service. A component's transformers and patches
// reach the objects of all components before it.
func (c *checker) foreignChanges(services []string) config.Problems {
	with := c.titled[titleEverythingRun]
	if with == nil {
		return nil
	}
	var found config.Problems
	for _, s := range services {
		without := c.titled[titleAloneLinked(s)]
		if without == nil {
			continue
		}
		for _, identity := range slices.Sorted(maps.Keys(with.kept)) {
			text, isInBoth := without.kept[identity]
			path, isChanged := difference(with.kept[identity], text)
			if !isInBoth || !isChanged || isOfLink(text, s) || isServiceNamed(identity, s) {
				continue
			}
			found = append(found, config.Problem{
				File: baseFolder + "/services/" + s, Path: titleEverythingRun,
				Message: fmt.Sprintf("service %s changes %s, which isn't its own: %s", s, nameOf(text), path),
				Remedy: "put its manifests and their Kustomization in a folder of their own, and list that folder under " +
					"resources of its components: its labels, prefixes and patches then reach only its own objects",
			})
		}
	}
	return found
}

// isOfLink reports whether an object is in the link half of a service. The run half has a Service of the same name.
func isOfLink(text []byte, service string) bool {
	var fields map[string]any
	_ = json.Unmarshal(text, &fields) // json.Marshal wrote it
	return manifest.Object{Fields: fields}.Text("metadata", "labels", config.LinkLabel) == service
}

// isServiceNamed reports whether an object is the core Service with a name: both halves of a service have it.
func isServiceNamed(identity, name string) bool {
	return strings.HasPrefix(identity, "/Service/") && strings.HasSuffix(identity, "/"+name)
}

func nameOf(text []byte) string {
	var fields map[string]any
	_ = json.Unmarshal(text, &fields) // json.Marshal wrote it
	o := manifest.Object{Fields: fields}
	return o.Text("kind") + " " + o.Text("metadata", "name")
}

// difference returns the path of the first field that differs.
func difference(a, b []byte) (path string, differs bool) {
	if string(a) == string(b) {
		return "", false
	}
	var x, y any
	_, _ = json.Unmarshal(a, &x), json.Unmarshal(b, &y) // json.Marshal wrote both
	return firstDifference("", x, y), true
}

func firstDifference(path string, a, b any) string {
	x, isMap := a.(map[string]any)
	y, isOther := b.(map[string]any)
	if !isMap || !isOther {
		return path
	}
	keys := maps.Clone(x)
	maps.Copy(keys, y)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !reflect.DeepEqual(x[key], y[key]) {
			return firstDifference(strings.TrimPrefix(path+"."+key, "."), x[key], y[key])
		}
	}
	return path
}
