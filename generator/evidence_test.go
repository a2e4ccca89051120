package generator_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// hosted is a world with repositories on a simulated GitHub, read by the real client.
type hosted struct {
	*testworld.World
	t      *testing.T
	github *githubtest.Server
	shop   *githubtest.Repo
	url    string
	file   store.File
	options
}

type options []func(*generator.Options)

// newHosted has two live environments, shop-pr-1 and gateway-pr-1.
func newHosted(t *testing.T) *hosted {
	t.Helper()
	h := &hosted{World: testworld.New(), t: t, github: githubtest.New()}
	h.github.SetQuota(100_000)
	s := httptest.NewServer(h.github)
	t.Cleanup(s.Close)
	h.url = s.URL
	h.shop = h.github.AddRepository("acme/shop")
	h.shop.Open(labelledPull("orders/main.go"))
	h.github.AddRepository("acme/gateway").Open(labelledPull("main.go"))
	file, keep := testworld.NewStore(t)
	h.file, h.options = file, options{keep}
	return h
}

func labelledPull(file string) githubtest.PullRequest {
	return githubtest.PullRequest{Title: "Faster", Labels: []string{"preview"}, Files: []githubtest.File{{Name: file}}}
}

// start starts the generator with the saved state and an empty GitHub cache, and lets it read once.
func (h *hosted) start() *testworld.Service {
	h.t.Helper()
	client, err := github.New(github.Options{BaseURL: h.url, Token: func() (string, error) { return "gh-t0ken", nil }})
	if err != nil {
		h.t.Fatal(err)
	}
	return testworld.Ready(h.t, h.World, append(h.options, func(o *generator.Options) { o.GitHub = client })...)
}

// poll is the next poll of a service.
func (h *hosted) poll(s *testworld.Service) {
	h.t.Helper()
	h.AdvanceClock(time.Minute)
	s.Refresh(h.t.Context())
}

// lose replaces the saved state. The Applications of the live environments stay in the cluster.
func (h *hosted) lose(s *testworld.Service, content []byte) {
	h.t.Helper()
	h.Recovered = applicationsOf(h.t, s)
	h.options = append(h.options, func(o *generator.Options) { o.Cluster = testworld.Cluster{World: h.World} })
	if err := os.WriteFile(string(h.file), content, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// applicationsOf returns the environments as recovery finds them: without the labels of their pull requests.
func applicationsOf(t *testing.T, s *testworld.Service) preview.Recovered {
	t.Helper()
	r := preview.Recovered{Environments: map[string]preview.Remembered{}}
	for name, e := range s.Memory().Environments {
		e.IsGuarded, e.Members = false, slices.Clone(e.Members)
		for i := range e.Members {
			e.Members[i].Label = ""
		}
		r.Environments[name] = e
	}
	return r
}

const shopRow, gatewayRow = "shop-pr-1", "gateway-pr-1"

// takeName creates another repository with the name of acme/shop.
func takeName(h *hosted) {
	h.github.AddRepository("acme/shop").Open(githubtest.PullRequest{Title: "Not yours"})
}

var repositoryChangesAreNoEvidenceCases = []struct {
	name   string
	happen func(*hosted)
	status string // in /readyz?verbose, if the generator can't read the repository
	rule   string // of the decision while the saved state exists; empty if nothing changes
	lost   bool   // without saved state nothing is answered
}{
	{"renamed", func(h *hosted) { h.shop.Rename("acme/store") }, "", "live labelled", false},
	{"transferred", func(h *hosted) { h.shop.Rename("bob/shop") }, "transferred to bob and is now bob/shop", "live unread*", true},
	{
		"made private",
		func(h *hosted) { h.github.Inject(githubtest.Fault{Match: "acme/shop", Status: http.StatusNotFound}) }, "404",
		"live unread*", true,
	},
	{"deleted", func(h *hosted) { h.shop.Delete() }, "404", "live unread*", true},
	{
		"deleted, and its name is another's", func(h *hosted) { h.shop.Delete(); takeName(h) },
		"the name now belongs to another repository", "live withheld*", true,
	},
	{
		"renamed, and its name is another's", func(h *hosted) { h.shop.Rename("acme/store"); takeName(h) },
		"the name now belongs to another repository", "live withheld*", true,
	},
	{
		"throttled",
		func(h *hosted) { h.github.Inject(githubtest.Fault{Match: "acme/shop", Kind: githubtest.RateLimited}) },
		"acme/shop", "live unread*", true,
	},
	{"a page cut off", func(h *hosted) {
		h.shop.Touch()
		h.github.Inject(githubtest.Fault{Match: "acme/shop/pulls", Kind: githubtest.CutOff})
	}, "acme/shop", "live unread*", true},
	{"a list without it, and no direct answer", func(h *hosted) {
		h.shop.Touch()
		h.github.Inject(githubtest.Fault{Match: `acme/shop/pulls\?`, Status: http.StatusOK, Body: "[]"})
		h.github.Inject(githubtest.Fault{Match: `acme/shop/pulls/1`, Status: http.StatusNotFound})
	}, "", "live unread*", false},
	{"a list without it", func(h *hosted) {
		h.shop.Touch()
		h.github.Inject(githubtest.Fault{Match: `acme/shop/pulls\?`, Status: http.StatusOK, Body: "[]"})
	}, "", "live labelled", false},
}

// A change of a repository itself is no evidence about its pull requests: neither at runtime, nor after a restart with
// or without saved state.
func TestRepositoryChangesAreNoEvidence(t *testing.T) {
	t.Parallel()
	for _, tt := range repositoryChangesAreNoEvidenceCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			s := h.start()
			before := s.GetParams(t, testworld.ParamsBody)
			if diff := cmp.Diff([]string{gatewayRow, shopRow}, before.Names(t)); diff != "" {
				t.Fatal(diff)
			}
			tt.happen(h)
			for _, as := range []string{"while it runs", "after a restart", "after a second one", "with memory lost"} {
				switch as {
				case "while it runs":
					s.Refresh(t.Context())
				case "with memory lost":
					h.lose(s, nil)
					fallthrough
				default:
					s = h.start()
				}
				got := s.GetParams(t, testworld.ParamsBody)
				if as == "with memory lost" && tt.lost && strings.Contains(tt.rule, "unread") {
					if got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Message(t), "acme/shop was never read") {
						t.Errorf("%s: answered %d %s", as, got.Code, got.Body)
					}
					continue
				}
				if got.Code != http.StatusOK {
					if as == "with memory lost" && tt.lost {
						continue
					}
					t.Fatalf("%s: answered %d %s", as, got.Code, got.Body)
				}
				if diff := cmp.Diff([]string{gatewayRow, shopRow}, got.Names(t)); diff != "" {
					t.Errorf("%s: %s", as, diff)
				}
				if status := s.Get(t, "/readyz?verbose").Body; !strings.Contains(status, tt.status) {
					t.Errorf("%s: /readyz?verbose:\n%s", as, status)
				}
				if as != "while it runs" && !strings.Contains(strings.Join(s.Decisions(t), "\n"), shopRow+": "+tt.rule) {
					t.Errorf("%s: %v, want %s", as, s.Decisions(t), tt.rule)
				}
			}
		})
	}
}

