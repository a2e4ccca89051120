package build

import (
	"bytes"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// errNotShared says that an environment's other objects may differ from those of the base.
var errNotShared = errors.New("only a build of its own is right")

// Extension is the build of an environment on a base. The environment has the base's row, and an own overlay that only
// adds objects and patches.
type Extension struct {
	base    *Base
	small   Build // without the base's objects; Objects adds those that the patches select
	edited  types.Kustomization
	objects [][]byte // the files with the overlay's own objects
	patches []types.Patch
}

// baseFile is the file with the base's objects that the overlay patches. It exists only in a build.
const baseFile = "previewset-base.yaml"

// Extension prepares the build of an overlay on a base. It returns nil where the overlay does more than add objects and
// patches, or where these contain one of some names: they then may depend on the environment.
func (b *Base) Extension(overlay string, names ...string) *Extension {
	f, tree := b.builder.graph.Folder(overlay), b.builder.tree
	isSimple := onlyHas(f.Kustomization, func(k *types.Kustomization) { k.Resources, k.Patches = nil, nil })
	if !isSimple || len(f.Problems) > 0 || tree.Kind(path.Join(overlay, baseFile)) != filetree.Absent {
		return nil
	}
	e := &Extension{base: b, patches: slices.Clone(f.Kustomization.Patches)}
	e.small = Build{files: kustomizeFiles{tree: tree}, dir: overlay}
	if !e.readObjects(f.Kustomization.Resources) || !e.readPatches() {
		return nil
	}
	content, err := tree.Read(f.File)
	if err != nil || !e.isIndependent(content, names) {
		return nil
	}
	row := b.row
	row.Path, row.Kustomize.Components = overlay, nil
	if e.edited, err = b.builder.edited(row); err != nil {
		return nil
	}
	e.edited.Resources = slices.DeleteFunc(e.edited.Resources, b.isShared(overlay))
	e.small.files.replaced = map[string][]byte{f.File: nil}
	return e
}

// isShared returns a function that reports whether a reference of an overlay leads to the shared overlay.
func (b *Base) isShared(overlay string) func(ref string) bool {
	return func(ref string) bool { return path.Join(overlay, ref) == b.row.Path }
}

// readObjects reads the overlay's own objects. It reports false unless the overlay refers to the shared one, and
// otherwise only to files.
func (e *Extension) readObjects(refs []string) bool {
	shared := 0
	for _, ref := range refs {
		if e.base.isShared(e.small.dir)(ref) {
			shared++
			continue
		}
		content, isFile := e.read(ref)
		if !isFile {
			return false
		}
		e.objects = append(e.objects, content)
	}
	return shared == 1
}

// readPatches reads the files of patches, and reports whether it is clear which objects each patch selects.
func (e *Extension) readPatches() bool {
	for i, p := range e.patches {
		if p.Path != "" {
			content, isFile := e.read(p.Path)
			if !isFile || p.Patch != "" {
				return false
			}
			e.patches[i].Patch = string(content)
		}
		if p.Options != nil || (p.Target != nil && !selectsByName(*p.Target)) {
			return false
		}
	}
	return true
}

func (e *Extension) read(ref string) (content []byte, isFile bool) {
	tree, name := e.base.builder.tree, path.Join(e.small.dir, ref)
	if tree.Kind(name) != filetree.File {
		return nil, false
	}
	content, err := tree.Read(name)
	return content, err == nil
}

// selectsByName reports whether a selector has only a kind, labels and a name, without regular expressions.
func selectsByName(s types.Selector) bool {
	isName := s.Name == "" || isLiteral(s.Name)
	isKind := s.Kind == "" || isLiteral(s.Kind)
	s.Name, s.Kind, s.LabelSelector = "", "", ""
	return isName && isKind && s == types.Selector{}
}

// internalText is in annotations that Kustomize keeps for itself.
var internalText = regexp.MustCompile(`config\.(k8s|kubernetes)\.io`)

// isIndependent reports whether the overlay's files contain none of some names, no name of a generated object, and no
// namespace. Kustomize changes references to those.
func (e *Extension) isIndependent(kustomization []byte, names []string) bool {
	texts := slices.Clone(e.objects)
	for _, p := range e.patches {
		texts = append(texts, []byte(p.Patch))
	}
	if slices.ContainsFunc(texts, internalText.Match) {
		return false
	}
	for _, name := range append(append([]string{"namespace"}, names...), e.base.generated...) {
		has := func(text []byte) bool { return bytes.Contains(text, []byte(name)) }
		if has(kustomization) || slices.ContainsFunc(texts, has) {
			return false
		}
	}
	return true
}

// Objects returns the objects of the environment awake and asleep. It reports false where only a build of the whole
// environment is right, or shows its error.
func (e *Extension) Objects() (awake, asleep []manifest.Object, ok bool) {
	base, err := e.base.build()
	if err != nil {
		return nil, nil, false
	}
	own, patched, err := e.affected(base)
	if err != nil || e.prepare(base, patched) != nil {
		return nil, nil, false
	}
	m, err := e.small.RunWithin(MaxTime)
	if err != nil {
		return nil, nil, false
	}
	if awake, err = Objects(m); err != nil || !hasSameNames(append(own, patched...), awake) {
		return nil, nil, false
	}
	if asleep, err = e.base.sleep.Objects(m); err != nil {
		return nil, nil, false
	}
	return append(without(base.awake, patched), awake...), append(without(base.asleep, patched), asleep...), true
}

// prepare writes the kustomization of the small build, and the file with the patched objects of the base.
func (e *Extension) prepare(base baseObjects, patched []*resource.Resource) error {
	k := e.edited
	if len(patched) > 0 {
		var content bytes.Buffer
		for _, res := range patched {
			content.WriteString("---\n")
			content.Write(base.texts[res])
		}
		k.Resources = append(slices.Clone(k.Resources), baseFile)
		e.small.files.replaced[path.Join(e.small.dir, baseFile)] = content.Bytes()
	}
	text, err := yaml.Marshal(k)
	e.small.files.replaced[e.base.builder.graph.Folder(e.small.dir).File] = text
	return err
}

// affected returns the overlay's own objects, and the base's objects that its patches select. Its error is errNotShared
// where Kustomize may change another object of the base.
func (e *Extension) affected(base baseObjects) (own, patched []*resource.Resource, err error) {
	defer lockBuiltinSchema()()
	for _, content := range e.objects {
		found, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes(content)
		if err != nil {
			return nil, nil, err
		}
		own = append(own, found...)
	}
	for _, res := range own {
		isInBase := hasObject(base.bare.Resources(), nameOf(res))
		if isInBase || e.base.changed.contains(res.GetKind()) || !isSelfContained(res, nil) {
			return nil, nil, errNotShared
		}
	}
	for _, p := range e.patches {
		selected, err := selectPatched(base.bare, p)
		if err != nil {
			return nil, nil, err
		}
		for _, res := range selected {
			if !isSelfContained(res, base.texts[res]) || e.isGenerated(res) {
				return nil, nil, errNotShared
			}
			if !slices.Contains(patched, res) {
				patched = append(patched, res)
			}
		}
	}
	return own, patched, nil
}

// selectPatched returns the objects that a patch selects. A patch without a target that selects none may select one of
// the overlay's own objects.
func selectPatched(m resmap.ResMap, p types.Patch) ([]*resource.Resource, error) {
	if p.Target != nil {
		return m.Select(*p.Target)
	}
	patches, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes([]byte(p.Patch))
	if err != nil {
		return nil, err
	}
	var found []*resource.Resource
	for _, patch := range patches {
		if res, err := m.GetById(patch.OrgId()); err == nil {
			found = append(found, res)
		}
	}
	return found, nil
}

// namespaceKey finds a reference to an object in another namespace.
var namespaceKey = regexp.MustCompile(`\bnamespace["']?\s*:`)

// isSelfContained reports whether Kustomize needs no other object to change this one.
func isSelfContained(res *resource.Resource, text []byte) bool {
	return res.GetKind() != "Namespace" && !strings.HasSuffix(res.GetKind(), "Binding") && !namespaceKey.Match(text)
}

// isGenerated reports whether an object may have a hash in its name. A changed content changes the hash.
func (e *Extension) isGenerated(res *resource.Resource) bool {
	return (res.GetKind() == "ConfigMap" || res.GetKind() == "Secret") &&
		slices.ContainsFunc(e.base.generated, func(name string) bool { return strings.HasPrefix(res.GetName(), name) })
}

// objectName is an object's identity within one namespace.
type objectName struct{ group, kind, name string }

func nameOf(res *resource.Resource) objectName {
	gvk := res.GetGvk()
	return objectName{gvk.Group, gvk.Kind, res.GetName()}
}

// hasSameNames reports whether all objects after a build have the name of one before it. Namespaces get another name.
func hasSameNames(before []*resource.Resource, after []manifest.Object) bool {
	return !slices.ContainsFunc(after, func(o manifest.Object) bool {
		return o.Kind != "Namespace" && !hasObject(before, objectName{o.Group, o.Kind, o.Name})
	})
}

// without returns the objects that aren't among some resources.
func without(objects []manifest.Object, removed []*resource.Resource) []manifest.Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o manifest.Object) bool {
		return hasObject(removed, objectName{o.Group, o.Kind, o.Name})
	})
}

func hasObject(all []*resource.Resource, name objectName) bool {
	return slices.ContainsFunc(all, func(res *resource.Resource) bool { return nameOf(res) == name })
}
