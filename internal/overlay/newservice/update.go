package newservice

import (
	"bytes"
	"path"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// UpdateService writes the manifests of a service from a chart, or from a user's manifests, anew. It keeps the service's
// entry in previewset.yaml except its image and further names, and all other files of its run folder.
func (r Repository) UpdateService(s Service) (*Added, error) {
	a := r.addition(s)
	for _, step := range []func() error{
		a.readStores, a.addSource, a.keepRun, a.addLinkComponent, a.removeOld, a.updatePolicy, a.updateBaseline,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a.added, nil
}

// keepRun keeps the user's changes of the run component, and adds the resources that it doesn't have.
func (a *addition) keepRun() error {
	route := path.Join(a.folder(), "run", a.values.RouteFile())
	if a.Tree.Kind(route) == filetree.File {
		delete(a.added.Files, route)
	}
	file := path.Join(a.folder(), "run", "kustomization.yaml")
	written, err := yamldoc.Parse(a.added.Files[file])
	if err != nil {
		return err
	}
	var wanted []string
	if err := written.Decode(&wanted, "resources"); err != nil {
		return err
	}
	return a.editFile(file, func(d *yamldoc.Document) error {
		var list []string
		if err := d.Decode(&list, "resources"); err != nil {
			return err
		}
		for _, name := range wanted {
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
		return d.Set(list, "resources")
	})
}

// removeOld removes the files that an earlier rendering had.
func (a *addition) removeOld() error {
	for _, dir := range []string{"run/" + sourceFolder, "run/" + adaptedFolder, "link"} {
		a.Tree.Walk(path.Join(a.folder(), dir), func(p string, k filetree.Kind) {
			if _, isWritten := a.added.Files[p]; k == filetree.File && !isWritten {
				a.added.Removed = append(a.added.Removed, p)
			}
		})
	}
	return nil
}

func (a *addition) updatePolicy() error {
	return a.editFile("previewset.yaml", func(d *yamldoc.Document) error {
		if err := d.Set(a.service.Image, "services", a.service.Name, "image"); err != nil {
			return err
		}
		if len(a.service.AlsoNamed) == 0 {
			return d.Remove("services", a.service.Name, "alsoNamed")
		}
		return d.Set(a.service.AlsoNamed, "services", a.service.Name, "alsoNamed")
	})
}

// updateBaseline replaces the NetworkPolicies that admit previews to the service.
func (a *addition) updateBaseline() error {
	file := stagingOverlay + "/networkpolicies.yaml"
	content, err := a.Tree.Read(file)
	if err != nil || len(a.values.Endpoints) == 0 {
		return nil //nolint:nilerr // a repository without the file admits previews in another way
	}
	text, err := a.fillTemplate("baseline.yaml")
	if err != nil || bytes.Contains(content, text) {
		return err
	}
	content, err = yamldoc.RemoveDocuments(content, func(n *yamlv3.Node) bool {
		var o struct {
			Metadata struct{ Name string }
		}
		_ = n.Decode(&o) // a document that is no object has no name
		rest, ok := strings.CutPrefix(o.Metadata.Name, "allow-previews-to-"+a.service.Name)
		isNumbered := strings.Trim(rest, "-0123456789") == "" && a.Policy.Services.Get(a.service.Name+rest) == nil
		return ok && (rest == "" || isNumbered)
	})
	if err != nil {
		return err
	}
	a.added.Files[file] = append(append(bytes.TrimRight(content, "\n"), '\n'), text...)
	return nil
}
