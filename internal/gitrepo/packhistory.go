package gitrepo

import (
	"bytes"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"
)

// maxCommit limits the size of one commit object, in bytes.
const maxCommit = 64 << 10

// unpackCommits reads the commits at the begin of a pack, and nothing else: Git puts commits before all other objects.
// A commit that it doesn't find makes the history before it unknown.
func unpackCommits(r io.Reader, limit int) (*memory.Storage, error) {
	c := &commitReader{
		scanner: packfile.NewScanner(io.LimitReader(r, int64(limit)*maxCommit)), store: memory.NewStorage(),
		byOffset: map[int64][]byte{}, byHash: map[plumbing.Hash][]byte{},
	}
	_, count, err := c.scanner.Header()
	if err != nil {
		return nil, err
	}
	for range count {
		header, err := c.scanner.NextObjectHeader()
		if err != nil {
			return nil, err
		}
		if header.Type == plumbing.TreeObject || header.Type == plumbing.BlobObject || header.Length > maxCommit {
			break
		}
		if err := c.read(header); err != nil {
			return nil, err
		}
	}
	return c.store, nil
}

// commitReader stores commits of a pack. It keeps their contents, because a pack has some commits as differences.
type commitReader struct {
	scanner  *packfile.Scanner
	store    *memory.Storage
	byOffset map[int64][]byte
	byHash   map[plumbing.Hash][]byte
}

func (c *commitReader) read(header *packfile.ObjectHeader) error {
	var b bytes.Buffer
	if _, _, err := c.scanner.NextObject(&b); err != nil {
		return err
	}
	content := b.Bytes()
	switch header.Type {
	case plumbing.CommitObject:
	case plumbing.OFSDeltaObject:
		content = differenceTo(c.byOffset[header.OffsetReference], content)
	case plumbing.REFDeltaObject:
		content = differenceTo(c.byHash[header.Reference], content)
	default:
		return nil
	}
	if content == nil {
		return nil
	}
	o := &plumbing.MemoryObject{}
	o.SetType(plumbing.CommitObject)
	if _, err := o.Write(content); err != nil {
		return err
	}
	c.byOffset[header.Offset], c.byHash[o.Hash()] = content, content
	_, err := c.store.SetEncodedObject(o)
	return err
}

// differenceTo applies a difference to a commit. It returns nil if it isn't one to a commit, or makes a large one.
func differenceTo(base, difference []byte) []byte {
	var start prefix
	_, _ = start.Write(difference)
	if base == nil || start.targetSize() > maxCommit {
		return nil
	}
	content, err := packfile.PatchDelta(base, difference)
	if err != nil {
		return nil
	}
	return content
}
