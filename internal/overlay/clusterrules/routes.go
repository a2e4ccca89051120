package clusterrules

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// backend is a Service that a route sends requests to.
type backend struct {
	field, service, port string
}

// findDeadRoutes reports each backend of an Ingress or HTTPRoute that no request reaches: its Service is missing,
// linked or without that port, or no NetworkPolicy admits the ingress controller.
func findDeadRoutes(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		for _, r := range o.backends() {
			if message, remedy := b.deadBackend(r); message != "" {
				found = append(found, Problem{Object: o.String(), Field: r.field, Message: message, Remedy: remedy})
				break
			}
		}
	}
	return found
}

// deadBackend returns why no request reaches a backend, with what to do, or "".
func (b *Build) deadBackend(r backend) (message, remedy string) {
	s := b.service(r.service)
	switch {
	case s == nil:
		return fmt.Sprintf("leads to Service %s, which isn't there", r.service), "add that Service, or correct the name"
	case s.Spec.Type == corev1.ServiceTypeExternalName:
		return fmt.Sprintf("leads to Service %s, which is linked here, and a route can't leave its namespace", r.service),
			fmt.Sprintf("choose: move this rule to a route in kustomize-base/services/%s/run, so that it is there only where "+
				"%s runs; or let a service that runs here pass these requests on to http://%s", r.service, r.service, r.service)
	}
	for _, p := range s.Spec.Ports {
		if r.port == p.Name || r.port == portText(p.Port) {
			return b.deadPort(s, p)
		}
	}
	return fmt.Sprintf("leads to port %s, which Service %s doesn't have", r.port, r.service),
		"write a port of the Service"
}

// deadPort reports Pods behind a Service's port that no NetworkPolicy lets the ingress controller reach.
func (b *Build) deadPort(s *corev1.Service, p corev1.ServicePort) (message, remedy string) {
	if b.IngressNamespace == "" {
		return "", ""
	}
	for _, o := range b.selected(s) {
		t, _ := o.template()
		port, ok := t.targetPort(p)
		if ok && !b.admits(t, port) {
			return fmt.Sprintf("leads to port %d of %s, and no NetworkPolicy admits connections from namespace %s to it",
					port.ContainerPort, o, b.IngressNamespace),
				"label its Pod template previewset.dev/public: <service> and name that port `http`, as the NetworkPolicy " +
					"allow-ingress-controller of guardrails wants it"
		}
	}
	return "", ""
}

// backends returns all backends of a route that are Services.
func (o Object) backends() []backend {
	if o.Kind == "HTTPRoute" {
		return o.gatewayBackends()
	}
	w, ok := o.typed.(*networkingv1.Ingress)
	if !ok {
		return nil
	}
	var found []backend
	for i, rule := range w.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for j, p := range rule.HTTP.Paths {
			if s := p.Backend.Service; s != nil {
				port := s.Port.Name
				if port == "" {
					port = portText(s.Port.Number)
				}
				found = append(found, backend{fmt.Sprintf("spec.rules[%d].http.paths[%d].backend", i, j), s.Name, port})
			}
		}
	}
	return found
}

func (o Object) gatewayBackends() []backend {
	var found []backend
	for i, rule := range o.Items("spec", "rules") {
		for j, r := range rule.Items("backendRefs") {
			isService := r.Text("kind") == "" || r.Text("kind") == "Service"
			if isService && r.Text("group") == "" && r.Text("namespace") == "" {
				found = append(found, backend{
					fmt.Sprintf("spec.rules[%d].backendRefs[%d]", i, j), r.Text("name"), strings.TrimSpace(fmt.Sprint(r.At("port"))),
				})
			}
		}
	}
	return found
}

// service returns a Service of the build, or nil.
func (b *Build) service(name string) *corev1.Service {
	for _, o := range b.Objects {
		if s, ok := o.typed.(*corev1.Service); ok && s.Name == name {
			return s
		}
	}
	return nil
}
