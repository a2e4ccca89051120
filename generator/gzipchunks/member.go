// Package gzipchunks builds gzip members out of chunks. A chunk that didn't change is copied from an earlier member
// instead of being compressed again. The package knows nothing about the content.
//
// Why it exists: the answer for 10,000 environments has 25 MB of text, and usually one row of it changes. Compressing
// all of it takes most of the time of a refresh; BenchmarkOneChange compares both ways.
package gzipchunks

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/previewset/previewset/generator/jsontext"
)

// chunk is a part of a gzip member. Its blocks may refer to the text of the chunk directly before it, and to nothing
// earlier.
type chunk struct {
	data []byte // complete blocks; the last one ends at a byte's end
	sum  uint32 // CRC-32 of the text
	size int    // of the text, in bytes
	// tail is a hash of the end of the text. The next chunk may refer to that end.
	tail [sha256.Size]byte
}

// Cache holds chunks by key. A key identifies the chunk's text and the end of the text before it.
type Cache map[string]chunk

// window is how far back a deflate block may refer, in bytes (RFC 1951).
const window = 32 << 10

// Member is a gzip member that is being built.
type Member struct {
	known    []Cache
	keep     Cache // receives this member's chunks
	chunks   []chunk
	keys     []string
	previous previous
	level    int // of compression
	zip      *flate.Writer
	to       *bytes.Buffer // receives the output of zip; nil discards it
	err      error
}

// previous describes the chunk before the next one.
type previous struct {
	write func(*jsontext.Writer) // writes its text; nil where the next chunk must not refer to it
	tail  [sha256.Size]byte
	// fillsWindow says that the compressor has just seen the chunk's text, and that the text fills the window.
	fillsWindow bool
}

// New begins a member. It takes unchanged chunks from the known caches and adds the chunks of this member to keep.
func New(level int, known []Cache, keep Cache) *Member {
	return &Member{level: level, known: known, keep: keep}
}

// Add appends a chunk. Write writes its text; it isn't called if the key is known, and it may be called again for the
// chunk behind. A chunk without a key is never kept.
func (m *Member) Add(key string, write func(*jsontext.Writer)) {
	full := key
	if key != "" {
		full = string(m.previous.tail[:]) + key
	}
	c, ok := m.keep[full]
	for i := 0; !ok && i < len(m.known); i++ {
		c, ok = m.known[i][full]
	}
	if !ok && m.err == nil {
		c, m.err = m.compress(write)
	}
	m.chunks, m.keys = append(m.chunks, c), append(m.keys, full)
	if m.previous = (previous{}); key != "" {
		m.previous = previous{write: write, tail: c.tail, fillsWindow: !ok && c.size >= window}
	}
}

// AddText appends a chunk with a constant text.
func (m *Member) AddText(t string) { m.Add(t, func(w *jsontext.Writer) { w.Text(t) }) }

func (m *Member) compress(write func(*jsontext.Writer)) (chunk, error) {
	if err := m.prime(); err != nil {
		return chunk{}, err
	}
	var b bytes.Buffer
	m.to = &b
	text := &meter{w: m.zip}
	w := jsontext.NewWriter(text)
	write(w)
	if w.Err() != nil {
		return chunk{}, w.Err()
	}
	if err := m.zip.Flush(); err != nil { // ends the block at a byte's end
		return chunk{}, err
	}
	return chunk{data: b.Bytes(), sum: text.sum, size: text.size, tail: sha256.Sum256(text.end())}, nil
}

// prime fills the compressor's window with the end of the previous chunk's text.
func (m *Member) prime() (err error) {
	switch {
	case m.zip == nil:
		m.zip, err = flate.NewWriter(sink{m}, m.level)
	case m.previous.fillsWindow:
		return nil
	default:
		m.zip.Reset(sink{m})
	}
	if err != nil || m.previous.write == nil {
		return err
	}
	text := &meter{w: io.Discard}
	w := jsontext.NewWriter(text)
	if m.previous.write(w); w.Err() != nil {
		return w.Err()
	}
	m.to = nil
	if _, err = m.zip.Write(text.end()); err != nil {
		return err
	}
	return m.zip.Flush()
}

// sink receives the output of a member's compressor.
type sink struct{ m *Member }

func (s sink) Write(b []byte) (int, error) {
	if s.m.to == nil {
		return len(b), nil
	}
	return s.m.to.Write(b)
}

// TextSize is the size of the text so far, in bytes.
func (m *Member) TextSize() (n int) {
	for _, c := range m.chunks {
		n += c.size
	}
	return n
}

// gzipHeader says: deflate, no flags, no time, unknown operating system (RFC 1952).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// Bytes returns the whole member (RFC 1952). Kept chunks become parts of it, so they need no memory of their own.
func (m *Member) Bytes() ([]byte, error) {
	if m.err != nil {
		return nil, m.err
	}
	size := 0
	for _, c := range m.chunks {
		size += len(c.data)
	}
	b := make([]byte, 0, size+len(gzipHeader)+10)
	b = append(b, gzipHeader...)
	sum, size := uint32(0), 0
	for i, c := range m.chunks {
		from := len(b)
		b = append(b, c.data...)
		sum, size = joinSums(sum, c.sum, c.size), size+c.size
		if c.data = b[from:len(b):len(b)]; m.keys[i] != "" {
			m.keep[m.keys[i]] = c
		}
	}
	b = append(b, 3, 0) // an empty last block
	b = binary.LittleEndian.AppendUint32(b, sum)
	return binary.LittleEndian.AppendUint32(b, uint32(size&0xffffffff)), nil // modulo 2^32, as the format requires
}

// meter counts and sums the text that is written through it, and remembers the text's end.
type meter struct {
	w    io.Writer
	sum  uint32
	size int
	last []byte // the end of the text: at least a window, or all of it
}

func (m *meter) Write(text []byte) (int, error) {
	m.sum, m.size = crc32.Update(m.sum, crc32.IEEETable, text), m.size+len(text)
	if m.last = append(m.last, text[max(0, len(text)-window):]...); len(m.last) > 8*window {
		m.last = m.last[:copy(m.last, m.end())]
	}
	return m.w.Write(text)
}

// end is the end of the text, at most a window.
func (m *meter) end() []byte { return m.last[max(0, len(m.last)-window):] }
