package api_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// expecting is GitHub. It records the expected pull requests of each read of acme/shop.
type expecting struct {
	*testworld.World
	noted sync.Mutex
	reads [][]preview.PullRequest
}

func (e *expecting) Repository(ctx context.Context, name string, wants preview.Wants) (preview.Repository, error) {
	if name == "acme/shop" {
		e.noted.Lock()
		e.reads = append(e.reads, wants.Expected)
		e.noted.Unlock()
	}
	return e.World.Repository(ctx, name, wants)
}

const expectable = `{"repository":{"full_name":"acme/shop"},"pull_request":{"number":%d,"draft":true,"labels":[{"name":"preview"},null],
	"head":{"sha":"h%d","repo":{"id":2}},"base":{"sha":"b","repo":{"id":1}}}}`

func TestPullRequestOfWebhookIsExpectedOnce(t *testing.T) {
	t.Parallel()
	pr := func(number, head int) preview.PullRequest {
		return preview.PullRequest{
			Number: number, Draft: true, Labels: []string{"preview", ""}, HeadSHA: fmt.Sprintf("h%d", head), BaseSHA: "b",
			HeadRepositoryID: 2, BaseRepositoryID: 1,
		}
	}
	for name, c := range map[string]struct {
		bodies []string
		want   []preview.PullRequest
	}{
		"one": {[]string{fmt.Sprintf(expectable, 7, 1)}, []preview.PullRequest{pr(7, 1)}},
		"the newest of two": {
			[]string{fmt.Sprintf(expectable, 7, 1), fmt.Sprintf(expectable, 7, 2)}, []preview.PullRequest{pr(7, 2)},
		},
		"two": {
			[]string{fmt.Sprintf(expectable, 7, 1), fmt.Sprintf(expectable, 8, 2)}, []preview.PullRequest{pr(7, 1), pr(8, 2)},
		},
		"an event without a pull request": {[]string{testworld.Labelled}, nil},
		"a malformed pull request":        {[]string{`{"repository":{"full_name":"acme/shop"},"pull_request":[]}`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testworld.WithWebhooks(t)
			synctest.Test(t, func(t *testing.T) {
				e := &expecting{World: testworld.New()}
				s := testworld.NewService(t, e.World, o, func(o *generator.Options) { o.GitHub = e })
				s.Refresh(t.Context())
				for i, body := range c.bodies {
					s.Deliver(t, "pull_request", fmt.Sprint(i), body)
				}
				s.Start(t)
				s.Deliver(t, "pull_request", "later", testworld.Labelled)
				synctest.Wait()
				if last := len(e.reads) - 1; last < 2 || e.reads[0] != nil || e.reads[last] != nil {
					t.Fatalf("reads before and after the webhooks: %v", e.reads)
				}
				if diff := cmp.Diff(c.want, e.reads[1]); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
