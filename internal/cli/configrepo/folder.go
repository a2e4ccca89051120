package configrepo

import (
	"fmt"
	"io/fs"
	"os"
)

// OpenFolder opens a folder as a file system from which no path leads outside.
func OpenFolder(dir string) (fsys fs.FS, closeDir func(), err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	return root.FS(), func() { _ = root.Close() }, nil
}

// OpenRepository opens the folder of a GitOps repository.
func OpenRepository(dir string) (fsys fs.FS, closeDir func(), err error) {
	fsys, closeDir, err = OpenFolder(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the GitOps repository: %w\n"+
			"name its folder, or create one: previewctl init %s", err, dir)
	}
	return fsys, closeDir, nil
}
