package services

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// moveFolder moves the service's folder to its new name, and renames the objects in it.
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
	if !m.hasSource {
		return nil
	}
	if err := m.keepFormerName(); err != nil {
		return err
	}
	return m.renameService()
}

// keepFormerName writes the service's name in its manifests to the file that says where they are, so that the command
// previewctl service update finds the service in them.
func (m *rename) keepFormerName() error {
	for _, name := range []string{"from.yaml", "chart.yaml"} {
		err := m.edit(path.Join(folderOf(m.to), "run", name), func(d *yamldoc.Document) error {
			var former string
			if err := d.Decode(&former, "name"); err != nil {
				return err
			}
			if former == m.to {
				return d.Remove("name")
			}
			return d.Set(cmp.Or(former, m.from), "name")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// renameObjects renames the service in the manifests of its own folder: its objects, and their references to each
// other.
func (m *rename) renameObjects(content []byte) ([]byte, error) {
	changed, err := yamldoc.ReplaceScalars(content, func(s yamldoc.Scalar) string {
		if s.IsKey {
			return s.Value
		}
		if text := m.renamedLabel(s); text != s.Value {
			return text
		}
		field := strings.Join(s.Path, ".")
		switch {
		case field == "spec.externalName":
			return m.replacePrefix(s.Value, m.from+".")
		case s.Key() == "host" && strings.HasSuffix(s.Value, ".invalid"):
			return m.replacePrefix(s.Value, m.from+".")
		case field == "metadata.name":
			return m.renamedObject(s)
		case field == "spec.serviceName", field == "patches..target.name",
			strings.HasSuffix(field, "backend.service.name"), strings.HasSuffix(field, ".backendRefs..name"),
			!m.hasSource && strings.HasSuffix(field, "containers..name"):
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

// renamedObject returns the new name of an object. Patches of objects in a user's manifests keep the names of these
// objects.
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

// hasOwnLabel reports whether an object has a label of PreviewSet, which the commands previewctl service add and update
// write.
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

// renamedLabel renames the service in the values of labels and selectors. In a user's manifests it renames only
// PreviewSet's own labels.
func (m *rename) renamedLabel(s yamldoc.Scalar) string {
	if len(s.Path) < 2 || s.IsKey {
		return s.Value
	}
	key, parent := s.Key(), s.Path[len(s.Path)-2]
	if parent != "labels" && parent != "matchLabels" && parent != "selector" {
		return s.Value
	}
	if strings.HasPrefix(key, "previewset.dev/") || !m.hasSource {
		return m.renamed(s.Value)
	}
	return s.Value
}

// comments renames the service in the comments that previewctl service add writes.
func (m *rename) comments() *strings.Replacer {
	var pairs []string
	for _, format := range []string{
		"# Runs %s.", "# Used where %[1]s doesn't run: the name %[1]s then", "environments that link to %s:",
	} {
		pairs = append(pairs, fmt.Sprintf(format, m.from), fmt.Sprintf(format, m.to))
	}
	return strings.NewReplacer(pairs...)
}

// renameService adds a patch that renames the Kubernetes Service of a user's manifests. Kustomize also changes
// references to it. A patch of an earlier rename is replaced.
func (m *rename) renameService() error {
	if m.hasNoService() {
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

// hasNoService reports whether the service has no Kubernetes Service. Such a service has no link half.
func (m *rename) hasNoService() bool {
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
