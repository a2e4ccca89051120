package overlay

import (
	"fmt"
	"path"
	"strings"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/newservice"
)

// updateRenamed updates a renamed service. Its manifests have its former name, so it gets this name again, is updated, and
// is renamed as before. Only the files that the update changes are in the result.
func updateRenamed(r *Repo, s newservice.Service, former string) (*newservice.Added, error) {
	name := s.Name
	before, err := renamedRepo(r, name, former)
	if err != nil {
		return nil, fmt.Errorf("its manifests call service %s %s: %w", name, former, err)
	}
	s.Name = former
	added, err := before.UpdateService(s, "")
	if err != nil {
		return nil, err
	}
	after, err := renamedRepo(New(filetree.Edited(before.fsys, added.Files, added.Removed)), former, name)
	if err != nil {
		return nil, err
	}
	return withNewNames(after, added, serviceFolder(former), serviceFolder(name))
}

func serviceFolder(name string) string { return path.Join(baseFolder, "services", name) + "/" }

// renamedRepo returns the repository with another name of a service.
func renamedRepo(r *Repo, from, to string) (*Repo, error) {
	change, err := r.RenameService(from, to)
	if err != nil {
		return nil, err
	}
	return New(filetree.Edited(r.fsys, change.Write, change.Delete)), nil
}

// withNewNames returns the files of an update as the repository has them after the service was renamed.
func withNewNames(r *Repo, added *newservice.Added, from, to string) (*newservice.Added, error) {
	renamed := func(file string) string {
		if rest, ok := strings.CutPrefix(file, from); ok {
			return to + rest
		}
		return file
	}
	result := *added
	result.Files, result.Removed = map[string][]byte{}, nil
	for file := range added.Files {
		content, err := r.tree.Read(renamed(file))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", renamed(file), err)
		}
		result.Files[renamed(file)] = content
	}
	for _, file := range added.Removed {
		result.Removed = append(result.Removed, renamed(file))
	}
	return &result, nil
}
