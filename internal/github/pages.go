package github

import (
	"context"
	"errors"
	"fmt"
)

const (
	perPage   = 100
	maxPasses = 4
)

// page is one page of a list as it was read last.
type page[T any] struct {
	etag  string
	next  bool
	items []T
}

// list is a list that is read conditionally, page by page.
type list[T any] struct {
	what string // for errors
	most int    // how many pages it may have
	key  func(T) int64
	// read asks for the page with the number. It is conditional(…) with what an answer of this list looks like.
	read func(ctx context.Context, number int, last page[T]) (p page[T], unchanged bool, err error)
}

func numbered(page int) string { return fmt.Sprintf("per_page=%d&page=%d", perPage, page) }

// conditional asks for a page unless it is still what it was, and turns the answer into its items.
func conditional[T, Body any](ctx context.Context, r *reading, path string, last page[T], items func(Body) ([]T, error)) (page[T], bool, error) {
	var body Body
	a, err := r.get(ctx, path, last.etag, &body)
	if err != nil || a.unchanged {
		return last, a.unchanged, err
	}
	found, err := items(body)
	if err != nil {
		return page[T]{}, false, err
	}
	return page[T]{etag: a.etag, next: a.next, items: found}, false, nil
}

// each turns what an answer has into items. No answer is without a list; null isn't one.
func each[From, T any](found []*From, item func(*From) (T, error)) ([]T, error) {
	if found == nil { // guard missing-list: false
		return nil, errors.New("the answer has no list")
	}
	items := make([]T, 0, len(found))
	for _, f := range found {
		i, err := item(f)
		if err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	return items, nil
}

// all brings the pages up to date, so that they show the list at one moment, and says whether anything is other than
// before. A thing that goes away between two pages moves those behind it forward, over the edge of a page that was read
// already; so several pages count only once a pass over them found all unchanged, which costs no quota.
func (l list[T]) all(ctx context.Context, pages *[]page[T]) (changed bool, err error) {
	for range maxPasses {
		different, err := l.pass(ctx, pages)
		if err != nil {
			return changed, err
		}
		changed = changed || different
		if !different || len(*pages) == 1 {
			return changed, nil
		}
	}
	return changed, fmt.Errorf("%s: it kept changing while it was read; it is read again at the next poll", l.what)
}

// pass reads all pages once and says whether any is other than before. What was read stays also after an error: each page
// is true together with its ETag.
func (l list[T]) pass(ctx context.Context, pages *[]page[T]) (bool, error) {
	seen, changed := map[int64]bool{}, false
	for i := range l.most {
		var last page[T]
		if i < len(*pages) {
			last = (*pages)[i]
		}
		p, unchanged, err := l.read(ctx, i+1, last)
		if err != nil { // guard unreadable-page: false
			return false, fmt.Errorf("%s, page %d: %w", l.what, i+1, err)
		}
		if i == len(*pages) {
			*pages = append(*pages, p)
		}
		(*pages)[i] = p
		changed = changed || !unchanged
		if news := l.remember(seen, p); !goesOn(p, news) {
			changed = changed || len(*pages) != i+1
			*pages = (*pages)[:i+1]
			return changed, nil
		}
	}
	return false, fmt.Errorf("%s: it didn't end after %d pages", l.what, l.most)
}

// goesOn says whether there may be a page behind this one. A full page is reason enough: the link to the next could be missing,
// and an answer that is asked for in vain costs little.
func goesOn[T any](p page[T], news bool) bool {
	return p.next ||
		len(p.items) >= perPage && news // guard full-page: false
}

func (l list[T]) remember(seen map[int64]bool, p page[T]) (news bool) {
	for _, item := range p.items {
		key := l.key(item)
		news = news || !seen[key]
		seen[key] = true
	}
	return news
}
