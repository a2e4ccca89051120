package stores

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// bucket is an HTTPS server with files, and the variables with which the client trusts it.
type bucket struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	isCut atomic.Bool // the server closes the connection half way
	reads atomic.Int32
	token string // the credentials that the server asks for, or ""
	trust string
}

func startBucket(t *testing.T, files map[string][]byte) *bucket {
	t.Helper()
	b := &bucket{files: files}
	b.Server = httptest.NewTLSServer(b)
	t.Cleanup(b.Close)
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Certificate().Raw})
	if err := os.WriteFile(certificate, text, 0o600); err != nil {
		t.Fatal(err)
	}
	b.trust = "CURL_CA_BUNDLE=" + certificate
	return b
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.reads.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.files[strings.TrimPrefix(r.URL.Path, "/")]
	switch {
	case b.token != "" && r.Header.Get("Authorization") != "Bearer "+b.token:
		http.Error(w, "no", http.StatusUnauthorized)
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		b.files[strings.TrimPrefix(r.URL.Path, "/")] = body
	case r.URL.Path == "/elsewhere.sql":
		http.Redirect(w, r, "http://127.0.0.1:1/shop.sql", http.StatusFound)
	case !ok:
		http.NotFound(w, r)
	case b.isCut.Load():
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		panic(http.ErrAbortHandler)
	default:
		_, _ = w.Write(content)
	}
}

// buildFromBucket builds the store with a dataset of a file.
func (b *bucket) build(t *testing.T, name, file, sum string, args ...string) *environment {
	t.Helper()
	change(t, append([]string{"dataset", "add", "postgres", name, "--url=" + b.URL + "/" + file, "--sha256=" + sum}, args...)...)
	return build(t, "data/postgres", "data/postgres/datasets/"+name)
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func archived(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDatasetOfAFile(t *testing.T) {
	t.Parallel()
	source := startPostgres(t, build(t, "data/postgres", "data/postgres/datasets/truncated"))
	dump := filepath.Join(t.TempDir(), "shop.dump")
	output(t, source.as(t, "pg_dump", "--format=custom", "--file="+dump,
		fmt.Sprintf("postgres://app@127.0.0.1:%d/app?sslmode=disable", source.port)))
	archive, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		"shop.sql": shopSQL(t), "shop.sql.gz": zipped(t, shopSQL(t)), "shop.dump": archive,
		"shop.tar.gz": zipped(t, archived(t, "10-shop.sql", shopSQL(t))),
	}
	for file, content := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			b := startBucket(t, files)
			e := b.build(t, strings.ReplaceAll(file, ".", "-"), file, sumOf(content))
			mustFetch(t, e, b.trust)
			p := startPostgres(t, e)
			if got := p.query(t, countOrders); got != "3" || !isStarted(t, e) {
				t.Errorf("%s orders, want those of the file", got)
			}
			p.stop(t)
			mustFetch(t, e, b.trust)
			if got := startPostgres(t, e).query(t, countOrders); got != "3" || b.reads.Load() != 1 {
				t.Errorf("%s orders after the second start, and %d downloads", got, b.reads.Load())
			}
		})
	}
}

// A store never starts with a file that isn't the right one.
func TestDatasetOfAWrongFile(t *testing.T) {
	t.Parallel()
	content := shopSQL(t)
	b := startBucket(t, map[string][]byte{"shop.sql": content})
	wrong := b.build(t, "wrong", "shop.sql", sumOf([]byte("another file")))
	if _, err := fetch(t, wrong, b.trust); err == nil || !strings.Contains(err.Error(), sumOf(content)) {
		t.Errorf("another checksum: %v", err)
	}
	wantNothing(t, wrong)

	cut := b.build(t, "cut", "shop.sql", sumOf(content))
	b.isCut.Store(true)
	if _, err := fetch(t, cut, b.trust); err == nil {
		t.Error("half of the file was accepted")
	}
	wantNothing(t, cut)
	b.isCut.Store(false)
	mustFetch(t, cut, b.trust)
	if got := startPostgres(t, cut).query(t, countOrders); got != "3" {
		t.Errorf("%s orders after the second attempt", got)
	}
	elsewhere := b.build(t, "elsewhere", "elsewhere.sql", sumOf(content))
	if _, err := fetch(t, elsewhere, b.trust); err == nil || !strings.Contains(err.Error(), "Protocol") {
		t.Errorf("a redirect without TLS: %v", err)
	}
	if _, err := fetch(t, cut); err != nil {
		t.Errorf("a filled volume needs no download: %v", err)
	}
}

func wantNothing(t *testing.T, e *environment) {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(e.volume(t, "postgres", "dataset"), "*"))
	if err != nil || len(entries) > 0 {
		t.Errorf("the store would load %v, %v", entries, err)
	}
}

func TestDatasetWithCredentials(t *testing.T) {
	t.Parallel()
	content := shopSQL(t)
	b := startBucket(t, map[string][]byte{"shop.sql": content})
	b.token = `a"b\c`
	e := b.build(t, "private", "shop.sql", sumOf(content), "--auth=bearer", "--secret-store=previews")
	for credentials, isAllowed := range map[string]bool{"another": false, b.token: true} {
		e.secrets["postgres-dataset"] = corev1.Secret{Data: map[string][]byte{"credentials": []byte(credentials)}}
		if _, err := fetch(t, e, b.trust); (err == nil) != isAllowed {
			t.Errorf("with credentials %q: %v", credentials, err)
		}
	}
}
