package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/internal/githubtest"
)

// Goal: from a wake or sleep request to the Application's changed spec it takes less than a second.
//
// The time begins with the request of a visit or of previewctl wake. It ends when the API server's watch shows the
// Application with another source. It contains Resolve, saving the state in its ConfigMap, the annotation, Argo CD's
// request and the work of its controller.
//
// Argo CD's controller sends one request to the API server for each Application in each reconciliation. It may send 50
// per second, 100 at once (ARGOCD_K8S_CLIENT_QPS). Each measurement waits until this budget is full again, because a
// wake directly after a sleep is unusual.
func BenchmarkWakeToSpec(b *testing.B) {
	const refilled = 2 * time.Second
	const environments = 20
	for b.Loop() {
		names := prepareSleepers(b, environments)
		specs := watchSpecs(b)
		var took times
		for i := range rounds {
			name := names[i%len(names)]
			waitIdle(b, refilled)
			specs.ask(b, name, "sleep")
			waitIdle(b, refilled)
			took = append(took, specs.ask(b, name, "wake"))
		}
		measure := fmt.Sprintf("wake to the Application's spec, %d Applications: below 1s", count(b))
		rows = append(rows, figures.Figure{Measure: measure, Ours: took.String()})
		if most := took.at(0.5); most >= time.Second {
			b.Errorf("the median from the request to the spec is %s, not below a second", most)
		}
	}
}

// count returns the number of Applications.
func count(b *testing.B) int {
	b.Helper()
	all, err := shared.Resource("applications").List(b.Context(), metav1.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return len(all.Items)
}

// prepareSleepers runs the generator for a repository with labelled pull requests, and returns their environments.
func prepareSleepers(b *testing.B, environments int) (names []string) {
	b.Helper()
	for _, name := range []string{"acme/shop", "acme/gateway"} { // the example's
		if shared.GitHub.Repository(name) == nil {
			shared.GitHub.AddRepository(name)
		}
	}
	shop := shared.GitHub.Repository("acme/shop")
	for i := range environments {
		number := shop.Open(githubtest.PullRequest{
			Author: fmt.Sprintf("sleeper-%d", i), Labels: []string{"preview"}, Files: []githubtest.File{{Name: "orders/main.go"}},
		})
		names = append(names, fmt.Sprintf("shop-pr-%d", number))
	}
	service, err := shared.RunService(b.Context(), "--poll-interval=1h", "--log-level=info")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(service.Kill)
	for _, name := range names {
		eventually(b, "there is Application preview-"+name, func(ctx context.Context) error {
			_, err := shared.Application(ctx, "preview-"+name)
			return err
		})
	}
	return names
}

// specs are the sources of Applications as the watch shows them.
type specs struct {
	token   string
	changed chan change
}

type change struct {
	application string
	at          time.Time
}

func watchSpecs(b *testing.B) *specs {
	b.Helper()
	s := &specs{changed: make(chan change, 1000)}
	for _, flag := range shared.APIFlags() {
		if file, ok := strings.CutPrefix(flag, "--api-token-file="); ok {
			token, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			s.token = strings.TrimSpace(string(token))
		}
	}
	w, err := shared.Resource("applications").Watch(b.Context(), metav1.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.Stop)
	go s.follow(w)
	return s
}

func (s *specs) follow(w watch.Interface) {
	sources := map[string]any{}
	for e := range w.ResultChan() {
		object, ok := e.Object.(*unstructured.Unstructured)
		if !ok || e.Type == watch.Deleted {
			continue
		}
		source, _, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", "source")
		if was, known := sources[object.GetName()]; known && !reflect.DeepEqual(was, source) {
			s.changed <- change{object.GetName(), time.Now()}
		}
		sources[object.GetName()] = source
	}
}

// ask sends a request about an environment and returns the time until its Application's source changes.
func (s *specs) ask(b *testing.B, name, action string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeoutCause(b.Context(), patience, errors.New("the Application's spec doesn't change"))
	defer cancel()
	began := time.Now()
	if _, err := call(ctx, http.MethodPost, shared.ServiceURL+"/api/v1/environments/"+name+"/"+action, s.token, nil); err != nil {
		b.Fatal(err)
	}
	for {
		select {
		case c := <-s.changed:
			if c.application == "preview-"+name {
				return c.at.Sub(began)
			}
		case <-ctx.Done():
			b.Fatalf("%s %s: %v", action, name, context.Cause(ctx))
		}
	}
}
