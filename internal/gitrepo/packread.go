package gitrepo

import (
	"bytes"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// unpackNeeded reads a pack with one commit within limits. It keeps the commit, all folders, and the files with a path
// that is needed. go-git's own parser keeps every object, at a multiple of its size.
func unpackNeeded(
	r io.Reader, head plumbing.Hash, needs func(path string) bool, limits packLimits,
) (*memory.Storage, error) {
	content, err := readAllOf(r, limits.pack)
	if err != nil {
		return nil, err
	}
	index, err := indexPack(content, limits)
	if err != nil {
		return nil, err
	}
	p := &packReader{
		packIndex: index, scanner: packfile.NewScanner(bytes.NewReader(content)), limits: limits, store: memory.NewStorage(),
		taken: map[int64]bool{}, left: limits.kept, leftOnPath: 4 * limits.object,
	}
	if err = p.readRoots(isStructure); err != nil {
		return nil, err
	}
	if p.needed, err = neededBlobs(p.store, head, needs); err != nil {
		return nil, err
	}
	return p.store, p.readRoots(isBlob)
}

func isStructure(kind plumbing.ObjectType) bool {
	return kind == plumbing.CommitObject || kind == plumbing.TreeObject
}

func isBlob(kind plumbing.ObjectType) bool { return kind == plumbing.BlobObject }

// callSize is a bound for the stack that one object in a chain of differences needs.
const callSize = 4 << 10

// packReader stores objects of a pack.
type packReader struct {
	*packIndex
	scanner    *packfile.Scanner
	limits     packLimits
	store      *memory.Storage
	needed     map[plumbing.Hash]bool // the files to keep
	taken      map[int64]bool         // differences, by offset
	left       int64                  // bytes that may still be kept
	leftOnPath int64                  // bytes that may still be used for a chain of differences
}

// readRoots reads objects of some kinds, and the objects that are stored as differences to them.
func (p *packReader) readRoots(wants func(plumbing.ObjectType) bool) error {
	for _, o := range p.roots {
		if !wants(o.kind) {
			continue
		}
		if o.size > p.limits.object {
			if isStructure(o.kind) {
				return tooLarge("%d MiB in a folder's list", p.limits.object>>20)
			}
			continue
		}
		content, err := p.inflate(o)
		if err != nil {
			return err
		}
		if err := p.take(o, o.kind, content); err != nil {
			return err
		}
	}
	return nil
}

func (p *packReader) inflate(o packObject) ([]byte, error) {
	if _, err := p.scanner.SeekObjectHeader(o.offset); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, _, err := p.scanner.NextObject(&b)
	return b.Bytes(), err
}

// take keeps an object if it is needed, and reads the objects that are stored as differences to it.
func (p *packReader) take(o packObject, kind plumbing.ObjectType, content []byte) error {
	hash := plumbing.ComputeHash(kind, content)
	if err := p.keep(hash, kind, content); err != nil {
		return err
	}
	size := int64(len(content)) + callSize
	if p.leftOnPath < size {
		return nil // a chain of large objects; the rest of it counts as too large
	}
	p.leftOnPath -= size
	defer func() { p.leftOnPath += size }()
	for _, children := range [][]packObject{p.byOffset[o.offset], p.byHash[hash]} {
		for _, child := range children {
			if err := p.takeDifference(child, kind, content); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *packReader) takeDifference(o packObject, kind plumbing.ObjectType, base []byte) error {
	if o.size > p.limits.object || p.taken[o.offset] { // a difference may be one to itself
		return nil
	}
	p.taken[o.offset] = true
	difference, err := p.inflate(o)
	if err != nil {
		return err
	}
	content, err := packfile.PatchDelta(base, difference)
	if err != nil {
		return err
	}
	return p.take(o, kind, content)
}

func (p *packReader) keep(hash plumbing.Hash, kind plumbing.ObjectType, content []byte) error {
	size := int64(len(content))
	if !isStructure(kind) && (!p.needed[hash] || size > p.limits.blob) {
		return nil
	}
	if p.left -= size; p.left < 0 {
		return tooLarge("%d MiB of configuration", p.limits.kept>>20)
	}
	o := &plumbing.MemoryObject{}
	o.SetType(kind)
	if _, err := o.Write(content); err != nil {
		return err
	}
	_, err := p.store.SetEncodedObject(o)
	return err
}

// neededBlobs returns the files of a commit with a path that is needed.
func neededBlobs(
	store *memory.Storage, head plumbing.Hash, needs func(path string) bool,
) (map[plumbing.Hash]bool, error) {
	tree, err := newTree(store, head)
	if err != nil {
		return nil, err
	}
	found := map[plumbing.Hash]bool{}
	seen := map[plumbing.Hash]bool{} // a folder can be at any number of paths
	var visit func(folder string, tree *object.Tree) error
	visit = func(folder string, tree *object.Tree) error {
		for _, e := range tree.Entries {
			name := folder + e.Name
			switch {
			case !needs(name):
			case e.Mode != filemode.Dir:
				found[e.Hash] = true
			case !seen[e.Hash]:
				seen[e.Hash] = true
				below, err := object.GetTree(store, e.Hash)
				if err != nil {
					return err
				}
				if err := visit(name+"/", below); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return found, visit("", tree.root)
}
