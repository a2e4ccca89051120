package stories

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/standtest"
)

// reaching is an overlay that reaches beyond its environment. %[1]s is the environment's name, %[2]s another
// environment's.
type reaching struct {
	name string
	// objects are added. patches are in the overlay's kustomization. late is a patch after Kustomize has set the
	// namespace.
	objects, patches, late string
	says                   []string // words of the error in the Application
	absent                 []string // objects that are never created, as kubectl names them
	// before is true if only a new environment could succeed with it.
	before bool
	// checked has the words of previewctl check's error. If it is empty, they are the same as in the Application.
	checked []string
}

// Each kind has its own overlay, because Argo CD applies one kind after another and stops at the first refused one.
var overlaysThatReach = []reaching{
	{
		name:    "less Pod Security",
		patches: jsonPatch("{kind: Namespace}", "replace", "/metadata/labels/pod-security.kubernetes.io~1enforce", `"privileged"`),
		says:    []string{"Namespace preview-%[1]s", "pod-security.kubernetes.io/enforce"},
	},
	{
		name: "more NetworkPolicies",
		objects: `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: link-everywhere}
spec: {podSelector: {}, egress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: link-from-all}
spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}`,
		patches: `{target: {kind: NetworkPolicy, name: allow-internet},
  patch: '[{"op": "remove", "path": "/spec/egress/0/to/0/ipBlock/except"}]'}`,
		says: []string{
			"NetworkPolicy link-everywhere opens", "NetworkPolicy allow-internet opens", "NetworkPolicy link-from-all opens",
		},
		absent: []string{"networkpolicy/link-everywhere", "networkpolicy/link-from-all"},
	},
	{
		name:    "no NetworkPolicies at all",
		patches: deleteNetworkPolicies,
		says:    []string{"previewset-no-workload-without-networkpolicy-default-deny"},
		absent:  []string{"deployment/gateway"},
		before:  true,
		checked: []string{"NetworkPolicy default-deny"},
	},
	{
		name: "a token",
		objects: `
---
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: {name: token, annotations: {kubernetes.io/service-account.name: default}}`,
		says:   []string{"Secret token"},
		absent: []string{"secret/token"},
	},
	{
		name:    "Pods with a token",
		patches: jsonPatch("{kind: Deployment, name: gateway}", "replace", "/spec/template/spec/automountServiceAccountToken", "true"),
		says:    []string{"Deployment gateway", "automountServiceAccountToken"},
	},
	{
		name: "Services that lead elsewhere",
		objects: `
---
apiVersion: v1
kind: Service
metadata: {name: balancer}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: node}
spec: {type: NodePort, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: addresses}
spec: {externalIPs: [192.0.2.1], ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: vault}
spec: {type: ExternalName, externalName: vault.prod.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: record, annotations: {external-dns.alpha.kubernetes.io/hostname: www.acme.example}}
spec: {ports: [{port: 80}]}`,
		says: []string{
			"Service balancer", "LoadBalancer", "Service node", "NodePort", "Service addresses", "externalIPs",
			"Service vault", `"vault.prod.svc.cluster.local"`, "Service record", "external-dns.alpha.kubernetes.io/hostname",
		},
		absent: []string{"service/balancer", "service/node", "service/addresses", "service/vault", "service/record"},
	},
	{
		name: "hosts and snippets",
		objects: `
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: stolen}
spec: {rules: [{host: %[2]s.preview.example.dev}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: alike}
spec: {rules: [{host: b-%[1]s.preview.example.dev}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: wildcard}
spec: {rules: [{host: "*.preview.example.dev"}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: everything}
spec: {defaultBackend: {service: {name: gateway, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: snippet, annotations: {nginx.ingress.kubernetes.io/server-snippet: "return 200;"}}
spec: {rules: [{host: %[1]s.preview.example.dev}]}`,
		says: []string{
			"Ingress stolen", `"%[2]s.preview.example.dev"`, "Ingress alike", `"b-%[1]s.preview.example.dev"`,
			"Ingress wildcard", `"*.preview.example.dev"`, "Ingress everything", "defaultBackend",
			"Ingress snippet", "nginx.ingress.kubernetes.io/server-snippet",
		},
		absent: []string{"ingress/stolen", "ingress/alike", "ingress/wildcard", "ingress/everything", "ingress/snippet"},
	},
	{
		name:    "objects in another preview",
		objects: "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-%[1]s}",
		late:    `target: {kind: ConfigMap, name: of-.*}, patch: '[{"op": "add", "path": "/metadata/namespace", "value": "preview-%[2]s"}]'`,
		says:    []string{"ConfigMap of-%[1]s", `"preview-%[2]s"`, "preview-%[1]s"},
		absent:  []string{"configmap/of-%[1]s --namespace=preview-%[2]s"},
	},
}

