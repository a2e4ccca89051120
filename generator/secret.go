package generator

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

// Secret is a secret in a file, read again when the file changes, so that it can be rotated. Printing it prints
// nothing of it.
type Secret struct {
	path string

	mu    sync.Mutex
	value *string // a pointer, because fmt prints the fields of what holds a Secret in an unexported field
	size  int64
	mtime time.Time
}

// NewSecret reads a secret. A file that is missing or empty is an error.
func NewSecret(path string) (*Secret, error) {
	s := &Secret{path: path}
	if err := s.reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Value is the secret as the file has it now. While the file is missing or empty, the last good value stays.
func (s *Secret) Value() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.path)
	if err == nil && (info.Size() != s.size || !info.ModTime().Equal(s.mtime)) {
		_ = s.reload() // the last good value stays
	}
	return *s.value
}

// Token is Value in the form in which adapters ask for it.
func (s *Secret) Token() (string, error) { return s.Value(), nil }

func (s *Secret) reload() error {
	info, err := os.Stat(s.path)
	if err != nil {
		return explainFile(s.path, err)
	}
	content, err := os.ReadFile(s.path)
	if err != nil {
		return explainFile(s.path, err)
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return fmt.Errorf("secret file %s is empty; write the secret into it", s.path)
	}
	s.value, s.size, s.mtime = &value, info.Size(), info.ModTime()
	return nil
}

func explainFile(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("secret file %s is missing; create it, or leave its flag out", path)
	}
	return fmt.Errorf("secret file %s: %w", path, err)
}

// matches compares in constant time.
func (s *Secret) matches(token string) bool {
	want, got := sha256.Sum256([]byte(s.Value())), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// String hides the value.
func (s *Secret) String() string { return "secret file " + s.path }

// GoString hides the value from %#v too.
func (s *Secret) GoString() string { return s.String() }

// MarshalText hides the value from encoders and loggers.
func (s *Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
