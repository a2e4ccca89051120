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
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// hosted is a world whose repositories are those of a simulated GitHub, read by the real client.
type hosted struct {
	*world
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
	h := &hosted{world: newWorld(), t: t, github: githubtest.New()}
	h.github.SetQuota(100_000)
	s := httptest.NewServer(h.github)
	t.Cleanup(s.Close)
	h.url = s.URL
	h.shop = h.github.AddRepository("acme/shop")
	h.shop.Open(labelledPull("orders/main.go"))
	h.github.AddRepository("acme/gateway").Open(labelledPull("main.go"))
	file, keep := remembering(t)
	h.file, h.options = file, options{keep}
	return h
}

func labelledPull(file string) githubtest.PullRequest {
	return githubtest.PullRequest{Title: "Faster", Labels: []string{"preview"}, Files: []githubtest.File{{Name: file}}}
}

// start starts the service anew on the memory that there is, with a client that knows nothing, and lets it read once.
func (h *hosted) start() *service {
	h.t.Helper()
	client, err := github.New(github.Options{BaseURL: h.url, Token: func() (string, error) { return "gh-t0ken", nil }})
	if err != nil {
		h.t.Fatal(err)
	}
	return ready(h.t, h.world, append(h.options, func(o *generator.Options) { o.GitHub = client })...)
}

// lose spoils memory; what is live stands in the cluster.
func (h *hosted) lose(s *service, content []byte) {
	h.t.Helper()
	h.live = applicationsOf(h.t, s)
	h.options = append(h.options, func(o *generator.Options) { o.Cluster = cluster{h.world} })
	if err := os.WriteFile(string(h.file), content, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// applicationsOf is what the Applications of a service's answer give back: all but by which label they were asked for.
func applicationsOf(t *testing.T, s *service) preview.Recovered {
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
			before := s.ask(t, ordinary)
			if diff := cmp.Diff([]string{gatewayRow, shopRow}, before.names(t)); diff != "" {
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
				got := s.ask(t, ordinary)
				if as == "with memory lost" && tt.lost && strings.Contains(tt.rule, "unread") {
					if got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "acme/shop was never read") {
						t.Errorf("%s: answered %d %s", as, got.code, got.body)
					}
					continue
				}
				if got.code != http.StatusOK {
					if as == "with memory lost" && tt.lost {
						continue
					}
					t.Fatalf("%s: answered %d %s", as, got.code, got.body)
				}
				if diff := cmp.Diff([]string{gatewayRow, shopRow}, got.names(t)); diff != "" {
					t.Errorf("%s: %s", as, diff)
				}
				if status := s.get(t, "/readyz?verbose").body; !strings.Contains(status, tt.said) {
					t.Errorf("%s: it says\n%s", as, status)
				}
				if as != "while it runs" && !strings.Contains(strings.Join(s.decisions(t), "\n"), shopRow+": "+tt.rule) {
					t.Errorf("%s: %v, want %s", as, s.decisions(t), tt.rule)
				}
			}
		})
	}
}

var errAPI = errors.New("the API server is away")

