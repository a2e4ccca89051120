package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/previewset/previewset/internal/github/rest"
	"github.com/previewset/previewset/internal/preview"
)

// readLabels reads whether the repository has the labels that live pull requests lack now. Deleting or renaming a label
// takes it off all pull requests, as if a person had done that to each. A label that can't be read has no entry. The
// requests have no cache validator: status 404 has none, and a label that exists is read once.
func (r *repository) readLabels(
	ctx context.Context, api *repositoryAPI, open []preview.PullRequest, wanted func(int64, []preview.PullRequest) []string,
) (map[string]bool, error) {
	if wanted == nil {
		return nil, nil
	}
	names := wanted(r.identity.id, open)
	status := make([]int, len(names))
	err := readEach(ctx, len(names), func(ctx context.Context, i int) {
		status[i] = readLabel(ctx, api, names[i])
	})
	found := make(map[string]bool, len(names))
	for i, name := range names {
		if status[i] == http.StatusOK || status[i] == http.StatusNotFound {
			found[strings.ToLower(name)] = status[i] == http.StatusOK
		}
	}
	return found, err
}

// readLabel returns 200 if the repository has the label, 404 if it lacks the label, and 0 if that is unknown.
func readLabel(ctx context.Context, api *repositoryAPI, name string) int {
	var label labelJSON
	_, err := api.get(ctx, fmt.Sprintf("%s/labels/%s", api.path, url.PathEscape(name)), "", &label)
	switch {
	case rest.StatusOf(err) == http.StatusNotFound:
		return http.StatusNotFound
	case err == nil && strings.EqualFold(label.Name, name):
		return http.StatusOK
	}
	return 0
}
