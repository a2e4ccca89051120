package preview

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// applicationOf is what Argo CD makes of a row with the template in appsets/; the contract tests hold the two together.
func applicationOf(t testing.TB, r Row) Application {
	t.Helper()
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	spec := map[string]any{
		"project": "previews",
		"source": map[string]any{
			"repoURL": "https://github.com/acme/previews.git", "targetRevision": r.Revision, "path": r.Path, "kustomize": r.Kustomize,
		},
		"destination": map[string]any{"server": "https://kubernetes.default.svc", "namespace": r.Namespace},
		"info":        r.Info, "ignoreDifferences": r.IgnoreDifferences,
		"syncPolicy": map[string]any{"automated": map[string]any{"prune": true}, "syncOptions": r.SyncOptions},
	}
	return Application{
		Name: r.Namespace, Spec: []byte(text(spec)),
		Labels: map[string]string{
			"previewset.dev/environment": r.Name, "previewset.dev/source": string(r.Source), "previewset.dev/owner": r.OwnerSlug,
			"previewset.dev/repository": r.RepositorySlug, "previewset.dev/profile": r.Profile, "previewset.dev/state": string(r.State),
		},
		Annotations: map[string]string{
			"previewset.dev/owner": r.Owner, "previewset.dev/author": r.Author, "previewset.dev/repository": r.Repository,
			"previewset.dev/pull-request": r.Number, "previewset.dev/labels": text(r.Labels),
			"previewset.dev/head-sha": r.HeadSHA, "previewset.dev/target-branch": r.TargetBranch, "previewset.dev/url": r.URL,
			"previewset.dev/expires-at": r.ExpiresAt, "link.argocd.argoproj.io/preview": "Preview|" + r.URL,
		},
	}
}

// variety are rows of many kinds.
func variety(t testing.TB) *Snapshot {
	t.Helper()
	f := factsOf(
		pull(1), pull(2, withLabels("preview:full", "bug")), pull(3, changing("web/a")), pull(7, by("")),
		pull(9, withLabels("preview-with:x")), pull(10, withLabels("preview-with:x"), changing("products/a")),
		pull(8, func(pr *PullRequest) {
			pr.Title, pr.Branch = `SHOP-8 "x" \ {{ .name }} 'ü' <b>&`, "größe/"+strings.Repeat("x", 100)
		}),
	)
	f.Repositories["acme/mailer"] = Repository{ID: mailerID, FullName: "Acme/Mailer", PullRequests: []PullRequest{pull(3)}}
	return resolve(testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nowner: jakub\npurpose: 'say: \"{{ .name " +
			"}}\"'\ncomponents: [debug]\ndataset: truncated\nhandover: [orders]\n"),
	}), nil), f)
}

// recovered is memory as live Applications give it back.
func recovered(t testing.TB, s *Snapshot) Memory {
	t.Helper()
	var r Recovered
	for _, row := range s.Rows {
		r.Add(applicationOf(t, row))
	}
	if len(r.Unclear) > 0 {
		t.Fatalf("unclear: %v", r.Unclear)
	}
	return Memory{Environments: r.Environments}
}

func TestRowsComeBackFromApplications(t *testing.T) {
	t.Parallel()
	before := variety(t)
	m := recovered(t, before)
	after := FromMemory(m, noon)
	if diff := cmp.Diff(before.Rows, after.Rows); diff != "" || len(after.Rows) != 7 {
		t.Errorf("%d rows (-before +recovered):\n%s", len(after.Rows), diff)
	}
	for name, was := range before.Memory.Environments {
		got := m.Environments[name]
		for i := range was.Members {
			was.Members[i].Label = "" // that is lost
		}
		if was.Row.Author == "" {
			was.Person = "" // and whom it counts for, until its pull requests are read
		}
		for service, pin := range was.Run {
			pin.Origin = "" // and which repository a commit comes from, if the environment has no mark for secrets
			was.Run[service] = pin
			if pin.SHA != was.Row.HeadSHA && pin.Branch != "" {
				was.Run[service] = config.ServiceRef{SHA: pin.SHA} // so is the branch, which is read again before it is needed
			}
		}
		if diff := cmp.Diff(was, got); diff != "" {
			t.Errorf("%s (-before +recovered):\n%s", name, diff)
		}
	}
}

// recoveredCase is a change of the configuration or of the facts, with the decisions about recovered environments.
type recoveredCase struct {
	name, policy string
	facts        Facts
	want         []string
}

