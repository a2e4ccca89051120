package generator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// brokenStore can't be written.
type brokenStore struct{ store.File }

func (brokenStore) Save(context.Context, []byte) error { return errors.New("the disk is full") }

func TestSnapshotIsNotServedUnsaved(t *testing.T) {
	t.Parallel()
	file, _ := testworld.NewStore(t)
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Store = brokenStore{file} })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
		!strings.Contains(got.Message(t), "the disk is full") {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
}

func TestStateIsSavedOnlyAfterChanges(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	file, keep := testworld.NewStore(t)
	s := testworld.Ready(t, w, keep)
	written := inode(t, file)
	w.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	if !os.SameFile(written, inode(t, file)) {
		t.Error("the state was saved without a change")
	}
	w.Change(func() { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") })
	s.Refresh(t.Context())
	if os.SameFile(written, inode(t, file)) {
		t.Error("the state wasn't saved after a pull request was closed")
	}
}

func inode(tb testing.TB, file store.File) os.FileInfo {
	tb.Helper()
	info, err := os.Stat(string(file))
	if err != nil {
		tb.Fatal(err)
	}
	return info
}

// Encoding all environments again would take longer than the rest of a refresh.
func TestOnlyChangedEnvironmentsAreEncoded(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	_, keep := testworld.NewStore(t)
	s := testworld.Ready(t, w, keep)
	for i := range 3 {
		before := s.Encoded()
		push(w, "acme/gateway", i%2, testworld.SHA(i))
		s.Refresh(t.Context())
		if encoded := s.Encoded() - before; encoded != 1 { // one environment with the same template
			t.Errorf("push %d: %d of 3 environments were encoded", i, encoded)
		}
	}
}

// stateWithRequests returns a saved state with lifecycles and requests, and its memory.
func stateWithRequests(t *testing.T) (content []byte, memory preview.Memory) {
	t.Helper()
	file, keep := testworld.NewStore(t)
	w := testworld.New()
	s := testworld.Ready(t, w, keep, testworld.WithClock)
	for name, action := range map[string]string{"shop-pr-7": "sleep", "gateway-pr-1": "wake"} {
		s.Request(t, name, action, `{"caller":"alice"}`)
	}
	s.Refresh(t.Context())
	content, err := os.ReadFile(string(file))
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Memory(); len(m.Lives) != 3 || len(m.Requests) != 2 {
		t.Fatalf("%d lifecycles and %d requests", len(m.Lives), len(m.Requests))
	}
	return content, s.Memory().Kept()
}

// A damaged state is decoded completely or refused.
func TestDamagedStateIsRefused(t *testing.T) {
	t.Parallel()
	content, want := stateWithRequests(t)
	got, err := store.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Memory, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(preview.Memory{})); diff != "" {
		t.Errorf("memory (-saved +decoded):\n%s", diff)
	}
	for n := range content {
		if m, err := store.Decode(content[:n]); err == nil {
			t.Errorf("cut at byte %d of %d, it decodes to %d lifecycles", n, len(content), len(m.Memory.Lives))
		}
		damaged := bytes.Clone(content)
		damaged[n] ^= 0x40
		if m, err := store.Decode(damaged); err == nil &&
			// Some bits have no effect.
			!cmp.Equal(want, m.Memory, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(preview.Memory{})) {
			t.Errorf("with byte %d of %d changed, it decodes to %d lifecycles", n, len(content), len(m.Memory.Lives))
		}
	}
}

// New times of use alone are saved once a minute. A request is saved at once.
func TestTimesOfUseAreSavedOncePerMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": true, "preview-gateway-pr-1": true, "preview-gateway-pr-2": true}}
		w, with := testworld.NewMeasured(m)
		_, keep := testworld.NewStore(t)
		s := testworld.NewService(
			t, w, with, keep, testworld.WithRealTime, testworld.WithClock,
			func(o *generator.Options) { o.Interval = 10 * time.Second },
		)
		s.Start(t)
		saves := func() float64 { return s.Metrics(t)["previewset_memory_saves_total{outcome=success}"] }
		before := saves()
		testworld.Advance(10 * time.Minute)
		if n := saves() - before; n < 8 || n > 10 {
			t.Errorf("%v saves in 10 minutes while all environments are used", n)
		}
		m.Change(func() {
			m.Used = map[string]bool{"preview-shop-pr-7": false, "preview-gateway-pr-1": false, "preview-gateway-pr-2": false}
		})
		testworld.Advance(2 * time.Minute)
		before = saves()
		testworld.Advance(20 * time.Minute)
		if n := saves() - before; n < 5 || n > 8 { // often enough that a restart leaves no gap in the measurements
			t.Errorf("%v saves in 20 minutes while no environment is used", n)
		}
		before = saves()
		s.Request(t, "shop-pr-7", "extend", "")
		testworld.Advance(time.Millisecond)
		if n := saves() - before; n != 1 {
			t.Errorf("%v saves for one request", n)
		}
	})
}

