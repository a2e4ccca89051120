package newstore

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/previewset/previewset/internal/overlay/filetree"
)

// repositoryWith returns a repository with a store. Its workload has these mounts, and the loader of its dataset has this
// command.
func repositoryWith(mounts, command string) Repository {
	text := `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {spec: {
		initContainers: [{name: load, command: [sh, -c, "` + command + `"], volumeMounts: [` + mounts + `]}],
		containers: [{name: db}], volumes: [{name: files, persistentVolumeClaim: {claimName: db}}]}}}}`
	return Repository{Tree: filetree.New(fstest.MapFS{
		"kustomize-base/data/db/statefulset.yaml":                 {Data: []byte(text)},
		"kustomize-base/data/db/datasets/old/kustomization.yaml":  {Data: []byte("{}")},
		"kustomize-base/data/other/other.yaml":                    {Data: []byte("{kind: Service, metadata: {name: other}}")},
		"kustomize-base/data/empty/statefulset.yaml":              {Data: []byte("{kind: StatefulSet, metadata: {name: empty}}")},
		"kustomize-base/data/empty/datasets/a/kustomization.yaml": {Data: []byte("{}")},
	})}
}

const bothMounts = "{name: files, mountPath: /data}, {name: dataset, mountPath: /in}"

func TestAddDatasetNeedsALoader(t *testing.T) {
	t.Parallel()
	image := Dataset{Store: "db", Name: "full", Image: "a/b:1", Size: "1Gi"}
	with := func(change func(d *Dataset)) Dataset {
		d := image
		change(&d)
		return d
	}
	const loads = "touch /data/.filled"
	for _, tt := range []struct {
		name, mounts, command string
		dataset               Dataset
		want                  string // "" for no error
	}{
		{"a loader that marks the volume", bothMounts, loads, image, ""},
		{"the folder of an entry point", "{name: files, mountPath: /d}, {name: dataset, mountPath: /docker-entrypoint-initdb.d}", "", image, ""},
		{"a loader without a mark", bothMounts, "true", image, "loads no files of a volume called dataset"},
		{"a loader without the volume", "{name: dataset, mountPath: /in}", loads, image, "loads no files of a volume called dataset"},
		{
			"a snapshot needs no loader", "", "",
			with(func(d *Dataset) { d.Image, d.Snapshot = "", "shop-1" }), "",
		},
		{"an unknown store", bothMounts, loads, with(func(d *Dataset) { d.Store = "sql" }), "the stores are db, empty, other"},
		{"no workload", bothMounts, loads, with(func(d *Dataset) { d.Store = "other" }), "has no StatefulSet or Deployment called other"},
		{"no claim", bothMounts, loads, with(func(d *Dataset) { d.Store = "empty" }), "has no volume of PersistentVolumeClaim empty"},
		{"a dataset that exists", bothMounts, loads, with(func(d *Dataset) { d.Name = "old" }), "datasets/old exists"},
		{
			"an archive of pg_dump for another store", bothMounts, loads,
			with(func(d *Dataset) { d.Image, d.URL = "", "https://a.example/a.dump" }), "only the store postgres restores",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files, err := repositoryWith(tt.mounts, tt.command).AddDataset(tt.dataset)
			if tt.want == "" && (err != nil || len(files) == 0) {
				t.Errorf("%d files, %v", len(files), err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("want %q, got: %v", tt.want, err)
			}
		})
	}
}
