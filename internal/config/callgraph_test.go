package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestPathsFromPublic(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, system string // service>callee,callee; public ones with a star
		targets      string
		want         string
	}{
		{"a chain", "*a>b b>c c>d", "c", "a b c"},
		{"both sides of a diamond", "*a>b,c b>d c>d d>e", "d", "a b c d"},
		{"one side of a diamond", "*a>b,c b>d c>d", "b", "a b"},
		{"several targets", "*a>b,c b>d c>e", "d e", "a b c d e"},
		{"several public services that lead there", "*a>c *b>c c", "c", "a b c"},
		{"no public service that doesn't", "*a>c *b c", "c", "a c"},
		{"a public target needs no caller", "*a>b *b", "b", "a b"},
		{"a public target without callers", "*a *b", "b", "b"},
		{"a circle of calls ends", "*a>b b>c c>a,b", "c", "a b c"},
		{"a service that calls itself", "*a>a,b b>b", "b", "a b"},
		{"none leads there: the first public one", "a>b *c *d b", "b", "c"},
		{"one target is led to, another not", "*a>b b c", "b c", "a b"},
		{"only callers that are not public: the first public one", "*p a>b b", "b", "p"},
		{"no public service at all", "a>b b", "b", ""},
		{"no target", "*a>b b", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &Config{Policy: &Policy{}}
			for text := range strings.FieldsSeq(tt.system) {
				name, calls, _ := strings.Cut(strings.TrimPrefix(text, "*"), ">")
				s := Service{Name: name, Public: text[0] == '*'}
				if calls != "" {
					s.Calls = strings.Split(calls, ",")
				}
				c.Policy.Services = append(c.Policy.Services, s)
			}
			c.index()
			got := strings.Join(slices.Sorted(maps.Keys(c.pathsFromPublic(strings.Fields(tt.targets)))), " ")
			if got != tt.want {
				t.Errorf("%q run, want %q", got, tt.want)
			}
		})
	}
}
