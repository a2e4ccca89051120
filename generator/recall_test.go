package generator_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
)

var errAPI = errors.New("the API server is away")

// The saved state is lost and the configuration changes while the generator is down.
func TestLostStateIsRecoveredFromApplications(t *testing.T) {
	t.Parallel()
	for loss, content := range map[string]string{
		"emptied": "", "cut off": "\x1f\x8b\x08\x00", "of another version": testworld.Gzip(t, `{"version":99}`),
	} {
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
				[]string{"gateway-pr-1: live labelled", "shop-pr-1: live leaving"},
				true,
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

// Without saved state, nothing is read or answered until the cluster was read.
func TestWithoutStateTheClusterIsReadFirst(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.RecoverErr = errAPI
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{World: w} })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
		!strings.Contains(got.Message(t), errAPI.Error()) {
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

// An unclear Application blocks the first answer until the answer contains its environment.
func TestUnclearApplicationIsNotRemoved(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Recovered.Unclear = map[string]string{"preview-shop-pr-7": "no", "preview-gone-pr-1": `path "x" is none`}
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{World: w} })
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

func TestRestartDuringOutageServesSavedState(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*testworld.World){
		"GitHub fails":            func(w *testworld.World) { w.FailRepositories() },
		"one repository fails":    func(w *testworld.World) { w.RepositoryErrs["acme/shop"] = testworld.ErrOutage },
		"the config branch fails": func(w *testworld.World) { w.ConfigErr = testworld.ErrOutage },
		"everything fails": func(w *testworld.World) {
			w.ConfigErr = testworld.ErrOutage
			w.FailRepositories()
		},
		"the config branch is invalid": func(w *testworld.World) { w.Tree = testworld.Tree(2, "kind: Nonsense") },
		"no outage":                    func(*testworld.World) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			_, keep := testworld.NewStore(t)
			want := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
			outage(w)
			again := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
			if want.Code != http.StatusOK || again.Code != http.StatusOK {
				t.Fatalf("answered %d, after the restart %d %s", want.Code, again.Code, again.Body)
			}
			if diff := cmp.Diff(want.Names(t), again.Names(t)); diff != "" || len(want.Names(t)) != 3 {
				t.Errorf("before and after the restart: %s", diff)
			}
			if name != "no outage" && want.Body != again.Body {
				t.Error("the rows differ")
			}
		})
	}
}

func TestRestartKeepsRevisionsAndTimes(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	_, keep := testworld.NewStore(t)
	first := testworld.Ready(t, w, keep)
	w.Change(func() {
		w.Tree = testworld.Tree(2, testworld.Policy+"# an unrelated commit\n")
		w.Now = w.Now.Add(time.Hour)
	})
	again := testworld.Ready(t, w, keep)
	for _, path := range []string{
		"/api/v1/environments", "/api/v1/decisions?repository=acme/gateway", "/api/v1/decisions?repository=acme/shop&number=7",
	} {
		header := map[string]string{"Authorization": "Bearer " + testworld.APIToken}
		before, after := testworld.Do(t, first.Handler(), http.MethodGet, path, "", header), testworld.Do(
			t, again.Handler(), http.MethodGet, path, "", header,
		)
		if diff := cmp.Diff(before.Body, after.Body); diff != "" || before.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, before.Code, diff)
		}
	}
}

// oneRepository begins a saved state that is valid so far.
const oneRepository = `{"version":4,"memory":{"Repositories":{"acme/shop":1}},`

