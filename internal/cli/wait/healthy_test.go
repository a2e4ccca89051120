package wait_test

import (
	"testing"
	"time"

	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/wait"
)

func TestWaitForADegradedEnvironment(t *testing.T) {
	t.Parallel()
	runStories(t, []story{
		{
			name: "degraded for a short time",
			moments: []apitest.Moment{
				{Environment: apitest.Failing},
				{At: 9 * time.Second, Environment: apitest.Syncing},
				{At: 11 * time.Second, Environment: apitest.Failing},
				{At: 19 * time.Second, Environment: apitest.Ready},
			},
			took: 20 * time.Second, lines: "alice: it is Degraded\nalice: it is being synced\nalice: it is Degraded\n",
		},
		{
			name:    "degraded for the whole grace",
			moments: []apitest.Moment{{Environment: apitest.Failing}},
			want:    wait.ErrDegraded, took: 10 * time.Second, lines: "alice: it is Degraded\n",
		},
		{
			name:    "a longer grace",
			change:  func(o *wait.Options) { o.Grace = time.Minute },
			moments: []apitest.Moment{{Environment: apitest.Failing}, {At: 50 * time.Second, Environment: apitest.Ready}},
			took:    50 * time.Second, lines: "alice: it is Degraded\n",
		},
	})
}

func TestWaitForARemovedEnvironment(t *testing.T) {
	t.Parallel()
	runStories(t, []story{
		{
			name:    "removed meanwhile",
			moments: []apitest.Moment{{Environment: apitest.Syncing}, {At: 5 * time.Second, Decision: removed(0)}},
			want:    wait.ErrGone, took: 6 * time.Second, lines: "alice: it is being synced\n",
		},
		{
			name:   "a previous environment is removed before the config commit is read",
			change: func(o *wait.Options) { o.ConfigCommit = "ab8bdbe446" },
			moments: []apitest.Moment{
				{Environment: withRead(apitest.Ready, "false")},
				{At: 3 * time.Second, Decision: removed(2 * time.Second)},
				{At: 7 * time.Second, Environment: withRead(apitest.Ready, "true")},
			},
			took: 8 * time.Second,
			lines: "alice: the generator hasn't read commit ab8bdbe446 of the config branch yet\n" +
				"alice: it is gone: its folder is gone\n",
		},
		{
			name:    "removed before the command sees it",
			moments: []apitest.Moment{{}, {At: 5 * time.Second, Decision: removed(4 * time.Second)}},
			want:    wait.ErrGone, took: 6 * time.Second, lines: "alice: the generator doesn't know it yet\n",
		},
		{
			name:    "removed earlier, and created again",
			moments: []apitest.Moment{{Decision: removed(-time.Hour)}, {At: 5 * time.Second, Environment: apitest.Ready}},
			took:    6 * time.Second, lines: "alice: it is gone: its folder is gone\n",
		},
	})
}