// recoveredCases are changes after which recovered environments don't vanish without confirmation.
func recoveredCases(t *testing.T) []recoveredCase {
	t.Helper()
	unlabelled := factsOf(pull(1, withLabels("bug")), pull(7))
	unread, other, hidden := factsOf(), factsOf(pull(1), pull(7)), factsOf(pull(7))
	delete(unread.Repositories, "acme/shop")
	theirs := other.Repositories["acme/shop"]
	theirs.ID, theirs.PullRequests = 99, nil
	other.Repositories["acme/shop"] = theirs
	lacking := hidden.Repositories["acme/shop"]
	lacking.Unread = map[int]string{1: "404"}
	hidden.Repositories["acme/shop"] = lacking
	return []recoveredCase{
		{
			"nothing happened", testfixture.DemoPolicy, factsOf(pull(1), pull(7)),
			[]string{"shop-pr-1: live by labelled", "shop-pr-7: live by labelled"},
		},
		{
			"its repository was taken out of configuration", elsewhere, factsOf(pull(1), pull(7)),
			[]string{"shop-pr-1: live by withheld", "shop-pr-7: live by withheld"},
		},
		{
			"configuration asks for another label",
			testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: deploy, "), factsOf(pull(1), pull(7)),
			[]string{"shop-pr-1: live by withheld", "shop-pr-7: live by withheld"},
		},
		{"one has lost its label", testfixture.DemoPolicy, unlabelled, []string{"shop-pr-1: live by withheld", "shop-pr-7: live by labelled"}},
		{"its repository can't be read", testfixture.DemoPolicy, unread, []string{"shop-pr-1: live by unread", "shop-pr-7: live by unread"}},
		{
			"its repository's name is another's", testfixture.DemoPolicy, other,
			[]string{"shop-pr-1: live by withheld", "shop-pr-7: live by withheld"},
		},
		{"one can't be found", testfixture.DemoPolicy, hidden, []string{"shop-pr-1: live by unread", "shop-pr-7: live by labelled"}},
		{"one is closed", testfixture.DemoPolicy, factsOf(pull(7)), []string{"shop-pr-1: gone by closed", "shop-pr-7: live by labelled"}},
	}
}

// An environment that waits for confirmation with memory also waits after recovery from Applications.
func TestRecoveredEnvironmentsAreProtected(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(1), pull(7)))
	for _, tt := range recoveredCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			after := Resolve(testfixture.LoadPolicy(t, tt.policy), tt.facts, recovered(t, before), noon)
			if diff := cmp.Diff(tt.want, about(after, "shop-pr-")); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
			gone := strings.Contains(tt.want[0], "gone")
			want := slices.DeleteFunc(slices.Clone(before.Rows), func(r Row) bool { return gone && r.Name == "shop-pr-1" })
			if diff := cmp.Diff(want, after.Rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			for _, d := range after.Decisions {
				if lost := strings.HasSuffix(d.Reason,
					"its earlier label is unknown, because saved state was lost"); lost != (tt.name == "configuration asks for another label" ||
					(tt.name == "one has lost its label" && d.Number == 1)) {
					t.Errorf("%s: %s", d.Environment, d.Reason)
				}
				if d.Rule != RuleLabelled && d.Outcome == Live && (!d.Withheld || d.Remedy == "") {
					t.Errorf("%s has no way out: %s; %s", d.Environment, d.Reason, d.Remedy)
				}
			}
		})
	}
}

// about returns the outcomes of environments by the beginning of their names.
func about(s *Snapshot, prefix string) []string {
	return slices.DeleteFunc(outcomes(s), func(line string) bool { return !strings.HasPrefix(line, prefix) })
}

