package tabular

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonlReader reads JSON lines: one object a line. Numbers keep their digits,
// because they are never turned into floating point; nested values become their
// JSON text.
type jsonlReader struct {
	src     Source
	file    *File
	in      *bufio.Reader
	names   []string
	index   map[string]int
	line    int64
	maxCell int
	buf     []byte
}

// newJSONL opens JSON lines. The columns are those of all objects in the order
// of their first appearance, so the file is read once before its rows are.
func newJSONL(file *File, s Source) (*jsonlReader, error) {
	first, err := OpenFile(s)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	scan := &jsonlReader{src: s, file: first, index: map[string]int{}}
	if err := scan.open(); err != nil {
		return nil, err
	}
	for {
		fields, err := scan.object()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			if _, known := scan.index[f.name]; !known {
				scan.index[f.name] = len(scan.names)
				scan.names = append(scan.names, f.name)
			}
		}
		if len(scan.names) > MaxColumns {
			return nil, scan.fail(nil, fmt.Sprintf("the objects have more than %d different members", MaxColumns), "check the extract")
		}
	}
	if len(scan.names) == 0 {
		return nil, &InputError{File: file.Name, Problem: "the file holds no object with members", Remedy: "export it again"}
	}
	if err := CheckNames(file.Name, "", 0, scan.names); err != nil {
		return nil, err
	}
	r := &jsonlReader{src: s, file: file, names: scan.names, index: scan.index}
	return r, r.open()
}

func (r *jsonlReader) open() error {
	in, err := r.file.text(r.src)
	if err != nil {
		return err
	}
	r.maxCell = r.src.MaxCell
	if r.maxCell <= 0 {
		r.maxCell = DefaultMaxCell
	}
	r.in = bufio.NewReaderSize(in, 256<<10)
	if head, _ := r.in.Peek(3); bytes.Equal(head, []byte("\xEF\xBB\xBF")) {
		_, _ = r.in.Discard(3)
	}
	return nil
}

func (r *jsonlReader) fail(value []byte, problem, remedy string) *InputError {
	return &InputError{File: r.file.Name, Row: r.line, Value: Printable(value), Problem: problem, Remedy: remedy}
}

type member struct {
	name  string
	value []byte // nil is null
}

// readLine returns the next line that is not blank, without its end.
func (r *jsonlReader) readLine() ([]byte, error) {
	for {
		r.buf = r.buf[:0]
		r.line++
		for {
			part, err := r.in.ReadSlice('\n')
			r.buf = append(r.buf, part...)
			if err == nil {
				break
			}
			if err == io.EOF {
				if len(r.buf) == 0 {
					return nil, io.EOF
				}
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return nil, r.fail(nil, "the file cannot be read: "+err.Error(), "transfer the file again")
			}
			if len(r.buf) > 64<<20 {
				return nil, r.fail(nil, "the line is longer than 64 MiB", "write one object a line")
			}
		}
		line := bytes.TrimSpace(r.buf)
		if len(line) == 0 {
			continue
		}
		if !utf8.Valid(line) {
			return nil, r.fail(line, "the line is not UTF-8", "say encoding: latin-1 if that is what wrote it, or save it as UTF-8")
		}
		return line, nil
	}
}

// object reads one line's members.
func (r *jsonlReader) object() ([]member, error) {
	line, err := r.readLine()
	if err != nil {
		return nil, err
	}
	if line[0] == '[' && r.line == 1 {
		return nil, r.fail(line, "this is a JSON array, not one object a line", "write JSON lines: with jq, jq -c '.[]'")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	bad := func(err error) error {
		return r.fail(line, "the line is not one JSON object: "+err.Error(), "write one object a line")
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		if err == nil {
			err = errors.New("it does not begin with {")
		}
		return nil, bad(err)
	}
	var fields []member
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, bad(err)
		}
		name, _ := t.(string)
		if seen[name] {
			return nil, r.fail(nil, fmt.Sprintf("the member %q occurs twice", name), "correct the extract")
		}
		seen[name] = true
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, bad(err)
		}
		value, err := scalar(raw)
		if err != nil {
			return nil, bad(err)
		}
		if len(value) > r.maxCell {
			return nil, &InputError{File: r.file.Name, Row: r.line, Column: name, Problem: fmt.Sprintf("a cell is larger than the limit of %d bytes", r.maxCell), Remedy: "raise max_cell if such cells are expected"}
		}
		if bytes.IndexByte(value, 0) >= 0 {
			return nil, &InputError{File: r.file.Name, Row: r.line, Column: name, Problem: "the text holds a NUL character", Remedy: "find out what wrote it; a text export has none"}
		}
		fields = append(fields, member{name, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, bad(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad(errors.New("text follows the object"))
	}
	return fields, nil
}

// scalar is a value's text: a string's characters, a number's digits, or the
// JSON of anything nested; nil for null.
func scalar(raw []byte) ([]byte, error) {
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return nil, nil
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		return append([]byte{}, s...), nil
	case raw[0] == '{' || raw[0] == '[':
		var b bytes.Buffer
		err := json.Compact(&b, raw)
		return b.Bytes(), err
	}
	return raw, nil
}

func (r *jsonlReader) Names() []string     { return r.names }
func (r *jsonlReader) Typed() bool         { return true }
func (r *jsonlReader) Warnings() []Warning { return nil }
func (r *jsonlReader) Close() error        { return r.file.Close() }

func (r *jsonlReader) Read(b *Batch) error {
	b.Reset()
	for !b.Full() {
		fields, err := r.object()
		if err == io.EOF {
			if b.Rows == 0 {
				return io.EOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		b.Begin(len(r.names), r.line)
		for _, f := range fields {
			if i, known := r.index[f.name]; known && f.value != nil {
				b.Set(i, len(r.names), f.value)
			}
		}
	}
	return nil
}
