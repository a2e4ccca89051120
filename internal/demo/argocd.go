package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// syncTakes is the time that the simulated Argo CD needs until an Application is synced and its Pods run.
const syncTakes = 6 * time.Second

// argoCD simulates Argo CD, and the part of the Kubernetes API that the generator reads. It asks the generator for the rows,
// as the ApplicationSet controller does, and has an Application for each one.
type argoCD struct {
	service, token string // the plugin's address, and the content of its token file
	failing        string // the environment with a container that crashes

	mu   sync.Mutex
	apps map[string]application // by namespace, which is the Application's name too
}

// application is an Application with the row that it was made from, and the time of its last change.
type application struct {
	row     preview.Row
	changed time.Time
}

// run asks for the rows until ctx is done.
func (a *argoCD) run(ctx context.Context) {
	for pause(ctx, 500*time.Millisecond) {
		if rows, err := a.rows(ctx); err == nil { // the generator may be starting or stopping
			a.apply(rows, time.Now())
		}
	}
}

func (a *argoCD) rows(ctx context.Context) ([]preview.Row, error) {
	body := strings.NewReader(`{"applicationSetName": "previews"}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.service+"/api/v1/getparams.execute", body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Output struct {
			Parameters []preview.Row `json:"parameters"`
		} `json:"output"`
	}
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the generator answers %s", response.Status)
	}
	if err == nil {
		err = json.Unmarshal(content, &answer)
	}
	return answer.Output.Parameters, err
}

// apply makes, changes and removes Applications.
func (a *argoCD) apply(rows []preview.Row, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	next := make(map[string]application, len(rows))
	for _, row := range rows {
		app, isKnown := a.apps[row.Namespace]
		if !isKnown || !same(app.row, row) {
			app.changed = now
		}
		app.row = row
		next[row.Namespace] = app
	}
	a.apps = next
}

func same(a, b preview.Row) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// ServeHTTP answers as the Kubernetes API does.
func (a *argoCD) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const objects = "/apis/argoproj.io/v1alpha1/namespaces/argocd/"
	path := r.URL.Path
	name, isApplication := strings.CutPrefix(path, objects+"applications/")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	kind, namespace := parts[len(parts)-1], ""
	if len(parts) > 2 {
		namespace = parts[len(parts)-2]
	}
	switch {
	case isApplication:
		a.answerApplication(w, name)
	case path == objects+"applicationsets":
		answerList(w, "argoproj.io/v1alpha1", "ApplicationSetList", applicationSet())
	case strings.HasPrefix(path, objects+"applicationsets/"): // the generator refreshes it
		answerJSON(w, http.StatusOK, applicationSet())
	case strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList"): // no foreign Application exists
		answerList(w, "meta.k8s.io/v1", "PartialObjectMetadataList")
	case path == objects+"applications": // none was there before the generator
		answerList(w, "argoproj.io/v1alpha1", "ApplicationList")
	case kind == "pods":
		answerList(w, "v1", "PodList", a.pods(namespace)...)
	case kind == "deployments":
		answerList(w, "apps/v1", "DeploymentList", a.deployments(namespace)...)
	case kind == "statefulsets":
		answerList(w, "apps/v1", "StatefulSetList")
	default:
		answerJSON(w, http.StatusNotFound, object{
			"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound,
		})
	}
}

// object is a Kubernetes object as JSON.
type object = map[string]any

func applicationSet() object {
	plugin := object{"configMapRef": object{"name": "preview-generator"}}
	return object{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
		"metadata": object{"name": "previews", "namespace": "argocd", "uid": "demo"},
		"spec":     object{"generators": []any{object{"plugin": plugin}}},
	}
}

func (a *argoCD) answerApplication(w http.ResponseWriter, name string) {
	app, ok := a.application(name)
	if !ok {
		answerJSON(w, http.StatusNotFound, object{
			"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound,
		})
		return
	}
	source := object{"targetRevision": app.row.Revision, "path": app.row.Path, "kustomize": app.row.Kustomize}
	status := object{
		"sync":           object{"status": "OutOfSync", "revision": app.row.Revision, "comparedTo": object{"source": source}},
		"health":         object{"status": "Progressing"},
		"operationState": object{"phase": "Running", "message": "waiting for the Deployments"},
	}
	if app.isSynced() {
		status["sync"].(object)["status"] = "Synced"
		status["operationState"] = object{"phase": "Succeeded", "syncResult": object{"source": source}}
		status["health"] = object{"status": map[bool]string{true: "Degraded", false: "Healthy"}[a.fails(app)]}
	}
	answerJSON(w, http.StatusOK, object{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
		"metadata": object{"name": name, "namespace": "argocd"}, "spec": object{"source": source}, "status": status,
	})
}

func (a *argoCD) application(name string) (application, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	app, ok := a.apps[name]
	return app, ok
}

func (app application) isSynced() bool { return time.Since(app.changed) >= syncTakes }

func (a *argoCD) fails(app application) bool {
	return app.row.Name == a.failing && app.row.State != preview.Asleep
}

// pods returns the crashing Pod of the failing environment. The generator reads Pods only to find one.
func (a *argoCD) pods(namespace string) []any {
	app, ok := a.application(namespace)
	if !ok || !a.fails(app) {
		return nil
	}
	return []any{object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{"name": "orders-6f7d9c5b8-x2k4q", "namespace": namespace},
		"status": object{"containerStatuses": []any{object{
			"name": "orders", "restartCount": 4, "state": object{"waiting": object{"reason": "CrashLoopBackOff"}},
			"lastState": object{"terminated": object{"reason": "Error", "exitCode": 3}},
		}}},
	}}
}

// deployments returns a Deployment for each service of an environment.
func (a *argoCD) deployments(namespace string) []any {
	app, ok := a.application(namespace)
	if !ok {
		return nil
	}
	replicas, ready := 1, 0
	if app.row.State == preview.Asleep {
		replicas = 0
	} else if app.isSynced() {
		ready = 1
	}
	var all []any
	for _, s := range app.row.Services {
		isReady := ready
		if a.fails(app) && s.Service == "orders" {
			isReady = 0
		}
		container := object{"name": s.Service, "resources": object{"requests": object{"cpu": "50m", "memory": "64Mi"}}}
		all = append(all, object{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": s.Service, "namespace": namespace},
			"spec": object{
				"replicas": replicas, "template": object{"spec": object{"containers": []any{container}}},
			},
			"status": object{"readyReplicas": isReady},
		})
	}
	return all
}

func answerList(w http.ResponseWriter, version, kind string, items ...any) {
	if items == nil {
		items = []any{}
	}
	answerJSON(w, http.StatusOK, object{"apiVersion": version, "kind": kind, "metadata": object{}, "items": items})
}

func answerJSON(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}

// writeKubeconfig writes the file with which the generator finds the simulated API.
func writeKubeconfig(path, server string) error {
	return os.WriteFile(path, []byte(`apiVersion: v1
kind: Config
clusters: [{name: demo, cluster: {server: "`+server+`"}}]
contexts: [{name: demo, context: {cluster: demo, user: demo}}]
users: [{name: demo, user: {}}]
current-context: demo
`), 0o600)
}
