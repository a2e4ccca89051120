package helmchart

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/ignore"
)

// maxFolder is the largest accepted size of a chart's folder in bytes.
const maxFolder = 32 << 20

// ReadArchive reads a packed chart. The digest is that of the archive.
func ReadArchive(archive []byte) (c *chart.Chart, digest string, err error) {
	c, err = loader.LoadArchive(bytes.NewReader(archive))
	if err != nil {
		return nil, "", fmt.Errorf("read the chart's archive: %w", err)
	}
	sum := sha256.Sum256(archive)
	return c, "sha256:" + hex.EncodeToString(sum[:]), nil
}

// ReadFolder reads a chart from a folder, without the files that .helmignore names. The digest is that of all names and
// contents. Pass os.Root.FS(), so that no file outside of the folder can be reached.
func ReadFolder(fsys fs.FS) (c *chart.Chart, digest string, err error) {
	rules, err := readIgnore(fsys)
	if err != nil {
		return nil, "", err
	}
	var files []*loader.BufferedFile
	total, sum := 0, sha256.New()
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case rules.Ignore(name, info) || d.Name() == ".git":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s isn't a regular file\nreplace it, or name it in .helmignore", name)
		}
		if total += int(info.Size()); total > maxFolder {
			return fmt.Errorf("the chart is larger than %d MiB\nname what it doesn't need in .helmignore", maxFolder>>20)
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(sum, "%q %d\n", name, len(content))
		sum.Write(content)
		files = append(files, &loader.BufferedFile{Name: name, Data: content})
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	if c, err = loader.LoadFiles(files); err != nil {
		return nil, "", fmt.Errorf("%w\nname a folder with a Chart.yaml", err)
	}
	return c, "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

func readIgnore(fsys fs.FS) (*ignore.Rules, error) {
	rules := ignore.Empty()
	content, err := fs.ReadFile(fsys, ignore.HelmIgnore)
	if err == nil {
		rules, err = ignore.Parse(bytes.NewReader(content))
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ignore.HelmIgnore, err)
	}
	rules.AddDefaults()
	return rules, nil
}
