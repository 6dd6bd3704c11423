package typst

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

const (
	woffHeaderSize = 44
	woffEntrySize  = 20
	sfntHeaderSize = 12
	sfntEntrySize  = 16
	maxFontSize    = 64 << 20
)

// unpackWOFF restores the OpenType font inside a WOFF 1.0 file, as its W3C
// Recommendation of 2012 describes: the same tables, each compressed on its
// own. Typst reads OpenType only; the files of the fonts' makers stay as they
// are.
func unpackWOFF(b []byte) ([]byte, error) {
	if len(b) < woffHeaderSize {
		return nil, errors.New("the WOFF header is cut off")
	}
	be := binary.BigEndian
	count := int(be.Uint16(b[12:]))
	total := be.Uint32(b[16:])
	if count == 0 || len(b) < woffHeaderSize+count*woffEntrySize || total > maxFontSize {
		return nil, fmt.Errorf("a WOFF file of %d bytes cannot hold %d tables and unpack to %d bytes", len(b), count, total)
	}

	type table struct {
		tag, checksum uint32
		position      uint32 // in the WOFF file, to keep the tables' order
		data          []byte
	}
	tables := make([]table, count)
	budget := uint64(maxFontSize)
	for i := range tables {
		e := b[woffHeaderSize+i*woffEntrySize:]
		offset, packed, size := be.Uint32(e[4:]), be.Uint32(e[8:]), be.Uint32(e[12:])
		if uint64(offset)+uint64(packed) > uint64(len(b)) || packed > size || uint64(size) > budget {
			return nil, fmt.Errorf("WOFF table %q lies outside the file", e[:4])
		}
		budget -= uint64(size)
		data, err := inflate(b[offset:offset+packed], size)
		if err != nil {
			return nil, fmt.Errorf("WOFF table %q: %w", e[:4], err)
		}
		tables[i] = table{tag: be.Uint32(e), checksum: be.Uint32(e[16:]), position: offset, data: data}
	}

	// The directory is sorted by tag, as in the WOFF; the data follow in the
	// order in which they were packed, which is the original font's.
	power := bits.Len16(uint16(count)) - 1
	searchRange := uint16(1) << power * 16
	out := make([]byte, sfntHeaderSize+count*sfntEntrySize, total)
	copy(out, b[4:8])
	be.PutUint16(out[4:], uint16(count))
	be.PutUint16(out[6:], searchRange)
	be.PutUint16(out[8:], uint16(power))
	be.PutUint16(out[10:], uint16(count)*16-searchRange)

	order := make([]int, count)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(tables[x].position, tables[y].position) })
	for _, i := range order {
		t := tables[i]
		e := out[sfntHeaderSize+i*sfntEntrySize:]
		be.PutUint32(e, t.tag)
		be.PutUint32(e[4:], t.checksum)
		be.PutUint32(e[8:], uint32(len(out)))
		be.PutUint32(e[12:], uint32(len(t.data)))
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	if uint32(len(out)) != total {
		return nil, fmt.Errorf("the WOFF header promises %d bytes, the tables make %d", total, len(out))
	}
	return out, nil
}

// inflate unpacks one table. A table is stored plain when packing would not
// have made it smaller.
func inflate(packed []byte, size uint32) ([]byte, error) {
	if uint32(len(packed)) == size {
		return packed, nil
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil {
		return nil, err
	}
	if uint32(len(data)) != size {
		return nil, fmt.Errorf("%d bytes instead of %d", len(data), size)
	}
	return data, nil
}
