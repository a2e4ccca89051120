package overlay

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

const (
	bucketManifest = "apiVersion: s3.services.k8s.aws/v1alpha1\nkind: Bucket\nmetadata: {name: uploads}\nspec: {name: acme-uploads}\n"
	replacedBucket = "replacements: [{source: {kind: ConfigMap, name: environment, fieldPath: data.namespace}, targets: [" +
		"{select: {kind: Bucket}, fieldPaths: [spec.name]}]}]\n"
	bucketDefinition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: buckets.s3.services.k8s.aws}\n" +
		"spec: {group: s3.services.k8s.aws, scope: Namespaced, names: {kind: Bucket, plural: buckets}, versions: [{name: v1alpha1, " +
		"served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: " +
		"{name: {type: string}, acl: {type: string, enum: [private]}}}}}}}]}\n"
)

func TestCheckFindsMistakesInCustomResources(t *testing.T) {
	t.Parallel()
	const own = "overlays/web-pr-7/more.yaml"
	for _, tt := range []struct {
		name, kustomization string
		files               map[string]string
		want                []string
	}{
		{"a name that the environment has alone", moreResources + replacedBucket, map[string]string{own: bucketManifest}, nil},
		{
			"a name that all environments would have", moreResources,
			map[string]string{own: bucketManifest},
			[]string{ownFile, `Bucket uploads: spec.name: creates "acme-uploads" outside of the namespace`},
		},
		{
			"a valid object of a kind with a schema", moreResources + replacedBucket,
			map[string]string{own: bucketManifest, "crds/bucket.yaml": bucketDefinition},
			nil,
		},
		{
			"an object that its schema refuses", moreResources + replacedBucket,
			map[string]string{
				own:                strings.Replace(bucketManifest, "name: acme-uploads", "name: a, acl: public", 1),
				"crds/bucket.yaml": bucketDefinition,
			},
			[]string{ownFile, "Bucket uploads: spec.acl should be one of [private]"},
		},
		{
			"a replacement that writes the commit into a volume claim template",
			"resources: [../preview, many.yaml]\nreplacements: [{source: {kind: Deployment, name: web, " +
				"fieldPath: 'spec.template.spec.containers.0.image'}, " +
				"targets: [{select: {kind: StatefulSet, name: db}, fieldPaths: [spec.volumeClaimTemplates.0.metadata.annotations.image], " +
				"options: {create: true}}]}]\n",
			nil,
			[]string{ownFile, "StatefulSet db: spec.volumeClaimTemplates: contains the commit"},
		},
		{
			"a name that two environments have",
			moreResources,
			map[string]string{
				own:                                    strings.Replace(bucketManifest, "acme-uploads", "web-pr-7-and-web-pr-8", 1),
				"overlays/web-pr-8/kustomization.yaml": kustomizationHeader + moreResources,
				"overlays/web-pr-8/more.yaml":          strings.Replace(bucketManifest, "acme-uploads", "web-pr-7-and-web-pr-8", 1),
			},
			[]string{"overlays/web-pr-8/kustomization.yaml", `creates "web-pr-7-and-web-pr-8" outside of the cluster, as overlays/web-pr-7 does`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := checkRepo(t, New(overlaytest.ManyKinds(tt.kustomization, tt.files))).Problems
			if tt.want != nil {
				overlaytest.WantProblem(t, got, tt.want...)
			} else if len(got) > 0 {
				t.Errorf("problems:\n%v", got)
			}
		})
	}
}
