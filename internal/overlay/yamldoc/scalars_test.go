package yamldoc

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yamlv3 "go.yaml.in/yaml/v3"
)

func TestReplaceScalars(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, to, want string }{
		{"a value keeps its comment", "a: old # why\nb: other\n", "new", "a: new # why\nb: other\n"},
		{"a key", "s:\n  old: {x: 1} # old\n", "new", "s:\n  new: {x: 1} # old\n"},
		{"items of a list on one line", "calls: [old, older, old]\n", "new", "calls: [new, older, new]\n"},
		{"quotes stay", "a: \"old\"\nb: 'old'\n", "new", "a: \"new\"\nb: 'new'\n"},
		{"a text that looks like a number gets quotes", "a: old\n", "123", "a: \"123\"\n"},
		{"several documents", "a: old\n---\nb: old\n", "new", "a: new\n---\nb: new\n"},
		{"a text after wide characters", "a: {ü: 'ä', b: old}\n", "new", "a: {ü: 'ä', b: new}\n"},
		{"a text of several lines stays", "a: |\n  old\n", "new", "a: |\n  old\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ReplaceScalars([]byte(tt.in), func(s Scalar) string {
				if s.Value == "old" {
					return tt.to
				}
				return s.Value
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReplaceScalarsKnowsThePlace(t *testing.T) {
	t.Parallel()
	var got []string
	_, err := ReplaceScalars([]byte("a:\n  - b: x\n"), func(s Scalar) string {
		got = append(got, strings.Join(s.Path, "/")+"="+s.Value)
		return s.Value
	})
	if want := []string{"=a", "a/=b", "a//b=x"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}

func TestRemoveDocuments(t *testing.T) {
	t.Parallel()
	const file = "# About.\na: 1\n---\n# two\na: 2\n---\na: 3\n"
	for _, tt := range []struct {
		name, remove, want string
	}{
		{"the first one, without the file's comment", "1", "# About.\n# two\na: 2\n---\na: 3\n"},
		{"one in the middle", "2", "# About.\na: 1\n---\na: 3\n"},
		{"the last one", "3", "# About.\na: 1\n---\n# two\na: 2\n"},
		{"all", "123", "# About.\n"},
		{"none", "4", file},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := RemoveDocuments([]byte(file), func(n *yamlv3.Node) bool {
				return strings.Contains(tt.remove, n.Content[1].Value)
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
