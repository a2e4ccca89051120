package generator_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/testfixture"
)

// A late write of an earlier leader comes after the new one has read the state. The new leader reads it again at once,
// and has what the earlier one saved.
func TestElectedLeaderReadsTheStateAgainAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(testfixture.NewAPIServer())
	t.Cleanup(server.Close)
	c := newCluster(t, server.URL)
	lease := c.Lease("state", slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	leads, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- lease.Lead(ctx, "first", func(ctx context.Context) error { close(leads); <-ctx.Done(); return nil })
	}()
	<-leads
	defer func() { stop(); <-ended }()
	w := testworld.New()
	w.AdvanceClock(time.Minute)
	leader := testworld.Ready(t, w, testworld.WithClock, func(o *generator.Options) { o.Store = c.ElectedConfigMap("state", lease) })
	late := testworld.Ready(t, w, testworld.WithClock, withConfigMap(t, server.URL))
	late.Request(t, "shop-pr-7", "sleep", "")
	late.Refresh(t.Context())
	leader.Request(t, "gateway-pr-1", "sleep", "")
	leader.Refresh(t.Context()) // finds the other state
	leader.Refresh(t.Context())
	if got := leader.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if got := leader.States(t); got["shop-pr-7"] != preview.Asleep || len(got) != 3 {
		t.Errorf("states %v", got)
	}
}
