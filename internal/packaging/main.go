// Command packaging writes the files that packages of previewctl have beside the binary: man pages, and completions for
// shells.
//
//	go run ./internal/packaging FOLDER
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/previewset/previewset/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: packaging FOLDER")
		os.Exit(2)
	}
	if err := writeAll(os.Args[1], cli.NewRootCommand()); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

// writeAll replaces the folder.
func writeAll(folder string, root *cobra.Command) error {
	if err := os.RemoveAll(folder); err != nil { //nolint:gosec // G703: the Makefile names it
		return err
	}
	if err := writeCompletions(filepath.Join(folder, "completions"), root); err != nil {
		return err
	}
	return writeManPages(filepath.Join(folder, "man"), root)
}

func writeCompletions(folder string, root *cobra.Command) error {
	for file, generate := range map[string]func(io.Writer) error{
		"previewctl.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"_previewctl":     root.GenZshCompletion,
		"previewctl.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"previewctl.ps1":  root.GenPowerShellCompletionWithDesc,
	} {
		var b bytes.Buffer
		if err := generate(&b); err != nil {
			return fmt.Errorf("generate %s: %w", file, err)
		}
		if err := write(filepath.Join(folder, file), b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// writeManPages writes a compressed page for each command. The pages have no date, so that they are reproducible.
func writeManPages(folder string, root *cobra.Command) error {
	root.DisableAutoGenTag = true
	pages, err := os.MkdirTemp("", "previewctl-man-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(pages) }()
	header := doc.GenManHeader{Title: "PREVIEWCTL", Section: "1", Source: "PreviewSet", Date: new(time.Unix(0, 0))}
	if err = doc.GenManTree(root, &header, pages); err != nil {
		return fmt.Errorf("generate man pages: %w", err)
	}
	found, err := filepath.Glob(filepath.Join(pages, "*.1"))
	if err != nil {
		return err
	}
	for _, page := range found {
		text, err := os.ReadFile(page) //nolint:gosec // G304: a file that was written above
		if err != nil {
			return err
		}
		compressed, err := compress(text)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(folder, filepath.Base(page)+".gz"), compressed); err != nil {
			return err
		}
	}
	return nil
}

func compress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// write writes a file that everybody may read, as packages need it.
func write(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // G301: as in the package
		return err
	}
	return os.WriteFile(file, content, 0o644) //nolint:gosec // G306: as in the package
}
