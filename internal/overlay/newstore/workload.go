package newstore

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

const dataFolder = "kustomize-base/data"

// entryPointFolder is where the images of PostgreSQL, MySQL and MongoDB look for files that they run on an empty volume.
const entryPointFolder = "/docker-entrypoint-initdb.d"

// FetchContainer is the init container that fetches a dataset which isn't in Git.
const FetchContainer = "fetch-dataset"

// filledMark is the file in a store's volume that says that the dataset is loaded.
const filledMark = ".filled"

// workload is the part of a store's manifests that loads its dataset.
type workload struct {
	Kind string
	// DataVolume and DataPath are the volume of the claim, and where the container that loads the dataset has it.
	DataVolume, DataPath string
	// Container and storeImage are the name and the image of that container.
	Container, storeImage string
	// canLoad is true if the store loads files into an empty volume.
	canLoad bool
	// IsEntryPoint is true if the image's entry point loads the dataset: it runs the files by name.
	IsEntryPoint bool
}

// readWorkload finds the workload of a store.
func (r Repository) readWorkload(store string) (workload, error) {
	folder := path.Join(dataFolder, store)
	if r.Tree.Kind(folder) != filetree.Folder {
		return workload{}, fmt.Errorf("there is no store %s; the stores are %s", store,
			strings.Join(r.Tree.List(dataFolder), ", "))
	}
	for _, name := range r.Tree.List(folder) {
		objects, err := r.objects(path.Join(folder, name))
		if err != nil {
			return workload{}, err
		}
		for _, o := range objects {
			if isStore(o, store) {
				return workloadOf(o, store)
			}
		}
	}
	return workload{}, fmt.Errorf("%s has no StatefulSet or Deployment called %s\ngive the store's workload that name", folder, store)
}

func isStore(o manifest.Object, store string) bool {
	kind := o.Text("kind")
	return (kind == "StatefulSet" || kind == "Deployment") && o.Text("metadata", "name") == store
}

// objects returns the objects of a manifest. Other files have none.
func (r Repository) objects(file string) ([]manifest.Object, error) {
	if ext := path.Ext(file); (ext != ".yaml" && ext != ".yml") || r.Tree.Kind(file) != filetree.File {
		return nil, nil
	}
	content, err := r.Tree.Read(file)
	if err != nil {
		return nil, err
	}
	nodes, err := yamldoc.All(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var found []manifest.Object
	for _, n := range nodes {
		var o manifest.Object
		if err := n.Decode(&o.Fields); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		found = append(found, o)
	}
	return found, nil
}

func workloadOf(o manifest.Object, store string) (workload, error) {
	w := workload{Kind: o.Text("kind")}
	pod := o.Under("spec", "template", "spec")
	for _, v := range pod.Items("volumes") {
		if v.Text("persistentVolumeClaim", "claimName") == store {
			w.DataVolume = v.Text("name")
		}
	}
	if w.DataVolume == "" {
		return w, fmt.Errorf("%s %s has no volume of PersistentVolumeClaim %s\nadd it: the dataset is loaded only where it is empty",
			w.Kind, store, store)
	}
	for _, c := range slices.Concat(pod.Items("initContainers"), pod.Items("containers")) {
		target := mountPath(c, "dataset")
		w.DataPath = mountPath(c, w.DataVolume)
		if target == "" || w.DataPath == "" {
			continue
		}
		w.Container, w.storeImage = c.Text("name"), c.Text("image")
		w.IsEntryPoint = target == entryPointFolder
		command := strings.Join(manifest.Texts(c.At("command")), "\n")
		if w.canLoad = w.IsEntryPoint || strings.Contains(command, "/"+filledMark); w.canLoad {
			return w, nil
		}
	}
	return w, nil
}

// checkLoader returns an error if the store loads no files.
func (w workload) checkLoader(store string) error {
	if w.canLoad {
		return nil
	}
	return fmt.Errorf("%s %s loads no files of a volume called dataset into an empty volume, so only datasets of a snapshot work\n"+
		"mount the volume dataset at %s, or load it in an init container that then makes the file %s in volume %s",
		w.Kind, store, entryPointFolder, filledMark, w.DataVolume)
}

func mountPath(container manifest.Object, volume string) string {
	for _, m := range container.Items("volumeMounts") {
		if m.Text("name") == volume {
			return m.Text("mountPath")
		}
	}
	return ""
}
