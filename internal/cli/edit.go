package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

type editOptions struct {
	term   *terminal.Process
	target string
	commit configrepo.CommitOptions
}

func newEditCmd(term *terminal.Process, runF func(context.Context, *editOptions) error) *cobra.Command {
	opts := &editOptions{term: term}
	cmd := &cobra.Command{
		Use:   "edit NAME|OWNER/REPO#NUMBER",
		Short: "Edit the file of an environment in your editor",
		Long: `edit opens overlays/NAME/environment.yaml in $VISUAL or $EDITOR (default: vi), checks the saved
file, and pushes it as one commit. If the file has mistakes, the editor opens again with the mistakes as
comments at the top.

To end without a commit, save an empty file, or save the file with its mistakes unchanged.`,
		Example: `  previewctl edit jakub
  EDITOR=nano previewctl edit jakub
  previewctl edit jakub --dry-run`,
		Args:              flags.OneEnvironment,
		ValidArgsFunction: configrepo.Completer(term, &opts.commit.Repo)("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.target = args[0]
			if err := flags.CheckTarget(cmd, opts.target); err != nil {
				return err
			}
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.commit.AddFlags(cmd)
	return cmd
}

var errNotEdited = errors.New("nothing was committed")

func runEdit(ctx context.Context, opts *editOptions) error {
	repo, err := opts.commit.Open(ctx, opts.term)
	if err != nil {
		return err
	}
	stop := opts.term.NoticeIfSlow(terminal.SlowRepository)
	fsys, err := repo.ReadFiles(ctx)
	stop()
	if err != nil {
		return err
	}
	f, err := envfile.Open(fsys, opts.target)
	if err != nil {
		return err
	}
	if f.Content == nil {
		return f.Missing()
	}
	content, err := opts.editUntilValid(ctx, f)
	if err != nil {
		return err
	}
	result, err := opts.commit.CommitTo(ctx, opts.term, repo, func(fsys fs.FS) (gitrepo.Edits, error) {
		return opts.replacement(fsys, f, content)
	})
	if err != nil {
		return keepCopy(content, err)
	}
	opts.commit.Report(opts.term, result, "changed "+f.Name)
	return nil
}

// replacement replaces the file only if it is still the version that the editor opened.
func (o *editOptions) replacement(fsys fs.FS, opened *envfile.File, content []byte) (gitrepo.Edits, error) {
	f, err := envfile.Open(fsys, o.target)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if !bytes.Equal(f.Content, opened.Content) && !bytes.Equal(f.Content, content) {
		return gitrepo.Edits{}, fmt.Errorf("another commit changed %s during the edit\n"+
			"run previewctl edit %s again and repeat your changes", envfile.FileOf(f.Name), f.Name)
	}
	return f.Edits(content, gitrepo.Message{Subject: configrepo.Subject("Edit environment " + f.Name)})
}

// editUntilValid opens the editor until the saved file has no mistakes, or the user gives up.
func (o *editOptions) editUntilValid(ctx context.Context, f *envfile.File) ([]byte, error) {
	dir, err := os.MkdirTemp("", "previewctl-")
	if err != nil {
		return nil, fmt.Errorf("create a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, f.Name+".yaml")
	content, mistakes := f.Content, ""
	for {
		saved, err := o.editOnce(ctx, file, withMistakes(mistakes, content))
		if err != nil {
			return nil, err
		}
		if isBlank(saved) {
			return nil, fmt.Errorf("%w: the file is empty", errNotEdited)
		}
		_, problem := f.Edits(saved, gitrepo.Message{})
		if problem == nil {
			return saved, nil
		}
		if mistakes != "" && bytes.Equal(saved, content) {
			return nil, keepCopy(saved, problem)
		}
		content, mistakes = saved, problem.Error()
	}
}

// editOnce opens the editor and returns the saved content without the mistakes. If the editor fails, it keeps a copy
// of changed content.
func (o *editOptions) editOnce(ctx context.Context, file string, shown []byte) ([]byte, error) {
	if err := os.WriteFile(file, shown, 0o600); err != nil {
		return nil, fmt.Errorf("write the temporary file: %w", err)
	}
	editorErr := o.runEditor(ctx, file)
	saved, err := os.ReadFile(file) //nolint:gosec // G304: the file that was written above
	switch {
	case editorErr != nil && (err != nil || bytes.Equal(saved, shown)):
		return nil, editorErr
	case editorErr != nil:
		return nil, keepCopy(withoutMistakes(saved), editorErr)
	case err != nil:
		return nil, fmt.Errorf("read the edited file: %w", err)
	}
	return withoutMistakes(saved), nil
}

// runEditor runs the user's editor through a shell, because the variable may contain arguments.
func (o *editOptions) runEditor(ctx context.Context, file string) error {
	program := "vi"
	for _, variable := range []string{"EDITOR", "VISUAL"} {
		if v := o.term.Getenv(variable); v != "" {
			program = v
		}
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", program+` "$@"`, "editor", file) //nolint:gosec // G204: the user's editor
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.term.In, o.term.Out, o.term.Err
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, terminal.EndTimeout
	if err := cmd.Run(); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return fmt.Errorf("edit with %s: %w\n"+
			"set VISUAL or EDITOR to an installed editor; nothing was committed", program, err)
	}
	return nil
}

// mistakeMark begins the comments that previewctl writes above the file's content.
const mistakeMark = "#! "

func withMistakes(mistakes string, content []byte) []byte {
	if mistakes == "" {
		return content
	}
	var b bytes.Buffer
	b.WriteString(mistakeMark + "Not committed. Correct this and save. To give up, save an empty or unchanged file.\n")
	for line := range strings.Lines(mistakes) {
		b.WriteString(mistakeMark + config.Printable(line) + "\n")
	}
	b.Write(content)
	return b.Bytes()
}

func withoutMistakes(content []byte) []byte {
	for bytes.HasPrefix(content, []byte(mistakeMark)) {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return content
}

// isBlank reports whether a file has only comments and empty lines.
func isBlank(content []byte) bool {
	for line := range strings.Lines(string(content)) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			return false
		}
	}
	return true
}

// keepCopy saves content that can't be committed, and adds the copy's path to the cause.
func keepCopy(content []byte, cause error) error {
	f, err := os.CreateTemp("", "environment-*.yaml")
	if err != nil {
		return cause
	}
	_, err = f.Write(content)
	if errors.Join(err, f.Close()) != nil {
		return cause
	}
	return fmt.Errorf("%w\nyour changes are saved in %s", cause, f.Name())
}
