package overlay

import (
	"path"
	"regexp"
	"strings"
)

// localPath is what a reference may look like. It is narrower than file names are, because Kustomize takes much for an
// address: everything with a scheme, `user@host:path`, `github.com/…` without one, and anything behind `git::`.
var localPath = regexp.MustCompile(`^[A-Za-z0-9._+/-]+$`)

// refusal says why a reference can't be used, and what to do.
type refusal struct{ message, remedy string }

// resolve returns the path inside the repository that a reference in a folder leads to.
func resolve(dir, ref string) (string, *refusal) {
	switch {
	case ref == "":
		return "", &refusal{"is empty", "name a file or folder, or remove it"}
	case isRemote(ref):
		return "", &refusal{quoted(ref) + " is fetched from elsewhere", "copy it into this repository: what is deployed must be in it"}
	case strings.HasPrefix(ref, "/"):
		return "", &refusal{quoted(ref) + " is an absolute path", "write it relative to this folder"}
	case !localPath.MatchString(ref), strings.Contains(ref, "//"):
		return "", &refusal{quoted(ref) + " isn't a plain path", "use letters, digits and . _ + - in names, and single slashes"}
	}
	p := path.Join(dir, ref)
	if p == ".." || strings.HasPrefix(p, "../") {
		return "", &refusal{quoted(ref) + " leaves the repository", "copy it into this repository"}
	}
	return p, nil
}

// isRemote is true of everything that Kustomize, or a person, could take for an address.
func isRemote(ref string) bool {
	lower := strings.ToLower(ref)
	return strings.Contains(lower, "://") || strings.Contains(lower, "::") || strings.ContainsAny(lower, "@:?") ||
		strings.HasPrefix(lower, "github.com") || strings.Contains(lower, ".git/") || strings.HasSuffix(lower, ".git") ||
		strings.Contains(lower, "_git/")
}

func quoted(s string) string {
	const limit = 120
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return `"` + s + `"`
}

// wanted is what a reference must lead to.
type wanted int

const (
	aFile wanted = iota
	aFileOrBase
	aBase
	aComponent
)

// target checks what a resolved reference leads to; dir is the folder that refers to it.
func (r *Repo) target(dir, p string, want wanted) *refusal {
	switch r.tree.kind(p) {
	case isAbsent:
		return &refusal{quoted(p) + " doesn't exist", "create it, or correct the path"}
	case isLink:
		return &refusal{quoted(p) + " is, or lies behind, a symbolic link", "put the file itself there"}
	case isOther:
		return &refusal{quoted(p) + " isn't a regular file", "remove it"}
	case isFile:
		return fileTarget(dir, p, want)
	case isDir:
	}
	return r.folderTarget(p, want)
}

func fileTarget(dir, p string, want wanted) *refusal {
	switch {
	case want == aBase || want == aComponent:
		return &refusal{quoted(p) + " is a file", "name a folder with a kustomization.yaml"}
	case dir != "." && !strings.HasPrefix(p, dir+"/"):
		return &refusal{
			quoted(p) + " is a file outside of this folder, which Kustomize refuses to read",
			"move it here, or give its folder a kustomization.yaml and name the folder",
		}
	}
	return nil
}

func (r *Repo) folderTarget(p string, want wanted) *refusal {
	file := r.kustomizationFile(p)
	switch {
	case want == aFile:
		return &refusal{quoted(p) + " is a folder", "name a file"}
	case file == "":
		return &refusal{quoted(p) + " has no kustomization.yaml", "add one that lists the folder's files"}
	case want == aComponent && !r.folder(p).isComponent():
		return &refusal{quoted(p) + " isn't a Component", "write kind: Component in its kustomization.yaml, or list it under resources"}
	case want != aComponent && r.folder(p).isComponent():
		return &refusal{quoted(p) + " is a Component", "list it under components"}
	}
	return nil
}
