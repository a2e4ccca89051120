package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// starter runs the browser with the libraries that were unpacked beside it, and with the fonts if the machine has none.
const starter = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/root
for lib in "$here"/usr/lib/*-linux-gnu*; do LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$lib:$lib/pulseaudio"; done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH#:}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_SYSROOT="$here"
exec "$here"/usr/lib/chromium/chromium "$@"
`

// Chromium returns the installed browser. If there is none, Debian's browser is fetched once, with the libraries that
// the machine lacks. That needs no root and installs nothing.
func (b *Toolbox) Chromium(ctx context.Context, progress io.Writer) (program string, err error) {
	if installed, err := exec.LookPath("chromium"); err == nil {
		return installed, nil
	}
	release, _ := os.ReadFile("/etc/os-release") // a system without one has no apt-get either, which is reported then
	sum := sha256.Sum256([]byte("chromium\n" + starter + runtime.GOARCH + "\n" + string(release)))
	return b.once(
		ctx, progress, "Debian's chromium", filepath.Join(b.cache, hex.EncodeToString(sum[:])[:16], "chromium"),
		fetchChromium,
	)
}

// once fetches a folder with the file in it, unless the file exists. It fetches into a temporary folder and renames
// that, so that an interrupted fetch leaves no incomplete folder.
func (b *Toolbox) once(
	ctx context.Context, progress io.Writer, what, file string, fetch func(ctx context.Context, folder string) error,
) (string, error) {
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	start, folder := time.Now(), filepath.Dir(file)
	_, _ = fmt.Fprintf(progress, "fetching %s, once, into %s\n", what, folder)
	if err := os.MkdirAll(b.cache, 0o750); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(b.cache, "fetching-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err := errors.Join(fetch(ctx, temp), os.RemoveAll(folder)); err != nil {
		return "", fmt.Errorf("fetch %s: %w", what, err)
	}
	if err := os.Rename(temp, folder); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(progress, "fetched %s in %s\n", what, time.Since(start).Round(time.Second))
	return file, nil
}

func fetchChromium(ctx context.Context, folder string) error {
	if err := unpackWithLibraries(ctx, folder, "chromium"); err != nil {
		return err
	}
	program := filepath.Join(folder, "chromium")
	if err := os.WriteFile(program, []byte(starter), 0o700); err != nil {
		return err
	}
	if err := system(ctx, folder, program, "--version"); err != nil {
		return fmt.Errorf("%w\nldd says which libraries it lacks", err)
	}
	return nil
}
