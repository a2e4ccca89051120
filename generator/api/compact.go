package api

import (
	"encoding/json"
	"errors"
	"reflect"
)

const (
	// maxKeptValue bounds each kept field of a webhook's body in bytes, maxKept all of them. A pull request without its
	// long texts has about 20 KB.
	maxKeptValue = 48 << 10
	maxKept      = 3 * maxKeptValue
	// maxKeptString bounds each kept string in bytes. Longer ones are cut: only texts for people are so long.
	maxKeptString = 1 << 10
	// maxKey bounds the compared part of a key in bytes.
	maxKey = 64
)

// errNotJSON says that a body isn't a JSON object.
var errNotJSON = errors.New("not a JSON object")

// compactor is a writer that keeps the fields of an event from a webhook's body, and forgets the rest at once. So the
// body of an unknown sender needs no memory until its signature is checked.
type compactor struct {
	kept       []byte // the kept fields: {"key":value,"key":value
	valueStart int    // of the present value in kept, with its key; 0 outside of a kept value

	depth     int
	key       []byte // the present key of the object
	expectKey bool   // the next string of the object is a key
	isKey     bool   // the present string is one
	inString  bool
	escaped   int  // characters that still belong to an escape sequence
	isCut     bool // the rest of the string isn't kept
	length    int  // of the present string
	ended     bool
	invalid   bool
}

// eventKeys are the keys of an event.
var eventKeys = func() map[string]bool {
	keys := map[string]bool{}
	for f := range reflect.TypeFor[event]().Fields() {
		keys[f.Tag.Get("json")] = true
	}
	return keys
}()

// Write implements io.Writer. It never fails.
func (c *compactor) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case c.invalid:
			return len(p), nil
		case c.inString:
			c.stringByte(b)
		default:
			c.structureByte(b)
		}
	}
	return len(p), nil
}

// stringByte takes a byte of a string.
func (c *compactor) stringByte(b byte) {
	if c.escaped == 0 && c.length >= maxKeptString {
		c.isCut = true // never inside of an escape sequence
	}
	switch {
	case c.escaped == 1 && b == 'u':
		c.escaped = 4
	case c.escaped > 0:
		c.escaped--
	case b == '\\':
		c.escaped = 1
	case b == '"':
		c.inString = false
		if !c.isKey {
			c.keep(b)
		}
		return
	}
	c.length++
	switch {
	case c.isKey && len(c.key) < maxKey:
		c.key = append(c.key, b)
	case !c.isKey && !c.isCut:
		c.keep(b)
	}
}

// structureByte takes a byte outside of strings.
func (c *compactor) structureByte(b byte) {
	isSpace := b == ' ' || b == '\t' || b == '\r' || b == '\n'
	if isSpace {
		return
	}
	if c.ended || c.depth == 0 && b != '{' {
		c.invalid = true
		return
	}
	switch b {
	case '"':
		c.inString, c.length, c.escaped, c.isCut = true, 0, 0, false
		c.isKey = c.depth == 1 && c.expectKey
		if c.isKey {
			c.key = c.key[:0]
			return
		}
	case '{', '[':
		c.depth++
		c.expectKey = c.depth == 1
		if c.depth == 1 {
			return
		}
	case '}', ']':
		c.depth--
		if c.depth == 0 {
			c.ended, c.valueStart = true, 0
			return
		}
	case ':':
		if c.depth == 1 {
			c.beginValue()
			return
		}
	case ',':
		if c.depth == 1 {
			c.expectKey, c.valueStart = true, 0
			return
		}
	}
	c.keep(b)
}

// beginValue begins the value of the present key.
func (c *compactor) beginValue() {
	c.expectKey = false
	if !eventKeys[string(c.key)] || len(c.kept) >= maxKept {
		return
	}
	separator := byte(',')
	if len(c.kept) == 0 {
		separator = '{'
	}
	c.valueStart = len(c.kept) + 1
	c.kept = append(append(append(c.kept, separator, '"'), c.key...), '"', ':')
}

// keep adds a byte to the kept value. A value that is too large is dropped with its key.
func (c *compactor) keep(b byte) {
	if c.valueStart == 0 {
		return
	}
	if len(c.kept) >= min(maxKept, c.valueStart+maxKeptValue) {
		c.kept, c.valueStart = c.kept[:c.valueStart-1], 0
		return
	}
	c.kept = append(c.kept, b)
}

// event returns the event of a complete body.
func (c *compactor) event() (e event, err error) {
	if c.invalid || !c.ended {
		return e, errNotJSON
	}
	if len(c.kept) == 0 {
		return e, nil
	}
	return e, json.Unmarshal(append(c.kept, '}'), &e)
}
