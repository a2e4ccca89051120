// Package output formats answers: JSON and YAML, tables, durations and counts. It knows no command.
package output

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// Encode writes a value as JSON or YAML, with the same keys and with hidden characters escaped.
func Encode(w io.Writer, format string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	shown := string(text) + "\n"
	if format == "yaml" {
		asYAML, yamlErr := yaml.JSONToYAML(text)
		if yamlErr != nil {
			return yamlErr
		}
		shown = string(asYAML)
	}
	if terminal.HasHidden(shown) {
		shown = terminal.EscapeHidden(string(text)) + "\n" // JSON is YAML too
	}
	_, err = io.WriteString(w, shown)
	return err
}

// EscapeManifests rewrites each document with hidden characters as JSON with escapes. It keeps the others.
func EscapeManifests(manifests string) (string, error) {
	if !terminal.HasHidden(manifests) {
		return manifests, nil
	}
	documents := strings.Split(manifests, "\n---\n")
	for i, doc := range documents {
		if !terminal.HasHidden(doc) {
			continue
		}
		text, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			return "", err
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, text, "", "  "); err != nil {
			return "", err
		}
		documents[i] = terminal.EscapeHidden(indented.String())
	}
	return strings.TrimSuffix(strings.Join(documents, "\n---\n"), "\n") + "\n", nil
}
