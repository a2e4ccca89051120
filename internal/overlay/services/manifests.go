package services

import (
	"fmt"
	"path"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// moveFolder moves the service's folder, and renames its objects there.
func (m *rename) moveFolder() error {
	from := folderOf(m.from)
	source := path.Join(from, "run", sourceFolder) + "/"
	for _, file := range m.files(from) {
		content, err := m.read(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if isYAML(file) && !strings.HasPrefix(file, source) {
			if content, err = m.renameObjects(content); err != nil {
				return fmt.Errorf("edit %s: %w", file, err)
			}
		}
		delete(m.edits.Write, file)
		m.edits.Write[path.Join(folderOf(m.to), strings.TrimPrefix(file, from))] = content
	}
	m.edits.Delete = []string{from}
	if m.hasSource {
		return m.renameService()
	}
	return nil
}

// renameObjects renames the service in the objects of its own folder.
func (m *rename) renameObjects(content []byte) ([]byte, error) {
	changed, err := yamldoc.ReplaceScalars(content, func(s yamldoc.Scalar) string {
		if s.IsKey {
			return s.Value
		}
		if text := m.renamedLabel(s); text != s.Value {
			return text
		}
		at := strings.Join(s.Path, ".")
		switch {
		case at == "spec.externalName":
			return m.replacePrefix(s.Value, m.from+".")
		case s.Key() == "host" && strings.HasSuffix(s.Value, ".invalid"):
			return m.replacePrefix(s.Value, m.from+".")
		case at == "metadata.name":
			return m.renamedObject(s)
		case at == "spec.serviceName", strings.HasSuffix(at, "backend.service.name"),
			strings.HasSuffix(at, ".backendRefs..name"), at == "patches..target.name", !m.hasSource && strings.HasSuffix(at, "containers..name"):
			return m.renamed(s.Value)
		}
		return s.Value
	})
	return []byte(m.comments().Replace(string(changed))), err
}

func (m *rename) replacePrefix(text, prefix string) string {
	if rest, ok := strings.CutPrefix(text, prefix); ok {
		return m.to + prefix[len(m.from):] + rest
	}
	return text
}

// renamedObject renames an object. Objects of a user's manifests keep their names in patches.
func (m *rename) renamedObject(s yamldoc.Scalar) string {
	var o struct{ Kind string }
	_ = s.Document.Decode(&o) // a document that is no object has no kind
	for _, prefix := range []string{"link-", "link-from-"} {
		rest, ok := strings.CutPrefix(s.Value, prefix+m.from)
		if ok && o.Kind == "NetworkPolicy" && endOfPolicy.MatchString(rest) {
			return prefix + m.to + rest
		}
	}
	kinds := []string{"Service", "Ingress", "HTTPRoute"}
	if !m.hasSource {
		kinds = append(kinds, "Deployment", "StatefulSet")
	}
	if slices.Contains(kinds, o.Kind) && (!m.hasSource || hasOwnLabel(s.Document)) {
		return m.renamed(s.Value)
	}
	return s.Value
}

// hasOwnLabel reports whether an object has a label of PreviewSet: the service's commands wrote it.
func hasOwnLabel(n *yamlv3.Node) bool {
	var o struct {
		Metadata struct{ Labels map[string]string }
	}
	if n.Decode(&o) != nil {
		return false
	}
	for key := range o.Metadata.Labels {
		if strings.HasPrefix(key, "previewset.dev/") {
			return true
		}
	}
	return false
}

// renamedLabel renames the service in labels and selectors. Those of a user's manifests are the user's own.
func (m *rename) renamedLabel(s yamldoc.Scalar) string {
	if len(s.Path) < 2 || s.IsKey {
		return s.Value
	}
	key, list := s.Key(), s.Path[len(s.Path)-2]
	if list != "labels" && list != "matchLabels" && list != "selector" {
		return s.Value
	}
	if strings.HasPrefix(key, "previewset.dev/") || !m.hasSource {
		return m.renamed(s.Value)
	}
	return s.Value
}

// comments renames the service in the comments that service add writes.
func (m *rename) comments() *strings.Replacer {
	var pairs []string
	for _, format := range []string{
		"# Runs %s.", "# Used where %[1]s doesn't run: the name %[1]s then", "environments that link to %s:",
	} {
		pairs = append(pairs, fmt.Sprintf(format, m.from), fmt.Sprintf(format, m.to))
	}
	return strings.NewReplacer(pairs...)
}

// renameService renames the Kubernetes Service of a user's manifests by a patch. References to it follow.
func (m *rename) renameService() error {
	if m.serviceFreeRun() {
		return nil
	}
	file := path.Join(folderOf(m.to), "run", "adapted", "kustomization.yaml")
	return m.edit(file, func(d *yamldoc.Document) error {
		var patches []yamlv3.Node
		if err := d.Decode(&patches, "patches"); err != nil {
			return err
		}
		list := &yamlv3.Node{Kind: yamlv3.SequenceNode}
		original := m.from
		for i := range patches {
			name, renamedTo := renamedBy(&patches[i])
			if name != "" && renamedTo == m.from {
				original = name
				continue
			}
			list.Content = append(list.Content, &patches[i])
		}
		if original != m.to {
			item := &yamlv3.Node{}
			if err := item.Encode(renamePatch(original, m.to)); err != nil {
				return err
			}
			list.Content = append(list.Content, item)
		}
		if len(list.Content) == 0 {
			return d.Remove("patches")
		}
		return d.Set(list, "patches")
	})
}

// serviceFreeRun reports whether the service has no Service, so that nothing links to it.
func (m *rename) serviceFreeRun() bool {
	return len(m.files(path.Join(folderOf(m.from), "link"))) == 0
}

// renamePatch is a patch that gives a Service another name.
func renamePatch(from, to string) map[string]any {
	return map[string]any{
		"patch":   "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + to + "\n",
		"target":  map[string]any{"kind": "Service", "name": "^" + from + "$"},
		"options": map[string]any{"allowNameChange": true},
	}
}

// renamedBy returns the names before and after a patch of renamePatch, or nothing for other patches.
func renamedBy(n *yamlv3.Node) (from, to string) {
	var patch struct {
		Patch   string `yaml:"patch"`
		Options struct {
			AllowNameChange bool `yaml:"allowNameChange"`
		} `yaml:"options"`
		Target struct {
			Kind string `yaml:"kind"`
			Name string `yaml:"name"`
		} `yaml:"target"`
	}
	if n.Decode(&patch) != nil || !patch.Options.AllowNameChange || patch.Target.Kind != "Service" {
		return "", ""
	}
	nodes, err := yamldoc.All([]byte(patch.Patch))
	if err != nil || len(nodes) != 1 {
		return "", ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(patch.Target.Name, "^"), "$"), nameOf(nodes[0])
}
