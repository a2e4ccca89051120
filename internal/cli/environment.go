package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/preview"
)

// The files of an environment's folder that previewctl writes.
const (
	newEnvironment = "apiVersion: " + preview.APIVersion + "\nkind: Environment\n"

	newKustomization = `# What this environment adds to what every environment has: resources, patches, components of its own. What runs in it is
# said in environment.yaml. previewctl writes this file once and never changes it.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview]
`
)

func folderOf(name string) string { return path.Join("overlays", name) }
func fileOf(name string) string   { return path.Join(folderOf(name), "environment.yaml") }

// subject of an environment's command is a name, or a pull request whose environment is meant.
func oneEnvironment(cmd *cobra.Command, args []string) error {
	if err := oneArg("environment, by name or as owner/repo#number")(cmd, args); err != nil {
		return err
	}
	return checkName(cmd, args[0])
}

// world is the newest state of the GitOps repository, as far as one environment goes.
type world struct {
	fsys   fs.FS
	repo   *overlay.Repo
	config *preview.Config
	name   string
	// pullRequest is set where the environment was named as a pull request's.
	pullRequest string
	// file is its environment.yaml, nil where there is none.
	file []byte
}

// newWorld reads the policy, which must be right, and the environment, which needn't be there.
func newWorld(fsys fs.FS, what string) (*world, error) {
	w := &world{fsys: fsys, repo: overlay.New(fsys), name: what}
	repository, number, isPullRequest := preview.ParsePullRequest(what)
	if isPullRequest {
		config, err := w.repo.Config()
		if err != nil {
			return nil, brokenPolicy(err)
		}
		w.name, w.pullRequest = preview.PullRequestName(config.Policy, repository, number), what
	}
	var err error
	if w.config, err = w.repo.Config(w.name); err != nil {
		return nil, brokenPolicy(err)
	}
	w.file, err = fs.ReadFile(fsys, fileOf(w.name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w\nmake it a regular file", fileOf(w.name), err)
	}
	return w, nil
}

// commitEnvironment makes a change of one environment one commit, and returns the environment as it was before.
func (o *commitOptions) commitEnvironment(
	ctx context.Context, env *process, what string, change func(*world) (gitrepo.Edits, error),
) (w *world, result gitrepo.Result, err error) {
	result, err = o.commit(ctx, env, func(fsys fs.FS) (gitrepo.Edits, error) {
		var worldErr error
		if w, worldErr = newWorld(fsys, what); worldErr != nil {
			return gitrepo.Edits{}, worldErr
		}
		return change(w)
	})
	return w, result, err
}

func brokenPolicy(err error) error {
	return fmt.Errorf("%w\nnothing is committed while that is so; see all problems with previewctl check in a clone of the repository", err)
}

// existing refuses an environment without a file, or whose file somebody broke.
func (w *world) existing() error {
	if w.file == nil {
		return w.missing()
	}
	if len(w.config.Problems) > 0 {
		return fmt.Errorf("%w\nmend it first: previewctl edit %s", w.config.Problems, w.name)
	}
	return nil
}

func (w *world) missing() error {
	text := fmt.Sprintf("there is no environment %s: no %s", w.name, fileOf(w.name))
	if near := preview.Nearest(w.name, w.repo.Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	what := w.name
	if w.pullRequest != "" {
		what = shellQuoted(w.pullRequest)
	}
	return fmt.Errorf("%s\nmake it with: previewctl create %s", text, what)
}

// fileIsNew starts a file for an environment that has none, where its name is free.
func (w *world) fileIsNew() error {
	if w.pullRequest == "" {
		if why := w.config.NameProblem(w.name); why != "" {
			return fmt.Errorf("%q can't be an environment's name: %s\nchoose another name", w.name, why)
		}
	}
	if entries, err := fs.ReadDir(w.fsys, folderOf(w.name)); err == nil && len(entries) > 0 && w.pullRequest == "" {
		return fmt.Errorf("the name %s is taken: %s is there, with no environment.yaml in it\nchoose another name, or remove that folder first", w.name, folderOf(w.name))
	}
	return nil
}

// edits checks what the environment's file shall be in everything that Argo CD would make of it, and makes it an edit.
func (w *world) edits(content []byte, m gitrepo.Message) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Write: map[string][]byte{}, Message: m}
	if bytes.Equal(content, w.file) {
		return e, nil
	}
	e.Write[fileOf(w.name)] = content
	if !w.hasKustomization() {
		e.Write[path.Join(folderOf(w.name), "kustomization.yaml")] = []byte(newKustomization)
	}
	e.Message.Trailers = append(e.Message.Trailers, gitrepo.Trailer{Key: "Environment", Value: w.name})
	if problems := textProblems(fileOf(w.name), content); len(problems) > 0 {
		return e, problems
	}
	after := overlay.New(filetree.Edited(w.fsys, e.Write, nil))
	if problems := after.CheckEnvironment(w.name); len(problems) > 0 {
		return e, problems
	}
	return e, w.checkLinks(after)
}

