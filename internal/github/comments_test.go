package github

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestCommentIsFoundOnALaterPage(t *testing.T) {
	t.Parallel()
	_, shop, url := startGitHub(t)
	number := shop.Open(githubtest.PullRequest{})
	for i := range 120 {
		shop.As("mallory").Comment(number, fmt.Sprintf("%s\n%d", commentMarker, i))
	}
	own := shop.Comment(number, commentMarker+"\nfirst")
	c := newClient(t, url, Options{})
	id, err := c.PutComment(t.Context(), "acme/shop", number, 0, "second")
	if err != nil || id != own {
		t.Fatalf("comment %d, want %d; error %v", id, own, err)
	}
	all := shop.Comments(number)
	if last := all[len(all)-1]; len(all) != 121 || last.Body != commentMarker+"\nsecond" {
		t.Errorf("%d comments, the last is %+v", len(all), last)
	}
}

func TestDeletedCommentIsCreatedAgain(t *testing.T) {
	t.Parallel()
	_, shop, url := startGitHub(t)
	number := shop.Open(githubtest.PullRequest{})
	c := newClient(t, url, Options{})
	first, err := c.PutComment(t.Context(), "acme/shop", number, 0, "first")
	if err != nil {
		t.Fatal(err)
	}
	shop.DeleteComment(number, first)
	second, err := c.PutComment(t.Context(), "acme/shop", number, first, "second")
	if err != nil || second == first || len(shop.Comments(number)) != 1 {
		t.Errorf("comments %d and %d, error %v", first, second, err)
	}
}

// A GitHub App has no user. Its comments name the App.
func TestCommentOfAnApp(t *testing.T) {
	t.Parallel()
	g, shop, url := startGitHub(t)
	g.AllowApp(7, 8, nil)
	number := shop.Open(githubtest.PullRequest{})
	shop.Comment(number, commentMarker+"\nof a person")
	key := newAppKey(t)
	app := Options{App: &App{ID: 7, Installation: 8, Key: func() ([]byte, error) { return key, nil }}}
	for _, body := range []string{"first", "second"} {
		if _, err := newClient(t, url, app).PutComment(t.Context(), "acme/shop", number, 0, body); err != nil {
			t.Fatal(err)
		}
	}
	all := shop.Comments(number)
	if len(all) != 2 || all[0].Edits != 0 || all[1].Body != commentMarker+"\nsecond" {
		t.Errorf("%+v", all)
	}
}

func TestCommentErrorsHaveRemedies(t *testing.T) {
	t.Parallel()
	g, shop, url := startGitHub(t)
	number := shop.Open(githubtest.PullRequest{})
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/issues", Status: http.StatusForbidden})
	_, err := newClient(t, url, Options{}).PutComment(t.Context(), "acme/shop", number, 0, "text")
	if err == nil || !strings.Contains(err.Error(), "write pull requests") {
		t.Errorf("error %v", err)
	}
}
