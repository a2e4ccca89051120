package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// adaptedPod returns the patch of the Pods of Deployment web, which has these fields before its containers.
func adaptedPod(t *testing.T, pod string, o Options) (manifest.Object, error) {
	t.Helper()
	text := strings.Replace(withContainers("web", `{name: web, image: "a.test/web:1", ports: [{name: http, containerPort: 80}],
      env: [{name: A, value: b}, {name: DATABASE_URL, value: old}, {name: K, valueFrom: {secretKeyRef: {name: keys, key: k}}}],
      envFrom: [{configMapRef: {name: settings}}], volumeMounts: [{name: tmp, mountPath: /tmp}], workingDir: /srv,
      securityContext: {readOnlyRootFilesystem: true, runAsUser: 0}, livenessProbe: {httpGet: {port: 80}}}`),
		"spec: {containers", "spec: {"+pod+"containers", 1) + "---\n{apiVersion: v1, kind: Secret, metadata: {name: keys}}\n"
	s, err := readManifests(t, text).Pick(Choice{Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.IsTaken = "web", func(kind, name string) bool { return kind == "Secret" && name == "keys" }
	adapted, err := s.Adapt(o)
	if err != nil {
		return manifest.Object{}, err
	}
	for _, p := range adapted.Patches {
		if p.Object.Kind == "Deployment" {
			return manifest.Object{Fields: p.Fields}.Under("spec", "template", "spec"), nil
		}
	}
	t.Fatal("the Deployment has no patch")
	return manifest.Object{}, nil
}

func names(list []manifest.Object) string {
	var found []string
	for _, o := range list {
		found = append(found, o.Text("name"))
	}
	return strings.Join(found, " ")
}

const (
	ownInit = `initContainers: [{name: first, image: "a.test/tool:1", securityContext: {allowPrivilegeEscalation: false,
    capabilities: {drop: [ALL]}}, resources: {requests: {cpu: 1m}}}, {name: migrate, image: "a.test/web:1"}], `
	ownWait = `initContainers: [{name: wait-for-postgres, image: "a.test/tool:1"}, {name: tables, image: "a.test/web:1"}], `
)

func TestInitContainersAreInOrder(t *testing.T) {
	t.Parallel()
	postgres, command := Options{Stores: []Store{StoreOf("postgres", 5432)}}, []string{"bin/web", "migrate"}
	for _, tt := range []struct {
		name, pod string
		migrate   []string
		want      string
	}{
		{"none", "", nil, "wait-for-postgres"},
		{"own ones", ownInit, nil, "wait-for-postgres first migrate"},
		{"an own wait", ownWait, nil, "wait-for-postgres tables"},
		{"a migration", "", command, "wait-for-postgres migrate"},
		{"an own wait and a migration", ownWait, command, "wait-for-postgres tables migrate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := postgres
			o.Migrate = tt.migrate
			pod, err := adaptedPod(t, tt.pod, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(pod.Items("initContainers")); got != tt.want {
				t.Errorf("init containers %q, want %q", got, tt.want)
			}
			for _, c := range append(pod.Items("initContainers"), pod.Items("containers")...) {
				name := c.Text("name")
				isOwn := name == "web" || name == "migrate" || name == "tables"
				if hasURL := strings.Contains(names(c.Items("env")), "POSTGRES_PASSWORD DATABASE_URL"); hasURL != isOwn {
					t.Errorf("container %s has the variables: %v", name, hasURL)
				}
			}
		})
	}
}

func TestMigrationIsAsTheService(t *testing.T) {
	t.Parallel()
	pod, err := adaptedPod(t, "", Options{Migrate: []string{"bin/web", "migrate"}, Stores: []Store{StoreOf("redis", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	got := pod.Items("initContainers")[1].Fields
	delete(got, "resources")
	ref := func(name, key string) map[string]any {
		return map[string]any{"secretKeyRef": map[string]any{"name": name, "key": key}}
	}
	want := map[string]any{
		"name": "migrate", "image": "a.test/web:1", "command": []any{"bin/web", "migrate"}, "workingDir": "/srv",
		"env": []any{
			map[string]any{"name": "REDIS_PASSWORD", "valueFrom": ref("redis", "password")},
			map[string]any{"name": "REDIS_URL", "value": "redis://default:$(REDIS_PASSWORD)@redis:1"},
			map[string]any{"name": "A", "value": "b"},
			map[string]any{"name": "DATABASE_URL", "value": "old"},
			map[string]any{"name": "K", "valueFrom": ref("web-keys", "k")},
		},
		"envFrom":      []any{map[string]any{"configMapRef": map[string]any{"name": "settings"}}},
		"volumeMounts": []any{map[string]any{"name": "tmp", "mountPath": "/tmp"}},
		"securityContext": map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("migration (-want +got):\n%s", diff)
	}
}

func TestASecondMigrationIsRefused(t *testing.T) {
	t.Parallel()
	_, err := adaptedPod(t, ownInit, Options{Migrate: []string{"bin/web", "migrate"}})
	if err == nil || !strings.Contains(err.Error(), "Deployment web has a container migrate already\nremove --migrate") {
		t.Errorf("error is %v", err)
	}
}