// rowOfShop is the row of acme/shop#1; nil if it has none.
func rowOfShop(t *testing.T, a testworld.Response) map[string]any {
	t.Helper()
	for _, r := range a.Rows(t) {
		if r["name"] == shopRow {
			return r
		}
	}
	return nil
}

// A lost or rewritten config branch is no evidence.
func TestConfigBranchChangesAreNoEvidence(t *testing.T) {
	t.Parallel()
	unrelated := testworld.Tree(9, strings.NewReplacer("acme/shop", "acme/store", "acme/gateway", "acme/store").Replace(testworld.Policy))
	unrelated.Hashes = map[string]string{"kustomize-base": "x", "overlays/preview": "y"}
	for name, tt := range map[string]struct {
		happen func(*testworld.World)
		rule   string
		status string // in /readyz?verbose
	}{
		"emptied": {
			func(w *testworld.World) { w.Tree = config.Tree{Commit: strings.Repeat("e", 40)} }, "labelled",
			"previewset.yaml: is missing",
		},
		"deleted": {
			func(w *testworld.World) { w.ConfigErr = errors.New("branch main doesn't exist") }, "labelled", "branch main doesn't exist",
		},
		"forced to an unrelated history": {func(w *testworld.World) { w.Tree = unrelated }, "withheld*", "ok"},
		"reverted to another label":      {func(w *testworld.World) { w.Tree = testworld.Tree(2, testworld.DeployPolicy) }, "withheld*", "ok"},
		"forced to one without the label": {func(w *testworld.World) {
			w.Tree = testworld.Tree(3, strings.Replace(testworld.Policy, "pullRequests: {", "pullRequests: {label: x, ", 1))
		}, "withheld*", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Repositories["acme/store"] = testworld.Repository("acme/store")
			_, keep := testworld.NewStore(t)
			s := testworld.Ready(t, w, keep)
			before := s.GetParams(t, testworld.ParamsBody).Body
			tt.happen(w)
			for _, as := range []string{"while it runs", "after a restart"} {
				if s.Refresh(t.Context()); as == "after a restart" {
					s = testworld.Ready(t, w, keep)
				}
				got := s.GetParams(t, testworld.ParamsBody)
				if diff := cmp.Diff(testworld.AllNames, got.Names(t)); diff != "" || got.Body != before {
					t.Errorf("%s: the rows changed %s", as, diff)
				}
				if status := s.Get(t, "/readyz?verbose").Body; !strings.Contains(status, tt.status) {
					t.Errorf("%s: /readyz?verbose:\n%s", as, status)
				}
				rule := tt.rule
				if as == "after a restart" && tt.status != "ok" {
					rule = "unread"
				}
				for _, d := range s.Decisions(t) {
					if strings.Contains(d, ": live ") && !strings.HasSuffix(d, " "+rule) {
						t.Errorf("%s: %s, want %s", as, d, rule)
					}
				}
			}
		})
	}
}

// An unreadable or invalid config branch may contain a later expiry.
func TestNothingExpiresWithoutConfigBranch(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*testworld.World){
		"it can't be read":          func(w *testworld.World) { w.ConfigErr = testworld.ErrOutage },
		"previewset.yaml is broken": func(w *testworld.World) { w.Tree = testworld.Tree(2, "kind: Nonsense") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			end := testworld.Start.Add(time.Hour).UTC().Format(time.RFC3339)
			w.Tree.Hashes["overlays/alice"] = "a1"
			w.Tree.Files["overlays/alice/environment.yaml"] = config.File{Content: []byte(
				"apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\nlifetime: {expires: " + end + "}\n",
			)}
			good, s := w.Tree, testworld.Ready(t, w, testworld.WithClock)
			live := func(want bool) {
				t.Helper()
				if got := slices.Contains(s.GetParams(t, testworld.ParamsBody).Names(t), "alice"); got != want {
					t.Errorf("at %s it is live: %t", w.Clock(), got)
				}
			}
			pass := func() { w.AdvanceClock(4 * time.Minute); s.Refresh(t.Context()) }
			live(true)
			w.Change(func() { outage(w) })
			for range 30 {
				pass()
			}
			live(true)
			w.Change(func() { w.Tree, w.ConfigErr = good, nil })
			pass()
			live(false)
		})
	}
}
