package gitrepo

import (
	"context"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// draft is a change applied to one commit: a commit that only needs to be pushed.
type draft struct {
	base    plumbing.Hash
	edits   Edits
	before  plumbing.Hash // trees
	after   plumbing.Hash
	commit  plumbing.Hash
	objects []plumbing.Hash // what the remote lacks, with the commit
	seen    *sight          // what the change went by
}

func (d *draft) unchanged() bool { return d.before == d.after }

// apply applies the change to the newest tree, without a commit yet. Where the change would see what it saw when it made
// the last draft, if there is one, it isn't asked again: what it does then can take long, like building manifests.
func (r *Repository) apply(ctx context.Context, change Change, last *draft) (*draft, error) {
	tree, err := newTree(r.store, r.base)
	if err != nil {
		return nil, err
	}
	d := &draft{base: r.base, before: tree.root.Hash}
	if last != nil && last.seen.holdsIn(tree) {
		d.edits, d.seen = last.edits, last.seen
	} else {
		d.seen = newSight()
		tree.seen = d.seen
		if d.edits, err = change(ctx, tree); err != nil {
			return nil, &changeError{err}
		}
	}
	b := &builder{store: r.store}
	if d.after, err = b.build(d.before, d.edits); err != nil {
		return nil, &changeError{err}
	}
	d.objects = b.added
	return d, nil
}

// draft applies the change to the newest tree. Where it changes nothing there is no commit.
func (r *Repository) draft(ctx context.Context, change Change) (*draft, error) {
	d, err := r.apply(ctx, change, nil)
	if err != nil || d.unchanged() {
		return d, err
	}
	return d, r.commit(ctx, d)
}

// commit writes the commit object, signed if that is wanted. An error of it is the change's.
func (r *Repository) commit(ctx context.Context, d *draft) error {
	if err := r.write(ctx, d); err != nil {
		return &changeError{err}
	}
	return nil
}

func (r *Repository) write(ctx context.Context, d *draft) error {
	text, err := d.edits.Message.text()
	if err != nil {
		return err
	}
	c := &object.Commit{Message: text, TreeHash: d.after, ParentHashes: []plumbing.Hash{d.base}}
	if r.settings == nil {
		if r.settings, err = readSettings(ctx, r.opts); err != nil {
			return err
		}
	}
	if c.Author, c.Committer, err = r.settings.people(r.opts.Author, time.Now()); err != nil {
		return err
	}
	if c.PGPSignature, err = r.settings.sign(ctx, r.opts, c); err != nil {
		return err
	}
	b := &builder{store: r.store, added: d.objects}
	d.commit, err = b.add(c, plumbing.ZeroHash)
	d.objects = b.added
	return err
}

func (r *Repository) patch(ctx context.Context, d *draft) (string, error) {
	if d.unchanged() {
		return "", nil
	}
	before, err := object.GetTree(r.store, d.before)
	if err != nil {
		return "", err
	}
	after, err := object.GetTree(r.store, d.after)
	if err != nil {
		return "", err
	}
	changes, err := object.DiffTreeContext(ctx, before, after)
	if err != nil {
		return "", err
	}
	patch, err := changes.PatchContext(ctx)
	if err != nil {
		return "", err
	}
	return patch.String(), nil
}
