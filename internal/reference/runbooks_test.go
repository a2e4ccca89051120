package reference_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// runbookURL is the beginning of each alert's runbook_url.
const runbookURL = "https://github.com/previewset/previewset/blob/main/docs/guides/runbooks.md#"

var runbookSection = regexp.MustCompile(`(?m)^## (\w+)\n\n((?:[^#\n].*\n|\n)*)`)

// Each alert has a section in the runbooks, with its effect, where to look and what to do, and leads to it.
func TestEachAlertHasARunbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/guides/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range runbookSection.FindAllStringSubmatch(string(text), -1) {
		sections[s[1]] = s[2]
	}
	for name, url := range alertRunbooks(t) {
		if url != runbookURL+strings.ToLower(name) {
			t.Errorf("%s leads to %q", name, url)
		}
		for _, part := range []string{"\n- Effect: ", "\n- Look: ", "\n- Do"} {
			if !strings.Contains("\n"+sections[name], part) {
				t.Errorf("the runbook of %s has no%q", name, part)
			}
		}
		delete(sections, name)
	}
	for name := range sections {
		t.Errorf("there is no alert %s", name)
	}
}

// alertRunbooks returns the runbooks' addresses by alert.
func alertRunbooks(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../appsets/monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			urls[rule.Alert] = rule.Annotations["runbook_url"]
		}
	}
	if len(urls) < 20 {
		t.Fatalf("only %d alerts were found", len(urls))
	}
	return urls
}
