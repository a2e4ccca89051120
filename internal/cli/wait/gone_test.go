package wait_test

import (
	"testing"
	"time"

	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/wait"
)

func TestWaitUntilArgoCDHasDeletedTheApplication(t *testing.T) {
	t.Parallel()
	runStories(t, []story{{
		name:   "gone",
		change: func(o *wait.Options) { o.Goal = wait.Gone },
		moments: []apitest.Moment{
			{Environment: apitest.Ready},
			{At: 3 * time.Second, Application: `{}`},
			{At: 5 * time.Second, Application: `{"deleting": true}`},
			{At: 7 * time.Second, Application: `{"deleting": true, "remaining": ["Bucket uploads"]}`},
			{At: 9 * time.Second},
		},
		took: 10 * time.Second,
		lines: "alice: it is live\nalice: Argo CD hasn't started to delete it\nalice: Argo CD is deleting it\n" +
			"alice: removing: waiting for Bucket uploads\n",
	}})
}
