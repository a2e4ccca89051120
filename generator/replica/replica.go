// Package replica lets several replicas of the generator run at once. One of them leads: it runs the refresh cycle and
// writes. The others forward all requests to it. If the leader doesn't answer Argo CD, a follower answers with the saved
// state, which is exactly what the leader serves.
//
// No answer to Argo CD is older than its request: each replica compares its rows with the state that the API server has
// now. So the answers of all replicas are those of one service, also while a leader that was paused or cut off still
// believes that it leads.
package replica

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/secret"
)

// Drain is how long a process answers after it was told to end. Meanwhile the cluster learns that the replica is gone.
const Drain = 5 * time.Second

// Holder is the holder of a lease as this process has seen it last.
type Holder struct {
	// Identity is the holder's address in the form of Address; "" without a holder.
	Identity string
	IsSelf   bool
	// RenewedAt is when this process saw a renewal last; zero if it has seen none.
	RenewedAt time.Time
	// ReadAt is when the lease was read last.
	ReadAt time.Time
}

// Lease elects the leader.
type Lease interface {
	Name() string
	// Lead works while this process leads. It returns when ctx or the work has ended, and with an error after the lease
	// was lost. Identity names this process for others.
	Lead(ctx context.Context, identity string, work func(context.Context) error) error
	// Holder returns the holder without a request, Read with one.
	Holder() Holder
	Read(ctx context.Context) (Holder, error)
}

// State reads the saved state.
type State interface {
	// Revision is the same as long as the state is. It is safe for concurrent use, Read isn't.
	Revision(ctx context.Context) (string, error)
	Read(ctx context.Context) (content []byte, revision string, err error)
}

// Options are the parts of a Replica.
type Options struct {
	Lease Lease
	State State
	// Token is Argo CD's token. All replicas have it, so it also proves that a request comes from one of them.
	Token *secret.File
	// MaxAge bounds the time since the last renewal of the lease, after which the saved state counts as too old.
	MaxAge time.Duration
	// Address returns the IP address at which other replicas reach this process.
	Address  func() (string, error)
	Registry *prometheus.Registry
	Logger   *slog.Logger
	Now      func() time.Time
}

// Service is the generator of this process.
type Service interface {
	// Published is the snapshot that is served now; nil before the first one.
	Published() *answer.Published
}

// Replica is this process among the replicas.
type Replica struct {
	Options
	leads     atomic.Bool
	listening chan struct{} // closed after Listen
	address   Address
	saved     *saved
	save      func()
	prover    prover
	transport *http.Transport
	errorLog  *log.Logger
	metrics   *metrics
}

// New returns a Replica.
func New(o Options) *Replica {
	r := &Replica{
		Options: o, listening: make(chan struct{}), prover: prover{token: o.Token, now: o.Now}, transport: transport(),
		errorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}
	r.metrics = newMetrics(r)
	return r
}

// Listen notes the listeners of this process. Lead waits for it, because other replicas must know the addresses.
func (r *Replica) Listen(private, public net.Listener) error {
	own, err := r.Address()
	if err != nil {
		return fmt.Errorf("find the own address, at which other replicas forward requests: %w", err)
	}
	if r.address, err = newAddress(private, public, own); err != nil {
		return err
	}
	close(r.listening)
	return nil
}

// Lead runs the refresh cycle while this process leads. It returns an error after the lease was lost; the process must
// end then.
func (r *Replica) Lead(ctx context.Context, refresh func(context.Context) error) error {
	select {
	case <-ctx.Done():
		return nil
	case <-r.listening:
	}
	return r.Lease.Lead(ctx, r.address.String(), func(ctx context.Context) error {
		r.leads.Store(true)
		stop := context.AfterFunc(ctx, func() { r.leads.Store(false) })
		defer stop()
		defer r.leads.Store(false)
		return refresh(ctx)
	})
}

// Draining returns a context that ends some seconds after ctx.
func Draining(ctx context.Context) (context.Context, context.CancelFunc) {
	drained, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(Drain, cancel) })
	return drained, cancel
}

// Handlers wraps the handlers of both listeners. Save lets the generator save its state again.
func (r *Replica) Handlers(
	s Service, save func(), private, public http.Handler, m *httpserver.Metrics,
) (wrappedPrivate, wrappedPublic http.Handler) {
	r.saved, r.save = newSaved(r, m), save
	return r.proven(privateListener, r.private(s, private)), r.proven(publicListener, r.public(public))
}
