// Package secret reads secrets from files and keeps them out of logs. It doesn't know what they are used for.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// File is a secret in a file. It is read again when the file changes, so that the secret can be rotated. Printing a
// File prints its path, never the secret.
type File struct {
	path string

	mu    sync.Mutex
	value *string // a pointer, because fmt prints the fields of unexported fields
	size  int64
	mtime time.Time
}

// Read reads a secret file. A missing or empty file is an error.
func Read(path string) (*File, error) {
	f := &File{path: path}
	if err := f.reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Value is the current secret. While the file is missing or empty, it is the last good one.
func (f *File) Value() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err == nil && (info.Size() != f.size || !info.ModTime().Equal(f.mtime)) {
		_ = f.reload() // on failure the last good value stays
	}
	return *f.value
}

// Token is Value with the signature that adapters need.
func (f *File) Token() (string, error) { return f.Value(), nil }

// Matches compares a token with the secret in constant time.
func (f *File) Matches(token string) bool {
	want, got := sha256.Sum256([]byte(f.Value())), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (f *File) reload() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return explainFile(f.path, err)
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		return explainFile(f.path, err)
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return fmt.Errorf("secret file %s is empty; write the secret into it", f.path)
	}
	f.value, f.size, f.mtime = &value, info.Size(), info.ModTime()
	return nil
}

func explainFile(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("secret file %s is missing; create it, or remove its flag", path)
	}
	return fmt.Errorf("secret file %s: %w", path, err)
}

// String hides the value.
func (f *File) String() string { return "secret file " + f.path }

// GoString hides the value from %#v.
func (f *File) GoString() string { return f.String() }

// MarshalText hides the value from encoders and loggers.
func (f *File) MarshalText() ([]byte, error) { return []byte(f.String()), nil }
