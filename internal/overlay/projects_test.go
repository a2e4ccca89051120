package overlay

import (
	"testing"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

func TestProjectPermits(t *testing.T) {
	t.Parallel()
	secret := manifest.Object{Kind: "Secret"}
	role := manifest.Object{Kind: "ClusterRole", Group: "rbac.authorization.k8s.io", ClusterScoped: true}
	all := []groupKind{{"*", "*"}}
	tests := []struct {
		name    string
		project project
		object  manifest.Object
		want    bool
	}{
		{"a namespaced kind without a list", project{allowsAllNamespaced: true}, secret, true},
		{"a namespaced kind that isn't in the list", project{allow: []groupKind{{"", "Service"}}}, secret, false},
		{"a namespaced kind in the list", project{allow: []groupKind{{"", "Sec*"}}}, secret, true},
		{"a kind in both lists", project{allow: all, deny: []groupKind{{"", "Secret"}}}, secret, false},
		{"a cluster-scoped kind without a list", project{allowsAllNamespaced: true}, role, false},
		{"a cluster-scoped kind in the list", project{clusterAllow: []groupKind{{"rbac*", "ClusterRole"}}}, role, true},
		{"a cluster-scoped kind in both lists", project{clusterAllow: all, clusterDeny: all}, role, false},
	}
	for _, tt := range tests {
		if got := tt.project.permits(tt.object); got != tt.want {
			t.Errorf("%s: permits is %v", tt.name, got)
		}
	}
}
