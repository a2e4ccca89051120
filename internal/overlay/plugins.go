package overlay

import (
	"encoding/json"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/preview"
)

// resourceDoc is what matters here of a document in a YAML file that a kustomization refers to.
type resourceDoc struct {
	file string
	line int
	doc  map[string]any
}

// manifests reads a file of resources and refuses the functions in it.
func (in inspector) manifests(file string) []resourceDoc {
	content, err := in.tree.read(file)
	if err != nil {
		in.f.problems = append(in.f.problems, preview.Problem{File: file, Message: err.Error(), Remedy: "keep manifests in files of at most 4 MiB"})
		return nil
	}
	return in.split(content, file, 0)
}

// split parses documents. Where they are written inline, offset is the line above the first.
func (in inspector) split(content []byte, file string, offset int) []resourceDoc {
	nodes, err := documents(content)
	if err != nil {
		in.f.problems = append(in.f.problems, preview.Problem{File: file, Line: offset, Message: "isn't YAML: " + err.Error(), Remedy: "correct it"})
		return nil
	}
	var found []resourceDoc
	for _, n := range nodes {
		found = append(found, in.manifest(n, file, offset)...)
	}
	return found
}

func (in inspector) manifest(n *yamlv3.Node, file string, offset int) []resourceDoc {
	m := resourceDoc{file: file, line: n.Line + offset}
	if err := n.Decode(&m.doc); err != nil {
		in.f.problems = append(in.f.problems, preview.Problem{
			File: file, Line: m.line, Message: "isn't a Kubernetes object: " + err.Error(), Remedy: "write apiVersion, kind and metadata",
		})
		return nil
	}
	return in.items(m)
}

// items takes a List apart, as Kustomize does.
func (in inspector) items(m resourceDoc) []resourceDoc {
	in.annotations(annotationsOf(m.doc), m.file, m.line)
	items, isList := m.doc["items"].([]any)
	if kind, _ := m.doc["kind"].(string); !isList || !strings.HasSuffix(kind, "List") {
		return []resourceDoc{m}
	}
	var found []resourceDoc
	for _, item := range items {
		if doc, ok := item.(map[string]any); ok {
			found = append(found, in.items(resourceDoc{m.file, m.line, doc})...)
		}
	}
	return found
}

func annotationsOf(doc map[string]any) map[string]string {
	found := map[string]string{}
	metadata, _ := doc["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for key := range annotations {
		found[key] = ""
	}
	return found
}

// plugins follows the entries of generators, transformers and validators: file names, or documents written inline.
func (in inspector) plugins() {
	in.entries(in.f.k.Generators, "generators")
	in.entries(in.f.k.Transformers, "transformers")
	in.entries(in.f.k.Validators, "validators")
}

func (in inspector) entries(entries []string, field string) {
	for i, entry := range entries {
		in.plugin(entry, field, i)
	}
}

func (in inspector) plugin(entry, field string, i int) {
	if isInline(entry) {
		line := lineOf(in.f.root, field, i)
		for _, m := range in.split([]byte(entry), in.f.file, line) {
			in.configuration(m, field, i)
		}
		return
	}
	if p := in.follow(entry, aFile, field, i); p != "" {
		for _, m := range in.manifests(p) {
			in.configuration(m, field, i)
		}
	}
}

// builtin are Kustomize's own plugins that read at most the files that pluginFiles lists. Anything else is a program
// or a Helm chart.
var builtin = map[string]bool{
	"AnnotationsTransformer": true, "ConfigMapGenerator": true, "HashTransformer": true, "ImageTagTransformer": true,
	"LabelTransformer": true, "NamespaceTransformer": true, "PatchJson6902Transformer": true,
	"PatchStrategicMergeTransformer": true, "PatchTransformer": true, "PrefixTransformer": true,
	"ReplacementTransformer": true, "ReplicaCountTransformer": true, "SecretGenerator": true, "SuffixTransformer": true,
}

// pluginFiles are all fields by which a builtin plugin names files. Like Kustomize's, the decoder ignores case.
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

// configuration checks one plugin's configuration. Its references are relative to the folder that uses it.
func (in inspector) configuration(m resourceDoc, field string, i int) {
	apiVersion, _ := m.doc["apiVersion"].(string)
	kind, _ := m.doc["kind"].(string)
	switch {
	case apiVersion != "builtin" || kind == "HelmChartInflationGenerator":
		in.refuse(&refusal{quoted(apiVersion+" "+kind) + " would run a program", "use one of Kustomize's builtin plugins"}, field, i)
		return
	case kind == "ReplicaCountTransformer" && refusesReplicas(in.f.dir):
		in.refuse(noReplicas, field, i)
		return
	case !builtin[kind]:
		in.refuse(&refusal{quoted(kind) + " isn't one of the plugins that are known to be safe", "use patches or replacements instead"}, field, i)
		return
	}
	files, err := filesOf(m.doc)
	if err != nil {
		in.refuse(&refusal{"can't be read: " + err.Error(), "correct it"}, field, i)
		return
	}
	for _, ref := range files {
		in.follow(ref, aFile, field, i)
	}
}

func filesOf(doc map[string]any) ([]string, error) {
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
