package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/addresses"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Choice says which objects of the manifests are one service.
type Choice struct {
	// Name is the name of the service: of a Service, or of a workload without one.
	Name string
	// With are further Services or workloads that belong to it, by name.
	With []string
	// Image is the name of the service's image; "" is the one of the container that serves the Service.
	Image string
	// HasCommits is true for a service with a repository. Its image then changes from commit to commit, so all workloads
	// of the image belong to it.
	HasCommits bool
}

// Selection is the objects of one service.
type Selection struct {
	// Objects are all objects of the service, in the order of the manifests.
	Objects []Object
	// Left are the objects of other services.
	Left []Object
	// Image is the image's name without a tag.
	Image string
	// isKustomization is true where the manifests are a Kustomization.
	isKustomization bool
}

// IsWhole reports whether the service has a whole Kustomization.
func (s *Selection) IsWhole() bool { return s.isKustomization && s.IsAll() }

// IsAll reports whether all Services and workloads of the manifests belong to the service.
func (s *Selection) IsAll() bool {
	return !slices.ContainsFunc(s.Left, func(o Object) bool { return isService(o) || isWorkload(o) })
}

// Services returns the service's Services that have a selector; its own one is the first.
func (s *Selection) Services(name string) []Object {
	var found []Object
	for _, o := range s.Objects {
		if isService(o) && o.Name == name {
			found = slices.Insert(found, 0, o)
		} else if isService(o) {
			found = append(found, o)
		}
	}
	return found
}

// Workloads returns the service's workloads.
func (s *Selection) Workloads() []Object {
	return slices.DeleteFunc(slices.Clone(s.Objects), func(o Object) bool { return !isWorkload(o) })
}

// MainContainer returns the container that runs the service's image: of the workload with the service's name, else of the
// first one. It is "" where it has the service's name, which is the default in previewset.yaml.
func (s *Selection) MainContainer(service string) string {
	found := ""
	for _, o := range s.Workloads() {
		if o.Kind != "Deployment" && o.Kind != "StatefulSet" {
			continue // sizes and variables don't change it
		}
		for _, c := range podOf(o).Items("containers") {
			switch name := c.Text("name"); {
			case ImageName(c.Text("image")) != s.Image:
			case name == service:
				return ""
			case found == "" || o.Name == service:
				found = name
			}
		}
	}
	return found
}

// Pick finds the objects of a service.
func (m *Manifests) Pick(c Choice) (*Selection, error) {
	p := &picker{objects: m.Objects, picked: map[int]bool{}, choice: c}
	for _, name := range append([]string{c.Name}, c.With...) {
		if err := p.addNamed(name); err != nil {
			return nil, err
		}
	}
	image, err := p.image()
	if err != nil {
		return nil, err
	}
	p.addSameImage(image)
	p.addServices()
	s := &Selection{Image: image, isKustomization: m.Files != nil}
	if !m.IsOneService && p.hasOtherAnchors() {
		p.addReferenced()
	} else {
		for i := range m.Objects {
			p.picked[i] = true
		}
	}
	for i, o := range m.Objects {
		if p.picked[i] {
			s.Objects = append(s.Objects, o)
		} else {
			s.Left = append(s.Left, o)
		}
	}
	return s, nil
}

// Has reports whether the manifests have a Service or workload of a name, which a service of this name needs.
func (m *Manifests) Has(name string) bool {
	return slices.ContainsFunc(m.Objects, func(o Object) bool { return o.Name == name && (isService(o) || isWorkload(o)) })
}

type picker struct {
	objects []Object
	picked  map[int]bool
	choice  Choice
}

// addNamed adds the Service of a name with the workloads that it selects, and the workload of that name.
func (p *picker) addNamed(name string) error {
	found := false
	for i, o := range p.objects {
		if o.Name != name || (!isService(o) && !isWorkload(o)) {
			continue
		}
		p.picked[i], found = true, true
		if isService(o) && p.addSelected(o) == 0 {
			return fmt.Errorf("the Service %s selects no workload: its selector is %s\n"+
				"correct the selector, or name the workload's file too", name, selectorText(o))
		}
	}
	if found {
		return nil
	}
	var names []string
	for _, o := range p.objects {
		if isService(o) || isWorkload(o) {
			names = append(names, o.Name)
		}
	}
	if slices.Sort(names); len(names) == 0 {
		return errors.New("the manifests have no Service and no workload\n" +
			"name the folder or file with a Deployment or StatefulSet")
	}
	return fmt.Errorf("the manifests have no Service and no workload called %s; they have %s\n"+
		"use one of these names for the service", name, strings.Join(slices.Compact(names), ", "))
}

