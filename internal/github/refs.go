package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/github/rest"
	"github.com/previewset/previewset/internal/preview"
)

// maxTagObjects limits the chain of tag objects between a tag and its commit.
const maxTagObjects = 5

// ref is a branch or tag, as read last.
type ref struct {
	etag   string
	object string // SHA of the commit or tag object; empty if the ref doesn't exist
	commit string // SHA; empty if the ref leads to no commit
}

// refsByName are branches and tags by "heads/name" and "tags/name".
type refsByName map[string]ref

// readRefs reads the wanted branches and tags and returns their commits by name. Names that don't exist are absent.
// Refs that are no longer wanted are forgotten.
func (r *refsByName) readRefs(
	ctx context.Context, api *repositoryAPI, wants preview.Wants,
) (branches, tags map[string]string, err error) {
	now := refsByName{}
	if branches, err = r.readRefsOf(ctx, api, now, "heads/", wants.Branches); err != nil {
		return nil, nil, err
	}
	if tags, err = r.readRefsOf(ctx, api, now, "tags/", wants.Tags); err != nil {
		return nil, nil, err
	}
	*r = now
	return branches, tags, nil
}

// readRefsOf reads the refs with a prefix, "heads/" or "tags/", and adds them to now.
func (r *refsByName) readRefsOf(
	ctx context.Context, api *repositoryAPI, now refsByName, prefix string, names []string,
) (map[string]string, error) {
	commits := make(map[string]string, len(names))
	for _, name := range names {
		if !isRefName(name) {
			continue
		}
		found, err := readRef(ctx, api, prefix+name, (*r)[prefix+name])
		if err != nil {
			return nil, fmt.Errorf("get %s%s: %w", prefix, name, err)
		}
		now[prefix+name] = found
		if found.commit != "" {
			commits[name] = found.commit
		}
	}
	return commits, nil
}

// gitObjectJSON is a ref or tag object. Object is its target.
type gitObjectJSON struct {
	Ref    string `json:"ref"`
	Object struct {
		SHA  string `json:"sha"`
		Type string `json:"type"`
	} `json:"object"`
}

// readRef reads one ref. It asks for the refs that begin with the name, because a list has an ETag even if it is
// empty; a request for a missing ref would be charged each time.
func readRef(ctx context.Context, api *repositoryAPI, name string, last ref) (ref, error) {
	var found []*gitObjectJSON
	a, err := api.get(ctx, api.path+"/git/matching-refs/"+escapePath(name)+"?per_page=1", last.etag, &found)
	switch {
	case rest.StatusOf(err) == http.StatusConflict: // the repository is empty
		return ref{}, nil
	case err != nil:
		return ref{}, api.explainNotFound(err)
	case a.Unchanged:
		return last, nil
	case found == nil:
		return ref{}, errors.New("the answer has no list")
	}
	object, err := selectRef(ctx, api, name, found, a.HasNext)
	if err != nil || object == nil {
		return ref{etag: a.ETag}, err
	}
	now := ref{etag: a.ETag, object: object.Object.SHA, commit: last.commit}
	switch {
	case now.object == "":
		return ref{}, errors.New("the answer has no object")
	case now.object != last.object: // the content of a tag object never changes
		now.commit, err = peelTag(ctx, api, *object)
	}
	return now, err
}

// selectRef returns the ref with exactly this name; nil if there is none. GitHub lists that ref first. If it doesn't,
// the ref is read itself.
func selectRef(
	ctx context.Context, api *repositoryAPI, name string, found []*gitObjectJSON, hasNext bool,
) (*gitObjectJSON, error) {
	i := slices.IndexFunc(found, func(o *gitObjectJSON) bool { return o != nil && o.Ref == "refs/"+name })
	switch {
	case i >= 0:
		return found[i], nil
	case len(found) == 0 && !hasNext:
		return nil, nil
	}
	var o gitObjectJSON
	_, err := api.get(ctx, api.path+"/git/ref/"+escapePath(name), "", &o)
	switch {
	case rest.StatusOf(err) == http.StatusNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case o.Ref != "refs/"+name: // a ref with a longer name
		return nil, nil
	}
	return &o, nil
}

// peelTag follows annotated tags to their commit. The result is empty for a tagged tree or blob.
func peelTag(ctx context.Context, api *repositoryAPI, o gitObjectJSON) (string, error) {
	for range maxTagObjects {
		if o.Object.Type != "tag" {
			break
		}
		sha := o.Object.SHA
		o = gitObjectJSON{}
		if _, err := api.get(ctx, api.path+"/git/tags/"+url.PathEscape(sha), "", &o); err != nil {
			return "", fmt.Errorf("peel annotated tag %s: %w", sha, err)
		}
	}
	switch {
	case o.Object.Type == "tag":
		return "", fmt.Errorf("peel annotated tag: more than %d tag objects before the commit", maxTagObjects)
	case o.Object.SHA == "":
		return "", errors.New("peel annotated tag: the answer has no object")
	case o.Object.Type != "commit":
		return "", nil
	}
	return o.Object.SHA, nil
}

func escapePath(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// isRefName reports whether Git allows a branch or tag with the name (git check-ref-format). Other names aren't sent
// to GitHub, because dots in them could lead the request to another path.
func isRefName(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	isForbidden := func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c) }
	return !strings.ContainsFunc(name, isForbidden) && !strings.Contains(name, "..") && !strings.Contains(name, "@{") &&
		!strings.HasSuffix(name, ".") && len(name) <= 1024
}
