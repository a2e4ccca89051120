package reference_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// namedTest is a link to a test: its function and its file.
var namedTest = regexp.MustCompile("\\[`(Test\\w+)`\\]\\(([^)]+)\\)")

func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	found := 0
	for _, d := range documents(t, true) {
		for _, m := range namedTest.FindAllStringSubmatch(d.text, -1) {
			content, err := os.ReadFile(filepath.Join(projectRoot, filepath.Dir(d.path), m[2]))
			if err != nil || !regexp.MustCompile(`(?m)^func `+m[1]+`\(t \*testing\.T\)`).Match(content) {
				t.Errorf("%s: %s has no test %s", d.path, m[2], m[1])
			}
			found++
		}
	}
	if found < 50 {
		t.Errorf("the threat model names only %d tests", found)
	}
}

// Each actor of the threat model has attempts, and each attempt names a test.
func TestEveryAttemptHasATest(t *testing.T) {
	t.Parallel()
	all := documents(t, true)
	i := slices.IndexFunc(all, func(d document) bool { return d.path == "docs/threat-model.md" })
	if i < 0 {
		t.Fatal("docs/threat-model.md is missing")
	}
	attempts := regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$`).FindAllStringSubmatch(all[i].text, -1)
	for _, a := range attempts {
		if a[1] != "attempt" && a[1] != "---" && !namedTest.MatchString(a[2]) {
			t.Errorf("the attempt %q names no test", a[1])
		}
	}
	if len(attempts) < 30 {
		t.Errorf("found only %d attempts", len(attempts))
	}
}
