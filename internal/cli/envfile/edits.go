package envfile

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

const (
	emptyFile = "apiVersion: " + config.APIVersion + "\nkind: Environment\n"

	// schemaFile is the JSON Schema of environment.yaml. Repositories of older versions have none.
	schemaFile = "schemas/environment.schema.json"

	newKustomization = "" +
		`# Resources, patches and components that only this environment has. Its services are in environment.yaml.
# previewctl writes this file once and never changes it.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview]
`
)

// Create returns the edits that create the environment from content and settings. Nil content is an empty file.
func (f *File) Create(content []byte, settings []Setting) (gitrepo.Edits, error) {
	content, err := f.withSettings(content, settings)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if f.Content == nil {
		err = f.checkNameIsFree()
	} else if !bytes.Equal(content, f.Content) {
		err = fmt.Errorf("the name %s is taken: %s exists\nchange it with previewctl set %s, or choose another name",
			f.Name, FileOf(f.Name), f.Name)
	}
	if err != nil {
		return gitrepo.Edits{}, err
	}
	return f.Edits(content, gitrepo.Message{Subject: configrepo.Subject("Create environment " + f.Name)})
}

func (f *File) withSettings(content []byte, settings []Setting) ([]byte, error) {
	if content == nil {
		content = f.newContent()
	}
	d, err := yamldoc.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("parse the environment: %w", err)
	}
	if f.PullRequest != "" {
		settings = append(settings, SetValue(f.PullRequest, "pull request", "pullRequest"))
	}
	_, err = apply(settings, f.Config.Policy, d)
	return d.Bytes(), err
}

// newContent returns an empty file. Editors find the schema by its first line.
func (f *File) newContent() []byte {
	if _, err := fs.Stat(f.FS, schemaFile); err != nil {
		return []byte(emptyFile)
	}
	return []byte("# yaml-language-server: $schema=../../" + schemaFile + "\n" + emptyFile)
}

// Adopt returns the edits that write the settings into the environment's file, which may be missing.
func (f *File) Adopt(settings []Setting, subjects ...string) (gitrepo.Edits, error) {
	content := f.Content
	if content == nil {
		content = f.newContent()
	} else if err := f.RequireExisting(); err != nil {
		return gitrepo.Edits{}, err
	}
	d, err := yamldoc.Parse(content)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if _, err := apply(settings, f.Config.Policy, d); err != nil {
		return gitrepo.Edits{}, err
	}
	return f.Edits(d.Bytes(), gitrepo.Message{Subject: configrepo.Subject(subjects...)})
}

// Change returns the edits that apply settings to the file of an existing environment.
func (f *File) Change(settings []Setting) (gitrepo.Edits, error) {
	d, err := yamldoc.Parse(f.Content)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	changed, err := apply(settings, f.Config.Policy, d)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	return f.Edits(d.Bytes(), gitrepo.Message{Subject: configrepo.Subject(
		"Change environment "+f.Name+": "+strings.Join(changed, ", "), "Change environment "+f.Name)})
}

// Edits returns the edits that replace the file's content. It builds the environment in memory and checks the result.
func (f *File) Edits(content []byte, m gitrepo.Message) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Write: map[string][]byte{}, Message: m}
	if bytes.Equal(content, f.Content) {
		return e, nil
	}
	e.Write[FileOf(f.Name)] = content
	if !f.hasKustomization() {
		e.Write[path.Join(FolderOf(f.Name), "kustomization.yaml")] = []byte(newKustomization)
	}
	e.Message.Trailers = append(e.Message.Trailers, gitrepo.Trailer{Key: "Environment", Value: f.Name})
	if problems := textProblems(FileOf(f.Name), content); len(problems) > 0 {
		return e, problems
	}
	after := overlay.New(filetree.Edited(f.FS, e.Write, nil))
	if problems := after.CheckEnvironment(f.Name); len(problems) > 0 {
		return e, problems
	}
	return e, f.checkLinks(after)
}

func (f *File) hasKustomization() bool {
	names := []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := fs.Stat(f.FS, path.Join(FolderOf(f.Name), name))
		return err == nil
	})
}

// textProblems finds hidden characters and command substitutions. A command substitution in a comment is harmless.
func textProblems(file string, content []byte) config.Problems {
	var found config.Problems
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSuffix(line, "\r")
		code, _, _ := strings.Cut(line, " #")
		message, remedy := flags.HiddenProblem(line)
		if message == "" {
			message, remedy = flags.TextProblem(code)
		}
		if message != "" {
			found = append(found, config.Problem{File: file, Line: i + 1, Message: message, Remedy: remedy})
		}
	}
	return found
}
