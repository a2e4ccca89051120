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

// The files that say which Gateway a repository's routes have.
const (
	wildcardFile   = "appsets/generator/httproute.yaml"
	guardrailsFile = "kustomize-base/components/guardrails/kustomization.yaml"
)

// routeForm is the form of a new public route.
type routeForm struct {
	// IsGateway is true for an HTTPRoute, and false for an Ingress.
	IsGateway bool
	// Gateways are the parents in the HTTPRoute. It is nil where the guardrails set those of all routes.
	Gateways []any
	// IngressClass is the class of an Ingress.
	IngressClass string
}

// RouteFile returns the name of the file with the route.
func (f routeForm) RouteFile() string {
	if f.IsGateway {
		return "httproute.yaml"
	}
	return "ingress.yaml"
}

// routeForm returns the form of the routes that the repository's services have. Where no service has a route, it is an
// HTTPRoute if the guardrails set the Gateway, or if appsets/kustomization.yaml lists the HTTPRoute of the service itself.
func (r Repository) routeForm() routeForm {
	form := routeForm{IngressClass: r.ingressClass()}
	hasIngress, hasRoute := false, false
	r.eachRoute(func(o manifest.Object) {
		hasIngress = hasIngress || o.Text("kind") == "Ingress"
		if o.Text("kind") == "HTTPRoute" {
			hasRoute = true
			if list, ok := o.At("spec", "parentRefs").([]any); ok && form.Gateways == nil {
				form.Gateways = list
			}
		}
	})
	isSetByGuardrails := setsGateway(r.Tree)
	form.IsGateway = hasRoute || (!hasIngress && (isSetByGuardrails || listsWildcard(r.Tree)))
	switch {
	case isSetByGuardrails || !form.IsGateway:
		form.Gateways = nil
	case form.Gateways == nil:
		form.Gateways = parentsOf(r.Tree, wildcardFile)
	}
	return form
}

// eachRoute calls a function for each object in the services' own manifests, without those that users brought.
func (r Repository) eachRoute(visit func(manifest.Object)) {
	r.Tree.Walk("kustomize-base/services", func(file string, kind filetree.Kind) {
		isSource := strings.Contains(file, "/run/"+sourceFolder+"/") // as the user's manifests have it
		if kind != filetree.File || isSource || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(file)) {
			return
		}
		for _, o := range objectsIn(r.Tree, file) {
			visit(o)
		}
	})
}

func parentsOf(tree *filetree.Tree, file string) []any {
	for _, o := range objectsIn(tree, file) {
		if list, ok := o.At("spec", "parentRefs").([]any); ok {
			return list
		}
	}
	return nil
}

// setsGateway reports whether the guardrails patch HTTPRoutes: that patch sets the Gateway of all public routes.
func setsGateway(tree *filetree.Tree) bool {
	for _, o := range objectsIn(tree, guardrailsFile) {
		for _, p := range o.Items("patches") {
			if p.Text("target", "kind") == "HTTPRoute" {
				return true
			}
		}
	}
	return false
}

// ingressClass returns the class of the first Ingress in the repository's services, else that of the service's own
// Ingress.
func (r Repository) ingressClass() string {
	class := ""
	read := func(o manifest.Object) {
		if o.Text("kind") == "Ingress" && class == "" && isClass.MatchString(o.Text("spec", "ingressClassName")) {
			class = o.Text("spec", "ingressClassName")
		}
	}
	r.eachRoute(read)
	for _, o := range objectsIn(r.Tree, "appsets/generator/ingress.yaml") {
		read(o)
	}
	return cmp.Or(class, "nginx")
}

// isClass matches the names of Ingress classes.
var isClass = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

func listsWildcard(tree *filetree.Tree) bool {
	for _, o := range objectsIn(tree, "appsets/kustomization.yaml") {
		if slices.Contains(manifest.Texts(o.At("resources")), strings.TrimPrefix(wildcardFile, "appsets/")) {
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
