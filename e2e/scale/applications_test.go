package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/stand"
)

// theirSet returns an ApplicationSet with Argo CD's pull request generator. Its Applications have the spec of the sample,
// with their own names and the last commit of the stand's GitOps repository.
func theirSet(ctx context.Context, s *stand.Stand, sample stand.Application) (*unstructured.Unstructured, error) {
	spec, err := json.Marshal(sample.Object.Object["spec"])
	if err != nil {
		return nil, err
	}
	number := fmt.Sprint(*environments)
	renamed := strings.ReplaceAll(string(spec), "shop-pr-"+number, "theirs-pr-{{.number}}")
	var theirSpec map[string]any
	if err = json.Unmarshal([]byte(renamed), &theirSpec); err != nil {
		return nil, err
	}
	commit, err := s.Git.Head(ctx)
	if err != nil {
		return nil, err
	}
	for key, value := range map[string]string{"repoURL": s.Git.URL, "targetRevision": strings.TrimSpace(commit)} {
		if err := unstructured.SetNestedField(theirSpec, value, "source", key); err != nil {
			return nil, err
		}
	}
	labels := map[string]any{}
	for key, value := range sample.Labels {
		labels[key] = strings.ReplaceAll(value, "shop-pr-"+number, "theirs-pr-{{.number}}")
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
		"metadata": map[string]any{"name": "theirs", "namespace": argocd.Namespace},
		"spec": map[string]any{
			"goTemplate": true, "goTemplateOptions": []any{"missingkey=error"},
			"generators": []any{map[string]any{"pullRequest": map[string]any{
				"github":              map[string]any{"owner": "acme", "repo": "theirs", "api": s.GitHubURL + "/", "labels": []any{"preview"}},
				"requeueAfterSeconds": int64(1800),
			}}},
			"template": map[string]any{
				"metadata": map[string]any{"name": "preview-theirs-pr-{{.number}}", "labels": labels},
				"spec":     theirSpec,
			},
		},
	}}, nil
}

func create(ctx context.Context, s *stand.Stand, set *unstructured.Unstructured) error {
	_, err := s.Resource("applicationsets").Create(ctx, set, metav1.CreateOptions{})
	return err
}

// progress is the state of the Applications whose names have a prefix, from the events of a watch.
type progress struct {
	events watch.Interface
	prefix string
	synced map[string]bool // by the name of each created Application
}

func watchApplications(b *testing.B, s *stand.Stand, prefix string) *progress {
	b.Helper()
	events, err := s.Resource("applications").Watch(b.Context(), metav1.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(events.Stop)
	return &progress{events: events, prefix: prefix, synced: map[string]bool{}}
}

// waitAll waits until every Application is created and synced. It logs the progress.
func (p *progress) waitAll(b *testing.B, start time.Time) (d durations) {
	b.Helper()
	end := time.After(patience)
	said := 0
	for {
		select {
		case <-end:
			b.Fatalf("after %s, %d of %d Applications are created and %d synced", patience, len(p.synced), *environments, p.count())
		case e, ok := <-p.events.ResultChan():
			if !ok {
				b.Fatal("the watch of Applications ended")
			}
			p.note(e)
		}
		if d.created == 0 && len(p.synced) == *environments {
			d.created = time.Since(start)
		}
		if n := p.count(); n >= said+20 || n == *environments {
			said = n
			b.Logf("%s: %d created, %d synced", time.Since(start).Round(time.Second), len(p.synced), n)
		}
		if p.count() == *environments {
			d.synced = time.Since(start)
			return d
		}
	}
}

func (p *progress) note(e watch.Event) {
	object, ok := e.Object.(*unstructured.Unstructured)
	if !ok || !strings.HasPrefix(object.GetName(), p.prefix) {
		return
	}
	status, _, _ := unstructured.NestedString(object.Object, "status", "sync", "status")
	p.synced[object.GetName()] = status == "Synced"
}

func (p *progress) count() (n int) {
	for synced := range maps.Values(p.synced) {
		if synced {
			n++
		}
	}
	return n
}
