package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// File keeps the saved state in a file. Saving replaces the file completely or not at all, also if the machine stops in
// between.
type File string

// Load returns the content, or nil if the file doesn't exist.
func (f File) Load(context.Context) ([]byte, error) {
	content, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// MaxSize returns 0: a file has no limit.
func (File) MaxSize() int { return 0 }

// Lock takes the lock on the file for this process. It fails if another process has the lock, because two services with
// one state would overwrite each other. unlock releases it; the end of the process does so too.
func (f File) Lock() (unlock func() error, err error) {
	path := string(f) + ".lock"
	lock := flock.New(path)
	taken, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("lock state file: %w; make its folder writable", err)
	case !taken:
		return nil, fmt.Errorf("lock state file %s: %s uses it; stop that one, or give this one another file", string(f),
			holderOf(path))
	}
	host, _ := os.Hostname() // only for the message
	holder := fmt.Sprintf("process %d on %q\n", os.Getpid(), host)
	if err := os.WriteFile(path, []byte(holder), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock state file: %w", err), lock.Unlock())
	}
	return lock.Unlock, nil
}

// holderOf returns the process that wrote a lock file.
func holderOf(path string) string {
	content, err := os.ReadFile(path) //nolint:gosec // G304: beside the file that a flag names
	if holder := strings.TrimSpace(string(content)); err == nil && holder != "" {
		return holder
	}
	return "another process"
}

// Save writes a temporary file beside the file and renames it, so a reader sees either the old or the new content.
func (f File) Save(_ context.Context, content []byte) error {
	folder := filepath.Dir(string(f))
	tmp, err := os.CreateTemp(folder, filepath.Base(string(f))+".*.tmp")
	if err != nil {
		return fmt.Errorf("write state file: %w; make its folder writable", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // fails after a successful rename
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	if err := os.Rename(tmp.Name(), string(f)); err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	return syncFolder(folder)
}

// syncFolder makes a rename in the folder durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder) //nolint:gosec // G304: the folder of the file that a flag names
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
