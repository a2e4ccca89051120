package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

func start(t *testing.T, g *process.Group, script string) *process.Process {
	t.Helper()
	p, err := g.Start(process.Command{Name: "script", Path: "/bin/sh", Args: []string{"-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newGroup(t *testing.T) *process.Group {
	t.Helper()
	g := process.NewGroup(t.TempDir())
	t.Cleanup(g.Close)
	return g
}

func TestEndedTellsWhoEndedByItself(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	start(t, g, "echo out of luck >&2; exit 3")
	err := process.Poll(t.Context(), 10*time.Second, func(context.Context) error {
		if g.Ended() == nil {
			return errors.New("still runs")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"script ended by itself", "exit status 3", "out of luck"} {
		if !strings.Contains(g.Ended().Error(), part) {
			t.Errorf("%q isn't in: %v", part, g.Ended())
		}
	}
}

func TestKillEndsChildrenToo(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	fifo := filepath.Join(t.TempDir(), "held")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// The child holds the pipe open for as long as it lives.
	p := start(t, g, "sleep 600 >"+fifo+" & wait")
	reader, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if n, err := reader.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v; want the end", n, err)
	}
	if err := g.Ended(); err != nil {
		t.Errorf("a killed process counts as ended by itself: %v", err)
	}
}

func TestStopLetsAProcessFinish(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	p := start(t, g, "trap 'echo finished; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
	err := process.Poll(t.Context(), 10*time.Second, func(context.Context) error {
		if p.Tail(1) != "ready" {
			return errors.New("not ready")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Stop(10 * time.Second)
	if got := p.Tail(1); got != "finished" {
		t.Errorf("its last words are %q", got)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	errNotYet, errNever := errors.New("not yet"), errors.New("never")
	for _, test := range []struct {
		name  string
		ask   func(asked int) error
		want  error
		asked int
	}{
		{"returns at the first success", func(n int) error {
			if n < 3 {
				return errNotYet
			}
			return nil
		}, nil, 3},
		{"gives up at a final error", func(int) error { return process.Final(errNever) }, errNever, 1},
		{"returns the last error when the time is over", func(int) error { return errNotYet }, errNotYet, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				err := process.Poll(t.Context(), time.Second-time.Millisecond, func(context.Context) error {
					asked++
					return test.ask(asked)
				})
				if !errors.Is(err, test.want) || asked != test.asked {
					t.Errorf("asked %d times, got %v; want %d, %v", asked, err, test.asked, test.want)
				}
			})
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := process.Hold(t.Context(), time.Minute, func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("held for %s", took)
		}
		err := process.Hold(t.Context(), time.Minute, func(context.Context) error {
			if time.Since(begin) > 90*time.Second {
				return errBroken
			}
			return nil
		})
		if !errors.Is(err, errBroken) {
			t.Errorf("got %v, want %v", err, errBroken)
		}
	})
}
