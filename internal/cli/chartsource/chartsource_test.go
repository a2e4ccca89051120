package chartsource

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive is a packed chart.
func archive(t *testing.T, version string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	files := tar.NewWriter(zipped)
	for file, text := range map[string]string{
		"Chart.yaml":          "apiVersion: v2\nname: stock\nversion: " + version + "\n",
		"templates/svc.yaml":  "kind: Service\n",
		"templates/_help.tpl": "",
	} {
		header := &tar.Header{Name: "stock/" + file, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// serverOf serves some files, and redirects to an address that isn't secure.
func serverOf(t *testing.T, files map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved/index.yaml" {
			http.Redirect(w, r, "http://charts.test/index.yaml", http.StatusFound)
			return
		}
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestGetFromRepository(t *testing.T) {
	t.Parallel()
	good, other := archive(t, "1.4.0"), archive(t, "2.0.0")
	index := fmt.Sprintf(`entries:
  stock:
    - {version: 1.4.0, urls: [stock-1.4.0.tgz], digest: "%s"}
    - {version: 1.3.0, urls: [files/other.tgz]}
    - {version: 1.2.0, urls: [files/other.tgz], digest: "%s"}
    - {version: 1.1.0, urls: ["http://charts.test/a.tgz"]}
`, strings.TrimPrefix(digestOf(good), "sha256:"), strings.Repeat("0", 64))
	at := serverOf(t, map[string]string{
		"/charts/index.yaml": index, "/charts/stock-1.4.0.tgz": string(good), "/charts/files/other.tgz": string(other),
	})
	for _, tt := range []struct{ name, address, version, want string }{
		{"a version", "/charts/stock", "1.4.0", ""},
		{"an archive of another version", "/charts/stock", "1.3.0", "it has version 2.0.0, not 1.3.0"},
		{"an archive with another digest", "/charts/stock", "1.2.0", "but index.yaml has 000000"},
		{"an archive at an address that isn't secure", "/charts/stock", "1.1.0", "http://charts.test/a.tgz, which isn't secure"},
		{"an unknown version", "/charts/stock", "9.0.0", "there is no version 9.0.0; index.yaml begins with 1.4.0, 1.3.0"},
		{"an unknown chart", "/charts/web", "1.4.0", `the repository has no chart "web"`},
		{"a redirect to an address that isn't secure", "/moved/stock", "1.4.0", "http://charts.test/index.yaml, which isn't secure"},
		{"no repository", "/stock", "1.4.0", "404 Not Found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Source{Address: at + tt.address, Version: tt.version}.Get(t.Context(), Login{})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error is %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Digest != digestOf(good) || c.Name() != "stock" || len(c.Templates) != 2 {
				t.Errorf("chart %s with digest %s and %d templates", c.Name(), c.Digest, len(c.Templates))
			}
		})
	}
}

// registryOf serves a registry with one chart. It asks for a token, as public registries do.
func registryOf(t *testing.T, layer []byte, mediaType string) string {
	t.Helper()
	const config = "{}"
	manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
		`"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":%q,"size":2},`+
		`"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`, digestOf([]byte(config)), mediaType, digestOf(layer), len(layer))
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"token":"anyone"}`)) })
	mux.HandleFunc("/v2/charts/stock/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer anyone" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+server.URL+`/token",service="test",scope="repository:charts/stock:pull"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch strings.TrimPrefix(r.URL.Path, "/v2/charts/stock/") {
		case "manifests/1.4.0_build", "manifests/" + digestOf([]byte(manifest)):
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Docker-Content-Digest", digestOf([]byte(manifest)))
			w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
			_, _ = w.Write([]byte(manifest))
		case "blobs/" + digestOf(layer):
			_, _ = w.Write(layer)
		default:
			http.NotFound(w, r)
		}
	})
	return strings.Replace(server.URL, "http://", "oci://", 1) + "/charts/stock"
}

