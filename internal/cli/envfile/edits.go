package envfile

import (
	"bytes"
	"path"
	"strings"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Edits checks what the environment's file shall be in everything that Argo CD would make of it, and makes it an edit.
func (w *File) Edits(content []byte, m gitrepo.Message) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Write: map[string][]byte{}, Message: m}
	if bytes.Equal(content, w.Content) {
		return e, nil
	}
	e.Write[FileOf(w.Name)] = content
	if !w.hasKustomization() {
		e.Write[path.Join(FolderOf(w.Name), "kustomization.yaml")] = []byte(newKustomization)
	}
	e.Message.Trailers = append(e.Message.Trailers, gitrepo.Trailer{Key: "Environment", Value: w.Name})
	if problems := textProblems(FileOf(w.Name), content); len(problems) > 0 {
		return e, problems
	}
	after := overlay.New(filetree.Edited(w.FS, e.Write, nil))
	if problems := after.CheckEnvironment(w.Name); len(problems) > 0 {
		return e, problems
	}
	return e, w.checkLinks(after)
}

// Change applies settings to the file of an environment that has one.
func (w *File) Change(settings []Setting) (gitrepo.Edits, error) {
	d, err := yamldoc.Parse(w.Content)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	changed, err := Apply(settings, w.Config.Policy, d)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	return w.Edits(d.Bytes(), gitrepo.Message{Subject: configrepo.Subject(
		"Change environment "+w.Name+": "+output.List(changed), "Change environment "+w.Name)})
}

// textProblems finds what no line of a file may have, wherever it came from.
func textProblems(file string, content []byte) config.Problems {
	var found config.Problems
	for i, line := range strings.Split(string(content), "\n") {
		text, _, _ := strings.Cut(line, " #")
		if why := flags.TextProblem(strings.TrimSuffix(line, "\r")); why != "" && (terminal.HasHidden(line) || strings.Contains(text, "$(")) {
			message, remedy, _ := strings.Cut(why, ": ")
			found = append(found, config.Problem{File: file, Line: i + 1, Message: message, Remedy: remedy})
		}
	}
	return found
}
