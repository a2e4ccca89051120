package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/testworld"
)

func TestInvalidRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, testworld.Policy+"lifetime: {maxExtension: 48h}\n")
	s := testworld.Ready(t, w, testworld.WithClock)
	long := `{"caller":"` + strings.Repeat("x", 5000) + `"}`
	for name, tt := range map[string]struct {
		environment, action, body string
		code                      int
		want                      string
	}{
		"an unknown environment":  {"shop-pr-99", "wake", "", 404, "shop-pr-99"},
		"a held environment":      {"shop-pr-8", "wake", "", 409, "shop-pr-8"},
		"no JSON":                 {"shop-pr-7", "wake", "now", 400, `{"for": "48h", "caller": "alice"}`},
		"no object":               {"shop-pr-7", "wake", "null", 400, `{"for": "48h"`},
		"an unknown field":        {"shop-pr-7", "wake", `{"until":"tomorrow"}`, 400, `{"for": "48h"`},
		"a second value":          {"shop-pr-7", "wake", `{"for":"1h"} {}`, 400, `{"for": "48h"`},
		"a large body":            {"shop-pr-7", "wake", long, 400, "larger than 4 KiB"},
		"no duration":             {"shop-pr-7", "wake", `{"for":"7d"}`, 400, `"7d" isn't a duration`},
		"a negative duration":     {"shop-pr-7", "wake", `{"for":"-1h"}`, 400, `"-1h" isn't a duration`},
		"above maxExtension":      {"shop-pr-7", "extend", `{"for":"49h"}`, 400, "maxExtension"},
		"wake for ages":           {"shop-pr-7", "wake", `{"for":"2562047h"}`, 400, "48h at most (lifetime.maxExtension)"},
		"sleep with a duration":   {"shop-pr-7", "sleep", `{"for":"1h"}`, 400, "sleep takes no duration"},
		"redeploy for a time":     {"shop-pr-7", "redeploy", `{"for":"1h"}`, 400, "redeploy takes no duration"},
		"redeploy a held request": {"shop-pr-8", "redeploy", "", 409, "shop-pr-8"},
		"an unknown action":       {"shop-pr-7", "explode", "", 404, "nothing at this path"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := s.Request(t, tt.environment, tt.action, tt.body); a.Code != tt.code || !strings.Contains(a.Message(t), tt.want) {
				t.Errorf("%d %s, want %d with %q", a.Code, a.Body, tt.code, tt.want)
			}
		})
	}
	if a := testworld.Do(t, s.Handler(), http.MethodPost, "/api/v1/environments/shop-pr-7/wake", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("with Argo CD's token: %d", a.Code)
	}
	if a := testworld.NewService(t, testworld.New()).Request(t, "shop-pr-7", "wake", ""); a.Code != http.StatusServiceUnavailable {
		t.Errorf("before the first snapshot: %d", a.Code)
	}
}

func TestAcceptedRequestsSayTheirEnd(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, testworld.Policy+"lifetime: {maxExtension: 48h}\n")
	s := testworld.Ready(t, w, testworld.WithClock)
	for name, tt := range map[string]struct {
		action, body string
		want         time.Duration // from now; 0 is none
	}{
		"an extension":                    {"extend", `{"for":"3h"}`, 3 * time.Hour},
		"an extension without a duration": {"extend", "", 48 * time.Hour},
		"a wake with a duration":          {"wake", `{"for":"2h"}`, 2 * time.Hour},
		"a wake":                          {"wake", "", 0},
		"a redeployment":                  {"redeploy", "", 0},
		"a sleep":                         {"sleep", "", 0},
	} {
		a := s.Request(t, "shop-pr-7", tt.action, tt.body)
		var got struct{ Until time.Time }
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Code != http.StatusAccepted {
			t.Fatalf("%s: %d %s", name, a.Code, a.Body)
		}
		if want := testworld.Start.Add(tt.want); tt.want == 0 && !got.Until.IsZero() || tt.want > 0 && !got.Until.Equal(want) {
			t.Errorf("%s: until %s, want %s after %s", name, got.Until, tt.want, testworld.Start)
		}
	}
}

// Without activity in previewset.yaml, an environment never falls asleep by itself.
func TestSleepSaysThatNothingElsePutsToSleep(t *testing.T) {
	t.Parallel()
	const activity = "activity: {prometheus: {url: 'http://prometheus:9090', preset: istio}}\n"
	for name, tt := range map[string]struct{ policy, action, want string }{
		"without Prometheus":       {"", "sleep", "nothing puts it to sleep again but another previewctl sleep"},
		"without Prometheus, wake": {"", "wake", ""},
		"with Prometheus":          {activity, "sleep", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Tree = testworld.Tree(1, testworld.Policy+tt.policy)
			a := testworld.Ready(t, w, testworld.WithClock).Request(t, "shop-pr-7", tt.action, "")
			var got struct{ Note string }
			if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Code != http.StatusAccepted {
				t.Fatalf("%d %s", a.Code, a.Body)
			}
			if !strings.Contains(got.Note, tt.want) || tt.want == "" && got.Note != "" {
				t.Errorf("note %q, want %q", got.Note, tt.want)
			}
		})
	}
}
