package generator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/gittest"
	"github.com/previewset/previewset/internal/overlay"
)

const (
	kustomizationFile = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	componentFile     = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
)

// gitOpsFiles are a small GitOps repository with the environments ada and bob.
func gitOpsFiles() map[string]string {
	all := map[string]string{
		"docs/readme.md":                      "hello",
		"previewset.yaml":                     testworld.Policy,
		"overlays/preview/kustomization.yaml": kustomizationFile + "resources: [namespace.yaml]\n",
		"overlays/preview/namespace.yaml":     "apiVersion: v1\nkind: Namespace\nmetadata: {name: preview}\n",
	}
	for _, name := range []string{"ada", "bob"} {
		all["overlays/"+name+"/environment.yaml"] = "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n" +
			"services: {gateway: {branch: main}}\n"
		all["overlays/"+name+"/kustomization.yaml"] = kustomizationFile + "resources: [../preview]\n"
	}
	for _, folder := range []string{
		"components/guardrails", "data/redis", "data/redis/datasets/empty", "data/postgres", "data/postgres/datasets/empty",
		"services/web/run", "services/web/link", "services/gateway/run", "services/gateway/link", "services/orders/run",
		"services/orders/link",
	} {
		all["kustomize-base/"+folder+"/kustomization.yaml"] = componentFile
	}
	return all
}

// gitWorld is a service that reads a config branch from a Git server.
type gitWorld struct {
	*testworld.Service
	bare string
}

func newGitWorld(t *testing.T, change ...func(*generator.Options)) *gitWorld {
	t.Helper()
	bare := gittest.New(t, gitOpsFiles())
	reader, err := configbranch.New(configbranch.Options{URL: gittest.Serve(t, bare).Address()})
	if err != nil {
		t.Fatal(err)
	}
	w := testworld.New()
	w.Repositories["acme/gateway"].Branches["main"] = strings.Repeat("e", 40)
	change = append([]func(*generator.Options){func(o *generator.Options) { o.ConfigBranch = reader }}, change...)
	return &gitWorld{testworld.Ready(t, w, change...), bare}
}

// rows returns the paths and revisions of all rows by name.
func (w *gitWorld) rows() map[string]string {
	found := map[string]string{}
	for i := range w.Published().Snapshot.Rows {
		r := &w.Published().Snapshot.Rows[i]
		found[r.Name] = r.Path + "@" + r.Revision
	}
	return found
}

// entry is an entry of the head's tree under another name.
func (w *gitWorld) entry(t *testing.T, name, path string) gittest.RawEntry {
	t.Helper()
	mode := "40000"
	if gittest.Git(t, w.bare, "cat-file", "-t", "main:"+path) == "blob" {
		mode = "100644"
	}
	return gittest.RawEntry{Mode: mode, Name: name, Hash: gittest.Git(t, w.bare, "rev-parse", "main:"+path)}
}

func (w *gitWorld) symlink(t *testing.T, name, target string) gittest.RawEntry {
	t.Helper()
	hash := gittest.GitWith(t, w.bare, gittest.Environ(), target, "hash-object", "-w", "--stdin")
	return gittest.RawEntry{Mode: "120000", Name: name, Hash: hash}
}

func (w *gitWorld) file(t *testing.T, name, content string) gittest.RawEntry {
	t.Helper()
	return gittest.RawEntry{Mode: "100644", Name: name, Hash: w.symlink(t, name, content).Hash}
}

// checkProblems returns the problems that previewctl check finds in a clone of the config branch.
func (w *gitWorld) checkProblems(t *testing.T) string {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "clone")
	gittest.Git(t, "", "clone", "--quiet", w.bare, clone)
	root, err := os.OpenRoot(clone)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	report, err := overlay.New(root.FS()).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report.Problems.Error()
}

// structuralChange replaces one entry of the config branch.
type structuralChange struct {
	name, path string
	entry      gittest.RawEntry
	want       string // File and message of the problem
}

// structuralChanges are commits after which no environment can be built.
func structuralChanges(t *testing.T, w *gitWorld) []structuralChange {
	t.Helper()
	submodule := func(name string) gittest.RawEntry {
		return gittest.RawEntry{Mode: "160000", Name: name, Hash: gittest.Head(t, w.bare)}
	}
	return []structuralChange{
		{"overlays is a symbolic link", "overlays", w.symlink(t, "overlays", "docs"), "overlays: is a symbolic link"},
		{"overlays is a submodule", "overlays", submodule("overlays"), "overlays: is a submodule"},
		{"overlays is gone", "overlays", gittest.RawEntry{}, "overlays: is missing"},
		{"overlays is a file", "overlays", w.entry(t, "overlays", "previewset.yaml"), "overlays: is not a folder"},
		{"the shared overlay is gone", "overlays/preview", gittest.RawEntry{}, "overlays/preview: is missing"},
		{
			"the shared overlay is a symbolic link", "overlays/preview", w.symlink(t, "preview", "ada"),
			"overlays/preview: is a symbolic link",
		},
		{
			"the shared overlay has no kustomization", "overlays/preview/kustomization.yaml",
			gittest.RawEntry{},
			"overlays/preview: has no kustomization.yaml",
		},
		{"kustomize-base is gone", "kustomize-base", gittest.RawEntry{}, "kustomize-base: is missing"},
		{
			"kustomize-base is a symbolic link", "kustomize-base", w.symlink(t, "kustomize-base", "overlays"),
			"kustomize-base: is a symbolic link",
		},
		{
			"guardrails is a symbolic link", "kustomize-base/components/guardrails", w.symlink(t, "guardrails", "../data/redis"),
			"guardrails is missing",
		},
		{
			"guardrails name a missing file", "kustomize-base/components/guardrails/kustomization.yaml",
			w.file(t, "kustomization.yaml", componentFile+"resources: [quota.yaml]\n"),
			`"kustomize-base/components/guardrails/quota.yaml" doesn't exist`,
		},
		{
			"a file of the shared overlay isn't YAML", "overlays/preview/namespace.yaml",
			w.file(t, "namespace.yaml", "kind: [\n"), "overlays/preview/namespace.yaml: isn't YAML",
		},
		{
			"previewset.yaml is a symbolic link", "previewset.yaml", w.symlink(t, "previewset.yaml", "overlays/x"),
			"previewset.yaml: is a symbolic link",
		},
	}
}

