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
	"strings"
	"time"
)

// Package is a Debian package. Its programs need no library except the C library.
type Package struct {
	name     string
	programs []string // in its /usr/bin
}

// Prometheus has the server, and promtool, which checks and tests rules.
var Prometheus = Package{name: "prometheus", programs: []string{"prometheus", "promtool"}}

// The exporters of PostgreSQL and Redis.
var (
	PostgresExporter = Package{name: "prometheus-postgres-exporter", programs: []string{"prometheus-postgres-exporter"}}
	RedisExporter    = Package{name: "prometheus-redis-exporter", programs: []string{"prometheus-redis-exporter"}}
)

// Unpack returns the folder with the package's programs. If the folder doesn't have them, the package is fetched from
// Debian. That needs no root and installs nothing.
func (b *Toolbox) Unpack(ctx context.Context, progress io.Writer, p Package) (string, error) {
	folder := filepath.Join(b.cache, p.key())
	if p.in(folder) {
		return folder, nil
	}
	start := time.Now()
	_, _ = fmt.Fprintf(progress, "fetching Debian's package %s, once, into %s\n", p.name, folder)
	if err := p.fetch(ctx, folder); err != nil {
		return "", fmt.Errorf("fetch Debian's package %s: %w\nor put its programs (%s) into %s",
			p.name, err, strings.Join(p.programs, ", "), folder)
	}
	_, _ = fmt.Fprintf(progress, "fetched %s in %s\n", p.name, time.Since(start).Round(time.Second))
	return folder, nil
}

// key identifies the distribution's release, because each release has its own version of the programs.
func (p Package) key() string {
	// A system without this file has no apt-get either, and that error is reported.
	release, _ := os.ReadFile("/etc/os-release")
	sum := sha256.Sum256([]byte(p.name + "\n" + runtime.GOARCH + "\n" + string(release)))
	return hex.EncodeToString(sum[:])[:16]
}

func (p Package) in(folder string) bool {
	for _, name := range p.programs {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// fetch unpacks the package into a temporary folder. It moves the programs after each of them has run once.
func (p Package) fetch(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(folder), "debian-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err = aptGet(ctx, temp, "download", p.name); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(temp, p.name+"_*.deb"))
	if err != nil || len(files) != 1 {
		return errors.Join(err, fmt.Errorf("apt-get left %d packages in %s, not one", len(files), temp))
	}
	if err := system(ctx, temp, "dpkg-deb", "--extract", files[0], temp); err != nil {
		return err
	}
	for _, name := range p.programs {
		if err := system(ctx, temp, filepath.Join(temp, "usr", "bin", name), "--version"); err != nil {
			return fmt.Errorf("%w\nldd says which libraries it lacks", err)
		}
	}
	for _, name := range p.programs {
		if err := os.Rename(filepath.Join(temp, "usr", "bin", name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// unpackWithLibraries unpacks Debian's packages into the folder root, with the packages that they need and the machine
// lacks.
func unpackWithLibraries(ctx context.Context, folder string, packages ...string) error {
	options := []string{"install", "--yes", "--no-install-recommends", "--download-only", "--reinstall"}
	if err := aptGet(ctx, folder, append(options, packages...)...); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(folder, "cache", "archives", "*.deb"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("apt-get left no package"))
	}
	for _, file := range files {
		if err := system(ctx, folder, "dpkg-deb", "--extract", file, filepath.Join(folder, "root")); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(filepath.Join(folder, "cache")), os.RemoveAll(filepath.Join(folder, "lists")))
}

// aptGet runs apt-get with the machine's package lists. A fresh machine has none, and only root may update them. Then
// apt-get is run with lists in the temporary folder.
func aptGet(ctx context.Context, temp string, args ...string) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this isn't Debian or a system made of it: %w", err)
	}
	for _, part := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(temp, part), 0o750); err != nil {
			return err
		}
	}
	// The sandbox's user can't write into this folder, and only root may take the locks.
	own := []string{
		"--quiet", "--option", "APT::Sandbox::User=root", "--option", "Debug::NoLocking=true",
		"--option", "Dir::Cache=" + filepath.Join(temp, "cache"),
	}
	first := system(ctx, temp, "apt-get", append(own, args...)...)
	if first == nil {
		return nil
	}
	own = append(own, "--option", "Dir::State::lists="+filepath.Join(temp, "lists"))
	for _, args := range [][]string{{"update"}, args} {
		if err := system(ctx, temp, "apt-get", append(own, args...)...); err != nil {
			return errors.Join(first, err)
		}
	}
	return nil
}

// system runs a program that the machine has.
func system(ctx context.Context, folder, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
