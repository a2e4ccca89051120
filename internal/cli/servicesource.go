package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/source"
)

// readManifests reads the user's manifests. Kustomizations may refer to folders beside theirs, so it opens the top
// folder of their Git repository, else the working folder, else their own.
func readManifests(from string) (*source.Manifests, error) {
	abs, err := filepath.Abs(from)
	if err != nil {
		return nil, fmt.Errorf("read the manifests in %q: %w", from, err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fmt.Errorf("read the manifests in %q: %w\nname an existing file or folder with --from", from, err)
	}
	top, err := topFolder(abs)
	if err != nil {
		return nil, err
	}
	fsys, closeDir, err := configrepo.OpenFolder(top)
	if err != nil {
		return nil, fmt.Errorf("open the folder of manifests: %w\nname an existing folder with --from", err)
	}
	defer closeDir()
	name, err := filepath.Rel(top, abs)
	if err != nil {
		return nil, err
	}
	m, err := source.Read(fsys, filepath.ToSlash(name))
	if err == nil {
		return m, nil
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return nil, problems
	}
	return nil, fmt.Errorf("read the manifests in %q: %w", from, err)
}

// topFolder returns the folder from which manifests may be read.
func topFolder(manifests string) (string, error) {
	own := manifests
	if info, err := os.Stat(manifests); err == nil && !info.IsDir() {
		own = filepath.Dir(manifests)
	}
	for dir := own; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	working, err := os.Getwd()
	if err == nil {
		working, err = filepath.EvalSymlinks(working)
	}
	if err != nil {
		return "", fmt.Errorf("find the working folder: %w", err)
	}
	if rel, err := filepath.Rel(working, own); err == nil && filepath.IsLocal(rel) {
		return working, nil
	}
	return own, nil
}

// relativeOnly returns a relative path as it is. An absolute one names the folders of one computer, so it isn't committed.
func relativeOnly(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return ""
	}
	return filepath.ToSlash(filepath.Clean(name))
}

// readSource reads the manifests of --from, or renders the chart of --chart.
func (o *serviceAddOptions) readSource(ctx context.Context) (err error) {
	switch {
	case o.from != "":
		o.service.Manifests = &newservice.Manifests{
			From: relativeOnly(o.from), With: o.service.With, Image: o.image, Port: o.service.Port, Migrate: o.service.Migrate,
		}
		o.service.Source, err = readManifests(o.from)
	case o.chart.source != "":
		defer o.term.NoticeIfSlow("the chart")()
		if o.service.Chart, o.service.Source, err = o.chart.render(ctx, o.term, o.service.Name, nil); err != nil {
			return err
		}
		o.service.Chart.Image, o.service.Chart.Port, o.service.Chart.Migrate = o.image, o.service.Port, o.service.Migrate
	}
	return err
}

// explain names the service of an error, and its manifests.
func (o *serviceAddOptions) explain(err error) error {
	if _, isProblems := errors.AsType[config.Problems](err); isProblems {
		return err
	}
	if !o.hasManifests() {
		return fmt.Errorf("add service %s: %w", o.service.Name, err)
	}
	return fmt.Errorf("add service %s from %q: %w", o.service.Name, cmp.Or(o.from, o.chart.source), err)
}

// reportManifests lists the objects of the user's manifests that were left out, and the changes of the others.
func (o *serviceAddOptions) reportManifests() {
	if o.added != nil {
		reportAdded(o.term, o.added, o.missing)
	}
}

func reportAdded(term *terminal.Process, added *newservice.Added, missing config.Problems) {
	list := func(title string, lines []string) {
		if len(lines) > 0 {
			term.Answerf("\n%s:\n  %s", title, strings.Join(lines, "\n  "))
		}
	}
	printable := func(lines []string) []string {
		var found []string
		for _, l := range lines {
			found = append(found, config.Printable(l))
		}
		return found
	}
	var leftOut []string
	for _, l := range added.LeftOut {
		leftOut = append(leftOut, config.Printable(l.Object.String()+": "+l.Remedy))
	}
	list("Left out, because previews must not have them", leftOut)
	list("Changed for previews, in run/adapted", printable(added.Notes))
	list("To change, because previews have no access to other namespaces", printable(added.Addresses))
	var toAdd []string
	for _, p := range missing {
		toAdd = append(toAdd, p.Message+"; "+p.Remedy)
	}
	list("To add, because previewctl check refuses the system without it", toAdd)
	if left := added.Left; len(left) > 0 {
		term.Answerf("\nLeft for other services: %s", config.Printable(strings.Join(left, ", ")))
	}
}
