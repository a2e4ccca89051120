package newservice

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/source"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// The run component of a service from a user's manifests has two folders. source are the manifests as they are. adapted
// is a Kustomization of source with the changes that previews need. Its transformers reach no other service, which those
// of a Component would do.
const (
	sourceFolder  = "source"
	adaptedFolder = "adapted"
)

func (a *addition) addSource() error {
	s := &a.service
	selected, err := s.Source.Pick(source.Choice{
		Name: s.Name, With: s.With, Image: s.Image, HasCommits: s.Repository != "",
	})
	if err != nil {
		return err
	}
	adapted, err := selected.Adapt(source.Options{
		Name: s.Name, Public: s.Public, Port: s.Port, Stores: a.stores, Migrate: s.Migrate, Permits: a.Permits, Rules: a.Rules,
		IsTaken: a.IsTaken, Names: s.Source.AddTo(a.Names), HasGateway: a.values.IsGateway,
		IngressClass: a.values.IngressClass,
	})
	if err != nil {
		return err
	}
	a.takeResult(selected, adapted)
	if err := a.refuseOtherName(); err != nil {
		return err
	}
	isWhole := selected.IsWhole()
	if isWhole {
		for name, content := range s.Source.Files {
			a.added.Files[path.Join(a.folder(), "run", sourceFolder, name)] = content
		}
	} else if err := a.writeSelected(selected, adapted); err != nil {
		return err
	}
	if err := a.writeAdapted(adapted, isWhole); err != nil {
		return err
	}
	if err := a.addOrigin(); err != nil {
		return err
	}
	return a.writeRun(!adapted.HasRoute)
}

func (a *addition) takeResult(selected *source.Selection, adapted *source.Adapted) {
	a.service.Image, a.service.Container = selected.Image, selected.MainContainer(a.service.Name)
	a.values.Names, a.values.Endpoints, a.values.ServicePort = adapted.Names, adapted.Endpoints, adapted.ServicePort
	for _, name := range adapted.Names {
		if name != a.service.Name {
			a.service.AlsoNamed = append(a.service.AlsoNamed, name)
		}
	}
	a.added.LeftOut = adapted.LeftOut
	a.added.Notes = append(slices.Clone(a.service.Source.Notes), adapted.Notes...)
	a.added.Addresses, a.added.Left = adapted.Addresses, selected.LeftNames()
}

// refuseOtherName refuses a service without its own Service if other Services of it exist: links lead to
// <service>.<namespace>.
func (a *addition) refuseOtherName() error {
	if names := a.values.Names; len(names) > 0 && names[0] != a.service.Name {
		return fmt.Errorf("service %s has no Service of this name; other services call it %s\nname the service %s",
			a.service.Name, names[0], names[0])
	}
	return nil
}

var plainFile = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// writeSelected writes the service's objects, without those that previews must not have.
func (a *addition) writeSelected(selected *source.Selection, adapted *source.Adapted) error {
	var names []string
	for _, o := range selected.Objects {
		if isLeftOut(o.Object, adapted) || isCopied(o.Object, adapted) {
			continue
		}
		name := "manifests.yaml"
		if o.File != "" {
			name = strings.TrimSuffix(plainFile.ReplaceAllString(path.Base(o.File), "-"), path.Ext(o.File)) + ".yaml"
		}
		if name == "kustomization.yaml" {
			name = "manifests.yaml"
		}
		file := path.Join(a.folder(), "run", sourceFolder, name)
		if before, ok := a.added.Files[file]; ok {
			a.added.Files[file] = slices.Concat(before, []byte("---\n"), o.YAML)
			continue
		}
		a.added.Files[file] = bytes.Clone(o.YAML)
		names = append(names, name)
	}
	slices.Sort(names)
	return a.writeKustomization(path.Join("run", sourceFolder), "", types.Kustomization{Resources: names})
}

func isLeftOut(o manifest.Object, adapted *source.Adapted) bool {
	return slices.ContainsFunc(adapted.LeftOut, func(l source.LeftOut) bool { return l.Object.Identity() == o.Identity() })
}

