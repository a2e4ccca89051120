package github

import (
	"maps"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// announcedFor is how long an announcement counts. GitHub's copies lag by seconds, and seldom by minutes. After a backup
// of a GitHub server is restored, all its answers are older than what it announced before.
const announcedFor = time.Hour

// announcements are the newest states of pull requests that webhooks announced, by number. They are no facts. But an
// answer that is older than an announced state comes from a copy that lags behind, so it is no evidence.
type announcements map[int]announcement

// announcement says that the pull request had changed at a time of GitHub's clock. It arrived at a time of our clock.
type announcement struct {
	updated, arrived time.Time
}

// note adds what webhooks announced since the last read.
func (a announcements) note(expected []preview.PullRequest, now time.Time) {
	maps.DeleteFunc(a, func(_ int, known announcement) bool { return now.Sub(known.arrived).Abs() > announcedFor })
	for _, pr := range expected {
		if pr.Updated.After(a[pr.Number].updated) { // guard announced-state: false
			a[pr.Number] = announcement{pr.Updated, now}
		}
	}
}
