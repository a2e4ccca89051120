package wait_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/preview"
)

// story is a sequence of the generator's answers, with the expected result of waiting.
type story struct {
	name    string
	change  func(*wait.Options)
	moments []apitest.Moment
	want    error
	took    time.Duration
	lines   string // of the progress
}

// errAny stands for any error that isn't one of package wait.
var errAny = errors.New("any other error")

// removed is a decision at a time relative to the beginning of the story.
func removed(since time.Duration) *preview.Decision {
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of synctest's clock
	return &preview.Decision{
		Outcome: preview.Gone, Environment: "alice", Reason: "its folder is gone", Since: began.Add(since),
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	runStories(t, []story{
		{
			name: "a new environment becomes ready",
			moments: []apitest.Moment{
				{}, {At: 5 * time.Second, Environment: apitest.Syncing}, {At: 20 * time.Second, Environment: apitest.Ready},
			},
			took: 20 * time.Second, lines: "alice: the generator doesn't know it yet\nalice: it is being synced\n",
		},
		{
			name: "the generator restarts",
			moments: []apitest.Moment{
				{Environment: apitest.Syncing},
				{At: 3 * time.Second, Code: -1},
				{At: 7 * time.Second, Code: 503},
				{At: 9 * time.Second, Environment: apitest.Ready},
			},
			took: 10 * time.Second,
			lines: "alice: it is being synced\nalice: ask the generator at http://generator: connection refused\n" +
				"alice: the generator at http://generator answers 503: for now\n",
		},
		{name: "the generator isn't running", moments: []apitest.Moment{{Code: -1}}, want: errAny},
		{
			name:    "the token is refused later",
			moments: []apitest.Moment{{Environment: apitest.Syncing}, {At: time.Second, Code: 401}},
			want:    errAny, took: 2 * time.Second, lines: "alice: it is being synced\n",
		},
		{
			name:    "the timeout passes",
			change:  func(o *wait.Options) { o.Timeout = 5 * time.Second },
			moments: []apitest.Moment{{Environment: apitest.Syncing}},
			want:    wait.ErrTimeUp, took: 5 * time.Second, lines: "alice: it is being synced\n",
		},
	})
}

func runStories(t *testing.T, stories []story) {
	t.Helper()
	for _, tt := range stories {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tt.run)
		})
	}
}

func (s story) run(t *testing.T) {
	opts, told := waitFor(s.moments)
	if s.change != nil {
		s.change(opts)
	}
	began := time.Now()
	_, err := opts.Wait(t.Context())
	if err != nil && !isOwnError(err) {
		err = errAny
	}
	if !errors.Is(err, s.want) {
		t.Errorf("error %v, want %v", err, s.want)
	}
	if took := time.Since(began); took != s.took {
		t.Errorf("it took %s, want %s", took, s.took)
	}
	if diff := cmp.Diff(s.lines, told.String()); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func isOwnError(err error) bool {
	for _, own := range []error{wait.ErrTimeUp, wait.ErrDegraded, wait.ErrGone, wait.ErrHeld} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// waitFor waits for alice in a pipe.
func waitFor(moments []apitest.Moment) (opts *wait.Options, told *bytes.Buffer) {
	env, _, told := terminaltest.New("", nil)
	env.OutTTY, env.Now = false, time.Now
	return &wait.Options{
		Lookup: apiclient.Lookup{Env: env, Client: apitest.NewClient(moments), Target: "alice"},
		Goal:   wait.Healthy, Timeout: 10 * time.Minute, Grace: 10 * time.Second, Every: wait.Every,
	}, told
}

func TestWaitShowsOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts, told := waitFor([]apitest.Moment{
			{Environment: apitest.Syncing}, {At: 3 * time.Second, Environment: apitest.Ready},
		})
		opts.Env.ErrTTY = true
		if _, err := opts.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := "\r\x1b[Kalice: it is being synced (0s)\r\x1b[Kalice: it is being synced (2s)\r\x1b[K"
		if diff := cmp.Diff(want, told.String()); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
	})
}

// withRead adds to an environment's JSON whether the generator has read the config commit.
func withRead(environment, isRead string) string {
	return strings.Replace(environment, "{", `{"config_read": `+isRead+`, `, 1)
}