// Once it was seen with its label, a recovered environment is as any other.
func TestRecoveredEnvironmentIsUpdated(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	m := recovered(t, resolve(c, factsOf(pull(1))))
	s := Resolve(c, factsOf(pull(1)), m, noon)
	s = Resolve(c, factsOf(pull(1, withLabels())), restarted(t, s.Memory), noon.Add(time.Minute))
	if diff := cmp.Diff([]string{"shop-pr-1: held by unlabelled"}, outcomes(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// impossibleRows are changes that make a valid row one that no service has written.
var impossibleRows = []struct {
	name string
	edit func(*Row)
	want string
}{
	{"no environment", func(r *Row) { r.Name = "" }, `name ""`},
	{"a name with a dot", func(r *Row) { r.Name = "a.b" }, `name "a.b"`},
	{"another namespace", func(r *Row) { r.Namespace, r.Kustomize.Namespace = "kube-system", "kube-system" }, `namespace "kube-system"`},
	{"another namespace for Kustomize", func(r *Row) { r.Kustomize.Namespace = "staging" }, `Kustomize's namespace "staging"`},
	{"a path out of the repository", func(r *Row) { r.Path = "../overlays/preview" }, "path"},
	{"an absolute path", func(r *Row) { r.Path = "/overlays/preview" }, "path"},
	{"another environment's folder", func(r *Row) { r.Path = "overlays/staging" }, "path"},
	{"a folder of another kind", func(r *Row) { r.Path = "kustomize-base/preview" }, "path"},
	{"a branch as revision", func(r *Row) { r.Revision = "main" }, `revision "main"`},
	{"no source", func(r *Row) { r.Source = "" }, "source"},
	{"a number that is none", func(r *Row) { r.Number = "7x" }, "pull request"},
	{"a number with zeros", func(r *Row) { r.Number = "007" }, "pull request"},
	{"a negative number", func(r *Row) { r.Number = "-7" }, "pull request"},
	{"a commit that is none", func(r *Row) { r.HeadSHA = "HEAD" }, "commit"},
	{"a repository that is none", func(r *Row) { r.Repository = "shop" }, "repository"},
	{"an ID that is none", func(r *Row) { r.Info = []Info{{infoRepositoryID, "-1"}} }, "repository ID"},
	{"an ID that is too large", func(r *Row) { r.Info = []Info{{infoRepositoryID, "99999999999999999999"}} }, "repository ID"},
	{"a URL that runs something", func(r *Row) { r.URL = "javascript:alert(1)" }, "URL"},
	{"an end that is no date", func(r *Row) { r.ExpiresAt = "soon" }, "end"},
	{"a state that is none", func(r *Row) { r.State = "undead" }, "state"},
	{"a label with blanks", func(r *Row) { r.Profile = "a b" }, "a label that is no slug"},
	{"a remote component", func(r *Row) { r.Kustomize.Components = []string{"https://evil.example/x"} }, "component"},
	{"a component elsewhere", func(r *Row) { r.Kustomize.Components = []string{"../../kustomize-base/../../x"} }, "component"},
	{"an image without tag", func(r *Row) { r.Kustomize.Images = []string{"ghcr.io/acme/x"} }, "image"},
	{"an image with a new name", func(r *Row) { r.Kustomize.Images = []string{"a=evil.example/b:1"} }, "image"},
	{"a patch that isn't JSON", func(r *Row) { r.Kustomize.Patches = []Patch{{Patch: "a: b"}} }, "patch"},
	{"a patch of whatever matches", func(r *Row) { r.Kustomize.Patches = []Patch{{Patch: "{}", Target: Target{Name: ".*"}}} }, "patch"},
	{"a patch of what several labels select", func(r *Row) {
		r.Kustomize.Patches = []Patch{{Patch: "{}", Target: Target{LabelSelector: "a=b,c!=d"}}}
	}, "patch"},
	{"a patch of what an expression of annotations selects", func(r *Row) {
		r.Kustomize.Patches = []Patch{{Patch: "{}", Target: Target{AnnotationSelector: "a in (b)"}}}
	}, "patch"},
	{"too many images", func(r *Row) { r.Kustomize.Images = slices.Repeat([]string{"a:b"}, 501) }, "500 at most"},
	{"too much", func(r *Row) { r.Info = []Info{{"x", strings.Repeat("x", 600<<10)}} }, "KiB"},
	{"a text that hides something", func(r *Row) { r.SyncOptions, r.Info = nil, []Info{{"x", "a\u202eb"}} }, "characters that no row has"},
	{
		"a commit in ConfigMap environment that is none",
		func(r *Row) { r.Kustomize.Patches[0].Patch = configMap(`{}`, `{"orders":"latest"}`) }, "commit",
	},
	{"a host that is none", func(r *Row) { r.Kustomize.Patches[0].Patch = configMap(`{"orders":"a b"}`, `{}`) }, "host"},
	{"a link target that is none", func(r *Row) {
		i := slices.IndexFunc(r.Kustomize.Patches, func(p Patch) bool { return p.Target.Kind == "Service" })
		r.Kustomize.Patches[i].Patch = `[{"value":"products.a b.svc"}]`
	}, "link target"},
	{"a ConfigMap environment with null", func(r *Row) { r.Kustomize.Patches[0].Patch = configMap(`[]`, `{}`) }, "ConfigMap environment"},
}

func TestImpossibleRowsAreNotRecovered(t *testing.T) {
	t.Parallel()
	row := only(t, resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7))))
	for _, tt := range impossibleRows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := row
			r.Kustomize.Patches = slices.Clone(row.Kustomize.Patches)
			tt.edit(&r)
			var got Recovered
			got.Add(applicationOf(t, r))
			if why := got.Unclear[r.Namespace]; len(got.Environments) > 0 || !strings.Contains(why, tt.want) {
				t.Errorf("%d recovered; unclear because %q, want %q", len(got.Environments), why, tt.want)
			}
		})
	}
}

