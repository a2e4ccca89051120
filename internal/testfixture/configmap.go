package testfixture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// ConfigMapServer is a Kubernetes API server with one ConfigMap.
type ConfigMapServer struct {
	mu      sync.Mutex
	object  map[string]any
	version int
	calls   []string
	fail    bool
}

// NewConfigMapServer returns a server with an empty ConfigMap "state" in namespace argocd.
func NewConfigMapServer() *ConfigMapServer {
	s := &ConfigMapServer{}
	s.put(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "state", "namespace": "argocd"},
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *ConfigMapServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method)
	w.Header().Set("Content-Type", "application/json")
	refuse := func(code int, reason string) {
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d}`, reason, code)
	}
	if r.Method == http.MethodPut {
		var sent map[string]any
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			refuse(http.StatusBadRequest, "BadRequest")
			return
		}
		if metadataOf(sent)["resourceVersion"] != fmt.Sprint(s.version) {
			refuse(http.StatusConflict, "Conflict")
			return
		}
		s.put(sent)
		if s.fail {
			s.fail = false
			refuse(http.StatusInternalServerError, "InternalError")
			return
		}
	}
	_ = json.NewEncoder(w).Encode(s.object)
}

func (s *ConfigMapServer) put(object map[string]any) {
	s.version++
	metadataOf(object)["resourceVersion"] = fmt.Sprint(s.version)
	s.object = object
}

func metadataOf(object map[string]any) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	return metadata
}

// AddLabel adds the label by=hand, as a user of kubectl.
func (s *ConfigMapServer) AddLabel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	metadataOf(s.object)["labels"] = map[string]any{"by": "hand"}
	s.put(s.object)
}

// DropState removes the state from the ConfigMap.
func (s *ConfigMapServer) DropState() {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.object, "binaryData")
	s.put(s.object)
}

// FailNextWrite writes the next object and answers with an error, as after a timeout.
func (s *ConfigMapServer) FailNextWrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = true
}

// Labels returns the labels of the ConfigMap.
func (s *ConfigMapServer) Labels() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return metadataOf(s.object)["labels"]
}

// TakeCalls returns the methods of the requests since the last call.
func (s *ConfigMapServer) TakeCalls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}
