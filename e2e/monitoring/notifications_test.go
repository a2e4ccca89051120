package monitoring

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// received has the messages that a webhook got: environment and event.
type received struct {
	mu  sync.Mutex
	all []string
}

// ServeHTTP implements http.Handler.
func (r *received) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var message struct{ Environment, Event string }
	if err := json.NewDecoder(request.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, message.Environment+" "+message.Event)
}

// have returns an error unless each of the messages arrived.
func (r *received) have(messages ...string) func(context.Context) error {
	return func(context.Context) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, m := range messages {
			if !slices.Contains(r.all, m) {
				return fmt.Errorf("%q is missing in %q", m, r.all)
			}
		}
		return nil
	}
}

// notify installs appsets/notifications as the guide says, subscribes a webhook to all of its triggers, and runs Argo
// CD's notifications controller.
func (w *world) notify(t *testing.T) *received {
	t.Helper()
	messages := &received{}
	server := httptest.NewServer(messages)
	t.Cleanup(server.Close)
	folder := filepath.Join(w.Repository(), "appsets", "notifications")
	apply := []string{"apply", "--server-side", "--field-manager=previewset", "--kustomize", folder}
	if _, err := w.Cluster.Kubectl(t.Context(), nil, apply...); err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]map[string]string{"data": {
		"service.webhook.previewset": "url: " + server.URL,
		"subscriptions": "[{recipients: [previewset], selector: previewset.dev/environment, triggers: [previewset-ready, " +
			"previewset-failed, previewset-asleep, previewset-ends-soon]}]",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Cluster.Kubectl(
		t.Context(), nil, "--namespace=argocd", "patch", "configmap", "argocd-notifications-cm", "--patch="+string(settings),
	); err != nil {
		t.Fatal(err)
	}
	if err := w.ArgoCD.RunNotifications(t.Context()); err != nil {
		t.Fatal(err)
	}
	return messages
}
