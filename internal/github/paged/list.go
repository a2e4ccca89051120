// Package paged reads lists that GitHub returns page by page, with conditional requests. The result is complete or an
// error.
package paged

import (
	"context"
	"errors"
	"fmt"

	"github.com/previewset/previewset/internal/github/rest"
)

const (
	// PerPage is the number of items on a page, GitHub's maximum.
	PerPage = 100
	// maxPasses limits how often a list is read again because it changed.
	maxPasses = 4
)

// Page is one page of a list, as read last.
type Page[T any] struct {
	etag    string
	hasNext bool
	Items   []T
}

// List describes a list. Body is the type of GitHub's answer, T the type of an item.
type List[Body, T any] struct {
	Name     string // for errors, such as "list reviews"
	MaxPages int
	Key      func(T) int64 // identifies an item
	// Get sends a conditional request, like rest.Client.Get.
	Get func(ctx context.Context, path, etag string, v any) (rest.Answer, error)
	// Path returns the path of a page. Its query ends with Query(page).
	Path   func(page int) string
	Decode func(Body) ([]T, error)
}

// Query returns the parameters for a page; page 1 is the first.
func Query(page int) string { return fmt.Sprintf("per_page=%d&page=%d", PerPage, page) }

// Items converts the items of an answer. A missing list or null is an error, because it must not look like an empty
// list.
func Items[From, T any](found []*From, convert func(*From) (T, error)) ([]T, error) {
	if found == nil { // guard missing-list: false
		return nil, errors.New("the answer has no list")
	}
	items := make([]T, 0, len(found))
	for _, f := range found {
		item, err := convert(f)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// Update reads the list and brings the pages up to date. It reports whether the list changed.
//
// The pages show the list at one moment. If an item disappears between the reads of two pages, later items move
// forward, onto a page that was already read. Therefore several pages count only after a pass that finds all of them
// unchanged. Such a pass costs no quota. After an error each page still belongs to its ETag.
func (l List[Body, T]) Update(ctx context.Context, pages *[]Page[T]) (changed bool, err error) {
	for range maxPasses {
		passChanged, err := l.pass(ctx, pages)
		if err != nil {
			return changed, err
		}
		changed = changed || passChanged
		if !passChanged || len(*pages) == 1 {
			return changed, nil
		}
	}
	return changed, fmt.Errorf("%s: the list kept changing during the read; the next read tries again", l.Name)
}

// pass reads each page once and reports whether a page changed.
func (l List[Body, T]) pass(ctx context.Context, pages *[]Page[T]) (changed bool, err error) {
	seen := map[int64]bool{}
	for i := range l.MaxPages {
		var last Page[T]
		if i < len(*pages) {
			last = (*pages)[i]
		}
		page, unchanged, err := l.readPage(ctx, i+1, last)
		if err != nil { // guard unreadable-page: false
			return false, fmt.Errorf("%s, page %d: %w", l.Name, i+1, err)
		}
		if i == len(*pages) {
			*pages = append(*pages, page)
		}
		(*pages)[i] = page
		changed = changed || !unchanged
		if !hasNextPage(page, l.markSeen(seen, page)) {
			changed = changed || len(*pages) != i+1
			*pages = (*pages)[:i+1]
			return changed, nil
		}
	}
	return false, fmt.Errorf("%s: the list has more than %d pages", l.Name, l.MaxPages)
}

// readPage reads a page, unless it still has its ETag.
func (l List[Body, T]) readPage(ctx context.Context, number int, last Page[T]) (p Page[T], unchanged bool, err error) {
	var body Body
	a, err := l.Get(ctx, l.Path(number), last.etag, &body)
	if err != nil || a.Unchanged {
		return last, a.Unchanged, err
	}
	items, err := l.Decode(body)
	if err != nil {
		return Page[T]{}, false, err
	}
	return Page[T]{etag: a.ETag, hasNext: a.HasNext, Items: items}, false, nil
}

// hasNextPage reports whether there may be another page. GitHub's link to it can be missing, so a full page with new
// items counts as one with a next page. An unnecessary request costs little.
func hasNextPage[T any](p Page[T], hasNewItems bool) bool {
	return p.hasNext ||
		len(p.Items) >= PerPage && hasNewItems // guard full-page: false
}

// markSeen adds the page's items to seen and reports whether one of them is new.
func (l List[Body, T]) markSeen(seen map[int64]bool, p Page[T]) (hasNewItems bool) {
	for _, item := range p.Items {
		key := l.Key(item)
		hasNewItems = hasNewItems || !seen[key]
		seen[key] = true
	}
	return hasNewItems
}
