package admission

import "testing"

func TestRoleBindings(t *testing.T) {
	t.Parallel()
	const (
		editors = `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: editors},
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: previewset-editor},
  subjects: [{kind: User, name: alice}, {kind: Group, name: team}]}`
		other  = " isn't one of component access; remove it: access.yaml gives people access to previews"
		access = "RoleBinding editors gives access to "
	)
	wantRefused(t, []refusedChange{
		{"another name", editors, "{name: editors}", "{name: mine}", "RoleBinding mine" + other},
		{"another ClusterRole", editors, "previewset-editor", "cluster-admin", "RoleBinding editors" + other},
		{"the editors' role for viewers", editors, "{name: editors}", "{name: viewers}", "RoleBinding viewers" + other},
		{"a Role", editors, "kind: ClusterRole", "kind: Role", "RoleBinding editors" + other},
		{"a service account", editors, "kind: User, name: alice", "kind: ServiceAccount, name: default", access + "ServiceAccount default"},
		{"everyone", editors, "name: team", "name: 'system:authenticated'", access + "Group system:authenticated"},
	})
	role := "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: editors}, rules: []}"
	if got := refusalsOf(t, role); len(got) != 1 {
		t.Errorf("a Role: %q", got)
	}
}
