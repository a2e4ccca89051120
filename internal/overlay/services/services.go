// Package services removes and renames the services of a repository, in all files that name them.
//
// It knows the folders of a GitOps repository and where a file names a service. It doesn't know whether the result
// builds: overlay checks that afterwards.
package services

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

const (
	policyFile      = "previewset.yaml"
	baseFolder      = "kustomize-base"
	overlaysFolder  = "overlays"
	baselineOverlay = overlaysFolder + "/staging"
)

// Repository is a GitOps repository.
type Repository struct {
	Tree   *filetree.Tree
	Policy *config.Policy
	// Environments are the names of the environments with an environment file.
	Environments []string
	// AdmissionFile is the file with the parameters of the admission policies; "" if there is none.
	AdmissionFile string
}

// Change is a change of the repository's files.
type Change struct {
	// Write has the contents of new and changed files, by path.
	Write map[string][]byte
	// Delete has the paths of files and folders to delete.
	Delete []string
	// Notes tell the user what else happened, and what to do by hand.
	Notes []string
}

// change collects the edits of one removal or rename.
type change struct {
	Repository
	service *config.Service // the service to remove or rename
	edits   *Change
}

// change begins a change of a service. It returns an error if there is no such service.
func (r Repository) change(name string) (*change, error) {
	s := r.Policy.Services.Get(name)
	if s == nil {
		return nil, r.UnknownService(name)
	}
	return &change{Repository: r, service: s, edits: &Change{Write: map[string][]byte{}}}, nil
}

// UnknownService returns the error for a service that isn't in previewset.yaml.
func (r Repository) UnknownService(name string) error {
	names := make([]string, len(r.Policy.Services))
	for i, s := range r.Policy.Services {
		names[i] = s.Name
	}
	text := "there is no service " + name
	if near := config.Nearest(name, names); near != "" {
		text += "; did you mean " + near + "?"
	}
	return errors.New(text + "\nlist the services: previewctl service list")
}

func folderOf(service string) string { return path.Join(baseFolder, "services", service) }

func (c *change) note(format string, args ...any) {
	c.edits.Notes = append(c.edits.Notes, fmt.Sprintf(format, args...))
}

// read returns a file with the edits until now. Its error is fs.ErrNotExist where the file is absent.
func (c *change) read(file string) ([]byte, error) {
	if content, ok := c.edits.Write[file]; ok {
		return content, nil
	}
	return c.Tree.Read(file)
}

// editText changes a file. It does nothing where the file doesn't exist.
func (c *change) editText(file string, edit func(content []byte) ([]byte, error)) error {
	before, err := c.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var after []byte
	if err == nil {
		after, err = edit(before)
	}
	if err != nil {
		return fmt.Errorf("edit %s: %w", file, err)
	}
	if string(after) != string(before) {
		c.edits.Write[file] = after
	}
	return nil
}

// edit changes a file of one YAML mapping. It does nothing where the file doesn't exist.
func (c *change) edit(file string, edit func(d *yamldoc.Document) error) error {
	return c.editText(file, func(content []byte) ([]byte, error) {
		d, err := yamldoc.Parse(content)
		if err != nil {
			return nil, err
		}
		err = edit(d)
		return d.Bytes(), err
	})
}

// replaceScalars replaces texts of a YAML file.
func (c *change) replaceScalars(file string, replace func(s yamldoc.Scalar) string) error {
	return c.editText(file, func(content []byte) ([]byte, error) { return yamldoc.ReplaceScalars(content, replace) })
}

// files returns the files below some folders.
func (c *change) files(folders ...string) []string {
	var found []string
	for _, folder := range folders {
		c.Tree.Walk(folder, func(p string, k filetree.Kind) {
			if k == filetree.File {
				found = append(found, p)
			}
		})
	}
	return found
}

// kustomizations returns the kustomization files below kustomize-base and overlays, without those of the service.
func (c *change) kustomizations() []string {
	return slices.DeleteFunc(c.files(baseFolder, overlaysFolder), func(file string) bool {
		return !isKustomization(file) || strings.HasPrefix(file, folderOf(c.service.Name)+"/")
	})
}

func isKustomization(file string) bool {
	return slices.Contains([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, path.Base(file))
}

func isYAML(file string) bool {
	return slices.Contains([]string{".yaml", ".yml"}, path.Ext(file)) || isKustomization(file)
}

// leadsTo reports whether a reference of a kustomization file leads into a service's folder.
func leadsTo(file, reference, service string) bool {
	target := path.Join(path.Dir(file), reference)
	return target == folderOf(service) || strings.HasPrefix(target, folderOf(service)+"/")
}

// changePublicServices changes the list of public services that the admission policies allow.
func (c *change) changePublicServices(edit func(names []string) []string) error {
	if c.AdmissionFile == "" || !c.service.Public {
		return nil
	}
	return c.edit(c.AdmissionFile, func(d *yamldoc.Document) error {
		var names string
		if err := d.Decode(&names, "data", "publicServices"); err != nil {
			return err
		}
		return d.Set(strings.Join(edit(strings.Fields(names)), " "), "data", "publicServices")
	})
}
