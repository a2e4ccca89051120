package gitrepo_test

import (
	"context"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// newBare creates a bare repository with one commit that has one file.
func newBare(tb testing.TB) string {
	tb.Helper()
	return gittest.New(tb, map[string]string{"README.md": "hello\n"})
}

// once calls f the first time.
func once(f func()) func() {
	var o sync.Once
	return func() { o.Do(f) }
}

var quickly = gitrepo.Retry{Min: time.Millisecond, Max: 20 * time.Millisecond}

func open(tb testing.TB, o gitrepo.Options) *gitrepo.Repository {
	tb.Helper()
	if o.Folder == "" {
		o.Folder = tb.TempDir() // not the project's own clone, which may have a configuration
	}
	if o.Environ == nil {
		o.Environ = gittest.Environ()
	}
	if o.Retry == (gitrepo.Retry{}) {
		o.Retry = quickly
	}
	r, err := gitrepo.NewRepository(o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// writes returns a change that writes one file.
func writes(name, content string) gitrepo.Change {
	return func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
		return gitrepo.Edits{Write: map[string][]byte{name: []byte(content)}, Message: gitrepo.Message{Subject: "Write " + name}}, nil
	}
}

// appends returns a change that adds a line to a file. It depends on the present content.
func appends(name, line string) gitrepo.Change {
	return func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		old, err := fs.ReadFile(tree, name)
		if err != nil && !os.IsNotExist(err) {
			return gitrepo.Edits{}, err
		}
		return gitrepo.Edits{
			Write:   map[string][]byte{name: append(old, line+"\n"...)},
			Message: gitrepo.Message{Subject: "Add " + line},
		}, nil
	}
}
