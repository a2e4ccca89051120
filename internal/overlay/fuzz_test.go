package overlay

import (
	"io/fs"
	"net/url"
	"strings"
	"testing"
)

// Whatever stands in a kustomization: what is taken for a local path is one, to Kustomize too.
func FuzzResolve(f *testing.F) {
	for _, ref := range []string{"", ".", "..", "a/../..", "/etc", "github.com/a/b", "a//b", "git::a", "ssh://x", "a@b:c", "a?ref=b", "a.git/b", "\x00", "a/./b", "_git/x"} {
		f.Add("overlays/x", ref)
	}
	f.Fuzz(func(t *testing.T, dir, ref string) {
		if !fs.ValidPath(dir) {
			t.Skip()
		}
		p, why := resolve(dir, ref)
		if why != nil {
			return
		}
		if !fs.ValidPath(p) {
			t.Errorf("resolve(%q, %q) = %q, which leads out", dir, ref, p)
		}
		if u, err := url.Parse(ref); err != nil || u.IsAbs() || strings.ContainsAny(ref, "@:?#") {
			t.Errorf("resolve(%q, %q) took an address for a path", dir, ref)
		}
	})
}

// Whatever somebody writes into a kustomization ends in problems, never in a panic.
func FuzzReferences(f *testing.F) {
	f.Add("resources: [../preview]\n")
	f.Add("a: &a [*a]\n")
	f.Add("transformers: ['{apiVersion: builtin, kind: PatchTransformer, path: 1}', \"a: b\\nc\"]\n")
	f.Add("resources: {}\nresources: []\n")
	f.Add("openapi: {a: b}\nmetadata: {annotations: {config.kubernetes.io/function: x}}\n---\n")
	f.Fuzz(func(t *testing.T, content string) {
		for _, p := range shop(t, map[string]string{"overlays/web-pr-7/kustomization.yaml": content + "#"}).References() {
			if p.Message == "" || p.Remedy == "" {
				t.Errorf("a problem without message or remedy: %+v", p)
			}
		}
	})
}
