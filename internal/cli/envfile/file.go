// Package envfile makes and changes environment.yaml. It checks every change with package overlay before a commit.
package envfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
)

// The files of an environment's folder that previewctl writes.
const (
	New = "apiVersion: " + config.APIVersion + "\nkind: Environment\n"

	newKustomization = `# What this environment adds to what every environment has: resources, patches, components of its own. What runs in it is
# said in environment.yaml. previewctl writes this file once and never changes it.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview]
`
)

func FolderOf(name string) string { return path.Join("overlays", name) }

func FileOf(name string) string { return path.Join(FolderOf(name), "environment.yaml") }

// File is the newest state of the GitOps repository, as far as one environment goes.
type File struct {
	FS     fs.FS
	Repo   *overlay.Repo
	Config *config.Config
	Name   string
	// pullRequest is set where the environment was named as a pull request's.
	PullRequest string
	// file is its environment.yaml, nil where there is none.
	Content []byte
}

// Open reads the policy, which must be right, and the environment, which needn't be there.
func Open(fsys fs.FS, what string) (*File, error) {
	w := &File{FS: fsys, Repo: overlay.New(fsys), Name: what}
	repository, number, isPullRequest := config.ParsePullRequest(what)
	if isPullRequest {
		cfg, err := w.Repo.Config()
		if err != nil {
			return nil, configrepo.InvalidPolicy(err)
		}
		w.Name, w.PullRequest = config.PullRequestName(cfg.Policy, repository, number), what
	}
	var err error
	if w.Config, err = w.Repo.Config(w.Name); err != nil {
		return nil, configrepo.InvalidPolicy(err)
	}
	w.Content, err = fs.ReadFile(fsys, FileOf(w.Name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w\nmake it a regular file", FileOf(w.Name), err)
	}
	return w, nil
}

// Commit makes a change of one environment one commit, and returns the environment as it was before.
func Commit(
	ctx context.Context, o *configrepo.CommitOptions, env *terminal.Process, what string, change func(*File) (gitrepo.Edits, error),
) (w *File, result gitrepo.Result, err error) {
	result, err = o.Commit(ctx, env, func(fsys fs.FS) (gitrepo.Edits, error) {
		var worldErr error
		if w, worldErr = Open(fsys, what); worldErr != nil {
			return gitrepo.Edits{}, worldErr
		}
		return change(w)
	})
	return w, result, err
}

// RequireExisting refuses an environment without a file, or whose file somebody broke.
func (w *File) RequireExisting() error {
	if w.Content == nil {
		return w.Missing()
	}
	if len(w.Config.Problems) > 0 {
		return fmt.Errorf("%w\nmend it first: previewctl edit %s", w.Config.Problems, w.Name)
	}
	return nil
}

func (w *File) Missing() error {
	text := fmt.Sprintf("there is no environment %s: no %s", w.Name, FileOf(w.Name))
	if near := config.Nearest(w.Name, w.Repo.Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	what := w.Name
	if w.PullRequest != "" {
		what = terminal.ShellQuote(w.PullRequest)
	}
	return fmt.Errorf("%s\nmake it with: previewctl create %s", text, what)
}

// CheckNameIsFree starts a file for an environment that has none, where its name is free.
func (w *File) CheckNameIsFree() error {
	if w.PullRequest == "" {
		if why := w.Config.NameProblem(w.Name); why != "" {
			return fmt.Errorf("%q can't be an environment's name: %s\nchoose another name", w.Name, why)
		}
	}
	if entries, err := fs.ReadDir(w.FS, FolderOf(w.Name)); err == nil && len(entries) > 0 && w.PullRequest == "" {
		return fmt.Errorf("the name %s is taken: %s is there, with no environment.yaml in it\nchoose another name, or remove that folder first", w.Name, FolderOf(w.Name))
	}
	return nil
}

func (w *File) hasKustomization() bool {
	return slices.ContainsFunc([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, func(name string) bool {
		_, err := fs.Stat(w.FS, path.Join(FolderOf(w.Name), name))
		return err == nil
	})
}

// URL is where the environment is found, or "".
func (w *File) URL() string { return "https://" + w.Name + "." + w.Config.Policy.Domain }
