// Package contract tests the contract with Argo CD: its own plugin client and template code run in process against the
// service's handler, with the ApplicationSet, plugin ConfigMap and AppProject of appsets/. Expectations use Argo CD's
// API types, so a value that these can't represent fails.
//
// It doesn't know controllers or a cluster. The stories test these.
package contract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// world replaces Git and GitHub as the generator's sources.
type world struct {
	tree         config.Tree
	repositories map[string]preview.Repository
}

func (w world) Read(context.Context) (config.Tree, error) { return w.tree, nil }

// Only implements sources.GitHub. A world has no cache.
func (world) Only([]string) {}

func (w world) Repository(_ context.Context, name string, _ preview.Wants) (preview.Repository, error) {
	r, ok := w.repositories[name]
	if !ok {
		return preview.Repository{}, errors.New("GitHub answers 500")
	}
	return r, nil
}

// worldOf returns the example's configuration and repositories, with these pull requests in acme/shop.
func worldOf(t *testing.T, shop ...preview.PullRequest) world {
	t.Helper()
	return world{
		tree: exampleTree(t),
		repositories: map[string]preview.Repository{
			"acme/shop":    {ID: 1, FullName: "acme/shop", PullRequests: shop},
			"acme/gateway": {ID: 2, FullName: "acme/gateway"},
		},
	}
}

// exampleTree is the example as package configbranch would read it, without limits.
func exampleTree(t *testing.T) config.Tree {
	t.Helper()
	tree := config.Tree{
		Commit: strings.Repeat("c", 40), Prefix: ".", Files: map[string]config.File{},
		Kustomizations: map[string]bool{}, Hashes: map[string]string{},
	}
	policy, _, found := strings.Cut(string(read(t, "previewset.yaml")), "\nlimits:\n")
	if !found {
		t.Fatal("the example's previewset.yaml has no limits at its end any more")
	}
	tree.Files["previewset.yaml"] = config.File{Content: []byte(policy)}
	for _, folder := range []string{"kustomize-base", "overlays/preview", "overlays/staging"} {
		tree.Hashes[folder] = digest(folder)
		err := fs.WalkDir(previewset.Example, folder, func(name string, _ fs.DirEntry, err error) error {
			if path.Base(name) == "kustomization.yaml" {
				tree.Kustomizations[path.Dir(name)] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := previewset.Example.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// digest returns a text like a commit's SHA, which depends only on the given text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:20])
}

// pullRequest returns a labelled pull request that changes orders, with changes.
func pullRequest(number int, change ...func(*preview.PullRequest)) preview.PullRequest {
	pr := preview.PullRequest{
		Number: number, Title: "Faster checkout", URL: fmt.Sprintf("https://github.com/acme/shop/pull/%d", number),
		Author: "alice", Labels: []string{"preview"}, Created: time.Date(2026, 11, 20, 9, number, 0, 0, time.UTC),
		Branch: "faster", TargetBranch: "main", HeadSHA: digest(fmt.Sprint("head", number)), BaseSHA: digest("base"),
		HeadRepositoryID: 1, BaseRepositoryID: 1, Changes: &preview.Changes{Paths: []string{"orders/main.go"}},
	}
	for _, c := range change {
		c(&pr)
	}
	return pr
}

// newService returns a service that has read nothing yet.
func newService(t *testing.T, w world) *generator.Generator {
	t.Helper()
	return generator.New(generator.Options{
		ConfigBranch: w, GitHub: w, Token: newSecret(t, argoToken), APIToken: newSecret(t, apiToken), Logger: slog.New(slog.DiscardHandler),
	})
}

// ready returns a service that has read everything.
func ready(t *testing.T, w world) *generator.Generator {
	t.Helper()
	g := newService(t, w)
	g.Refresh(t.Context())
	return g
}
