// Package progress reads from the cluster how far environments are. Reader answers requests about one environment with
// the status of its Application and workloads; it bounds the reads, because any number of CI jobs may wait at once.
// Watch reads the Applications of all awake environments for the refresh cycle, and remembers when their phases began.
package progress

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Applications reads an Application's status; nil if there is none.
type Applications interface {
	Application(ctx context.Context, name string) (*preview.ApplicationStatus, error)
}

// Workloads reads the Deployments and StatefulSets of a namespace. A pattern like "preview-*" reads all namespaces with
// that prefix.
type Workloads interface {
	Workloads(ctx context.Context, namespace string) ([]preview.Workload, error)
}

// ErrBusy is the error of a read above the limit if there is no earlier result.
var ErrBusy = errors.New("too many clients ask about environments at once; ask again in a moment")

// Reader reads progress. It is safe for concurrent use.
type Reader struct {
	applications Applications
	workloads    Workloads
	now          func() time.Time
	log          *slog.Logger

	statuses lookups[*preview.ApplicationStatus]
	running  lookups[[]preview.Workload]
}

// NewReader returns a Reader. Applications and workloads are nil without a cluster.
func NewReader(a Applications, w Workloads, now func() time.Time, log *slog.Logger) *Reader {
	return &Reader{applications: a, workloads: w, now: now, log: log}
}

// HasApplications reports whether Applications can be read.
func (r *Reader) HasApplications() bool { return r.applications != nil }

// Environment is a row with the status of its Application and its workloads.
func (r *Reader) Environment(ctx context.Context, row preview.Row) preview.Status {
	s := r.withApplication(ctx, row)
	if r.workloads == nil {
		return s
	}
	if read, ok := r.running.get(ctx, row.Namespace, r.now(), r.workloads.Workloads); ok && read.err == nil {
		s.Workloads = read.status
	}
	return s
}

func (r *Reader) withApplication(ctx context.Context, row preview.Row) preview.Status {
	if r.applications == nil {
		return row.WithoutApplication("")
	}
	status, err := r.Application(ctx, row.Namespace)
	switch {
	case errors.Is(err, ErrBusy):
		return row.WithoutApplication(ErrBusy.Error())
	case err != nil:
		r.log.Warn("read Application failed", "env", row.Name, "error", err)
		return row.WithoutApplication("its Application can't be read; see the generator's log")
	}
	return row.WithApplication(status)
}

// Removal says how far the removal of an environment that isn't live any more is; "" if it has ended, or isn't known.
func (r *Reader) Removal(ctx context.Context, application string) string {
	if r.applications == nil {
		return ""
	}
	status, err := r.Application(ctx, application)
	if err != nil {
		return ""
	}
	return status.Removal()
}

// Application is an Application's status, usually at most a second old; nil if there is none.
func (r *Reader) Application(ctx context.Context, name string) (*preview.ApplicationStatus, error) {
	read, ok := r.statuses.get(ctx, name, r.now(), r.applications.Application)
	if !ok {
		return nil, ErrBusy
	}
	return read.status, read.err
}
