package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"unicode/utf8"
)

// The container is canonical and has no slack: a magic line, the parts in
// strictly increasing order of their names, an end mark, and the SHA-256 of
// all before it. Integers are big-endian.
//
//	magic   "reperform bundle 1\n"
//	part    0x01, length of name (2 bytes), name, length of content (8 bytes), content
//	end     0x00
//	digest  32 bytes
const magic = "reperform bundle 1\n"

const (
	markEnd  = 0x00
	markPart = 0x01
)

// Limits of a container. They bound what a hostile file can make a reader
// remember; an examination comes nowhere near them.
const (
	maxName  = 255
	maxParts = 1 << 20
)

// writer writes a container.
type writer struct {
	w    io.Writer
	sum  hash.Hash
	last string
}

func newWriter(w io.Writer) (*writer, error) {
	b := &writer{w: w, sum: sha256.New()}
	_, err := b.write([]byte(magic))
	return b, err
}

func (b *writer) write(p []byte) (int, error) {
	b.sum.Write(p)
	return b.w.Write(p)
}

// part writes one part. Names must come in increasing order, and the content
// must have exactly the size given.
func (b *writer) part(name string, size int64, content io.Reader) error {
	if name <= b.last || len(name) > maxName {
		return fmt.Errorf("bundle part %q does not follow %q", name, b.last)
	}
	b.last = name
	head := []byte{markPart}
	head = binary.BigEndian.AppendUint16(head, uint16(len(name)))
	head = append(head, name...)
	head = binary.BigEndian.AppendUint64(head, uint64(size))
	if _, err := b.write(head); err != nil {
		return err
	}
	n, err := io.Copy(writerFunc(b.write), io.LimitReader(content, size+1))
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("bundle part %s has another size than the %d bytes announced", name, size)
	}
	return nil
}

func (b *writer) bytes(name string, content []byte) error {
	return b.part(name, int64(len(content)), bytes.NewReader(content))
}

// close writes the end mark and the digest, and returns the digest.
func (b *writer) close() ([]byte, error) {
	if _, err := b.write([]byte{markEnd}); err != nil {
		return nil, err
	}
	d := b.sum.Sum(nil)
	_, err := b.w.Write(d)
	return d, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// extent is where the content of a part lies in the file.
type extent struct{ offset, size int64 }

// container is an opened bundle.
type container struct {
	f     *os.File
	parts map[string]extent
	names []string
	// digest is what the file says, computed what its bytes give.
	digest, computed []byte
}

// ErrForm says that a file is not a bundle in canonical form.
var ErrForm = errors.New("not a bundle in canonical form")

// openContainer reads the whole file once: form and digest are known before any
// content is believed.
func openContainer(path string) (*container, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	c := &container{f: f, parts: map[string]extent{}}
	if err := c.scan(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c *container) close() error { return c.f.Close() }

// counted hashes and counts what it reads.
type counted struct {
	r   io.Reader
	sum hash.Hash
	n   int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	c.n += int64(n)
	return n, err
}

func (c *container) scan() error {
	info, err := c.f.Stat()
	if err != nil {
		return err
	}
	body := info.Size() - sha256.Size
	if body < int64(len(magic))+1 {
		return fmt.Errorf("%w: it is too short", ErrForm)
	}
	r := &counted{r: io.LimitReader(c.f, body), sum: sha256.New()}
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	if string(head) != magic {
		return fmt.Errorf("%w: it does not begin like one", ErrForm)
	}
	last := ""
	for {
		name, size, end, err := readHead(r)
		if err != nil {
			return err
		}
		if end {
			break
		}
		if name <= last {
			return fmt.Errorf("%w: part %q stands after %q", ErrForm, name, last)
		}
		if size > body-r.n {
			return fmt.Errorf("%w: part %q reaches beyond the file", ErrForm, name)
		}
		if len(c.parts) == maxParts {
			return fmt.Errorf("%w: it has more than %d parts", ErrForm, maxParts)
		}
		last = name
		c.parts[name] = extent{r.n, size}
		c.names = append(c.names, name)
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return fmt.Errorf("part %q: %w", name, err)
		}
	}
	if r.n != body {
		return fmt.Errorf("%w: %d bytes follow its end", ErrForm, body-r.n)
	}
	c.computed = r.sum.Sum(nil)
	c.digest = make([]byte, sha256.Size)
	_, err = c.f.ReadAt(c.digest, body)
	return err
}

func readHead(r io.Reader) (name string, size int64, end bool, err error) {
	var mark [1]byte
	if _, err = io.ReadFull(r, mark[:]); err != nil {
		return "", 0, false, fmt.Errorf("%w: it breaks off", ErrForm)
	}
	switch mark[0] {
	case markEnd:
		return "", 0, true, nil
	case markPart:
	default:
		return "", 0, false, fmt.Errorf("%w: unknown mark %#x", ErrForm, mark[0])
	}
	var n [2]byte
	if _, err = io.ReadFull(r, n[:]); err != nil {
		return "", 0, false, fmt.Errorf("%w: it breaks off", ErrForm)
	}
	if binary.BigEndian.Uint16(n[:]) > maxName {
		return "", 0, false, fmt.Errorf("%w: a part's name has %d bytes, more than %d", ErrForm, binary.BigEndian.Uint16(n[:]), maxName)
	}
	b := make([]byte, binary.BigEndian.Uint16(n[:]))
	if _, err = io.ReadFull(r, b); err != nil {
		return "", 0, false, fmt.Errorf("%w: it breaks off", ErrForm)
	}
	var s [8]byte
	if _, err = io.ReadFull(r, s[:]); err != nil {
		return "", 0, false, fmt.Errorf("%w: it breaks off", ErrForm)
	}
	size = int64(binary.BigEndian.Uint64(s[:]))
	if size < 0 || !utf8.Valid(b) {
		return "", 0, false, fmt.Errorf("%w: a part's head is damaged", ErrForm)
	}
	return string(b), size, false, nil
}

// open reads a part as a stream; ok is false when there is none of the name.
func (c *container) open(name string) (*io.SectionReader, bool) {
	e, ok := c.parts[name]
	if !ok {
		return nil, false
	}
	return io.NewSectionReader(c.f, e.offset, e.size), true
}

// maxPart bounds what is read into memory at once.
const maxPart = 1 << 30

// read reads a part whole.
func (c *container) read(name string) ([]byte, error) {
	e, ok := c.parts[name]
	if !ok {
		return nil, fmt.Errorf("the bundle has no part %s", name)
	}
	if e.size > maxPart {
		return nil, fmt.Errorf("part %s has %d bytes, more than the %d that are read at once", name, e.size, maxPart)
	}
	b := make([]byte, e.size)
	_, err := io.ReadFull(io.NewSectionReader(c.f, e.offset, e.size), b)
	return b, err
}
