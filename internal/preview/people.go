package preview

import "github.com/previewset/previewset/internal/config"

// addAccess adds the RoleBindings of people, if access.yaml has their names in the cluster. A name is only ever a value.
func (c *composer) addAccess() {
	if c.Access == nil || !config.HasComponent(c.Config, config.AccessComponent) {
		return
	}
	groups, users := c.Access.Kubernetes.Groups, c.Access.KubernetesUsers(c.plan.Editors)
	if len(groups)+len(c.Access.Kubernetes.Users) == 0 {
		return
	}
	c.addComponent("components", config.AccessComponent)
	c.addPatch(Target{Kind: "RoleBinding", Name: "viewers"}, replace("/subjects", subjects("Group", groups)))
	c.addPatch(Target{Kind: "RoleBinding", Name: "editors"}, replace("/subjects", subjects("User", users)))
}

func subjects(kind string, names []string) []any {
	list := []any{}
	for _, name := range names {
		list = append(list, map[string]string{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name})
	}
	return list
}
