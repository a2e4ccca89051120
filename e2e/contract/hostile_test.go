package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

// hostile are texts that a program between GitHub and the API server may interpret, and the expected results. An empty
// result means the same text.
var hostile = []struct{ name, text, arrives string }{
	{"an action of a template", `{{ .namespace }}`, ""},
	{"a template that fails", `{{ fail "no" }}`, ""},
	{"half a template", `}} {{ end }} {{`, ""},
	{"quotes and backslashes", `it's "quoted" \" \n \u0022 \`, ""},
	{"lines", "one\nspec:\r\n\tproject: default", "one spec:   project: default"},
	{"controls and what isn't a character", "a\x00b\x1b[31mc\x7fd\u0092e\uFFFEf\uFDD0g", "ab[31mcdefg"},
	{"what turns text around or hides it", "a\u202Eb\u2066c\u200Bd\u2028e\uFEFFf", "abcdef"},
	{"broken UTF-8", "a\xffb\xed\xa0\x80c", "abc"},
	{"structure of YAML", `x: {y: [1, 2]} # &a *a !!binary | >- %`, ""},
	{"a document of YAML", "---\n- ...", "--- - ..."},
	{"structure of JSON", `"}]}, "project": "default", "info": [{"name": "`, ""},
	{"the end of the templatePatch", `"}]}}`, ""},
	{"a merge of JSON", `{"$patch": "delete"}`, ""},
	{"nothing, in YAML", `null`, ""},
	{"yes, in YAML", `yes`, ""},
	{"a number", `1e400`, ""},
	{"what templates print for nothing", `<no value>`, ""},
	{"HTML", `<script>alert(1)</script>&amp;`, ""},
	{"a shell's", "$(reboot) `id` ${HOME} $HOME; rm -rf /", ""},
	{"a path", `../../../etc/passwd`, ""},
	{"a bot", `dependabot[bot]`, ""},
	{"no letter", `***`, ""},
	{"other letters", `Überprüfung 検査 🎉`, ""},
	{"much", strings.Repeat("a", 64), ""},
	{"far too much", strings.Repeat("é-", 5000), ""},
}

// texts are the places in which unknown users can write.
var texts = []struct {
	name string
	set  func(*preview.PullRequest, string)
	get  func(preview.Row) string
}{
	{"title", func(pr *preview.PullRequest, s string) { pr.Title = s }, func(r preview.Row) string { return r.Title }},
	{"branch", func(pr *preview.PullRequest, s string) { pr.Branch = s }, func(r preview.Row) string { return r.Branch }},
	{"target branch", func(pr *preview.PullRequest, s string) { pr.TargetBranch = s }, func(r preview.Row) string { return r.TargetBranch }},
	{"login", func(pr *preview.PullRequest, s string) { pr.Author = s }, func(r preview.Row) string { return r.Author }},
	{"label", func(pr *preview.PullRequest, s string) { pr.Labels = append(pr.Labels, s) }, otherLabel},
	{"address", func(pr *preview.PullRequest, s string) { pr.URL = s }, func(r preview.Row) string { return r.PullRequestURL }},
}

// otherLabel is a second label, beside "preview".
func otherLabel(r preview.Row) string {
	for _, l := range r.Labels {
		if l != "preview" {
			return l
		}
	}
	return ""
}

// Texts of users change only text values of the Application, never its structure.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	ordinary := skeleton(t, strange(t, func(*preview.PullRequest) {}).app)
	for _, text := range texts {
		for _, h := range hostile {
			t.Run(text.name+": "+h.name, func(t *testing.T) {
				t.Parallel()
				s := strange(t, func(pr *preview.PullRequest) { text.set(pr, h.text) })
				if got, want := text.get(s.row), cmp.Or(h.arrives, h.text); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if diff := gocmp.Diff(applicationOf(t, s.row), s.app, alike); diff != "" {
					t.Errorf("the Application differs from its row: %s", diff)
				}
				checkRecovered(t, s.app, s.row)
				if diff := gocmp.Diff(ordinary, skeleton(t, s.app), alike); diff != "" {
					t.Errorf("the structure changes: %s", diff)
				}
				checkAccepted(t, s.app)
				checkRows(t, s.argo, s.row)
			})
		}
	}
}

// stranger is the generator and the Argo CD for one hostile pull request.
type stranger struct {
	argo *argoCD
	row  preview.Row
	app  v1alpha1.Application
}

// strange serves one changed pull request. The image tags contain its branch.
func strange(t *testing.T, change func(*preview.PullRequest)) stranger {
	t.Helper()
	w := worldOf(t, pullRequest(7, change))
	file := w.tree.Files["previewset.yaml"]
	file.Content = bytes.ReplaceAll(file.Content, []byte(`tag: "{{ .SHA }}"`), []byte(`tag: "{{ .Branch }}-{{ .ShortSHA }}"`))
	w.tree.Files["previewset.yaml"] = file
	g := ready(t, w)
	s := stranger{argo: newArgoCD(t, serve(t, g.Handler())), row: onlyRow(t, g)}
	s.app = s.argo.onlyApplication(t)
	return s
}

// skeleton returns an Application without the texts that a user may choose. A text in an unexpected form fails the
// test.
func skeleton(t *testing.T, app v1alpha1.Application) v1alpha1.Application {
	t.Helper()
	app.Labels["previewset.dev/owner"] = ""
	for _, free := range []string{
		"previewset.dev/owner", "previewset.dev/author", "previewset.dev/labels", "previewset.dev/target-branch",
		"link.argocd.argoproj.io/pull-request",
	} {
		app.Annotations[free] = ""
	}
	for i, info := range app.Spec.Info {
		if slices.Contains([]string{"Title", "Owner", "Branch", "Pull request"}, info.Name) {
			app.Spec.Info[i].Value = ""
		}
	}
	k := app.Spec.Source.Kustomize
	for i, image := range k.Images {
		name, tag, _ := strings.Cut(string(image), ":")
		if !branchTag.MatchString(tag) {
			t.Errorf("%q isn't a tag", tag)
		}
		k.Images[i] = v1alpha1.KustomizeImage(name)
	}
	for i, p := range k.Patches {
		if p.Target.Kind == "ConfigMap" {
			k.Patches[i].Patch = withoutOwner(t, p.Patch)
		}
	}
	return app
}

var branchTag = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}-[0-9a-f]{7}$`)

// withoutOwner returns the patch of ConfigMap environment without the owner. The owner must look like a login.
func withoutOwner(t *testing.T, patch string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(patch), &object); err != nil {
		t.Fatal(err)
	}
	data, ok := object["data"].(map[string]any)
	owner, isText := data["owner"].(string)
	if !ok || !isText || !login.MatchString(owner) {
		t.Errorf("owner %q in %s", owner, patch)
	}
	delete(data, "owner")
	return string(jsonOf(t, object))
}

var login = regexp.MustCompile(`^[A-Za-z0-9-]*(\[bot\])?$`)
