package admission

import "testing"

func TestClaims(t *testing.T) {
	t.Parallel()
	const (
		spec     = "spec: {accessModes: [ReadWriteOnce], storageClassName: slow, resources: {requests: {storage: 1Gi}}}"
		named    = "annotations: {volume.beta.kubernetes.io/storage-class: slow}}, "
		claim    = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, " + named + spec + "}"
		snapshot = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], " +
			"dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: shop-1}}}"
		set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {name: b, " + named +
			spec + "}], template: {spec: {automountServiceAccountToken: false}}}}"
		ephemeral = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: " +
			"{automountServiceAccountToken: false, volumes: [{name: b, ephemeral: {volumeClaimTemplate: {metadata: {" + named + spec + "}}}]}}}}"
		existing = " a claims an existing volume, or a copy of one; keep only accessModes"
	)
	wantRefused(t, []refusedChange{
		{"a volume by name", claim, "accessModes:", "volumeName: pv-1, accessModes:", "PersistentVolumeClaim" + existing},
		{"a volume by label", claim, "accessModes:", "selector: {}, accessModes:", "PersistentVolumeClaim" + existing},
		{
			"a copy", claim, "accessModes:", "dataSourceRef: {kind: VolumeSnapshot, name: b}, accessModes:",
			"PersistentVolumeClaim" + existing,
		},
		{"another snapshot", snapshot, "name: shop-1}", "name: shop-2}", "PersistentVolumeClaim" + existing},
		{"a snapshot of another namespace", snapshot, "name: shop-1}", "name: shop-1, namespace: prod}", "PersistentVolumeClaim" + existing},
		{"another claim", snapshot, "kind: VolumeSnapshot", "kind: PersistentVolumeClaim", "PersistentVolumeClaim" + existing},
		{"a snapshot of another group", snapshot, "snapshot.storage", "storage", "PersistentVolumeClaim" + existing},
		{
			"a snapshot for a StatefulSet", set, "accessModes:",
			"dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: shop-1}, accessModes:",
			"StatefulSet" + existing,
		},
		{"another class", claim, "Name: slow", "Name: fast", `PersistentVolumeClaim a has storage class "fast"; remove it, or ask`},
		{"no class at all", claim, "Name: slow", "Name: ''", `PersistentVolumeClaim a has storage class ""; remove it, or ask`},
		{"a copy for a StatefulSet", set, "accessModes:", "dataSource: {kind: a}, accessModes:", "StatefulSet" + existing},
		{"another class for a StatefulSet", set, "Name: slow", "Name: fast", `StatefulSet a has storage class "fast"`},
		{"an ephemeral copy", ephemeral, "accessModes:", "dataSource: {kind: a}, accessModes:", "Deployment" + existing},
		{"another class for an ephemeral volume", ephemeral, "Name: slow", "Name: fast", `Deployment a has storage class "fast"`},
		{"another class by annotation", claim, "class: slow", "class: fast", `PersistentVolumeClaim a has storage class "fast"`},
		{"no class by annotation", claim, "class: slow", "class: ''", `PersistentVolumeClaim a has storage class ""`},
		{"another class by annotation of a StatefulSet", set, "class: slow", "class: fast", `StatefulSet a has storage class "fast"`},
		{
			"another class by annotation of an ephemeral volume", ephemeral, "class: slow", "class: fast",
			`Deployment a has storage class "fast"`,
		},
	})
}
