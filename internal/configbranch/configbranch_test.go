package configbranch_test

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/gittest"
)

func TestReadOfFolder(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, folder, path, prefix string }{
		{"at the top", "", "", "."},
		{"at the top, written as a dot", "", ".", "."},
		{"in a subfolder", "deploy/previews/", "deploy/previews", "deploy/previews"},
		{"in a subfolder, written with dots and slashes", "deploy/previews/", "./deploy//previews/", "deploy/previews"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := gittest.NewEmpty(t)
			commit := gittest.Commit(t, bare, prefixed(tt.folder, example()))
			got := read(t, newReader(t, configbranch.Options{URL: "file://" + bare, Path: tt.path}))
			want := config.Tree{
				Commit: commit, Prefix: tt.prefix,
				Files: map[string]config.File{
					"previewset.yaml":                 {Content: []byte("kind: PreviewConfig\n")},
					"overlays/jakub/environment.yaml": {Content: []byte("kind: Environment\n")},
				},
				Kustomizations: map[string]bool{"kustomize-base/services/web/run": true, "overlays/preview": true, "overlays/jakub": true},
				Hashes:         map[string]string{},
			}
			for _, folder := range []string{"kustomize-base", "overlays/preview", "overlays/jakub"} {
				want.Hashes[folder] = gittest.Git(t, bare, "rev-parse", "main:"+tt.folder+folder)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHashesOfChangedFolders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, content string
		want                []string
	}{
		{"a file deep in the base", "kustomize-base/services/web/run/kustomization.yaml", "resources: [x]\n", []string{"kustomize-base"}},
		{"a new file of an overlay", "overlays/jakub/patch.yaml", "kind: Patch\n", []string{"overlays/jakub"}},
		{"the shared overlay", "overlays/preview/namespace.yaml", "kind: Namespace\n", []string{"overlays/preview"}},
		{"a deleted environment file", "overlays/jakub/environment.yaml", gittest.Deleted, []string{"overlays/jakub"}},
		{"a new overlay", "overlays/new/environment.yaml", "kind: Environment\n", []string{"overlays/new"}},
		{"the policy", "previewset.yaml", "kind: Other\n", nil},
		{"a file that isn't configuration", "README.md", "hi\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := gittest.New(t, example())
			reader := newReader(t, configbranch.Options{URL: "file://" + bare})
			before := read(t, reader)
			commit := gittest.Commit(t, bare, map[string]string{tt.file: tt.content})
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

func TestUnchangedHeadIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	server := serveWithPassword(t, bare)
	deep := 0
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			body, err := io.ReadAll(r.Body)
			if err != nil || !strings.Contains(string(body), "deepen 1\n") {
				deep++
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		return false
	}
	first := gittest.Commit(t, bare, example())
	reader := newReader(t, configbranch.Options{URL: server.Address(), Token: token("s3cret")})

	before := read(t, reader)
	if n := len(server.Requests(gittest.Fetches)); before.Commit != first || n != 1 {
		t.Fatalf("read %s with %d fetches, want %s with one", before.Commit, n, first)
	}
	requests := len(server.Requests(""))
	if diff := cmp.Diff(before, read(t, reader)); diff != "" {
		t.Errorf("the same commit gave another tree: %s", diff)
	}
	if n := len(server.Requests("")) - requests; n != 1 || len(server.Requests(gittest.Fetches)) != 1 {
		t.Errorf("an unchanged head took %d requests, want one listing: %q", n, server.Requests(""))
	}

	second := gittest.Commit(t, bare, map[string]string{"previewset.yaml": "kind: New\n"})
	after := read(t, reader)
	if n := len(server.Requests(gittest.Fetches)); after.Commit != second || n != 2 || deep > 0 {
		t.Errorf("read %s with %d fetches, %d of them not shallow, want %s with two", after.Commit, n, deep, second)
	}
	if got := string(after.Files["previewset.yaml"].Content); got != "kind: New\n" {
		t.Errorf("the new head has %q", got)
	}
	if got := string(before.Files["previewset.yaml"].Content); got != "kind: PreviewConfig\n" {
		t.Errorf("the earlier tree became %q", got)
	}
}

func TestReadAfterForcedPush(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	first := gittest.Commit(t, bare, example())
	gittest.Commit(t, bare, map[string]string{"previewset.yaml": "kind: New\n"})
	reader := newReader(t, configbranch.Options{URL: "file://" + bare})
	read(t, reader)
	gittest.Git(t, bare, "update-ref", "refs/heads/main", first)
	if got := read(t, reader); got.Commit != first || len(got.Ancestors) > 0 {
		t.Errorf("read %s after %v, want %s", got.Commit, got.Ancestors, first)
	}
}

func TestReadOfNamedBranch(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, example())
	commit := gittest.CommitTo(t, bare, "team/previews", map[string]string{"previewset.yaml": "kind: Other\n"})
	got := read(t, newReader(t, configbranch.Options{URL: "file://" + bare, Branch: "team/previews"}))
	if got.Commit != commit || string(got.Files["previewset.yaml"].Content) != "kind: Other\n" {
		t.Errorf("read %s with %q", got.Commit, got.Files["previewset.yaml"].Content)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	full, empty := gittest.New(t, example()), gittest.NewEmpty(t)
	server := serveWithPassword(t, full)
	noToken := func() (string, error) { return "", errors.New("no token today") }
	const mayRead = "check that the token or key may read the repository"
	tests := []struct {
		name string
		opts configbranch.Options
		want string
	}{
		{
			"the branch is missing",
			configbranch.Options{URL: "file://" + full, Branch: "mian"},
			"read config branch mian: there is no such branch",
		},
		{"the flag for another branch", configbranch.Options{URL: "file://" + full, Branch: "mian"}, "--config-branch"},
		{"the repository is empty", configbranch.Options{URL: "file://" + empty}, "push a first commit to it"},
		{"the repository is missing", configbranch.Options{URL: "file://" + full + "x"}, "check the address"},
		{
			"the folder is missing",
			configbranch.Options{URL: "file://" + full, Path: "previews"},
			"folder previews: there is no such folder; name another with --config-path",
		},
		{"the folder is a file", configbranch.Options{URL: "file://" + full, Path: "README.md"}, "name another with --config-path"},
		{"the token is wrong", configbranch.Options{URL: server.Address(), Token: token("wr0ng")}, mayRead},
		{"the token is missing", configbranch.Options{URL: server.Address()}, mayRead},
		{"the token is empty", configbranch.Options{URL: server.Address(), Token: token("")}, mayRead},
		{"the token can't be read", configbranch.Options{URL: server.Address(), Token: noToken}, "no token today"},
		{"no server listens", configbranch.Options{URL: "http://127.0.0.1:1/config.git"}, "read config branch main: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree, err := newReader(t, tt.opts).Read(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "wr0ng") {
				t.Errorf("error is %v, want %q in it, and no token", err, tt.want)
			}
			if diff := cmp.Diff(config.Tree{}, tree); diff != "" {
				t.Errorf("a tree came with the error: %s", diff)
			}
		})
	}
}

func TestReadAfterFailedRead(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, example())
	server := serveWithPassword(t, bare)
	secret := "s3cret"
	reader := newReader(t, configbranch.Options{URL: server.Address(), Token: func() (string, error) { return secret, nil }})
	want := read(t, reader)
	secret = "rotated too early"
	if _, err := reader.Read(t.Context()); err == nil {
		t.Fatal("a wrong token is accepted")
	}
	secret = "s3cret"
	if diff := cmp.Diff(want, read(t, reader)); diff != "" {
		t.Error(diff)
	}
}

