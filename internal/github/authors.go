package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// commitAuthors are the logins of a commit's author and committer, as read last.
type commitAuthors struct {
	etag   string
	logins []string
}

type commitJSON struct {
	SHA       string   `json:"sha"`
	Author    *account `json:"author"`
	Committer *account `json:"committer"`
}

// readAuthors returns the authors of the commit. The receiver is the previous result.
func (a commitAuthors) readAuthors(ctx context.Context, api *repositoryAPI, sha string) (commitAuthors, error) {
	if sha == "" {
		return a, errors.New("GitHub shows no head commit")
	}
	var c commitJSON
	// per_page=1 limits the list of files, which is not needed and has up to 300 patches.
	answer, err := api.get(ctx, api.path+"/commits/"+url.PathEscape(sha)+"?per_page=1", a.etag, &c)
	switch {
	case err != nil:
		return a, fmt.Errorf("get commit %.7s: %w", sha, err)
	case answer.Unchanged:
		return a, nil
	case !strings.EqualFold(c.SHA, sha):
		return a, fmt.Errorf("get commit %.7s: the answer is about another commit", sha)
	}
	logins := slices.Compact([]string{c.Author.login(), c.Committer.login()})
	return commitAuthors{etag: answer.ETag, logins: logins}, nil
}