func (w *world) hasKustomization() bool {
	return slices.ContainsFunc([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, func(name string) bool {
		_, err := fs.Stat(w.fsys, path.Join(folderOf(w.name), name))
		return err == nil
	})
}

// textProblems finds what no line of a file may have, wherever it came from.
func textProblems(file string, content []byte) preview.Problems {
	var found preview.Problems
	for i, line := range strings.Split(string(content), "\n") {
		text, _, _ := strings.Cut(line, " #")
		if why := textProblem(strings.TrimSuffix(line, "\r")); why != "" && (hides(line) || strings.Contains(text, "$(")) {
			message, remedy, _ := strings.Cut(why, ": ")
			found = append(found, preview.Problem{File: file, Line: i + 1, Message: message, Remedy: remedy})
		}
	}
	return found
}

// checkLinks checks where the links lead that are new: that there is such an environment, that it is shared, and that no
// link leads back to itself.
func (w *world) checkLinks(after *overlay.Repo) error {
	config, err := after.Config(w.name)
	if err != nil {
		return err
	}
	file := config.Environments[w.name]
	var was map[string]preview.Link
	if old := w.config.Environments[w.name]; old != nil {
		was = old.Links
	}
	var problems preview.Problems
	for service, link := range file.Links {
		if was[service] == link {
			continue
		}
		if why := w.linkProblem(after, service, link); why != nil {
			problems = append(problems, *why)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortFunc(problems, func(a, b preview.Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

// linkProblem follows one link, from environment to environment, to where the service runs.
func (w *world) linkProblem(after *overlay.Repo, service string, link preview.Link) *preview.Problem {
	problem := func(message, remedy string) *preview.Problem {
		return &preview.Problem{File: fileOf(w.name), Path: "links." + service, Message: message, Remedy: remedy}
	}
	way, at := []string{w.name}, w.targetOf(link)
	for {
		if way = append(way, at); slices.Contains(way[:len(way)-1], at) {
			return problem("leads in a circle: "+strings.Join(way, " → "), "let one of them run the service, or link it to another")
		}
		config, err := after.Config(at)
		if err != nil {
			return problem(err.Error(), "mend that first")
		}
		target := config.Environments[at]
		switch {
		case len(config.Problems) > 0:
			return problem("leads to "+at+", which is broken: "+config.Problems[0].Error(), "mend that first, or link to another")
		case target == nil:
			return problem("leads to "+at+", which has no "+fileOf(at)+w.didYouMean(after, at), "only an environment with shared: true in its file can be linked to")
		case !target.Shared:
			return problem("leads to "+at+", which is not shared", "ask whose it is to share it: previewctl set "+at+" --shared")
		}
		next, goesOn := target.Links[service]
		if !goesOn {
			return nil
		}
		at = w.targetOf(next)
	}
}

func (w *world) didYouMean(after *overlay.Repo, name string) string {
	if near := preview.Nearest(name, after.Names()); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

// targetOf is the environment that a link leads to.
func (w *world) targetOf(l preview.Link) string {
	if repository, number, ok := preview.ParsePullRequest(l.PullRequest); ok {
		return preview.PullRequestName(w.config.Policy, repository, number)
	}
	return l.Environment
}

// linkedFrom are the other environments with links to this one, sorted.
func (w *world) linkedFrom() []string {
	var found []string
	for _, other := range w.repo.Names() {
		if other == w.name {
			continue
		}
		content, err := fs.ReadFile(w.fsys, fileOf(other))
		if err != nil || !bytes.Contains(content, []byte("links")) {
			continue
		}
		config, err := w.repo.Config(other)
		if err != nil || config.Environments[other] == nil {
			continue
		}
		for _, l := range config.Environments[other].Links {
			if w.targetOf(l) == w.name {
				found = append(found, other)
				break
			}
		}
	}
	return found
}

// url is where the environment is found, or "".
func (w *world) url() string { return "https://" + w.name + "." + w.config.Policy.Domain }
