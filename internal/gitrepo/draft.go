package gitrepo

import (
	"context"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// draft is the result of a change on one commit. It can be pushed after commitDraft.
type draft struct {
	base          plumbing.Hash
	edits         Edits
	before, after plumbing.Hash // trees
	commit        plumbing.Hash // zero until commitDraft
	objects       []plumbing.Hash
	reads         *readSet // what the change has read
}

func (d *draft) isUnchanged() bool { return d.before == d.after }

// newDraft applies the change to the newest tree. It reuses the edits of the last draft if everything that the change
// had read for it is unchanged, because a change can take long, for example to build manifests.
func (r *Repository) newDraft(ctx context.Context, change Change, last *draft) (*draft, error) {
	tree, err := newTree(r.store, r.base)
	if err != nil {
		return nil, err
	}
	d := &draft{base: r.base, before: tree.root.Hash}
	if last != nil && last.reads.isSameIn(tree) {
		d.edits, d.reads = last.edits, last.reads
	} else {
		d.reads = newReadSet()
		tree.reads = d.reads
		if d.edits, err = change(ctx, tree); err != nil {
			return nil, &changeError{err}
		}
	}
	b := &treeBuilder{store: r.store}
	if d.after, err = b.apply(d.before, d.edits); err != nil {
		return nil, &changeError{err}
	}
	d.objects = b.added
	return d, nil
}

// commitDraft writes the commit object, signed if signing is configured. Its errors count as the change's.
func (r *Repository) commitDraft(ctx context.Context, d *draft) error {
	if err := r.writeCommit(ctx, d); err != nil {
		return &changeError{err}
	}
	return nil
}

func (r *Repository) writeCommit(ctx context.Context, d *draft) error {
	text, err := d.edits.Message.asText()
	if err != nil {
		return err
	}
	c := &object.Commit{Message: text, TreeHash: d.after, ParentHashes: []plumbing.Hash{d.base}}
	if r.settings == nil {
		if r.settings, err = readSettings(ctx, r.opts); err != nil {
			return err
		}
	}
	if c.Author, c.Committer, err = r.settings.signatures(r.opts.Author, time.Now()); err != nil {
		return err
	}
	if c.PGPSignature, err = r.settings.signCommit(ctx, r.opts.Signing, r.opts.SigningKey, c); err != nil {
		return err
	}
	b := &treeBuilder{store: r.store, added: d.objects}
	d.commit, err = b.addObject(c, plumbing.ZeroHash)
	d.objects = b.added
	return err
}

// patchOf returns the difference between two trees in Git's format. It shows a moved file as a rename.
func patchOf(ctx context.Context, store *memory.Storage, before, after plumbing.Hash) (string, error) {
	if before == after {
		return "", nil
	}
	changes, err := treeDifference(ctx, store, before, after)
	if err != nil {
		return "", err
	}
	// In a short file, a service's new name changes half of the lines.
	renames := &object.DiffTreeOptions{DetectRenames: true, RenameScore: 40}
	if changes, err = object.DetectRenames(changes, renames); err != nil {
		return "", err
	}
	patch, err := changes.PatchContext(ctx)
	if err != nil {
		return "", err
	}
	return patch.String(), nil
}

func treeDifference(ctx context.Context, store *memory.Storage, before, after plumbing.Hash) (object.Changes, error) {
	from, err := object.GetTree(store, before)
	if err != nil {
		return nil, err
	}
	to, err := object.GetTree(store, after)
	if err != nil {
		return nil, err
	}
	return object.DiffTreeContext(ctx, from, to)
}
