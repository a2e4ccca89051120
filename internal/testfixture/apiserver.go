package testfixture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"sync"
)

// APIServer is a Kubernetes API server that keeps any objects in memory. It has resource versions, and refuses an update
// with an old one. It has no watches, lists or admission.
type APIServer struct {
	mu      sync.Mutex
	objects map[string]map[string]any // by path
	version int
	down    bool
	writes  int // that may still be made; -1 without a bound
}

// NewAPIServer returns a server with an empty ConfigMap "state" in namespace argocd, and the empty ones for its parts.
func NewAPIServer() *APIServer {
	s := &APIServer{objects: map[string]map[string]any{}, writes: -1}
	s.Empty("state")
	for _, set := range []string{"a", "b"} {
		for i := range 4 {
			s.Empty(fmt.Sprintf("state-%s-%d", set, i+1))
		}
	}
	return s
}

// Empty replaces a ConfigMap in namespace argocd by an empty one.
func (s *APIServer) Empty(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put("/api/v1/namespaces/argocd/configmaps/"+name, map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "namespace": "argocd"},
	})
}

// AllowWrites lets all writes fail after the next n ones; -1 allows all.
func (s *APIServer) AllowWrites(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = n
}

// SetDown lets all requests fail.
func (s *APIServer) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Delete removes an object.
func (s *APIServer) Delete(at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, at)
}

// ServeHTTP implements http.Handler.
func (s *APIServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	code, reason, object := s.answer(r)
	if code >= http.StatusBadRequest {
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d}`, reason, code)
		return
	}
	_ = json.NewEncoder(w).Encode(object)
}

func (s *APIServer) answer(r *http.Request) (code int, reason string, object map[string]any) {
	if s.down {
		return http.StatusInternalServerError, "InternalError", nil
	}
	at := r.URL.Path
	var sent map[string]any
	if r.Method != http.MethodGet {
		if s.writes == 0 {
			return http.StatusInternalServerError, "InternalError", nil
		}
		s.writes = max(-1, s.writes-1)
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			return http.StatusBadRequest, "BadRequest", nil
		}
	}
	if r.Method == http.MethodPost {
		name, _ := metadataOf(sent)["name"].(string)
		at = path.Join(at, name)
		if s.objects[at] != nil {
			return http.StatusConflict, "AlreadyExists", nil
		}
		s.put(at, sent)
		return http.StatusCreated, "", sent
	}
	found := s.objects[at]
	if found == nil {
		return http.StatusNotFound, "NotFound", nil
	}
	if r.Method != http.MethodPut {
		return http.StatusOK, "", found
	}
	if metadataOf(sent)["resourceVersion"] != metadataOf(found)["resourceVersion"] {
		return http.StatusConflict, "Conflict", nil
	}
	s.put(at, sent)
	return http.StatusOK, "", sent
}

func (s *APIServer) put(at string, object map[string]any) {
	s.version++
	metadataOf(object)["resourceVersion"] = strconv.Itoa(s.version)
	s.objects[at] = object
}