func TestMissingFolderIsAnErrorEachTime(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, prefixed("deploy/", example()))
	reader := newReader(t, configbranch.Options{URL: "file://" + bare, Path: "deploy"})
	read(t, reader)
	gittest.Import(t, bare, map[string]string{"README.md": "gone\n"})
	for range 2 {
		if _, err := reader.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "--config-path") {
			t.Errorf("error is %v", err)
		}
	}
}

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	const holds = "the repository's address contains a user or password"
	const ssh = "SSH needs --config-ssh-key-file, and --config-known-hosts-file"
	key := filepath.Join(t.TempDir(), "key")
	tests := []struct {
		name string
		opts configbranch.Options
		want string
	}{
		{"no address", configbranch.Options{}, "missing repository address"},
		{"user and password", configbranch.Options{URL: "https://me:hunter2@example.com/a/b"}, holds},
		{"only a user", configbranch.Options{URL: "https://hunter2@example.com/a/b"}, holds},
		{"only a password", configbranch.Options{URL: "http://:hunter2@example.com/a/b"}, holds},
		{"a scheme in capitals", configbranch.Options{URL: "HTTPS://hunter2@example.com/a/b"}, holds},
		{"a password over SSH", configbranch.Options{URL: "ssh://git:hunter2@example.com/a/b", SSHKeyFile: key, KnownHostsFile: key}, holds},
		{
			"a password in an invalid URL",
			configbranch.Options{URL: "https://me:hunter2%zz@example.com/a/b"},
			"the repository's address is not a URL",
		},
		{
			"a path out of the repository",
			configbranch.Options{URL: "file:///x", Path: "a/../../b"},
			`config path "../b" is outside of the repository`,
		},
		{
			"backslashes out of the repository",
			configbranch.Options{URL: "file:///x", Path: `..\b`},
			`config path "../b" is outside of the repository`,
		},
		{"SSH without a key", configbranch.Options{URL: "git@example.com:a/b", KnownHostsFile: key}, ssh},
		{"SSH without known hosts", configbranch.Options{URL: "ssh://git@example.com/a/b", SSHKeyFile: key}, ssh},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := configbranch.New(tt.opts)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestFormsOfAddress(t *testing.T) {
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

func TestReadOverSSH(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, example())
	host, own, foreign := gittest.NewKey(t), gittest.NewKey(t), gittest.NewKey(t)
	address := gittest.ServeSSH(t, host, "deployer", own)
	folder := t.TempDir()
	file := func(name, content string) string {
		gittest.WriteFile(t, filepath.Join(folder, name), content, 0o600)
		return filepath.Join(folder, name)
	}
	keyFile, foreignFile := file("key", own.PEM(t)), file("foreign", foreign.PEM(t))
	known, impostor := file("known", gittest.KnownHost(address, host)), file("impostor", gittest.KnownHost(address, foreign))
	garbage := file("garbage", "# no key\n")
	tests := []struct{ name, user, key, hosts, want string }{
		{"with the key, and the user in the address", "deployer", keyFile, known, ""},
		{"as an unknown user", "git", keyFile, known, "unable to authenticate"},
		{"with a foreign key", "deployer", foreignFile, known, "unable to authenticate"},
		{"from an impostor", "deployer", keyFile, impostor, "key mismatch"},
		{"with a missing key", "deployer", keyFile + "x", known, "SSH key " + keyFile + "x: "},
		{"with a key file without a key", "deployer", garbage, known, "SSH key " + garbage + ": "},
		{"with missing known hosts", "deployer", keyFile, known + "x", "known hosts " + known + "x: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t, configbranch.Options{URL: "ssh://" + tt.user + "@" + address + bare, SSHKeyFile: tt.key, KnownHostsFile: tt.hosts})
			tree, err := r.Read(t.Context())
			switch {
			case tt.want == "" && (err != nil || tree.Commit != gittest.Head(t, bare)):
				t.Errorf("read %q: %v", tree.Commit, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAncestors(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, example())
	first := gittest.Head(t, bare)
	second := gittest.Commit(t, bare, map[string]string{"README.md": "second"})
	reader := newReader(t, configbranch.Options{URL: "file://" + bare})
	if got := read(t, reader).Ancestors; !slices.Equal(got, []string{first}) {
		t.Errorf("the first read gives %v, want %s", got, first)
	}
	gittest.Commit(t, bare, map[string]string{"README.md": "third"})
	if got := read(t, reader).Ancestors; !slices.Equal(got, []string{second, first}) {
		t.Errorf("a commit later: %v, want %s and %s", got, second, first)
	}
}
