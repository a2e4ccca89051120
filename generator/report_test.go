package generator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// reports are what GitHub was told.
type reports struct {
	told []string
	err  error
}

func (r *reports) Report(_ context.Context, repository, sha, state, description, target string) error {
	r.told = append(r.told, fmt.Sprintf("%s %s %s %q %s", repository, strings.TrimLeft(sha, "0"), state, description, target))
	return r.err
}

func (r *reports) take() []string {
	told := slices.Sorted(slices.Values(r.told))
	r.told = nil
	return told
}

func TestWhatSomebodyAskedForIsReportedOnce(t *testing.T) {
	t.Parallel()
	w, r := newWorld(), &reports{}
	_, keep := remembering(t)
	reporting := func(o *generator.Options) { o.Reporter = r }
	w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(7, "alice"), "README.md"), pullRequest(8, "carol", "bug"))
	s := ready(t, w, keep, reporting)
	want := []string{
		`acme/Gateway 3e9 success "the preview gateway-pr-1 is live" https://gateway-pr-1.preview.example.dev`,
		`acme/Gateway 3ea success "the preview gateway-pr-2 is live" https://gateway-pr-2.preview.example.dev`,
		`acme/shop 3ef pending "it changes no service; label it \"preview:full\" to run all" `,
	}
	if diff := cmp.Diff(want, r.take()); diff != "" {
		t.Errorf("at first: %s", diff)
	}
	s.Refresh(t.Context())
	if told := r.take(); len(told) != 0 {
		t.Errorf("told again: %v", told)
	}
	w.set(func() {
		w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(7, "alice"), "orders/main.go"))
	})
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{`acme/shop 3ef success "the preview shop-pr-7 is live" https://shop-pr-7.preview.example.dev`}, r.take()); diff != "" {
		t.Errorf("when it is live: %s", diff)
	}
}

func TestAReportThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, r := newWorld(), &reports{err: errors.New("forbidden")}
	s := ready(t, w, func(o *generator.Options) { o.Reporter = r })
	first := r.take()
	r.err = nil
	s.Refresh(t.Context())
	if diff := cmp.Diff(first, r.take()); diff != "" || len(first) != 3 {
		t.Errorf("tried again: %s", diff)
	}
}

func TestReportsAreBoundedAndShort(t *testing.T) {
	t.Parallel()
	w, r := newWorld(), &reports{}
	prs := make([]preview.PullRequest, 50)
	for i := range prs {
		prs[i] = changing(pullRequest(100+i, "alice"), "README.md")
		prs[i].Changes, prs[i].Problem = nil, strings.Repeat("an unreadable answer, ", 20)
	}
	w.repos["acme/shop"] = repository("acme/shop", prs...)
	w.repos["acme/gateway"] = repository("acme/gateway")
	s := ready(t, w, func(o *generator.Options) { o.Reporter = r })
	first := r.take()
	for _, line := range first {
		if description := []rune(strings.SplitN(line, `"`, 3)[1]); len(description) != 140 {
			t.Errorf("%d characters: %s", len(description), string(description))
		}
	}
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if later := r.take(); len(first) != 20 || len(later) != 30 {
		t.Errorf("%d at once, %d later", len(first), len(later))
	}
}
