package github

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

func TestNewTokenReadsAllPagesOnce(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	s.AllowToken("one")
	s.AllowToken("two")
	repo.SetPrivate(true)
	openMany(repo, 250)
	var token atomic.Value
	token.Store("one")
	c := newClient(t, url, Options{Token: func() (string, error) { return token.Load().(string) + "\n", nil }})
	readShop(t, c, preview.Wants{})
	s.RevokeToken("one")
	readShopError(t, c, "check the token")
	token.Store("two")
	s.ResetCounts()
	assertEqual(t, numbersUpTo(250), numbersOf(readShop(t, c, preview.Wants{})))
	assertEqual(t, 3, s.Charged())
	s.ResetCounts()
	readShop(t, c, preview.Wants{})
	assertEqual(t, 0, s.Charged())
}

func TestRepositoriesInParallel(t *testing.T) {
	t.Parallel()
	s, _, url := startGitHub(t)
	c := newClient(t, url, Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("acme/r%d", i%4)
		if i < 4 {
			openMany(s.AddRepository(name), i+1)
		}
		wg.Go(func() {
			got, err := c.Repository(t.Context(), name, wantChanges)
			if err != nil || len(got.PullRequests) != i%4+1 {
				t.Errorf("%s: %d pull requests, %v", name, len(got.PullRequests), err)
			}
		})
	}
	wg.Wait()
}

func TestInvalidRepositoryName(t *testing.T) {
	t.Parallel()
	c := newClient(t, "http://127.0.0.1:1", Options{})
	for _, name := range []string{"", "shop", "acme/shop/x", "../x", "acme/..", "acme/.", "acme/sh op", "acme/x?y"} {
		_, err := c.Repository(t.Context(), name, preview.Wants{})
		if err == nil || !strings.Contains(err.Error(), "write owner/name") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

func TestOnlyForgetsOtherRepositories(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 2)
	openMany(s.AddRepository("acme/gateway"), 1)
	c := newClient(t, url, Options{})
	readGateway := func() preview.Repository {
		r, err := c.Repository(t.Context(), "acme/gateway", preview.Wants{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	readShop(t, c, preview.Wants{})
	readGateway()
	c.Only([]string{"Acme/Shop", "acme/other"})
	s.ResetCounts()
	readShop(t, c, preview.Wants{})
	assertEqual(t, 0, s.Charged())
	assertEqual(t, []int{1}, numbersOf(readGateway()))
	assertEqual(t, 1, s.Charged())
	c.Only(nil)
	assertEqual(t, 0, len(c.repositories))
}