func TestCorruptStateIsIgnored(t *testing.T) {
	t.Parallel()
	damaged := func(rest string) string { return testworld.Gzip(t, oneRepository+rest) }
	for name, content := range map[string]string{
		"empty":                   "",
		"no gzip":                 "garbage",
		"cut off":                 "\x1f\x8b\x08\x00",
		"not JSON":                testworld.Gzip(t, "{"),
		"another version":         testworld.Gzip(t, `{"version":99}`),
		"null":                    testworld.Gzip(t, "null"),
		"no repositories":         testworld.Gzip(t, `{"version":4,"memory":{}}`),
		"no template":             damaged(`"packed":[{"s":0,"v":[]}]}`),
		"no name":                 damaged(`"parts":["{}"],"shapes":[[[0,1]]],"packed":[{"s":0,"v":[]}]}`),
		"a missing value":         damaged(`"parts":["{\"Row\":{\"name\":\"\u0000a\"}}"],"shapes":[[[0,1]]],"packed":[{"s":0,"v":[]}]}`),
		"a missing part":          damaged(`"parts":["{}"],"shapes":[[[1,1]]],"packed":[{"s":0,"v":[]}]}`),
		"a negative position":     damaged(`"parts":["{}"],"shapes":[[[-1,2]]],"packed":[{"s":0,"v":[]}]}`),
		"a negative number":       damaged(`"parts":["{}"],"shapes":[[[1,-1]]],"packed":[{"s":0,"v":[]}]}`),
		"a number that overflows": damaged(`"parts":["{}"],"shapes":[[[1,9223372036854775807]]],"packed":[{"s":0,"v":[]}]}`),
		"an empty part":           damaged(`"parts":["","{}"],"shapes":[[[0,2]]],"packed":[{"s":0,"v":[]}]}`),
		"a wrong checksum":        strings.TrimSuffix(damaged(`"a":0}`), "\x00\x00\x00") + "\x01\x00\x00",
		"a large text":            strings.Repeat(testworld.Gzip(t, strings.Repeat(" ", 1<<20)), 100),
		"a large expansion": damaged(`"parts":["` + strings.Repeat(`\u0000a`, 1<<20) + `"],"shapes":[[[0,1]]],` +
			`"packed":[{"s":0,"v":["` + strings.Repeat("x", 1<<20) + `"]}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, keep := testworld.NewStore(t)
			if err := os.WriteFile(string(file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			w := testworld.New()
			w.RepositoryErrs["acme/shop"] = testworld.ErrOutage
			s := testworld.Ready(t, w, keep)
			if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
				!strings.Contains(got.Message(t), "acme/shop") {
				t.Errorf("answered %d %s", got.Code, got.Body)
			}
			if !strings.Contains(s.Log.String(), "load saved state failed") {
				t.Error("nothing was logged")
			}
			w.Change(func() { clear(w.RepositoryErrs) })
			s.Refresh(t.Context())
			if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
				t.Errorf("answered %d %s", got.Code, got.Body)
			}
		})
	}
}

// unreadableStore can't be read while err is set.
type unreadableStore struct {
	store.File
	err error
}

func (s *unreadableStore) Load(ctx context.Context) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.File.Load(ctx)
}

func TestUnreadableStateIsNotLost(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	file, keep := testworld.NewStore(t)
	want := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
	w.Tree = testworld.Tree(2, otherRepositories(t)) // only the saved state knows the environments of acme/shop
	backend := &unreadableStore{File: file, err: errors.New("the API server is away")}
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Store = backend })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
		!strings.Contains(got.Message(t), "load saved state: the API server is away") {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
	if branches, shop := s.Reads(); branches != 1 || shop != 1 {
		t.Errorf("%d reads of the config branch and %d of acme/shop before the state was loaded", branches, shop)
	}
	backend.err = nil
	s.Refresh(t.Context())
	if diff := cmp.Diff(want.Body, s.GetParams(t, testworld.ParamsBody).Body); diff != "" {
		t.Errorf("afterwards: %s", diff)
	}
}

// otherRepositories is the policy without acme/shop and acme/gateway.
func otherRepositories(t *testing.T) string {
	t.Helper()
	return strings.NewReplacer("acme/shop", "acme/store", "acme/gateway", "acme/store").Replace(testworld.Policy)
}
