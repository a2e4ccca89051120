package kustomization

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// refusal says why a reference can't be used, and the remedy.
type refusal struct{ message, remedy string }

// localPath is the form of an allowed reference. It allows fewer characters than file names may have, because Kustomize
// treats many texts as addresses: `user@host:path`, `github.com/…` without a scheme, and everything after `git::`.
var localPath = regexp.MustCompile(`^[A-Za-z0-9._+/-]+$`)

// resolve returns the path in the repository for a reference in a folder.
func resolve(dir, ref string) (string, *refusal) {
	switch {
	case ref == "":
		return "", &refusal{"is empty", "name a file or folder, or remove it"}
	case isRemote(ref):
		return "", &refusal{
			shortQuote(ref) + " is fetched from elsewhere",
			"copy it into this repository: everything that is deployed must be in it",
		}
	case strings.HasPrefix(ref, "/"):
		return "", &refusal{shortQuote(ref) + " is an absolute path", "write it relative to this folder"}
	case !localPath.MatchString(ref), strings.Contains(ref, "//"):
		return "", &refusal{
			shortQuote(ref) + " isn't a plain path", "use letters, digits and . _ + - in names, and single slashes",
		}
	}
	p := path.Join(dir, ref)
	if p == ".." || strings.HasPrefix(p, "../") {
		return "", &refusal{shortQuote(ref) + " leaves the repository", "copy it into this repository"}
	}
	return p, nil
}

// refuseOutside refuses a target outside of the folders that a folder may use. An overlay may use the base, the shared
// overlay and itself; the base only itself. Other folders hold what isn't for environments: the installation's Secrets,
// and the overlays of other environments.
func refuseOutside(dir, target string) *refusal {
	var allowed []string
	switch own := strings.SplitN(dir, "/", 3); {
	case isIn(dir, baseFolder):
		allowed = []string{baseFolder}
	case isIn(dir, overlaysFolder) && len(own) > 1:
		allowed = slices.Compact([]string{baseFolder, sharedOverlay, path.Join(own[0], own[1])})
	default:
		return nil
	}
	if slices.ContainsFunc(allowed, func(top string) bool { return isIn(target, top) }) {
		return nil
	}
	return &refusal{
		shortQuote(target) + " is outside of " + strings.Join(allowed, ", "), "refer only to files and folders there",
	}
}

// isRemote reports whether Kustomize, or a person, could take a reference for an address.
func isRemote(ref string) bool {
	lower := strings.ToLower(ref)
	return strings.Contains(lower, "://") || strings.Contains(lower, "::") || strings.ContainsAny(lower, "@:?") ||
		strings.HasPrefix(lower, "github.com") || strings.Contains(lower, ".git/") || strings.HasSuffix(lower, ".git") ||
		strings.Contains(lower, "_git/")
}

// shortQuote quotes a text and cuts it to 120 bytes.
func shortQuote(s string) string {
	const limit = 120
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return `"` + s + `"`
}

// targetKind is the kind of target that a field of a kustomization allows.
type targetKind int

const (
	aFile targetKind = iota
	aFileOrBase
	aBase
	aComponent
)

// refuseTarget checks the target of a resolved reference; dir is the folder with the reference. It returns nil for a
// usable target.
func (g *Graph) refuseTarget(dir, target string, want targetKind) *refusal {
	if why := refuseOutside(dir, target); why != nil && !g.isFree {
		return why
	}
	switch g.tree.Kind(target) {
	case filetree.Absent:
		return &refusal{shortQuote(target) + " doesn't exist", "create it, or correct the path"}
	case filetree.Link:
		return &refusal{shortQuote(target) + " is a symbolic link, or is below one", "put the file itself there"}
	case filetree.Other:
		return &refusal{shortQuote(target) + " isn't a regular file", "remove it"}
	case filetree.File:
		return refuseFile(dir, target, want)
	case filetree.Folder:
	}
	return g.refuseFolder(target, want)
}

func refuseFile(dir, target string, want targetKind) *refusal {
	switch {
	case want == aBase || want == aComponent:
		return &refusal{shortQuote(target) + " is a file", "name a folder with a kustomization.yaml"}
	case dir != "." && !strings.HasPrefix(target, dir+"/"):
		return &refusal{
			shortQuote(target) + " is a file outside of this folder, which Kustomize refuses to read",
			"move it here, or give its folder a kustomization.yaml and name the folder",
		}
	}
	return nil
}

func (g *Graph) refuseFolder(target string, want targetKind) *refusal {
	file := g.File(target)
	switch {
	case want == aFile:
		return &refusal{shortQuote(target) + " is a folder", "name a file"}
	case file == "":
		return &refusal{shortQuote(target) + " has no kustomization.yaml", "add one that lists the folder's files"}
	case want == aComponent && !g.Folder(target).IsComponent():
		return &refusal{
			shortQuote(target) + " isn't a Component",
			"write kind: Component in its kustomization.yaml, or list it under resources",
		}
	case want != aComponent && g.Folder(target).IsComponent():
		return &refusal{shortQuote(target) + " is a Component", "list it under components"}
	}
	return nil
}

// Component returns the folder that a row's component refers to; dir is the row's overlay. Its error is Problems.
func (g *Graph) Component(dir, ref string) (string, error) {
	p, why := resolve(dir, ref)
	if why == nil {
		why = g.refuseTarget(dir, p, aComponent)
	}
	if why != nil {
		return "", config.Problems{{File: dir, Path: "components", Message: why.message, Remedy: why.remedy}}
	}
	return p, nil
}
