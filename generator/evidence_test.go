package generator_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// hosted is a world whose repositories are those of a simulated GitHub, read by the real client.
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

// newHosted has one live preview, shop-pr-1, and one of gateway beside it.
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

// start starts the service anew on the memory that there is, with a client that knows nothing, and lets it read once.
func (h *hosted) start() *testworld.Service {
	h.t.Helper()
	client, err := github.New(github.Options{BaseURL: h.url, Token: func() (string, error) { return "gh-t0ken", nil }})
	if err != nil {
		h.t.Fatal(err)
	}
	return testworld.Ready(h.t, h.World, append(h.options, func(o *generator.Options) { o.GitHub = client })...)
}

// lose spoils memory; what is live stands in the cluster.
func (h *hosted) lose(s *testworld.Service, content []byte) {
	h.t.Helper()
	h.Recovered = applicationsOf(h.t, s)
	h.options = append(h.options, func(o *generator.Options) { o.Cluster = testworld.Cluster{h.World} })
	if err := os.WriteFile(string(h.file), content, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// applicationsOf is what the Applications of a service's answer give back: all but by which label they were asked for.
func applicationsOf(t *testing.T, s *testworld.Service) preview.Recovered {
	t.Helper()
	r := preview.Recovered{Environments: map[string]preview.Remembered{}}
	for name, e := range s.Memory().Environments {
		e.Braked, e.Members = false, slices.Clone(e.Members)
		for i := range e.Members {
			e.Members[i].Label = ""
		}
		r.Environments[name] = e
	}
	return r
}

const shopRow, gatewayRow = "shop-pr-1", "gateway-pr-1"

// What happens to a repository is no evidence about its pull requests: not while the service runs, not when it starts
// again, and not when its memory is lost besides.
func TestWhatHappensToARepositoryIsNoEvidence(t *testing.T) {
	t.Parallel()
	another := func(h *hosted) { h.github.AddRepository("acme/shop").Open(githubtest.PullRequest{Title: "Not yours"}) }
	tests := []struct {
		name   string
		happen func(*hosted)
		said   string // by /readyz?verbose, where the service can't read it
		rule   string // after it was seen by a service that has memory; or it goes on as before
		lost   bool   // without memory there is no answer
	}{
		{"renamed", func(h *hosted) { h.shop.Rename("acme/store") }, "", "live labelled", false},
		{"transferred", func(h *hosted) { h.shop.Rename("bob/shop") }, "transferred to bob and is now bob/shop", "live unread*", true},
		{"made private", func(h *hosted) { h.github.Inject(githubtest.Fault{Match: "acme/shop", Status: http.StatusNotFound}) }, "404", "live unread*", true},
		{"deleted", func(h *hosted) { h.shop.Delete() }, "404", "live unread*", true},
		{"deleted, and its name is another's", func(h *hosted) { h.shop.Delete(); another(h) }, "the name now belongs to another repository", "live withheld*", true},
		{"renamed, and its name is another's", func(h *hosted) { h.shop.Rename("acme/store"); another(h) }, "the name now belongs to another repository", "live withheld*", true},
		{"throttled", func(h *hosted) { h.github.Inject(githubtest.Fault{Match: "acme/shop", Kind: githubtest.RateLimited}) }, "acme/shop", "live unread*", true},
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
	for _, tt := range tests {
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
				if status := s.Get(t, "/readyz?verbose").Body; !strings.Contains(status, tt.said) {
					t.Errorf("%s: it says\n%s", as, status)
				}
				if as != "while it runs" && !strings.Contains(strings.Join(s.Decisions(t), "\n"), shopRow+": "+tt.rule) {
					t.Errorf("%s: %v, want %s", as, s.Decisions(t), tt.rule)
				}
			}
		})
	}
}

var errAPI = errors.New("the API server is away")

