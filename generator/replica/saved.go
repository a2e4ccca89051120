package replica

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/status"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// savedTimeout bounds the time for an answer from the saved state.
const savedTimeout = 12 * time.Second

// errNotPublished says that the leader has no snapshot that belongs to the saved state.
var errNotPublished = errors.New("the leader has no snapshot yet that belongs to the saved state")

// saved answers Argo CD from the saved state.
type saved struct {
	replica *Replica
	metrics *httpserver.Metrics

	checked atomic.Bool // whether a state could be decoded

	lock chan struct{} // held while the fields below are used; a channel, so that waiting ends with a context
	view *view
	last *answer.Published // of the last decoded view; the next one reuses its encoded rows
}

// view is the saved state at one revision. Only load changes it.
type view struct {
	revision string
	sum      [sha256.Size]byte
	content  []byte // nil after it was decoded

	published *answer.Published // nil before it was decoded
	filters   map[string]store.Filter
	handler   http.Handler
}

func newSaved(r *Replica, m *httpserver.Metrics) *saved {
	return &saved{replica: r, metrics: m, lock: make(chan struct{}, 1), view: &view{}}
}

// sum is the SHA-256 of the saved state now.
func (s *saved) sum(ctx context.Context) ([sha256.Size]byte, error) {
	v, err := s.load(ctx, false)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return v.sum, nil
}

// now returns the saved state now, decoded. It is an error if the state may be too old, because no leader renews the
// lease.
func (s *saved) now(ctx context.Context) (*view, error) {
	if err := s.replica.checkAge(); err != nil { // guard saved-state-age: false
		return nil, err
	}
	return s.load(ctx, true)
}

// check returns an error if an answer is impossible now. Only the first call decodes the state, because that takes seconds
// for thousands of environments.
func (s *saved) check(ctx context.Context) error {
	if err := s.replica.checkAge(); err != nil {
		return err
	}
	_, err := s.load(ctx, !s.checked.Load())
	s.checked.Store(s.checked.Load() || err == nil)
	return err
}

// load returns the state that was saved when the call began, or a newer one. The revision is read for each call, because
// the answer to an earlier request may be older than this one.
func (s *saved) load(ctx context.Context, decoded bool) (*view, error) {
	revision, err := s.replica.State.Revision(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.view.revision != revision { // guard newest-saved-state: false
		content, revision, err := s.replica.State.Read(ctx)
		if err != nil {
			return nil, err
		}
		next := view{revision: revision, content: content, sum: sha256.Sum256(content)}
		if s.view.revision != "" && next.sum == s.view.sum { // another client has changed a label
			next = *s.view
			next.revision = revision
		}
		s.view = &next
	}
	if decoded && s.view.published == nil {
		next := *s.view
		if err := s.decode(&next); err != nil {
			return nil, err
		}
		s.view = &next
	}
	return s.view, nil
}

// decode computes the answer of a view, as the generator does before its sources are read.
func (s *saved) decode(v *view) error {
	if len(v.content) == 0 {
		return errors.New("no state is saved yet")
	}
	state, err := store.Decode(v.content)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	snapshot := preview.FromMemory(state.Memory, s.replica.Now())
	versions := answer.Compare(snapshot.Rows, s.last)
	if v.published, err = answer.New(snapshot, s.last, versions); err != nil {
		return err
	}
	v.published.NoteKnown(s.last)
	v.filters, v.content, s.last = state.Filters, nil, v.published
	engine := httpserver.New(s.replica.Logger, s.metrics, httpserver.Bodies{Most: api.MaxRequestBody})
	api.New(api.Options{
		Token: s.replica.Token, Service: v, Callers: noCallers{}, Filters: v, Now: s.replica.Now, Logger: s.replica.Logger,
	}).ParamsRoute(engine)
	v.handler = engine
	return nil
}

// serve answers a request of Argo CD. Cause says why the leader hasn't answered it.
func (s *saved) serve(w http.ResponseWriter, request *http.Request, cause error) {
	ctx, cancel := context.WithTimeout(request.Context(), savedTimeout)
	defer cancel()
	v, err := s.now(ctx)
	if err != nil {
		refuse(w, fmt.Sprintf("%s; the saved state doesn't answer either: %s", cause, err))
		return
	}
	v.handler.ServeHTTP(w, request)
}

// checkAge returns an error if no leader has renewed the lease for too long.
func (r *Replica) checkAge() error {
	h := r.Lease.Holder()
	switch {
	case r.leads.Load():
		return nil
	case h.RenewedAt.IsZero():
		return fmt.Errorf("no renewal of lease %s was seen yet", r.Lease.Name())
	case time.Since(h.RenewedAt) > r.MaxAge:
		return fmt.Errorf("no replica has renewed lease %s for %s", r.Lease.Name(), time.Since(h.RenewedAt).Round(time.Second))
	}
	return nil
}

// Published returns the snapshot of the saved state.
func (v *view) Published() *answer.Published { return v.published }

// Status returns an empty status: there is always a snapshot.
func (*view) Status() *status.Status { return &status.Status{} }

// notSavedError refuses an answer that only the leader can decide about.
type notSavedError struct{ applicationSet string }

func (e *notSavedError) Error() string {
	return fmt.Sprintf("the input parameters of ApplicationSet %s aren't those of its last answer, so only the leader can "+
		"answer, and it doesn't; try again in some seconds", config.Printable(e.applicationSet))
}

// Check allows only the filter that the leader has saved. Another one might select no environment by mistake. A first
// request without a filter gets everything.
func (v *view) Check(name string, f answer.Filter, _ *answer.Published) (isNew bool, err error) {
	known, isKnown := v.filters[name]
	isSaved := isKnown && f.Equal(known.Values) && len(known.Lost) == 0
	isFirst := !isKnown && len(f) == 0
	if !isSaved && !isFirst { // guard saved-filter: false
		return false, &notSavedError{name}
	}
	return false, nil
}

// IsRefused and Confirm belong to requests that only the leader answers.
func (*view) IsRefused(string) bool { return false }

// Confirm does nothing.
func (*view) Confirm(string) bool { return false }

// noCallers forgets who asked.
type noCallers struct{}

func (noCallers) Note(string, int) {}
