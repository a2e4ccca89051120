package config

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	// EnvironmentPlaceholder stands for the environment's name and generation in the name of a cloud resource.
	EnvironmentPlaceholder = "{{environment}}"
	// GenerationLength is the length of the text that differs each time an environment is made anew.
	GenerationLength = 5
	// externalName is Crossplane's annotation with the name of the thing.
	externalName = "metadata.annotations[crossplane.io/external-name]"

	maxCloudName = 63 // of a bucket, with the longest name of an environment
	maxField     = 200
)

var (
	cloudNamePattern = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*-)?\{\{environment\}\}(-[a-z0-9-]*[a-z0-9])?$`)
	// fieldPattern matches the path of a field: keys below spec, or one annotation.
	fieldPattern = regexp.MustCompile(
		`^(spec(\.[A-Za-z][A-Za-z0-9]*)+|metadata\.annotations\[[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\])$`)
)

// NameIn returns the resource's name outside of the cluster.
func (r CloudResource) NameIn(environment, generation string) string {
	return strings.Replace(r.Name, EnvironmentPlaceholder, environment+"-"+generation, 1)
}

// FieldPath returns the field with the name.
func (r CloudResource) FieldPath() string { return cmp.Or(r.Field, externalName) }

// JSONPointer returns the JSON pointer of the field.
func (r CloudResource) JSONPointer() string {
	field := r.FieldPath()
	if key, isAnnotation := strings.CutPrefix(field, "metadata.annotations["); isAnnotation {
		return "/metadata/annotations/" + strings.ReplaceAll(strings.TrimSuffix(key, "]"), "/", "~1")
	}
	return "/" + strings.ReplaceAll(field, ".", "/")
}

func (v *validator) validateCloud() {
	cloud := v.cfg.Policy.Cloud
	names := slices.Sorted(maps.Keys(cloud))
	for i, name := range names {
		r, at := cloud[name], "cloud."+name
		if !IsDNSLabel(name, maxKubernetesName) {
			v.mistake(at, "is not a cloud resource's name", "write at most 63 of a to z, 0 to 9 and -")
		}
		if !v.cfg.catalog.cloud[name] {
			v.mistake(at, fmt.Sprintf("%s/cloud/%s is missing", BaseFolder, path.Base(Printable(name))),
				"add the component with the custom resource, or remove it here")
		}
		v.validateCloudName(at+".name", r.Name)
		if r.Field != "" && (len(r.Field) > maxField || !fieldPattern.MatchString(r.Field)) {
			v.mistake(at+".field", fmt.Sprintf("%q is not a field", Printable(r.Field)),
				"write one like spec.queueName or "+externalName)
		}
		for _, other := range names[:i] {
			if mayBeEqual(cloud[other].Name, r.Name) {
				v.mistake(at+".name", "could be a name of "+other+"",
					"begin both with texts of which neither is a beginning of the other")
			}
		}
	}
}

func (v *validator) validateCloudName(at, name string) {
	const most = maxCloudName - MaxEnvironmentName - 1 - GenerationLength
	literal := len(name) - len(EnvironmentPlaceholder)
	switch {
	case !cloudNamePattern.MatchString(name):
		v.mistake(at, fmt.Sprintf("%q is not the template of a name", Printable(name)),
			`write a to z, 0 to 9, - and one `+EnvironmentPlaceholder+`, such as "acme-uploads-`+EnvironmentPlaceholder+`"`)
	case literal > most:
		v.mistake(at, fmt.Sprintf("has %d characters besides %s", literal, EnvironmentPlaceholder),
			fmt.Sprintf("write at most %d, so that the name of each environment fits", most))
	}
}

// mayBeEqual reports whether two templates may make the same name, in one environment or in two.
func mayBeEqual(a, b string) bool {
	x, _, _ := strings.Cut(a, EnvironmentPlaceholder)
	y, _, _ := strings.Cut(b, EnvironmentPlaceholder)
	return strings.HasPrefix(x, y) || strings.HasPrefix(y, x)
}