func TestStructuralCommitRemovesNothing(t *testing.T) {
	t.Parallel()
	w := newGitWorld(t)
	before, good := w.rows(), gittest.Git(t, w.bare, "rev-parse", "main^{tree}")
	for _, name := range []string{"ada", "bob", "gateway-pr-1"} {
		if before[name] == "" {
			t.Fatalf("%s isn't live: %v", name, w.Decisions(t))
		}
	}
	for _, tt := range structuralChanges(t, w) {
		t.Run(tt.name, func(t *testing.T) {
			gittest.ReplaceEntry(t, w.bare, tt.path, tt.entry)
			w.Refresh(t.Context())
			if diff := cmp.Diff(before, w.rows()); diff != "" {
				t.Errorf("rows changed: %s", diff)
			}
			if got := w.Status().ConfigError; !strings.Contains(got, tt.want) {
				t.Errorf("configuration error is %q, want %q", got, tt.want)
			}
			// A clone has an empty folder in place of a submodule.
			if got := w.checkProblems(t); tt.entry.Mode != "160000" && !strings.Contains(got, tt.want) {
				t.Errorf("check finds %q, want %q", got, tt.want)
			}
			gittest.CommitTree(t, w.bare, good)
			w.Refresh(t.Context())
			if diff := cmp.Diff(before, w.rows()); diff != "" || w.Status().ConfigError != "" {
				t.Errorf("after the revert: %s %s", w.Status().ConfigError, diff)
			}
		})
	}
}

func TestUnusableFolderBreaksOnlyItself(t *testing.T) {
	t.Parallel()
	w := newGitWorld(t)
	before := w.rows()
	tests := []struct {
		name, path string
		entry      gittest.RawEntry
		want       string // part of the problem
	}{
		{"a tab", "overlays/x", w.entry(t, "a\tb", "overlays/ada"), `"overlays/a\tb"`},
		{"a line break", "overlays/x", w.entry(t, "a\nb", "overlays/ada"), `"overlays/a\nb"`},
		{"an escape", "overlays/x", w.entry(t, "a\x1b[2Jb", "overlays/ada"), `"overlays/a\x1b[2Jb"`},
		{"invalid UTF-8", "overlays/x", w.entry(t, "\xff", "overlays/ada"), `"overlays/\xff"`},
		{"a tab below kustomize-base", "kustomize-base/x", w.entry(t, "a\tb", "overlays/ada"), `"kustomize-base/a\tb"`},
		{
			"an environment names a missing file", "overlays/ada/kustomization.yaml",
			w.file(t, "kustomization.yaml", kustomizationFile+"resources: [../preview, x.yaml]\n"),
			`"overlays/ada/x.yaml" doesn't exist`,
		},
		{"an environment is a symbolic link", "overlays/ada", w.symlink(t, "ada", "bob"), "overlays/ada: is a symbolic link"},
		{
			"an environment is a submodule", "overlays/bob",
			gittest.RawEntry{Mode: "160000", Name: "bob", Hash: gittest.Head(t, w.bare)},
			"overlays/bob: is a submodule",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gittest.ReplaceEntry(t, w.bare, tt.path, tt.entry)
			w.Refresh(t.Context())
			if w.Status().ConfigError != "" {
				t.Fatal(w.Status().ConfigError)
			}
			if len(before) != len(w.rows()) {
				t.Errorf("rows are %v, want %v", w.rows(), before)
			}
			problems := w.Published().Config.Problems.Error()
			if !strings.Contains(problems, tt.want) {
				t.Errorf("problems are %q, want %q", problems, tt.want)
			}
		})
	}
	for _, name := range []string{"ada", "bob"} {
		got := w.rows()[name]
		if !strings.HasPrefix(got, "overlays/"+name+"@") || strings.HasSuffix(got, gittest.Head(t, w.bare)) {
			t.Errorf("%s is at %s, want its last valid version", name, got)
		}
	}
}

func TestCommitThatGitCannotCheckOutIsNoRevision(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{
		"..": "overlays", ".": "overlays/ada", ".git": "kustomize-base", ".GIT": "docs", "a/b": "overlays",
	} {
		t.Run(folder+" has "+name, func(t *testing.T) {
			t.Parallel()
			w := newGitWorld(t)
			before := w.rows()
			tree := gittest.RawTree(t, w.bare, w.entry(t, name, "overlays/preview"))
			gittest.ReplaceEntry(t, w.bare, folder+"/evil", gittest.RawEntry{Mode: "40000", Name: "evil", Hash: tree})
			w.Refresh(t.Context())
			if diff := cmp.Diff(before, w.rows()); diff != "" || w.Status().ConfigError != "" {
				t.Errorf("rows changed: %s %s", w.Status().ConfigError, diff)
			}
		})
	}
}