// Memory is lost while the service is down, and configuration changes: Applications tell what there was.
func TestLostMemoryIsRecoveredFromApplications(t *testing.T) {
	t.Parallel()
	for loss, content := range map[string]string{"emptied": "", "cut off": "\x1f\x8b\x08\x00", "of another version": packed(t, `{"version":99}`)} {
		for name, tt := range map[string]struct {
			happen func(*hosted)
			want   []string
			same   bool // byte for byte
		}{
			"and nothing else": {func(*hosted) {}, []string{"gateway-pr-1: live labelled", "shop-pr-1: live labelled"}, true},
			"and its repository taken out of configuration": {
				func(h *hosted) { h.tree = treeOf(2, strings.ReplaceAll(policy, "acme/shop", "acme/gateway")) },
				[]string{"gateway-pr-1: live labelled", "shop-pr-1: live withheld*"},
				false,
			},
			"and the label renamed in configuration": {
				func(h *hosted) { h.tree = treeOf(2, deployPolicy) },
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
				before := s.ask(t, ordinary)
				h.lose(s, []byte(content))
				tt.happen(h)
				s = h.start()
				got := s.ask(t, ordinary)
				if diff := cmp.Diff(tt.want, s.decisions(t)); diff != "" {
					t.Errorf("decisions: %s", diff)
				}
				if tt.same && before.body != got.body {
					t.Errorf("rows (-before +after):\n%s", cmp.Diff(before.rows(t), got.rows(t)))
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
func rowOfShop(t *testing.T, a answer) map[string]any {
	t.Helper()
	for _, r := range a.rows(t) {
		if r["name"] == shopRow {
			return r
		}
	}
	return nil
}

// Until the cluster tells what is live, nothing is read, and nothing answered.
func TestWithoutMemoryTheClusterIsAskedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.liveErr = errAPI
	s := ready(t, w, func(o *generator.Options) { o.Cluster = cluster{w} })
	if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), errAPI.Error()) {
		t.Errorf("answered %d %s", got.code, got.body)
	}
	if branches, shop := s.reads(); branches+shop != 0 {
		t.Errorf("%d reads", branches+shop)
	}
	w.set(func() { w.liveErr = nil })
	s.Refresh(t.Context())
	if diff := cmp.Diff(allNames, s.ask(t, ordinary).names(t)); diff != "" {
		t.Error(diff)
	}
}

// An Application that can't be understood isn't taken away for that, and stands in nobody's way once it is answered.
func TestAnUnclearApplicationIsNotTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.live.Unclear = map[string]string{"preview-shop-pr-7": "no", "preview-gone-pr-1": `path "x" is none`}
	s := ready(t, w, func(o *generator.Options) { o.Cluster = cluster{w} })
	got := s.ask(t, ordinary)
	const want = `Application preview-gone-pr-1 can't be understood: path "x" is none`
	if got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), want) {
		t.Errorf("answered %d %s", got.code, got.body)
	}
	w.set(func() { w.live.Unclear = nil })
	s.Refresh(t.Context())
	if diff := cmp.Diff(allNames, s.ask(t, ordinary).names(t)); diff != "" {
		t.Error(diff)
	}
}

// An ApplicationSet that asks for a repository as configuration names it is answered the same when GitHub names it otherwise,
// while it can't be read after a restart, too; and so is who asks why.
func TestARenamedRepositoryIsStillKnownByTheNameInConfiguration(t *testing.T) {
	t.Parallel()
	_, keep := remembering(t)
	w := newWorld()
	w.plugins = plugins(map[string]map[string]any{"of-gateway": {"repository": "acme/gateway"}, "of-shop": {"repository": "acme/shop"}})
	s := ready(t, w, keep, inCluster(w))
	const ofShop, why = `{"applicationSetName":"of-shop","input":{"parameters":{"repository":"acme/shop"}}}`, "/api/v1/decisions?repository=acme/shop&number=7"
	known := func(when string, s *service) {
		t.Helper()
		if diff := cmp.Diff([]string{"shop-pr-7"}, s.ask(t, ofShop).names(t)); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		if got := s.get(t, why).body; !strings.Contains(got, `"environment":"shop-pr-7"`) {
			t.Errorf("%s, why: %s", when, got)
		}
	}
	known("before", s)
	w.set(func() {
		shop := w.repos["acme/shop"]
		shop.FullName = "acme/store"
		w.repos["acme/shop"] = shop
	})
	s.Refresh(t.Context())
	known("renamed", s)
	w.set(func() { w.repos["acme/gateway"] = repository("acme/gateway") })
	s.Refresh(t.Context())
	known("another snapshot", s)
	w.set(func() { w.errs["acme/shop"] = errors.New("down") })
	known("after a restart, unread", ready(t, w, keep, inCluster(w)))
	w.set(func() { w.treeErr = errors.New("down") })
	known("after a restart, with nothing read", ready(t, w, keep, inCluster(w)))
}