// Memory is lost while the service is down, and configuration changes: Applications tell what there was.
func TestLostMemoryIsRecoveredFromApplications(t *testing.T) {
	t.Parallel()
	for loss, content := range map[string]string{"emptied": "", "cut off": "\x1f\x8b\x08\x00", "of another version": testworld.Gzip(t, `{"version":99}`)} {
		for name, tt := range map[string]struct {
			happen func(*hosted)
			want   []string
			same   bool // byte for byte
		}{
			"and nothing else": {func(*hosted) {}, []string{"gateway-pr-1: live labelled", "shop-pr-1: live labelled"}, true},
			"and its repository taken out of configuration": {
				func(h *hosted) {
					h.Tree = testworld.Tree(2, strings.ReplaceAll(testworld.Policy, "acme/shop", "acme/gateway"))
				},
				[]string{"gateway-pr-1: live labelled", "shop-pr-1: live withheld*"},
				false,
			},
			"and the label renamed in configuration": {
				func(h *hosted) { h.Tree = testworld.Tree(2, testworld.DeployPolicy) },
				[]string{"gateway-pr-1: live withheld*", "shop-pr-1: live withheld*"},
				true,
			},
			"and the label taken away": {
				func(h *hosted) { h.shop.Unlabel(1, "preview") },
				[]string{"gateway-pr-1: live labelled", "shop-pr-1: live withheld*"},
				true,
			},
			"and the pull request closed": {
				func(h *hosted) { h.shop.Close(1) },
				[]string{"gateway-pr-1: live labelled", "shop-pr-1: gone closed"},
				false,
			},
		} {
			t.Run(loss+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newHosted(t)
				s := h.start()
				before := s.GetParams(t, testworld.ParamsBody)
				h.lose(s, []byte(content))
				tt.happen(h)
				s = h.start()
				got := s.GetParams(t, testworld.ParamsBody)
				if diff := cmp.Diff(tt.want, s.Decisions(t)); diff != "" {
					t.Errorf("decisions: %s", diff)
				}
				if tt.same && before.Body != got.Body {
					t.Errorf("rows (-before +after):\n%s", cmp.Diff(before.Rows(t), got.Rows(t)))
				}
				if row := rowOfShop(t, got); row != nil {
					if diff := cmp.Diff(rowOfShop(t, before), row); diff != "" {
						t.Errorf("%s (-before +after):\n%s", shopRow, diff)
					}
				}
			})
		}
	}
}

// rowOfShop is the row of acme/shop#1, if there is one.
func rowOfShop(t *testing.T, a testworld.Response) map[string]any {
	t.Helper()
	for _, r := range a.Rows(t) {
		if r["name"] == shopRow {
			return r
		}
	}
	return nil
}

// Until the cluster tells what is live, nothing is read, and nothing answered.
func TestWithoutMemoryTheClusterIsAskedFirst(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.RecoverErr = errAPI
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{w} })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Message(t), errAPI.Error()) {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
	if branches, shop := s.Reads(); branches+shop != 0 {
		t.Errorf("%d reads", branches+shop)
	}
	w.Change(func() { w.RecoverErr = nil })
	s.Refresh(t.Context())
	if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
}

// An Application that can't be understood isn't taken away for that, and stands in nobody's way once it is answered.
func TestAnUnclearApplicationIsNotTakenAway(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Recovered.Unclear = map[string]string{"preview-shop-pr-7": "no", "preview-gone-pr-1": `path "x" is none`}
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{w} })
	got := s.GetParams(t, testworld.ParamsBody)
	const want = `Application preview-gone-pr-1 can't be understood: path "x" is none`
	if got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Message(t), want) {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
	w.Change(func() { w.Recovered.Unclear = nil })
	s.Refresh(t.Context())
	if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
}

