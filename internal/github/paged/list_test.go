package paged

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/github/rest"
)

// fakePages answers requests for a list of numbers. The path of a page is its number.
type fakePages struct {
	pages    [][]int64
	hasLinks bool
	requests int
	// afterRequest is called with the number of requests so far.
	afterRequest func(requests int)
	failing      string // path of a page with an error
}

var errUnreadable = errors.New("unreadable")

func (f *fakePages) get(_ context.Context, path, etag string, v any) (rest.Answer, error) {
	if f.requests++; path == f.failing {
		return rest.Answer{}, errUnreadable
	}
	defer func() {
		if f.afterRequest != nil {
			f.afterRequest(f.requests)
		}
	}()
	var number int
	if _, err := fmt.Sscan(path, &number); err != nil {
		return rest.Answer{}, err
	}
	items := []int64{}
	if number <= len(f.pages) {
		items = f.pages[number-1]
	}
	text, err := json.Marshal(items)
	if err != nil {
		return rest.Answer{}, err
	}
	if etag == string(text) {
		return rest.Answer{Unchanged: true, ETag: etag}, nil
	}
	answer := rest.Answer{ETag: string(text), HasNext: f.hasLinks && number < len(f.pages)}
	return answer, json.Unmarshal(text, v)
}

// update reads the list and returns its items.
func update(t *testing.T, f *fakePages, pages *[]Page[int64]) (items []int64, changed bool, err error) {
	t.Helper()
	list := List[[]int64, int64]{
		Name: "list numbers", MaxPages: 5, Get: f.get,
		Key:    func(n int64) int64 { return n },
		Path:   func(page int) string { return fmt.Sprint(page) },
		Decode: func(found []int64) ([]int64, error) { return found, nil },
	}
	changed, err = list.Update(t.Context(), pages)
	for _, p := range *pages {
		items = append(items, p.Items...)
	}
	return items, changed, err
}

// numbers returns the numbers from first to last.
func numbers(first, last int64) (out []int64) {
	for n := first; n <= last; n++ {
		out = append(out, n)
	}
	return out
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fake     fakePages
		want     []int64
		requests int // of two updates
	}{
		"an empty list":            {fakePages{}, nil, 2},
		"one page":                 {fakePages{pages: [][]int64{{1, 2}}}, []int64{1, 2}, 2},
		"two pages":                {fakePages{pages: [][]int64{{1}, {2}}, hasLinks: true}, []int64{1, 2}, 6},
		"a full page without link": {fakePages{pages: [][]int64{numbers(1, 100), {101}}}, numbers(1, 101), 6},
		"a full last page":         {fakePages{pages: [][]int64{numbers(1, 100)}}, numbers(1, 100), 6},
		"the same page repeatedly": {fakePages{pages: [][]int64{numbers(1, 100), numbers(1, 100)}}, nil, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pages []Page[int64]
			got, changed, err := update(t, &tc.fake, &pages)
			if err != nil || !changed {
				t.Fatalf("changed %t, error %v", changed, err)
			}
			if diff := cmp.Diff(tc.want, got); tc.want != nil && diff != "" {
				t.Error(diff)
			}
			if _, changed, err = update(t, &tc.fake, &pages); changed || err != nil {
				t.Errorf("second update: changed %t, error %v", changed, err)
			}
			if tc.fake.requests != tc.requests {
				t.Errorf("%d requests, want %d", tc.fake.requests, tc.requests)
			}
		})
	}
}

// An item that disappears between two reads moves the next items to a page that was already read.
func TestUpdateReadsAgainAfterChange(t *testing.T) {
	t.Parallel()
	f := &fakePages{pages: [][]int64{{1, 2}, {3, 4}}, hasLinks: true}
	f.afterRequest = func(requests int) {
		if requests == 1 {
			f.pages = [][]int64{{2, 3}, {4}}
		}
	}
	var pages []Page[int64]
	got, _, err := update(t, f, &pages)
	if diff := cmp.Diff(numbers(2, 4), got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestUpdateErrors(t *testing.T) {
	t.Parallel()
	changing := &fakePages{pages: [][]int64{{1}, {2}}, hasLinks: true}
	changing.afterRequest = func(requests int) { changing.pages[1] = []int64{int64(requests)} }
	for want, f := range map[string]*fakePages{
		"list numbers, page 2: unreadable": {pages: [][]int64{{1}, {2}}, hasLinks: true, failing: "2"},
		"more than 5 pages":                {pages: [][]int64{{1}, {2}, {3}, {4}, {5}, {6}}, hasLinks: true},
		"kept changing":                    changing,
	} {
		var pages []Page[int64]
		if _, _, err := update(t, f, &pages); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestUpdateAfterErrorKeepsReadPages(t *testing.T) {
	t.Parallel()
	f := &fakePages{pages: [][]int64{{1}, {2}}, hasLinks: true, failing: "2"}
	var pages []Page[int64]
	if _, _, err := update(t, f, &pages); !errors.Is(err, errUnreadable) {
		t.Fatalf("error %v", err)
	}
	f.failing = ""
	got, changed, err := update(t, f, &pages)
	if diff := cmp.Diff(numbers(1, 2), got); err != nil || !changed || diff != "" {
		t.Error(changed, err, diff)
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	double := func(n *int) (int, error) {
		if n == nil {
			return 0, errUnreadable
		}
		return 2 * *n, nil
	}
	got, err := Items([]*int{new(1), new(2)}, double)
	if diff := cmp.Diff([]int{2, 4}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got, err = Items([]*int{}, double); err != nil || got == nil || len(got) > 0 {
		t.Errorf("an empty list: %v, %v", got, err)
	}
	if _, err = Items(nil, double); err == nil {
		t.Error("a missing list is no error")
	}
	if _, err = Items([]*int{nil}, double); !errors.Is(err, errUnreadable) {
		t.Errorf("error %v", err)
	}
}
