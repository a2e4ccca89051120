package gitrepo_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func readNewer(t *testing.T, r *gitrepo.Repository, last gitrepo.Version) (*gitrepo.Tree, gitrepo.Version) {
	t.Helper()
	tree, version, err := r.ReadNewer(t.Context(), last, everything)
	if err != nil {
		t.Fatal(err)
	}
	return tree, version
}

func everything(string) bool { return true }

func TestReadNewerReturnsAncestors(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"file", "http"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			address := "file://" + bare
			if scheme == "http" {
				address = gittest.Serve(t, bare).Address()
			}
			next := func(text string) string { return gittest.Commit(t, bare, map[string]string{"README.md": text}) }
			first, second := gittest.Head(t, bare), next("second")
			repo := open(t, gitrepo.Options{URL: address})
			tree, version := readNewer(t, repo, gitrepo.Version{})
			if tree.Commit != second || version.Commit != second || !slices.Equal(version.Ancestors, []string{first}) {
				t.Errorf("the first read gives %+v, want %s after %s", version, second, first)
			}
			if unchanged, same := readNewer(t, repo, version); unchanged != nil || same.Commit != second {
				t.Errorf("an unchanged branch gives %+v", same)
			}
			third := next("third")
			_, version = readNewer(t, repo, version)
			if !slices.Equal(version.Ancestors, []string{second, first}) {
				t.Errorf("a commit later: %v, want %s and %s", version.Ancestors, second, first)
			}
			fourth := next("fourth")
			next("fifth")
			_, version = readNewer(t, repo, version)
			if !slices.Contains(version.Ancestors, third) || !slices.Contains(version.Ancestors, fourth) {
				t.Errorf("two commits later: %v, want %s and %s in it", version.Ancestors, fourth, third)
			}
		})
	}
}

func TestReadNewerAfterRewrittenHistory(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	repo := open(t, gitrepo.Options{URL: "file://" + bare})
	_, version := readNewer(t, repo, gitrepo.Version{})
	rewritten := gittest.Import(t, bare, map[string]string{"README.md": "rewritten\n"})
	tree, after := readNewer(t, repo, version)
	if after.Commit != rewritten || len(after.Ancestors) > 0 {
		t.Errorf("read %+v, want %s without ancestors", after, rewritten)
	}
	if content, err := tree.ReadFile("README.md"); err != nil || string(content) != "rewritten\n" {
		t.Errorf("read %q: %v", content, err)
	}
}

func TestReadNewerWithMovingHead(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	current := gittest.Head(t, bare)
	gittest.Git(t, bare, "update-ref", "refs/heads/main", gittest.Git(t, bare, "commit-tree", "-m", "Removed soon", "main^{tree}"))
	moves := once(func() { gittest.Git(t, bare, "update-ref", "refs/heads/main", current) })
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			moves()
		}
		return false
	}
	if _, version := readNewer(t, open(t, gitrepo.Options{URL: server.Address()}), gitrepo.Version{}); version.Commit != current {
		t.Errorf("read %s, want %s", version.Commit, current)
	}
}

// An unattended process may run on a machine with a credential helper of another user.
func TestUnattendedReadUsesNoHelper(t *testing.T) {
	t.Parallel()
	server := gittest.Serve(t, newBare(t))
	server.Password = "s3cret"
	_, env := home(t, "[credential]\nhelper = \"!f() { echo username=me; echo password=s3cret; }; f\"\n")
	repo := open(t, gitrepo.Options{URL: server.Address(), Environ: env, Unattended: true})
	_, _, err := repo.ReadNewer(t.Context(), gitrepo.Version{}, everything)
	if !errors.Is(err, gitrepo.ErrNoPermission) || strings.Contains(err.Error(), "helper") {
		t.Errorf("error is %v", err)
	}
	if _, err := open(t, gitrepo.Options{URL: server.Address(), Environ: env}).Read(t.Context()); err != nil {
		t.Errorf("the helper doesn't work: %v", err)
	}
}
