package admission

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// externalName is Crossplane's annotation with the name of the thing outside of the cluster.
const externalName = "crossplane.io/external-name"

// cloudGroups are the groups of the policy previewset-cloud.
var cloudGroups = []string{
	"dynamodb.services.k8s.aws", "kafka.strimzi.io", "s3.aws.m.upbound.io", "s3.services.k8s.aws", "sns.aws.m.upbound.io",
	"sns.services.k8s.aws", "sqs.aws.m.upbound.io", "sqs.services.k8s.aws",
}

// cloudKeys are the fields that may have a name, below spec and spec.forProvider.
var cloudKeys = []string{"name", "queueName", "tableName", "bucketName", "topicName", "bucket"}

// refuseCloudNames refuses names outside of the cluster that aren't the environment's own.
func refuseCloudNames(s *Settings, prefix string, o manifest.Object) []Refusal {
	group, _, _ := strings.Cut(o.Text("apiVersion"), "/")
	if s.data.At("data", "cloudNames") == nil || !slices.Contains(cloudGroups, group) {
		return nil
	}
	for _, name := range cloudNames(o) {
		if !s.isCloudName(strings.TrimPrefix(o.Namespace, prefix), name) {
			return []Refusal{{
				fmt.Sprintf("creates %q outside of the cluster", name),
				"let the row name it by `cloud` in previewset.yaml, and ask the platform team to add its template to cloudNames in " +
					settingsFile,
			}}
		}
	}
	return nil
}

// cloudNames returns the names that an object gives, or its own name.
func cloudNames(o manifest.Object) []string {
	var names []string
	add := func(name string) {
		if name != "" {
			names = append(names, name)
		}
	}
	add(o.Annotations()[externalName])
	for _, key := range cloudKeys {
		add(o.Text("spec", key))
		add(o.Text("spec", "forProvider", key))
	}
	if names == nil {
		return []string{o.Name}
	}
	return names
}

// isCloudName reports whether a name has one of the templates in cloudNames, with the environment's name.
func (s *Settings) isCloudName(environment, name string) bool {
	return slices.ContainsFunc(s.values("cloudNames"), func(template string) bool {
		before, after, isTemplate := strings.Cut(template, config.EnvironmentPlaceholder)
		rest, isStart := strings.CutPrefix(name, before+environment+"-")
		generation, isWhole := strings.CutSuffix(rest, after)
		return isTemplate && isStart && isWhole && generationPattern.MatchString(generation)
	})
}

var generationPattern = regexp.MustCompile(fmt.Sprintf("^[a-z0-9]{%d}$", config.GenerationLength))

// cloudDifferences returns a problem if cloudNames doesn't have the templates of previewset.yaml.
func (s *Settings) cloudDifferences(p *config.Policy) config.Problems {
	var want []string
	for _, r := range p.Cloud {
		want = append(want, r.Name)
	}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(strings.Fields(s.value("cloudNames"))))
	if slices.Equal(got, want) {
		return nil
	}
	return config.Problems{{
		File: s.File, Path: "data.cloudNames",
		Message: fmt.Sprintf("is %q, but `cloud` in previewset.yaml has %q", s.value("cloudNames"), strings.Join(want, " ")),
		Remedy:  "write the names of previewset.yaml here too, and apply appsets again",
	}}
}
