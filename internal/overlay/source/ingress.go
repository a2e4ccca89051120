package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// ingressPath is a path of an Ingress, and the Service that it leads to.
type ingressPath struct{ host, path, service string }

func ingressPaths(o Object) []ingressPath {
	var found []ingressPath
	for _, rule := range o.Items("spec", "rules") {
		for _, p := range rule.Items("http", "paths") {
			found = append(found, ingressPath{
				cmp.Or(rule.Text("host"), "all hosts"), cmp.Or(p.Text("path"), "/"), p.Text("backend", "service", "name"),
			})
		}
	}
	return found
}

// adaptIngress leaves one rule that leads to the service. The row sets its host.
func (a *adaption) adaptIngress(o Object, patch fields) {
	paths, own := ingressPaths(o), a.options.Name
	var hosts []string
	for _, rule := range o.Items("spec", "rules") {
		hosts = append(hosts, cmp.Or(rule.Text("host"), "all hosts"))
	}
	a.note(o, "the environment's host in place of %s", strings.Join(hosts, ", "))
	class := cmp.Or(a.options.IngressClass, defaultIngressClass)
	noteClass(a, o, class)
	for _, p := range paths {
		if p.service == own && p.path != "/" {
			a.note(o, "path / in place of %s, because the service gets a host of its own", p.path)
		}
	}
	if others := otherPaths(paths, own); others != "" {
		a.note(o, "without %s", others)
	}
	patch.set(a.options.Name, "metadata", "labels", config.PublicLabel)
	patch.set([]any{map[string]any{
		"host": a.options.Name + ".invalid", "http": map[string]any{"paths": []any{map[string]any{
			"path": "/", "pathType": "Prefix",
			"backend": map[string]any{"service": map[string]any{
				"name": a.options.Name, "port": map[string]any{"number": a.result.ServicePort},
			}},
		}}},
	}}, "spec", "rules")
	patch.set(class, "spec", "ingressClassName")
	for _, key := range []string{"tls", "defaultBackend"} {
		if o.At("spec", key) != nil {
			patch.set(nil, "spec", key)
			a.note(o, "without %s", key)
		}
	}
	a.result.HasRoute = true
}

// defaultIngressClass is the class of the Ingresses in a new repository.
const defaultIngressClass = "nginx"

// noteClass notes that an Ingress gets the class of the repository's Ingresses.
func noteClass(a *adaption, o Object, class string) {
	old := cmp.Or(o.Text("spec", "ingressClassName"), o.Annotations()["kubernetes.io/ingress.class"])
	if old != "" && old != class {
		a.note(o, "class %s in place of %s, as the other Ingresses of the repository; if previews need the class %s, write it "+
			"into all of them, and the namespace of its controller into `ingress` of appsets/admission/settings.yaml",
			class, old, old)
	}
}

// otherPaths says which paths lead to other Services, and what to do about that. A host of an environment leads to one
// service only, because the other one may run elsewhere.
func otherPaths(paths []ingressPath, own string) string {
	var lost, services []string
	for _, p := range paths {
		if p.service == own || p.service == "" {
			continue
		}
		lost = append(lost, p.path+" to "+p.service)
		if !slices.Contains(services, p.service) {
			services = append(services, p.service)
		}
	}
	if len(lost) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: a host of a preview leads to one service; let %s pass these requests on to http://%s, "+
		"or give %s an address with --public", strings.Join(lost, ", "), own, services[0],
		strings.Join(services, " and "))
}

// whyRouteLeftOut returns why a route isn't used and what to do about it, or "".
func whyRouteLeftOut(a *adaption, o Object) string {
	paths, own := ingressPaths(o), a.options.Name
	isOwn := func(p ingressPath) bool { return p.service == own }
	switch {
	case !a.options.Public:
		for _, p := range paths {
			if isOwn(p) && p.path != "/" {
				return fmt.Sprintf("%s; it is then a host of its own, in place of path %s of %s", askPublic, p.path, p.host)
			}
		}
		return askPublic
	case o.Kind == "HTTPRoute" || a.options.HasGateway || a.hasIngress || !slices.ContainsFunc(paths, isOwn):
		if others := otherPaths(paths, own); others != "" {
			return ownRoute + ", without " + others
		}
		return ownRoute
	}
	return ""
}
