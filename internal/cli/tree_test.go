package cli

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTrees runs the command of each folder in testdata/trees on the example with the files of in, and compares all new
// files with want. The scripts check changes of the example's own files.
func TestTrees(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/trees/*/command")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			got := treeOf(t, file, filetree.Edited(previewset.Example, filesIn(t, filepath.Join(dir, "in")), nil))
			want := filepath.Join(dir, "want")
			if *update {
				rewrite(t, want, got)
			}
			if diff := cmp.Diff(asText(filesIn(t, want)), asText(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// treeOf returns the files that a command writes, and an empty file for each deleted folder.
func treeOf(t *testing.T, command string, fsys fs.FS) map[string][]byte {
	t.Helper()
	line, err := os.ReadFile(command)
	if err != nil {
		t.Fatal(err)
	}
	term, _, said := terminaltest.New("", nil)
	var edits gitrepo.Edits
	cmd := newTreeCmd(term, fsys, &edits)
	cmd.SetArgs(strings.Fields(string(line)))
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for name := range edits.Write {
		if _, err := fs.Stat(previewset.Example, name); err == nil {
			delete(edits.Write, name)
		}
	}
	for _, name := range edits.Delete {
		edits.Write[name+".deleted"] = nil
	}
	return edits.Write
}

// newTreeCmd returns the commands that write files, with edits in place of a repository.
func newTreeCmd(term *terminal.Process, fsys fs.FS, edits *gitrepo.Edits) *cobra.Command {
	on := func(target string, change func(f *envfile.File) (gitrepo.Edits, error)) error {
		f, err := envfile.Open(fsys, target)
		if err == nil {
			*edits, err = change(f)
		}
		if edits.Write == nil {
			edits.Write = map[string][]byte{}
		}
		return err
	}
	service := newServiceCmd(term)
	service.RemoveCommand(service.Commands()...)
	service.AddCommand(newServiceAddCmd(term, func(_ context.Context, o *serviceAddOptions) (err error) {
		*edits, err = o.newService(fsys)
		return err
	}))
	root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(service,
		newCreateCmd(term, func(ctx context.Context, o *createOptions) error { return on(o.target, o.newEnvironment(ctx)) }),
		newSetCmd(term, func(ctx context.Context, o *setOptions) error { return on(o.target, o.changedEnvironment(ctx)) }),
		newDeleteCmd(term, func(ctx context.Context, o *deleteOptions) error { return on(o.target, o.deletion(ctx)) }),
		newHandoverCmd(term, func(_ context.Context, o *handoverOptions) error { return on(o.target, o.handover) }),
	)
	return root
}

// filesIn returns the files below a folder by path, none if the folder is missing.
func filesIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	if _, err := os.Stat(dir); err != nil {
		return found
	}
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rewrite(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func asText(files map[string][]byte) map[string]string {
	texts := map[string]string{}
	for name, content := range files {
		texts[name] = string(content)
	}
	return texts
}
