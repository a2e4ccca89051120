package admission

import (
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// bindings are the allowed RoleBindings with their ClusterRoles.
var bindings = map[string]string{"viewers": "previewset-viewer", "editors": "previewset-editor"}

// refuseRoleBinding refuses Roles, and RoleBindings that component access doesn't have. Repositories of older versions
// have no rule for them, and their AppProject allows none.
func refuseRoleBinding(s *Settings, o manifest.Object) []Refusal {
	if !s.HasSecrets() {
		return nil
	}
	var found []Refusal
	role, isKnown := bindings[o.Name]
	if o.Kind != "RoleBinding" || !isKnown || o.Text("roleRef", "kind") != "ClusterRole" ||
		o.Text("roleRef", "name") != role {
		found = append(found, Refusal{
			"isn't one of component access", "remove it: access.yaml gives people access to previews",
		})
	}
	for _, subject := range o.Items("subjects") {
		kind, name := subject.Text("kind"), subject.Text("name")
		if kind != "Group" && kind != "User" || strings.HasPrefix(name, "system:") {
			return append(found, Refusal{"gives access to " + kind + " " + name, "name people and their groups only"})
		}
	}
	return found
}
