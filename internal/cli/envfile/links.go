package envfile

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
)

// checkLinks checks where the links lead that are new: that there is such an environment, that it is shared, and that no
// link leads back to itself.
func (w *File) checkLinks(after *overlay.Repo) error {
	cfg, err := after.Config(w.Name)
	if err != nil {
		return err
	}
	file := cfg.Environments[w.Name]
	var was map[string]config.Link
	if old := w.Config.Environments[w.Name]; old != nil {
		was = old.Links
	}
	var problems config.Problems
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
	slices.SortFunc(problems, func(a, b config.Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

// linkProblem follows one link, from environment to environment, to where the service runs.
func (w *File) linkProblem(after *overlay.Repo, service string, link config.Link) *config.Problem {
	problem := func(message, remedy string) *config.Problem {
		return &config.Problem{File: FileOf(w.Name), Path: "links." + service, Message: message, Remedy: remedy}
	}
	way, at := []string{w.Name}, w.targetOf(link)
	for {
		if way = append(way, at); slices.Contains(way[:len(way)-1], at) {
			return problem("leads in a circle: "+strings.Join(way, " → "), "let one of them run the service, or link it to another")
		}
		cfg, err := after.Config(at)
		if err != nil {
			return problem(err.Error(), "mend that first")
		}
		target := cfg.Environments[at]
		switch {
		case len(cfg.Problems) > 0:
			return problem("leads to "+at+", which is broken: "+cfg.Problems[0].Error(), "mend that first, or link to another")
		case target == nil:
			return problem("leads to "+at+", which has no "+FileOf(at)+w.didYouMean(after, at), "only an environment with shared: true in its file can be linked to")
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

func (w *File) didYouMean(after *overlay.Repo, name string) string {
	if near := config.Nearest(name, after.Names()); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

// targetOf is the environment that a link leads to.
func (w *File) targetOf(l config.Link) string {
	if repository, number, ok := config.ParsePullRequest(l.PullRequest); ok {
		return config.PullRequestName(w.Config.Policy, repository, number)
	}
	return l.Environment
}

// LinkedFrom are the other environments with links to this one, sorted.
func (w *File) LinkedFrom() []string {
	var found []string
	for _, other := range w.Repo.Names() {
		if other == w.Name {
			continue
		}
		content, err := fs.ReadFile(w.FS, FileOf(other))
		if err != nil || !bytes.Contains(content, []byte("links")) {
			continue
		}
		cfg, err := w.Repo.Config(other)
		if err != nil || cfg.Environments[other] == nil {
			continue
		}
		for _, l := range cfg.Environments[other].Links {
			if w.targetOf(l) == w.Name {
				found = append(found, other)
				break
			}
		}
	}
	return found
}
