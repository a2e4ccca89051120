package generator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	kube "github.com/previewset/previewset/internal/cluster"
)

// testdata/savedstate has the state, rows and decisions of an earlier version (commit c0df772) for testworld.NewSaved.
// Users have such states in their clusters. Never update these files. decisions.json has no time for unlabelled pull
// requests, because the saved state doesn't keep it.
const savedState = "testdata/savedstate"

func savedFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(savedState, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// inFile returns the saved state in a file of its own.
func inFile(t *testing.T) store.Backend {
	t.Helper()
	file, _ := testworld.NewStore(t)
	if err := os.WriteFile(string(file), savedFile(t, "state.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// inConfigMap returns the saved state in the ConfigMap that the earlier version wrote.
func inConfigMap(t *testing.T) store.Backend {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPut {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(body)
			return
		}
		_, _ = w.Write(savedFile(t, "configmap.json"))
	}))
	t.Cleanup(server.Close)
	config := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: x, users: [{name: x, user: {}}],
		clusters: [{name: x, cluster: {server: "` + server.URL + `"}}], contexts: [{name: x, context: {cluster: x, user: x}}]}`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := kube.New(config, "argocd")
	if err != nil {
		t.Fatal(err)
	}
	return client.ConfigMap("previewset-state")
}

func TestStateOfAnEarlierVersionIsServed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		backend   func(*testing.T) store.Backend
		outage    func(*testworld.World)
		decisions string
	}{
		"from a file":      {inFile, func(*testworld.World) {}, "decisions.json"},
		"from a ConfigMap": {inConfigMap, func(*testworld.World) {}, "decisions.json"},
		"without GitHub": {inFile, func(w *testworld.World) {
			w.FailRepositories()
		}, "decisions-github-down.json"},
		"without GitHub and Git": {inConfigMap, func(w *testworld.World) {
			w.ConfigErr = testworld.ErrOutage
			w.FailRepositories()
		}, "decisions-all-down.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, backend := testworld.NewSaved(), tt.backend(t)
			tt.outage(w)
			s := testworld.Ready(t, w, testworld.AsSaved(w, &testworld.Statuses{}), func(o *generator.Options) { o.Store = backend })
			rows := parsed(t, s.GetParams(t, testworld.ParamsBody).Body)
			want := parsed(t, string(savedFile(t, "rows.json")))
			if diff := cmp.Diff(want, testworld.WithKeysOf(want, rows)); diff != "" {
				t.Errorf("rows (-earlier +now):\n%s", diff)
			}
			for _, row := range s.GetParams(t, testworld.ParamsBody).Rows(t) { // the earlier version had neither key
				if services, _ := row["services"].([]any); len(services) == 0 || row["links"] == nil {
					t.Errorf("%s has services %v and links %v", row["name"], row["services"], row["links"])
				}
			}
			want = parsed(t, string(savedFile(t, tt.decisions)))
			if diff := cmp.Diff(want, testworld.WithKeysOf(want, parsed(t, s.Get(t, "/api/v1/decisions").Body))); diff != "" {
				t.Errorf("decisions (-earlier +now):\n%s", diff)
			}
			w.AdvanceClock(time.Second)
			s.Refresh(t.Context())
			if again := parsed(t, s.GetParams(t, testworld.ParamsBody).Body); !cmp.Equal(rows, again) {
				t.Error("the rows change one second later")
			}
		})
	}
}

func parsed(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestStateOfAnEarlierVersionKeepsStatusesAndRequestedResources(t *testing.T) {
	t.Parallel()
	w, r, backend := testworld.NewSaved(), &testworld.Statuses{}, inFile(t)
	s := testworld.Ready(t, w, testworld.AsSaved(w, r), func(o *generator.Options) { o.Store = backend })
	if got := s.Metrics(t); got[testworld.ShopRequests+"cpu}"] != 0.5 || got[testworld.ShopRequests+"memory}"] != 20<<20 {
		t.Errorf("shop-pr-7 requests %v cores and %v bytes", got[testworld.ShopRequests+"cpu}"], got[testworld.ShopRequests+"memory}"])
	}
	for _, status := range r.Take() { // statuses with the same text aren't set again
		if strings.Contains(status, "gateway-pr-1") {
			t.Errorf("the status was set again: %s", status)
		}
	}
}
