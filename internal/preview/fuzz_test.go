package preview

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// fuzzedFiles are those that people write.
var fuzzedFiles = []string{
	config.PolicyFile, config.SlotsFile, testfixture.Shop7File, "overlays/jakub/environment.yaml", config.AccessFile,
}

// FuzzLoad: whatever stands in the files, they are read or refused with a bounded number of readable problems, and what
// is read can be resolved.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "# soon", "---", "null", "a: &a [*a]", "? [a]\n: b", "}", "\xff", "\x00", "a: b\n---\nc: d\n", strings.Repeat("[", 40),
		strings.Repeat("{a: ", 40),
		testfixture.DemoPolicy, testfixture.DemoPolicy + "slots: on\n", strings.ReplaceAll(testfixture.DemoPolicy, "acme", "\u202e"),
		"{" + strings.Repeat("a: 1, ", 200) + "}",
		testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nprofile: full\n" +
			"services: {mailer: {branch: main}}\ncomponents: [debug, guardrails]\n"),
		testfixture.EnvironmentYAML("owner: jakub\nlinks: {web: {environment: a}}\nlifetime: {expires: 2026-12-24T18:00:00Z}\n"),
		testfixture.EnvironmentYAML("handover: [" + strings.Repeat("x, ", 300) + "x]\n"),
		"apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\nslots: {a: {holders: [alice]}}\n",
		testfixture.AccessYAML("everyone: viewer\nadmin: {groups: [a], logins: [b], emails: [c@d]}\npeople: {e@f: g}\n"),
		strings.Replace(testfixture.DemoPolicy, `"[A-Z][A-Z0-9]+-[0-9]+"`, `"(a{1,1000}){1,1000}"`, 1),
	} {
		for i := range fuzzedFiles {
			f.Add(uint(i), []byte(seed))
		}
	}
	good := testfixture.LoadTree(f,
		testfixture.DemoTree(map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n")}), nil)
	f.Fuzz(func(t *testing.T, file uint, content []byte) {
		name := fuzzedFiles[file%uint(len(fuzzedFiles))]
		tree := testfixture.DemoTree(map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n")})
		tree.Files[name] = config.File{Content: content}
		c, err := config.Load(tree, good)
		if err != nil {
			readable(t, err)
			return
		}
		readable(t, c.Problems.Err())
		for _, u := range c.WithoutEffect() {
			if !strings.HasPrefix(u.Place, name) && !strings.HasPrefix(u.Place, config.PolicyFile) {
				t.Errorf("%s: not in force is %q", name, u)
			}
		}
		printed(t, Resolve(c, crowd(), Memory{}, noon))
	})
}

// readable fails where an error isn't a bounded number of problems, each on a line that can be shown.
func readable(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	got := testfixture.Lines(err)
	if len(got) > 200 {
		t.Errorf("%d problems", len(got))
	}
	for _, line := range got {
		if line == "" || config.Printable(line) != line {
			t.Errorf("problem %q can't be shown", line)
		}
	}
}

// FuzzResolve: free text of a pull request is only ever a value of its own row.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{
		"", "alice", "SHOP-1: ok", "{{ .Values }} ${{ secrets.TOKEN }} $(id)", "\x1b]0;x\x07", "\u202egnp.exe", "\u2028", "\ufffe",
		"\xff\xfe\x00",
		"../../etc/passwd", "a\nb: c", `"}}]`, "previewset.dev/link=x,y", "dependabot[bot]", strings.Repeat("ä", 200), "preview-with:x",
		"<script>", "%00",
	} {
		f.Add(seed, seed, seed, seed, seed)
	}
	c := testfixture.LoadPolicy(f,
		strings.Replace(testfixture.DemoPolicy, "image: ghcr.io/acme/orders",
			`image: ghcr.io/acme/orders, tag: "{{ .ShortSHA }}-{{ .Branch }}"`, 1))
	tame := only(f, resolve(c, factsOf(pull(7))))
	f.Fuzz(func(t *testing.T, title, branch, label, login, path string) {
		asks, _ := labelled([]string{label}, "preview")
		joins, _ := labelled([]string{label}, "preview-with")
		if changed, _ := changedServices(c, "acme/shop", pull(7, changing(path))); asks || joins || len(changed) > 0 {
			return // that is no free text
		}
		hostile := pull(7, withLabels(label, "preview"), changing(path, "orders/main.go"), func(pr *PullRequest) {
			pr.Title, pr.Branch, pr.TargetBranch, pr.Author, pr.URL = title, branch, branch, login, title
		})
		facts := factsOf(hostile, pull(8))
		r := facts.Repositories["acme/shop"]
		r.FullName = "acme/Shop" + login
		facts.Repositories["acme/shop"] = r
		s := resolve(c, facts)
		printed(t, s)
		if len(s.Rows) != 2 {
			t.Fatalf("%v, want both live", outcomes(s))
		}
		row := s.Rows[0]
		if diff := cmp.Diff(structure(t, tame), structure(t, row)); diff != "" {
			t.Errorf("structure (-tame +hostile):\n%s", diff)
		}
		for _, image := range row.Kustomize.Images {
			if _, tag, _ := strings.Cut(image, ":"); !imageTag.MatchString(tag) {
				t.Errorf("image %q", image)
			}
		}
		if owner := data(t, row)["owner"]; owner != "" && !config.IsLogin(owner) && !config.IsDNSLabel(owner, config.MaxLabel) {
			t.Errorf("owner %q in ConfigMap environment", owner)
		}
		for _, slug := range []string{row.OwnerSlug, row.BranchSlug, row.TargetBranchSlug, row.RepositorySlug} {
			if slug != "" && !config.IsDNSLabel(slug, config.MaxLabel) {
				t.Errorf("slug %q is no label", slug)
			}
		}
	})
}