// A user's overlay reaches beyond its environment. The API server refuses that, and the Application shows the error.
// previewctl check reports it before. Other environments don't change. After the fix the environment is as before.
func TestAdmissionHoldsOverlays(t *testing.T) {
	t.Parallel()
	w := shared
	neighbour := w.openLive(t, w.gateway, "main.go")
	untouched := w.untouched(t, neighbour.application)
	t.Run("overlays", func(t *testing.T) {
		for _, o := range overlaysThatReach {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				w.tryOverlay(t, o, neighbour)
			})
		}
	})
	if err := untouched(t.Context()); err != nil {
		t.Error(err)
	}
	w.waitSynced(t, neighbour)
}

func (w *world) tryOverlay(t *testing.T, o reaching, neighbour preview) {
	t.Helper()
	p := w.open(t, w.gateway, labelled("main.go"))
	fill := func(text string) string {
		return strings.NewReplacer("%[1]s", p.name, "%[2]s", neighbour.name).Replace(text)
	}
	folder := "overlays/" + p.name
	overlay := gitserver.All(
		gitserver.Write(folder+"/environment.yaml", adjusts(p)),
		gitserver.Write(folder+"/kustomization.yaml", fill(o.kustomization())),
		gitserver.Write(folder+"/more.yaml", fill(greeting("hello")+o.objects)))
	if !o.before {
		p.label("preview")
		w.waitSynced(t, p)
	}
	w.commit(t, "Reach", overlay)
	p.label("preview")
	says := make([]string, 0, len(o.says))
	for _, s := range o.says {
		says = append(says, fill(s))
	}
	w.waitProblem(t, p, says...)
	w.Always(t, while, "none of its objects is created", func(ctx context.Context) error {
		for _, a := range o.absent {
			args := append([]string{"get", "--namespace=" + p.application, "--ignore-not-found", "--output=name"}, strings.Fields(fill(a))...)
			if out, err := w.Cluster.Kubectl(ctx, nil, args...); err != nil || out != "" {
				return fmt.Errorf("%s, %w", out, err)
			}
		}
		return nil
	})
	if o.checked != nil {
		says = o.checked
	}
	w.checkSays(t, overlay, says)
	w.commit(t, "Fix", gitserver.Remove(folder))
	head := p.push()
	w.WaitSynced(t, p.application, retries+standtest.Patience) // several syncs fail at once and are retried
	w.waitRuns(t, p, gatewayImage, head)
}

// deleteNetworkPolicies is a patch that deletes every NetworkPolicy.
const deleteNetworkPolicies = `{target: {kind: NetworkPolicy},
  patch: '{"$patch": delete, apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: any}}'}`

// jsonPatch returns a patch of a Kustomization with one JSON Patch operation.
func jsonPatch(target, op, path, value string) string {
	return fmt.Sprintf(`{target: %s, patch: '[{"op": %q, "path": %q, "value": %s}]'}`, target, op, path, value)
}

const reachingOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview, more.yaml]
patches: [%s]
`

func (o reaching) kustomization() string {
	text := fmt.Sprintf(reachingOverlay, o.patches)
	if o.late != "" {
		text += "transformers:\n- |-\n  {apiVersion: builtin, kind: PatchTransformer, metadata: {name: late}, " + o.late + "}\n"
	}
	return text
}

// checkSays runs previewctl check on the repository with the overlay. It must fail with these words.
func (a admissionTester) checkSays(t *testing.T, overlay func(*os.Root) error, parts []string) {
	t.Helper()
	checkout := path.Join(t.TempDir(), "checkout")
	if err := os.CopyFS(checkout, os.DirFS(a.stand.Repository())); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(checkout)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if err = overlay(root); err != nil {
		t.Fatal(err)
	}
	out, err := a.stand.Previewctl(t.Context(), "check", checkout)
	if err == nil {
		t.Fatal("previewctl check finds nothing")
	}
	if err := standtest.Contains(out, parts...); err != nil {
		t.Errorf("previewctl check: %v", err)
	}
}

// An overlay deletes all NetworkPolicies. Argo CD doesn't prune default-deny in a live environment.
func TestAdmissionKeepsDefaultDeny(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	policies := w.Cluster.Client.NetworkingV1().NetworkPolicies(p.application)
	folder := "overlays/" + p.name
	w.commit(t, "Open everything", gitserver.Write(folder+"/environment.yaml", adjusts(p)),
		gitserver.Write(folder+"/more.yaml", greeting("hello")),
		gitserver.Write(folder+"/kustomization.yaml", fmt.Sprintf(reachingOverlay, deleteNetworkPolicies)))
	w.Eventually(t, standtest.Patience, "the others are pruned", func(ctx context.Context) error {
		_, err := policies.Get(ctx, "allow-dns", metav1.GetOptions{})
		if err == nil {
			return errors.New("allow-dns exists")
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
	w.Always(t, while, "default-deny stays", func(ctx context.Context) error {
		_, err := policies.Get(ctx, "default-deny", metav1.GetOptions{})
		return err
	})
	p.close()
	w.waitGone(t, p)
}
