package overlay

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/preview"
)

//go:embed scaffold
var scaffold embed.FS

// NewService is a service that is added to the system.
type NewService struct {
	// Name is the service's, and its Service's.
	Name string `yaml:"-"`
	// Repository and what follows are what previewset.yaml says of it; Image is without tag there.
	Repository string   `yaml:"repository"`
	Paths      []string `yaml:"paths,omitempty,flow"`
	Image      string   `yaml:"image"`
	Public     bool     `yaml:"public,omitempty"`
	Calls      []string `yaml:"calls,omitempty,flow"`
	Data       []string `yaml:"data,omitempty,flow"`

	// Tag is the image's that runs where no commit is asked for, Port the Pods' and Probe the path that says that they
	// are ready: of a service that is made from them.
	Tag   string `yaml:"-"`
	Port  int    `yaml:"-"`
	Probe string `yaml:"-"`
	// Manifests are the files of one that is made from these, by path in its folder.
	Manifests map[string][]byte `yaml:"-"`
}

// AddService are the files that bring a service into the system, those that are there with what it adds: its two
// components, its entry in previewset.yaml, and its place in the baseline and in what the admission policies go by.
func (r *Repo) AddService(s NewService) (map[string][]byte, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	for _, known := range config.Policy.Services {
		if known.Name == s.Name {
			return nil, fmt.Errorf("there is a service %s already: its image is %s\nchoose another name, or edit previewset.yaml", s.Name, known.Image)
		}
	}
	a := &adding{repo: r, service: s, files: map[string][]byte{}, values: map[string]any{
		"Name": s.Name, "Image": s.Image + ":" + s.Tag, "Port": s.Port, "Probe": s.Probe, "Public": s.Public,
		"Baseline": config.Policy.Baseline.Namespace, "Labels": fmt.Sprintf("{app.kubernetes.io/name: %s}", s.Name),
	}}
	for _, step := range []func() error{a.run, a.link, a.policy, a.baseline, a.admission} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a.files, nil
}

// adding puts the files together.
type adding struct {
	repo    *Repo
	service NewService
	values  map[string]any
	files   map[string][]byte
}

func (a *adding) folder() string { return path.Join(baseFolder, "services", a.service.Name) }

func (a *adding) run() error {
	if a.repo.tree.kind(a.folder()) != isAbsent {
		return fmt.Errorf("%s is there already\nremove it, or name its service in previewset.yaml by hand", a.folder())
	}
	if a.service.Manifests != nil {
		return a.manifests()
	}
	names := []string{"kustomization.yaml", "deployment.yaml", "service.yaml"}
	if a.service.Public {
		names = append(names, "ingress.yaml")
	}
	return a.fill("run", names...)
}

func (a *adding) link() error {
	return a.fill("link", "kustomization.yaml", "service.yaml", "networkpolicy.yaml")
}

func (a *adding) fill(component string, names ...string) error {
	for _, name := range names {
		text, err := a.filled(component + "/" + name)
		if err != nil {
			return err
		}
		a.files[path.Join(a.folder(), component, name)] = text
	}
	return nil
}

