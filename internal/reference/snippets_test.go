package reference_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// yamlPattern matches a YAML snippet with its indentation.
var yamlPattern = regexp.MustCompile("(?ms)^( *)```yaml$(.*?)^ *```$")

func TestYAMLSnippetsFitTheFormats(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	for _, d := range documents(t, true) {
		for _, m := range yamlPattern.FindAllStringSubmatch(d.text, -1) {
			kind, err := checkSnippet(t, strings.ReplaceAll(m[2], "\n"+m[1], "\n"))
			if err != nil {
				t.Errorf("%s: %v\n%s", d.path, err, m[2])
			}
			kinds[kind]++
		}
	}
	for _, kind := range []string{"Environment", "SlotPool", "Access", "part of previewset.yaml"} {
		if kinds[kind] == 0 {
			t.Errorf("the documents have no snippet of kind %s", kind)
		}
	}
}

// checkSnippet checks a snippet against the schema of its format. It returns the format.
func checkSnippet(t *testing.T, text string) (kind string, err error) {
	t.Helper()
	var content any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		return "", err
	}
	m, _ := content.(map[string]any)
	kind, _ = m["kind"].(string)
	switch schema := map[string]string{
		"PreviewConfig": "previewset", "Environment": "environment",
		"SlotPool": "slots", "Access": "access",
	}[kind]; {
	case schema != "":
		return kind, validate(t, schema, text, false)
	case m["scrape_configs"] != nil: // Prometheus' configuration
		return "", nil
	case m != nil:
		return "part of previewset.yaml", validate(t, "previewset", text, true)
	case content == nil:
		return "", errors.New("the snippet is empty")
	}
	return fmt.Sprintf("%T", content), nil // a list: steps of a workflow, or flags
}
