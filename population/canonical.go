package population

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// The canonical form of a population, version 1 (CANONICAL.md has the same with
// an example):
//
//	value       = 0x00                                  if NULL
//	            | 0x01 length text                      otherwise
//	text        = UTF-8: text verbatim; integers in decimal digits; decimals with
//	              exactly their scale's places; true or false; dates YYYY-MM-DD;
//	              timestamps YYYY-MM-DDTHH:MM:SS.ffffff, instants in UTC with a Z
//	length      = number of bytes of text, 4 bytes, big-endian
//	row         = the values in the columns' order
//	row hash    = SHA-256(0x00 row)
//	header      = "reperform population 1\n", then for each column
//	              length name length type, type in its text form
//	header hash = SHA-256(0x01 header)
//	population  = SHA-256(header hash, then all row hashes, sorted as bytes)
const canonicalMagic = "reperform population 1\n"

func appendLengthed(dst, text []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text)))
	return append(dst, text...)
}

// headerHash is the hash of the columns' names and types.
func headerHash(columns []FrozenField) [sha256.Size]byte {
	b := []byte{1}
	b = append(b, canonicalMagic...)
	for _, c := range columns {
		b = appendLengthed(b, []byte(c.Name))
		b = appendLengthed(b, []byte(c.Type.String()))
	}
	return sha256.Sum256(b)
}

// rowHashes collects row hashes in any order and yields the hash over them
// sorted. It holds at most memoryHashes in memory and puts more into one file
// for each first byte, so that a population of any size is sorted in pieces.
type rowHashes struct {
	dir    string
	count  int64
	memory [][sha256.Size]byte
	files  []*os.File
	outs   []*bufio.Writer
}

const memoryHashes = 1 << 20

func (h *rowHashes) add(sum [sha256.Size]byte) error {
	h.count++
	h.memory = append(h.memory, sum)
	if len(h.memory) < memoryHashes {
		return nil
	}
	return h.spill()
}

func (h *rowHashes) spill() error {
	if h.files == nil {
		for i := range 256 {
			f, err := os.OpenFile(filepath.Join(h.dir, fmt.Sprintf("rowhash-%02x", i)), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
			if err != nil {
				return err
			}
			h.files = append(h.files, f)
			h.outs = append(h.outs, bufio.NewWriterSize(f, 32<<10))
		}
	}
	for i := range h.memory {
		if _, err := h.outs[h.memory[i][0]].Write(h.memory[i][:]); err != nil {
			return err
		}
	}
	h.memory = h.memory[:0]
	return nil
}

// sum returns the population hash in hex and removes what was spilled.
func (h *rowHashes) sum(header [sha256.Size]byte) (string, error) {
	defer h.close()
	out := sha256.New()
	out.Write(header[:])
	if h.files == nil {
		writeSorted(out, h.memory)
		return hex.EncodeToString(out.Sum(nil)), nil
	}
	if err := h.spill(); err != nil {
		return "", err
	}
	for i, f := range h.files {
		if err := h.outs[i].Flush(); err != nil {
			return "", err
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return "", err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		bucket := slices.Grow(h.memory[:0], int(size/sha256.Size))[:size/sha256.Size]
		in := bufio.NewReaderSize(f, 256<<10)
		for j := range bucket {
			if _, err := io.ReadFull(in, bucket[j][:]); err != nil {
				return "", err
			}
		}
		writeSorted(out, bucket)
		h.memory = bucket[:0]
	}
	return hex.EncodeToString(out.Sum(nil)), nil
}

func writeSorted(out hash.Hash, sums [][sha256.Size]byte) {
	slices.SortFunc(sums, func(a, b [sha256.Size]byte) int {
		x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return bytes.Compare(a[8:], b[8:])
	})
	for i := range sums {
		out.Write(sums[i][:])
	}
}

func (h *rowHashes) close() {
	for _, f := range h.files {
		f.Close()
		os.Remove(f.Name())
	}
	h.files, h.outs, h.memory = nil, nil, nil
}
