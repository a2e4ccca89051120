package stand_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

var options argocd.Options

func TestMain(m *testing.M) {
	options.AddFlags(flag.CommandLine)
	flag.Parse()
	os.Exit(m.Run())
}

// TestStand tells a fault of the stand from one of the project: it uses nothing of the project but the simulated
// GitHub.
func TestStand(t *testing.T) {
	s := standtest.Start(t, stand.Options{ArgoCD: options})
	p := startPlugin(t)
	commit, err := s.Git.Change(t.Context(), "Add overlay", gitserver.All(
		gitserver.Write("overlay/kustomization.yaml", overlay), gitserver.Write("overlay/all.yaml", manifests)))
	if err != nil {
		t.Fatal(err)
	}
	p.answer(map[string]string{"name": "one", "revision": commit})
	install := fmt.Sprintf(installation, s.Git.URL, p.url)
	if _, err := s.Cluster.Kubectl(t.Context(), strings.NewReader(install), "apply", "--namespace=argocd", "--filename=-"); err != nil {
		t.Fatal(err)
	}

	app := s.WaitSynced(t, "preview-one", time.Minute)
	if app.Synced != commit {
		t.Errorf("synced %s, want %s", app.Synced, commit)
	}
	s.Eventually(t, 10*time.Second, "the image runs", func(ctx context.Context) error {
		images, err := s.Images(ctx, "preview-one")
		if want := []string{"example.dev/web:one"}; err == nil && !slices.Equal(images, want) {
			return fmt.Errorf("runs %v, want %v", images, want)
		}
		return err
	})

	p.answer()
	if err := s.Refresh(t.Context(), "tiny"); err != nil {
		t.Fatal(err)
	}
	s.WaitGone(t, "preview-one", time.Minute)
}

// plugin is a plugin generator that says what it is told to.
type plugin struct {
	url  string
	rows atomic.Pointer[[]map[string]string]
}

func startPlugin(t *testing.T) *plugin {
	t.Helper()
	p := &plugin{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer := map[string]any{"output": map[string]any{"parameters": p.rows.Load()}}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *plugin) answer(rows ...map[string]string) {
	rows = append([]map[string]string{}, rows...) // an empty list isn't null
	p.rows.Store(&rows)
}

const overlay = `
resources: [all.yaml]
images: [{name: example.dev/web, newTag: one}]
`

// manifests have one of everything that needs the cluster's help to become healthy.
const manifests = `
apiVersion: v1
kind: Namespace
metadata: {name: preview}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.dev/web:latest"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: store, image: "example.dev/web:latest"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: fill}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: fill, image: "example.dev/web:latest"}]}}}
`

const installation = `
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: tiny}
spec:
  sourceRepos: ["%[1]s"]
  destinations: [{server: "*", namespace: "*"}]
  clusterResourceWhitelist: [{group: "", kind: Namespace}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: tiny}
data: {baseUrl: "%[2]s", token: "$tiny:token"}
---
apiVersion: v1
kind: Secret
metadata: {name: tiny, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {token: secret}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: tiny}
spec:
  goTemplate: true
  goTemplateOptions: ["missingkey=error"]
  generators: [{plugin: {configMapRef: {name: tiny}, requeueAfterSeconds: 600}}]
  template:
    metadata:
      name: "preview-{{.name}}"
      finalizers: [resources-finalizer.argocd.argoproj.io]
    spec:
      project: tiny
      source: {repoURL: "%[1]s", targetRevision: "{{.revision}}", path: overlay, kustomize: {namespace: "preview-{{.name}}"}}
      destination: {server: https://kubernetes.default.svc, namespace: "preview-{{.name}}"}
      syncPolicy: {automated: {prune: true, selfHeal: true}}
`
