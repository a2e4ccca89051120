package config

// Tree is what one commit of the GitOps repository holds, as far as configuration goes. Paths are relative to the
// configuration's folder, with forward slashes.
type Tree struct {
	// Commit is the full SHA.
	Commit string
	// Ancestors are commits that it is known to come after, as far as they were read. What was rewritten is none.
	Ancestors []string
	// Prefix is the configuration's folder inside the repository, "." for the top.
	Prefix string
	// Files are previewset.yaml, slots.yaml and overlays/*/environment.yaml where they exist.
	Files map[string]File
	// Kustomizations are the folders below kustomize-base and overlays that hold a kustomization file.
	Kustomizations map[string]bool
	// Hashes are the Git tree hashes (or any digest of the contents) of kustomize-base and of each overlays/<name>.
	Hashes map[string]string
}

// File is one configuration file as it was found.
type File struct {
	Content []byte
	// Problem says why it can't be read (a symlink, larger than MaxFileSize); empty where it can.
	Problem string
}

// MaxFileSize bounds a configuration file, in bytes.
const MaxFileSize = 256 << 10
