package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gin-contrib/sse"
	"github.com/gin-gonic/gin"
)

// The events of a stream.
const (
	// eventPut has an item that is new or has changed.
	eventPut = "put"
	// eventDelete has the fields that identify an item that is gone.
	eventDelete = "delete"
	// eventSynced says that the client has the whole list. Its ID is the list's version.
	eventSynced = "synced"
)

// watcher knows what a client has of a list.
type watcher struct {
	lister
	chosen selection
	// has is the hash and the identity of each item that the client has, by key.
	has map[string]sent
	// version is the version of the list that the client has.
	version string
}

// sent is an item that a client has.
type sent struct {
	hash     [sha256.Size]byte
	identity json.RawMessage
}

// watchList answers a stream of changes. It begins with the whole list, unless the client has it in this version.
func (a *API) watchList(c *gin.Context, l lister, chosen selection) {
	w := &watcher{lister: l, chosen: chosen, version: c.GetHeader("Last-Event-ID")}
	version := func() string {
		number := 0
		if p := a.Service.Published(); p != nil {
			number = p.Number
		}
		return fmt.Sprintf("%d-%d", number, a.Watch.Changes())
	}
	who := callerOf(c)
	a.streams.Serve(c, cmp.Or(who.name, "the API token"), version, func() []sse.Event {
		events, err := w.changes()
		if err != nil {
			_ = c.Error(err)
			return nil
		}
		return events
	})
}

// changes returns the events since the last call, and takes the client to have them.
func (w *watcher) changes() ([]sse.Event, error) {
	all, ok := w.items()
	if !ok { // the client keeps what it has
		return nil, nil
	}
	var events []sse.Event
	now, version := make(map[string]sent, len(all)), sha256.New()
	for _, i := range all {
		text, s, err := w.encode(i)
		if err != nil {
			return nil, err
		}
		if w.has[i.key].hash != s.hash {
			events = append(events, sse.Event{Event: eventPut, Data: string(text)})
		}
		now[i.key] = s
		version.Write(s.hash[:]) // a hash never fails
	}
	id := hex.EncodeToString(version.Sum(nil)[:16])
	isFirst := w.has == nil
	for _, key := range slices.Sorted(maps.Keys(w.has)) {
		if _, stays := now[key]; !stays {
			events = append(events, sse.Event{Event: eventDelete, Data: string(w.has[key].identity)})
		}
	}
	isSame := id == w.version
	w.has, w.version = now, id
	switch {
	case isSame && isFirst:
		return []sse.Event{{Event: eventSynced, Id: id, Data: "{}"}}, nil
	case isSame:
		return nil, nil
	}
	return append(events, sse.Event{Event: eventSynced, Id: id, Data: "{}"}), nil
}

func (w *watcher) encode(i item) (text json.RawMessage, s sent, err error) {
	whole, err := json.Marshal(i.value)
	if err != nil {
		return nil, s, fmt.Errorf("encode an item: %w", err)
	}
	if text, err = w.chosen.cut(whole); err != nil {
		return nil, s, err
	}
	identity := selection{}
	for _, name := range w.identity {
		identity[name] = nil
	}
	if s.identity, err = identity.cut(whole); err != nil {
		return nil, s, err
	}
	s.hash = sha256.Sum256(bytes.TrimSpace(text))
	return text, s, nil
}
