package gitrepo

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/storage/memory"
)

// maxAncestors limits the search for the last read commit among the ancestors of a newer commit.
const maxAncestors = 500

// Version is a commit of a branch, with its known ancestors.
type Version struct {
	Commit string
	// Ancestors are the known commits before Commit, newest first. A commit that was removed by a forced push isn't
	// among them.
	Ancestors []string
}

// ReadNewer returns the newest tree of the branch and its version, or nil if the branch is still at last.Commit. The
// tree has the content of the files and folders that needs accepts, if they are at most 1 MiB large; needs is asked for
// a folder before its content. Unlike Read it keeps no objects, because the service reads a branch for months. If
// last.Commit is an ancestor of the new commit, the new version also has the ancestors of last. The caller adds the
// name of the branch to errors.
func (r *Repository) ReadNewer(
	ctx context.Context, last Version, needs func(path string) bool,
) (tree *Tree, now Version, err error) {
	now = last
	err = r.withHead(ctx, func(head plumbing.Hash) error {
		switch head {
		case plumbing.NewHash(last.Commit):
			return nil
		case r.tooLargeHead:
			return r.tooLarge
		}
		tree, now, err = r.fetchCommit(ctx, head, last, needs)
		if errors.Is(err, ErrTooLarge) {
			r.tooLarge, r.tooLargeHead = err, head
		}
		return err
	})
	if err != nil {
		return nil, Version{}, err
	}
	return tree, now, nil
}

// fetchCommit fetches one commit, and more history if the commit's parents don't show whether last is an ancestor.
func (r *Repository) fetchCommit(
	ctx context.Context, head plumbing.Hash, last Version, needs func(path string) bool,
) (*Tree, Version, error) {
	var store *memory.Storage
	limit := uint64(serviceLimits.blob) + 1 //nolint:gosec // G115: a positive constant
	request := fetchRequest{want: head, depth: 1, filter: packp.FilterBlobLimit(limit, "")}
	err := r.remote.fetch(ctx, request, func(pack io.Reader) (err error) {
		store, err = unpackNeeded(pack, head, needs, serviceLimits)
		return err
	})
	if err != nil {
		return nil, Version{}, err
	}
	tree, err := newTree(store, head)
	if err != nil {
		return nil, Version{}, err
	}
	ancestors, hasLast := ancestorsOf(store, head, last)
	if !hasLast && len(ancestors) > 0 {
		request = fetchRequest{want: head, depth: maxAncestors, filter: packp.FilterTreeDepth(0)}
		var commits *memory.Storage
		err := r.remote.fetch(ctx, request, func(pack io.Reader) (err error) {
			commits, err = unpackCommits(pack, maxAncestors)
			return err
		})
		if err == nil { // after an error the ancestors stay unknown
			ancestors, _ = ancestorsOf(commits, head, last)
		}
	}
	return tree, Version{Commit: head.String(), Ancestors: ancestors}, nil
}

// ancestorsOf returns the ancestors in the store and reports whether last.Commit is one of them.
func ancestorsOf(store *memory.Storage, head plumbing.Hash, last Version) (found []string, hasLast bool) {
	seen := map[plumbing.Hash]bool{}
	queue := parentsOf(store, head)
	for len(queue) > 0 && len(found) < maxAncestors {
		hash := queue[0]
		queue = queue[1:]
		if seen[hash] {
			continue
		}
		seen[hash] = true
		found = append(found, hash.String())
		if hash.String() == last.Commit {
			hasLast = true
			continue
		}
		queue = append(queue, parentsOf(store, hash)...)
	}
	if hasLast {
		found = append(found, last.Ancestors[:min(len(last.Ancestors), maxAncestors)]...)
	}
	return found, hasLast
}

// parentsOf returns no parents for a commit that wasn't fetched.
func parentsOf(store *memory.Storage, hash plumbing.Hash) []plumbing.Hash {
	c, err := object.GetCommit(store, hash)
	if err != nil {
		return nil
	}
	return slices.Clone(c.ParentHashes)
}
