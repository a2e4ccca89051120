package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

// moment is what the service answers from a time on, counted from the beginning.
type moment struct {
	at time.Duration
	// environment is what it says of it; "" is a 404.
	environment string
	decision    *preview.Decision
	application string // "" is a 404
	code        int    // of every answer, where it isn't 0; -1 is that nobody answers
}

// story is a service in no time at all: the last moment that has come is what is answered.
type story struct {
	began   time.Time
	moments []moment
}

// RoundTrip implements http.RoundTripper.
func (s story) RoundTrip(r *http.Request) (*http.Response, error) {
	var now moment
	for _, m := range s.moments {
		if time.Since(s.began) >= m.at {
			now = m
		}
	}
	code, body := http.StatusNotFound, `{"message": "not there"}`
	found := func(text string) {
		if text != "" {
			code, body = http.StatusOK, text
		}
	}
	switch {
	case now.code < 0:
		return nil, errors.New("connection refused")
	case now.code > 0:
		code, body = now.code, `{"message": "for now"}`
	case strings.HasSuffix(r.URL.Path, "/application"):
		found(now.application)
	case strings.HasSuffix(r.URL.Path, "/decisions"):
		decisions := []preview.Decision{}
		if now.decision != nil {
			decisions = append(decisions, *now.decision)
		}
		text, _ := json.Marshal(map[string]any{"decisions": decisions})
		found(string(text))
	default:
		found(now.environment)
	}
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

const (
	isReady   = `{"name": "alice", "ready": true, "url": "https://alice.preview.test"}`
	isSyncing = `{"name": "alice", "ready": false, "reason": "it is being synced"}`
	isFailing = `{"name": "alice", "ready": false, "failing": true, "reason": "it is Degraded"}`
)

func TestWaitFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	gone := func(since time.Duration) *preview.Decision {
		return &preview.Decision{Outcome: preview.Gone, Environment: "alice", Reason: "its folder is gone", Since: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(since)}
	}
	tests := []struct {
		name    string
		change  func(*waitOptions)
		moments []moment
		want    error
		took    time.Duration
		lines   string
	}{
		{
			"one that is made and becomes ready", nil,
			[]moment{{}, {at: 5 * time.Second, environment: isSyncing}, {at: 20 * time.Second, environment: isReady}},
			nil, 20 * time.Second, "alice: the service doesn't know it yet\nalice: it is being synced\n",
		},
		{
			"degraded for a moment is no failure", nil,
			[]moment{{environment: isFailing}, {at: 9 * time.Second, environment: isSyncing}, {at: 11 * time.Second, environment: isFailing}, {at: 19 * time.Second, environment: isReady}},
			nil, 20 * time.Second, "alice: it is Degraded\nalice: it is being synced\nalice: it is Degraded\n",
		},
		{"degraded for the whole grace is one", nil, []moment{{environment: isFailing}}, errDegraded, 10 * time.Second, "alice: it is Degraded\n"},
		{
			"it goes meanwhile", nil,
			[]moment{{environment: isSyncing}, {at: 5 * time.Second, decision: gone(0)}},
			errGone, 6 * time.Second, "alice: it is being synced\n",
		},
		{
			"one from before goes, and then there is the one that was pushed", func(o *waitOptions) { o.configCommit = "ab8bdbe446" },
			[]moment{
				{environment: strings.Replace(isReady, "{", `{"config_read": false, `, 1)},
				{at: 3 * time.Second, decision: gone(2 * time.Second)},
				{at: 7 * time.Second, environment: strings.Replace(isReady, "{", `{"config_read": true, `, 1)},
			},
			nil, 8 * time.Second, "alice: the service hasn't read commit ab8bdbe446 of the config branch yet\nalice: it is gone: its folder is gone\n",
		},
		{
			"it went before the service was heard of it", nil,
			[]moment{{}, {at: 5 * time.Second, decision: gone(4 * time.Second)}},
			errGone, 6 * time.Second, "alice: the service doesn't know it yet\n",
		},
		{
			"one of that name went before, and comes again", nil,
			[]moment{{decision: gone(-time.Hour)}, {at: 5 * time.Second, environment: isReady}},
			nil, 6 * time.Second, "alice: it is gone: its folder is gone\n",
		},
		{
			"the service restarts", nil,
			[]moment{{environment: isSyncing}, {at: 3 * time.Second, code: -1}, {at: 7 * time.Second, code: 503}, {at: 9 * time.Second, environment: isReady}},
			nil, 10 * time.Second,
			"alice: it is being synced\nalice: ask the service at http://generator: connection refused\nalice: the service at http://generator answers 503: for now\n",
		},
		{"the service isn't there", nil, []moment{{code: -1}}, errAnyOther, 0, ""},
		{"the token is refused in the middle", nil, []moment{{environment: isSyncing}, {at: time.Second, code: 401}}, errAnyOther, 2 * time.Second, "alice: it is being synced\n"},
		{"time is up", func(o *waitOptions) { o.timeout = 5 * time.Second }, []moment{{environment: isSyncing}}, errTimeUp, 5 * time.Second, "alice: it is being synced\n"},
		{
			"a longer grace", func(o *waitOptions) { o.grace = time.Minute },
			[]moment{{environment: isFailing}, {at: 50 * time.Second, environment: isReady}},
			nil, 50 * time.Second, "alice: it is Degraded\n",
		},
		{
			"gone only when Argo CD has deleted it", func(o *waitOptions) { o.goal = "gone" },
			[]moment{{environment: isReady}, {at: 3 * time.Second, application: `{}`}, {at: 5 * time.Second, application: `{"deleting": true}`}, {at: 9 * time.Second}},
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
	if exitCode(err) == 1 {
		return errAnyOther
	}
	return err
}

// waitIn waits for alice with a service that answers one moment after the other.
func waitIn(t *testing.T, moments []moment) (opts *waitOptions, out, err *bytes.Buffer) {
	t.Helper()
	env, out, err := terminal("", nil)
	env.OutTTY, env.Now = false, time.Now
	c := &client{base: &url.URL{Scheme: "http", Host: "generator"}, http: &http.Client{Transport: story{began: time.Now(), moments: moments}}}
	return &waitOptions{lookup: lookup{env: env, client: c, what: "alice"}, goal: "healthy", timeout: 10 * time.Minute, grace: 10 * time.Second, every: waitEvery}, out, err
}

func TestWaitIsOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts, out, told := waitIn(t, []moment{{environment: isSyncing}, {at: 3 * time.Second, environment: isReady}})
		opts.env.ErrTTY = true
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
		opts, _, _ := waitIn(t, []moment{{environment: isSyncing}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		if err := runWait(ctx, opts); exitCode(err) != 130 || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestOpenShowsTheBrowser(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		change     func(*openOptions)
		fails      bool
	}{
		{"on a terminal", "https://alice.preview.test", func(*openOptions) {}, false},
		{"only the address", "", func(o *openOptions) { o.print = true }, false},
		{"in a pipe", "", func(o *openOptions) { o.env.OutTTY = false }, false},
		{"without a browser", "https://alice.preview.test", func(*openOptions) {}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wait, out, _ := waitIn(t, []moment{{environment: isReady}})
			wait.env.OutTTY = true
			opened := ""
			o := &openOptions{lookup: wait.lookup, browse: func(_ context.Context, address string) error {
				if opened = address; tt.fails {
					return errors.New("there is no xdg-open")
				}
				return nil
			}}
			tt.change(o)
			err := runOpen(t.Context(), o)
			if (err != nil) != tt.fails || opened != tt.want {
				t.Errorf("opened %q, want %q: %v", opened, tt.want, err)
			}
			if printed := out.String() == "https://alice.preview.test\n"; printed == (tt.want != "") {
				t.Errorf("printed %q", out)
			}
			if tt.fails && !strings.Contains(err.Error(), "open it yourself: https://alice.preview.test") {
				t.Errorf("the error is %v", err)
			}
		})
	}
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
			env, out, said := terminal("", nil)
			if code := run(t.Context(), env, []string{"wait", "team", "--for=" + goal, "--timeout=200ms", "--server=" + s.URL}); code != 3 {
				t.Errorf("exit code %d, want that of time being up: %s%s", code, said, out)
			}
			if want := "time is up: the service hasn't answered"; !strings.Contains(said.String(), want) {
				t.Errorf("it doesn't say %q: %s", want, said)
			}
		})
	}
}
