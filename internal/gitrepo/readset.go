package gitrepo

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

// readSet records everything that a Change has read of a tree. The edits of a change depend only on the tree: if all
// reads have the same result in another tree, its edits are the same too.
type readSet struct {
	lock sync.Mutex
	seen map[readKey]string // the fingerprint of each read
}

type readKey struct {
	depth readDepth
	path  string
}

// readDepth is the part of an entry that was read.
type readDepth int

const (
	entryOnly readDepth = iota // existence of a folder, content of any other entry
	listing                    // the names in a folder and their types
	recursive                  // everything below a folder
)

func newReadSet() *readSet { return &readSet{seen: map[readKey]string{}} }

func (s *readSet) record(name string, depth readDepth, e *entry, err error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.seen[readKey{depth, name}] = fingerprint(e, err, depth)
}

// isSameIn reports whether all reads would return the same in t.
func (s *readSet) isSameIn(t *Tree) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	for read, before := range s.seen {
		e, err := t.walkTo("compare", read.path)
		if fingerprint(e, err, read.depth) != before {
			return false
		}
	}
	return true
}

func fingerprint(e *entry, err error, depth readDepth) string {
	switch {
	case err != nil:
		return "absent"
	case depth == listing && e.IsDir():
		return namesAndTypes(e.children())
	case depth == entryOnly && e.IsDir():
		return "folder"
	}
	return fmt.Sprintf("%s %s", e.mode, e.hash)
}

func namesAndTypes(entries []fs.DirEntry, err error) string {
	if err != nil {
		return "unreadable"
	}
	var b strings.Builder
	for _, e := range entries {
		_, _ = fmt.Fprintf(&b, "%s %q\n", e.Type(), e.Name())
	}
	return b.String()
}
