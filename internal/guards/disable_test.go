package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDisable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, code, want string }{
		{
			"the condition of an if is false", "if a := f(b && c); a == nil { // guard x: false\n}",
			"if a := f(b && c); (false && (a == nil)) { // guard x: false\n}",
		},
		{
			"the part of a condition on the line is true", "return a && b && // guard x: true\n\tc",
			"return (true || (a && b)) && // guard x: true\n\tc",
		},
		{
			"an operand inside another operator is false", "return a ||\n\tb && // guard x: false\n\t\tc",
			"return a ||\n\t(false && (b)) && // guard x: false\n\t\tc",
		},
		{
			"a marker on its own line is about the next code", "switch {\n// guard x: false\n// Why.\ncase a:\n}",
			"switch {\n// guard x: false\n// Why.\ncase (false && (a)):\n}",
		},
		{"the last result counts", "return a, true // guard x: false", "return a, (false && (true)) // guard x: false"},
		{"a statement is skipped", "a = b // guard x: skip", "if false { a = b } // guard x: skip"},
		{
			"a statement of several lines is skipped", "for a { // guard x: skip\n\tb()\n}",
			"if false { for a { // guard x: skip\n\tb()\n} }",
		},
		{"an argument is dropped", "a = f(\n\tb, // guard x: drop\n\tc,\n)", "a = f(\n\t // guard x: drop\n\tc,\n)"},
		{"an element is dropped", "a = []T{\n\t{b, c}, // guard x: drop\n}", "a = []T{\n\t // guard x: drop\n}"},
		{"an expression is changed", "a := f(b) // guard x: $[:0]", "a := ((f(b))[:0]) // guard x: $[:0]"},
		{"a range is changed", "for range f() { // guard x: g()\n}", "for range (g()) { // guard x: g()\n}"},
		{"a call is changed", "f(a) // guard x: if b { $ }", "if b { f(a) } // guard x: if b { $ }"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const before, after = "package p\n\nfunc f() {\n", "\n}\n"
			file := filepath.Join(t.TempDir(), "p.go")
			if err := os.WriteFile(file, []byte(before+test.code+after), 0o600); err != nil {
				t.Fatal(err)
			}
			found := map[string]marker{}
			if err := addMarkers(found, file); err != nil {
				t.Fatal(err)
			}
			got, err := disable(file, []marker{found["x"]})
			if err != nil {
				t.Fatal(err)
			}
			if got = strings.TrimSuffix(strings.TrimPrefix(got, before), after); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestDisableRefusesALineWithoutSuchCode(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(file, []byte("package p\n\nvar a int\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disable(file, []marker{{name: "x", change: "false", file: file, line: 3}}); err == nil {
		t.Error("got no error")
	}
}
