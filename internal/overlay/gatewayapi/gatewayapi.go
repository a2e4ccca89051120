// Package gatewayapi checks whether the Gateways of a repository accept an HTTPRoute, by the rules of the Gateway API:
// https://gateway-api.sigs.k8s.io/reference/spec/. A controller tells that only in the route's status.
//
// It knows only the Gateways that have a manifest in the repository.
package gatewayapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Problem says why no request reaches a route. The message continues a sentence that starts with the route.
type Problem struct{ Message, Remedy string }

// Gateways are the Gateways of a repository, and the route for all hosts without an environment.
type Gateways struct {
	gateways map[string]gateway // by namespace and name
	wildcard manifest.Object    // of the generator; empty where the repository has none
	file     string             // of the wildcard route
}

type gateway struct {
	file string
	manifest.Object
}

// Add takes an object of a file in appsets. It ignores all kinds but Gateway and HTTPRoute.
func (g *Gateways) Add(file string, o manifest.Object) {
	switch o.Text("kind") {
	case "Gateway":
		if g.gateways == nil {
			g.gateways = map[string]gateway{}
		}
		g.gateways[o.Text("metadata", "namespace")+"/"+o.Text("metadata", "name")] = gateway{file, o}
	case "HTTPRoute":
		if slices.ContainsFunc(manifest.Texts(o.At("spec", "hostnames")), isWildcard) {
			g.wildcard, g.file = o, file
		}
	}
}

func isWildcard(host string) bool { return strings.HasPrefix(host, "*.") }

// Namespace is the namespace of a route, with its labels.
type Namespace struct {
	Name   string
	Labels map[string]string
}

// Problems returns why a route gets no requests. It is empty for other kinds than HTTPRoute.
func (g *Gateways) Problems(o manifest.Object, of Namespace) []Problem {
	if o.Kind != "HTTPRoute" {
		return nil
	}
	parents := o.Items("spec", "parentRefs")
	if len(parents) == 0 {
		return []Problem{{
			"has no Gateway in parentRefs, so no request reaches it",
			"name it there, or for all public routes in kustomize-base/components/guardrails/gateway.yaml",
		}}
	}
	var found []Problem
	for _, parent := range parents {
		if known, ok := g.gateways[gatewayOf(parent, of.Name)]; ok {
			found = append(found, known.problems(o, parent, of)...)
		}
	}
	if other := g.otherGateway(parents, of.Name); other != "" {
		found = append(found, Problem{
			fmt.Sprintf("isn't on Gateway %s, which serves all hosts without an environment: the address of a sleeping "+
				"environment would lead elsewhere", other),
			"write the same Gateway there and in " + g.file,
		})
	}
	return found
}

// otherGateway returns the Gateway of the wildcard route if no parent of a route is that one, or "".
func (g *Gateways) otherGateway(parents []manifest.Object, namespace string) string {
	other := ""
	for _, wildcard := range g.wildcard.Items("spec", "parentRefs") {
		name := gatewayOf(wildcard, g.wildcard.Text("metadata", "namespace"))
		if slices.ContainsFunc(parents, func(p manifest.Object) bool { return gatewayOf(p, namespace) == name }) {
			return ""
		}
		other = name
	}
	return other
}

// gatewayOf returns the namespace and name of a parent. Without a namespace it is in the route's one.
func gatewayOf(parent manifest.Object, namespace string) string {
	if written := parent.Text("namespace"); written != "" {
		namespace = written
	}
	return namespace + "/" + parent.Text("name")
}

// problems returns why no listener accepts a route.
func (g gateway) problems(o, parent manifest.Object, of Namespace) []Problem {
	section := parent.Text("sectionName")
	var listeners, admitting []manifest.Object
	for _, l := range g.Items("spec", "listeners") {
		if section != "" && l.Text("name") != section {
			continue
		}
		listeners = append(listeners, l)
		if g.admits(l, of) {
			admitting = append(admitting, l)
		}
	}
	name := g.Text("metadata", "name")
	switch {
	case len(listeners) == 0:
		return []Problem{{
			fmt.Sprintf("names listener %q, which Gateway %s doesn't have", section, name), "write a listener of " + g.file,
		}}
	case len(admitting) == 0:
		return []Problem{{
			fmt.Sprintf("is in namespace %s, of which Gateway %s accepts no routes", of.Name, name),
			"give the Namespace the labels that allowedRoutes in " + g.file + " selects",
		}}
	}
	for _, host := range o.Hosts() {
		if !slices.ContainsFunc(admitting, func(l manifest.Object) bool { return serves(l.Text("hostname"), host) }) {
			return []Problem{{
				fmt.Sprintf("has host %q, which no listener of Gateway %s serves", host, name),
				"write hostname \"*.<domain>\" in " + g.file,
			}}
		}
	}
	return nil
}

// admits reports whether a listener accepts routes of a namespace. A selector that can't be read admits none.
func (g gateway) admits(listener manifest.Object, of Namespace) bool {
	switch listener.Text("allowedRoutes", "namespaces", "from") {
	case "All":
		return true
	case "Selector":
		text, err := json.Marshal(listener.At("allowedRoutes", "namespaces", "selector"))
		if err != nil {
			return false
		}
		var s metav1.LabelSelector
		if err = json.Unmarshal(text, &s); err != nil {
			return false
		}
		selector, err := metav1.LabelSelectorAsSelector(&s)
		return err == nil && selector.Matches(labels.Set(of.Labels))
	case "None":
		return false
	}
	return of.Name == g.Text("metadata", "namespace") // Same is the default
}

// serves reports whether a listener's hostname covers a host. An empty hostname covers all; "*." covers one or more labels.
func serves(hostname, host string) bool {
	suffix, isWildcard := strings.CutPrefix(hostname, "*")
	return hostname == "" || hostname == host || (isWildcard && strings.HasSuffix(strings.TrimPrefix(host, "*"), suffix))
}
