package generator_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

var nothingIsAnsweredBeforeFirstSnapshotCases = []struct {
	name    string
	change  func(w *testworld.World)
	refresh bool
	want    []string // in the message
}{
	{"nothing was read", func(*testworld.World) {}, false, []string{"no whole snapshot has been computed yet", "nothing has been read yet"}},
	{
		"the config branch is unreachable",
		func(w *testworld.World) { w.ConfigErr = errors.New("read config branch main: no route") }, true,
		[]string{"read config branch main: no route"},
	},
	{
		"the configuration is missing", func(w *testworld.World) { delete(w.Tree.Files, "previewset.yaml") }, true,
		[]string{"previewset.yaml: is missing", "run previewctl init"},
	},
	{"the configuration is invalid", func(w *testworld.World) {
		w.Tree = testworld.Tree(1, testworld.Policy+"colour: red\nlimits: {awake: many}\n")
	}, true, []string{"config branch at 000000000000 is invalid", "previewset.yaml:12: colour", "previewset.yaml:13: limits.awake"}},
	{
		"a repository was never read",
		func(w *testworld.World) { w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500") }, true,
		[]string{"acme/shop was never read: GitHub answers 500"},
	},
	{"no repository was ever read", func(w *testworld.World) {
		w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = errors.New("one"), errors.New("two")
	}, true, []string{"acme/gateway was never read: two", "acme/shop was never read: one"}},
}

func TestNothingIsAnsweredBeforeFirstSnapshot(t *testing.T) {
	t.Parallel()
	for _, tt := range nothingIsAnsweredBeforeFirstSnapshotCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			whole, repos := w.Tree, w.RepositoryErrs
			tt.change(w)
			s := testworld.NewService(t, w)
			if tt.refresh {
				s.Refresh(t.Context())
			}
			got := s.GetParams(t, testworld.ParamsBody)
			message := got.Message(t)
			for _, want := range tt.want {
				if !strings.Contains(message, want) {
					t.Errorf("message %q lacks %q", message, want)
				}
			}
			if got.Code != http.StatusServiceUnavailable {
				t.Errorf("code %d", got.Code)
			}
			for _, path := range []string{
				"/readyz", "/readyz?verbose", "/api/v1/environments", "/api/v1/environments/shop-pr-7", "/api/v1/decisions",
			} {
				if got := s.Get(t, path); got.Code != http.StatusServiceUnavailable ||
					!strings.Contains(got.Body, tt.want[0]) && strings.HasPrefix(path, "/api") {
					t.Errorf("%s: %d %s", path, got.Code, got.Body)
				}
			}
			clear(repos)
			w.Tree, w.ConfigErr = whole, nil
			w.Tree.Commit, w.Tree.Files = strings.Repeat("9", 40), testworld.Tree(9, testworld.Policy).Files
			s.Refresh(t.Context())
			if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
				t.Errorf("after the repair: %s", diff)
			}
			if got := s.Get(t, "/readyz"); got.Code != http.StatusOK || got.Body != "ok\n" {
				t.Errorf("/readyz after the repair: %d %s", got.Code, got.Body)
			}
		})
	}
}

var laterFailuresKeepTheLastFactsCases = []struct {
	name   string
	change func(w *testworld.World)
	fails  map[string]string // a word of the problem, by source
}{
	{
		"the config branch is unreachable", func(w *testworld.World) { w.ConfigErr = errors.New("no route") },
		map[string]string{"config branch at 0000000000000000000000000000000000000001": "no route"},
	},
	{
		"the head is invalid",
		func(w *testworld.World) { w.Tree = testworld.Tree(2, "kind: Nonsense\n") },
		map[string]string{"config branch at 0000000000000000000000000000000000000001": "previewset.yaml:1: kind"},
	},
	{
		"the head has no configuration",
		func(w *testworld.World) { w.Tree = testworld.Tree(2, testworld.Policy); clear(w.Tree.Files) },
		map[string]string{"config branch": "previewset.yaml"},
	},
	{"a repository can't be read", func(w *testworld.World) {
		w.RepositoryErrs["acme/shop"], w.Repositories["acme/shop"] = errors.New("GitHub answers 500"), preview.Repository{}
	}, map[string]string{"acme/shop: read 1m30s": "GitHub answers 500"}},
	{"nothing can be read", func(w *testworld.World) {
		w.ConfigErr, w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = errors.New(
			"no route",
		), errors.New(
			"one",
		), errors.New(
			"two",
		)
	}, map[string]string{"acme/shop: read 1m30s": "one", "acme/gateway: read 1m30s": "two", "config branch": "no route"}},
}

func TestLaterFailuresKeepTheLastFacts(t *testing.T) {
	t.Parallel()
	for _, tt := range laterFailuresKeepTheLastFactsCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			s := testworld.Ready(t, w)
			before := s.GetParams(t, testworld.ParamsBody)
			tt.change(w)
			w.AdvanceClock(90 * time.Second)
			s.Refresh(t.Context())
			after := s.GetParams(t, testworld.ParamsBody)
			if diff := cmp.Diff(before.Body, after.Body); diff != "" || len(before.Rows(t)) != 3 {
				t.Error(diff)
			}
			if got := s.Get(t, "/readyz"); got.Code != http.StatusOK || !s.Source(t, "snapshot").OK {
				t.Errorf("%d %s", got.Code, got.Body)
			}
			for _, source := range []string{"config branch", "acme/shop", "acme/gateway"} {
				got := s.Source(t, source)
				if word, isBroken := problemOf(tt.fails, got); got.OK == isBroken || isBroken && !got.Fails(word) {
					t.Errorf("/readyz: %+v, want a problem with %q: %v", got, word, isBroken)
				}
			}
		})
	}
}

// problemOf returns the expected word in a source's problem. The keys are the beginnings of lines.
func problemOf(fails map[string]string, source testworld.Source) (word string, isBroken bool) {
	for beginning, word := range fails {
		if strings.HasPrefix(source.Text, beginning) {
			return word, true
		}
	}
	return "", false
}

func TestValidHeadClearsConfigError(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	for i, head := range []string{"kind: Nonsense\n", testworld.Policy + "# mended\n"} {
		w.Tree = testworld.Tree(2+i, head)
		s.Refresh(t.Context())
	}
	if got := s.Source(t, "config branch at 0000000000000000000000000000000000000003"); !got.OK {
		t.Errorf("/readyz: %+v", got)
	}
}

func TestInvalidHeadStaysInvalid(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, "kind: Nonsense\n")
	s := testworld.Ready(t, w)
	s.Refresh(t.Context())
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
		!strings.Contains(got.Message(t), "is invalid") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestCancelledRefreshChangesNothing(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	want, verbose := s.GetParams(t, testworld.ParamsBody).Body, s.Get(t, "/readyz?verbose").Body
	ctx, cancel := cancelled(t)
	defer cancel()
	w.ConfigErr = ctx.Err()
	w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = ctx.Err(), ctx.Err()
	s.Refresh(ctx)
	if diff := cmp.Diff(want, s.GetParams(t, testworld.ParamsBody).Body); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(verbose, s.Get(t, "/readyz?verbose").Body); diff != "" {
		t.Error(diff)
	}
}
