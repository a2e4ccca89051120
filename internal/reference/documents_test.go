package reference_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const projectRoot = "../.."

// document is a Markdown file of the project.
type document struct {
	path string // relative to the project's root
	text string
}

// documents returns all documents for people, without generated pages and test data if handWritten is true.
func documents(t *testing.T, handWritten bool) []document {
	t.Helper()
	var all []document
	for _, place := range []string{
		"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs", "appsets", "internal/cli/mcpserver/skill",
	} {
		err := filepath.WalkDir(filepath.Join(projectRoot, place), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
				return err
			}
			text, err := os.ReadFile(path)
			name, _ := filepath.Rel(projectRoot, path)
			if isGenerated := strings.HasPrefix(string(text), "<!-- Generated"); !handWritten || !isGenerated {
				all = append(all, document{filepath.ToSlash(name), string(text)})
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 10 {
		t.Fatalf("found only %d documents", len(all))
	}
	return all
}

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fencePattern   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
)

func TestRelativeLinksLeadToFiles(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t, false) {
		for _, m := range linkPattern.FindAllStringSubmatch(fencePattern.ReplaceAllString(d.text, ""), -1) {
			if target := m[1]; !strings.Contains(target, "://") {
				checkLink(t, d, target)
			}
		}
	}
}

// checkLink checks that a link's file exists, and that it has the heading after #.
func checkLink(t *testing.T, d document, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	text := d.text
	if file != "" {
		path := filepath.Join(projectRoot, filepath.Dir(d.path), file)
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: the link %s leads to no file", d.path, target)
			return
		}
		if anchor == "" {
			return
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%s: the link %s: %v", d.path, target, err)
			return
		}
		text = string(content)
	}
	if !slices.Contains(anchors(text), anchor) {
		t.Errorf("%s: the link %s leads to no heading", d.path, target)
	}
}

// sourcePath matches the path of a file or folder of the project in inline code.
var sourcePath = regexp.MustCompile("`((?:cmd|docs|e2e|generator|internal|schemas)(?:/[\\w.-]+)*)/?`")

func TestNamedPathsExist(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t, true) {
		for _, m := range sourcePath.FindAllStringSubmatch(d.text, -1) {
			if _, err := os.Stat(filepath.Join(projectRoot, m[1])); err != nil && !strings.HasPrefix(d.path, "appsets/") {
				t.Errorf("%s: %s doesn't exist", d.path, m[1])
			}
		}
	}
}

// notInAnchor matches the characters of a heading that GitHub leaves out of its anchor.
var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func anchors(text string) []string {
	var all []string
	for _, m := range headingPattern.FindAllStringSubmatch(fencePattern.ReplaceAllString(text, ""), -1) {
		heading := notInAnchor.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(heading, " ", "-"))
	}
	return all
}

// hardPhrases match clauses in place of nouns, and pronouns in place of actors.
var hardPhrases = regexp.MustCompile(`(?i)\b(nobody|somebody|whoever|whom|whose|anybody)\b` +
	`|\b(what|who|that which|whatever) (is|was|are|were|has|had|can|comes|asks|runs|lives|goes|stays|follows|makes|leads)\b` +
	`|\bis (to be|no more)\b|\bstands (where|for what)\b|\b(of|for|to) (what|which) (is|was|it)\b`)

func TestDocumentsHaveNoHardPhrases(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t, false) {
		for n, line := range strings.Split(d.text, "\n") {
			if phrase := hardPhrases.FindString(line); phrase != "" {
				t.Errorf("%s:%d: %q is hard to read; name the thing", d.path, n+1, phrase)
			}
		}
	}
}
