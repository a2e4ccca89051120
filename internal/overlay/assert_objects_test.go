package overlay

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// withObject is a change of the shop that adds an object to an environment.
func withObject(manifest string) map[string]string {
	return map[string]string{
		ownFile:                       kustomizationHeader + "resources: [../preview, more.yaml]\n",
		"overlays/web-pr-7/more.yaml": manifest,
	}
}

// withPatch is a change of the shop that adds a patch to an environment.
func withPatch(patch string) map[string]string {
	return map[string]string{ownFile: kustomizationHeader + "resources: [../preview]\npatches:\n- " + patch}
}

func TestCheckFindsRefusedObjects(t *testing.T) {
	t.Parallel()
	wantFound(t, []brokenShop{
		{
			"an object twice, in two versions",
			withObject(
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v2\nkind: ConfigMap\nmetadata: {name: a}\n",
			),
			[]string{ownFile, "ConfigMap a is there twice"},
			0,
		},
		{
			"a kind that the project doesn't allow",
			withObject("apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n" +
				"spec: {" + overlaytest.Job + "}\n"),
			[]string{ownFile, "overlays/web-pr-7", "Job a", "AppProject previews doesn't allow kind Job of group \"batch\""},
			0,
		},
		{
			"a cluster-scoped kind",
			withObject("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n"),
			[]string{"ClusterRole a", "doesn't allow"},
			0,
		},
		{
			"a second Namespace", withObject("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"), []string{ownFile, "Namespace"}, 0,
		},
		{
			"no Namespace", withPatch(`{patch: '{"$patch": delete, apiVersion: v1, kind: Namespace, metadata: {name: preview}}'}`),
			[]string{ownFile, "not exactly preview-web-pr-7"},
			0,
		},
		{
			"a baseline in another namespace",
			map[string]string{
				"overlays/staging/kustomization.yaml": kustomizationHeader +
					"namespace: other\nresources: [namespace.yaml]\n" +
					"components: [../../kustomize-base/services/api/run, ../../kustomize-base/data/db]\n",
			},
			[]string{"overlays/staging/kustomization.yaml", "in namespace \"other\", not staging"},
			3,
		},
	})
}

func TestCheckFindsOverlaysThatChangeGuardrails(t *testing.T) {
	t.Parallel()
	const (
		level   = "/metadata/labels/pod-security.kubernetes.io~1enforce"
		differs = "NetworkPolicy default-deny differs from the one of guardrails; leave it as it is there"
		needs   = "Namespace preview-web-pr-7 needs label pod-security.kubernetes.io/enforce: restricted, " +
			"and no enforce-version before v1.25; leave"
	)
	wantFound(t, []brokenShop{
		{
			"no default-deny",
			withPatch(
				`{patch: '{"$patch": delete, apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: default-deny}}'}`,
			),
			[]string{ownFile, "NetworkPolicy default-deny is missing"},
			0,
		},
		{
			"another default-deny",
			withPatch(
				`{target: {kind: NetworkPolicy}, patch: '[{"op": "replace", "path": "/spec/policyTypes", "value": ["Ingress"]}]'}`,
			),
			[]string{ownFile, differs},
			0,
		},
		{
			"a default-deny that Argo CD prunes",
			withPatch(`{target: {kind: NetworkPolicy}, patch: '[{"op": "remove", "path": "/metadata/annotations"}]'}`),
			[]string{ownFile, "NetworkPolicy default-deny could be pruned; leave its annotation"},
			0,
		},
		{
			"another level of Pod Security",
			withPatch(`{target: {kind: Namespace}, patch: '[{"op": "replace", "path": "` + level + `", "value": "baseline"}]'}`),
			[]string{ownFile, needs},
			0,
		},
		{
			"an old version of Pod Security",
			withPatch(
				`{target: {kind: Namespace}, patch: '[{"op": "add", "path": "` + level + `-version", "value": "v1.24"}]'}`,
			),
			[]string{ownFile, needs},
			0,
		},
		{
			"no mark of a preview",
			withPatch(
				`{target: {kind: Namespace}, patch: '[{"op": "remove", "path": "/metadata/labels/previewset.dev~1preview"}]'}`,
			),
			[]string{ownFile, `Namespace preview-web-pr-7 needs label previewset.dev/preview: "true"; leave the labels`},
			0,
		},
	})
}