func (a *adding) filled(name string) ([]byte, error) {
	t, err := template.ParseFS(scaffold, "scaffold/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, a.values)
	return b.Bytes(), err
}

// edit changes a person's file where it is there.
func (a *adding) edit(file string, change func(d *Document) error) error {
	content, err := a.repo.tree.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var d *Document
	if err == nil {
		d, err = ParseDocument(content)
	}
	if err == nil {
		err = change(d)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	a.files[file] = d.Bytes()
	return nil
}

func (a *adding) policy() error {
	return a.edit("previewset.yaml", func(d *Document) error {
		n := &yamlv3.Node{}
		if err := n.Encode(a.service); err != nil {
			return err
		}
		return d.Set(n, "services", a.service.Name)
	})
}

// baseline runs the service where links lead to by default, and lets previews in.
func (a *adding) baseline() error {
	component := "../../" + a.folder() + "/run"
	err := a.edit(stagingOverlay+"/kustomization.yaml", func(d *Document) error {
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
		if err := d.Set(slices.Insert(list, at, component), "components"); err != nil || !a.service.Public {
			return err
		}
		return a.baselineHost(d)
	})
	if err != nil {
		return err
	}
	policies := stagingOverlay + "/networkpolicies.yaml"
	content, err := a.repo.tree.read(policies)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("%s: %w", policies, err)
	}
	text, err := a.filled("baseline.yaml")
	a.files[policies] = append(bytes.TrimRight(slices.Clone(content), "\n"), append([]byte("\n"), text...)...)
	return err
}

// baselineHost gives the service's route in the baseline a host.
func (a *adding) baselineHost(d *Document) error {
	config, err := a.repo.Config()
	if err != nil {
		return err
	}
	var patches []yamlv3.Node
	if err = d.Decode(&patches, "patches"); err != nil {
		return err
	}
	text, err := json.Marshal([]map[string]string{{
		"op": "replace", "path": "/spec/rules/0/host", "value": a.service.Name + "-staging." + config.Policy.Domain,
	}})
	if err != nil {
		return err
	}
	patch := map[string]any{
		"target": map[string]string{"kind": "Ingress", "labelSelector": publicLabel + "=" + a.service.Name},
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

// admission tells the policies that the service may have a host.
func (a *adding) admission() error {
	file := a.repo.projects().admission.file
	if file == "" || !a.service.Public {
		return nil
	}
	return a.edit(file, func(d *Document) error {
		var names string
		if err := d.Decode(&names, "data", "publicServices"); err != nil {
			return err
		}
		return d.Set(strings.TrimSpace(names+" "+a.service.Name), "data", "publicServices")
	})
}

// manifests takes a folder of manifests as the component that runs the service, and learns from them what a link needs.
func (a *adding) manifests() error {
	dir := path.Join(a.folder(), "run")
	for name, content := range a.service.Manifests {
		a.files[path.Join(dir, name)] = content
	}
	if err := a.component(dir); err != nil {
		return err
	}
	var objects []object
	for _, name := range slices.Sorted(maps.Keys(a.service.Manifests)) {
		nodes, err := documents(a.service.Manifests[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, n := range nodes {
			var o object
			if n.Decode(&o.fields) == nil {
				o.kind, o.name = o.text("kind"), o.text("metadata", "name")
				objects = append(objects, o)
			}
		}
	}
	return a.learn(objects)
}

// component makes the folder's kustomization a Component that lists its files.
func (a *adding) component(dir string) error {
	d, err := ParseDocument([]byte("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"))
	if err != nil {
		return err
	}
	file := path.Join(dir, "kustomization.yaml")
	if content, ok := a.service.Manifests["kustomization.yaml"]; ok {
		if d, err = ParseDocument(content); err == nil {
			err = errors.Join(d.Set("kustomize.config.k8s.io/v1alpha1", "apiVersion"), d.Set("Component", "kind"))
		}
		if err != nil {
			return fmt.Errorf("kustomization.yaml: %w", err)
		}
	} else if err := d.Set(slices.Sorted(maps.Keys(a.service.Manifests)), "resources"); err != nil {
		return err
	}
	a.files[file] = d.Bytes()
	return nil
}

// learn finds the workload's image, labels and port.
func (a *adding) learn(objects []object) error {
	i := slices.IndexFunc(objects, func(o object) bool { return o.kind == "Service" && o.name == a.service.Name })
	if i < 0 {
		return fmt.Errorf("none of the manifests is a Service %s, by which the others would call it\nadd one, or choose the name of the Service that is there", a.service.Name)
	}
	labels, _ := objects[i].at("spec", "selector").(map[string]any)
	ports := objects[i].items("spec", "ports")
	if len(labels) == 0 || len(ports) == 0 {
		return fmt.Errorf("Service %s has no selector or no port\nadd what leads to its Pods", a.service.Name) //nolint:staticcheck // ST1005: Service is the kind's name
	}
	text, err := json.Marshal(labels)
	if err != nil {
		return err
	}
	a.values["Labels"] = string(text)
	wanted := ports[0].at("targetPort")
	if wanted == nil {
		wanted = ports[0].at("port")
	}
	for _, o := range objects {
		for _, c := range o.items("spec", "template", "spec", "containers") {
			image, _ := cutTag(c.text("image"))
			if a.service.Image == "" {
				a.service.Image = image
			}
			for _, p := range c.items("ports") {
				if p.at("name") == wanted {
					wanted = p.at("containerPort")
				}
			}
		}
	}
	if a.service.Image == "" {
		return errors.New("none of the manifests is a workload with an image\nadd a Deployment or StatefulSet")
	}
	a.values["Port"] = wanted
	return nil
}

// CheckService builds the system with and without one service, and the baseline, and finds what is wrong with that.
func (r *Repo) CheckService(name string) preview.Problems {
	config, err := r.Config()
	if problems, ok := errors.AsType[preview.Problems](err); ok {
		return problems
	}
	c := checker{repo: r, projects: r.projects(), seen: map[string]bool{}}
	if c.projects.admission.file != "" {
		c.admission(config.Policy)
	}
	p := c.project("environments", c.projects.environments)
	all := services(config.Policy)
	without := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == name })
	for _, e := range []example{{"everything run", plan(all)}, {name + " alone run", plan([]string{name})}, {name + " alone linked", plan(without)}} {
		c.example(config, e, p)
	}
	if r.kustomizationFile(stagingOverlay) != "" {
		c.fixed(config, stagingOverlay)
	}
	_ = c.finish(context.Background()) // a few builds, which nobody interrupts
	return c.report.Problems
}
