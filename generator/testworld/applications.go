package testworld

import (
	"context"
	"slices"
	"sync"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// Applications has the statuses of Applications that a test sets, and records the reads.
type Applications struct {
	mu       sync.Mutex
	Statuses map[string]*preview.ApplicationStatus
	Err      error
	Reads    []string
	Blocked  chan struct{} // reads wait until it is closed; nil doesn't block

	served func() []preview.Row // Applications without a status are healthy; nil if they don't exist
}

// WithHealthyApplications lets a service read Applications that are always synced to its rows, and healthy.
func WithHealthyApplications(o *generator.Options) { o.Applications = &Applications{served: noRows} }

func noRows() []preview.Row { return nil }

// serve makes the rows of a service the ones that the Applications are synced to.
func (a *Applications) serve(s *Service) {
	if a == nil || a.served == nil {
		return
	}
	a.served = func() []preview.Row {
		if p := s.Published(); p != nil {
			return p.Snapshot.Rows
		}
		return nil
	}
}

// Application implements progress.Applications.
func (a *Applications) Application(_ context.Context, name string) (*preview.ApplicationStatus, error) {
	if a.Blocked != nil {
		<-a.Blocked
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Reads = append(a.Reads, name)
	if a.served != nil && a.Statuses[name] == nil {
		for _, row := range a.served() {
			if row.Namespace == name {
				return Synced(row), a.Err
			}
		}
	}
	return a.Statuses[name], a.Err
}

// WithApplications lets a service read these Applications.
func WithApplications(a *Applications) func(*generator.Options) {
	return func(o *generator.Options) { o.Applications = a }
}

// Synced is the status of an Application that is synced to a row and healthy.
func Synced(r preview.Row) *preview.ApplicationStatus {
	source := preview.ApplicationSource{TargetRevision: r.Revision, Path: r.Path, Kustomize: r.Kustomize}
	return &preview.ApplicationStatus{
		Sync: "Synced", Health: "Healthy", Revision: r.Revision, Operation: "Succeeded", Images: r.Kustomize.Images,
		Spec:     source,
		Compared: source, Tried: source,
	}
}

// Heal sets the status of a row's Application to synced and healthy.
func (a *Applications) Heal(r preview.Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Statuses[r.Namespace] = Synced(r)
}

// ForgetReads forgets the reads so far.
func (a *Applications) ForgetReads() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Reads = nil
}

// Names are the Applications that were read.
func (a *Applications) Names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.Reads)
	return slices.Compact(slices.Clone(a.Reads))
}
