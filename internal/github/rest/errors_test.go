package rest

import (
	"net/http"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestErrorsHaveRemedies(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		http.StatusUnauthorized: "check the token",
		http.StatusForbidden:    "the token lacks a permission",
		http.StatusNotFound:     "the token has no access",
		http.StatusBadGateway:   "the next read tries again",
	} {
		s, url := startGitHub(t)
		s.Inject(githubtest.Fault{Match: `pulls\?`, Status: status})
		if err := getPullsError(t, newClient(t, url, Options{}), want); StatusOf(err) != status {
			t.Errorf("status of %v is %d, want %d", err, StatusOf(err), status)
		}
	}
}
