package newservice

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// gatewayFile is the route of the service itself in a repository with the Gateway API.
const gatewayFile = "appsets/generator/httproute.yaml"

// routeParents returns the Gateways of a new public route, or nil where the repository's routes are Ingresses. It takes
// those of the first route of a service. Without such a route it takes those of the service's own route, if
// appsets/kustomization.yaml lists that one.
func (r Repository) routeParents() []any {
	var parents []any
	hasIngress := false
	r.Tree.Walk("kustomize-base/services", func(file string, kind filetree.Kind) {
		if kind != filetree.File || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(file)) {
			return
		}
		for _, o := range objectsIn(r.Tree, file) {
			hasIngress = hasIngress || o.Text("kind") == "Ingress"
			if list, ok := o.At("spec", "parentRefs").([]any); ok && parents == nil {
				parents = list
			}
		}
	})
	if parents != nil || hasIngress || !listsGateway(r.Tree) {
		return parents
	}
	for _, o := range objectsIn(r.Tree, gatewayFile) {
		if list, ok := o.At("spec", "parentRefs").([]any); ok {
			return list
		}
	}
	return nil
}

// ingressClass returns the class of the first Ingress in the repository's services, else that of the service's own
// Ingress.
func (r Repository) ingressClass() string {
	class := ""
	read := func(file string) {
		for _, o := range objectsIn(r.Tree, file) {
			if o.Text("kind") == "Ingress" && class == "" && isClass.MatchString(o.Text("spec", "ingressClassName")) {
				class = o.Text("spec", "ingressClassName")
			}
		}
	}
	r.Tree.Walk("kustomize-base/services", func(file string, kind filetree.Kind) {
		isSource := strings.Contains(file, "/run/"+sourceFolder+"/") // as the user's manifests have it
		if class == "" && kind == filetree.File && path.Ext(file) == ".yaml" && !isSource {
			read(file)
		}
	})
	read("appsets/generator/ingress.yaml")
	return cmp.Or(class, "nginx")
}

// isClass matches the names of Ingress classes.
var isClass = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

func listsGateway(tree *filetree.Tree) bool {
	for _, o := range objectsIn(tree, "appsets/kustomization.yaml") {
		if slices.Contains(manifest.Texts(o.At("resources")), strings.TrimPrefix(gatewayFile, "appsets/")) {
			return true
		}
	}
	return false
}

// objectsIn returns the documents of a file. A file that can't be read has none: the check reports it.
func objectsIn(tree *filetree.Tree, file string) []manifest.Object {
	content, err := tree.Read(file)
	if err != nil {
		return nil
	}
	nodes, err := yamldoc.All(content)
	if err != nil {
		return nil
	}
	var found []manifest.Object
	for _, n := range nodes {
		var o manifest.Object
		if n.Decode(&o.Fields) == nil {
			found = append(found, o)
		}
	}
	return found
}
