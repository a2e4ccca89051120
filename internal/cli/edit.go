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
	env    *terminal.Process
	what   string
	commit configrepo.CommitOptions
}

func newEditCmd(env *terminal.Process, runF func(context.Context, *editOptions) error) *cobra.Command {
	opts := &editOptions{env: env}
	cmd := &cobra.Command{
		Use:   "edit NAME|OWNER/REPO#NUMBER",
		Short: "Edit an environment's file in your editor, checked on save",
		Long: `edit opens overlays/NAME/environment.yaml in $VISUAL or $EDITOR (else vi), checks what is saved, and pushes it as one commit.
Where something is wrong the editor opens again, with the mistakes as comments on top. An empty file, or one that is saved
with its mistakes, ends it without a commit.`,
		Example: `  previewctl edit jakub
  EDITOR=nano previewctl edit jakub
  previewctl edit jakub --dry-run`,
		Args:              flags.OneEnvironment,
		ValidArgsFunction: configrepo.Completer(env, &opts.commit.Repo)("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.commit.AddFlags(cmd)
	return cmd
}

var errNothingEdited = errors.New("nothing was saved that could be committed")

func runEdit(ctx context.Context, opts *editOptions) error {
	repo, err := opts.commit.Open(ctx, opts.env)
	if err != nil {
		return err
	}
	stop := opts.env.NoticeIfSlow(terminal.SlowRepository)
	fsys, err := repo.ReadFiles(ctx)
	stop()
	if err != nil {
		return err
	}
	w, err := envfile.Open(fsys, opts.what)
	if err != nil {
		return err
	}
	if w.Content == nil {
		return w.Missing()
	}
	content, err := opts.edited(ctx, w)
	if err != nil {
		return err
	}
	result, err := opts.commit.CommitTo(ctx, opts.env, repo, func(fsys fs.FS) (gitrepo.Edits, error) { return opts.edits(fsys, w, content) })
	if err != nil {
		return opts.keep(content, err)
	}
	opts.commit.Report(opts.env, result, "changed "+w.Name)
	return nil
}

// edits puts the edited file in the place of the one that the editor was opened on, and of no other.
func (o *editOptions) edits(fsys fs.FS, was *envfile.File, content []byte) (gitrepo.Edits, error) {
	w, err := envfile.Open(fsys, o.what)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if !bytes.Equal(w.Content, was.Content) && !bytes.Equal(w.Content, content) {
		return gitrepo.Edits{}, fmt.Errorf("somebody changed %s while you edited it\nrun previewctl edit %s again and put your changes in", envfile.FileOf(w.Name), w.Name)
	}
	return w.Edits(content, gitrepo.Message{Subject: configrepo.Subject("Edit environment " + w.Name)})
}

// edited is the file as somebody saved it, without mistakes.
func (o *editOptions) edited(ctx context.Context, w *envfile.File) ([]byte, error) {
	dir, err := os.MkdirTemp("", "previewctl-")
	if err != nil {
		return nil, fmt.Errorf("make a file to edit: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, w.Name+".yaml")
	content, mistakes := w.Content, ""
	for {
		shown := withComments(mistakes, content)
		if err := os.WriteFile(file, shown, 0o600); err != nil {
			return nil, fmt.Errorf("write the file to edit: %w", err)
		}
		if err := o.editor(ctx, file); err != nil {
			return nil, o.rescue(file, shown, err)
		}
		saved, err := os.ReadFile(file) //nolint:gosec // G304: the file that was written above
		if err != nil {
			return nil, fmt.Errorf("read what was edited: %w", err)
		}
		was := content
		content = withoutComments(saved)
		if isBlank(content) {
			return nil, fmt.Errorf("%w: the file is empty", errNothingEdited)
		}
		problem := o.problem(w, content)
		if problem == nil {
			return content, nil
		}
		if mistakes != "" && bytes.Equal(content, was) {
			return nil, o.keep(content, problem)
		}
		mistakes = problem.Error()
	}
}

func (o *editOptions) problem(w *envfile.File, content []byte) error {
	_, err := w.Edits(content, gitrepo.Message{})
	return err
}

// editor runs the editor that somebody chose, as a shell would: its variable may have arguments in it.
func (o *editOptions) editor(ctx context.Context, file string) error {
	program := "vi"
	for _, variable := range []string{"EDITOR", "VISUAL"} {
		if v := o.env.Getenv(variable); v != "" {
			program = v
		}
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", program+` "$@"`, "editor", file) //nolint:gosec // G204: the editor that its user chose
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.env.In, o.env.Out, o.env.Err
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, commandGrace
	if err := cmd.Run(); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return fmt.Errorf("edit with %s: %w\nset VISUAL or EDITOR to an editor that is there; nothing was committed", program, err)
	}
	return nil
}

// rescue keeps what was saved before the editor failed.
func (o *editOptions) rescue(file string, shown []byte, why error) error {
	saved, err := os.ReadFile(file) //nolint:gosec // G304: the file that was edited
	if err != nil || bytes.Equal(saved, shown) {
		return why
	}
	return o.keep(withoutComments(saved), why)
}

// mark starts the lines that previewctl writes above what is edited.
const mark = "#! "

func withComments(mistakes string, content []byte) []byte {
	if mistakes == "" {
		return content
	}
	var b bytes.Buffer
	b.WriteString(mark + "Not committed yet. Mend this and save; or empty the file, or save it as it is, to leave it.\n")
	for line := range strings.Lines(mistakes) {
		b.WriteString(mark + config.Printable(line) + "\n")
	}
	b.Write(content)
	return b.Bytes()
}

func withoutComments(content []byte) []byte {
	for bytes.HasPrefix(content, []byte(mark)) {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return content
}

// isBlank is true of a file with nothing but comments in it.
func isBlank(content []byte) bool {
	for line := range strings.Lines(string(content)) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			return false
		}
	}
	return true
}

// keep saves what somebody wrote and what can't be committed.
func (o *editOptions) keep(content []byte, why error) error {
	f, err := os.CreateTemp("", "environment-*.yaml")
	if err != nil {
		return why
	}
	_, err = f.Write(content)
	if errors.Join(err, f.Close()) != nil {
		return why
	}
	return fmt.Errorf("%w\nwhat you wrote is kept in %s", why, f.Name())
}