// writeAdapted writes the Kustomization of source with its patches, one file for each object.
func (a *addition) writeAdapted(adapted *source.Adapted, isWhole bool) error {
	k := types.Kustomization{}
	ref := path.Join("..", sourceFolder)
	if isWhole {
		ref = path.Join(ref, a.service.Source.Entry)
	}
	if isWhole && a.service.Source.IsComponent {
		k.Components = []string{ref}
	} else {
		k.Resources = []string{ref}
	}
	dir := path.Join("run", adaptedFolder)
	for _, p := range adapted.Patches {
		if err := a.addPatch(dir, p, &k); err != nil {
			return err
		}
	}
	for _, l := range adapted.LeftOut {
		if err := deleteFrom(&k, l.Object, isWhole); err != nil {
			return err
		}
	}
	for _, c := range adapted.Copies {
		if err := deleteFrom(&k, c.Original, isWhole); err != nil {
			return err
		}
		if err := a.addCopy(dir, c, &k); err != nil {
			return err
		}
	}
	return a.writeKustomization(dir, "Changes the manifests in ../source to what a preview may have.", k)
}

// deleteFrom deletes an object of a whole Kustomization. Other sources are written without it.
func deleteFrom(k *types.Kustomization, o manifest.Object, isWhole bool) error {
	if !isWhole {
		return nil
	}
	text, err := patchText(o, map[string]any{"$patch": "delete"})
	k.Patches = append(k.Patches, types.Patch{Patch: string(text), Target: targetOf(o)})
	return err
}

// addCopy writes the copy of an object whose name is taken. A patch of the name would not do: Kustomize would still
// find both objects under the old name, and refuse each reference to it.
func (a *addition) addCopy(dir string, c source.Copy, k *types.Kustomization) error {
	text, err := yaml.Marshal(c.Fields)
	name := strings.ToLower(c.Original.Kind) + "-" + plainFile.ReplaceAllString(c.Name, "-") + ".yaml"
	a.added.Files[path.Join(a.folder(), dir, name)] = text
	k.Resources = append(k.Resources, name)
	return err
}

func isCopied(o manifest.Object, adapted *source.Adapted) bool {
	return slices.ContainsFunc(adapted.Copies, func(c source.Copy) bool {
		return c.Original.Kind == o.Kind && c.Original.Group == o.Group && c.Original.Name == o.Name
	})
}

// addPatch writes the patch of one object, and adds it to the Kustomization.
func (a *addition) addPatch(dir string, p source.Patch, k *types.Kustomization) error {
	if len(p.Removed) > 0 {
		var lines strings.Builder
		for _, pointer := range p.Removed {
			fmt.Fprintf(&lines, "- op: remove\n  path: %s\n", pointer)
		}
		k.Patches = append(k.Patches, types.Patch{Patch: lines.String(), Target: targetOf(p.Object)})
	}
	if len(p.Fields) > 0 {
		text, err := patchText(p.Object, p.Fields)
		if err != nil {
			return err
		}
		name := strings.ToLower(p.Object.Kind) + "-" + plainFile.ReplaceAllString(p.Object.Name, "-") + ".yaml"
		a.added.Files[path.Join(a.folder(), dir, name)] = text
		k.Patches = append(k.Patches, types.Patch{Path: name, Target: targetOf(p.Object)})
	}
	return nil
}

func targetOf(o manifest.Object) *types.Selector {
	quote := func(s string) string { return "^" + regexp.QuoteMeta(s) + "$" }
	return &types.Selector{ResId: resid.ResId{Gvk: resid.Gvk{Kind: o.Kind}, Name: quote(o.Name)}}
}

// patchText writes a strategic merge patch.
func patchText(o manifest.Object, fields map[string]any) ([]byte, error) {
	metadata := map[string]any{"name": o.Name}
	if m, ok := fields["metadata"].(map[string]any); ok {
		maps.Copy(metadata, m)
	}
	patch := map[string]any{"apiVersion": o.Text("apiVersion"), "kind": o.Kind}
	maps.Copy(patch, fields)
	patch["metadata"] = metadata
	return yaml.Marshal(patch)
}

