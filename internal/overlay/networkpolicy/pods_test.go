package networkpolicy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// TestPodsAreRestricted checks level restricted of Pod Security, and that Pods have no token.
func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	c, _ := exampleCluster(t)
	for _, e := range c.ours() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			if e.name != generator { // it alone talks to the Kubernetes API
				wantNoToken(t, e.pod)
			}
			wantRestricted(t, e.pod)
		})
	}
}

func wantNoToken(t *testing.T, p podSpec) {
	t.Helper()
	if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		t.Error("automountServiceAccountToken isn't false")
	}
	if p.ServiceAccountName != "" {
		t.Errorf("has service account %s", p.ServiceAccountName)
	}
	for _, v := range p.Volumes {
		manifest.EachKey(v, func(key string, _ any) {
			if key == "serviceAccountToken" {
				t.Errorf("volume %v has a token", v["name"])
			}
		})
	}
}

func wantRestricted(t *testing.T, p podSpec) {
	t.Helper()
	if p.HostNetwork || p.HostPID || p.HostIPC { // with the host's network no policy holds
		t.Error("shares the host's network, processes or memory")
	}
	if user, _ := p.SecurityContext["runAsUser"].(float64); user == 0 || p.SecurityContext["runAsNonRoot"] != true {
		t.Error("may be root")
	}
	if diff := cmp.Diff(map[string]any{"type": "RuntimeDefault"}, p.SecurityContext["seccompProfile"]); diff != "" {
		t.Errorf("seccompProfile (-want +got):\n%s", diff)
	}
	wantVolumes(t, p.Volumes)
	for _, c := range p.containers() {
		want := map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
		}
		if diff := cmp.Diff(want, c.SecurityContext); diff != "" {
			t.Errorf("securityContext of container %s (-want +got):\n%s", c.Name, diff)
		}
		if slices.ContainsFunc(c.Ports, func(own port) bool { return own.HostPort != 0 }) {
			t.Errorf("container %s has a port of the host", c.Name)
		}
	}
}

// wantVolumes allows only the kinds of volumes that the example has, which are fewer than level restricted allows.
func wantVolumes(t *testing.T, volumes []map[string]any) {
	t.Helper()
	allowed := []string{"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
	for _, v := range volumes {
		for key := range v {
			if key != "name" && !slices.Contains(allowed, key) {
				t.Errorf("volume %v is a %s", v["name"], key)
			}
		}
	}
}
