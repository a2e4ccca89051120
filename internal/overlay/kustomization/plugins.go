package kustomization

import (
	"encoding/json"
	"strings"

	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// followPlugins follows the entries of generators, transformers and validators. An entry is a file's name, or a
// document that is written inline.
func (in inspector) followPlugins() {
	in.followEntries(in.folder.Kustomization.Generators, "generators")
	in.followEntries(in.folder.Kustomization.Transformers, "transformers")
	in.followEntries(in.folder.Kustomization.Validators, "validators")
}

func (in inspector) followEntries(entries []string, field string) {
	for i, entry := range entries {
		in.followPlugin(entry, field, i)
	}
}

func (in inspector) followPlugin(entry, field string, i int) {
	if isInline(entry) {
		line := yamldoc.Line(in.folder.root, field, i)
		for _, m := range in.splitDocuments([]byte(entry), in.folder.File, line) {
			in.checkPlugin(m, field, i)
		}
		return
	}
	if p := in.follow(entry, aFile, field, i); p != "" {
		for _, m := range in.readManifests(p) {
			in.checkPlugin(m, field, i)
		}
	}
}

// builtinPlugins are Kustomize's own plugins that read no other files than those in pluginFiles. Every other plugin is
// a program or a Helm chart.
var builtinPlugins = map[string]bool{
	"AnnotationsTransformer": true, "ConfigMapGenerator": true, "HashTransformer": true, "ImageTagTransformer": true,
	"LabelTransformer": true, "NamespaceTransformer": true, "PatchJson6902Transformer": true,
	"PatchStrategicMergeTransformer": true, "PatchTransformer": true, "PrefixTransformer": true,
	"ReplacementTransformer": true, "ReplicaCountTransformer": true, "SecretGenerator": true, "SuffixTransformer": true,
}

// checkPlugin checks one plugin's configuration. Its references are relative to the folder that uses it.
func (in inspector) checkPlugin(m resourceDoc, field string, i int) {
	apiVersion, _ := m.doc["apiVersion"].(string)
	kind, _ := m.doc["kind"].(string)
	switch {
	case apiVersion != "builtin" || kind == "HelmChartInflationGenerator":
		in.refuse(
			&refusal{shortQuote(apiVersion+" "+kind) + " would run a program", "use one of Kustomize's builtin plugins"}, field,
			i,
		)
		return
	case kind == "ReplicaCountTransformer" && refusesReplicas(in.folder.Dir):
		in.refuse(noReplicas, field, i)
		return
	case !builtinPlugins[kind]:
		in.refuse(
			&refusal{shortQuote(kind) + " isn't a plugin that is known to be safe", "use patches or replacements instead"},
			field, i,
		)
		return
	}
	files, err := filesOfPlugin(m.doc)
	if err != nil {
		in.refuse(&refusal{"can't be read: " + err.Error(), "correct it"}, field, i)
		return
	}
	for _, ref := range files {
		in.follow(ref, aFile, field, i)
	}
}

// pluginFiles are all fields in which a builtin plugin names files. The JSON decoder ignores case, as Kustomize's does.
type pluginFiles struct {
	Path         string   `json:"path"`
	Paths        []string `json:"paths"`
	Files        []string `json:"files"`
	Envs         []string `json:"envs"`
	Env          string   `json:"env"`
	Replacements []struct {
		Path string `json:"path"`
	} `json:"replacements"`
}

func filesOfPlugin(doc map[string]any) ([]string, error) {
	var f pluginFiles
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	var refs []string
	for _, ref := range f.Files {
		if _, p, found := strings.Cut(ref, "="); found {
			ref = p
		}
		refs = append(refs, ref)
	}
	for _, r := range f.Replacements {
		f.Paths = append(f.Paths, r.Path)
	}
	for _, ref := range append(append(f.Paths, f.Envs...), f.Path, f.Env) {
		if ref != "" && !isInline(ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}
