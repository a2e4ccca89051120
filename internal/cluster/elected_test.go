package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/previewset/previewset/internal/cluster/lease"
	"github.com/previewset/previewset/internal/testfixture"
)

func newClient(t *testing.T) (*Client, *testfixture.APIServer) {
	t.Helper()
	objects := testfixture.NewAPIServer()
	server := httptest.NewServer(objects)
	t.Cleanup(server.Close)
	d, err := dynamic.NewForConfig(&rest.Config{Host: server.URL, QPS: 1000, Burst: 1000})
	if err != nil {
		t.Fatal(err)
	}
	m, err := metadata.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &Client{namespace: "argocd", dynamic: d, metadata: m}, objects
}

// lead makes a process the leader, until stop is called.
func lead(t *testing.T, l *lease.Lease, name string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	leads, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.Lead(ctx, name, func(ctx context.Context) error {
			close(leads)
			<-ctx.Done()
			return nil
		})
	}()
	<-leads
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// A leader was paused. It writes after another process has become the leader and read the state, which has the same
// content as before.
func TestLateWriteOfEarlierLeaderIsRefused(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t)
	log := slog.New(slog.DiscardHandler)
	firstLease, secondLease := c.Lease("state", log), c.Lease("state", log)
	first, second := c.ElectedConfigMap("state", firstLease), c.ElectedConfigMap("state", secondLease)
	if _, err := second.Load(t.Context()); err == nil {
		t.Error("a process without the Lease may write")
	}
	stop := lead(t, firstLease, "first")
	if _, err := first.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Save(t.Context(), []byte("1 of the first")); err != nil {
		t.Fatal(err)
	}
	stop()
	defer lead(t, secondLease, "second")()
	if content, err := second.Load(t.Context()); err != nil || string(content) != "1 of the first" {
		t.Fatalf("the second loads %q, %v", content, err)
	}
	for range 2 { // until it is loaded again
		err := first.Save(t.Context(), []byte("2 of the first"))
		other, isOther := errors.AsType[*OtherWriterError](err)
		if !isOther || other.OtherWriter() {
			t.Fatalf("a late write: %v", err)
		}
	}
	if _, err := first.Load(t.Context()); err == nil {
		t.Error("the earlier leader may write again")
	}
	if err := second.Save(t.Context(), []byte("3 of the second")); err != nil {
		t.Error(err)
	}
	reader := c.ConfigMap("state")
	content, revision, err := reader.Read(t.Context())
	if err != nil || string(content) != "3 of the second" {
		t.Errorf("read %q, %v", content, err)
	}
	if now, err := reader.Revision(t.Context()); err != nil || now != revision {
		t.Errorf("revision %q, %v, want %q", now, err, revision)
	}
}
