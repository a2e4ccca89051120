package gitrepo

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

// sight is what was seen of a tree. Whoever sees the same of another tree, and goes by nothing else, makes the same of it.
type sight struct {
	lock sync.Mutex
	seen map[sighting]string
}

// sighting is a path, and how it was looked at.
type sighting struct {
	how  how
	name string
}

type how int

const (
	atOnce how = iota // what it is: of a folder that it is one, of all else the content too
	listed            // the names in it, and what they are
	wholly            // with everything below it
)

func newSight() *sight { return &sight{seen: map[sighting]string{}} }

// look is what is at a path, noted where somebody wants to know.
func (t *Tree) look(op, name string, how how) (*entry, error) {
	e, err := t.entry(op, name)
	if t.seen != nil {
		t.seen.note(sighting{how, name}, appearance(e, err, how))
	}
	return e, err
}

func (s *sight) note(what sighting, as string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.seen[what] = as
}

// holdsIn is true where all of it would be seen in that tree too.
func (s *sight) holdsIn(t *Tree) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	for what, as := range s.seen {
		e, err := t.entry("look at", what.name)
		if appearance(e, err, what.how) != as {
			return false
		}
	}
	return true
}

func appearance(e *entry, err error, how how) string {
	switch {
	case err != nil:
		return "absent"
	case how == listed && e.IsDir():
		return listing(e.list())
	case how == atOnce && e.IsDir():
		return "folder"
	}
	return fmt.Sprintf("%s %s", e.mode, e.hash)
}

func listing(entries []fs.DirEntry, err error) string {
	if err != nil {
		return "unreadable"
	}
	var b strings.Builder
	for _, e := range entries {
		_, _ = fmt.Fprintf(&b, "%s %q\n", e.Type(), e.Name())
	}
	return b.String()
}
