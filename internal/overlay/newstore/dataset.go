// Package newstore adds data stores, and datasets of data stores, to a repository.
//
// It knows the folders of a GitOps repository and templates. It doesn't know whether the result builds: overlay checks
// that afterwards.
package newstore

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"
	"text/template"

	"github.com/previewset/previewset/internal/overlay/filetree"
)

//go:embed templates
var templates embed.FS

// Repository is the repository that gets a store or a dataset.
type Repository struct {
	Tree *filetree.Tree
}

// Dataset is a dataset to add. It has an Image, a URL or a Snapshot.
type Dataset struct {
	Store, Name string
	// Image has the files in its folder /dataset.
	Image string
	// URL is the address of one file or archive, and Sum its SHA-256 in hexadecimal digits.
	URL, Sum string
	// Auth says how the request is authenticated: "" for not at all, "bearer", "basic", or "aws:<region>".
	Auth string
	// SecretStore and Key say where the credentials are, for an authenticated request. The property is `credentials`.
	SecretStore, Key string
	// Snapshot is the name of a VolumeSnapshot, and Seconds the time that a copy of it takes.
	Snapshot string
	Seconds  int
	// Size is the space for the files while they are loaded, or the size of the copy of a snapshot.
	Size string
}

// datasetValues fill the templates of a dataset.
type datasetValues struct {
	Dataset
	workload
	// Folder is the dataset's folder. File is the name of the downloaded file.
	Folder, File string
	// IsArchive is true for a tar archive with the files. IsDump is true for an archive of pg_dump.
	IsArchive, IsDump bool
	// Scheme is the authentication without the Region.
	Scheme, Region string
	// Secret is the name of the Secret with the credentials.
	Secret string
}

// AddDataset returns the files of a new dataset.
func (r Repository) AddDataset(d Dataset) (map[string][]byte, error) {
	v := datasetValues{Dataset: d, Folder: path.Join(dataFolder, d.Store, "datasets", d.Name)}
	if r.Tree.Kind(v.Folder) != filetree.Absent {
		return nil, fmt.Errorf("%s exists\nchoose another name, or remove the folder", v.Folder)
	}
	var err error
	if v.workload, err = r.readWorkload(d.Store); err != nil {
		return nil, err
	}
	if d.Snapshot != "" {
		return fillTemplates("snapshot", v.Folder, v, "kustomization.yaml", "configmap.yaml",
			"snapshot/kustomization.yaml", "snapshot/persistentvolumeclaim.yaml")
	}
	if err := v.checkLoader(d.Store); err != nil {
		return nil, err
	}
	files := []string{"kustomization.yaml", "workload.yaml"}
	if d.URL != "" {
		v.Scheme, v.Region, _ = strings.Cut(d.Auth, ":")
		v.Secret = d.Store + "-dataset"
		if err := v.setFile(); err != nil {
			return nil, err
		}
		if d.Auth != "" {
			files = append(files, "secrets/kustomization.yaml", "secrets/externalsecret.yaml")
		}
	}
	return fillTemplates("dataset", v.Folder, v, files...)
}

// setFile takes the name of the downloaded file from the URL.
func (v *datasetValues) setFile() error {
	address, _, _ := strings.Cut(v.URL, "?")
	v.File = path.Base(address)
	v.IsArchive = strings.HasSuffix(v.File, ".tar") || strings.HasSuffix(v.File, ".tar.gz") || strings.HasSuffix(v.File, ".tgz")
	v.IsDump = strings.HasSuffix(v.File, ".dump")
	if strings.HasPrefix(v.File, "sha256:") { // a blob of a registry has no name
		v.File, v.IsArchive = "dataset.tar.gz", true
	}
	if v.IsDump && (v.Store != "postgres" || !v.IsEntryPoint) {
		return fmt.Errorf("%s: only the store postgres restores an archive of pg_dump\nname a file or a tar archive", v.File)
	}
	return nil
}

// fillTemplates fills templates of a folder, and returns them as files of another folder.
func fillTemplates(from, to string, values any, names ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range names {
		t, err := template.New(path.Base(name)).Funcs(template.FuncMap{"quote": quote}).ParseFS(templates, "templates/"+from+"/"+name)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, values); err != nil {
			return nil, err
		}
		files[path.Join(to, name)] = b.Bytes()
	}
	return files, nil
}
