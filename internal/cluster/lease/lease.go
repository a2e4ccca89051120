// Package lease elects one leader among the replicas of a service, with a Lease of the Kubernetes API. The holder renews
// the Lease all the time. Another replica takes it when the holder has released it, or hasn't renewed it for its whole
// duration.
//
// The rules, the fields and the times are those of client-go's package leaderelection, so both can share a Lease. That
// package isn't used, because it links the types of all Kubernetes APIs: the program would grow from 37 to 57 MB.
package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

// Duration is the time without a renewal after which another replica takes the Lease.
const Duration = 15 * time.Second

// ErrLost says that this process couldn't renew the Lease in time, or that another one has it.
var ErrLost = errors.New("leadership is lost")

// timing are the times of an election. The deadline is shorter than the duration: the leader has stopped its work before
// another replica begins.
type timing struct{ duration, deadline, retry, release time.Duration }

// Lease is one Lease object. Its methods are safe for concurrent use; Lead may run only once.
type Lease struct {
	objects dynamic.ResourceInterface
	name    string
	log     *slog.Logger
	timing  timing

	mu       sync.Mutex
	identity string
	object   *coordinationv1.Lease // as read or written last; nil before
	// changedAt is when this process saw the present spec first. RenewedAt is the same, but zero if it is the first spec
	// that the process has seen: that one may be old.
	changedAt, renewedAt time.Time
	readAt               time.Time
}

// Holder is the holder of a Lease, as this process has seen it last.
type Holder struct {
	// Identity is what the holder has passed to Lead; "" if no process holds the Lease.
	Identity string
	IsSelf   bool
	// RenewedAt is when this process saw a renewal last; zero if it has seen none.
	RenewedAt time.Time
	// ReadAt is when the Lease was read or written last.
	ReadAt time.Time
}

// New returns the Lease with a name. It sends no request.
func New(objects dynamic.ResourceInterface, name string, log *slog.Logger) *Lease {
	return &Lease{
		objects: objects, name: name, log: log,
		timing: timing{duration: Duration, deadline: 10 * time.Second, retry: 2 * time.Second, release: 5 * time.Second},
	}
}

// Name is the name of the Lease object.
func (l *Lease) Name() string { return l.name }

// Lead waits until this process holds the Lease, and then works until ctx ends. Identity names the process for others;
// no other running process may have the same one. The context of work ends with the leadership. Lead returns ErrLost
// after a lost Lease, without waiting for work. When ctx ends, it waits for work, and then releases the Lease.
func (l *Lease) Lead(ctx context.Context, identity string, work func(context.Context) error) error {
	l.mu.Lock()
	l.identity = identity
	l.mu.Unlock()
	renewed, ok := l.acquire(ctx)
	if !ok {
		return nil
	}
	l.log.Info("this replica leads", "lease", l.name, "identity", identity)
	working, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- work(working) }()
	if err := l.keep(ctx, renewed, ended); err != nil {
		return err // work may hang, and its context ends now
	}
	select {
	case err := <-ended:
		return errors.Join(err, l.release(ctx))
	case <-time.After(l.timing.deadline):
		return fmt.Errorf("lease %s: the work doesn't end, so the Lease isn't released", l.name)
	}
}

// acquire waits for the Lease. It returns the time of the first renewal; ok is false if ctx ended before.
func (l *Lease) acquire(ctx context.Context) (renewed time.Time, ok bool) {
	problem := ""
	for {
		began := time.Now()
		held, err := l.try(ctx)
		if held {
			return began, true
		}
		if err != nil && err.Error() != problem && ctx.Err() == nil {
			problem = err.Error()
			l.log.Error("try to lead failed; going on to try", "error", err)
		}
		jitter := time.Duration(rand.Int64N(int64(l.timing.retry)/5 + 1)) //nolint:gosec // G404: no secret
		select {
		case <-ctx.Done():
			return time.Time{}, false
		case <-time.After(l.timing.retry + jitter):
		}
	}
}

// keep renews the Lease until ctx ends, the work ends, or the Lease is lost. Only then it returns an error, ErrLost. Ended
// keeps the result of the work.
func (l *Lease) keep(ctx context.Context, renewed time.Time, ended chan error) error {
	ticker := time.NewTicker(l.timing.retry)
	defer ticker.Stop()
	for {
		deadline := renewed.Add(l.timing.deadline)
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			ended <- err
			return nil
		case <-time.After(time.Until(deadline)):
			return fmt.Errorf("lease %s: %w: it wasn't renewed for %s", l.name, ErrLost, l.timing.deadline)
		case <-ticker.C:
		}
		began := time.Now()
		attempt, cancel := context.WithDeadline(ctx, deadline)
		held, err := l.try(attempt)
		cancel()
		switch {
		case held:
			renewed = began
		case err == nil:
			return fmt.Errorf("lease %s: %w: %q has it", l.name, ErrLost, l.Holder().Identity)
		case ctx.Err() == nil:
			l.log.Warn("renew lease failed", "error", err)
		}
	}
}

// try takes or renews the Lease. Held is false without an error while another process has it.
func (l *Lease) try(ctx context.Context) (held bool, err error) {
	l.mu.Lock()
	last, isOurs := l.object, l.object != nil && l.isOurs()
	l.mu.Unlock()
	if !isOurs {
		if last, err = l.read(ctx); err != nil {
			return false, err
		}
	}
	if last == nil {
		return l.write(ctx, &coordinationv1.Lease{})
	}
	if !l.isFree(last) {
		return false, nil
	}
	held, err = l.write(ctx, last)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) { // another client has changed it
		if _, err = l.read(ctx); err != nil {
			return false, err
		}
		return false, l.takenError()
	}
	return held, err
}

// takenError is nil if another process holds the Lease. Otherwise the caller should try again.
func (l *Lease) takenError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.object != nil && !l.isOurs() && holderOf(l.object) != "" {
		return nil
	}
	return fmt.Errorf("lease %s: another client has changed it", l.name)
}

// isFree reports whether this process may take the Lease: it has it, no process has it, or its holder is late.
func (l *Lease) isFree(object *coordinationv1.Lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	holder, duration := holderOf(object), l.timing.duration
	if seconds := object.Spec.LeaseDurationSeconds; seconds != nil {
		duration = max(duration, time.Duration(*seconds)*time.Second)
	}
	return holder == "" || holder == l.identity || time.Since(l.changedAt) >= duration
}

// write makes this process the holder, now.
func (l *Lease) write(ctx context.Context, last *coordinationv1.Lease) (held bool, err error) {
	next, now := last.DeepCopy(), metav1.NowMicro()
	spec := &next.Spec
	if holderOf(last) != l.identity {
		spec.AcquireTime = &now
		transitions := int32(0)
		if spec.LeaseTransitions != nil {
			transitions = *spec.LeaseTransitions + 1
		}
		spec.LeaseTransitions = &transitions
	}
	seconds := int32(max(1, l.timing.duration/time.Second)) //nolint:gosec // G115: a few seconds
	spec.HolderIdentity, spec.LeaseDurationSeconds, spec.RenewTime = &l.identity, &seconds, &now
	err = l.put(ctx, next)
	return err == nil, err
}

// release lets another replica lead at once.
func (l *Lease) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timing.release)
	defer cancel()
	l.mu.Lock()
	next := l.object.DeepCopy()
	l.mu.Unlock()
	free, seconds, now := "", int32(1), metav1.NowMicro()
	next.Spec.HolderIdentity, next.Spec.LeaseDurationSeconds, next.Spec.RenewTime = &free, &seconds, &now
	return l.put(ctx, next)
}
