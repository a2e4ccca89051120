package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// maxPeels bounds how many tag objects may lie between a tag and its commit.
const maxPeels = 5

// ref is a branch or tag as it was read last.
type ref struct {
	etag   string
	object string // what it points to; for an annotated tag that isn't the commit; empty where there is no such ref
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
		found, err := r.readRef(ctx, kind+name, r.entry.refs[kind+name])
		if err != nil {
			return nil, fmt.Errorf("get %s%s: %w", kind, name, err)
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

// readRef asks for the list of refs that begin with the name, because a list has an ETag also where it is empty, while
// asking for a ref that doesn't exist is charged every time. The ref itself comes first; should it not, it is asked for.
func (r *reading) readRef(ctx context.Context, name string, last ref) (ref, error) {
	var found []*gitObject
	a, err := r.get(ctx, r.path+"/git/matching-refs/"+escaped(name)+"?per_page=1", last.etag, &found)
	switch {
	case statusOf(err) == http.StatusConflict: // the repository is empty
		return ref{}, nil
	case err != nil:
		return ref{}, r.explained(err)
	case a.unchanged:
		return last, nil
	case found == nil:
		return ref{}, errors.New("the answer has no list")
	}
	i := slices.IndexFunc(found, func(o *gitObject) bool { return o != nil && o.Ref == "refs/"+name })
	var o *gitObject
	if i >= 0 {
		o = found[i]
	} else if len(found) > 0 || a.next {
		if o, err = r.single(ctx, name); err != nil {
			return ref{}, err
		}
	}
	if o == nil {
		return ref{etag: a.etag}, nil
	}
	now := ref{etag: a.etag, object: o.Object.SHA, commit: last.commit}
	switch {
	case now.object == "":
		return ref{}, errors.New("the answer has no object")
	case now.object != last.object: // tag objects never change
		now.commit, err = r.peel(ctx, *o)
	}
	return now, err
}

// single asks for one ref; it is nil where there is none.
func (r *reading) single(ctx context.Context, name string) (*gitObject, error) {
	var o gitObject
	_, err := r.get(ctx, r.path+"/git/ref/"+escaped(name), "", &o)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return nil, nil // there is none
	case err != nil:
		return nil, err
	case o.Ref != "refs/"+name:
		return nil, nil // GitHub shows one that only begins with the name
	}
	return &o, nil
}

// peel follows annotated tags to their commit; it is empty where a tree or blob is tagged.
func (r *reading) peel(ctx context.Context, o gitObject) (string, error) {
	for range maxPeels {
		if o.Object.Type != "tag" {
			break
		}
		sha := o.Object.SHA
		o = gitObject{}
		if _, err := r.get(ctx, r.path+"/git/tags/"+url.PathEscape(sha), "", &o); err != nil {
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
