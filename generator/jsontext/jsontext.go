// Package jsontext writes large JSON documents part by part, so that the whole text is never in memory at once.
package jsontext

import (
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes parts of a JSON document. After the first failure it writes nothing more; Err returns that failure.
type Writer struct {
	w   io.Writer
	err error
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Err is the first failure, or nil.
func (w *Writer) Err() error { return w.err }

// Text writes a text as it is.
func (w *Writer) Text(t string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.w, t)
	}
}

// Bytes writes bytes as they are.
func (w *Writer) Bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

// Comma separates list entries: it writes a comma before every entry except entry 0.
func (w *Writer) Comma(i int) {
	if i > 0 {
		w.Text(",")
	}
}

// JSON writes a value as JSON.
func (w *Writer) JSON(v any) {
	b, err := json.Marshal(v)
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("encode JSON: %w", err)
	}
	w.Bytes(b)
}