func TestGetFromRegistry(t *testing.T) {
	t.Parallel()
	packed := archive(t, "1.4.0+build")
	c, err := Source{Address: registryOf(t, packed, chartLayer), Version: "1.4.0+build"}.Get(t.Context(), Login{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Digest != digestOf(packed) || c.Name() != "stock" {
		t.Errorf("chart %s with digest %s", c.Name(), c.Digest)
	}
	for want, address := range map[string]string{
		"there is no version 2.0.0":     registryOf(t, packed, chartLayer),
		"there is no version 1.4.0+oth": strings.Replace(registryOf(t, packed, chartLayer), "stock", "other", 1),
	} {
		version := strings.TrimPrefix(want, "there is no version ")
		if _, err := (Source{Address: address, Version: version}).Get(t.Context(), Login{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", address, err, want)
		}
	}
	image := Source{Address: registryOf(t, packed, "application/vnd.oci.image.layer.v1.tar+gzip"), Version: "1.4.0+build"}
	if _, err := image.Get(t.Context(), Login{}); err == nil || !strings.Contains(err.Error(), "it is an image, not a chart") {
		t.Errorf("error is %v", err)
	}
}

// The digits of a status in an address are no status.
func TestGetFromRegistryAsksForALogin(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for pattern, status := range map[string]int{
		"/v2/forbidden/": http.StatusForbidden, "/v2/unauthorized/": http.StatusUnauthorized,
		"/v2/401/": http.StatusBadRequest, "/v2/unauthorized/teapot/": http.StatusTeapot,
		"/token": http.StatusForbidden,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	for path, challenge := range map[string]string{
		"/v2/basic/": `Basic realm="test"`, "/v2/bearer/": `Bearer realm="` + server.URL + `/token",service="test"`,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		})
	}
	address := strings.Replace(server.URL, "http://", "oci://", 1)
	for path, want := range map[string]bool{
		"/forbidden": true, "/unauthorized": true, "/basic": true, "/bearer": true,
		"/401/stock": false, "/unauthorized/teapot": false,
	} {
		_, err := Source{Address: address + path, Version: "1.4.3"}.Get(t.Context(), Login{})
		if err == nil || strings.Contains(err.Error(), "docker login") != want {
			t.Errorf("%s: error is %v, want a login: %v", path, err, want)
		}
	}
}

func TestGetFromFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("Chart.yaml", "apiVersion: v2\nname: stock\nversion: 1.0.0\n")
	write(".helmignore", "*.md\n")
	write("a.md", "one")
	first, err := Source{Address: dir}.Get(t.Context(), Login{})
	if err != nil {
		t.Fatal(err)
	}
	write("a.md", "two")
	second, err := Source{Address: dir, Version: "1.0.0"}.Get(t.Context(), Login{})
	if err != nil || first.Digest != second.Digest {
		t.Errorf("an ignored file changes the digest: %v", err)
	}
	if _, err := (Source{Address: dir, Version: "1.1.0"}).Get(t.Context(), Login{}); err == nil ||
		!strings.Contains(err.Error(), "it has version 1.0.0") {
		t.Errorf("error is %v", err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "secret")); err != nil {
		t.Fatal(err)
	}
	if _, err := (Source{Address: dir}).Get(t.Context(), Login{}); err == nil || !strings.Contains(err.Error(), "secret "+
		"isn't a regular file") {
		t.Errorf("error is %v", err)
	}
	if _, err := (Source{Address: dir + "/none"}).Get(t.Context(), Login{}); err == nil ||
		!strings.Contains(err.Error(), "name a folder with a Chart.yaml") {
		t.Errorf("error is %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for source, want := range map[Source]string{
		{"deploy/stock", ""}:                         "",
		{"oci://ghcr.io/acme/stock", "1.0.0"}:        "",
		{"https://charts.test/stock", "1.0.0"}:       "",
		{"oci://ghcr.io/acme/stock", ""}:             "pin it with --version",
		{"oci://ghcr.io", "1.0.0"}:                   "isn't a chart's address",
		{"http://charts.test/stock", "1.0.0"}:        "isn't secure",
		{"file:///etc/stock", "1.0.0"}:               "isn't a chart's address",
		{"https://me:word@charts.test/stock", "1.0"}: "has a user or password",
	} {
		err := source.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error is %v, want %q", source, err, want)
		}
		if want == "" {
			continue
		}
		if _, err := source.Get(t.Context(), Login{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: Get's error is %v, want %q", source, err, want)
		}
	}
}
