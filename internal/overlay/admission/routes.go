package admission

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Annotations of routes that are allowed. Those of Argo CD are checked with other metadata. An annotation of
// ingress-nginx must have a value of one word, because the controller writes values into its configuration.
var (
	harmlessAnnotations = append([]string{argoCD}, ownAnnotations...)
	nginxAnnotations    = []string{
		"affinity", "affinity-mode", "backend-protocol", "client-body-buffer-size", "enable-cors", "force-ssl-redirect",
		"limit-connections", "limit-rpm", "limit-rps", "proxy-body-size", "proxy-buffer-size", "proxy-buffering",
		"proxy-connect-timeout", "proxy-http-version", "proxy-read-timeout", "proxy-request-buffering", "proxy-send-timeout",
		"session-cookie-max-age", "session-cookie-name", "ssl-redirect",
	}
	oneWord   = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
	plainPath = regexp.MustCompile(`^/[A-Za-z0-9._~%+@:,=&/-]*$`)
)

func (r *Rules) refuseIngress(o manifest.Object) []Refusal {
	var found []Refusal
	if o.At("spec", "defaultBackend") != nil {
		found = append(
			found, Refusal{"has a defaultBackend, which serves every host", "write a rule with path / in its place"},
		)
	}
	found = append(found, r.refuseAnnotations(o, isNginxAnnotation(o))...)
	for _, rule := range o.Items("spec", "rules") {
		for _, p := range rule.Items("http", "paths") {
			if written := p.Text("path"); written != "" && !plainPath.MatchString(written) {
				found = append(
					found, Refusal{fmt.Sprintf("has path %q, which isn't a plain path", written), "write one that starts with /"},
				)
			}
		}
	}
	return found
}

// isNginxAnnotation reports whether a key is an allowed annotation of ingress-nginx with a value of one word.
func isNginxAnnotation(o manifest.Object) func(key string) bool {
	return func(key string) bool {
		name, hasPrefix := strings.CutPrefix(key, "nginx.ingress.kubernetes.io/")
		return hasPrefix && slices.Contains(nginxAnnotations, name) && oneWord.MatchString(o.Annotations()[key])
	}
}

// refuseAnnotations refuses annotations that neither the lists nor isAllowed allow.
func (r *Rules) refuseAnnotations(o manifest.Object, isAllowed func(key string) bool) []Refusal {
	var found []Refusal
	for _, key := range o.AnnotationKeys() {
		if !isListed(key, harmlessAnnotations) && !isListed(key, r.settings.values("annotations")) && !isAllowed(key) {
			found = append(found, Refusal{"has annotation " + key + ", or a value of it, that isn't allowed", askForKey})
		}
	}
	return found
}

func (r *Rules) refuseHTTPRoute(o manifest.Object) []Refusal {
	var found []Refusal
	for _, namespace := range backendNamespaces(o) {
		if namespace != o.Namespace {
			found = append(
				found, Refusal{"sends requests to namespace " + namespace, "only Services of its own namespace are allowed"},
			)
		}
	}
	gateways := append(r.settings.values("ingress"), o.Namespace, "")
	for _, parent := range o.Items("spec", "parentRefs") {
		if kind := parent.Text("kind"); (kind != "" && kind != "Gateway") || !slices.Contains(
			gateways, parent.Text("namespace"),
		) {
			found = append(
				found,
				Refusal{"has a parent that isn't a Gateway of " + r.settings.value("ingress"), "name one of those in parentRefs"},
			)
		}
	}
	return append(found, r.refuseAnnotations(o, func(string) bool { return false })...)
}

// backendNamespaces returns the namespaces that an HTTPRoute names for requests and for mirrored requests.
func backendNamespaces(o manifest.Object) []string {
	var backends []manifest.Object
	addMirrors := func(o manifest.Object) {
		for _, f := range o.Items("filters") {
			backends = append(backends, f.Under("requestMirror", "backendRef"))
		}
	}
	for _, rule := range o.Items("spec", "rules") {
		addMirrors(rule)
		for _, b := range rule.Items("backendRefs") {
			backends = append(backends, b)
			addMirrors(b)
		}
	}
	var namespaces []string
	for _, b := range backends {
		if namespace := b.Text("namespace"); namespace != "" {
			namespaces = append(namespaces, namespace)
		}
	}
	return namespaces
}
