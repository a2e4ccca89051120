package testworld

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
)

// Start runs a service in a synctest bubble until stop is called or the test ends.
func (s *Service) Start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

// NewWaitingForConfirmation returns a service with three environments that wait for confirmation.
func NewWaitingForConfirmation(t *testing.T, change ...func(*generator.Options)) *Service {
	t.Helper()
	w := New()
	s := Ready(t, w, change...)
	w.Change(func() { w.Tree = Tree(2, DeployPolicy) })
	s.Refresh(t.Context())
	if diff := cmp.Diff(AllNames, s.GetParams(t, ParamsBody).Names(t)); diff != "" {
		t.Fatalf("not all are live: %s", diff)
	}
	return s
}

// Service is a Generator for a world.
type Service struct {
	*generator.Generator
	*World
	Token, APIToken *secret.File
	Registry        *prometheus.Registry
	Log             *Log
}

// NewService returns a service that has read nothing yet.
func NewService(t testing.TB, w *World, change ...func(*generator.Options)) *Service {
	t.Helper()
	s := &Service{
		World: w, Token: NewSecret(t, ArgoToken), APIToken: NewSecret(t, APIToken), Registry: prometheus.NewRegistry(),
		Log: &Log{},
	}
	o := generator.Options{
		ConfigBranch: w, GitHub: w, Token: s.Token, APIToken: s.APIToken, Registry: s.Registry,
		Logger: slog.New(slog.NewJSONHandler(s.Log, nil)), Now: w.Clock,
	}
	for _, c := range change {
		c(&o)
	}
	s.Generator = generator.New(o)
	if a, ok := o.Applications.(*Applications); ok {
		a.serve(s)
	}
	return s
}

// Ready returns a service that has read everything once.
func Ready(t testing.TB, w *World, change ...func(*generator.Options)) *Service {
	t.Helper()
	s := NewService(t, w, change...)
	s.Refresh(t.Context())
	return s
}

// Run runs a service with webhooks in a bubble of synctest until the test function returns.
func Run(t *testing.T, change []func(*generator.Options), test func(s *Service)) {
	t.Helper()
	change = append([]func(*generator.Options){WithWebhooks(t), WithRealTime}, change...)
	synctest.Test(t, func(t *testing.T) {
		s := NewService(t, New(), change...)
		s.Start(t)
		test(s)
	})
}
