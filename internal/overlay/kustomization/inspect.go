package kustomization

import (
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Folders of a GitOps repository. secretsFolder holds the token files of an installation; Git ignores them.
const (
	baseFolder     = "kustomize-base"
	overlaysFolder = "overlays"
	sharedOverlay  = overlaysFolder + "/preview"
	secretsFolder  = "appsets/secrets"
)

// inspector follows the references of one kustomization file.
type inspector struct {
	*Graph
	folder *Folder
}

// inspect follows every field that names a file or folder. A field that a newer Kustomize adds is an unknown field for
// the decoder of this version, so the inspector misses none.
func (in inspector) inspect() {
	in.folder.own = ownSize(in.folder.Kustomization)
	in.followOperands()
	in.followPatches()
	in.followGenerators()
	in.followPlugins()
	in.refuseFields()
}

func (in inspector) refuse(why *refusal, steps ...any) {
	in.folder.addProblem(yamldoc.Line(in.folder.root, steps...), yamldoc.Path(steps...), why.message, why.remedy)
}

// follow checks one reference. It returns the path of the target, or "" where the reference can't be used.
func (in inspector) follow(ref string, want targetKind, steps ...any) string {
	p, why := resolve(in.folder.Dir, ref)
	if why == nil && isIn(in.folder.Dir, "appsets") && in.mayBeAbsent(p) {
		return ""
	}
	if why == nil {
		why = in.refuseTarget(in.folder.Dir, p, want)
	}
	if why != nil {
		in.refuse(why, steps...)
		return ""
	}
	if in.tree.Kind(p) == filetree.Folder {
		in.folder.references = append(in.folder.references, p)
	} else {
		in.folder.files = append(in.folder.files, p)
	}
	return p
}

// mayBeAbsent reports whether a path is a token file: only the installing person has those.
func (in inspector) mayBeAbsent(p string) bool {
	return strings.HasPrefix(p, secretsFolder+"/") && in.tree.Kind(p) == filetree.Absent
}

func (in inspector) followOperands() {
	k := in.folder.Kustomization
	for i, ref := range k.Resources {
		if p := in.follow(ref, aFileOrBase, "resources", i); p != "" && in.tree.Kind(p) == filetree.File {
			in.addManifests(in.readManifests(p))
		}
	}
	in.followEach(k.Bases, aBase, "bases") //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
	in.followEach(k.Components, aComponent, "components")
	in.followEach(k.Crds, aFile, "crds")
	in.followEach(k.Configurations, aFile, "configurations")
	for _, key := range slices.Sorted(maps.Keys(k.OpenAPI)) {
		if !strings.EqualFold(key, "version") {
			in.follow(k.OpenAPI[key], aFile, "openapi", key)
		}
	}
}

func (in inspector) addManifests(docs []resourceDoc) {
	in.folder.own.objects += len(docs)
	for _, m := range docs {
		kind, _ := m.doc["kind"].(string)
		in.folder.kinds = append(in.folder.kinds, kind)
	}
}

func (in inspector) followEach(refs []string, want targetKind, field string) {
	for i, ref := range refs {
		in.follow(ref, want, field, i)
	}
}

func (in inspector) followPatches() {
	k := in.folder.Kustomization
	for i, p := range k.Patches {
		in.followOptional(p.Path, "patches", i, "path")
	}
	for i, p := range k.PatchesJson6902 { //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
		in.followOptional(p.Path, "patchesJson6902", i, "path")
	}
	for i, p := range k.PatchesStrategicMerge { //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
		if isInline(string(p)) {
			in.folder.own.patches += len(p) >> 10
		} else {
			in.followOptional(string(p), "patchesStrategicMerge", i)
		}
	}
	for i, p := range k.Replacements {
		in.followOptional(p.Path, "replacements", i, "path")
	}
}

func (in inspector) followOptional(ref string, steps ...any) {
	if ref == "" {
		return
	}
	if p := in.follow(ref, aFile, steps...); p != "" {
		in.addPatchFile(p)
	}
}

// addPatchFile counts the size of a file with patches. The build reports an unreadable file.
func (in inspector) addPatchFile(file string) {
	if content, err := in.tree.Read(file); err == nil {
		in.folder.own.patches += len(content) >> 10
	}
}

// isInline reports whether a text is written in place of a file's name. An allowed path has none of these characters,
// and Kustomize doesn't read such a text as a path or an address.
func isInline(s string) bool {
	return strings.Contains(s, "\n") || strings.HasPrefix(strings.TrimSpace(s), "{")
}

func (in inspector) followGenerators() {
	for i, g := range in.folder.Kustomization.ConfigMapGenerator {
		in.followSources(g.KvPairSources, "configMapGenerator", i)
	}
	for i, g := range in.folder.Kustomization.SecretGenerator {
		in.followSources(g.KvPairSources, "secretGenerator", i)
	}
}

// followSources follows the files of a generator. An entry of `files` may be key=path.
func (in inspector) followSources(s types.KvPairSources, field string, i int) {
	for j, ref := range s.FileSources {
		if _, p, found := strings.Cut(ref, "="); found {
			ref = p
		}
		in.follow(ref, aFile, field, i, "files", j)
	}
	for j, ref := range s.EnvSources {
		in.follow(ref, aFile, field, i, "envs", j)
	}
	in.followOptional(s.EnvSource, field, i, "env")
}
