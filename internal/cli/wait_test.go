package cli

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/preview"
)

func TestWaitFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	gone := func(since time.Duration) *preview.Decision {
		return &preview.Decision{Outcome: preview.Gone, Environment: "alice", Reason: "its folder is gone", Since: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(since)}
	}
	tests := []struct {
		name    string
		change  func(*wait.Options)
		moments []apitest.Moment
		want    error
		took    time.Duration
		lines   string
	}{
		{
			"one that is made and becomes ready", nil,
			[]apitest.Moment{{}, {At: 5 * time.Second, Environment: apitest.Syncing}, {At: 20 * time.Second, Environment: apitest.Ready}},
			nil, 20 * time.Second, "alice: the service doesn't know it yet\nalice: it is being synced\n",
		},
		{
			"degraded for a moment is no failure", nil,
			[]apitest.Moment{{Environment: apitest.Failing}, {At: 9 * time.Second, Environment: apitest.Syncing}, {At: 11 * time.Second, Environment: apitest.Failing}, {At: 19 * time.Second, Environment: apitest.Ready}},
			nil, 20 * time.Second, "alice: it is Degraded\nalice: it is being synced\nalice: it is Degraded\n",
		},
		{"degraded for the whole grace is one", nil, []apitest.Moment{{Environment: apitest.Failing}}, wait.ErrDegraded, 10 * time.Second, "alice: it is Degraded\n"},
		{
			"it goes meanwhile", nil,
			[]apitest.Moment{{Environment: apitest.Syncing}, {At: 5 * time.Second, Decision: gone(0)}},
			wait.ErrGone, 6 * time.Second, "alice: it is being synced\n",
		},
		{
			"one from before goes, and then there is the one that was pushed", func(o *wait.Options) { o.ConfigCommit = "ab8bdbe446" },
			[]apitest.Moment{
				{Environment: strings.Replace(apitest.Ready, "{", `{"config_read": false, `, 1)},
				{At: 3 * time.Second, Decision: gone(2 * time.Second)},
				{At: 7 * time.Second, Environment: strings.Replace(apitest.Ready, "{", `{"config_read": true, `, 1)},
			},
			nil, 8 * time.Second, "alice: the service hasn't read commit ab8bdbe446 of the config branch yet\nalice: it is gone: its folder is gone\n",
		},
		{
			"it went before the service was heard of it", nil,
			[]apitest.Moment{{}, {At: 5 * time.Second, Decision: gone(4 * time.Second)}},
			wait.ErrGone, 6 * time.Second, "alice: the service doesn't know it yet\n",
		},
		{
			"one of that name went before, and comes again", nil,
			[]apitest.Moment{{Decision: gone(-time.Hour)}, {At: 5 * time.Second, Environment: apitest.Ready}},
			nil, 6 * time.Second, "alice: it is gone: its folder is gone\n",
		},
		{
			"the service restarts", nil,
			[]apitest.Moment{{Environment: apitest.Syncing}, {At: 3 * time.Second, Code: -1}, {At: 7 * time.Second, Code: 503}, {At: 9 * time.Second, Environment: apitest.Ready}},
			nil, 10 * time.Second,
			"alice: it is being synced\nalice: ask the service at http://generator: connection refused\nalice: the service at http://generator answers 503: for now\n",
		},
		{"the service isn't there", nil, []apitest.Moment{{Code: -1}}, errAnyOther, 0, ""},
		{"the token is refused in the middle", nil, []apitest.Moment{{Environment: apitest.Syncing}, {At: time.Second, Code: 401}}, errAnyOther, 2 * time.Second, "alice: it is being synced\n"},
		{"time is up", func(o *wait.Options) { o.Timeout = 5 * time.Second }, []apitest.Moment{{Environment: apitest.Syncing}}, wait.ErrTimeUp, 5 * time.Second, "alice: it is being synced\n"},
		{
			"a longer grace", func(o *wait.Options) { o.Grace = time.Minute },
			[]apitest.Moment{{Environment: apitest.Failing}, {At: 50 * time.Second, Environment: apitest.Ready}},
			nil, 50 * time.Second, "alice: it is Degraded\n",
		},
		{
			"gone only when Argo CD has deleted it", func(o *wait.Options) { o.Goal = "gone" },
			[]apitest.Moment{{Environment: apitest.Ready}, {At: 3 * time.Second, Application: `{}`}, {At: 5 * time.Second, Application: `{"deleting": true}`}, {At: 9 * time.Second}},
			nil, 10 * time.Second, "alice: it is live\nalice: Argo CD hasn't begun to delete it\nalice: Argo CD is deleting it\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				opts, _, told := waitIn(t, tt.moments)
				if tt.change != nil {
					tt.change(opts)
				}
				began := time.Now()
				err := runWait(t.Context(), opts)
				if tt.want == nil && err != nil || tt.want != nil && !errors.Is(oneOf(err), tt.want) {
					t.Errorf("it ends with %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("it took %s, want %s", took, tt.took)
				}
				lines, _, _ := strings.Cut(told.String(), "open it with")
				if diff := cmp.Diff(tt.lines, lines); diff != "" {
					t.Errorf("it told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// errAnyOther stands for an error that has no exit code of its own.
var errAnyOther = errors.New("another error")

func oneOf(err error) error {
	if exitcode.Of(err) == 1 {
		return errAnyOther
	}
	return err
}

// waitIn waits for alice with a service that answers one moment after the other.
func waitIn(t *testing.T, moments []apitest.Moment) (opts *wait.Options, out, err *bytes.Buffer) {
	t.Helper()
	env, out, err := terminaltest.New("", nil)
	env.OutTTY, env.Now = false, time.Now
	c := apiclient.NewAt(&url.URL{Scheme: "http", Host: "generator"}, &http.Client{Transport: apitest.Story{Began: time.Now(), Moments: moments}})
	return &wait.Options{Lookup: apiclient.Lookup{Env: env, Client: c, Target: "alice"}, Goal: "healthy", Timeout: 10 * time.Minute, Grace: 10 * time.Second, Every: wait.Every}, out, err
}

func TestWaitIsOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts, out, told := waitIn(t, []apitest.Moment{{Environment: apitest.Syncing}, {At: 3 * time.Second, Environment: apitest.Ready}})
		opts.Env.ErrTTY = true
		if err := runWait(t.Context(), opts); err != nil {
			t.Fatal(err)
		}
		want := "\r\x1b[Kalice: it is being synced (0s)\r\x1b[Kalice: it is being synced (2s)\r\x1b[Kopen it with: previewctl open alice (https://alice.preview.test)\n"
		if diff := cmp.Diff(want, told.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := out.String(); got != "alice is healthy, after 4s\n" {
			t.Errorf("the answer is %q", got)
		}
	})
}

func TestWaitEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts, _, _ := waitIn(t, []apitest.Moment{{Environment: apitest.Syncing}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		if err := runWait(ctx, opts); exitcode.Of(err) != 130 || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// Who says how long to wait doesn't wait longer for a service that takes the question and never answers.
func TestWaitIsOverWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(over) })
	for _, goal := range []string{"healthy", "gone"} {
		t.Run(goal, func(t *testing.T) {
			t.Parallel()
			env, out, said := terminaltest.New("", nil)
			if code := run(t.Context(), env, []string{"wait", "team", "--for=" + goal, "--timeout=200ms", "--server=" + s.URL}); code != 3 {
				t.Errorf("exit code %d, want that of time being up: %s%s", code, said, out)
			}
			if want := "time is up: the service hasn't answered"; !strings.Contains(said.String(), want) {
				t.Errorf("it doesn't say %q: %s", want, said)
			}
		})
	}
}
