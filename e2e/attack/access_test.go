package attack

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/preview"
)

// accessFile gives alice and bob names in the cluster, and a group a view of all previews.
const accessFile = `apiVersion: previewset.dev/v1alpha1
kind: Access
kubernetes:
  groups: ["oidc:engineering"]
  users: {alice: "oidc:alice", bob: "oidc:bob"}
`

// bindingsFor returns the RoleBindings of an environment with some owners, with the subjects of its row.
func bindingsFor(t *testing.T, name string, editors ...string) []string {
	t.Helper()
	files := fstest.MapFS{config.AccessFile: &fstest.MapFile{Data: []byte(accessFile)}}
	err := fs.WalkDir(previewset.Example, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(previewset.Example, file)
		files[file] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := configtree.Read(files, func(string) (string, error) { return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	row, err := preview.Compose(cfg, preview.Plan{Name: name, Editors: editors})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for document := range strings.SplitSeq(string(files["kustomize-base/components/access/rolebindings.yaml"].Data), "\n---\n") {
		o, err := parse(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range row.Kustomize.Patches {
			var operations []struct{ Value []any }
			if p.Target.Kind != o.GetKind() || p.Target.Name != o.GetName() {
				continue
			}
			if err = json.Unmarshal([]byte(p.Patch), &operations); err != nil {
				t.Fatal(err)
			}
			o.Object["subjects"] = operations[0].Value
		}
		text, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(text))
	}
	return found
}

// person is an account with the groups that the cluster's authentication gives it.
func person(t *testing.T, name string, groups ...string) *kubernetes.Clientset {
	t.Helper()
	c := rest.CopyConfig(api.Config)
	c.Impersonate = rest.ImpersonationConfig{UserName: name, Groups: append(groups, "system:authenticated")}
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// may reports whether the API server lets a person through to a path. It may then still refuse an empty body, or find no
// object.
func may(t *testing.T, client *kubernetes.Clientset, verb, path string) bool {
	t.Helper()
	request := client.CoreV1().RESTClient().Verb(verb).AbsPath(path).Param("dryRun", "All")
	if verb == "POST" || verb == "PATCH" {
		request = request.Body([]byte("{}")).SetHeader("Content-Type", "application/json")
	}
	err := request.Do(t.Context()).Error()
	var status apierrors.APIStatus
	if err != nil && !errors.As(err, &status) {
		t.Fatalf("%s %s: %v", verb, path, err)
	}
	return !apierrors.IsForbidden(err)
}

// roles are the roles of a person in a namespace.
type roles struct{ viewer, editor bool }

// permissions are requests in a namespace, and the roles that allow them.
var permissions = map[string]roles{
	"GET /api/v1/pods":                                     {true, true},
	"GET /api/v1/pods/a/log":                               {true, true},
	"GET /api/v1/events":                                   {true, true},
	"GET /api/v1/configmaps":                               {true, true},
	"GET /apis/apps/v1/deployments":                        {true, true},
	"GET /apis/networking.k8s.io/v1/networkpolicies":       {true, true},
	"POST /api/v1/pods/a/exec":                             {false, true},
	"POST /api/v1/pods/a/portforward":                      {false, true},
	"DELETE /api/v1/pods/a":                                {false, true},
	"POST /api/v1/configmaps":                              {false, true},
	"POST /apis/apps/v1/deployments":                       {false, true},
	"PATCH /apis/apps/v1/deployments/a/scale":              {false, true},
	"POST /apis/batch/v1/jobs":                             {false, true},
	"GET /api/v1/secrets":                                  {},
	"GET /api/v1/secrets/a":                                {},
	"POST /api/v1/secrets":                                 {},
	"POST /api/v1/pods":                                    {},
	"POST /api/v1/pods/a/ephemeralcontainers":              {},
	"POST /api/v1/serviceaccounts/default/token":           {},
	"DELETE /api/v1/resourcequotas/guardrails":             {},
	"DELETE /apis/networking.k8s.io/v1/networkpolicies":    {},
	"GET /apis/rbac.authorization.k8s.io/v1/rolebindings":  {},
	"POST /apis/rbac.authorization.k8s.io/v1/rolebindings": {},
}

// Each person may do in each preview what access.yaml says, and nothing in other namespaces.
func TestAccessOfPeople(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(previewset.Example, "appsets/access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		if err := api.create(t.Context(), "", document); err != nil {
			t.Fatal(err)
		}
	}
	for namespace, editors := range map[string][]string{"preview-of-alice": {"Alice"}, "preview-of-slot": {"alice", "bob", "eve"}} {
		makeNamespace(t, namespace, guardrails()...)
		for _, binding := range bindingsFor(t, strings.TrimPrefix(namespace, "preview-"), editors...) {
			eventually(t, func() error { return api.apply(t.Context(), namespace, binding) })
		}
	}
	alice, bob, eve := person(t, "oidc:alice"), person(t, "oidc:bob"), person(t, "oidc:eve")
	colleague, impostor := person(t, "oidc:dave", "oidc:engineering"), person(t, "alice", "engineering")
	eventually(t, func() error {
		if !may(t, bob, "GET", "/api/v1/namespaces/preview-of-slot/pods") ||
			!may(t, colleague, "GET", "/api/v1/namespaces/preview-of-alice/pods") {
			return errors.New("the RoleBindings aren't in force yet")
		}
		return nil
	})
	want := map[string]map[*kubernetes.Clientset]roles{
		"preview-of-alice": {alice: {editor: true}, colleague: {viewer: true}},
		"preview-of-slot":  {alice: {editor: true}, bob: {editor: true}, colleague: {viewer: true}},
		"default":          {},
	}
	people := map[string]*kubernetes.Clientset{"alice": alice, "bob": bob, "eve": eve, "a colleague": colleague, "an impostor": impostor}
	for namespace, rolesOf := range want {
		for name, client := range people {
			for request, allowed := range permissions {
				verb, path, _ := strings.Cut(request, " ")
				path = strings.Replace(path, "/v1/", "/v1/namespaces/"+namespace+"/", 1)
				is := rolesOf[client]
				expected := is.viewer && allowed.viewer || is.editor && allowed.editor
				if got := may(t, client, verb, path); got != expected {
					t.Errorf("%s: %s %s is allowed: %v, want %v", name, verb, path, got, expected)
				}
			}
		}
	}
}

// An administrator can't give other access either: an overlay is applied with Argo CD's permissions.
func roleBindingAttempts() []attempt {
	const editors = `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: editors},
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: previewset-editor},
  subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}]}`
	const user = "{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}"
	return family("previewset-rolebindings", "RoleBinding", editors,
		change{"access by another RoleBinding", "{name: editors}", "{name: mine}", "mine isn't one of component access"},
		change{"another ClusterRole", "previewset-editor", "cluster-admin", "editors isn't one of component access"},
		change{"more for viewers", "{name: editors}", "{name: viewers}", "viewers isn't one of component access"},
		change{"access of Pods", user, "{kind: ServiceAccount, name: default, namespace: " + direct + "}", "ServiceAccount default"},
		change{"access of everyone", "kind: User, name: alice", "kind: Group, name: 'system:authenticated'", "Group system:authenticated"})
}
