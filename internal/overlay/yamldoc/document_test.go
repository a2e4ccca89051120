package yamldoc

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// claim is a value with a point in time.
type claim struct {
	Holders []string  `yaml:"holders"`
	Since   time.Time `yaml:"since"`
}

var since = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// edits are changes of one value in a document.
var edits = []struct {
	name, in string
	value    any // nil removes
	keys     string
	want     string
}{
	{"a value with a comment on its line", "a: 1 # one\n\nb: 2\n", 3, "a", "a: 3 # one\n\nb: 2\n"},
	{"the same value keeps its style", "a:   1\n", 1, "a", "a:   1\n"},
	{"a new key at the end, before the last comment", "a: 1\n# end\n", "x", "b", "a: 1\nb: x\n# end\n"},
	{"a file without end of line", "a: 1", "x", "b", "a: 1\nb: x\n"},
	{"a text that looks like a boolean", "a: 1\n", "true", "b", "a: 1\nb: \"true\"\n"},
	{
		"a point in time in braces",
		"s:\n  a: {}\n",
		claim{[]string{"x"}, since},
		"s.a",
		"s:\n  a: {holders: [x], since: 2026-01-02T03:04:05Z}\n",
	},
	{
		"a list of mappings, one on each line",
		"a: 1\n",
		[]claim{{nil, since}},
		"q",
		"a: 1\nq:\n  - {holders: [], since: 2026-01-02T03:04:05Z}\n",
	},
	{
		"a key in an existing mapping",
		"s:\n    a: {x: 1} # a\n    # c\nt: 1\n",
		map[string]int{"z": 2},
		"s.b",
		"s:\n    a: {x: 1} # a\n    b: {z: 2}\n    # c\nt: 1\n",
	},
	{"a key in braces", "s: {a: {x: 1}} # s\nt: 1\n", 2, "s.b", "s: {a: {x: 1}, b: 2} # s\nt: 1\n"},
	{"a key in an empty mapping", "s: {}\n", 2, "s.b", "s: {b: 2}\n"},
	{"new mappings", "a: 1\n", 2, "s.t.u", "a: 1\ns:\n  t:\n    u: 2\n"},
	{"a list keeps its lines", "l:\n  - a # first\n  - b\nz: 1\n", []string{"a", "c"}, "l", "l:\n  - a # first\n  - c\nz: 1\n"},
	{"a whole file in braces", "{a: 1, b: 2}\n", 3, "b", "{a: 1, b: 3}\n"},
	{"a text of several lines", "a: |\n  x\n  # no comment\n# comment\nb: 1\n", "z", "a", "a: z\n# comment\nb: 1\n"},
	{"a text of several lines stays", "a: |\n  x\n  # no comment\n", 1, "b", "a: |\n  x\n  # no comment\nb: 1\n"},
	{"a list that isn't indented", "l:\n- a\n- b\nz: 1\n", 2, "z", "l:\n- a\n- b\nz: 2\n"},
	{"an end mark", "a: 1\n...\n", 2, "b", "a: 1\nb: 2\n...\n"},
	{"line ends of Windows", "a: 1\r\nb: 2\r\n", 3, "a", "a: 3\nb: 2\r\n"},
	{"a key is removed", "a: 1\n# of b\nb: 2\nc: 3\n", nil, "b", "a: 1\n# of b\nc: 3\n"},
	{"a mapping is removed with its last key", "a: 1\ns:\n  x:\n    y: 1\nc: 3\n", nil, "s.x.y", "a: 1\nc: 3\n"},
	{"one of two keys is removed", "s:\n  x: 1\n  y: 2\n", nil, "s.x", "s:\n  y: 2\n"},
	{"a missing key is removed", "a: 1\n", nil, "s.x", "a: 1\n"},
}

func TestDocumentsAreEditedLineByLine(t *testing.T) {
	t.Parallel()
	for _, tt := range edits {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			keys := strings.Split(tt.keys, ".")
			if tt.value == nil {
				err = d.Remove(keys...)
			} else {
				err = d.Set(tt.value, keys...)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(d.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUneditableDocumentsStayUnchanged(t *testing.T) {
	t.Parallel()
	for in, keys := range map[string][]string{"s: text\n": {"s", "k"}, "s: [a]\n": {"s", "k"}} {
		d, err := Parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Set("x", keys...); err == nil {
			t.Errorf("setting %q in %q gives %q, want an error", keys, in, d.Bytes())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "- a\n", "a\n", "a: 1\n---\nb: 2\n", "a: [\n", "# nothing\n"} {
		if d, err := Parse([]byte(in)); err == nil {
			t.Errorf("Parse(%q) = %q, want an error", in, d.Bytes())
		}
	}
}

// FuzzDocument checks that Set changes only one value of any file, or fails.
func FuzzDocument(f *testing.F) {
	for _, in := range []string{
		"a: 1\nb: {c: 1}\n", "s:\n  k: {a: 1} # x\n", "? a\n: b\n", "{a: 1}", "a: |\n x\ns: >-\n  y\n\n\n", "s:\n- a\n", "\ta: 1",
	} {
		f.Add(in, "s", "k", "v")
	}
	f.Fuzz(func(t *testing.T, in, key, inner, value string) {
		d, err := Parse([]byte(in))
		if err != nil {
			return
		}
		before, isMap := valueOf(d.root).(map[string]any)
		if !isMap || d.Set(value, key, inner) != nil {
			return
		}
		var got string
		if err := d.Decode(&got, key, inner); err != nil || got != value {
			t.Errorf("%q: %s.%s = %q, %v, want %q", in, key, inner, got, err, value)
		}
		after, isMap := valueOf(d.root).(map[string]any)
		if !isMap {
			t.Fatalf("%q isn't a mapping any more: %q", in, d.Bytes())
		}
		delete(before, key)
		delete(after, key)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%q became %q (-want +got):\n%s", in, d.Bytes(), diff)
		}
	})
}