func (a *addition) writeKustomization(dir, comment string, k types.Kustomization) error {
	k.FixKustomization()
	if len(k.Components) > 0 && k.Resources == nil {
		k.Resources = []string{}
	}
	text, err := yaml.Marshal(k)
	if err != nil {
		return err
	}
	if comment != "" {
		text = slices.Concat([]byte("# "+comment+"\n"), text)
	}
	a.added.Files[path.Join(a.folder(), dir, "kustomization.yaml")] = text
	return nil
}

// writeRun writes the run component: the adapted manifests, the route if they have none, and the policy that admits
// environments that link to it.
func (a *addition) writeRun(needsRoute bool) error {
	resources := []string{adaptedFolder}
	if len(a.values.Endpoints) > 0 {
		resources = append(resources, "networkpolicy.yaml")
		if err := a.addTemplates("run", "networkpolicy.yaml"); err != nil {
			return err
		}
	}
	if a.service.Public && needsRoute {
		resources = append(resources, a.values.RouteFile())
		if err := a.addTemplates("run", a.values.RouteFile()); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("# Runs %s. source has its manifests, adapted the changes for previews.\n"+
		"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n", a.service.Name)
	d, err := yamldoc.Parse([]byte(text))
	if err == nil {
		err = d.Set(resources, "resources")
	}
	if err != nil {
		return err
	}
	a.added.Files[path.Join(a.folder(), "run", "kustomization.yaml")] = d.Bytes()
	return nil
}

// readStores reads the ports of the service's data stores.
func (a *addition) readStores() error {
	for _, name := range a.service.Data {
		var service manifest.Object
		a.Tree.Walk(path.Join("kustomize-base", "data", name), func(p string, _ filetree.Kind) {
			if o := a.serviceIn(p, name); o.Fields != nil {
				service = o
			}
		})
		port := firstPort(service)
		store := source.StoreOf(name, port)
		if text := service.Annotations()[config.VariablesAnnotation]; text != "" {
			store.Variables = source.ParseVariables(name, text)
		}
		a.stores = append(a.stores, store)
		a.values.Env = append(a.values.Env, store.Env()...)
		if port > 0 {
			a.values.Waits = append(a.values.Waits, store.Wait())
		}
	}
	if len(a.service.Migrate) > 0 {
		a.values.Waits = append(a.values.Waits, a.migration())
	}
	return nil
}

// migration returns the init container that runs the service's own image with its command for migrations.
func (a *addition) migration() map[string]any {
	container := map[string]any{
		"name": "migrate", "image": a.values.Image, "command": a.service.Migrate,
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "25m", "memory": "64Mi"}, "limits": map[string]any{"cpu": "500m", "memory": "256Mi"},
		},
		"securityContext": map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}},
		},
		"volumeMounts": []any{map[string]any{"name": "tmp", "mountPath": "/tmp"}},
	}
	if len(a.values.Env) > 0 {
		container["env"] = a.values.Env
	}
	return container
}

// serviceIn returns the Service of a name in a file, or an empty object.
func (a *addition) serviceIn(file, name string) manifest.Object {
	content, err := a.Tree.Read(file)
	if err != nil || path.Ext(file) != ".yaml" {
		return manifest.Object{}
	}
	nodes, err := yamldoc.All(content)
	if err != nil {
		return manifest.Object{}
	}
	for _, n := range nodes {
		var o manifest.Object
		if n.Decode(&o.Fields) == nil && o.Text("kind") == "Service" && o.Text("metadata", "name") == name {
			return o
		}
	}
	return manifest.Object{}
}

// firstPort returns the first port of a Service, or 0.
func firstPort(service manifest.Object) int {
	for _, p := range service.Items("spec", "ports") {
		if port, ok := p.At("port").(int); ok {
			return port
		}
	}
	return 0
}
