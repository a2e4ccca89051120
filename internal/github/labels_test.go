package github

import (
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestLabelsOfTheRepository(t *testing.T) {
	t.Parallel()
	asked := []string{"preview", "preview:a/b", "preview-with:x"}
	wants := preview.Wants{Labels: func(id int64, open []preview.PullRequest) []string {
		if id == 0 || len(open) != 1 {
			t.Errorf("repository %d has %d pull requests", id, len(open))
		}
		return asked
	}}
	tests := map[string]struct {
		change func(*githubtest.Server, *githubtest.Repo)
		want   map[string]bool
	}{
		"a label is missing": {
			func(*githubtest.Server, *githubtest.Repo) {},
			map[string]bool{"preview": true, "preview:a/b": true, "preview-with:x": false},
		},
		"a label was deleted": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.DeleteLabel("preview") },
			map[string]bool{"preview": false, "preview:a/b": true, "preview-with:x": false},
		},
		"a label was renamed": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.RenameLabel("preview:A/b", "other") },
			map[string]bool{"preview": true, "preview:a/b": false, "preview-with:x": false},
		},
		"labels can't be read": {
			func(s *githubtest.Server, _ *githubtest.Repo) {
				s.Inject(githubtest.Fault{Match: "/labels/", Status: 502})
			},
			map[string]bool{},
		},
		"an answer is about something else": {
			func(s *githubtest.Server, _ *githubtest.Repo) {
				s.Inject(githubtest.Fault{Match: "/labels/", Status: 200, Body: "{}"})
			},
			map[string]bool{},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			repo.Open(githubtest.PullRequest{Labels: []string{"Preview", "preview:a/b"}})
			tt.change(s, repo)
			assertEqual(t, tt.want, readShop(t, newClient(t, url, Options{}), wants).Labels)
		})
	}
}
