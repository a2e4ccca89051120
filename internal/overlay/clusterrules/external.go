package clusterrules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// ExternalNameAnnotation is Crossplane's annotation with the name of the thing that a custom resource creates.
const ExternalNameAnnotation = "crossplane.io/external-name"

// externalGroups are the groups of custom resources that create things outside of the cluster, by the end of the
// group's name. Their fields, in this order, have the name of that thing; else it is the object's own name.
var externalGroups = []externalGroup{
	{".services.k8s.aws", []string{
		"name", "queueName", "tableName", "bucketName", "dbInstanceIdentifier", "dbClusterIdentifier",
	}},
	{".cnrm.cloud.google.com", []string{"resourceID"}},
	{".azure.com", []string{"azureName"}},
	{".upbound.io", []string{"forProvider.name"}},
	{".crossplane.io", nil},
	{".objectbucket.io", []string{"bucketName"}},
}

type externalGroup struct {
	end    string
	fields []string
}

// ExternalName is the name of a thing outside of the cluster that a custom resource creates.
type ExternalName struct {
	// Object is the kind and the name of the custom resource.
	Object string
	// Field is the path of the name.
	Field string
	// Group and Kind are those of the custom resource.
	Group, Kind string
	Name        string
}

// ExternalNames returns the names of things outside of the cluster that some objects create.
func ExternalNames(objects []manifest.Object) []ExternalName {
	var found []ExternalName
	for _, o := range objects {
		if field, name := externalName(o); name != "" {
			found = append(found, ExternalName{o.String(), field, o.Group, o.Kind, name})
		}
	}
	return found
}

func externalName(o manifest.Object) (field, name string) {
	if name := o.Annotations()[ExternalNameAnnotation]; name != "" {
		return "metadata.annotations[" + ExternalNameAnnotation + "]", name
	}
	i := slices.IndexFunc(externalGroups, func(g externalGroup) bool { return strings.HasSuffix("."+o.Group, g.end) })
	if i < 0 {
		return "", ""
	}
	for _, key := range externalGroups[i].fields {
		if name := o.Text(append([]string{"spec"}, strings.Split(key, ".")...)...); name != "" {
			return "spec." + key, name
		}
	}
	if o.Text("spec", "generateBucketName") != "" {
		return "", ""
	}
	return "metadata.name", cmp.Or(o.Name, o.Text("metadata", "name"))
}

// findSharedNames reports each name outside of the cluster without the environment's name: all environments would
// create the same thing, and the deletion of one would delete it for all.
func findSharedNames(b *Build) []Problem {
	if b.Environment == "" {
		return nil
	}
	var found []Problem
	for _, o := range b.Objects {
		field, name := externalName(o.Object)
		if name == "" || strings.Contains(name, b.Environment) {
			continue
		}
		found = append(found, Problem{
			Object: o.String(), Field: field,
			Message: fmt.Sprintf("creates %q outside of the namespace, and all environments would create the same", name),
			Remedy:  "make it a cloud resource: `cloud` in previewset.yaml names it in each environment",
		})
	}
	return found
}
