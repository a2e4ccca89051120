package admission

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
)

const bucket = `{apiVersion: s3.aws.m.upbound.io/v1beta1, kind: Bucket, metadata: {name: a, annotations: {
  example.dev/a: b, crossplane.io/external-name: acme-up-web-pr-7-abcde-x}}, spec: {forProvider: {bucket: acme-up-web-pr-7-abcde-x}}}`

func TestCloudNames(t *testing.T) {
	t.Parallel()
	const creates = "Bucket a creates "
	wantRefused(t, []refusedChange{
		{"another environment's", bucket, "external-name: acme-up-web-pr-7", "external-name: acme-up-bob", creates + `"acme-up-bob-abcde-x" outside`},
		{"that of an environment with a longer name", bucket, "bucket: acme-up-web-pr-7-", "bucket: acme-up-web-pr-7-2-", creates + `"acme-up-web-pr-7-2`},
		{"production's", bucket, "bucket: acme-up-web-pr-7-abcde-x", "bucket: prod", creates + `"prod" outside of the cluster; let the row name it`},
		{"a name without generation", bucket, "bucket: acme-up-web-pr-7-abcde-x", "bucket: acme-up-web-pr-7-x", creates + `"acme-up-web-pr-7-x"`},
		{"a longer generation", bucket, "bucket: acme-up-web-pr-7-abcde-x", "bucket: acme-up-web-pr-7-abcdef-x", creates},
		{"no name at all", bucket, "spec: {forProvider: {bucket: acme-up-web-pr-7-abcde-x}}", "spec: {name: other}", creates + `"other"`},
	})
	if got := refusalsOf(t, "{apiVersion: sqs.services.k8s.aws/v1alpha1, kind: Queue, metadata: {name: a}, spec: {}}"); len(got) != 1 ||
		!strings.Contains(got[0], `Queue a creates "a"`) {
		t.Errorf("an object's own name: %q", got)
	}
}

func TestCloudDifferences(t *testing.T) {
	t.Parallel()
	policy := &config.Policy{Cloud: map[string]config.CloudResource{
		"a": {Name: "a-{{environment}}"}, "b": {Name: "b-{{environment}}"},
	}}
	for names, want := range map[string]int{"b-{{environment}} a-{{environment}}": 0, "a-{{environment}}": 1, `""`: 1} {
		var s Settings
		s.AddConfigMap("settings.yaml", objectFrom(t, "{metadata: {name: previewset-admission}, data: {cloudNames: '"+
			strings.Trim(names, `"`)+"'}}"))
		if got := s.cloudDifferences(policy); len(got) != want {
			t.Errorf("%s: %v", names, got)
		}
	}
}
