package config

// Tree has the configuration files of one commit of the GitOps repository. Paths are relative to the configuration's
// folder, with forward slashes.
type Tree struct {
	// Commit is the full SHA.
	Commit string
	// Ancestors are the known commits before this one. Commits lost by a force-push are not among them.
	Ancestors []string
	// Prefix is the configuration's folder inside the repository, "." for the top.
	Prefix string
	// Files has previewset.yaml, slots.yaml, access.yaml and overlays/*/environment.yaml as far as they exist.
	Files map[string]File
	// Kustomizations has the folders below kustomize-base and overlays that hold a kustomization file.
	Kustomizations map[string]bool
	// Hashes has the Git tree hashes (or any digest of the contents) of kustomize-base and of each overlays/<name>.
	Hashes map[string]string
	// Problems make the whole configuration invalid: a required folder is absent, or isn't a plain folder.
	Problems Problems
	// Ignored are files and folders with names that can't be used. The rest of the configuration is used without them.
	Ignored Problems
	// BrokenOverlays has the overlays that can't be used, by environment name. Their last valid version stays.
	BrokenOverlays map[string]Problem
	// BaseProblems are mistakes in kustomize-base and the shared overlay that stop the build of environments.
	BaseProblems Problems
	// Unbuildable has the overlays with references that lead nowhere, by environment name.
	Unbuildable map[string]Problem
	// CheckoutProblem is the reason why Argo CD can't check out the commit; nil if it can. No overlay is pinned to such a
	// commit.
	CheckoutProblem *Problem
}

// File is one configuration file.
type File struct {
	Content []byte
	// Problem is the reason why the file can't be read, such as a symlink or its size. It is empty for a readable file.
	Problem string
}

// MaxFileSize bounds a configuration file, in bytes.
const MaxFileSize = 256 << 10
