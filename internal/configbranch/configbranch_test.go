package configbranch_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/preview"
)

// example is a small GitOps repository, with things in it that are none of our business.
func example() map[string]string {
	return map[string]string{
		"README.md":       "hello\n",
		"previewset.yaml": "kind: PreviewConfig\n",
		"slots.yaml":      "kind: SlotPool\n",
		"kustomize-base/services/web/run/kustomization.yaml": "resources: []\n",
		"kustomize-base/services/web/link/Kustomization":     "resources: []\n",
		"kustomize-base/services/api/run/kustomization.yml":  "resources: []\n",
		"kustomize-base/services/api/link/service.yaml":      "kind: Service\n",
		"overlays/preview/kustomization.yaml":                "resources: []\n",
		"overlays/jakub/environment.yaml":                    "kind: Environment\n",
		"overlays/jakub/kustomization.yaml":                  "resources: [../preview]\n",
		"overlays/plain/environment.yaml":                    "kind: Environment # no kustomization\n",
		"overlays/README.md":                                 "a file between the folders\n",
	}
}

func prefixed(prefix string, files map[string]string) map[string]string {
	all := map[string]string{}
	for name, content := range files {
		all[prefix+name] = content
	}
	return all
}

// treeHashes are what Git itself says of the folders.
func treeHashes(t *testing.T, r *remote, prefix string) map[string]string {
	t.Helper()
	hashes := map[string]string{}
	for _, folder := range []string{"kustomize-base", "overlays/preview", "overlays/jakub", "overlays/plain"} {
		hashes[folder] = git(t, r.bare, "rev-parse", "main:"+prefix+folder)
	}
	return hashes
}

