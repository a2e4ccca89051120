package testworld

import (
	"context"
	"slices"
	"sync"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// argoStatuses is what Argo CD says of Applications, by hand.
type Applications struct {
	mu       sync.Mutex
	Statuses map[string]*preview.ApplicationStatus
	Err      error
	Reads    []string
	Blocked  chan struct{} // reads end when it is closed; nil at once
}

func (a *Applications) Application(_ context.Context, name string) (*preview.ApplicationStatus, error) {
	if a.Blocked != nil {
		<-a.Blocked
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Reads = append(a.Reads, name)
	return a.Statuses[name], a.Err
}

func WithApplications(a *Applications) func(*generator.Options) {
	return func(o *generator.Options) { o.Applications = a }
}

// synced is an Application that is as the row says.
func Synced(r preview.Row) *preview.ApplicationStatus {
	is := preview.ApplicationSource{TargetRevision: r.Revision, Path: r.Path, Kustomize: r.Kustomize}
	return &preview.ApplicationStatus{
		Sync: "Synced", Health: "Healthy", Revision: r.Revision, Operation: "Succeeded", Images: r.Kustomize.Images, Spec: is, Compared: is, Tried: is,
	}
}

// heals makes an Application as its row says.
func (a *Applications) Heal(r preview.Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Statuses[r.Namespace] = Synced(r)
}

// looked are the Applications that were read until now, each once.
func (a *Applications) Names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.Reads)
	return slices.Compact(slices.Clone(a.Reads))
}
