package build

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// Base is the build of one row with the shared overlay. Other environments may have the same row, and an own overlay
// that only adds objects and patches. All their other objects are the same as in this build. So an Extension builds
// only the added and the patched objects.
type Base struct {
	builder *Builder
	row     preview.Row
	bare    Build  // all objects before the row's images, namespace and patches change them
	whole   Build  // all objects
	sleep   *Sleep // of the row
	// generated are the names of generated objects, without the hash that Kustomize adds to them.
	generated []string
	changed   changedKinds
	build     func() (baseObjects, error)
}

// baseObjects are the results of a base.
type baseObjects struct {
	bare          resmap.ResMap
	texts         map[*resource.Resource][]byte // the objects of bare as YAML
	awake, asleep []manifest.Object
}

// changedKinds are the kinds of objects that the components of a row change. Components also change the objects of an
// environment's own overlay.
type changedKinds struct {
	all   bool
	kinds []string
}

func (c changedKinds) contains(kind string) bool { return c.all || slices.Contains(c.kinds, kind) }

// Base prepares the build of a row with the shared overlay. It returns nil where an environment with an own overlay may
// have other objects than the base, apart from those that the own overlay adds and patches. Fields such as vars or
// prefixes have effects on objects in other folders.
func (b *Builder) Base(row preview.Row, sleep *Sleep) *Base {
	base := &Base{builder: b, row: row, sleep: sleep}
	folders := []string{row.Path}
	for _, c := range row.Kustomize.Components {
		p, err := b.graph.Component(row.Path, c)
		if err != nil {
			return nil
		}
		folders = append(folders, p)
	}
	if !onlyHas(b.graph.Folder(row.Path).Kustomization, func(k *types.Kustomization) { k.Resources = nil }) {
		return nil // the shared overlay changes the services here, but not below an environment's own overlay
	}
	for _, f := range b.graph.Reachable(folders...) {
		if !onlyHas(f.Kustomization, removeLocalFields) {
			return nil
		}
		base.generated = append(base.generated, generatedNames(f.Kustomization)...)
	}
	base.changed = b.changedKinds(folders[1:])
	var err error
	if base.whole, err = b.Environment(row); err != nil {
		return nil // the environments report it
	}
	row.Kustomize.Images, row.Kustomize.Patches, row.Kustomize.Namespace = nil, nil, ""
	if base.bare, err = b.Environment(row); err != nil {
		return nil
	}
	base.build = sync.OnceValues(base.run)
	return base
}

// onlyHas reports whether a kustomization has no fields but those that remove removes from it.
func onlyHas(k types.Kustomization, remove func(*types.Kustomization)) bool {
	k.TypeMeta, k.MetaData = types.TypeMeta{}, nil
	remove(&k)
	return reflect.ValueOf(k).IsZero()
}

// removeLocalFields removes the fields with an effect only on the objects of the same folder, or of a component on the
// objects before it.
func removeLocalFields(k *types.Kustomization) {
	k.Resources, k.Components, k.Patches, k.Images, k.Replicas, k.Replacements = nil, nil, nil, nil, nil, nil
	k.Labels, k.CommonAnnotations = nil, nil
	k.CommonLabels = nil //nolint:staticcheck // SA1019: deprecated, but imported manifests have it
	k.ConfigMapGenerator, k.SecretGenerator, k.GeneratorOptions = nil, nil, nil
}

// generatedNames returns the names of the generated objects of a folder that get a hash.
func generatedNames(k types.Kustomization) []string {
	var names []string
	add := func(g types.GeneratorArgs) {
		if !hasNoHash(k.GeneratorOptions) && !hasNoHash(g.Options) {
			names = append(names, g.Name)
		}
	}
	for _, g := range k.ConfigMapGenerator {
		add(g.GeneratorArgs)
	}
	for _, g := range k.SecretGenerator {
		add(g.GeneratorArgs)
	}
	return names
}

func hasNoHash(o *types.GeneratorOptions) bool { return o != nil && o.DisableNameSuffixHash }

// changedKinds returns the kinds that some components change, and the components that they have themselves.
func (b *Builder) changedKinds(components []string) changedKinds {
	var c changedKinds
	for queue := slices.Clone(components); len(queue) > 0; queue = queue[1:] {
		f := b.graph.Folder(queue[0])
		k := f.Kustomization
		c.all = c.all || !onlyHas(k, func(k *types.Kustomization) {
			k.Resources, k.Components, k.Patches = nil, nil, nil
			k.ConfigMapGenerator, k.SecretGenerator, k.GeneratorOptions = nil, nil, nil
		})
		for _, p := range k.Patches {
			c.all = c.all || p.Target == nil || !isLiteral(p.Target.Kind)
			if p.Target != nil {
				c.kinds = append(c.kinds, p.Target.Kind)
			}
		}
		queue = append(queue, nestedComponents(b.graph, f)...)
	}
	return c
}

func nestedComponents(g *kustomization.Graph, f *kustomization.Folder) []string {
	var found []string
	for _, ref := range f.Kustomization.Components {
		if p, err := g.Component(f.Dir, ref); err == nil {
			found = append(found, p)
		}
	}
	return found
}

// isLiteral reports whether a pattern of a selector matches exactly one text.
func isLiteral(pattern string) bool {
	return pattern != "" && strings.Trim(strings.ToLower(pattern), "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// run builds the base awake and asleep.
func (b *Base) run() (baseObjects, error) {
	var found baseObjects
	var err error
	if found.bare, err = b.bare.RunWithin(MaxTime); err != nil {
		return found, err
	}
	whole, err := b.whole.RunWithin(MaxTime)
	if err != nil {
		return found, err
	}
	if found.awake, err = Objects(whole); err == nil {
		found.asleep, err = b.sleep.Objects(whole)
	}
	if err == nil && !hasSameNames(found.bare.Resources(), found.awake) {
		err = errNotShared
	}
	found.texts = map[*resource.Resource][]byte{}
	for _, res := range found.bare.Resources() {
		if err == nil {
			found.texts[res], err = res.AsYAML()
		}
	}
	return found, err
}
