package source

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/addresses"
	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Options are how a service is adapted to previews.
type Options struct {
	Name   string
	Public bool
	// Port is the Pods' port that serves a public service, and the number of a target port that no container declares.
	Port int
	// Stores are the data stores that the service uses.
	Stores []Store
	// Migrate is a command of the service's image that each Pod runs before its containers start; nil for none.
	Migrate []string
	// Permits reports whether the AppProject allows an object's kind; nil allows the kinds of a new repository.
	Permits func(manifest.Object) bool
	// Rules are the rules of the admission policies, or nil.
	Rules *admission.Rules
	// IsTaken reports whether another service has an object of a kind and name.
	IsTaken func(kind, name string) bool
	// HasGateway is true where the command writes an HTTPRoute, also in place of an Ingress in the manifests.
	HasGateway bool
	// IngressClass is the class of the repository's Ingresses, or "" for the one of a new repository.
	IngressClass string
	// Names are known names, to find addresses that lead out of the preview.
	Names addresses.Names
}

// Patch is a strategic merge patch of one object.
type Patch struct {
	Object manifest.Object
	Fields map[string]any
	// Removed are pointers to annotations and labels of the object. A strategic merge patch can't remove those.
	Removed []string
}

// Adapted is a service as previews run it.
type Adapted struct {
	// Patches change the objects; LeftOut are deleted. Copies take the place of objects whose name is taken.
	Patches []Patch
	Copies  []Copy
	LeftOut []LeftOut
	// HasRoute is true where the manifests have a usable Ingress of a public service.
	HasRoute bool
	// ServicePort is the port of the service's own Service that a route leads to.
	ServicePort any
	// Endpoints are the Pods behind the Services. Names are the Services' names; the service's own one is the first.
	Endpoints []Endpoint
	Names     []string
	// Notes describe the changes. Addresses are those that lead out of the preview, with what to write.
	Notes     []string
	Addresses []string
}

type adaption struct {
	options  Options
	selected *Selection
	result   *Adapted
	port     servedPort // of a public service
	kept     []Object
	renamer  renamer
	// hasIngress is true once an Ingress was kept.
	hasIngress bool
}

// Adapt finds the changes that the service's objects need in previews: what the cluster would refuse, and what the
// options ask for.
func (s *Selection) Adapt(o Options) (*Adapted, error) {
	a := &adaption{options: o, selected: s, result: &Adapted{}}
	for _, object := range s.Objects {
		if remedy := a.whyLeftOut(object); remedy != "" {
			a.result.LeftOut = append(a.result.LeftOut, LeftOut{object.Object, remedy})
		} else {
			a.kept = append(a.kept, object)
		}
	}
	kept := &Selection{Objects: a.kept, Image: s.Image}
	a.selected, a.renamer = kept, renamer{map[string]string{}, s.IsWhole()}
	if len(kept.Workloads()) == 0 {
		return nil, fmt.Errorf("service %s has no workload that can run in previews\n%s",
			o.Name, leftOutText(a.result.LeftOut))
	}
	if err := a.findPort(); err != nil {
		return nil, err
	}
	if err := a.findRenamed(); err != nil {
		return nil, err
	}
	for _, object := range kept.Objects {
		if err := a.adapt(object); err != nil {
			return nil, err
		}
		for _, address := range addresses.In(object.Object, o.Names) {
			a.result.Addresses = append(a.result.Addresses, address.String())
		}
	}
	return a.result, a.findEndpoints()
}

func leftOutText(list []LeftOut) string {
	var lines []string
	for _, l := range list {
		lines = append(lines, l.Object.String()+": "+l.Remedy)
	}
	return strings.Join(lines, "\n")
}

// adapt adds the patch of one object, if it needs one.
func (a *adaption) adapt(o Object) error {
	patch := fields{}
	removed := a.adaptMetadata(o, patch)
	a.adaptHook(o, patch)
	switch {
	case isWorkload(o):
		if err := a.adaptWorkload(o, patch); err != nil {
			return err
		}
	case o.Kind == "Service":
		a.adaptService(o, patch)
	case o.Kind == "Ingress":
		a.adaptIngress(o, patch)
	case o.Kind == "PersistentVolumeClaim":
		if spec := a.adaptedClaim(o, o.Under("spec")); spec != nil {
			patch.set(spec, "spec")
		}
	case o.Kind == "Secret" && len(o.Keys("data"))+len(o.Keys("stringData")) > 0:
		a.note(o, "its values are now in Git; use values for previews only")
	}
	p := Patch{Object: o.Object, Fields: patch, Removed: removed}
	if a.renamer.names[o.Kind+"/"+o.Name] != "" {
		a.result.Copies = append(a.result.Copies, a.renamer.copyOf(o, p))
	} else if len(patch)+len(removed) > 0 {
		a.result.Patches = append(a.result.Patches, p)
	}
	return nil
}

