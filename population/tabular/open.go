package tabular

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// File is an opened source: its bytes are hashed as they are read.
type File struct {
	Name string
	Size int64

	f      *os.File
	sum    hash.Hash
	tee    io.Reader
	offset atomic.Int64
	gz     *gzip.Reader
}

// displayName is what messages call the source.
func (s Source) displayName() string {
	if s.Name != "" {
		return s.Name
	}
	return filepath.Base(s.Path)
}

// FormatOf returns the source's format: what it declares, or what the
// extension of its name says.
func (s Source) FormatOf() (string, error) {
	format := strings.ToLower(s.Format)
	if format == "" {
		name := strings.ToLower(strings.TrimSuffix(strings.ToLower(s.displayName()), ".gz"))
		format = strings.TrimPrefix(filepath.Ext(name), ".")
	}
	switch format {
	case "csv", "tsv", "jsonl", "parquet", "xlsx":
		return format, nil
	case "ndjson":
		return "jsonl", nil
	case "txt":
		return "csv", nil
	}
	return "", &InputError{File: s.displayName(), Problem: "the file's format is not known",
		Remedy: "say format: csv, tsv, jsonl, parquet or xlsx"}
}

// OpenFile opens the source and prepares its decoded stream.
func OpenFile(s Source) (*File, error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, &InputError{File: s.displayName(), Problem: "the file cannot be opened: " + reason(err), Remedy: "check the path and its permissions"}
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, &InputError{File: s.displayName(), Problem: "this is not a regular file", Remedy: "name a file"}
	}
	o := &File{Name: s.displayName(), Size: info.Size(), f: f, sum: sha256.New()}
	o.tee = io.TeeReader(f, counter{o})
	return o, nil
}

func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

type counter struct{ o *File }

func (c counter) Write(p []byte) (int, error) {
	c.o.offset.Add(int64(len(p)))
	return c.o.sum.Write(p)
}

// Offset is the number of bytes read so far, for progress.
func (o *File) Offset() int64 { return o.offset.Load() }

// text returns the decompressed and decoded text of the file.
func (o *File) text(s Source) (io.Reader, error) {
	buffered := bufio.NewReaderSize(o.tee, 256<<10)
	var r io.Reader = buffered
	head, _ := buffered.Peek(4)
	if len(head) == 0 {
		return nil, &InputError{File: o.Name, Problem: "the file is empty", Remedy: "export it again; an extract without rows still has a header"}
	}
	if len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b {
		gz, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, &InputError{File: o.Name, Problem: "the gzip header is damaged", Remedy: "transfer the file again"}
		}
		o.gz = gz
		inner := bufio.NewReaderSize(gz, 256<<10)
		head, err = inner.Peek(4)
		if len(head) == 0 {
			if err != nil && err != io.EOF {
				return nil, &InputError{File: o.Name, Problem: "the gzip stream is damaged or cut short", Remedy: "transfer the file again"}
			}
			return nil, &InputError{File: o.Name, Problem: "the compressed file is empty", Remedy: "export it again; an extract without rows still has a header"}
		}
		r = inner
	}
	switch {
	case len(head) >= 2 && head[0] == 'P' && head[1] == 'K':
		return nil, &InputError{File: o.Name, Problem: "this is a zip archive (or a workbook), not text", Remedy: "say format: xlsx, or unpack it first"}
	case string(head) == "PAR1":
		return nil, &InputError{File: o.Name, Problem: "this is a Parquet file, not text", Remedy: "say format: parquet"}
	case len(head) >= 4 && head[0] == 0xD0 && head[1] == 0xCF && head[2] == 0x11 && head[3] == 0xE0:
		return nil, &InputError{File: o.Name, Problem: "this is an old or encrypted Office file, not text", Remedy: "save it as an unprotected .xlsx or as CSV"}
	}
	switch strings.ToLower(s.Encoding) {
	case "", "utf-8", "utf8":
		if len(head) >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF) {
			return nil, &InputError{File: o.Name, Problem: "the file is encoded in UTF-16 (byte order mark at byte 0)", Remedy: "say encoding: utf-16, or save it as UTF-8"}
		}
		return r, nil
	case "latin-1", "latin1", "iso-8859-1":
		return transform.NewReader(r, charmap.ISO8859_1.NewDecoder()), nil
	case "windows-1252", "cp1252":
		return transform.NewReader(r, charmap.Windows1252.NewDecoder()), nil
	case "utf-16", "utf16":
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), nil
	}
	return nil, &InputError{File: o.Name, Problem: "the encoding " + s.Encoding + " is not known", Remedy: "use utf-8, latin-1, windows-1252 or utf-16"}
}

// Finish reads what is left, so that the hash covers the file's every byte,
// and returns the SHA-256 of the file as given, in hex.
func (o *File) Finish() (string, error) {
	if _, err := io.Copy(io.Discard, o.tee); err != nil {
		return "", &InputError{File: o.Name, Problem: "the file cannot be read to its end: " + reason(err), Remedy: "check the disk"}
	}
	return hex.EncodeToString(o.sum.Sum(nil)), nil
}

// Close closes the file.
func (o *File) Close() error { return o.f.Close() }
