package envfile

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
)

// checkLinks checks each new link: its target must exist and be shared, and the links must not form a circle.
func (f *File) checkLinks(after *overlay.Repo) error {
	cfg, err := after.Config(f.Name)
	if err != nil {
		return err
	}
	var before map[string]config.Link
	if old := f.Config.Environments[f.Name]; old != nil {
		before = old.Links
	}
	var problems config.Problems
	for service, link := range cfg.Environments[f.Name].Links {
		if before[service] == link {
			continue
		}
		if problem := f.linkProblem(after, service, link); problem != nil {
			problems = append(problems, *problem)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortFunc(problems, func(a, b config.Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

// linkProblem follows a link from environment to environment until one of them runs the service.
func (f *File) linkProblem(after *overlay.Repo, service string, link config.Link) *config.Problem {
	problem := func(message, remedy string) *config.Problem {
		return &config.Problem{File: FileOf(f.Name), Path: "links." + service, Message: message, Remedy: remedy}
	}
	path, at := []string{f.Name}, f.targetOf(link)
	for {
		if path = append(path, at); slices.Contains(path[:len(path)-1], at) {
			return problem("leads in a circle: "+strings.Join(path, " → "), "run the service in one of them, or change a link")
		}
		cfg, err := after.Config(at)
		if err != nil {
			return problem(err.Error(), "correct that file first")
		}
		target := cfg.Environments[at]
		switch {
		case len(cfg.Problems) > 0:
			return problem("leads to "+at+", which is invalid: "+cfg.Problems[0].Error(),
				"correct that file first, or link to another environment")
		case target == nil:
			return problem("leads to "+at+", which has no "+FileOf(at)+f.suggestion(after, at),
				"link to an environment that was created with --shared")
		case !target.Shared:
			return problem("leads to "+at+", which is not shared",
				"ask its owner to share it: previewctl set "+at+" --shared")
		}
		next, isLinked := target.Links[service]
		if !isLinked {
			return nil
		}
		at = f.targetOf(next)
	}
}

func (f *File) suggestion(after *overlay.Repo, name string) string {
	if near := config.Nearest(name, after.Names()); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

// targetOf returns the name of a link's target.
func (f *File) targetOf(l config.Link) string {
	if repository, number, ok := config.ParsePullRequest(l.PullRequest); ok {
		return config.PullRequestName(f.Config.Policy, repository, number)
	}
	return l.Environment
}

// LinkedFrom returns the other environments that link to this one, sorted.
func (f *File) LinkedFrom() []string {
	var found []string
	for _, other := range f.Repo.Names() {
		if other != f.Name && f.isLinkedFrom(other) {
			found = append(found, other)
		}
	}
	return found
}

func (f *File) isLinkedFrom(other string) bool {
	content, err := fs.ReadFile(f.FS, FileOf(other))
	if err != nil || !bytes.Contains(content, []byte("links")) {
		return false // faster than decoding each file
	}
	cfg, err := f.Repo.Config(other)
	if err != nil || cfg.Environments[other] == nil {
		return false
	}
	for _, l := range cfg.Environments[other].Links {
		if f.targetOf(l) == f.Name {
			return true
		}
	}
	return false
}
