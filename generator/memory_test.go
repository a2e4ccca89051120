package generator_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
)

// remembering keeps memory in a file, which it returns too.
func remembering(tb testing.TB) (store.File, func(*generator.Options)) {
	tb.Helper()
	file := store.File(filepath.Join(tb.TempDir(), "state"))
	return file, func(o *generator.Options) { o.Store = file }
}

var errOutage = errors.New("GitHub answers 500")

func TestARestartDuringAnOutageServesWhatIsRemembered(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*world){
		"of GitHub":            func(w *world) { w.errs["acme/shop"], w.errs["acme/gateway"] = errOutage, errOutage },
		"of one repository":    func(w *world) { w.errs["acme/shop"] = errOutage },
		"of the config branch": func(w *world) { w.treeErr = errOutage },
		"of everything": func(w *world) {
			w.treeErr, w.errs["acme/shop"], w.errs["acme/gateway"] = errOutage, errOutage, errOutage
		},
		"where the config branch is invalid": func(w *world) { w.tree = treeOf(2, "kind: Nonsense") },
		"that is none":                       func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, keep := remembering(t)
			want := ready(t, w, keep).ask(t, ordinary)
			outage(w)
			again := ready(t, w, keep).ask(t, ordinary)
			if want.code != http.StatusOK || again.code != http.StatusOK {
				t.Fatalf("answered %d, after the restart %d %s", want.code, again.code, again.body)
			}
			if diff := cmp.Diff(want.names(t), again.names(t)); diff != "" || len(want.names(t)) != 3 {
				t.Errorf("before and after the restart: %s", diff)
			}
			if name != "that is none" && want.body != again.body {
				t.Error("the rows differ")
			}
		})
	}
}

func TestARestartKeepsRevisionsAndDates(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, keep := remembering(t)
	first := ready(t, w, keep)
	w.set(func() {
		w.tree = treeOf(2, policy+"# an unrelated commit\n")
		w.now = w.now.Add(time.Hour)
	})
	again := ready(t, w, keep)
	for _, path := range []string{"/api/v1/environments", "/api/v1/decisions?repository=acme/gateway", "/api/v1/decisions?repository=acme/shop&number=7"} {
		header := map[string]string{"Authorization": "Bearer " + apiToken}
		before, after := do(t, first.Handler(), http.MethodGet, path, "", header), do(t, again.Handler(), http.MethodGet, path, "", header)
		if diff := cmp.Diff(before.body, after.body); diff != "" || before.code != http.StatusOK {
			t.Errorf("%s: %d %s", path, before.code, diff)
		}
	}
}

func TestLostMemoryIsABeginning(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "no gzip": "garbage", "cut off": "\x1f\x8b\x08\x00", "not JSON": packed(t, "{"), "of another version": packed(t, `{"version":99}`),
		"null": packed(t, "null"), "of nothing": packed(t, `{"version":4,"memory":{}}`),
		"with an environment of no shape":  packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"packed":[{"s":0,"v":[]}]}`),
		"with an environment without name": packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["{}"],"shapes":[[[0,1]]],"packed":[{"s":0,"v":[]}]}`),
		"with a value too few":             packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["{\"Row\":{\"name\":\"\u0000a\"}}"],"shapes":[[[0,1]]],"packed":[{"s":0,"v":[]}]}`),
		"with a part too few":              packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["{}"],"shapes":[[[1,1]]],"packed":[{"s":0,"v":[]}]}`),
		"with parts before the first one":  packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["{}"],"shapes":[[[-1,2]]],"packed":[{"s":0,"v":[]}]}`),
		"with fewer parts than none":       packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["{}"],"shapes":[[[1,-1]]],"packed":[{"s":0,"v":[]}]}`),
		"with more parts than numbers":     packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["{}"],"shapes":[[[1,9223372036854775807]]],"packed":[{"s":0,"v":[]}]}`),
		"with a part of no text":           packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["","{}"],"shapes":[[[0,2]]],"packed":[{"s":0,"v":[]}]}`),
		"with its checksum wrong":          strings.TrimSuffix(packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1,"acme/gateway":2}}}`), "\x00\x00\x00") + "\x01\x00\x00",
		"a bomb":                           strings.Repeat(packed(t, strings.Repeat(" ", 1<<20)), 100),
		"a bomb of values":                 packed(t, `{"version":4,"memory":{"Repositories":{"acme/shop":1}},"parts":["`+strings.Repeat(`\u0000a`, 1<<20)+`"],"shapes":[[[0,1]]],"packed":[{"s":0,"v":["`+strings.Repeat("x", 1<<20)+`"]}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, keep := remembering(t)
			if err := os.WriteFile(string(file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			w := newWorld()
			w.errs["acme/shop"] = errOutage
			s := ready(t, w, keep)
			if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "acme/shop") {
				t.Errorf("answered %d %s", got.code, got.body)
			}
			if !strings.Contains(s.log.String(), "load saved state failed") {
				t.Error("nothing was logged")
			}
			w.set(func() { clear(w.errs) })
			s.Refresh(t.Context())
			if got := s.ask(t, ordinary); got.code != http.StatusOK {
				t.Errorf("answered %d %s", got.code, got.body)
			}
		})
	}
}