// A pull request that joins another one's environment takes it from nobody who asks for the first one's repository.
func TestAJoinIsOfAllItsRepositories(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(7, "alice", "preview-with:checkout"), "orders/main.go"))
	w.plugins = plugins(map[string]map[string]any{"of-gateway": {"repository": "acme/gateway"}, "of-shop": {"repository": "acme/shop"}})
	s := ready(t, w, inCluster(w))
	const ofShop = `{"applicationSetName":"of-shop","input":{"parameters":{"repository":"acme/shop"}}}`
	expect(t, "alone", []string{"checkout"}, s.ask(t, ofShop).names(t))
	w.set(func() {
		w.repos["acme/gateway"] = repository("acme/Gateway", pullRequest(1, "bob", "preview-with:checkout"))
	})
	s.Refresh(t.Context())
	expect(t, "joined", []string{"checkout"}, s.ask(t, ofShop).names(t))
	if got := s.get(t, "/api/v1/decisions").body; !strings.Contains(got, "ApplicationSets of-gateway and of-shop both get environment checkout") {
		t.Errorf("that they overlap isn't reported: %s", got)
	}
}

// Who asks about a pull request that nobody knows is told what is the matter with its repository.
func TestWhyNothingIsKnownOfARepository(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.errs["acme/gateway"] = errors.New("GitHub answers 500")
	s := ready(t, w)
	w.set(func() { w.errs["acme/gateway"] = nil })
	s.Refresh(t.Context())
	w.set(func() { w.errs["acme/shop"] = errors.New("GitHub answers 500") })
	s.Refresh(t.Context())
	for repository, want := range map[string]string{
		"Acme/Shop":    `"problems":["acme/shop can't be read: GitHub answers 500; `,
		"acme/other":   `"problems":["acme/other isn't in previewset.yaml`,
		"acme/gateway": `"problems":[]`,
		"":             `"problems":[]`,
	} {
		if got := s.get(t, "/api/v1/decisions?number=99&repository="+repository).body; !strings.Contains(got, want) {
			t.Errorf("%q: %s", repository, got)
		}
	}
}

// A repository that was renamed goes on under its new name, once configuration has it: same environment, same namespace.
func TestARenamedRepositoryGoesOnUnderItsNewName(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	s := h.start()
	before := rowOfShop(t, s.ask(t, ordinary))
	h.shop.Rename("acme/store")
	h.tree = treeOf(2, strings.ReplaceAll(policy, "acme/shop", "acme/store"))
	for as, again := range map[string]func(){"while it runs": func() { s.Refresh(t.Context()) }, "after a restart": func() { s = h.start() }} {
		again()
		if diff := cmp.Diff([]string{"gateway-pr-1: live labelled", "shop-pr-1: live labelled"}, s.decisions(t)); diff != "" {
			t.Fatalf("%s: %s", as, diff)
		}
		row := rowOfShop(t, s.ask(t, ordinary))
		if row["repository"] != "acme/store" || row["namespace"] != before["namespace"] {
			t.Errorf("%s: %v", as, row)
		}
	}
	h.shop.Close(1)
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{gatewayRow}, s.ask(t, ordinary).names(t)); diff != "" {
		t.Errorf("closed: %s", diff)
	}
}

