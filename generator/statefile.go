package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// StateFile keeps memory in a file. Saving replaces it whole or not at all, also when the machine stops in between.
type StateFile string

// Load returns what was saved last; nil where nothing was.
func (f StateFile) Load(context.Context) ([]byte, error) {
	content, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// Save writes beside the file, then renames: whoever reads sees the old content or the new.
func (f StateFile) Save(_ context.Context, content []byte) error {
	folder := filepath.Dir(string(f))
	tmp, err := os.CreateTemp(folder, filepath.Base(string(f))+".*.tmp")
	if err != nil {
		return fmt.Errorf("write state: %w; make its folder writable", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already where all went well
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := os.Rename(tmp.Name(), string(f)); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return syncFolder(folder)
}

// syncFolder makes a rename last.
func syncFolder(folder string) error {
	d, err := os.Open(folder) //nolint:gosec // G304: the folder of the file that a flag names
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
