package newservice

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// addManifests uses the service's manifests as its run component. It finds in them the values for the link component.
func (a *addition) addManifests() error {
	dir := path.Join(a.folder(), "run")
	for name, content := range a.service.Manifests {
		a.files[path.Join(dir, name)] = content
	}
	if err := a.addComponentFile(dir); err != nil {
		return err
	}
	var objects []manifest.Object
	for _, name := range slices.Sorted(maps.Keys(a.service.Manifests)) {
		nodes, err := yamldoc.All(a.service.Manifests[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, n := range nodes {
			var o manifest.Object
			if n.Decode(&o.Fields) == nil {
				o.Kind, o.Name = o.Text("kind"), o.Text("metadata", "name")
				objects = append(objects, o)
			}
		}
	}
	return a.readValues(objects)
}

// addComponentFile makes the manifests' kustomization a Component, or adds one that lists the manifests.
func (a *addition) addComponentFile(dir string) error {
	d, err := yamldoc.Parse([]byte("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"))
	if err != nil {
		return err
	}
	if content, ok := a.service.Manifests["kustomization.yaml"]; ok {
		if d, err = yamldoc.Parse(content); err == nil {
			err = errors.Join(d.Set("kustomize.config.k8s.io/v1alpha1", "apiVersion"), d.Set("Component", "kind"))
		}
		if err != nil {
			return fmt.Errorf("kustomization.yaml: %w", err)
		}
	} else if err := d.Set(slices.Sorted(maps.Keys(a.service.Manifests)), "resources"); err != nil {
		return err
	}
	a.files[path.Join(dir, "kustomization.yaml")] = d.Bytes()
	return nil
}

// readValues finds the Pods' labels and port behind the Service, and the workload's image.
func (a *addition) readValues(objects []manifest.Object) error {
	i := slices.IndexFunc(objects, func(o manifest.Object) bool { return o.Kind == "Service" && o.Name == a.service.Name })
	if i < 0 {
		return fmt.Errorf("the manifests have no Service %s, by which other services call it\n"+
			"add one, or choose the name of a Service in the manifests", a.service.Name)
	}
	labels, _ := objects[i].At("spec", "selector").(map[string]any)
	ports := objects[i].Items("spec", "ports")
	if len(labels) == 0 || len(ports) == 0 {
		return fmt.Errorf("the Service %s of the manifests has no selector or no port\n"+
			"add the selector of its Pods and their port", a.service.Name)
	}
	text, err := json.Marshal(labels)
	if err != nil {
		return err
	}
	a.values["Labels"] = string(text)
	port := ports[0].At("targetPort")
	if port == nil {
		port = ports[0].At("port")
	}
	a.values["Port"] = a.readContainers(objects, port)
	if a.service.Image == "" {
		return errors.New("the manifests have no workload with an image\nadd a Deployment or StatefulSet")
	}
	return nil
}

// readContainers sets the service's image to the first one, if it has none. It returns the number of a port that may be
// given by name.
func (a *addition) readContainers(objects []manifest.Object, port any) any {
	for _, o := range objects {
		for _, c := range o.Items("spec", "template", "spec", "containers") {
			if a.service.Image == "" {
				a.service.Image, _ = manifest.CutTag(c.Text("image"))
			}
			for _, p := range c.Items("ports") {
				if p.At("name") == port {
					port = p.At("containerPort")
				}
			}
		}
	}
	return port
}