func TestReadTakesWhatConfigurationIsMadeOf(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, folder, path, prefix string }{
		{"at the top", "", "", "."},
		{"at the top, said with a dot", "", ".", "."},
		{"in a subfolder", "deploy/previews/", "deploy/previews", "deploy/previews"},
		{"in a subfolder, said with dots and slashes", "deploy/previews/", "./deploy//previews/", "deploy/previews"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			commit := remote.push(t, prefixed(tt.folder, example()))
			got := read(t, newReader(t, configbranch.Options{URL: remote.url(), Path: tt.path}))
			want := preview.Tree{
				Commit: commit, Prefix: tt.prefix,
				Files: map[string]preview.File{
					"previewset.yaml":                 {Content: []byte("kind: PreviewConfig\n")},
					"slots.yaml":                      {Content: []byte("kind: SlotPool\n")},
					"overlays/jakub/environment.yaml": {Content: []byte("kind: Environment\n")},
					"overlays/plain/environment.yaml": {Content: []byte("kind: Environment # no kustomization\n")},
				},
				Kustomizations: map[string]bool{
					"kustomize-base/services/web/run":  true,
					"kustomize-base/services/web/link": true,
					"kustomize-base/services/api/run":  true,
					"overlays/preview":                 true,
					"overlays/jakub":                   true,
				},
				Hashes: treeHashes(t, remote, tt.folder),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatCannotBeReadAsAFileIsAProblemOfThatFile(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	files := example()
	files["previewset.yaml"] = "-> README.md"
	files["slots.yaml"] = strings.Repeat("x", preview.MaxFileSize+1)
	files["overlays/jakub/environment.yaml"] = strings.Repeat("x", preview.MaxFileSize)
	delete(files, "overlays/plain/environment.yaml")
	files["overlays/plain/environment.yaml/file"] = "a folder where a file is due"
	files["overlays/link"] = "-> jakub"
	remote.push(t, files)
	tree := read(t, newReader(t, configbranch.Options{URL: remote.url()}))
	problems := map[string]string{}
	for name, f := range tree.Files {
		problems[name] = f.Problem
		if f.Problem != "" && len(f.Content) > 0 {
			t.Errorf("%s has a problem and content", name)
		}
	}
	want := map[string]string{
		"previewset.yaml":                 "is not a regular file",
		"slots.yaml":                      "is larger than 256 KiB",
		"overlays/jakub/environment.yaml": "",
		"overlays/plain/environment.yaml": "is not a regular file",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if n := len(tree.Files["overlays/jakub/environment.yaml"].Content); n != preview.MaxFileSize {
		t.Errorf("a file of exactly the limit has %d bytes", n)
	}
}

func TestHashesChangeExactlyForTheFolderThatChanged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, content string
		want                []string
	}{
		{"a file deep in the base", "kustomize-base/services/web/run/kustomization.yaml", "resources: [x]\n", []string{"kustomize-base"}},
		{"an overlay's addition", "overlays/jakub/patch.yaml", "kind: Patch\n", []string{"overlays/jakub"}},
		{"the shared overlay", "overlays/preview/namespace.yaml", "kind: Namespace\n", []string{"overlays/preview"}},
		{"a deleted environment file", "overlays/jakub/environment.yaml", "", []string{"overlays/jakub"}},
		{"a new overlay", "overlays/new/environment.yaml", "kind: Environment\n", []string{"overlays/new"}},
		{"the policy", "previewset.yaml", "kind: Other\n", nil},
		{"what is none of our business", "README.md", "hi\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			reader := newReader(t, configbranch.Options{URL: remote.url()})
			remote.push(t, example())
			before := read(t, reader)
			commit := remote.push(t, map[string]string{tt.file: tt.content})
			after := read(t, reader)
			if after.Commit != commit {
				t.Errorf("commit is %s, want the new one, %s", after.Commit, commit)
			}
			var changed []string
			for folder, hash := range after.Hashes {
				if before.Hashes[folder] != hash {
					changed = append(changed, folder)
				}
			}
			if diff := cmp.Diff(tt.want, changed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnUnchangedHeadIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	server := serveGit(t, remote, "s3cret")
	first := remote.push(t, example())
	reader := newReader(t, configbranch.Options{URL: server.repository(), Token: func() (string, error) { return "s3cret", nil }})

	before := read(t, reader)
	if _, fetched := server.counts(); before.Commit != first || fetched != 1 {
		t.Fatalf("read %s with %d fetches, want %s with one", before.Commit, fetched, first)
	}
	listed, _ := server.counts()
	if diff := cmp.Diff(before, read(t, reader)); diff != "" {
		t.Errorf("the same commit gave another tree: %s", diff)
	}
	if again, fetched := server.counts(); again != listed+1 || fetched != 1 {
		t.Errorf("an unchanged head took %d requests and %d fetches, want one request, no fetch", again-listed, fetched-1)
	}

	second := remote.push(t, map[string]string{"previewset.yaml": "kind: New\n"})
	after := read(t, reader)
	if _, fetched := server.counts(); after.Commit != second || fetched != 2 {
		t.Errorf("read %s with %d fetches, want %s with two", after.Commit, fetched, second)
	}
	if server.deep > 0 {
		t.Errorf("%d fetches were not shallow", server.deep)
	}
	if got := string(after.Files["previewset.yaml"].Content); got != "kind: New\n" {
		t.Errorf("the new head has %q", got)
	}
	if got := string(before.Files["previewset.yaml"].Content); got != "kind: PreviewConfig\n" {
		t.Errorf("the tree that was read before became %q", got)
	}
}

func TestABranchThatWasForcedBackIsRead(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	reader := newReader(t, configbranch.Options{URL: remote.url()})
	first := remote.push(t, example())
	remote.push(t, map[string]string{"previewset.yaml": "kind: New\n"})
	read(t, reader)
	git(t, remote.work, "push", "--quiet", "--force", remote.bare, first+":main")
	if got := read(t, reader); got.Commit != first {
		t.Errorf("read %s, want %s", got.Commit, first)
	}
}

func TestAnotherBranchIsReadWhereItIsNamed(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	remote.push(t, example())
	git(t, remote.work, "checkout", "--quiet", "-b", "team/previews")
	commit := remote.push(t, map[string]string{"previewset.yaml": "kind: Other\n"})
	got := read(t, newReader(t, configbranch.Options{URL: remote.url(), Branch: "team/previews"}))
	if got.Commit != commit || string(got.Files["previewset.yaml"].Content) != "kind: Other\n" {
		t.Errorf("read %s with %q", got.Commit, got.Files["previewset.yaml"].Content)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	full, empty := newRemote(t), newRemote(t)
	full.push(t, example())
	server := serveGit(t, full, "s3cret")
	token := func(s string, err error) func() (string, error) { return func() (string, error) { return s, err } }
	tests := []struct {
		name string
		opts configbranch.Options
		want string
	}{
		{"the branch is missing", configbranch.Options{URL: full.url(), Branch: "mian"}, "read config branch mian: there is no such branch; push it, or name another with --config-branch"},
		{"the repository is empty", configbranch.Options{URL: empty.url()}, "push what previewctl init wrote"},
		{"the repository is missing", configbranch.Options{URL: full.url() + "x"}, "check the address"},
		{"the folder is missing", configbranch.Options{URL: full.url(), Path: "previews"}, "folder previews: directory not found; name another with --config-path"},
		{"the folder is a file", configbranch.Options{URL: full.url(), Path: "README.md"}, "name another with --config-path"},
		{"the token is wrong", configbranch.Options{URL: server.repository(), Token: token("wr0ng", nil)}, "check that the token or key may read the repository"},
		{"the token is missing", configbranch.Options{URL: server.repository()}, "check that the token or key may read the repository"},
		{"the token is empty", configbranch.Options{URL: server.repository(), Token: token("", nil)}, "check that the token or key may read the repository"},
		{"the token can't be read", configbranch.Options{URL: server.repository(), Token: token("", errors.New("no token today"))}, "no token today"},
		{"nobody listens", configbranch.Options{URL: "http://127.0.0.1:1/config.git"}, "read config branch main: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree, err := newReader(t, tt.opts).Read(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "wr0ng") {
				t.Errorf("error is %v, want %q in it, and no token", err, tt.want)
			}
			if diff := cmp.Diff(preview.Tree{}, tree); diff != "" {
				t.Errorf("a tree came with the error: %s", diff)
			}
		})
	}
}

func TestAReadAfterAFailedOneWorks(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	server := serveGit(t, remote, "s3cret")
	commit := remote.push(t, example())
	token := "s3cret"
	reader := newReader(t, configbranch.Options{URL: server.repository(), Token: func() (string, error) { return token, nil }})
	want := read(t, reader)
	token = "rotated too early"
	if _, err := reader.Read(t.Context()); err == nil {
		t.Fatal("a wrong token is accepted")
	}
	token = "s3cret"
	if diff := cmp.Diff(want, read(t, reader)); diff != "" || want.Commit != commit {
		t.Errorf("%s: %s", want.Commit, diff)
	}
}

func TestTheTokenGoesToNobodyElse(t *testing.T) {
	t.Parallel()
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		http.Error(w, "not here", http.StatusNotFound)
	}))
	defer other.Close()
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere+r.URL.RequestURI(), http.StatusFound)
	}))
	defer server.Close()
	_, err := newReader(t, configbranch.Options{URL: server.URL + "/config.git", Token: func() (string, error) { return "s3cret", nil }}).Read(t.Context())
	if err == nil || got == nil || got.Get("Authorization") != "" {
		t.Errorf("error %v, and the other host got %v", err, got)
	}
}

