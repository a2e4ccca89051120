package overlay

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The annotations of routes that do no harm; of the controller's own, with values of one word.
var (
	anybodysAnnotations = []string{"argocd.argoproj.io/", "kubectl.kubernetes.io/", "link.argocd.argoproj.io/", "previewset.dev/"}
	nginxAnnotations    = []string{
		"affinity", "affinity-mode", "backend-protocol", "client-body-buffer-size", "enable-cors", "force-ssl-redirect",
		"limit-connections", "limit-rpm", "limit-rps", "proxy-body-size", "proxy-buffer-size", "proxy-buffering",
		"proxy-connect-timeout", "proxy-http-version", "proxy-read-timeout", "proxy-request-buffering", "proxy-send-timeout",
		"session-cookie-max-age", "session-cookie-name", "ssl-redirect",
	}
	oneWord   = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
	plainPath = regexp.MustCompile(`^/[A-Za-z0-9._~%+@:,=&/-]*$`)
)

func (a *admission) refusedIngress(o object) []refusal {
	var found []refusal
	if o.at("spec", "defaultBackend") != nil {
		found = append(found, refusal{"has a defaultBackend, which serves every host", "write a rule with path / in its place"})
	}
	nginx := func(key string) bool {
		name, isNginx := strings.CutPrefix(key, "nginx.ingress.kubernetes.io/")
		return isNginx && slices.Contains(nginxAnnotations, name) && oneWord.MatchString(o.annotations()[key])
	}
	found = append(found, a.refusedAnnotations(o, nginx)...)
	for _, rule := range o.items("spec", "rules") {
		for _, p := range rule.items("http", "paths") {
			if written := p.text("path"); written != "" && !plainPath.MatchString(written) {
				found = append(found, refusal{fmt.Sprintf("has path %q, which isn't a plain path", written), "write one that starts with /"})
			}
		}
	}
	return found
}

func (a *admission) refusedAnnotations(o object, known func(key string) bool) []refusal {
	var found []refusal
	for _, key := range o.annotationKeys() {
		listed := slices.ContainsFunc(append(slices.Clone(anybodysAnnotations), a.list("annotations")...), func(allowed string) bool {
			return key == allowed || (strings.HasSuffix(allowed, "/") && strings.HasPrefix(key, allowed))
		})
		if !listed && !known(key) {
			found = append(found, refusal{
				"has annotation " + key + ", or a value of it, that isn't allowed",
				"remove it, or ask the platform team to allow it in appsets/admission/settings.yaml",
			})
		}
	}
	return found
}

func (a *admission) refusedRoute(o object) []refusal {
	var found []refusal
	for _, namespace := range routedTo(o) {
		if namespace != o.namespace {
			found = append(found, refusal{"sends requests to namespace " + namespace, "only Services of its own namespace are allowed"})
		}
	}
	allowed := append(a.list("ingress"), o.namespace, "")
	for _, parent := range o.items("spec", "parentRefs") {
		if kind := parent.text("kind"); (kind != "" && kind != "Gateway") || !slices.Contains(allowed, parent.text("namespace")) {
			found = append(found, refusal{"has a parent that isn't a Gateway of " + a.text("ingress"), "name one of those in parentRefs"})
		}
	}
	return append(found, a.refusedAnnotations(o, func(string) bool { return false })...)
}

// routedTo are the namespaces that an HTTPRoute names for what it sends requests to, copies of them too.
func routedTo(o object) []string {
	var backends []object
	mirrors := func(o object) {
		for _, f := range o.items("filters") {
			backends = append(backends, f.under("requestMirror", "backendRef"))
		}
	}
	for _, rule := range o.items("spec", "rules") {
		mirrors(rule)
		for _, b := range rule.items("backendRefs") {
			backends = append(backends, b)
			mirrors(b)
		}
	}
	var namespaces []string
	for _, b := range backends {
		if namespace := b.text("namespace"); namespace != "" {
			namespaces = append(namespaces, namespace)
		}
	}
	return namespaces
}
