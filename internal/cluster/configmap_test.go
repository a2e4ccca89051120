package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// configMapServer is an API server with one ConfigMap.
type configMapServer struct {
	mu      sync.Mutex
	object  map[string]any // nil if it doesn't exist
	version int
	calls   []string
}

func (s *configMapServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method)
	w.Header().Set("Content-Type", "application/json")
	fail := func(code int, reason string) {
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d}`, reason, code)
	}
	if s.object == nil {
		fail(http.StatusNotFound, "NotFound")
		return
	}
	if r.Method == http.MethodPut {
		var sent map[string]any
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			fail(http.StatusBadRequest, "BadRequest")
			return
		}
		if sent["metadata"].(map[string]any)["resourceVersion"] != fmt.Sprint(s.version) {
			fail(http.StatusConflict, "Conflict")
			return
		}
		s.put(sent)
	}
	_ = json.NewEncoder(w).Encode(s.object)
}

func (s *configMapServer) put(object map[string]any) {
	s.version++
	object["metadata"].(map[string]any)["resourceVersion"] = fmt.Sprint(s.version)
	s.object = object
}

// addLabel changes the ConfigMap as another client.
func (s *configMapServer) addLabel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.object["metadata"].(map[string]any)["labels"] = map[string]any{"by": "hand"}
	s.put(s.object)
}

func (s *configMapServer) takeCalls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func TestConfigMapIsReadAgainOnlyAfterConflict(t *testing.T) {
	t.Parallel()
	s := &configMapServer{}
	s.put(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "state", "namespace": "argocd"},
	})
	server := httptest.NewServer(s)
	defer server.Close()
	client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	m := (&Client{namespace: "argocd", dynamic: client}).ConfigMap("state")
	for _, step := range []struct {
		name    string
		prepare func()
		want    []string
	}{
		{"first save", func() {}, []string{"GET", "PUT"}},
		{"known object", func() {}, []string{"PUT"}},
		{"edited by another client", s.addLabel, []string{"PUT", "GET", "PUT"}},
		{"known again", func() {}, []string{"PUT"}},
	} {
		step.prepare()
		if err := m.Save(t.Context(), []byte(step.name)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, s.takeCalls()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", step.name, diff)
		}
		if content, err := m.Load(t.Context()); err != nil || string(content) != step.name {
			t.Errorf("%s: loaded %q, %v", step.name, content, err)
		}
		s.takeCalls()
	}
	if labels := s.object["metadata"].(map[string]any)["labels"]; !cmp.Equal(labels, any(map[string]any{"by": "hand"})) {
		t.Errorf("labels of the other client are %v", labels)
	}
}