// Who has taken a repository's name gets nothing, and takes nothing away, until somebody confirms each.
func TestANameThatIsAnothersIsTakenWhenItIsConfirmed(t *testing.T) {
	t.Parallel()
	_, keep := remembering(t)
	argo, api := newSecret(t, argoToken), newSecret(t, apiToken)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		shop := w.repos["acme/shop"]
		shop.ID = 11
		w.repos["acme/shop"] = shop
		s := newService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		next := func() { time.Sleep(time.Minute); synctest.Wait() }
		decisions := func(when string, want ...string) {
			t.Helper()
			want = append([]string{"gateway-pr-1: live labelled", "gateway-pr-2: live labelled"}, want...)
			if diff := cmp.Diff(want, s.decisions(t)); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
		}
		synctest.Wait()
		before := s.ask(t, ordinary).body
		w.set(func() { w.errs["acme/shop"] = &preview.IdentityError{Was: 11, Is: 99} })
		next()
		decisions("taken", "shop-pr-7: live withheld*")
		if got := s.ask(t, ordinary).body; got != before {
			t.Errorf("the rows changed:\n%s", cmp.Diff(before, got))
		}
		if got := s.confirm(t, `{"repositories": ["acme/shop"]}`); got.code != http.StatusAccepted {
			t.Fatalf("%d %s", got.code, got.body)
		}
		w.set(func() {
			clear(w.errs)
			theirs := repository("acme/shop", changing(pullRequest(9, "mallory"), "orders/main.go"))
			theirs.ID = 99
			w.repos["acme/shop"] = theirs
		})
		next()
		decisions("confirmed as it is", "shop-pr-7: live withheld*", "shop-pr-9: live labelled")
		if got := s.confirm(t, `{"environments": ["shop-pr-7"]}`); got.code != http.StatusAccepted {
			t.Fatalf("%d %s", got.code, got.body)
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
	unrelated := treeOf(9, strings.NewReplacer("acme/shop", "acme/store", "acme/gateway", "acme/store").Replace(policy))
	unrelated.Hashes = map[string]string{"kustomize-base": "x", "overlays/preview": "y"}
	for name, tt := range map[string]struct {
		happen func(*world)
		rule   string
		said   string // by /readyz?verbose
	}{
		"emptied":                        {func(w *world) { w.tree = preview.Tree{Commit: strings.Repeat("e", 40)} }, "labelled", "previewset.yaml: is missing"},
		"deleted":                        {func(w *world) { w.treeErr = errors.New("branch main doesn't exist") }, "labelled", "branch main doesn't exist"},
		"forced to an unrelated history": {func(w *world) { w.tree = unrelated }, "withheld*", "ok"},
		"reverted to another label":      {func(w *world) { w.tree = treeOf(2, deployPolicy) }, "withheld*", "ok"},
		"forced to one without the label": {func(w *world) {
			w.tree = treeOf(3, strings.Replace(policy, "pullRequests: {", "pullRequests: {label: x, ", 1))
		}, "withheld*", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.repos["acme/store"] = repository("acme/store")
			_, keep := remembering(t)
			s := ready(t, w, keep)
			before := s.ask(t, ordinary).body
			tt.happen(w)
			for _, as := range []string{"while it runs", "after a restart"} {
				if s.Refresh(t.Context()); as == "after a restart" {
					s = ready(t, w, keep)
				}
				got := s.ask(t, ordinary)
				if diff := cmp.Diff(allNames, got.names(t)); diff != "" || got.body != before {
					t.Errorf("%s: the rows changed %s", as, diff)
				}
				if status := s.get(t, "/readyz?verbose").body; !strings.Contains(status, tt.said) {
					t.Errorf("%s: it says\n%s", as, status)
				}
				rule := tt.rule
				if as == "after a restart" && tt.said != "ok" {
					rule = "unread"
				}
				for _, d := range s.decisions(t) {
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
	for name, outage := range map[string]func(*world){
		"it can't be read":          func(w *world) { w.treeErr = errOutage },
		"previewset.yaml is broken": func(w *world) { w.tree = treeOf(2, "kind: Nonsense") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			end := start.Add(time.Hour).UTC().Format(time.RFC3339)
			w.tree.Hashes["overlays/alice"] = "a1"
			w.tree.Files["overlays/alice/environment.yaml"] = preview.File{Content: []byte(
				"apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\nlifetime: {expires: " + end + "}\n",
			)}
			good, s := w.tree, ready(t, w, inTime)
			live := func(want bool) {
				t.Helper()
				if got := slices.Contains(s.ask(t, ordinary).names(t), "alice"); got != want {
					t.Errorf("at %s it is live: %t", w.clock(), got)
				}
			}
			pass := func() { w.set(func() { w.now = w.now.Add(4 * time.Minute) }); s.Refresh(t.Context()) }
			live(true)
			w.set(func() { outage(w) })
			for range 30 {
				pass()
			}
			live(true)
			w.set(func() { w.tree, w.treeErr = good, nil })
			pass()
			live(false)
		})
	}
}
