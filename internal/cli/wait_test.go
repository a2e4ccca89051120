package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/cli/wait"
)

// waitFor waits for alice in a pipe.
func waitFor(moments []apitest.Moment) (opts *waitOptions, out, err *bytes.Buffer) {
	term, out, err := terminaltest.New("", nil)
	term.OutTTY, term.Now = false, time.Now
	return &waitOptions{Options: wait.Options{
		Lookup: apiclient.Lookup{Env: term, Client: apitest.NewClient(moments), Target: "alice"},
		Goal:   wait.Healthy, Timeout: 10 * time.Minute, Grace: 10 * time.Second, Every: wait.Every,
	}}, out, err
}

func TestWaitPrintsTheResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts, out, said := waitFor([]apitest.Moment{
			{Environment: apitest.Syncing}, {At: 3 * time.Second, Environment: apitest.Ready},
		})
		if err := runWait(t.Context(), opts); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "alice is healthy, after 4s\n" {
			t.Errorf("standard output is %q", got)
		}
		if !strings.Contains(said.String(), "https://alice.preview.test") {
			t.Errorf("standard error has no address: %q", said)
		}
	})
}

func TestWaitEndsAfterASignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts, _, _ := waitFor([]apitest.Moment{{Environment: apitest.Syncing}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		if err := runWait(ctx, opts); exitcode.Of(err) != 130 || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// The timeout also limits a request that the generator never answers.
func TestTimeoutLimitsAnUnansweredRequest(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(over) })
	for _, goal := range []string{wait.Healthy, wait.Gone} {
		t.Run(goal, func(t *testing.T) {
			t.Parallel()
			term, out, said := terminaltest.New("", nil)
			args := []string{"wait", "team", "--for=" + goal, "--timeout=200ms", "--server=" + s.URL}
			if code := run(t.Context(), term, args); code != 3 {
				t.Errorf("exit code %d, want 3: %s%s", code, said, out)
			}
			if want := "time is up"; !strings.Contains(said.String(), want) {
				t.Errorf("standard error doesn't contain %q: %s", want, said)
			}
		})
	}
}