// An ApplicationSet that asks for a repository as configuration names it is answered the same when GitHub names it otherwise,
// while it can't be read after a restart, too; and so is who asks why.
func TestARenamedRepositoryIsStillKnownByTheNameInConfiguration(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	w.Plugins = testworld.Plugins(map[string]map[string]any{"of-gateway": {"repository": "acme/gateway"}, "of-shop": {"repository": "acme/shop"}})
	s := testworld.Ready(t, w, keep, testworld.WithCluster(w))
	const ofShop, why = `{"applicationSetName":"of-shop","input":{"parameters":{"repository":"acme/shop"}}}`, "/api/v1/decisions?repository=acme/shop&number=7"
	known := func(when string, s *testworld.Service) {
		t.Helper()
		if diff := cmp.Diff([]string{"shop-pr-7"}, s.GetParams(t, ofShop).Names(t)); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		if got := s.Get(t, why).Body; !strings.Contains(got, `"environment":"shop-pr-7"`) {
			t.Errorf("%s, why: %s", when, got)
		}
	}
	known("before", s)
	w.Change(func() {
		shop := w.Repositories["acme/shop"]
		shop.FullName = "acme/store"
		w.Repositories["acme/shop"] = shop
	})
	s.Refresh(t.Context())
	known("renamed", s)
	w.Change(func() { w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway") })
	s.Refresh(t.Context())
	known("another snapshot", s)
	w.Change(func() { w.RepositoryErrs["acme/shop"] = errors.New("down") })
	known("after a restart, unread", testworld.Ready(t, w, keep, testworld.WithCluster(w)))
	w.Change(func() { w.ConfigErr = errors.New("down") })
	known("after a restart, with nothing read", testworld.Ready(t, w, keep, testworld.WithCluster(w)))
}

// A pull request that joins another one's environment takes it from nobody who asks for the first one's repository.
func TestAJoinIsOfAllItsRepositories(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice", "preview-with:checkout"), "orders/main.go"))
	w.Plugins = testworld.Plugins(map[string]map[string]any{"of-gateway": {"repository": "acme/gateway"}, "of-shop": {"repository": "acme/shop"}})
	s := testworld.Ready(t, w, testworld.WithCluster(w))
	const ofShop = `{"applicationSetName":"of-shop","input":{"parameters":{"repository":"acme/shop"}}}`
	expect(t, "alone", []string{"checkout"}, s.GetParams(t, ofShop).Names(t))
	w.Change(func() {
		w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "bob", "preview-with:checkout"))
	})
	s.Refresh(t.Context())
	expect(t, "joined", []string{"checkout"}, s.GetParams(t, ofShop).Names(t))
	if got := s.Get(t, "/api/v1/decisions").Body; !strings.Contains(got, "ApplicationSets of-gateway and of-shop both get environment checkout") {
		t.Errorf("that they overlap isn't reported: %s", got)
	}
}