func (p *picker) addSelected(service Object) int {
	count := 0
	for i, o := range p.objects {
		if isWorkload(o) && selects(service, o) {
			p.picked[i] = true
			count++
		}
	}
	return count
}

// image returns the name of the service's image: of the container that has the Service's port, else of the container
// with the service's name, else of the only container.
func (p *picker) image() (string, error) {
	var containers []manifest.Object
	var service *Object
	for i, o := range p.objects {
		if p.picked[i] && isService(o) && o.Name == p.choice.Name {
			service = &p.objects[i]
		}
	}
	for i, o := range p.objects {
		if p.picked[i] && isWorkload(o) && (service == nil || selects(*service, o)) &&
			(service != nil || o.Name == p.choice.Name) {
			containers = append(containers, podOf(o).Items("containers")...)
		}
	}
	images := imagesOf(containers)
	if p.choice.Image != "" {
		if !slices.Contains(imagesOf(p.allContainers()), p.choice.Image) {
			return "", fmt.Errorf("--image %s: no workload of the service has this image; they have %s\nname one of these",
				p.choice.Image, strings.Join(imagesOf(p.allContainers()), ", "))
		}
		return p.choice.Image, nil
	}
	if service != nil && len(images) > 1 {
		if owners := imagesOf(portOwners(*service, containers)); len(owners) == 1 {
			return owners[0], nil
		}
	}
	if len(images) > 1 {
		named := slices.DeleteFunc(containers, func(c manifest.Object) bool { return c.Text("name") != p.choice.Name })
		if own := imagesOf(named); len(own) == 1 {
			return own[0], nil
		}
		return "", fmt.Errorf("the image of service %s is ambiguous: its containers have %s\n"+
			"choose one with --image", p.choice.Name, strings.Join(images, ", "))
	}
	if len(images) == 0 {
		return "", fmt.Errorf("service %s has no workload with an image\nadd a Deployment or StatefulSet", p.choice.Name)
	}
	return images[0], nil
}

func (p *picker) allContainers() []manifest.Object {
	var found []manifest.Object
	for i, o := range p.objects {
		if p.picked[i] && isWorkload(o) {
			found = append(found, podOf(o).Items("containers")...)
		}
	}
	return found
}

// addSameImage adds workloads of the same image, such as a worker beside the web server. A workload with a Service of
// its own is added only where commits change the image: images are replaced by name.
func (p *picker) addSameImage(image string) {
	for i, o := range p.objects {
		if !isWorkload(o) || !slices.Contains(imagesOf(podOf(o).Items("containers")), image) {
			continue
		}
		hasOwn := slices.ContainsFunc(p.objects, func(s Object) bool { return isService(s) && selects(s, o) })
		if p.choice.HasCommits || !hasOwn {
			p.picked[i] = true
		}
	}
}

// addServices adds the Services of all workloads that were added.
func (p *picker) addServices() {
	for i, s := range p.objects {
		if isService(s) && slices.ContainsFunc(p.workloads(), func(o Object) bool { return selects(s, o) }) {
			p.picked[i] = true
		}
	}
}

func (p *picker) workloads() []Object {
	var found []Object
	for i, o := range p.objects {
		if p.picked[i] && isWorkload(o) {
			found = append(found, o)
		}
	}
	return found
}

// hasOtherAnchors reports whether the manifests have Services or running workloads of other services.
func (p *picker) hasOtherAnchors() bool {
	for i, o := range p.objects {
		if !p.picked[i] && (isService(o) || (isWorkload(o) && o.Kind != "Job" && o.Kind != "CronJob")) {
			return true
		}
	}
	return false
}

// LeftNames returns the names of the Services and workloads of other services, sorted.
func (s *Selection) LeftNames() []string {
	var found []string
	for _, o := range s.Left {
		if isService(o) || isWorkload(o) {
			found = append(found, o.Name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// AddTo returns names with the Services and namespaces of the manifests.
func (m *Manifests) AddTo(names addresses.Names) addresses.Names {
	names.Services, names.Namespaces = slices.Clone(names.Services), slices.Clone(names.Namespaces)
	for _, o := range m.Objects {
		if o.Kind == "Service" && o.Group == "" {
			names.Services = append(names.Services, o.Name)
		}
		if o.Namespace != "" {
			names.Namespaces = append(names.Namespaces, o.Namespace)
		}
	}
	return names
}
