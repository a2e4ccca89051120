package gzipchunks

import (
	"hash/fnv"
	"io"
	"iter"
)

const (
	// entriesPerChunk is the largest average number of entries in a chunk. Larger chunks compress slightly better, but one
	// changed entry compresses its whole chunk again.
	entriesPerChunk = 32
	// chunkSize is the approximate size of a chunk's text in bytes. Rows that link to hundreds of services are large.
	chunkSize = 1 << 17
)

// Cut cuts sorted entries into groups, one group for each chunk. Only an entry's name and size decide whether a group
// ends after it, so an entry that is added or removed changes one group.
func Cut[T any](entries []T, describe func(T) (name string, size uint64)) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		from := 0
		for i := range entries {
			name, size := describe(entries[i])
			h := fnv.New32a()
			_, _ = io.WriteString(h, name) // a hash never fails
			isEnd := uint64(h.Sum32())*chunkSize>>32 < max(size, chunkSize/entriesPerChunk)
			if !isEnd && i < len(entries)-1 {
				continue
			}
			if !yield(entries[from : i+1]) {
				return
			}
			from = i + 1
		}
	}
}

// NewKey begins a chunk's key: the kind of its entries, and whether the chunk begins with a comma.
func NewKey(kind string, from int) []byte {
	if from > 0 {
		kind += ","
	}
	return []byte(kind)
}
