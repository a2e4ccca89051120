// Package admission checks objects by the same rules as the admission policies in appsets/admission, in Go and with the
// same messages. People then learn in their terminal what the Kubernetes API would refuse later.
//
// It has one file for each file of policies there. It doesn't know how objects are built, or which environments exist.
package admission

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// settingsFile is the file with the settings, as messages name it.
const settingsFile = "appsets/admission/settings.yaml"

// SettingsName is the name of the ConfigMap with the policies' parameters.
const SettingsName = "previewset-admission"

// Settings are the policies' parameters and the policies themselves, as a repository has them.
type Settings struct {
	// File is the file of the ConfigMap, or "" where the repository has none.
	File     string
	data     manifest.Object
	policies []manifest.Object
}

// AddConfigMap takes an object that may be the policies' ConfigMap.
func (s *Settings) AddConfigMap(file string, o manifest.Object) {
	if o.Text("metadata", "name") == SettingsName {
		s.File, s.data = file, o
	}
}

// AddPolicy takes a ValidatingAdmissionPolicy.
func (s *Settings) AddPolicy(o manifest.Object) { s.policies = append(s.policies, o) }

// HasGuardrails reports whether the settings have those of guardrails, Pods, claims and metadata. Older versions don't.
func (s *Settings) HasGuardrails() bool { return s.data.At("data", "guardrails") != nil }

func (s *Settings) value(key string) string { return s.data.Text("data", key) }

// values splits a value as the policies do: at each space, and at no other white space. An empty text can be among the
// values.
func (s *Settings) values(key string) []string { return strings.Split(s.value(key), " ") }

// hasPattern reports whether a value is a text, or a start of it that ends with "*".
func (s *Settings) hasPattern(key, text string) bool {
	return slices.ContainsFunc(s.values(key), func(pattern string) bool {
		start, isStart := strings.CutSuffix(pattern, "*")
		return text == pattern || (isStart && strings.HasPrefix(text, start))
	})
}

// Differences returns a problem for each value that differs from previewset.yaml.
func (s *Settings) Differences(p *config.Policy) config.Problems {
	var public []string
	for _, service := range p.Services {
		if service.Public {
			public = append(public, service.Name)
		}
	}
	var found config.Problems
	compare := func(key, want string) {
		if got := s.value(key); got != want {
			found = append(found, config.Problem{
				File: s.File, Path: "data." + key, Message: fmt.Sprintf("is %q, but previewset.yaml says %q", got, want),
				Remedy: "write the value of previewset.yaml here too, and apply appsets again",
			})
		}
	}
	found = append(found, s.cloudDifferences(p)...)
	compare("domain", p.Domain)
	compare("baseline", p.Baseline.Namespace)
	for _, key := range s.data.Keys("data") {
		if strings.ContainsAny(s.value(key), "\t\n\r") {
			found = append(found, config.Problem{
				File: s.File, Path: "data." + key,
				Message: "has a line break or tab, which the policies take for a part of a value",
				Remedy:  "separate values by spaces; in YAML, write `>-` and lines of the same indentation",
			})
		}
	}
	if got := strings.Fields(s.value("publicServices")); !slices.Equal(
		slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(public)),
	) {
		compare("publicServices", strings.Join(public, " "))
	}
	for _, o := range s.policies {
		if usesOtherPrefix(o, p.NamespacePrefix) {
			found = append(found, config.Problem{
				File: path.Dir(s.File), Path: o.Text("metadata", "name"),
				Message: fmt.Sprintf(
					"isn't for namespaces that start with %q, the namespacePrefix of previewset.yaml", p.NamespacePrefix,
				),
				Remedy: "write that prefix in the policies of this folder, and apply appsets again",
			})
		}
	}
	return found
}

// usesOtherPrefix reports whether a policy compares a name with another prefix.
func usesOtherPrefix(policy manifest.Object, prefix string) bool {
	other := false
	manifest.EachKey(policy.At("spec"), func(_ string, v any) {
		expression, _ := v.(string)
		other = other || strings.Count(expression, `.startsWith("`) != strings.Count(expression, `.startsWith("`+prefix+`")`)
	})
	return other
}
