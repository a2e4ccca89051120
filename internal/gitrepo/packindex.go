package gitrepo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// packLimits bound the memory and the time that one pack may take.
type packLimits struct {
	pack     int64 // bytes that the server sends
	inflated int64 // bytes of all objects, which are inflated but not all kept
	kept     int64 // bytes of the objects that are kept
	object   int64 // bytes of one object that is read; larger ones are left out
	blob     int64 // bytes of one file that is kept; larger ones are left out
	objects  int
}

// serviceLimits fit into the memory limit of the generator, which is 512 MiB by default.
var serviceLimits = packLimits{
	pack: 48 << 20, inflated: 1 << 30, kept: 48 << 20, object: 8 << 20, blob: 1 << 20, objects: 200_000,
}

// tooLarge is the error for a commit above a limit.
func tooLarge(limit string, args ...any) error {
	return fmt.Errorf("%w: it has more than %s; remove large files, or keep the configuration in a repository of its own",
		ErrTooLarge, fmt.Sprintf(limit, args...))
}

// packObject is an object in a pack.
type packObject struct {
	offset int64
	kind   plumbing.ObjectType
	size   int64 // of the object itself, also if the pack has only a difference to its base
}

// packIndex has the objects of a pack, without their content.
type packIndex struct {
	roots    []packObject // objects that need no other one
	byOffset map[int64][]packObject
	byHash   map[plumbing.Hash][]packObject
}

// readAllOf reads a pack, at most limit bytes.
func readAllOf(r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = tooLarge("%d MiB packed", limit>>20)
	}
	return content, err
}

// indexPack reads the headers of all objects. It inflates every object to find the next one, and keeps nothing.
func indexPack(content []byte, limits packLimits) (*packIndex, error) {
	scanner := packfile.NewScanner(bytes.NewReader(content))
	_, count, err := scanner.Header()
	if err != nil {
		return nil, err
	}
	if int64(count) > int64(limits.objects) {
		return nil, tooLarge("%d objects", limits.objects)
	}
	index := &packIndex{byOffset: map[int64][]packObject{}, byHash: map[plumbing.Hash][]packObject{}}
	left := limits.inflated
	for range count {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return nil, err
		}
		if left -= header.Length; left < 0 {
			return nil, tooLarge("%d MiB", limits.inflated>>20)
		}
		var start prefix
		if _, _, err := scanner.NextObject(&start); err != nil {
			return nil, err
		}
		size := index.add(header, start)
		if left -= size; size > limits.object {
			left += size // it won't be read
		}
		if left < 0 {
			return nil, tooLarge("%d MiB", limits.inflated>>20)
		}
	}
	return index, nil
}

// add adds an object and returns the size of an object that a difference makes.
func (x *packIndex) add(header *packfile.ObjectHeader, start prefix) (size int64) {
	o := packObject{offset: header.Offset, kind: header.Type, size: header.Length}
	switch header.Type {
	case plumbing.OFSDeltaObject:
		o.size = start.targetSize()
		x.byOffset[header.OffsetReference] = append(x.byOffset[header.OffsetReference], o)
	case plumbing.REFDeltaObject:
		o.size = start.targetSize()
		x.byHash[header.Reference] = append(x.byHash[header.Reference], o)
	default:
		x.roots = append(x.roots, o)
		return 0
	}
	return o.size
}

// prefix keeps the first bytes that are written to it.
type prefix struct {
	bytes [2 * binary.MaxVarintLen64]byte
	n     int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.bytes[p.n:], b)
	return len(b), nil
}

// targetSize reads the second number of a difference: the size of the object that it makes.
func (p *prefix) targetSize() int64 {
	_, n := binary.Uvarint(p.bytes[:p.n])
	if n <= 0 {
		return 0
	}
	size, _ := binary.Uvarint(p.bytes[n:p.n])
	return int64(min(size, 1<<40))
}