func TestNewRefusesOptions(t *testing.T) {
	t.Parallel()
	const holds = "the config repository's address holds user or password; give a token file instead"
	key := filepath.Join(t.TempDir(), "key")
	tests := []struct {
		name string
		opts configbranch.Options
		want string
	}{
		{"no address", configbranch.Options{}, "no config repository is given"},
		{"user and password", configbranch.Options{URL: "https://me:hunter2@example.com/a/b"}, holds},
		{"only a user", configbranch.Options{URL: "https://hunter2@example.com/a/b"}, holds},
		{"only a password", configbranch.Options{URL: "http://:hunter2@example.com/a/b"}, holds},
		{"a scheme in capitals", configbranch.Options{URL: "HTTPS://hunter2@example.com/a/b"}, holds},
		{"a password over SSH", configbranch.Options{URL: "ssh://git:hunter2@example.com/a/b", SSHKeyFile: key, KnownHostsFile: key}, holds},
		{"a password that makes it no URL", configbranch.Options{URL: "https://me:hunter2%zz@example.com/a/b"}, "the config repository's address is no URL; write https://, ssh://, git@host:path or file://"},
		{"a path out of the repository", configbranch.Options{URL: "file:///x", Path: "a/../../b"}, `config path "../b" leads out of the repository`},
		{"backslashes out of the repository", configbranch.Options{URL: "file:///x", Path: `..\b`}, `config path "../b" leads out of the repository`},
		{"SSH without a key", configbranch.Options{URL: "git@example.com:a/b", KnownHostsFile: key}, "SSH needs --config-ssh-key-file, and --config-known-hosts-file so that the server can be told from an impostor"},
		{"SSH without known hosts", configbranch.Options{URL: "ssh://git@example.com/a/b", SSHKeyFile: key}, "SSH needs --config-ssh-key-file, and --config-known-hosts-file so that the server can be told from an impostor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := configbranch.New(tt.opts)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestNewTakesEveryFormOfAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://example.com/a/b.git", "http://example.com:8080/a/b", "file:///srv/a.git",
		"ssh://git@example.com:2222/a/b.git", "git@example.com:a/b.git",
	} {
		if _, err := configbranch.New(configbranch.Options{URL: address, SSHKeyFile: "key", KnownHostsFile: "hosts"}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestACancelledReadEnds(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	remote.push(t, example())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newReader(t, configbranch.Options{URL: remote.url()}).Read(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("over file://: error is %v", err)
	}
	asked := make(chan struct{}, 10)
	server := stalled(t, "info/refs", nil, asked)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-asked; cancel() }()
	if _, err := newReader(t, configbranch.Options{URL: server.URL + "/config.git"}).Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("over HTTP: error is %v", err)
	}
}

func TestAReadThatTakesTooLongEnds(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	remote.push(t, example())
	real := serveGit(t, remote, "")
	for _, at := range []string{"info/refs", "git-upload-pack"} {
		t.Run("the server stalls at "+at, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 10)
			server := stalled(t, at, real.Config.Handler, asked)
			_, err := newReader(t, configbranch.Options{URL: server.URL + "/config.git", Timeout: 300 * time.Millisecond}).Read(t.Context())
			if !errors.Is(err, context.DeadlineExceeded) || len(asked) == 0 {
				t.Errorf("error is %v, asked %d times", err, len(asked))
			}
		})
	}
}