// The idle time continues after a restart.
func TestRestartKeepsIdleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": false}}
		w, with := testworld.NewMeasured(m)
		w.Tree = testworld.Tree(1, testworld.PolicyWithActivity+"lifetime: {sleep: {idleAfter: 30m}}\n")
		_, keep := testworld.NewStore(t)
		for _, want := range []preview.State{preview.Awake, preview.Asleep} {
			s := testworld.NewService(t, w, with, keep, testworld.WithRealTime, testworld.WithClock)
			stop := s.Start(t)
			testworld.Advance(20 * time.Minute)
			got := s.States(t)
			if got["shop-pr-7"] != want || got["gateway-pr-1"] != preview.Awake {
				t.Errorf("after 20 more minutes: %v, want %s", got, want)
			}
			stop()
		}
	})
}

// configMapState is the largest state that package cluster keeps in a ConfigMap, in bytes.
const configMapState = 700 << 10

// The largest number of environments fits into a ConfigMap.
func TestStateFitsIntoConfigMap(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1000, 5000} {
		w := testworld.New()
		w.Repositories = map[string]preview.Repository{
			"acme/gateway": manyPullRequests("acme/Gateway", 12, n/2),
			"acme/shop":    manyPullRequests("acme/shop", 11, n/2),
		}
		file, keep := testworld.NewStore(t)
		s := testworld.Ready(t, w, keep, testworld.WithClock)
		for i, name := range s.GetParams(t, testworld.ParamsBody).Names(t) { // each one has a request
			w.AdvanceClock(time.Duration(i*7919%1009) * time.Millisecond)
			s.Request(t, name, []string{"sleep", "wake", "extend"}[i%3], fmt.Sprintf(`{"caller":"developer-%d"}`, i*7919%251))
		}
		s.Refresh(t.Context())
		want := s.GetParams(t, testworld.ParamsBody)
		info, err := os.Stat(string(file))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d environments: %d KiB, %d bytes each", n, info.Size()>>10, info.Size()/int64(n))
		if rows := len(want.Rows(t)); rows != n || info.Size() > configMapState || info.Size()/int64(n) > 1<<10 {
			t.Errorf("%d environments have %d bytes", rows, info.Size())
		}
		w.RepositoryErrs["acme/gateway"], w.RepositoryErrs["acme/shop"] = testworld.ErrOutage, testworld.ErrOutage
		if diff := cmp.Diff(want.Body, testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody).Body); diff != "" {
			t.Error("the rows differ after a restart")
		}
	}
}

// manyPullRequests differ like real ones: by author, title, branch and commit.
func manyPullRequests(name string, id int64, n int) preview.Repository {
	r := testworld.Repository(name)
	r.ID = id
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, name, i))
		random := hex.EncodeToString(sum[:])
		words := strings.Fields(
			"checkout payment login cart search invoice order stock price delivery refund voucher address session report export",
		)
		pr := testworld.WithPaths(
			testworld.PullRequest(1000+3*i, fmt.Sprintf("developer-%d", sum[0]), "preview", "size/M"), "orders/main.go",
			"web/index.html",
		)
		pr.HeadSHA = random[:40]
		pr.Title = fmt.Sprintf("SHOP-%d Let the %s know of every %s in %s", 5*i, words[sum[1]%16], words[sum[2]%16], random[40:46])
		pr.Branch = fmt.Sprintf("feature/SHOP-%d-%s-%s", 5*i, words[sum[1]%16], random[40:46])
		r.PullRequests = append(r.PullRequests, pr)
	}
	return r
}

// Values that look like other parts of the state, or like its marks, are kept unchanged.
func TestStateKeepsUnusualValues(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{
		"", "a", "0", "1", "s", "name", "\u0000a", "\\u0000a", `"`, `\`, "{}", "null", "Row", "preview", "ü€", "a b", "-", "acme",
		"7",
	} {
		t.Run(fmt.Sprintf("%q", odd), func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			pr := testworld.PullRequest(1, odd)
			pr.Title, pr.Branch, pr.Labels = odd, odd, []string{"preview", odd}
			one := testworld.PullRequest(7, "name")
			one.Title, one.HeadSHA = "gateway-pr-1", strings.Repeat("7", 40)
			w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", pr, one)
			_, keep := testworld.NewStore(t)
			want := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
			w.RepositoryErrs["acme/gateway"] = testworld.ErrOutage
			got := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
			if diff := cmp.Diff(want.Body, got.Body); diff != "" || len(got.Names(t)) != 3 {
				t.Errorf("%v (-before +after restart):\n%s", got.Names(t), diff)
			}
		})
	}
}
