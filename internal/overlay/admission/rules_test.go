package admission

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

const settingsManifest = `
metadata: {name: previewset-admission}
data:
  domain: preview.test
  publicServices: web
  baseline: staging
  dns: kube-system
  ingress: ingress-nginx
  monitoring: monitoring
  tools: ambassador
  private: 10.0.0.0/8 fc00::/7
  addresses: 169.254.20.10/32
  annotations: example.test/one example.dev/ crossplane.io/external-name
  guardrails: ResourceQuota/guardrails LimitRange/guardrails NetworkPolicy/default-deny NetworkPolicy/a NetworkPolicy/link-*
  quota: pods=30 requests.memory=3Gi
  limits: Container.memory=2Gi
  labels: example.test/one example.dev/
  tolerations: previewset.dev/spot
  priorityClasses: low
  runtimeClasses: gvisor
  storageClasses: slow
  refusedKeys: grafana_* aadpodidbinding
  snapshots: other shop-1
  secretStores: previews other
  secretKeys: previews/* one
  cloudNames: acme-up-{{environment}}-x
`

// refusedChange is an allowed object, and one change of its text that makes it refused.
type refusedChange struct{ name, object, old, changed, want string }

func wantRefused(t *testing.T, changes []refusedChange) {
	t.Helper()
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if n := strings.Count(tt.object, tt.old); n != 1 {
				t.Fatalf("%q is in the object %d times", tt.old, n)
			}
			if got := refusalsOf(t, tt.object); len(got) > 0 {
				t.Errorf("the allowed object is refused: %q", got)
			}
			got := refusalsOf(t, strings.Replace(tt.object, tt.old, tt.changed, 1))
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("refusals are %q, want one with %q", got, tt.want)
			}
		})
	}
}

// refusalsOf returns the refusals of a manifest in the namespace of a preview, as check prints them.
func refusalsOf(t *testing.T, text string) []string {
	t.Helper()
	var settings Settings
	settings.AddConfigMap("appsets/settings.yaml", objectFrom(t, settingsManifest))
	o := objectFrom(t, text)
	var found []string
	for _, r := range NewRules(&settings, "preview-").Refusals(o) {
		found = append(found, o.String()+" "+r.Message+"; "+r.Remedy)
	}
	return found
}

func objectFrom(t *testing.T, text string) manifest.Object {
	t.Helper()
	var o manifest.Object
	if err := yaml.Unmarshal([]byte(text), &o.Fields); err != nil {
		t.Fatal(err)
	}
	o.Kind, o.Name, o.Namespace = o.Text("kind"), o.Text("metadata", "name"), "preview-web-pr-7"
	o.Labels = map[string]string{}
	for key := range o.Under("metadata", "labels").Fields {
		o.Labels[key] = o.Text("metadata", "labels", key)
	}
	return o
}

func TestMissingGuardrails(t *testing.T) {
	t.Parallel()
	var settings, older Settings
	settings.AddConfigMap("appsets/settings.yaml", objectFrom(t, settingsManifest))
	older.AddConfigMap("appsets/settings.yaml", objectFrom(t, "{metadata: {name: previewset-admission}}"))
	objects := []manifest.Object{{Kind: "LimitRange", Name: "guardrails"}, {Kind: "NetworkPolicy", Name: "a"}}
	for s, want := range map[*Settings][]string{
		&settings: {"ResourceQuota guardrails", "NetworkPolicy default-deny"}, &older: {"NetworkPolicy default-deny"},
	} {
		if diff := cmp.Diff(want, NewRules(s, "preview-").Missing(objects)); diff != "" {
			t.Errorf("missing guardrails (-want +got):\n%s", diff)
		}
	}
}

// TestAdmissionPoliciesDeny checks that every policy of the example is bound, denies, fails closed, and needs its
// parameter only in previews.
func TestAdmissionPoliciesDeny(t *testing.T) {
	t.Parallel()
	bound := map[string]bool{}
	policies := map[string]manifest.Object{}
	for _, o := range admissionObjects(t) {
		switch o.Text("kind") {
		case "ValidatingAdmissionPolicy":
			policies[o.Text("metadata", "name")] = o
			if got := o.Text("spec", "failurePolicy"); got != "Fail" {
				t.Errorf("%s: failurePolicy is %q", o.Text("metadata", "name"), got)
			}
		case "ValidatingAdmissionPolicyBinding":
			name := o.Text("spec", "policyName")
			bound[name] = true
			if got := manifest.Texts(o.At("spec", "validationActions")); len(got) != 1 || got[0] != "Deny" {
				t.Errorf("%s: validationActions are %q", name, got)
			}
			labels := o.Under("spec", "matchResources", "namespaceSelector", "matchLabels")
			if o.At("spec", "paramRef") != nil && labels.Text("previewset.dev/preview") != "true" {
				t.Errorf("%s: without the parameter it would deny every request in the cluster", name)
			}
		}
	}
	for name := range policies {
		if !bound[name] {
			t.Errorf("%s has no binding", name)
		}
	}
	if len(policies) != 20 {
		t.Errorf("there are %d policies, want 20", len(policies))
	}
}

func admissionObjects(t *testing.T) []manifest.Object {
	t.Helper()
	files, err := fs.Glob(previewset.Example, "appsets/admission/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []manifest.Object
	for _, file := range files {
		content, err := fs.ReadFile(previewset.Example, file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			found = append(found, objectFrom(t, document))
		}
	}
	return found
}
