package generator

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"io"
	"iter"
)

const (
	// perPiece is how many environments a piece has on average, at the most. More of them compress a little better, and take
	// longer to compress again when one changes.
	perPiece = 32
	// pieceSize is how much text that may be, about, in bytes: with links to hundreds of services rows are large.
	pieceSize = 1 << 17
)

// cut cuts environments into pieces by their names and sizes alone, so that one that comes or goes changes one piece.
func cut[T any](all []T, about func(T) (name string, size uint64)) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		from := 0
		for i := range all {
			name, size := about(all[i])
			h := fnv.New32a()
			_, _ = io.WriteString(h, name) // a hash takes everything
			if ends := uint64(h.Sum32())*pieceSize>>32 < max(size, pieceSize/perPiece); !ends && i < len(all)-1 {
				continue
			}
			if !yield(all[from : i+1]) {
				return
			}
			from = i + 1
		}
	}
}

// piece is a part of a gzip member. Its blocks may refer to the text of the piece before it, and to nothing before that.
type piece struct {
	data []byte // blocks that end where a byte does
	sum  uint32 // CRC-32 of its text
	size int    // of its text
	// tail is a hash of the end of its text, which the piece behind may refer to.
	tail [sha256.Size]byte
}

// pieces are those of a member or more, by keys that say what is in them, and what stands before.
type pieces map[string]piece

// window is how far back a block of deflate may refer, in bytes (RFC 1951).
const window = 32 << 10

// member is a gzip member that is put together out of pieces. With an answer of 25 MB of which one row changes, compressing
// takes most of the time; so pieces are taken over from members before.
type member struct {
	known  []pieces
	keep   pieces // takes those of this member
	pieces []piece
	keys   []string
	last   before
	level  int // of compression
	zip    *flate.Writer
	to     *bytes.Buffer // what zip writes to; nil is nowhere
	err    error
}

// before is the piece before the next one.
type before struct {
	write func(*stickyWriter) // nil where nothing is to be known of it
	tail  [sha256.Size]byte
	// fills says that the compressor has just seen its text, and that it fills the window.
	fills bool
}

// add adds a piece. Write writes its text, unless a piece of that key is known; it may be called again for the piece behind.
// One without a key is kept by nobody.
func (m *member) add(key string, write func(*stickyWriter)) {
	full := key
	if key != "" {
		full = string(m.last.tail[:]) + key
	}
	p, ok := m.keep[full]
	for i := 0; !ok && i < len(m.known); i++ {
		p, ok = m.known[i][full]
	}
	if !ok && m.err == nil {
		p, m.err = m.compress(write)
	}
	m.pieces, m.keys = append(m.pieces, p), append(m.keys, full)
	if m.last = (before{}); key != "" {
		m.last = before{write: write, tail: p.tail, fills: !ok && p.size >= window}
	}
}

// newKey begins a key: of what the entries are, and whether a comma stands before the first one.
func newKey(of string, from int) []byte {
	if from > 0 {
		of += ","
	}
	return []byte(of)
}

// text adds a piece of a constant text.
func (m *member) text(t string) { m.add(t, func(w *stickyWriter) { w.text(t) }) }

func (m *member) compress(write func(*stickyWriter)) (piece, error) {
	if err := m.prime(); err != nil {
		return piece{}, err
	}
	var b bytes.Buffer
	m.to = &b
	text := &summed{w: m.zip}
	w := &stickyWriter{w: text}
	write(w)
	if w.err == nil {
		w.err = m.zip.Flush() // ends the block where a byte ends
	}
	return piece{data: b.Bytes(), sum: text.sum, size: text.size, tail: sha256.Sum256(text.end())}, w.err
}

// prime makes the compressor's window the text of the piece before, as far as that reaches.
func (m *member) prime() (err error) {
	switch {
	case m.zip == nil:
		m.zip, err = flate.NewWriter(sink{m}, m.level)
	case m.last.fills:
		return nil
	default:
		m.zip.Reset(sink{m})
	}
	if err != nil || m.last.write == nil {
		return err
	}
	text := &summed{w: io.Discard}
	w := &stickyWriter{w: text}
	if m.last.write(w); w.err != nil {
		return w.err
	}
	m.to = nil
	w.w = m.zip
	w.bytes(text.end())
	if w.err == nil {
		w.err = m.zip.Flush()
	}
	return w.err
}

// sink is where a member's compressor writes.
type sink struct{ m *member }

func (s sink) Write(b []byte) (int, error) {
	if s.m.to == nil {
		return len(b), nil
	}
	return s.m.to.Write(b)
}

// size is that of its text, in bytes.
func (m *member) size() (n int) {
	for _, p := range m.pieces {
		n += p.size
	}
	return n
}

// gzipHeader says: deflate, no flags, no time, unknown system.
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// bytes are the whole member (RFC 1952). The pieces that are kept are then parts of it, and take no memory of their own.
func (m *member) bytes() ([]byte, error) {
	if m.err != nil {
		return nil, m.err
	}
	size := 0
	for _, p := range m.pieces {
		size += len(p.data)
	}
	b := make([]byte, 0, size+len(gzipHeader)+10)
	b = append(b, gzipHeader...)
	sum, size := uint32(0), 0
	for i, p := range m.pieces {
		from := len(b)
		b = append(b, p.data...)
		sum, size = joinSums(sum, p.sum, p.size), size+p.size
		if p.data = b[from:len(b):len(b)]; m.keys[i] != "" {
			m.keep[m.keys[i]] = p
		}
	}
	b = append(b, 3, 0) // an empty block, the last one
	b = binary.LittleEndian.AppendUint32(b, sum)
	return binary.LittleEndian.AppendUint32(b, uint32(size&0xffffffff)), nil // modulo 2^32, as the format has it
}

// summed counts and sums what is written, and remembers its end.
type summed struct {
	w    io.Writer
	sum  uint32
	size int
	last []byte // a window or more of what was written last, if that is so much
}

func (s *summed) Write(text []byte) (int, error) {
	s.sum, s.size = crc32.Update(s.sum, crc32.IEEETable, text), s.size+len(text)
	if s.last = append(s.last, text[max(0, len(text)-window):]...); len(s.last) > 8*window {
		s.last = s.last[:copy(s.last, s.end())]
	}
	return s.w.Write(text)
}

// end is what was written last, as far as the window reaches.
func (s *summed) end() []byte { return s.last[max(0, len(s.last)-window):] }

// joinSums is the CRC-32 of two texts, one after the other, of their sums and the second one's length: the first sum, as a
// polynomial over GF(2), times x to the power of so many bits, plus the second.
func joinSums(a, b uint32, size int) uint32 {
	power := uint32(1) << 23 // x^8; the highest bit is that of x^0
	for n := size; n > 0; n >>= 1 {
		if n&1 != 0 {
			a = multiply(a, power)
		}
		power = multiply(power, power)
	}
	return a ^ b
}

// multiply multiplies two polynomials modulo that of CRC-32.
func multiply(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a>>31 != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}
