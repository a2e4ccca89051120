package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// timeout bounds one request.
const timeout = 5 * time.Second

// errNotHeld says that a process must not write, because it doesn't hold the Lease.
var errNotHeld = errors.New("this replica doesn't lead any more")

// Holder returns the holder as this process has seen it last. It sends no request.
func (l *Lease) Holder() Holder {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Holder{RenewedAt: l.renewedAt, ReadAt: l.readAt}
	if l.object != nil {
		h.Identity, h.IsSelf = holderOf(l.object), l.isOurs()
	}
	return h
}

// Read reads the Lease now, and returns its holder.
func (l *Lease) Read(ctx context.Context) (Holder, error) {
	if _, err := l.read(ctx); err != nil {
		return Holder{}, err
	}
	return l.Holder(), nil
}

// CheckHeld reads the Lease, and returns an error unless this process holds it.
func (l *Lease) CheckHeld(ctx context.Context) error {
	h, err := l.Read(ctx)
	if err == nil && !h.IsSelf {
		err = fmt.Errorf("lease %s: %w: %q has it", l.name, errNotHeld, h.Identity)
	}
	return err
}

func holderOf(object *coordinationv1.Lease) string {
	if object.Spec.HolderIdentity == nil {
		return ""
	}
	return *object.Spec.HolderIdentity
}

// isOurs reports whether this process was the holder when the Lease was read or written last. The caller has the lock.
func (l *Lease) isOurs() bool { return l.identity != "" && holderOf(l.object) == l.identity }

// read returns the Lease; nil if it doesn't exist.
func (l *Lease) read(ctx context.Context) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := l.objects.Get(ctx, l.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		l.note(nil)
		return nil, nil
	}
	if err != nil {
		return nil, l.explain("read", err)
	}
	return l.noteFound(found)
}

// put writes the Lease. It creates one without a resource version.
func (l *Lease) put(ctx context.Context, object *coordinationv1.Lease) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object.APIVersion, object.Kind, object.Name = "coordination.k8s.io/v1", "Lease", l.name
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return err
	}
	next, write := &unstructured.Unstructured{Object: content}, "update"
	if object.ResourceVersion == "" {
		write = "create"
		next, err = l.objects.Create(ctx, next, metav1.CreateOptions{})
	} else {
		next, err = l.objects.Update(ctx, next, metav1.UpdateOptions{})
	}
	if err != nil {
		return l.explain(write, err)
	}
	_, err = l.noteFound(next)
	return err
}

func (l *Lease) explain(verb string, err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("%s lease %s: %w; apply rbac.yaml of this version, which allows it", verb, l.name, err)
	}
	return fmt.Errorf("%s lease %s: %w", verb, l.name, err)
}

func (l *Lease) noteFound(found *unstructured.Unstructured) (*coordinationv1.Lease, error) {
	object := &coordinationv1.Lease{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, object); err != nil {
		return nil, fmt.Errorf("read lease %s: %w", l.name, err)
	}
	l.note(object)
	return object, nil
}

// note remembers the Lease, and when it changed. An answer that is older than the remembered one changes nothing but the
// time of the read: requests can overtake each other.
func (l *Lease) note(object *coordinationv1.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	before := l.object
	l.readAt = now
	switch {
	case object == nil || before == nil:
		l.object, l.changedAt, l.renewedAt = object, now, time.Time{}
		if object != nil && l.isOurs() {
			l.renewedAt = now
		}
	case isOlder(object, before):
	case !equality.Semantic.DeepEqual(before.Spec, object.Spec):
		l.object, l.changedAt, l.renewedAt = object, now, now
	default:
		l.object = object
	}
}

// isOlder compares the times of renewal of two states of a Lease with the same holder: they come from one clock.
func isOlder(a, b *coordinationv1.Lease) bool {
	return a.UID == b.UID && holderOf(a) == holderOf(b) && a.Spec.RenewTime != nil && b.Spec.RenewTime != nil &&
		a.Spec.RenewTime.Before(b.Spec.RenewTime)
}