// A component can change objects of other components by a setting for every object, guardrails too.
func TestCheckAcceptsComponentsThatChangeEveryObject(t *testing.T) {
	t.Parallel()
	const header = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	for _, setting := range []string{"commonAnnotations: {previewset.dev/a: b}", "commonLabels: {previewset.dev/a: b}"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			got := checkShop(t, map[string]string{
				"kustomize-base/components/guardrails/kustomization.yaml": header + "resources: [limits.yaml, networkpolicy.yaml]\n",
				"kustomize-base/data/db/kustomization.yaml":               header + "resources: [service.yaml, quota.yaml]\n",
				"kustomize-base/data/db/quota.yaml": "{apiVersion: v1, kind: ResourceQuota, metadata: {name: guardrails, " +
					"annotations: {argocd.argoproj.io/sync-options: Prune=false}}, spec: {hard: {pods: '10'}}}",
				"kustomize-base/components/spot/kustomization.yaml": header + setting + "\n",
			})
			for _, p := range got.Problems {
				if strings.Contains(p.Message, "differs from the guardrails") {
					t.Error(p)
				}
			}
		})
	}
}

// An overlay of an environment's own has exactly the guardrails of the shared overlay.
func TestCheckComparesGuardrails(t *testing.T) {
	t.Parallel()
	const policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: NAME}, spec: {podSelector: {}}}"
	wantFound(t, []brokenShop{
		{
			"a NetworkPolicy with a name of the guardrails",
			map[string]string{
				ownFile:                    kustomizationHeader + "resources: [../preview, p.yaml]\n",
				"overlays/web-pr-7/p.yaml": strings.Replace(policy, "NAME", "link-more", 1),
			},
			[]string{ownFile, "NetworkPolicy link-more differs from the guardrails"},
			0,
		},
		{
			"a NetworkPolicy with another name",
			map[string]string{
				ownFile:                    kustomizationHeader + "resources: [../preview, p.yaml]\n",
				"overlays/web-pr-7/p.yaml": strings.Replace(policy, "NAME", "mine", 1),
			},
			[]string{ownFile, "NetworkPolicy mine isn't one of the guardrails; remove it, or ask the platform team"},
			0,
		},
		{
			"a smaller quota",
			withPatch(`{target: {kind: ResourceQuota}, patch: '[{"op": "replace", "path": "/spec/hard/pods", "value": "9"}]'}`),
			[]string{ownFile, "ResourceQuota guardrails differs from the guardrails"},
			0,
		},
		{
			"a larger quota",
			withPatch(
				`{target: {kind: ResourceQuota}, patch: '[{"op": "replace", "path": "/spec/hard/pods", "value": "1000"}]'}`,
			),
			[]string{ownFile, "ResourceQuota guardrails allows more than the guardrails (pods=10); leave it"},
			0,
		},
		{
			"a quota that is made from patches after the row's",
			map[string]string{ownFile: kustomizationHeader + "resources: [../preview]\ntransformers:\n- |-\n" +
				"  {apiVersion: builtin, kind: PatchTransformer, metadata: {name: late}, target: {kind: LimitRange}, " +
				`patch: '[{"op": "remove", "path": "/spec/limits/0"}]'}` + "\n"},
			[]string{ownFile, "LimitRange guardrails allows more than the guardrails (Container.memory=2Gi)"},
			0,
		},
		{
			"no quota",
			withPatch(`{patch: '{"$patch": delete, apiVersion: v1, kind: ResourceQuota, metadata: {name: guardrails}}'}`),
			[]string{ownFile, "ResourceQuota guardrails is missing"},
			0,
		},
	})
}

func TestCheckNotesSettingsOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	shop := overlaytest.Shop(nil)
	content, err := fs.ReadFile(shop, "appsets/argocd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	older := regexp.MustCompile(`(?m)^  guardrails: .*\n`).ReplaceAllString(string(content), "")
	got := checkShop(t, map[string]string{"appsets/argocd.yaml": older})
	if len(got.Problems) > 0 || len(got.Notes) != 1 {
		t.Errorf("problems %v, notes %q", got.Problems, got.Notes)
	}
}
