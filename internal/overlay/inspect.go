package overlay

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/previewset/previewset/internal/preview"
)

// inspect decodes a folder's kustomization file and follows every field of it that names a file or folder. A field that
// Kustomize adds in a newer version is an unknown field to this one, so none is followed unseen.
func (r *Repo) inspect(dir string) *folder {
	f, ok := r.decode(dir)
	r.folders[dir] = f // before anything is followed: folders may refer to each other
	if !ok {
		return f
	}
	in := inspector{Repo: r, f: f}
	in.operands()
	in.patches()
	in.generators()
	in.plugins()
	in.refused()
	return f
}

// inspector follows the references of one kustomization file.
type inspector struct {
	*Repo
	f *folder
}

func (in inspector) refuse(why *refusal, steps ...any) {
	in.f.problem(lineOf(in.f.root, steps...), pathOf(steps...), why.message, why.remedy)
}

// follow checks one reference and returns the path that it leads to, or "" where it can't be used.
func (in inspector) follow(ref string, want wanted, steps ...any) string {
	p, why := resolve(in.f.dir, ref)
	if why == nil && in.mayBeMissing(p) {
		return ""
	}
	if why == nil {
		why = in.target(in.f.dir, p, want)
	}
	if why != nil {
		in.refuse(why, steps...)
		return ""
	}
	if in.tree.kind(p) == isDir {
		in.f.next = append(in.f.next, p)
	}
	return p
}

// mayBeMissing is true of the token files under appsets/secrets: Git ignores them, and only who installs has them.
func (in inspector) mayBeMissing(p string) bool {
	return strings.HasPrefix(p, secretsFolder+"/") && in.tree.kind(p) == isAbsent
}

const secretsFolder = appsetsFolder + "/secrets"

func (in inspector) operands() {
	k := in.f.k
	for i, ref := range k.Resources {
		if p := in.follow(ref, aFileOrBase, "resources", i); p != "" && in.tree.kind(p) == isFile {
			in.manifests(p)
		}
	}
	in.each(k.Bases, aBase, "bases") //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
	in.each(k.Components, aComponent, "components")
	in.each(k.Crds, aFile, "crds")
	in.each(k.Configurations, aFile, "configurations")
	for _, key := range slices.Sorted(maps.Keys(k.OpenAPI)) {
		if !strings.EqualFold(key, "version") {
			in.follow(k.OpenAPI[key], aFile, "openapi", key)
		}
	}
}

func (in inspector) each(refs []string, want wanted, field string) {
	for i, ref := range refs {
		in.follow(ref, want, field, i)
	}
}

func (in inspector) patches() {
	k := in.f.k
	for i, p := range k.Patches {
		in.optional(p.Path, "patches", i, "path")
	}
	for i, p := range k.PatchesJson6902 { //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
		in.optional(p.Path, "patchesJson6902", i, "path")
	}
	for i, p := range k.PatchesStrategicMerge { //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
		if !isInline(string(p)) {
			in.follow(string(p), aFile, "patchesStrategicMerge", i)
		}
	}
	for i, p := range k.Replacements {
		in.optional(p.Path, "replacements", i, "path")
	}
}

// optional follows a reference where there is one.
func (in inspector) optional(ref string, steps ...any) {
	if ref != "" {
		in.follow(ref, aFile, steps...)
	}
}

// isInline is true of what is written in place of a file's name. No usable path has such characters, so what is taken
// for inline here can't be a path or an address to Kustomize.
func isInline(s string) bool {
	return strings.Contains(s, "\n") || strings.HasPrefix(strings.TrimSpace(s), "{")
}

func (in inspector) generators() {
	for i, g := range in.f.k.ConfigMapGenerator {
		in.sources(g.KvPairSources, "configMapGenerator", i)
	}
	for i, g := range in.f.k.SecretGenerator {
		in.sources(g.KvPairSources, "secretGenerator", i)
	}
}

// sources follows the files of a generator; an entry of `files` may be key=path.
func (in inspector) sources(s types.KvPairSources, field string, i int) {
	for j, ref := range s.FileSources {
		if _, p, found := strings.Cut(ref, "="); found {
			ref = p
		}
		in.follow(ref, aFile, field, i, "files", j)
	}
	for j, ref := range s.EnvSources {
		in.follow(ref, aFile, field, i, "envs", j)
	}
	in.optional(s.EnvSource, field, i, "env")
}

// refused reports the fields that no kustomization may have.
func (in inspector) refused() {
	k := in.f.k
	charts := &refusal{"Helm charts are fetched and run from elsewhere", "render the chart with helm template and commit the result"}
	if len(k.HelmCharts) > 0 {
		in.refuse(charts, "helmCharts")
	}
	if len(k.HelmChartInflationGenerator) > 0 {
		in.refuse(charts, "helmChartInflationGenerator")
	}
	if k.HelmGlobals != nil {
		in.refuse(charts, "helmGlobals")
	}
	if k.MetaData != nil {
		in.annotations(k.MetaData.Annotations, in.f.file, lineOf(in.f.root, "metadata", "annotations"))
	}
	if len(k.Replicas) > 0 && refusesReplicas(in.f.dir) {
		in.refuse(noReplicas, "replicas")
	}
}

var noReplicas = &refusal{"replicas here would keep the environment from sleeping", "set the number in the service's run component"}

// refusesReplicas is true of the overlays of environments: an overlay's replicas beat the patches that put an
// environment to sleep. The baseline never sleeps.
func refusesReplicas(dir string) bool {
	return (dir == overlaysFolder || strings.HasPrefix(dir, overlaysFolder+"/")) &&
		dir != stagingOverlay && !strings.HasPrefix(dir, stagingOverlay+"/")
}

// annotations refuses what makes an object a function that Kustomize runs.
func (in inspector) annotations(annotations map[string]string, file string, line int) {
	for _, key := range []string{"config.kubernetes.io/function", "config.k8s.io/function"} {
		if _, ok := annotations[key]; ok {
			in.f.problems = append(in.f.problems, preview.Problem{
				File: file, Line: line, Path: fmt.Sprintf("metadata.annotations[%s]", key),
				Message: "makes this a function that runs a program", Remedy: "remove it: builds run nothing",
			})
		}
	}
}
