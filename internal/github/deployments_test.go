package github

import (
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestDeploymentErrorsHaveRemedies(t *testing.T) {
	t.Parallel()
	g, _, url := startGitHub(t)
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/deployments", Status: http.StatusForbidden})
	c := newClient(t, url, Options{})
	_, err := c.Deploy(t.Context(), "acme/shop", githubtest.SHA("head"), "preview", "shop-pr-1")
	if !IsRefused(err) || !strings.Contains(err.Error(), "write deployments") {
		t.Errorf("error %v", err)
	}
	if _, err := c.Deploy(t.Context(), "acme/shop/x", "", "preview", ""); err == nil {
		t.Error("a wrong name is accepted")
	}
}

func TestMissingDeploymentIsNoError(t *testing.T) {
	t.Parallel()
	_, _, url := startGitHub(t)
	c := newClient(t, url, Options{})
	exists, err := c.SetDeploymentStatus(t.Context(), "acme/shop", 5, "success", "", "", "")
	if exists || err != nil {
		t.Errorf("exists: %v, error %v", exists, err)
	}
	if err := c.DeleteDeployment(t.Context(), "acme/shop", 5); err != nil {
		t.Errorf("delete: %v", err)
	}
}

// GitHub answers 404 also if the token may not write.
func TestDeploymentThatMayNotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	g, _, url := startGitHub(t)
	c := newClient(t, url, Options{})
	id, err := c.Deploy(t.Context(), "acme/shop", githubtest.SHA("head"), "preview", "shop-pr-1")
	if err != nil {
		t.Fatal(err)
	}
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/deployments/.*/statuses", Status: http.StatusNotFound})
	exists, err := c.SetDeploymentStatus(t.Context(), "acme/shop", id, "success", "", "", "")
	if !exists || !IsRefused(err) {
		t.Errorf("exists: %v, error %v", exists, err)
	}
}

// GitHub deletes no active deployment.
func TestActiveDeploymentIsNotDeleted(t *testing.T) {
	t.Parallel()
	_, shop, url := startGitHub(t)
	c := newClient(t, url, Options{})
	var ids []int64
	for _, task := range []string{"a", "b"} {
		id, err := c.Deploy(t.Context(), "acme/shop", githubtest.SHA("head"), "preview", task)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := c.DeleteDeployment(t.Context(), "acme/shop", ids[0]); err == nil || len(shop.Deployments()) != 2 {
		t.Errorf("error %v, %d deployments", err, len(shop.Deployments()))
	}
	if _, err := c.SetDeploymentStatus(t.Context(), "acme/shop", ids[0], "inactive", "", "", ""); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteDeployment(t.Context(), "acme/shop", ids[0]); err != nil || len(shop.Deployments()) != 1 {
		t.Errorf("error %v, %d deployments", err, len(shop.Deployments()))
	}
}
