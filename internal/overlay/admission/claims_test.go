package admission

import "testing"

func TestClaims(t *testing.T) {
	t.Parallel()
	const (
		spec  = "spec: {accessModes: [ReadWriteOnce], storageClassName: slow, resources: {requests: {storage: 1Gi}}}"
		claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, " + spec + "}"
		set   = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {name: b}, " +
			spec + "}], template: {spec: {automountServiceAccountToken: false}}}}"
		ephemeral = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: " +
			"{automountServiceAccountToken: false, volumes: [{name: b, ephemeral: {volumeClaimTemplate: {" + spec + "}}}]}}}}"
		existing = " a claims an existing volume, or a copy of one; keep only accessModes"
	)
	wantRefused(t, []refusedChange{
		{"a volume by name", claim, "accessModes:", "volumeName: pv-1, accessModes:", "PersistentVolumeClaim" + existing},
		{"a volume by label", claim, "accessModes:", "selector: {}, accessModes:", "PersistentVolumeClaim" + existing},
		{
			"a copy", claim, "accessModes:", "dataSourceRef: {kind: VolumeSnapshot, name: b}, accessModes:",
			"PersistentVolumeClaim" + existing,
		},
		{"another class", claim, "slow", "fast", `PersistentVolumeClaim a has storage class "fast"; remove it, or ask`},
		{"no class at all", claim, "slow", "''", `PersistentVolumeClaim a has storage class ""; remove it, or ask`},
		{"a copy for a StatefulSet", set, "accessModes:", "dataSource: {kind: a}, accessModes:", "StatefulSet" + existing},
		{"another class for a StatefulSet", set, "slow", "fast", `StatefulSet a has storage class "fast"`},
		{"an ephemeral copy", ephemeral, "accessModes:", "dataSource: {kind: a}, accessModes:", "Deployment" + existing},
		{"another class for an ephemeral volume", ephemeral, "slow", "fast", `Deployment a has storage class "fast"`},
	})
}
