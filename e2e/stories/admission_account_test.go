package stories

import (
	"fmt"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

// accountAttempt is a kubectl command that is run with the generator's account. It is allowed if refused is empty.
type accountAttempt struct {
	name, args string
	input      string   // for stdin
	refused    []string // words of the error
}

// The generator's account may do what it needs and nothing else. Its token is tried on the real API server.
func TestAdmissionHoldsTheServiceAccount(t *testing.T) {
	t.Parallel()
	w := shared
	kubeconfig, err := w.Cluster.ServiceAccountKubeconfig(t.Context(), argocd.Namespace, stand.Generator)
	if err != nil {
		t.Fatal(err)
	}
	p := w.openLive(t, w.gateway, "main.go")
	for _, list := range [][]accountAttempt{
		allowedToTheService(p.application), changesOfItsApplicationSet(), changesOfApplications(p.application),
		readsOfOtherObjects(p.application), changesOfOtherObjects(p.application), escalations(),
	} {
		for _, a := range list {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				args := append(strings.Fields(a.args), "--kubeconfig="+kubeconfig)
				_, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(a.input), args...)
				wantRefused(t, err, a.refused...)
			})
		}
	}
}

// patchSet is the command that changes the generator's ApplicationSet, without the change.
const patchSet = "patch applicationset previews --dry-run=server --type=merge --patch="

// replaceInput, createInput and applyInput are commands that take an object from stdin.
const (
	replaceInput = "replace --dry-run=server --filename=-"
	createInput  = "create --dry-run=server --filename=-"
	applyInput   = "apply --server-side --dry-run=server --filename=-"
)

// configMap is an object for these commands.
func configMap(name string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q},"data":{"a":"b"}}`, name)
}

func applicationSet(name string) string {
	return fmt.Sprintf(`{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet","metadata":{"name":%q},
		"spec":{"generators":[],"template":{"metadata":{},"spec":{"project":"default","destination":{}}}}}`, name)
}

// cannot is Kubernetes' answer to an account that has no right to do something.
func cannot(verb, resource string) []string {
	return []string{fmt.Sprintf(`User "system:serviceaccount:argocd:preview-generator" cannot %s resource %q`, verb, resource)}
}

func allowedToTheService(application string) []accountAttempt {
	return []accountAttempt{
		{"list ApplicationSets", "get applicationsets", "", nil},
		{"list Applications", "get applications", "", nil},
		{"read an Application", "get application " + application, "", nil},
		{"read its saved state", "get configmap " + savedState, "", nil},
		{"write its saved state", replaceInput, configMap(savedState), nil},
		{
			"request a refresh of its ApplicationSet",
			patchSet + `{"metadata":{"annotations":{"argocd.argoproj.io/application-set-refresh":"now"}}}`, "", nil,
		},
		{"read the progress of workloads", "get pods,deployments,statefulsets --all-namespaces", "", nil},
		{"read a workload of the baseline", "get deployment gateway --namespace=staging", "", nil},
	}
}

// changesOfItsApplicationSet are refused by the policy previewset-generator, which names the changed part, or by RBAC.
func changesOfItsApplicationSet() []accountAttempt {
	refuses := func(changed string) []string { return []string{"previewset-generator", changed} }
	patch := func(name, content, changed string) accountAttempt {
		return accountAttempt{name, patchSet + content, "", refuses(changed)}
	}
	return []accountAttempt{
		patch("change the specification", `{"spec":{"template":{"spec":{"project":"default"}}}}`, "spec"),
		patch("change the specification with the refresh",
			`{"metadata":{"annotations":{"argocd.argoproj.io/application-set-refresh":"now"}},"spec":{"goTemplate":false}}`, "spec"),
		patch("add another annotation", `{"metadata":{"annotations":{"a":"b"}}}`, "annotation a"),
		patch("remove another annotation", `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":null}}}`,
			"annotation kubectl.kubernetes.io/last-applied-configuration"),
		patch("add a label", `{"metadata":{"labels":{"a":"b"}}}`, "metadata.labels"),
		patch("add a finalizer", `{"metadata":{"finalizers":["a.example/b"]}}`, "metadata.finalizers"),
		patch("add an owner", `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b"}]}}`,
			"metadata.ownerReferences"),
		{
			"change the status", "apply --server-side --subresource=status --dry-run=server --filename=-", applicationSet("previews"),
			cannot("patch", "applicationsets/status"),
		},
		{"replace it", replaceInput, applicationSet("previews"), cannot("update", "applicationsets")},
		{"delete it", "delete applicationset previews --dry-run=server", "", cannot("delete", "applicationsets")},
		{"create another one", createInput, applicationSet("others"), cannot("create", "applicationsets")},
	}
}