// Who asks about a pull request that nobody knows is told what is the matter with its repository.
func TestWhyNothingIsKnownOfARepository(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.RepositoryErrs["acme/gateway"] = errors.New("GitHub answers 500")
	s := testworld.Ready(t, w)
	w.Change(func() { w.RepositoryErrs["acme/gateway"] = nil })
	s.Refresh(t.Context())
	w.Change(func() { w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500") })
	s.Refresh(t.Context())
	for repository, want := range map[string]string{
		"Acme/Shop":    `"problems":["acme/shop can't be read: GitHub answers 500; `,
		"acme/other":   `"problems":["acme/other isn't in previewset.yaml`,
		"acme/gateway": `"problems":[]`,
		"":             `"problems":[]`,
	} {
		if got := s.Get(t, "/api/v1/decisions?number=99&repository="+repository).Body; !strings.Contains(got, want) {
			t.Errorf("%q: %s", repository, got)
		}
	}
}

// A repository that was renamed goes on under its new name, once configuration has it: same environment, same namespace.
func TestARenamedRepositoryGoesOnUnderItsNewName(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	s := h.start()
	before := rowOfShop(t, s.GetParams(t, testworld.ParamsBody))
	h.shop.Rename("acme/store")
	h.Tree = testworld.Tree(2, strings.ReplaceAll(testworld.Policy, "acme/shop", "acme/store"))
	for as, again := range map[string]func(){"while it runs": func() { s.Refresh(t.Context()) }, "after a restart": func() { s = h.start() }} {
		again()
		if diff := cmp.Diff([]string{"gateway-pr-1: live labelled", "shop-pr-1: live labelled"}, s.Decisions(t)); diff != "" {
			t.Fatalf("%s: %s", as, diff)
		}
		row := rowOfShop(t, s.GetParams(t, testworld.ParamsBody))
		if row["repository"] != "acme/store" || row["namespace"] != before["namespace"] {
			t.Errorf("%s: %v", as, row)
		}
	}
	h.shop.Close(1)
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{gatewayRow}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Errorf("closed: %s", diff)
	}
}

// Who has taken a repository's name gets nothing, and takes nothing away, until somebody confirms each.
func TestANameThatIsAnothersIsTakenWhenItIsConfirmed(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		shop := w.Repositories["acme/shop"]
		shop.ID = 11
		w.Repositories["acme/shop"] = shop
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		next := func() { time.Sleep(time.Minute); synctest.Wait() }
		decisions := func(when string, want ...string) {
			t.Helper()
			want = append([]string{"gateway-pr-1: live labelled", "gateway-pr-2: live labelled"}, want...)
			if diff := cmp.Diff(want, s.Decisions(t)); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
		}
		synctest.Wait()
		before := s.GetParams(t, testworld.ParamsBody).Body
		w.Change(func() { w.RepositoryErrs["acme/shop"] = &preview.IdentityError{Was: 11, Is: 99} })
		next()
		decisions("taken", "shop-pr-7: live withheld*")
		if got := s.GetParams(t, testworld.ParamsBody).Body; got != before {
			t.Errorf("the rows changed:\n%s", cmp.Diff(before, got))
		}
		if got := s.Confirm(t, `{"repositories": ["acme/shop"]}`); got.Code != http.StatusAccepted {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		w.Change(func() {
			clear(w.RepositoryErrs)
			theirs := testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(9, "mallory"), "orders/main.go"))
			theirs.ID = 99
			w.Repositories["acme/shop"] = theirs
		})
		next()
		decisions("confirmed as it is", "shop-pr-7: live withheld*", "shop-pr-9: live labelled")
		if got := s.Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusAccepted {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		next()
		decisions("let go", "shop-pr-7: gone confirmed", "shop-pr-9: live labelled")
		cancel()
		<-done
	})
}

// What happens to the config branch is no evidence either.
func TestWhatHappensToTheConfigBranchIsNoEvidence(t *testing.T) {
	t.Parallel()
	unrelated := testworld.Tree(9, strings.NewReplacer("acme/shop", "acme/store", "acme/gateway", "acme/store").Replace(testworld.Policy))
	unrelated.Hashes = map[string]string{"kustomize-base": "x", "overlays/preview": "y"}
	for name, tt := range map[string]struct {
		happen func(*testworld.World)
		rule   string
		said   string // by /readyz?verbose
	}{
		"emptied":                        {func(w *testworld.World) { w.Tree = preview.Tree{Commit: strings.Repeat("e", 40)} }, "labelled", "previewset.yaml: is missing"},
		"deleted":                        {func(w *testworld.World) { w.ConfigErr = errors.New("branch main doesn't exist") }, "labelled", "branch main doesn't exist"},
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
				if status := s.Get(t, "/readyz?verbose").Body; !strings.Contains(status, tt.said) {
					t.Errorf("%s: it says\n%s", as, status)
				}
				rule := tt.rule
				if as == "after a restart" && tt.said != "ok" {
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

// While the config branch can't be read, or isn't valid, somebody may have written a later end there.
func TestNoEndComesWhileTheConfigBranchCannotBeRead(t *testing.T) {
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
			w.Tree.Files["overlays/alice/environment.yaml"] = preview.File{Content: []byte(
				"apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\nlifetime: {expires: " + end + "}\n",
			)}
			good, s := w.Tree, testworld.Ready(t, w, testworld.WithClock)
			live := func(want bool) {
				t.Helper()
				if got := slices.Contains(s.GetParams(t, testworld.ParamsBody).Names(t), "alice"); got != want {
					t.Errorf("at %s it is live: %t", w.Clock(), got)
				}
			}
			pass := func() { w.Change(func() { w.Now = w.Now.Add(4 * time.Minute) }); s.Refresh(t.Context()) }
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
