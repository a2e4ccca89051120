package overlay

import (
	"path"
	"strings"
)

// projects are the AppProjects under appsets/, and which of them holds what: the environments, and the overlays that
// have an Application of their own; and what admission policies there go by.
type projects struct {
	byName       map[string]project
	environments string            // the project of the ApplicationSet with the plugin generator
	byPath       map[string]string // the project of the Application of an overlay
	admission    admission
}

// project is which kinds an AppProject allows, as Argo CD reads it.
type project struct {
	name                       string
	clusterAllow, clusterDeny  []groupKind
	allow, deny                []groupKind
	allowsEveryNamespacedThing bool // no list of namespaced kinds means all of them
}

type groupKind struct{ group, kind string }

// projects reads the manifests under appsets/. What isn't an object there is reported by the check of references.
func (r *Repo) projects() projects {
	ps := projects{byName: map[string]project{}, byPath: map[string]string{}}
	r.tree.walk(appsetsFolder, func(p string, k kind) {
		if k != isFile || (path.Ext(p) != ".yaml" && path.Ext(p) != ".yml") || strings.HasPrefix(p, secretsFolder+"/") {
			return
		}
		content, err := r.tree.read(p)
		if err != nil {
			return
		}
		nodes, err := documents(content)
		if err != nil {
			return
		}
		for _, n := range nodes {
			var o object
			if n.Decode(&o.fields) == nil {
				ps.add(p, o)
			}
		}
	})
	return ps
}

func (ps *projects) add(file string, o object) {
	switch o.text("kind") {
	case "ConfigMap":
		if o.text("metadata", "name") == admissionSettings {
			ps.admission.file, ps.admission.data = file, o
		}
	case "ValidatingAdmissionPolicy":
		ps.admission.policies = append(ps.admission.policies, o)
	case "AppProject":
		p := projectOf(o)
		ps.byName[p.name] = p
	case "ApplicationSet":
		if hasPlugin(o) {
			ps.environments = o.text("spec", "template", "spec", "project")
		}
	case "Application":
		ps.byPath[o.text("spec", "source", "path")] = o.text("spec", "project")
	}
}

func hasPlugin(o object) bool {
	found := false
	each(o.at("spec", "generators"), func(key string, _ any) { found = found || key == "plugin" })
	return found
}

func projectOf(o object) project {
	return project{
		name:                       o.text("metadata", "name"),
		clusterAllow:               groupKinds(o.at("spec", "clusterResourceWhitelist")),
		clusterDeny:                groupKinds(o.at("spec", "clusterResourceBlacklist")),
		allow:                      groupKinds(o.at("spec", "namespaceResourceWhitelist")),
		deny:                       groupKinds(o.at("spec", "namespaceResourceBlacklist")),
		allowsEveryNamespacedThing: o.at("spec", "namespaceResourceWhitelist") == nil,
	}
}

func groupKinds(v any) []groupKind {
	list, _ := v.([]any)
	var found []groupKind
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			entry := object{fields: m}
			found = append(found, groupKind{entry.text("group"), entry.text("kind")})
		}
	}
	return found
}

// permits says whether Argo CD would apply an object of this kind.
func (p project) permits(o object) bool {
	if o.clusterScoped {
		return o.matches(p.clusterAllow) && !o.matches(p.clusterDeny)
	}
	return (p.allowsEveryNamespacedThing || o.matches(p.allow)) && !o.matches(p.deny)
}

func (o object) matches(list []groupKind) bool {
	for _, gk := range list {
		group, _ := path.Match(gk.group, o.group)
		kind, _ := path.Match(gk.kind, o.kind)
		if group && kind {
			return true
		}
	}
	return false
}
