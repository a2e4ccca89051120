package systems

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/toolchain"
)

// environment is a namespace with the objects that Argo CD would create in it.
type environment struct {
	name, namespace string
	isPreview       bool
	objects         []object
}

// object is one manifest.
type object struct{ kind, text string }

const (
	environmentFile = "{apiVersion: previewset.dev/v1alpha1, kind: Environment, owner: tester, purpose: all services, profile: full}\n"
	overlayFile     = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../preview]\n"
)

// renderSystem builds the baseline of a GitOps repository, and a preview of all its services.
func renderSystem(t *testing.T, dir string) []environment {
	t.Helper()
	baseline, err := command(t, dir, stand.tools.Path(toolchain.Kustomize), "build", "overlays/staging")
	if err != nil {
		t.Fatal(err)
	}
	checkout := filepath.Join(t.TempDir(), "checkout")
	if err = os.CopyFS(checkout, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(checkout, "overlays", "all-services")
	if err = os.Mkdir(overlay, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"environment.yaml": environmentFile, "kustomization.yaml": overlayFile} {
		if err = os.WriteFile(filepath.Join(overlay, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	preview, err := command(t, checkout, stand.previewctl, "render", "all-services")
	if err != nil {
		t.Fatal(err)
	}
	return []environment{newEnvironment(t, "baseline", baseline), newEnvironment(t, "preview", preview)}
}

func newEnvironment(t *testing.T, name, manifests string) environment {
	t.Helper()
	e := environment{name: name, isPreview: name == "preview"}
	for text := range strings.SplitSeq(manifests, "\n---\n") {
		var header struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal([]byte(text), &header); err != nil {
			t.Fatal(err)
		}
		if header.Kind == "Namespace" {
			e.namespace = header.Metadata.Name
		}
		e.objects = append(e.objects, object{header.Kind, text})
	}
	if e.namespace == "" {
		t.Fatalf("the %s has no Namespace", name)
	}
	return e
}

// guards are the kinds that must exist before a workload.
var guards = []string{"Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "ServiceAccount"}

// phases returns the manifests of the guards, and of all other objects.
func (e environment) phases() (first, rest string) {
	for _, o := range e.objects {
		if slices.Contains(guards, o.kind) {
			first += "\n---\n" + o.text
		} else {
			rest += "\n---\n" + o.text
		}
	}
	return first, rest
}
