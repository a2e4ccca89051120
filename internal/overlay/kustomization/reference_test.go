package kustomization

import (
	"io/fs"
	"net/url"
	"strings"
	"testing"
)

// outerReferences are references that leave the repository, or that Kustomize can't follow.
var outerReferences = []refusedFile{
	{
		"a base over HTTPS", kustomizationFile,
		header + "resources: [../preview, 'https://github.com/acme/base?ref=v1']\n",
		[]string{kustomizationFile + ":3: resources[1]", "fetched from elsewhere", "copy it"},
	},
	{
		"a file over HTTP", kustomizationFile,
		header + "resources: ['http://evil.test/x.yaml']\n",
		[]string{"fetched from elsewhere"},
	},
	{
		"a base without a scheme", kustomizationFile,
		header + "resources: [github.com/acme/base]\n",
		[]string{"fetched from elsewhere"},
	},
	{
		"a base without a scheme, in capitals", kustomizationFile,
		header + "resources: [GitHub.com/acme/base]\n",
		[]string{"fetched from elsewhere"},
	},
	{
		"a base behind git::", kustomizationFile,
		header + "resources: ['git::file/base']\n",
		[]string{"fetched from elsewhere"},
	},
	{
		"a base over SSH", kustomizationFile,
		header + "resources: ['git@git.test:acme/base']\n",
		[]string{"fetched from elsewhere"},
	},
	{"a local clone", kustomizationFile, header + "resources: ['file:///etc']\n", []string{"fetched from elsewhere"}},
	{"an absolute path", kustomizationFile, header + "resources: [/etc/passwd]\n", []string{"absolute path"}},
	{
		"a path out of the repository", kustomizationFile,
		header + "resources: [../../../other]\n",
		[]string{"leaves the repository"},
	},
	{"a path with two slashes", kustomizationFile, header + "resources: [..//preview]\n", []string{"plain path"}},
	{"a path with a space", kustomizationFile, header + "resources: ['a b.yaml']\n", []string{"plain path"}},
	{
		"a missing file", kustomizationFile,
		header + "resources:\n- ../preview\n- absent.yaml\n",
		[]string{kustomizationFile + ":5: resources[1]", "doesn't exist"},
	},
	{
		"a file outside of the folder", kustomizationFile,
		header + "resources: [../preview/namespace.yaml]\n",
		[]string{"outside of this folder"},
	},
	{
		"a folder without a kustomization", kustomizationFile,
		header + "resources: [../../kustomize-base]\n",
		[]string{"has no kustomization.yaml"},
	},
	{
		"a component among resources", kustomizationFile,
		header + "resources: [../../kustomize-base/components/spot]\n",
		[]string{"is a Component"},
	},
	{"a base among components", kustomizationFile, header + "components: [../preview]\n", []string{"isn't a Component"}},
}

func TestReferencesOutOfTheRepositoryAreRefused(t *testing.T) {
	t.Parallel()
	wantRefused(t, outerReferences)
}

// An overlay reads nothing of the installation, and nothing of other environments.
func TestReferencesToOtherFoldersAreRefused(t *testing.T) {
	t.Parallel()
	const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	wantRefused(t, []refusedFile{
		{
			"the installation with its Secrets", kustomizationFile,
			header + "resources: [../preview, ../../appsets]\n",
			[]string{kustomizationFile + ":3: resources[1]", `"appsets" is outside of kustomize-base, overlays/preview, overlays/web-pr-7`},
		},
		{
			"the token files", kustomizationFile,
			header + "resources: [../preview]\nsecretGenerator: [{name: a, files: [../../appsets/secrets/api.token]}]\n",
			[]string{"secretGenerator[0].files[0]", `"appsets/secrets/api.token" is outside of`},
		},
		{
			"the baseline", kustomizationFile,
			header + "resources: [../staging]\n",
			[]string{"resources[0]", `"overlays/staging" is outside of`},
		},
		{
			"the installation by the way of the base", "kustomize-base/components/spot/kustomization.yaml",
			component + "resources: [../../../appsets]\n",
			[]string{"kustomize-base/components/spot/kustomization.yaml:3", `"appsets" is outside of kustomize-base;`},
		},
		{
			"an environment in the shared overlay", "overlays/preview/kustomization.yaml",
			header + "resources: [namespace.yaml, configmap.yaml, ../web-pr-7]\n",
			[]string{"overlays/preview/kustomization.yaml:3", `"overlays/web-pr-7" is outside of kustomize-base, overlays/preview;`},
		},
	})
}

// FuzzResolve checks that each accepted reference is a local path for Kustomize too.
func FuzzResolve(f *testing.F) {
	for _, ref := range []string{
		"", ".", "..", "a/../..", "/etc", "github.com/a/b", "a//b", "git::a", "ssh://x", "a@b:c", "a?ref=b", "a.git/b", "\x00", "a/./b",
		"_git/x",
	} {
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
