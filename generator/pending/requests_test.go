package pending_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/preview"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func TestEqualRequestsAreMerged(t *testing.T) {
	t.Parallel()
	request := func(action string, hours, minutesLater int) preview.Request {
		return preview.Request{
			Environment: "shop-pr-7", Action: action,
			For: time.Duration(hours) * time.Hour, At: start.Add(time.Duration(minutesLater) * time.Minute),
		}
	}
	const wake, extend = preview.ActionWake, preview.ActionExtend
	for name, tt := range map[string]struct{ added, want []preview.Request }{
		"the longest hold, at the latest time": {
			[]preview.Request{request(wake, 0, 0), request(wake, 3, 1), request(wake, 1, 2)},
			[]preview.Request{request(wake, 3, 2)},
		},
		"an extension without a duration is the longest": {
			[]preview.Request{request(extend, 0, 0), request(extend, 1, 1)},
			[]preview.Request{request(extend, 0, 1)},
		},
		"an extension without a duration, added last": {
			[]preview.Request{request(extend, 1, 0), request(extend, 0, 1)},
			[]preview.Request{request(extend, 0, 1)},
		},
		"different actions stay apart, oldest first": {
			[]preview.Request{request(extend, 1, 1), request(wake, 1, 0)},
			[]preview.Request{request(wake, 1, 0), request(extend, 1, 1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := pending.NewQueue()
			for _, r := range tt.added {
				q.Request(r)
			}
			if diff := cmp.Diff(tt.want, q.Take().Requests.InOrder()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
