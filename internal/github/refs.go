package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// maxPeels bounds how many tag objects may lie between a tag and its commit.
const maxPeels = 5

// ref is a branch or tag as it was read last.
type ref struct {
	etag   string
	object string // what it points to; for an annotated tag that isn't the commit
	commit string // empty where there is no commit behind it
}

// wantedRefs reads the branches and tags that are asked for; those that don't exist are missing from the maps.
func (r *reading) wantedRefs(ctx context.Context, wants preview.Wants) (branches, tags map[string]string, err error) {
	known := map[string]ref{}
	branches, err = r.readRefs(ctx, known, "heads/", wants.Branches)
	if err != nil {
		return nil, nil, err
	}
	tags, err = r.readRefs(ctx, known, "tags/", wants.Tags)
	if err != nil {
		return nil, nil, err
	}
	r.entry.refs = known // what isn't asked for any more is forgotten
	return branches, tags, nil
}

// readRefs reads the refs of a kind, "heads/" or "tags/", and adds them to known.
func (r *reading) readRefs(ctx context.Context, known map[string]ref, kind string, names []string) (map[string]string, error) {
	commits := make(map[string]string, len(names))
	for _, name := range names {
		if !validRef(name) {
			continue // Git can't have it
		}
		found, exists, err := r.readRef(ctx, kind+name, r.entry.refs[kind+name])
		if err != nil {
			return nil, fmt.Errorf("get %s%s: %w", kind, name, err)
		}
		if !exists {
			continue
		}
		known[kind+name] = found
		if found.commit != "" {
			commits[name] = found.commit
		}
	}
	return commits, nil
}

// gitObject is what refs and tag objects point to.
type gitObject struct {
	Ref    string `json:"ref"`
	Object struct {
		SHA  string `json:"sha"`
		Type string `json:"type"`
	} `json:"object"`
}

func (r *reading) readRef(ctx context.Context, name string, last ref) (found ref, exists bool, err error) {
	var o gitObject
	a, err := r.client.get(ctx, r.path+"/git/ref/"+escaped(name), last.etag, &o)
	switch status := statusOf(err); {
	case status == http.StatusNotFound, status == http.StatusConflict: // 409: the repository is empty
		return ref{}, false, nil
	case err != nil:
		return ref{}, false, err
	case a.unchanged:
		return last, true, nil
	case o.Ref != "refs/"+name:
		return ref{}, false, nil // GitHub shows one that only begins with the name
	case o.Object.SHA == "":
		return ref{}, false, errors.New("the answer has no object")
	}
	found = ref{etag: a.etag, object: o.Object.SHA, commit: last.commit}
	if found.object != last.object { // tag objects never change
		found.commit, err = r.peel(ctx, o)
	}
	return found, err == nil, err
}

// peel follows annotated tags to their commit; it is empty where a tree or blob is tagged.
func (r *reading) peel(ctx context.Context, o gitObject) (string, error) {
	for range maxPeels {
		if o.Object.Type != "tag" {
			break
		}
		sha := o.Object.SHA
		o = gitObject{}
		if _, err := r.client.get(ctx, r.path+"/git/tags/"+url.PathEscape(sha), "", &o); err != nil {
			return "", fmt.Errorf("peel annotated tag %s: %w", sha, err)
		}
	}
	switch {
	case o.Object.Type == "tag":
		return "", fmt.Errorf("peel annotated tag: more than %d tags lie between it and a commit", maxPeels)
	case o.Object.SHA == "":
		return "", errors.New("peel annotated tag: the answer has no object")
	case o.Object.Type != "commit":
		return "", nil
	}
	return o.Object.SHA, nil
}

func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// validRef says whether Git could have a branch or tag of the name (git check-ref-format). Other names aren't asked for,
// because dots in them could lead the request elsewhere.
func validRef(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	bad := func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c) }
	return !strings.ContainsFunc(name, bad) && !strings.Contains(name, "..") && !strings.Contains(name, "@{") &&
		!strings.HasSuffix(name, ".") && len(name) <= 1024
}
