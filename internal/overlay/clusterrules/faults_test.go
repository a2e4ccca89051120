package clusterrules_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// parse returns a manifest as an object of a build.
func parse(t *testing.T, text string) manifest.Object {
	t.Helper()
	o := manifest.Object{Namespace: "faults"}
	if err := yaml.Unmarshal([]byte(text), &o.Fields); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	o.Kind, o.Name = o.Text("kind"), o.Text("metadata", "name")
	version, _ := schema.ParseGroupVersion(o.Text("apiVersion"))
	o.Group, o.Labels = version.Group, map[string]string{}
	for key, v := range o.Under("metadata", "labels").Fields {
		o.Labels[key], _ = v.(string)
	}
	return o
}

// refusals returns the objects among some that the API server refuses.
func refusals(t *testing.T, texts ...string) []clusterrules.Problem {
	t.Helper()
	var objects []manifest.Object
	for _, text := range texts {
		objects = append(objects, parse(t, text))
	}
	return clusterrules.NewBuild(objects).Refusals()
}

// Each fault is also tried on a real API server, in e2e/attack.
func TestRefusalsFindEachFault(t *testing.T) {
	t.Parallel()
	for _, f := range overlaytest.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			around := []string{overlaytest.FaultNamespace, overlaytest.FaultQuota, overlaytest.FaultLimits}
			if got := refusals(t, append(around, f.Allowed)...); len(got) > 0 {
				t.Errorf("the allowed object has problems: %v", got)
			}
			if strings.Count(f.Allowed, f.Old) != 1 {
				t.Fatalf("%q is in the object %d times", f.Old, strings.Count(f.Allowed, f.Old))
			}
			got := refusals(t, append(around, strings.Replace(f.Allowed, f.Old, f.New, 1))...)
			if len(got) == 0 || got[0].Remedy == "" || len(got) > 2 {
				t.Fatalf("problems: %v", got)
			}
			for _, word := range f.Says {
				if !strings.Contains(got[0].String(), word) {
					t.Errorf("problem %q doesn't say %q", got[0], word)
				}
			}
		})
	}
}

func TestThereAreEnoughFaults(t *testing.T) {
	t.Parallel()
	if n := len(overlaytest.Faults()); n < 40 {
		t.Errorf("%d faults", n)
	}
}

// The API server makes a volume without a type an emptyDir.
func TestRefusalsAllowAVolumeWithoutAType(t *testing.T) {
	t.Parallel()
	allowed := overlaytest.Faults()[0].Allowed
	untyped := strings.Replace(allowed, "{name: v, emptyDir: {}}", "{name: v}", 1)
	if got := refusals(t, overlaytest.FaultNamespace, untyped); untyped == allowed || len(got) > 0 {
		t.Errorf("problems: %v", got)
	}
}
