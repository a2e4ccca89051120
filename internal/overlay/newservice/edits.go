package newservice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

const stagingOverlay = "overlays/staging"

// editFile changes a file that a person wrote. It does nothing where the file doesn't exist.
func (a *addition) editFile(file string, change func(d *yamldoc.Document) error) error {
	content, err := a.Tree.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var d *yamldoc.Document
	if err == nil {
		d, err = yamldoc.Parse(content)
	}
	if err == nil {
		err = change(d)
	}
	if err != nil {
		return fmt.Errorf("edit %s: %w", file, err)
	}
	a.added.Files[file] = d.Bytes()
	return nil
}

func (a *addition) addToPolicy() error {
	return a.editFile("previewset.yaml", func(d *yamldoc.Document) error {
		n := &yamlv3.Node{}
		if err := n.Encode(a.service); err != nil {
			return err
		}
		if err := a.addToCallers(d); err != nil {
			return err
		}
		if len(a.Policy.Services) > 0 {
			return d.Set(n, "services", a.service.Name)
		}
		name := &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: a.service.Name}
		return d.Set(&yamlv3.Node{Kind: yamlv3.MappingNode, Content: []*yamlv3.Node{name, n}}, "services") // replaces {}
	})
}

// addToCallers adds the service to the calls of the services that call it.
func (a *addition) addToCallers(d *yamldoc.Document) error {
	for _, caller := range a.service.CalledBy {
		known := a.Policy.Services.Get(caller)
		if known == nil {
			return fmt.Errorf("--called-by %q: there is no service of that name\nadd it first, and name it with --calls there", caller)
		}
		if slices.Contains(known.Calls, a.service.Name) {
			continue
		}
		if err := d.Set(append(slices.Clone(known.Calls), a.service.Name), "services", caller, "calls"); err != nil {
			return err
		}
	}
	return nil
}

// addToBaseline runs the service and its data stores in the baseline: links lead there by default.
func (a *addition) addToBaseline() error {
	component := "../../" + a.folder() + "/run"
	return a.editFile(stagingOverlay+"/kustomization.yaml", func(d *yamldoc.Document) error {
		var list []string
		if err := d.Decode(&list, "components"); err != nil {
			return err
		}
		at := 0
		for i, c := range list {
			if strings.Contains(c, "/services/") {
				at = i + 1
			}
		}
		list = a.withStores(slices.Insert(list, at, component))
		if err := d.Set(list, "components"); err != nil || !a.service.Public {
			return err
		}
		return a.addBaselineHost(d)
	})
}

// withStores adds the service's data stores to the baseline's components, after the services and the other stores. A
// store that is there stays as it is.
func (a *addition) withStores(components []string) []string {
	at, dataset := 0, "empty"
	for i, c := range components {
		if strings.Contains(c, "/services/") || strings.Contains(c, "/data/") {
			at = i + 1
		}
		if _, name, ok := strings.Cut(c, "/datasets/"); ok {
			dataset = path.Clean(name)
		}
	}
	for _, store := range a.service.Data {
		folder := path.Join("kustomize-base", "data", store)
		if a.Tree.Kind(folder) != filetree.Folder || slices.ContainsFunc(components, func(c string) bool {
			return path.Join(stagingOverlay, c) == folder
		}) {
			continue
		}
		added := []string{"../../" + folder}
		for _, name := range []string{dataset, "empty"} {
			if data := path.Join(folder, "datasets", name); a.Tree.Kind(data) == filetree.Folder {
				added = append(added, "../../"+data)
				break
			}
		}
		components = slices.Insert(components, at, added...)
		at += len(added)
	}
	return components
}

// addBaselineHost gives the service's route in the baseline a host, by a patch of the overlay.
func (a *addition) addBaselineHost(d *yamldoc.Document) error {
	var patches []yamlv3.Node
	if err := d.Decode(&patches, "patches"); err != nil {
		return err
	}
	var value any = a.service.Name + "-staging." + a.Policy.Domain
	kind, pointer := "Ingress", "/spec/rules/0/host"
	if a.values.IsGateway {
		kind, pointer, value = "HTTPRoute", "/spec/hostnames", []any{value}
	}
	text, err := json.Marshal([]map[string]any{{"op": "replace", "path": pointer, "value": value}})
	if err != nil {
		return err
	}
	patch := map[string]any{
		"target": map[string]string{"kind": kind, "labelSelector": config.PublicLabel + "=" + a.service.Name},
		"patch":  string(text),
	}
	n := &yamlv3.Node{Kind: yamlv3.SequenceNode}
	for i := range patches {
		n.Content = append(n.Content, &patches[i])
	}
	item := &yamlv3.Node{}
	if err := item.Encode(patch); err != nil {
		return err
	}
	n.Content = append(n.Content, item)
	return d.Set(n, "patches")
}

// allowInBaseline adds a NetworkPolicy to the baseline, so that previews reach the service there.
func (a *addition) allowInBaseline() error {
	file := stagingOverlay + "/networkpolicies.yaml"
	if len(a.values.Endpoints) == 0 {
		return nil
	}
	content, err := a.Tree.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	text, err := a.fillTemplate("baseline.yaml")
	before := append(bytes.TrimRight(slices.Clone(content), "\n"), '\n')
	a.added.Files[file] = append(before, text...)
	return err
}

// addToAdmission tells the admission policies that the service may have a host.
func (a *addition) addToAdmission() error {
	if a.AdmissionFile == "" || !a.service.Public {
		return nil
	}
	return a.editFile(a.AdmissionFile, func(d *yamldoc.Document) error {
		var names string
		if err := d.Decode(&names, "data", "publicServices"); err != nil {
			return err
		}
		return d.Set(strings.TrimSpace(names+" "+a.service.Name), "data", "publicServices")
	})
}