// note describes a change of an object, once.
func (a *adaption) note(o Object, format string, args ...any) {
	if text := o.String() + ": " + fmt.Sprintf(format, args...); !slices.Contains(a.result.Notes, text) {
		a.result.Notes = append(a.result.Notes, text)
	}
}

// adaptMetadata removes annotations, labels and finalizers that the admission policies refuse. It returns the pointers
// to those of the object itself.
func (a *adaption) adaptMetadata(o Object, patch fields) (pointers []string) {
	if o.At("metadata", "finalizers") != nil {
		patch.set(nil, "metadata", "finalizers")
	}
	rules := a.options.Rules
	if rules == nil {
		return nil
	}
	var removed []string
	removeIf := func(isRefused bool, list, key string) {
		if isRefused {
			removed = append(removed, key)
			pointers = append(pointers, "/metadata/"+list+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
		}
	}
	for _, key := range o.AnnotationKeys() {
		removeIf(!rules.AllowsAnnotation(o.Object, key), "annotations", key)
	}
	for _, key := range o.Keys("metadata", "labels") {
		removeIf(!rules.AllowsLabel(o.Object, key), "labels", key)
	}
	if isWorkload(o) {
		removed = append(removed, a.adaptTemplate(o, patch)...)
	}
	if slices.Sort(removed); len(removed) > 0 {
		a.note(o, "without %s", strings.Join(slices.Compact(removed), ", "))
	}
	return pointers
}

// adaptTemplate removes annotations and labels of a Pod template. Labels that a selector needs stay.
func (a *adaption) adaptTemplate(o Object, patch fields) (removed []string) {
	template := append(templatePath(o), "metadata")
	remove := func(list, key string) {
		patch.set(nil, append(slices.Clone(template), list, key)...)
		removed = append(removed, key)
	}
	for _, key := range o.Keys(append(slices.Clone(template), "annotations")...) {
		if !a.options.Rules.AllowsTemplateAnnotation(key) {
			remove("annotations", key)
		}
	}
	for _, key := range o.Keys(append(slices.Clone(template), "labels")...) {
		if !a.options.Rules.AllowsTemplateLabel(key) && o.At("spec", "selector", "matchLabels", key) == nil {
			remove("labels", key)
		}
	}
	return removed
}

// adaptService makes a Service one that only the cluster reaches.
func (a *adaption) adaptService(o Object, patch fields) {
	kind := o.Text("spec", "type")
	if kind != "" && kind != "ClusterIP" {
		patch.set("ClusterIP", "spec", "type")
		a.note(o, "ClusterIP in place of %s", kind)
	}
	for _, key := range []string{
		"allocateLoadBalancerNodePorts", "externalIPs", "externalTrafficPolicy", "healthCheckNodePort", "loadBalancerClass",
		"loadBalancerIP", "loadBalancerSourceRanges",
	} {
		if o.At("spec", key) != nil {
			patch.set(nil, "spec", key)
		}
	}
	if ip := o.Text("spec", "clusterIP"); ip != "" && ip != "None" {
		patch.set(nil, "spec", "clusterIP")
		patch.set(nil, "spec", "clusterIPs")
	}
	changed := false
	ports := []any{map[string]any{"$patch": "replace"}}
	for _, port := range o.Items("spec", "ports") {
		copied := maps.Clone(port.Fields)
		if _, ok := copied["nodePort"]; ok {
			delete(copied, "nodePort")
			changed = true
		}
		if a.port.rename != "" && targetPort(port) == a.port.rename && selects(o, a.port.workload) {
			copied["targetPort"] = "http"
			changed = true
		}
		ports = append(ports, copied)
	}
	if changed {
		patch.set(ports, "spec", "ports")
	}
}

// fields is a patch under construction.
type fields map[string]any

func (f fields) set(value any, keys ...string) {
	m := map[string]any(f)
	for _, key := range keys[:len(keys)-1] {
		next, ok := m[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[key] = next
		}
		m = next
	}
	m[keys[len(keys)-1]] = value
}
