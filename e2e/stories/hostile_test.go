package stories

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// attacks are texts that a parser, template, shell or terminal might interpret. shown is the text that users see.
var attacks = []struct{ name, text, shown string }{
	{
		"syntax of YAML and JSON", "x: &a [*a] # !!binary | > {{\n- k: v\n---\n\"}]}, \"project\": \"default\", \"x\": [{\"y\": \"",
		`x: &a [*a] # !!binary | > {{ - k: v --- "}]}, "project": "default", "x": [{"y": "`,
	},
	{
		"templates and commands", `{{ fail "no" }}{{ .generator }} {{ $(reboot) ; reboot && '"\\` + "`reboot`",
		`{{ fail "no" }}{{ .generator }} {{ $(reboot) ; reboot && '"\\` + "`reboot`",
	},
	{"invisible characters", "a\x00b\x1b[31mc\x7fd\u0092e\u202ef\u2066g\u200bh\ufffei\ufeffj", "ab[31mcdefghij"},
	{"a number", "1e400", "1e400"},
	{"a long text", strings.Repeat("\u00fc", 250), strings.Repeat("\u00fc", 250)},
}

// A pull request has hostile text in its title, branch, labels and file names, and an author with a login that isn't a
// valid label value. The text stays text. All other parts of the preview are as with plain text, and other previews
// work.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := shared
	want := w.structure(t, w.openLive(t, w.gateway, "main.go"))
	hostile := make([]preview, len(attacks))
	for i, attack := range attacks {
		hostile[i] = w.open(t, w.gateway, githubtest.PullRequest{
			Title: attack.text, Body: attack.text, HeadRef: attack.text, Author: fmt.Sprintf("robot-%d[bot]", i), HeadSHA: digits(attack.name),
			Labels: []string{"preview", attack.text, "preview-" + attack.text}, Files: []githubtest.File{{Name: attack.text}},
		})
	}
	for i, attack := range attacks {
		app := w.waitSynced(t, hostile[i])
		w.waitRuns(t, hostile[i], gatewayImage, hostile[i].head())
		if diff := cmp.Diff(want, w.structure(t, hostile[i])); diff != "" {
			t.Errorf("%s: the text changed the Application (-plain +hostile):\n%s", attack.name, diff)
		}
		shown := info(t, app)
		if shown["Title"] != attack.shown || shown["Branch"] != attack.shown {
			t.Errorf("%s: the UI shows title %q and branch %q, want %q", attack.name, shown["Title"], shown["Branch"], attack.shown)
		}
		if got, want := app.Labels["previewset.dev/owner"], fmt.Sprintf("robot-%d-bot", i); got != want {
			t.Errorf("%s: label owner is %q, want %q", attack.name, got, want)
		}
		w.waitDecision(t, hostile[i], standtest.Decision{State: "awake"})
	}
	next := w.openLive(t, w.shop, "web/index.html")
	next.close()
	w.waitGone(t, next)
	hostile[0].close()
	w.waitGone(t, hostile[0])
}

// digits returns a commit of digits only, which a parser takes for a number if it isn't quoted.
func digits(of string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(of)) // a hash takes everything
	return fmt.Sprintf("%040d", h.Sum64())
}

// structure returns the parts of a preview's Application that no user's text may change: the specification without
// info, and the names of all keys. Placeholders replace the pull request's name, commit and author.
func (w *world) structure(t *testing.T, p preview) map[string]any {
	t.Helper()
	app := w.waitSynced(t, p)
	pr, _ := p.in.PullRequest(p.number)
	content, err := json.Marshal(app.Object.Object["spec"])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(p.name, "NAME", pr.HeadSHA, "SHA", pr.Author, "AUTHOR").Replace(string(content))
	var spec map[string]any
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	delete(spec, "info")
	return map[string]any{
		"spec": spec, "labels": slices.Sorted(maps.Keys(app.Labels)), "annotations": slices.Sorted(maps.Keys(app.Annotations)),
		"info": slices.Sorted(maps.Keys(info(t, app))), "finalizers": app.Object.GetFinalizers(),
	}
}

// info returns the lines that Argo CD's UI shows for an Application.
func info(t *testing.T, app stand.Application) map[string]string {
	t.Helper()
	lines, _, err := unstructured.NestedSlice(app.Object.Object, "spec", "info")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, line := range lines {
		line, _ := line.(map[string]any)
		shown[fmt.Sprint(line["name"])] = fmt.Sprint(line["value"])
	}
	return shown
}
