package stories

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/stand"
)

// What the service's own account may and mustn't do, tried with its token on the real API server.
func TestAdmissionHoldsTheServiceAccount(t *testing.T) {
	t.Parallel()
	w := shared
	kubeconfig, err := w.Cluster.ServiceAccountKubeconfig(t.Context(), argocd.Namespace, stand.Generator)
	if err != nil {
		t.Fatal(err)
	}
	p := w.openLive(t, w.gateway, "main.go")
	const (
		patch   = "patch applicationset previews --dry-run=server --type=merge --patch="
		only    = "preview-generator changes nothing but annotation argocd.argoproj.io/application-set-refresh of ApplicationSets; this was "
		mustNot = `User "system:serviceaccount:argocd:preview-generator" cannot `
		// What it would apply, where something has to be given.
		configMap = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"preview-generator-state"},"data":{"a":"b"}}`
		other     = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"argocd-cm"},"data":{"a":"b"}}`
		app       = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"a"},"spec":{"project":"default","destination":{}}}`
		set       = `{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet","metadata":{"name":"previews"},"spec":{"generators":[],"template":{"metadata":{},"spec":{"project":"default","destination":{}}}}}`
		binding   = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"a"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"admin"}}`
		role      = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"preview-generator"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`
	)
	for _, c := range []struct{ name, args, input, refused string }{
		{"see ApplicationSets", "get applicationsets", "", ""},
		{"see Applications", "get applications", "", ""},
		{"see one", "get application " + p.application, "", ""},
		{"read its memory", "get configmap preview-generator-state", "", ""},
		{"write its memory", "replace --dry-run=server --filename=-", configMap, ""},
		{"have its ApplicationSet refreshed", patch + `{"metadata":{"annotations":{"argocd.argoproj.io/application-set-refresh":"now"}}}`, "", ""},
		{"see how far workloads are", "get deployments,statefulsets --all-namespaces", "", ""},
		{"see one of the baseline's", "get deployment gateway --namespace=staging", "", ""},

		{"change the specification", patch + `{"spec":{"template":{"spec":{"project":"default"}}}}`, "", only + "spec"},
		{"change it along with the refresh", patch + `{"metadata":{"annotations":{"argocd.argoproj.io/application-set-refresh":"now"}},"spec":{"goTemplate":false}}`, "", only + "spec"},
		{"add another annotation", patch + `{"metadata":{"annotations":{"a":"b"}}}`, "", only + "annotation a"},
		{"remove another annotation", patch + `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":null}}}`, "", only + "annotation kubectl.kubernetes.io/last-applied-configuration"},
		{"label it", patch + `{"metadata":{"labels":{"a":"b"}}}`, "", only + "metadata.labels"},
		{"keep it from going", patch + `{"metadata":{"finalizers":["a.example/b"]}}`, "", only + "metadata.finalizers"},
		{"give it an owner", patch + `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b"}]}}`, "", only + "metadata.ownerReferences"},
		{"say how it is", "apply --server-side --subresource=status --dry-run=server --filename=-", set, mustNot + `patch resource "applicationsets/status"`},
		{"replace it", "replace --dry-run=server --filename=-", set, mustNot + `update resource "applicationsets"`},
		{"delete it", "delete applicationset previews --dry-run=server", "", mustNot + `delete resource "applicationsets"`},
		{"make another", "create --dry-run=server --filename=-", strings.Replace(set, `"previews"`, `"others"`, 1), mustNot + `create resource "applicationsets"`},
		{"make an Application", "create --dry-run=server --filename=-", app, mustNot + `create resource "applications"`},
		{"change an Application", "patch application " + p.application + ` --dry-run=server --type=merge --patch={"spec":{"project":"default"}}`, "", mustNot + `patch resource "applications"`},
		{"delete an Application", "delete application " + p.application + " --dry-run=server", "", mustNot + `delete resource "applications"`},
		{"see projects", "get appprojects", "", mustNot + `list resource "appprojects"`},

		{"read Secrets", "get secrets", "", mustNot + `list resource "secrets"`},
		{"read its own Secret", "get secret preview-generator", "", mustNot + `get resource "secrets"`},
		{"read another ConfigMap", "get configmap argocd-cm", "", mustNot + `get resource "configmaps"`},
		{"write another ConfigMap", "replace --dry-run=server --filename=-", other, mustNot + `update resource "configmaps"`},
		{"change what admission goes by", "apply --server-side --dry-run=server --filename=-", strings.Replace(configMap, "preview-generator-state", "previewset-admission", 1), mustNot + `patch resource "configmaps"`},
		{"see all ConfigMaps", "get configmaps", "", mustNot + `list resource "configmaps"`},
		{"make a ConfigMap", "create --dry-run=server --filename=-", strings.Replace(configMap, "-state", "-other", 1), mustNot + `create resource "configmaps"`},
		{"delete its memory", "delete configmap preview-generator-state --dry-run=server", "", mustNot + `delete resource "configmaps"`},

		{"scale a workload", "scale deployment gateway --replicas=0 --namespace=staging", "", mustNot + `patch resource "deployments/scale"`},
		{"change a workload", "set image deployment gateway *=b --namespace=staging --dry-run=server", "", mustNot + `patch resource "deployments"`},
		{"delete a workload", "delete statefulset postgres --namespace=staging --dry-run=server", "", mustNot + `delete resource "statefulsets"`},
		{"see other workloads", "get daemonsets,replicasets,jobs --all-namespaces", "", mustNot + `list resource "daemonsets"`},

		{"look into a preview", "get pods,secrets,configmaps --namespace=" + p.application, "", mustNot + `list resource "pods"`},
		{"look into the baseline", "get secrets --namespace=staging", "", mustNot + `list resource "secrets"`},
		{"see Applications elsewhere", "get applications --all-namespaces", "", mustNot + `list resource "applications"`},
		{"see namespaces", "get namespaces", "", mustNot + `list resource "namespaces"`},
		{"delete a preview's namespace", "delete namespace " + p.application + " --dry-run=server", "", mustNot + `delete resource "namespaces"`},
		{"run something", "create deployment a --image=a --dry-run=server", "", mustNot + `create resource "deployments"`},

		{"bind itself", "create --dry-run=server --filename=-", binding, mustNot + `create resource "rolebindings"`},
		{"widen its role", "replace --dry-run=server --filename=-", role, mustNot + `update resource "roles"`},
		{"be somebody else", "get secrets --as=system:admin", "", mustNot + `impersonate resource "users"`},
		{"get a token", "create token argocd-application-controller", "", mustNot + `create resource "serviceaccounts/token"`},
		{"lift the policies", "delete validatingadmissionpolicies --all --dry-run=server", "", mustNot + `list resource "validatingadmissionpolicies"`},
		{"lift one", "delete validatingadmissionpolicybinding previewset-generator --dry-run=server", "", mustNot + `delete resource "validatingadmissionpolicybindings"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(c.input), append(strings.Fields(c.args), "--kubeconfig="+kubeconfig)...)
			wantRefused(t, err, c.refused)
		})
	}
}

// wantRefused fails unless an attempt was refused for that reason or, without one, allowed.
func wantRefused(t *testing.T, err error, refused string) {
	t.Helper()
	switch {
	case refused == "" && err != nil:
		t.Errorf("it is refused: %v", err)
	case refused != "" && err == nil:
		t.Errorf("it is allowed; want %q", refused)
	case refused != "" && !strings.Contains(err.Error(), refused):
		t.Errorf("it is refused for another reason than %q: %v", refused, err)
	}
}
