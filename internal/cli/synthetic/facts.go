package synthetic

import (
	"crypto/sha1" //nolint:gosec // G505: has the form of a commit hash and protects nothing
	"encoding/hex"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Facts returns facts in which every configured repository was read and every configured ref exists. The repository
// has one pull request.
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

// Commit returns a synthetic commit hash. The same ref has the same hash, so that manifests are reproducible.
func Commit(repository, ref string) string {
	sum := sha1.Sum([]byte(strings.ToLower(repository) + "@" + ref)) //nolint:gosec // G401: see the import
	return hex.EncodeToString(sum[:])
}
