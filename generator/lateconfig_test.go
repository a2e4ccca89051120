package generator_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// silentBranch is a config branch on a Git host that accepts connections and never answers.
type silentBranch struct{ answer chan struct{} }

func (b silentBranch) Read(ctx context.Context) (config.Tree, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	select {
	case <-b.answer:
		return testworld.Tree(1, testworld.Policy), nil
	case <-ctx.Done():
		return config.Tree{}, ctx.Err()
	}
}

func TestFirstAnswerDoesNotWaitForTheConfigBranch(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	token, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	before := testworld.Ready(t, testworld.New(), keep).GetParams(t, testworld.ParamsBody)
	synctest.Test(t, func(t *testing.T) {
		branch := silentBranch{make(chan struct{})}
		s := testworld.NewService(t, testworld.New(), keep, testworld.WithRealTime, func(o *generator.Options) {
			o.ConfigBranch, o.Token, o.APIToken = branch, token, api
		})
		s.Start(t)
		testworld.Advance(5 * time.Second)
		if got := s.GetParams(t, testworld.ParamsBody); got.Body != before.Body {
			t.Errorf("after 5 s the answer is %d %s (-before +after):\n%s", got.Code, got.Body, cmp.Diff(before.Body, got.Body))
		}
		close(branch.answer)
		testworld.Advance(2 * time.Minute)
		if got := s.GetParams(t, testworld.ParamsBody); got.Body != before.Body || s.Status().ConfigError != "" {
			t.Errorf("after the branch was read, the answer is %d %s", got.Code, got.Body)
		}
	})
}

func TestFirstAnswerWithoutStateWaitsForTheConfigBranch(t *testing.T) {
	t.Parallel()
	token, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, testworld.New(), testworld.WithRealTime, func(o *generator.Options) {
			o.ConfigBranch, o.Token, o.APIToken = silentBranch{make(chan struct{})}, token, api
		})
		s.Start(t)
		testworld.Advance(50 * time.Second)
		if s.Published() != nil {
			t.Errorf("answered %s", s.GetParams(t, testworld.ParamsBody).Body)
		}
	})
}
