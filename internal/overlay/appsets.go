package overlay

import (
	"path"
	"strings"

	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/gatewayapi"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// appsets is the part of the manifests in appsets/ that decides what Argo CD and Kubernetes accept.
type appsets struct {
	projects map[string]project // by name
	// environmentsProject is the AppProject of the ApplicationSet with the plugin generator.
	environmentsProject string
	projectOfOverlay    map[string]string // the AppProject of each overlay with its own Application, by path
	admission           admission.Settings
	gateways            gatewayapi.Gateways
}

// readAppsets skips files that aren't manifests: the check of references reports those.
func (r *Repo) readAppsets() *appsets {
	a := &appsets{projects: map[string]project{}, projectOfOverlay: map[string]string{}}
	r.tree.Walk(appsetsFolder, func(p string, k filetree.Kind) {
		isYAML := path.Ext(p) == ".yaml" || path.Ext(p) == ".yml"
		if k != filetree.File || !isYAML || strings.HasPrefix(p, appsetsFolder+"/secrets/") {
			return
		}
		content, err := r.tree.Read(p)
		if err != nil {
			return
		}
		nodes, err := yamldoc.All(content)
		if err != nil {
			return
		}
		for _, n := range nodes {
			var o manifest.Object
			if n.Decode(&o.Fields) == nil {
				a.addObject(p, o)
			}
		}
	})
	return a
}

func (a *appsets) addObject(file string, o manifest.Object) {
	switch o.Text("kind") {
	case "ConfigMap":
		a.admission.AddConfigMap(file, o)
	case "ValidatingAdmissionPolicy":
		a.admission.AddPolicy(o)
	case "Gateway", "HTTPRoute":
		a.gateways.Add(file, o)
	case "AppProject":
		p := projectOf(o)
		a.projects[p.name] = p
	case "ApplicationSet":
		if hasPluginGenerator(o) {
			a.environmentsProject = o.Text("spec", "template", "spec", "project")
		}
	case "Application":
		a.projectOfOverlay[o.Text("spec", "source", "path")] = o.Text("spec", "project")
	}
}

func hasPluginGenerator(o manifest.Object) bool {
	found := false
	manifest.EachKey(o.At("spec", "generators"), func(key string, _ any) { found = found || key == "plugin" })
	return found
}