func configMap(hosts, commits string) string {
	return compact(map[string]any{"data": map[string]string{"hosts": hosts, "commits": commits}})
}

func TestUnclearApplications(t *testing.T) {
	t.Parallel()
	row := only(t, resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7))))
	for name, edit := range map[string]func(*Application){
		"a spec that isn't JSON":   func(a *Application) { a.Spec = []byte("{") },
		"no spec":                  func(a *Application) { a.Spec = nil },
		"a spec of another shape":  func(a *Application) { a.Spec = []byte(`{"source":[]}`) },
		"another name":             func(a *Application) { a.Name = "preview-x" },
		"labels that are no list":  func(a *Application) { a.Annotations["previewset.dev/labels"] = `{"a":1}` },
		"labels that aren't texts": func(a *Application) { a.Annotations["previewset.dev/labels"] = `[1]` },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := applicationOf(t, row)
			edit(&a)
			var got Recovered
			got.Add(a)
			if len(got.Environments) > 0 || got.Unclear[a.Name] == "" {
				t.Errorf("%+v", got)
			}
		})
	}
	var got Recovered
	got.Add(applicationOf(t, row))
	row.Namespace, row.Kustomize.Namespace = "pv-"+row.Name, "pv-"+row.Name
	got.Add(applicationOf(t, row))
	if want := (map[string]string{"pv-shop-pr-7": "environment shop-pr-7 has two Applications"}); !maps.Equal(got.Unclear, want) {
		t.Errorf("two of one environment: %v", got.Unclear)
	}
}

// An Application of an older ApplicationSet tells less, and that is enough to protect it.
func TestApplicationOfAnOlderTemplateIsRecovered(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)))
	want := only(t, before)
	want.Info = slices.DeleteFunc(slices.Clone(want.Info), func(i Info) bool { return i.Name == infoRepositoryID })
	a := applicationOf(t, want)
	for _, key := range []string{"author", "labels", "target-branch"} {
		delete(a.Annotations, "previewset.dev/"+key)
	}
	var r Recovered
	r.Add(a)
	s := Resolve(testfixture.LoadPolicy(t, elsewhere), factsOf(pull(7)), Memory{Environments: r.Environments}, noon)
	got := only(t, s)
	want.Author, want.Labels, want.TargetBranch, want.TargetBranchSlug = "", []string{}, "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s; %v", diff, r.Unclear)
	}
	s = Resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)), Memory{Environments: r.Environments}, noon)
	if diff := cmp.Diff(before.Rows, s.Rows); diff != "" {
		t.Errorf("rows once it is read (-want +got):\n%s", diff)
	}
}

func FuzzRecover(f *testing.F) {
	row := only(f, resolve(testfixture.LoadPolicy(f, testfixture.DemoPolicy), factsOf(pull(7))))
	a := applicationOf(f, row)
	f.Add(a.Name, row.Name, row.Repository, row.Number, `["preview"]`, a.Spec)
	f.Add("preview-a", "a", "x/y", "1", "null", []byte(`{"source":{"kustomize":null},"info":[null]}`))
	f.Fuzz(func(t *testing.T, name, environment, repository, number, labels string, spec []byte) {
		b := Application{Name: name, Spec: spec, Labels: maps.Clone(a.Labels), Annotations: maps.Clone(a.Annotations)}
		b.Labels["previewset.dev/environment"] = environment
		b.Annotations["previewset.dev/repository"] = repository
		b.Annotations["previewset.dev/pull-request"], b.Annotations["previewset.dev/labels"] = number, labels
		var r Recovered
		r.Add(b)
		if len(r.Environments)+len(r.Unclear) != 1 {
			t.Fatalf("%+v", r)
		}
		for _, e := range r.Environments {
			if !config.IsDNSLabel(e.Row.Name, config.MaxEnvironmentName) || e.Row.Namespace != name || len(e.Members) == 0 ||
				fmt.Sprint(e.Members[0].Number) != e.Row.Number {
				t.Errorf("recovered: %+v", e)
			}
		}
	})
}
