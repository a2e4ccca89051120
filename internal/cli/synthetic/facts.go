package synthetic

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Facts are those of a world where every configured repository was read, and every ref that is asked for exists.
func Facts(c *config.Config, repository string, pr preview.PullRequest) preview.Facts {
	f := preview.Facts{Repositories: map[string]preview.Repository{}}
	for _, key := range c.Repositories() {
		r := preview.Repository{FullName: key, Branches: map[string]string{}, Tags: map[string]string{}}
		wants := preview.Wanted(c, key)
		for _, b := range wants.Branches {
			r.Branches[b] = Commit(key, b)
		}
		for _, t := range wants.Tags {
			r.Tags[t] = Commit(key, t)
		}
		if strings.EqualFold(key, repository) {
			r.FullName, r.PullRequests = repository, []preview.PullRequest{pr}
		}
		f.Repositories[key] = r
	}
	return f
}

// Commit is the same for the same ref, so that the same command prints the same manifests.
func Commit(repository, ref string) string {
	sum := sha1.Sum([]byte(strings.ToLower(repository) + "@" + ref)) //nolint:gosec // G401: see the import
	return hex.EncodeToString(sum[:])
}
