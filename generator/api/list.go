package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/httpserver"
)

// MaxLimit is the largest page of a list.
const MaxLimit = 1000

// item is an item of a list. Items are sorted by key, and each key exists once.
type item struct {
	key   string
	value any
}

// lister answers a list: as a whole, in pages, or as a stream of events.
type lister struct {
	// kind is the type of the items. Its identity fields are in every answer, whichever fields the client chooses.
	kind     reflect.Type
	identity []string
	// items returns the items of the snapshot that is served now; ok is false if there is none.
	items func() (all []item, ok bool)
	// answer returns the body of an answer with these items.
	answer func(items []any, next string) any
}

// listAnswer is the body of an answer with a page of a list.
func listAnswer(name string, items []any, next string) gin.H {
	body := gin.H{name: items}
	if next != "" {
		body["continue"] = next
	}
	return body
}

// page says which part of a list a client wants.
type page struct {
	limit int    // 0 for all items
	after string // the key of the last item of the page before
}

// serve answers a request for a list.
func (a *API) serve(c *gin.Context, l lister) {
	p, err := pageOf(c)
	var chosen selection
	if err == nil {
		chosen, err = selectionOf(l.kind, l.identity, c.Query("fields"))
	}
	isWatch := false
	if err == nil {
		isWatch, err = isWatched(c, p)
	}
	if err != nil {
		httpserver.Fail(c, http.StatusBadRequest, "%s", err)
		return
	}
	if a.published(c) == nil {
		return
	}
	if isWatch {
		a.watchList(c, l, chosen)
		return
	}
	all, _ := l.items()
	some, next := p.of(all)
	values := make([]any, len(some))
	for i := range some {
		if values[i], err = chosen.of(some[i].value); err != nil {
			_ = c.Error(err)
			return
		}
	}
	c.JSON(http.StatusOK, l.answer(values, next))
}

// pageOf reads limit and continue.
func pageOf(c *gin.Context) (p page, err error) {
	if text, isSet := c.GetQuery("limit"); isSet {
		if p.limit, err = strconv.Atoi(text); err != nil || p.limit < 1 || p.limit > MaxLimit {
			return p, fmt.Errorf("limit: expected a number from 1 to %d", MaxLimit)
		}
	}
	if text, isSet := c.GetQuery("continue"); isSet {
		key, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || text == "" {
			return p, errors.New("continue: expected the value of continue in the answer before")
		}
		p.after = string(key)
	}
	return p, nil
}

func isWatched(c *gin.Context, p page) (bool, error) {
	text, isSet := c.GetQuery("watch")
	if !isSet {
		return false, nil
	}
	isWatch, err := strconv.ParseBool(text)
	switch {
	case err != nil:
		return false, errors.New("watch: expected true or false")
	case isWatch && p != page{}:
		return false, errors.New("watch: a stream has the whole list; leave out limit and continue")
	}
	return isWatch, nil
}

// of returns a page of a sorted list, and the value of continue for the next one; "" after the last one. A page begins
// behind a key, so a change of the list between two pages neither repeats nor skips an item that stays.
func (p page) of(all []item) (some []item, next string) {
	first := sort.Search(len(all), func(i int) bool { return all[i].key > p.after })
	if p.after == "" {
		first = 0
	}
	some = all[first:]
	if p.limit == 0 || len(some) <= p.limit {
		return some, ""
	}
	some = some[:p.limit]
	return some, base64.RawURLEncoding.EncodeToString([]byte(some[p.limit-1].key))
}

// distinct makes the keys of a sorted list distinct.
func distinct(items []item) []item {
	same := 0
	for i := 1; i < len(items); i++ {
		if base, _, _ := strings.Cut(items[i-1].key, repeated); items[i].key != base {
			same = 0
			continue
		}
		same++
		items[i].key += fmt.Sprintf("%s%06d", repeated, same)
	}
	return items
}

// repeated separates a key from the number of its repetition. No name contains this character.
const repeated = "\x01"