// structure is what of a row no text may change.
func structure(t *testing.T, row Row) []any {
	t.Helper()
	values := data(t, row)
	delete(values, "owner")
	k := row.Kustomize
	k.Images = slices.Clone(k.Images)
	for i, image := range k.Images {
		k.Images[i], _, _ = strings.Cut(image, ":")
	}
	k.Patches = slices.Clone(k.Patches)
	for i, p := range k.Patches {
		if p.Target.Name == "environment" {
			k.Patches[i].Patch = fmt.Sprint(values)
		}
	}
	return []any{row.Name, row.Namespace, row.Path, row.Revision, row.URL, row.Number, row.HeadSHA, row.Profile, k}
}

// printed fails where rows or decisions aren't JSON without null and without anything that can't be shown.
func printed(t *testing.T, s *Snapshot) {
	t.Helper()
	text, err := json.Marshal([]any{s.Rows, s.Decisions, s.Problems, s.Unread})
	if err != nil {
		t.Fatal(err)
	}
	var rows []any
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	shown(t, "rows", rows[0])
	shown(t, "decisions", rows[1])
	if rows[2] != nil {
		shown(t, "problems", rows[2])
	}
	shown(t, "unread", rows[3])
}

func shown(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%s is null", at)
	case string:
		if !utf8.ValidString(v) || strings.ContainsFunc(v, isHidden) {
			t.Errorf("%s is %q, which hides something", at, v)
		}
	case []any:
		for i, e := range v {
			shown(t, fmt.Sprintf("%s[%d]", at, i), e)
		}
	case map[string]any:
		for key, e := range v {
			shown(t, at+" key", key)
			shown(t, at+"."+key, e)
		}
	case float64:
		if strings.HasPrefix(at, "rows") {
			t.Errorf("%s is a number", at)
		}
	}
}

// FuzzLifetime checks that any lifetime settings are either refused, or that use never makes an environment sleep sooner
// and that each request gets an answer.
func FuzzLifetime(f *testing.F) {
	for _, text := range []string{
		"{deleteAfterIdle: 168h, expireAfter: 0s, maxExtension: 336h, grace: 1h}", "{sleep: {idleAfter: 1h, maxAwake: 24h}}",
		"{sleep: {idleAfter: -1h}}", "{grace: 9223372036s}", "{sleep: {maxAwake: 1ns}}",
		`{sleep: {idleAfter: 1h, workingHours: {days: [mon, sun], from: "00:00", to: "24:00", timezone: Europe/Berlin, ` +
			`idleAfter: 2h, asleepOutside: true}}}`,
		`{sleep: {workingHours: {days: [sat], from: "22:00", to: "02:00", timezone: America/St_Johns, idleAfter: 1m}}}`,
		`{sleep: {workingHours: {days: [], from: "8", to: "19:00", timezone: ../etc/passwd}}}`,
	} {
		f.Add(text, int64(1795259761), int64(1e9))
		f.Add(text, int64(-62135596800), int64(-1))
	}
	f.Fuzz(func(t *testing.T, text string, active, length int64) {
		c, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: lifetimes(text)}), nil)
		if err != nil {
			readable(t, err)
			return
		}
		used := time.Unix(active%(1<<33), 0) // some centuries
		if at, why := c.LifetimeOf("").SleepsAt(used); !at.IsZero() && (at.Before(used) || why == "") {
			t.Errorf("used at %s it sleeps at %s: %s", used, at, why)
		}
		s := Resolve(c, factsOf(pull(1)), Memory{}, used)
		for _, action := range []string{ActionWake, ActionSleep, ActionExtend} {
			r := Request{Environment: "shop-pr-1", Action: action, For: time.Duration(length), By: text, At: used}
			if err := s.Check(c, r); err != nil {
				readable(t, err)
				continue
			}
			m := s.Memory
			m.Ask(r)
			if next := Resolve(c, factsOf(pull(1)), m, used); len(next.Rows) != 1 {
				t.Errorf("%s for %s: %d rows", action, r.For, len(next.Rows))
			}
		}
	})
}

// imageTag is the grammar of tags in the OCI distribution specification.
var imageTag = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// isHidden reports whether a reader can't see a character: controls, format characters, line and paragraph separators.
func isHidden(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }
