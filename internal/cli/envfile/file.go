// Package envfile creates and changes environment.yaml. It checks every change with package overlay before a commit.
package envfile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
)

// FolderOf returns the folder of an environment in the GitOps repository.
func FolderOf(name string) string { return path.Join(config.OverlaysFolder, name) }

// FileOf returns the path of an environment's file in the GitOps repository.
func FileOf(name string) string { return path.Join(FolderOf(name), config.EnvironmentFile) }

// File is an environment's file on the newest commit of the GitOps repository.
type File struct {
	FS     fs.FS
	Repo   *overlay.Repo
	Config *config.Config
	Name   string
	// PullRequest is owner/repo#number if the user named the environment by its pull request.
	PullRequest string
	// Content is nil if the environment has no file.
	Content []byte
}

// Open reads the policy, which must be valid, and the file of an environment, which may be missing.
// The target is an environment's name or a pull request.
func Open(fsys fs.FS, target string) (*File, error) {
	f := &File{FS: fsys, Repo: overlay.New(fsys), Name: target}
	repository, number, isPullRequest := config.ParsePullRequest(target)
	if isPullRequest {
		cfg, err := f.Repo.Config()
		if err != nil {
			return nil, configrepo.InvalidPolicy(err)
		}
		f.Name, f.PullRequest = config.PullRequestName(cfg.Policy, repository, number), target
	}
	var err error
	if f.Config, err = f.Repo.Config(f.Name); err != nil {
		return nil, configrepo.InvalidPolicy(err)
	}
	f.Content, err = fs.ReadFile(fsys, FileOf(f.Name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w\nreplace it with a regular file", FileOf(f.Name), err)
	}
	return f, nil
}

// Commit commits a change of one environment, and returns the environment's file before the change.
func Commit(
	ctx context.Context, o *configrepo.CommitOptions, env *terminal.Process, target string,
	change func(*File) (gitrepo.Edits, error),
) (f *File, result gitrepo.Result, err error) {
	result, err = o.Commit(ctx, env, func(fsys fs.FS) (gitrepo.Edits, error) {
		var openErr error
		if f, openErr = Open(fsys, target); openErr != nil {
			return gitrepo.Edits{}, openErr
		}
		return change(f)
	})
	return f, result, err
}

// RequireExisting returns an error if the environment has no file, or an invalid one.
func (f *File) RequireExisting() error {
	if f.Content == nil {
		return f.Missing()
	}
	if len(f.Config.Problems) > 0 {
		return fmt.Errorf("%w\ncorrect it first: previewctl edit %s", f.Config.Problems, f.Name)
	}
	return nil
}

// Missing returns the error for an environment without a file.
func (f *File) Missing() error {
	text := fmt.Sprintf("there is no environment %s: no %s", f.Name, FileOf(f.Name))
	if near := config.Nearest(f.Name, f.Repo.Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	target := f.Name
	if f.PullRequest != "" {
		target = terminal.ShellQuote(f.PullRequest)
	}
	return fmt.Errorf("%s\ncreate it: previewctl create %s", text, target)
}

// checkNameIsFree returns an error if a new environment can't have the name.
func (f *File) checkNameIsFree() error {
	if f.PullRequest != "" {
		return nil
	}
	if why := f.Config.NameOrNamespaceProblem(f.Name); why != "" {
		return fmt.Errorf("%q can't be an environment's name: %s\nchoose another name", f.Name, why)
	}
	if entries, err := fs.ReadDir(f.FS, FolderOf(f.Name)); err == nil && len(entries) > 0 {
		return fmt.Errorf("the name %s is taken: %s exists without an environment.yaml\n"+
			"choose another name, or remove the folder", f.Name, FolderOf(f.Name))
	}
	return nil
}

// Basis returns a hash of the files that every environment without links is built from: all files but those in the
// folders of environments.
func (f *File) Basis() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(f.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		parent := path.Dir(name)
		switch {
		case err != nil:
			return err
		case parent == config.OverlaysFolder && entry.IsDir() && path.Base(name) != "preview":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		content, err := fs.ReadFile(f.FS, name)
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content) // a hash never fails
		return err
	})
	return string(sum.Sum(nil)), err
}

// URL returns the environment's address.
func (f *File) URL() string { return "https://" + f.Name + "." + f.Config.Policy.Domain }
