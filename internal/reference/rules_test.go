package reference_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestOperatingGuideHasEveryRule(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join(projectRoot, "docs/guides/operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules := rulesOf(t, "../preview")
	if len(rules) < 20 {
		t.Fatalf("found only the rules %q", rules)
	}
	for _, rule := range rules {
		if !regexp.MustCompile("(?m)^\\| [^|]*`" + rule + "`[^|]*\\|").Match(guide) {
			t.Errorf("the table of rules in docs/guides/operating.md lacks %s", rule)
		}
	}
}

// rulesOf returns the values of the constants in a folder with names that begin with Rule.
func rulesOf(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "rule") &&
				len(spec.Values) == 1 {
				if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
					rule, _ := strconv.Unquote(value.Value)
					rules = append(rules, rule)
				}
			}
			return true
		})
	}
	return rules
}
