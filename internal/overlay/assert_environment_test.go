package overlay

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

const (
	deploymentText = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n" +
		"  template:\n    metadata: {labels: {app: web}}\n" +
		"    spec: {automountServiceAccountToken: false, securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},\n" +
		"      containers: [{name: web, image: IMAGE, " +
		"securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}\n"
	ingressText = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, labels: {LABEL}}\nspec:\n" +
		"  rules:\n  - host: filled-in\n" +
		"    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}\n"
)

func TestCheckFindsMistakesInServices(t *testing.T) {
	t.Parallel()
	wantFound(t, []brokenShop{
		{
			"an image that no container runs",
			map[string]string{"kustomize-base/services/web/run/deployment.yaml": strings.Replace(deploymentText, "IMAGE", "nginx", 1)},
			[]string{"kustomize-base/services/web/run", "all services and", "no container runs image ghcr.io/acme/web"},
			0,
		},
		{
			"a public service without a labelled route",
			map[string]string{"kustomize-base/services/web/run/ingress.yaml": strings.Replace(ingressText, "LABEL", "", 1)},
			[]string{"kustomize-base/services/web/run", "no Ingress or HTTPRoute is labelled previewset.dev/public: web"},
			4, // in two overlays: a host that wasn't filled in, and a URL without a route
		},
		{
			"a called service without a Service",
			map[string]string{
				"kustomize-base/services/api/run/api.yaml": strings.NewReplacer("web", "api", "IMAGE", "ghcr.io/acme/api").Replace(deploymentText),
			},
			[]string{"kustomize-base/services/api/run", "no Service api"},
			1, // the baseline has none either
		},
		{
			"a link without a label",
			map[string]string{
				"kustomize-base/services/api/link/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: api}\n" +
					"spec: {type: ExternalName, externalName: api.preview-other.svc.cluster.local}\n",
			},
			[]string{"kustomize-base/services/api/link", "no service and", "leads to api.staging.svc.cluster.local"},
			0,
		},
		{
			"the host of another environment",
			map[string]string{
				ownFile: kustomizationHeader + "resources: [../preview, i.yaml]\n",
				"overlays/web-pr-7/i.yaml": strings.NewReplacer(
					"LABEL", "", "{name: web, labels", "{name: other, labels", "filled-in", "victim.preview.test").Replace(ingressText),
			},
			[]string{ownFile, "Ingress other has host \"victim.preview.test\""},
			0,
		},
		{
			"no ConfigMap for the Pods",
			map[string]string{"overlays/preview/kustomization.yaml": kustomizationHeader + "resources: [namespace.yaml]\n", ownFile: ""},
			[]string{"overlays/preview/kustomization.yaml", "no ConfigMap environment"},
			0,
		},
		{
			"a baseline without a linked service",
			map[string]string{
				"overlays/staging/kustomization.yaml": kustomizationHeader + "namespace: staging\nresources: [namespace.yaml]\n",
			},
			[]string{"overlays/staging/kustomization.yaml", "the baseline has no Service api"},
			0,
		},
		{
			"a baseline without a store",
			map[string]string{
				"overlays/staging/kustomization.yaml": kustomizationHeader + "namespace: staging\nresources: [namespace.yaml]\n" +
					"components: [../../kustomize-base/services/api/run]\n",
			},
			[]string{"overlays/staging/kustomization.yaml", "the baseline runs service api, but not its store db"},
			0,
		},
	})
}

func TestHostsOfOtherEnvironmentsAreRefused(t *testing.T) {
	t.Parallel()
	const (
		ingress = "{kind: Ingress, metadata: {name: a}, " +
			"spec: {tls: [{hosts: [web-web-pr-7.preview.test]}], rules: [{host: web-pr-7.preview.test, http: {}}]}}"
		route = "{kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [web-pr-7.preview.test], parentRefs: []}}"
	)
	policy := loadConfig(t, New(overlaytest.Shop(nil))).Policy
	for _, tt := range []struct{ name, object, old, changed, want string }{
		{
			"no host", ingress,
			"host: web-pr-7.preview.test,", "",
			`Ingress a has host "", which isn't one of web-pr-7`,
		},
		{
			"every host of the domain", ingress,
			"host: web-pr-7.preview.test", "host: '*.preview.test'",
			`Ingress a has host "*.preview.test", which isn't one of web-pr-7`,
		},
		{
			"every host of the domain by a route", route,
			"[web-pr-7.preview.test]", "['*.preview.test']",
			`HTTPRoute a has host "*.preview.test", which isn't one of web-pr-7`,
		},
		{
			"no host of a certificate", ingress,
			"hosts: [web-web-pr-7.preview.test]", "secretName: a",
			`Ingress a has host "", which isn't one of web-pr-7`,
		},
		{
			"the host of a service that isn't public", ingress,
			"web-web-pr-7", "api-web-pr-7",
			`Ingress a has host "api-web-pr-7.preview.test", which isn't one of web-pr-7`,
		},
		{
			"no hostnames", route,
			"hostnames: [web-pr-7.preview.test], ", "",
			`HTTPRoute a has host "", which isn't one of web-pr-7`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			problemsOf := func(text string) config.Problems {
				var o manifest.Object
				if err := yaml.Unmarshal([]byte(text), &o.Fields); err != nil {
					t.Fatal(err)
				}
				o.Kind, o.Name = o.Text("kind"), o.Text("metadata", "name")
				b := buildCheck{objects: []manifest.Object{o}}
				b.assertHosts(policy, preview.Row{Name: "web-pr-7"})
				return b.problems
			}
			if got := problemsOf(tt.object); len(got) > 0 {
				t.Errorf("the allowed object: %v", got)
			}
			overlaytest.WantProblem(t, problemsOf(strings.Replace(tt.object, tt.old, tt.changed, 1)), tt.want)
		})
	}
}
