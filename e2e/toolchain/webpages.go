package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// yarnVersion is the version of Yarn that Argo CD builds its web pages with.
const yarnVersion = "1.22.22"

// WebPages returns the folder with the web pages of an Argo CD. The Go module has only their sources, so they are built
// once, from npm packages and one repository at github.com. That takes about a quarter of an hour.
func (b *Toolbox) WebPages(ctx context.Context, progress io.Writer, p Program) (folder string, err error) {
	source, err := b.Source(ctx, p)
	if err != nil {
		return "", err
	}
	index := filepath.Join(b.cache, p.Name+"-web", "index.html")
	_, err = b.once(ctx, progress, "the web pages of "+p.Name, index, func(ctx context.Context, to string) error {
		return buildWebPages(ctx, filepath.Join(source, "ui"), to)
	})
	return filepath.Dir(index), err
}

// buildWebPages leaves only the built pages in the folder.
func buildWebPages(ctx context.Context, source, folder string) error {
	work := filepath.Join(folder, "work")
	if err := os.CopyFS(work, os.DirFS(source)); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(work, "yarn.lock")); err != nil {
		return fmt.Errorf("only web pages that are built with Yarn 1 can be built here: %w", err)
	}
	tool := filepath.Join(folder, "yarn")
	yarn := filepath.Join(tool, "node_modules", "yarn", "bin", "yarn.js")
	for _, args := range [][]string{
		{"npm", "install", "--silent", "--ignore-scripts", "--prefix", tool, "yarn@" + yarnVersion},
		{"node", yarn, "install", "--frozen-lockfile", "--ignore-scripts", "--non-interactive", "--network-timeout", "200000"},
		{
			"node", "--max_old_space_size=8192", filepath.Join("node_modules", "webpack", "bin", "webpack.js"),
			"--config", "src/app/webpack.config.js", "--mode", "production",
		},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir, cmd.Env = work, append(os.Environ(), "NODE_ENV=production", "NODE_ONLINE_ENV=online", "HOST_ARCH=amd64")
		if args[1] != "--max_old_space_size=8192" {
			cmd.Env = os.Environ() // in production Yarn would leave the build's tools out
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", args, err, out)
		}
	}
	return errors.Join(
		os.CopyFS(folder, os.DirFS(filepath.Join(work, "dist", "app"))), os.RemoveAll(work), os.RemoveAll(tool),
	)
}