func packed(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if _, err := io.WriteString(zip, text); err != nil {
		tb.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// brokenStore can't be written.
type brokenStore struct{ store.File }

func (brokenStore) Save(context.Context, []byte) error { return errors.New("the disk is full") }

// unreadableStore can't be read for a while, which says nothing of what is in it.
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

func TestMemoryThatCantBeReachedIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld()
	file, keep := remembering(t)
	want := ready(t, w, keep).ask(t, ordinary)
	w.tree = treeOf(2, otherRepositories(t)) // nothing but memory knows the environments of acme/shop
	backend := &unreadableStore{File: file, err: errors.New("the API server is away")}
	s := ready(t, w, func(o *generator.Options) { o.Store = backend })
	if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "load saved state: the API server is away") {
		t.Errorf("answered %d %s", got.code, got.body)
	}
	if branches, shop := s.reads(); branches != 1 || shop != 1 {
		t.Errorf("the branch was read %d times, acme/shop %d times, before anybody knew what to keep", branches, shop)
	}
	backend.err = nil
	s.Refresh(t.Context())
	if diff := cmp.Diff(want.body, s.ask(t, ordinary).body); diff != "" {
		t.Errorf("afterwards: %s", diff)
	}
}

// otherRepositories is the policy with acme/shop and acme/gateway taken out.
func otherRepositories(t *testing.T) string {
	t.Helper()
	return strings.NewReplacer("acme/shop", "acme/store", "acme/gateway", "acme/store").Replace(policy)
}

func TestWhatCantBeRememberedIsNotServed(t *testing.T) {
	t.Parallel()
	file, _ := remembering(t)
	s := ready(t, newWorld(), func(o *generator.Options) { o.Store = brokenStore{file} })
	if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "the disk is full") {
		t.Errorf("answered %d %s", got.code, got.body)
	}
}

func TestMemoryIsWrittenOnlyWhenItChanges(t *testing.T) {
	t.Parallel()
	w := newWorld()
	file, keep := remembering(t)
	s := ready(t, w, keep)
	written := inode(t, file)
	w.set(func() { w.now = w.now.Add(time.Minute) })
	s.Refresh(t.Context())
	if !os.SameFile(written, inode(t, file)) {
		t.Error("written again though nothing changed")
	}
	w.set(func() { w.repos["acme/shop"] = repository("acme/shop") })
	s.Refresh(t.Context())
	if os.SameFile(written, inode(t, file)) {
		t.Error("not written though a pull request was closed")
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

// Of a thousand environments of which one changes only that one is packed again: all of them would take longer than all else.
func TestOnlyWhatChangesIsPackedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, keep := remembering(t)
	s := ready(t, w, keep)
	for i := range 3 {
		before := s.Encoded()
		w.push("acme/gateway", i%2, sha(i))
		s.Refresh(t.Context())
		if packed := s.Encoded() - before; packed != 1 { // an entry, of the same shape
			t.Errorf("push %d: %d were packed, of 3", i, packed)
		}
	}
}
