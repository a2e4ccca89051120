package overlay

import (
	"path"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// project is the kinds that an AppProject allows.
type project struct {
	name                      string
	clusterAllow, clusterDeny []groupKind
	allow, deny               []groupKind
	// allowsAllNamespaced is true where the AppProject has no list of allowed namespaced kinds.
	allowsAllNamespaced bool
}

type groupKind struct{ group, kind string }

func projectOf(o manifest.Object) project {
	return project{
		name:                o.Text("metadata", "name"),
		clusterAllow:        groupKinds(o, "clusterResourceWhitelist"),
		clusterDeny:         groupKinds(o, "clusterResourceBlacklist"),
		allow:               groupKinds(o, "namespaceResourceWhitelist"),
		deny:                groupKinds(o, "namespaceResourceBlacklist"),
		allowsAllNamespaced: o.At("spec", "namespaceResourceWhitelist") == nil,
	}
}

func groupKinds(o manifest.Object, list string) []groupKind {
	var found []groupKind
	for _, entry := range o.Items("spec", list) {
		if entry.Fields != nil {
			found = append(found, groupKind{entry.Text("group"), entry.Text("kind")})
		}
	}
	return found
}

// permits reports whether Argo CD would deploy an object of this kind.
func (p project) permits(o manifest.Object) bool {
	if o.ClusterScoped {
		return matchesKind(p.clusterAllow, o) && !matchesKind(p.clusterDeny, o)
	}
	return (p.allowsAllNamespaced || matchesKind(p.allow, o)) && !matchesKind(p.deny, o)
}

func matchesKind(list []groupKind, o manifest.Object) bool {
	for _, gk := range list {
		group, _ := path.Match(gk.group, o.Group)
		kind, _ := path.Match(gk.kind, o.Kind)
		if group && kind {
			return true
		}
	}
	return false
}