func changesOfApplications(application string) []accountAttempt {
	const app = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"a"},
		"spec":{"project":"default","destination":{}}}`
	return []accountAttempt{
		{"create an Application", createInput, app, cannot("create", "applications")},
		{
			"change an Application",
			"patch application " + application + ` --dry-run=server --type=merge --patch={"spec":{"project":"default"}}`, "",
			cannot("patch", "applications"),
		},
		{"delete an Application", "delete application " + application + " --dry-run=server", "", cannot("delete", "applications")},
	}
}

func readsOfOtherObjects(application string) []accountAttempt {
	return []accountAttempt{
		{"list projects", "get appprojects", "", cannot("list", "appprojects")},
		{"list Secrets", "get secrets", "", cannot("list", "secrets")},
		{"read its own Secret", "get secret preview-generator", "", cannot("get", "secrets")},
		{"read another ConfigMap", "get configmap argocd-cm", "", cannot("get", "configmaps")},
		{"list ConfigMaps", "get configmaps", "", cannot("list", "configmaps")},
		{"list other workloads", "get daemonsets,replicasets,jobs --all-namespaces", "", cannot("list", "daemonsets")},
		{"list objects of a preview", "get secrets,configmaps --namespace=" + application, "", cannot("list", "secrets")},
		{"list Secrets of the baseline", "get secrets --namespace=staging", "", cannot("list", "secrets")},
		{"list Applications of other namespaces", "get applications --all-namespaces", "", cannot("list", "applications")},
		{"list namespaces", "get namespaces", "", cannot("list", "namespaces")},
	}
}

func changesOfOtherObjects(application string) []accountAttempt {
	return []accountAttempt{
		{"write another ConfigMap", replaceInput, configMap("argocd-cm"), cannot("update", "configmaps")},
		{"change the parameters of admission", applyInput, configMap("previewset-admission"), cannot("patch", "configmaps")},
		{"create a ConfigMap", createInput, configMap("preview-generator-other"), cannot("create", "configmaps")},
		{"delete its saved state", "delete configmap " + savedState + " --dry-run=server", "", cannot("delete", "configmaps")},
		{"scale a workload", "scale deployment gateway --replicas=0 --namespace=staging", "", cannot("patch", "deployments/scale")},
		{
			"change a workload", "set image deployment gateway *=b --namespace=staging --dry-run=server", "",
			cannot("patch", "deployments"),
		},
		{
			"delete a workload", "delete statefulset postgres --namespace=staging --dry-run=server", "",
			cannot("delete", "statefulsets"),
		},
		{"create a workload", "create deployment a --image=a --dry-run=server", "", cannot("create", "deployments")},
		{
			"delete a preview's namespace", "delete namespace " + application + " --dry-run=server", "",
			cannot("delete", "namespaces"),
		},
	}
}

// escalations are attempts to get more rights.
func escalations() []accountAttempt {
	const binding = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"a"},
		"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"admin"}}`
	const role = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"preview-generator"},
		"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`
	return []accountAttempt{
		{"bind itself to another role", createInput, binding, cannot("create", "rolebindings")},
		{"extend its role", replaceInput, role, cannot("update", "roles")},
		{"impersonate a user", "get secrets --as=system:admin", "", cannot("impersonate", "users")},
		{
			"get another account's token", "create token argocd-application-controller", "",
			cannot("create", "serviceaccounts/token"),
		},
		{
			"delete all policies", "delete validatingadmissionpolicies --all --dry-run=server", "",
			cannot("list", "validatingadmissionpolicies"),
		},
		{
			"delete a policy's binding", "delete validatingadmissionpolicybinding previewset-generator --dry-run=server", "",
			cannot("delete", "validatingadmissionpolicybindings"),
		},
	}
}

// wantRefused fails unless an attempt was refused with all these words or, without words, allowed.
func wantRefused(t *testing.T, err error, words ...string) {
	t.Helper()
	switch {
	case len(words) == 0 && err != nil:
		t.Errorf("it is refused: %v", err)
	case len(words) > 0 && err == nil:
		t.Errorf("it is allowed; want an error with %q", words)
	case len(words) > 0:
		if missing := standtest.Contains(err.Error(), words...); missing != nil {
			t.Errorf("it is refused for another reason: %v", missing)
		}
	}
}
