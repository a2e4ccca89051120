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
)

// remembering keeps memory in a file, which it returns too.
func remembering(tb testing.TB) (generator.StateFile, func(*generator.Options)) {
	tb.Helper()
	file := generator.StateFile(filepath.Join(tb.TempDir(), "state"))
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
	for _, path := range []string{"/api/v1/environments", "/api/v1/decisions"} {
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
			if !strings.Contains(s.log.String(), "memory can't be read") {
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
type brokenStore struct{ generator.StateFile }

func (brokenStore) Save(context.Context, []byte) error { return errors.New("the disk is full") }

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

func inode(tb testing.TB, file generator.StateFile) os.FileInfo {
	tb.Helper()
	info, err := os.Stat(string(file))
	if err != nil {
		tb.Fatal(err)
	}
	return info
}