// stalled is a server that never answers what ends with at, but tells of being asked.
func stalled(t *testing.T, at string, next http.Handler, asked chan<- struct{}) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, at) {
			next.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the caller went
		asked <- struct{}{}
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s
}

func TestATreeSaysWhatItComesAfter(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T, *remote) string{
		"a file": func(_ *testing.T, r *remote) string { return r.url() },
		"HTTP":   func(t *testing.T, r *remote) string { t.Helper(); return serveGit(t, r, "").URL + "/config.git" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			files := example()
			next := func(text string) string {
				files["README.md"] = text
				return remote.push(t, files)
			}
			first := next("first")
			second := next("second")
			reader := newReader(t, configbranch.Options{URL: address(t, remote)})
			if got := read(t, reader).Ancestors; !slices.Equal(got, []string{first}) {
				t.Errorf("read first: %v, want %s", got, first)
			}
			third := next("third")
			if got := read(t, reader).Ancestors; !slices.Equal(got, []string{second, first}) {
				t.Errorf("a commit later: %v, want %s and %s", got, second, first)
			}
			fourth := next("fourth")
			next("fifth")
			if got := read(t, reader).Ancestors; !slices.Contains(got, third) || !slices.Contains(got, fourth) {
				t.Errorf("two commits later: %v, want %s and %s in it", got, fourth, third)
			}
		})
	}
}
