package cluster

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/previewset/previewset/internal/preview"
)

// workloadServer is an API server with workloads. It returns two per page, or all of them from its cache.
type workloadServer struct {
	mu    sync.Mutex
	items map[string][]map[string]any // by the path's last element
	urls  []string
}

func (s *workloadServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.urls = append(s.urls, r.URL.String())
	w.Header().Set("Content-Type", "application/json")
	parts := strings.Split(r.URL.Path, "/")
	items := s.items[parts[len(parts)-1]]
	if len(parts) == 7 { // /apis/apps/v1/namespaces/<namespace>/<kind>
		items = slices.DeleteFunc(slices.Clone(items), func(o map[string]any) bool {
			return o["metadata"].(map[string]any)["namespace"] != parts[5]
		})
	}
	metadata := map[string]any{}
	if r.URL.Query().Get("resourceVersion") == "" {
		if r.URL.Query().Get("continue") != "" {
			items = items[2:]
		} else if len(items) > 2 {
			items, metadata["continue"] = items[:2], "more"
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"kind": "List", "apiVersion": "apps/v1", "metadata": metadata, "items": items,
	})
}

// newWorkload returns a Deployment or StatefulSet. Spec and status are JSON.
func newWorkload(t *testing.T, kind, namespace, name, spec, status string) map[string]any {
	t.Helper()
	return newObject(t, `{"apiVersion":"apps/v1","kind":"`+kind+`",
		"metadata":{"name":"`+name+`","namespace":"`+namespace+`"},"spec":`+spec+`,"status":`+status+`}`).Object
}

func TestWorkloads(t *testing.T) {
	t.Parallel()
	const pod = `"template":{"spec":{"containers":[{"resources":{"requests":{"cpu":"250m","memory":"64Mi"}}},{"resources":{}}]}}`
	s := &workloadServer{items: map[string][]map[string]any{
		"deployments": {
			newWorkload(t, "Deployment", "preview-a", "web", `{"replicas":2,`+pod+`}`, `{"readyReplicas":1}`),
			newWorkload(t, "Deployment", "preview-ab", "web", `{"replicas":0,`+pod+`}`, `{"readyReplicas":2}`),
			newWorkload(t, "Deployment", "staging", "web", `{"replicas":9,`+pod+`}`, `{}`),
		},
		"statefulsets": {newWorkload(t, "StatefulSet", "preview-a", "postgres", `{`+pod+`}`, `{"readyReplicas":1}`)},
	}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	d, err := dynamic.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{namespace: "argocd", dynamic: d}
	of := func(namespace, kind, name string, replicas, ready int) preview.Workload {
		return preview.Workload{
			Namespace: namespace, Kind: kind, Name: name, Replicas: replicas, Ready: ready, CPU: 250, Memory: 64 << 20,
		}
	}
	one := []preview.Workload{of("preview-a", "Deployment", "web", 2, 1), of("preview-a", "StatefulSet", "postgres", 1, 1)}
	for namespace, want := range map[string][]preview.Workload{
		"preview-a": one,
		"preview-*": {one[0], of("preview-ab", "Deployment", "web", 0, 0), one[1]},
		"empty":     {},
	} {
		got, readErr := c.Workloads(t.Context(), namespace)
		if diff := cmp.Diff(want, got); diff != "" || readErr != nil {
			t.Errorf("%s: %v (-want +got):\n%s", namespace, readErr, diff)
		}
	}
	if pages := strings.Count(strings.Join(s.urls, "\n"), "limit=250"); pages != 3 {
		t.Errorf("%d pages of all, want 3: %v", pages, s.urls)
	}
	server.Close()
	_, failed := c.Workloads(t.Context(), "preview-a")
	if failed == nil || !strings.HasPrefix(failed.Error(), "list deployments in preview-a: ") {
		t.Errorf("error is %v", failed)
	}
}

func TestRequestsOfPod(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pod         string
		cpu, memory int64
	}{
		"no requests": {`{"containers":[{}]}`, 0, 0},
		"all containers": {
			`{"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"}}},{"resources":{"requests":{"cpu":"500m"}}}]}`, 1500, 1 << 30,
		},
		"an init container with a larger request": {
			`{"containers":[{"resources":{"requests":{"cpu":"100m"}}}],"initContainers":[{"resources":{"requests":{"cpu":"2"}}}]}`, 2000, 0,
		},
		"an init container with a smaller request": {
			`{"containers":[{"resources":{"requests":{"cpu":"100m"}}}],"initContainers":[{"resources":{"requests":{"cpu":"50m"}}}]}`, 100, 0,
		},
		"a sidecar": {
			`{"containers":[{"resources":{"requests":{"memory":"10"}}}],
				"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"memory":"5"}}},
					{"resources":{"requests":{"memory":"12"}}}]}`, 0, 17,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newObject(t, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
				"spec":{"template":{"spec":`+tt.pod+`}}}`)
			w, err := workloadOf(&o)
			if err != nil || w.CPU != tt.cpu || w.Memory != tt.memory {
				t.Errorf("%+v %v, want %d and %d", w, err, tt.cpu, tt.memory)
			}
		})
	}
}
