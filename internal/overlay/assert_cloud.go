package overlay

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/crdschema"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// assertCloud checks the cloud resources of an environment: each has one custom resource with its name, the quota counts
// it, and no placeholder is left.
func (b *buildCheck) assertCloud(policy *config.Policy, p preview.Plan, schemas *crdschema.Schemas) {
	isName := func(r config.CloudResource, name string) bool {
		return name == r.NameIn(p.Name, preview.SampleGeneration)
	}
	for _, name := range preview.CloudResources(policy.Services, p.Run) {
		for _, o := range assertCloudResource(b, policy, name, isName) {
			assertCounted(b, o, schemas)
		}
	}
	assertNoPlaceholder(b)
}

// assertBaselineCloud checks the names of cloud resources in the baseline, which its overlay writes.
func (b *buildCheck) assertBaselineCloud(policy *config.Policy, folders []string) {
	isName := func(r config.CloudResource, name string) bool {
		pattern := regexp.QuoteMeta(r.NameIn(policy.Baseline.Namespace, "GENERATION"))
		generation := fmt.Sprintf("[a-z0-9]{%d}", config.GenerationLength)
		return regexp.MustCompile("^" + strings.Replace(pattern, "GENERATION", generation, 1) + "$").MatchString(name)
	}
	for _, s := range policy.Services {
		if !slices.Contains(folders, baseFolder+"/services/"+s.Name+"/run") {
			continue
		}
		for _, name := range s.Cloud {
			if !slices.Contains(folders, baseFolder+"/cloud/"+name) {
				b.addProblem(b.file, fmt.Sprintf("the baseline runs service %s, but not its cloud resource %s", s.Name, name),
					"add cloud/"+name+" to its components, and a patch with its name")
				continue
			}
			assertCloudResource(b, policy, name, isName)
			if info := b.findObject("ConfigMap", "environment"); info == nil || info.Text("data", "cloud."+name) == "" {
				b.addProblem(b.file, fmt.Sprintf("ConfigMap environment of the baseline has no value cloud.%s", name),
					"write the name of the cloud resource there, as in the patch")
			}
		}
	}
	assertNoPlaceholder(b)
}

// assertCloudResource checks that a cloud resource has one custom resource with a right name outside of the cluster. It
// returns those that it has.
func assertCloudResource(
	b *buildCheck, policy *config.Policy, name string, isName func(config.CloudResource, string) bool,
) []manifest.Object {
	r, folder := policy.Cloud[name], baseFolder+"/cloud/"+name
	labelled := slices.DeleteFunc(slices.Clone(b.objects), func(o manifest.Object) bool { return o.Labels[config.CloudLabel] != name })
	if len(labelled) != 1 {
		b.addProblem(folder, fmt.Sprintf("%d objects have the label %s: %s", len(labelled), config.CloudLabel, name),
			"label exactly one, the custom resource: the row writes the name into it")
	}
	for _, o := range labelled {
		field := r.FieldPath()
		got := o.Annotations()[strings.TrimSuffix(strings.TrimPrefix(field, "metadata.annotations["), "]")]
		if !strings.HasPrefix(field, "metadata.") {
			got = o.Text(strings.Split(field, ".")...)
		}
		if !isName(r, got) {
			b.addProblem(b.file, fmt.Sprintf("%s: %s: the name %q isn't that of cloud.%s in %s", o, field, got, name, policyFile),
				"write no name in another way; in the baseline, write one of this form: "+
					r.NameIn(policy.Baseline.Namespace, "00000"))
		}
	}
	return labelled
}

// assertCounted checks that the quota counts the custom resources of a kind.
func assertCounted(b *buildCheck, o manifest.Object, schemas *crdschema.Schemas) {
	name := "count/" + clusterrules.ResourceOf(o, schemas)
	quota := b.findObject("ResourceQuota", config.Guardrails)
	if quota != nil && quota.At("spec", "hard", name) == nil {
		b.addProblem(b.file, fmt.Sprintf("%s isn't counted by %s", o, quota), fmt.Sprintf(
			"write %s: \"1\" into spec.hard there, and %s=1 into quota of appsets/admission/settings.yaml", name, name))
	}
}

// assertNoPlaceholder finds names that nothing filled in.
func assertNoPlaceholder(b *buildCheck) {
	for _, o := range b.objects {
		if o.Kind == "ConfigMap" || o.Kind == "Secret" {
			continue // a program's own template may look like that
		}
		isLeft := false
		manifest.EachKey(o.Fields, func(_ string, v any) {
			isLeft = isLeft || slices.ContainsFunc(manifest.Texts(v), func(text string) bool {
				return strings.Contains(text, config.EnvironmentPlaceholder)
			})
		})
		if isLeft {
			b.addProblem(b.file, fmt.Sprintf("%s contains %s, which nothing fills in", o, config.EnvironmentPlaceholder),
				"name the field in `cloud` of "+policyFile+", or read the value from ConfigMap environment")
		}
	}
}
