package gitrepo

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"
)

// maxCommit limits the size of one commit object, in bytes.
const maxCommit = 64 << 10

// unpackCommits reads the commits at the begin of a pack, and nothing else. Git puts commits before all other objects.
// Commits that it doesn't find count as unknown history.
func unpackCommits(r io.Reader, limit int) (*memory.Storage, error) {
	store := memory.NewStorage()
	scanner := packfile.NewScanner(io.LimitReader(r, int64(limit)*maxCommit))
	_, count, err := scanner.Header()
	for i := uint32(0); err == nil && i < count; i++ {
		var header *packfile.ObjectHeader
		if header, err = scanner.NextObjectHeader(); err != nil {
			break
		}
		if header.Type == plumbing.TreeObject || header.Type == plumbing.BlobObject || header.Length > maxCommit {
			break
		}
		err = addCommit(store, scanner, header)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return store, err
}

func addCommit(store *memory.Storage, scanner *packfile.Scanner, header *packfile.ObjectHeader) error {
	var b bytes.Buffer
	if _, _, err := scanner.NextObject(&b); err != nil || header.Type != plumbing.CommitObject {
		return err
	}
	o := &plumbing.MemoryObject{}
	o.SetType(header.Type)
	if _, err := o.Write(b.Bytes()); err != nil {
		return err
	}
	_, err := store.SetEncodedObject(o)
	return err
}
