package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"reperform/english"
)

// csvReader splits delimited text by RFC 4180: records end at a line feed,
// with or without a carriage return before it; a field that begins with a
// quote ends at the next single quote. It is stricter than most readers where
// leniency would lose or move data, and says so with the row.
type csvReader struct {
	src   Source
	file  *File
	in    io.Reader
	delim byte
	quote byte // 0 if quotes have no meaning
	names []string
	warn  []Warning

	buf      []byte // unread bytes are buf[pos:end]
	pos, end int
	eof      bool
	offset   int64 // bytes of text before buf[0]
	line     int64 // line on which the next record begins
	maxCell  int

	blankLines     int64
	firstBlankLine int64
	strayQuote     int64
	pending        *Batch // the first record when it turned out to be data
}

// newCSV opens a delimited text and reads its header.
func newCSV(file *File, s Source) (*csvReader, error) {
	in, err := file.text(s)
	if err != nil {
		return nil, err
	}
	r := &csvReader{src: s, file: file, in: in, quote: '"', line: 1, maxCell: s.MaxCell, buf: make([]byte, 1<<20)}
	if r.maxCell <= 0 {
		r.maxCell = DefaultMaxCell
	}
	switch s.Quote {
	case "", `"`:
	case "none":
		r.quote = 0
	default:
		if len(s.Quote) != 1 {
			return nil, r.fail(0, "", nil, "the quote must be one ASCII character", `use quote: "'" or quote: none`)
		}
		r.quote = s.Quote[0]
	}
	if err := r.fill(); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(r.buf[:r.end], []byte("\xEF\xBB\xBF")) {
		r.pos = 3
	}
	for range max(s.SkipRows, int(s.HeaderRow)-1) {
		if err := r.skipLine(); err != nil {
			return nil, err
		}
	}
	if err := r.chooseDelimiter(); err != nil {
		return nil, err
	}
	return r, r.readHeader()
}

func (r *csvReader) fail(row int64, column string, value []byte, problem, remedy string) *InputError {
	return &InputError{File: r.file.Name, Row: row, Column: column, Value: Printable(value), Problem: problem, Remedy: remedy}
}

// fill moves unread bytes to the front and reads more; it grows the buffer only
// while a single record does not fit.
func (r *csvReader) fill() error {
	if r.pos > 0 {
		copy(r.buf, r.buf[r.pos:r.end])
		r.offset += int64(r.pos)
		r.end -= r.pos
		r.pos = 0
	}
	if r.end == len(r.buf) {
		grown := make([]byte, 2*len(r.buf))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
	from := r.end
	for r.end < len(r.buf) {
		n, err := r.in.Read(r.buf[r.end:])
		r.end += n
		if err == io.EOF {
			r.eof = true
			break
		}
		if err != nil {
			problem := "the file cannot be read: " + reason(err)
			if r.file.gz != nil {
				problem = "the gzip stream is damaged or cut short: " + err.Error()
			}
			return r.fail(r.line, "", nil, problem, "transfer the file again")
		}
	}
	if i := bytes.IndexByte(r.buf[from:r.end], 0); i >= 0 {
		at := from + i
		row := r.line + int64(bytes.Count(r.buf[r.pos:at], []byte{'\n'}))
		remedy := "find out what wrote it; a text export has none"
		if r.looksUTF16() {
			remedy = "the file looks like UTF-16: say encoding: utf-16, or save it as UTF-8"
		}
		return r.fail(row, "", nil, fmt.Sprintf("there is a NUL byte at byte %d of the text", r.offset+int64(at)), remedy)
	}
	return nil
}

func (r *csvReader) looksUTF16() bool {
	head := r.buf[:min(r.end, 64)]
	return len(head) >= 4 && bytes.Count(head, []byte{0})*3 >= len(head)
}

func (r *csvReader) skipLine() error {
	for {
		if i := bytes.IndexByte(r.buf[r.pos:r.end], '\n'); i >= 0 {
			r.pos += i + 1
			r.line++
			return nil
		}
		if r.eof {
			return r.fail(r.line, "", nil, "the file ends within the rows to skip", "check skip_rows")
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// chooseDelimiter takes the declared delimiter or the candidate that gives the
// first lines the same number of fields, more than one.
func (r *csvReader) chooseDelimiter() error {
	d := r.src.Delimiter
	if d == `\t` {
		d = "\t"
	}
	if d == "" {
		if format, _ := r.src.FormatOf(); format == "tsv" {
			d = "\t"
		}
	}
	if d != "" {
		if len(d) != 1 || d == "\n" || d == "\r" || d[0] == r.quote {
			return r.fail(0, "", nil, "the delimiter must be one ASCII character other than the quote and the line end", `use delimiter: ";" or the like`)
		}
		r.delim = d[0]
		return nil
	}
	sample := r.buf[r.pos:min(r.end, r.pos+256<<10)]
	best, bestFields := byte(','), 0
	for _, candidate := range []byte{',', ';', '\t', '|'} {
		if n := consistentFields(sample, candidate, r.quote, r.eof); n > bestFields {
			best, bestFields = candidate, n
		}
	}
	r.delim = best
	return nil
}

// consistentFields returns the number of fields per record when all of the
// first hundred complete records agree on it, else the first record's count if
// that candidate splits it at all, made smaller than any agreement.
func consistentFields(sample []byte, delim, quote byte, whole bool) int {
	fields, records, count := 1, 0, -1
	inQuote, agree := false, true
	for i := 0; i < len(sample) && records < 100; i++ {
		switch c := sample[i]; {
		case quote != 0 && c == quote:
			inQuote = !inQuote
		case inQuote:
		case c == delim:
			fields++
		case c == '\n':
			if count < 0 {
				count = fields
			} else if fields != count && fields > 1 {
				agree = false
			}
			fields = 1
			records++
		}
	}
	if count < 0 && whole {
		count = fields
	}
	if count < 2 {
		return 0
	}
	if agree {
		return count * 1000
	}
	return count
}

func (r *csvReader) readHeader() error {
	var b Batch
	first, err := r.record(&b, -1)
	for err == nil && !first {
		first, err = r.record(&b, -1)
	}
	if err == io.EOF {
		return r.fail(0, "", nil, "the file has no rows, not even a header", "export it again; an extract without rows still has a header")
	}
	if err != nil {
		return err
	}
	n := len(b.spans)
	if n > MaxColumns {
		return r.fail(r.line, "", nil, fmt.Sprintf("the first row has %d fields, more than the %d supported", n, MaxColumns), "check delimiter and quote")
	}
	cells := make([]string, n)
	for i := range cells {
		value, _ := b.field(0, i, n)
		cells[i] = string(value)
	}
	header := looksLikeHeader(cells)
	if r.src.Header != nil {
		header = *r.src.Header
	}
	if !header {
		for i := range cells {
			r.names = append(r.names, fmt.Sprintf("column%d", i+1))
		}
		if r.src.Header == nil {
			r.warn = append(r.warn, Warning{Row: b.lines[0], Problem: "the first row looks like data, so columns are named column1, column2, …", Remedy: "say header: true if it names the columns"})
		}
		b.Rows = 1
		r.pending = &b
		return nil
	}
	r.names = cells
	return CheckNames(r.file.Name, "", b.lines[0], cells)
}

// CheckNames refuses names that are blank, or that differ only in case, because
// SQL could not tell them apart.
func CheckNames(file, sheet string, row int64, names []string) error {
	seen := map[string]int{}
	for i, name := range names {
		if strings.TrimSpace(name) == "" {
			return &InputError{File: file, Sheet: sheet, Row: row, Problem: fmt.Sprintf("the header of column %d is blank", i+1), Remedy: "name the column in the source"}
		}
		folded := strings.ToLower(name)
		if first, dup := seen[folded]; dup {
			return &InputError{File: file, Sheet: sheet, Row: row, Column: name, Problem: fmt.Sprintf("columns %d and %d have the same name (capital and small letters do not count)", first+1, i+1), Remedy: "rename one of them in the source"}
		}
		seen[folded] = i
	}
	return nil
}

// looksLikeHeader is true unless a cell of the first row is blank in part or
// reads as a number, a date or a boolean, which names rarely do.
func looksLikeHeader(cells []string) bool {
	for _, c := range cells {
		c = strings.TrimSpace(c)
		if c == "" {
			continue // a blank name is refused with its own message
		}
		if c[0] >= '0' && c[0] <= '9' || c[0] == '-' && len(c) > 1 && c[1] >= '0' && c[1] <= '9' {
			if looksTyped([]byte(c)) {
				return false
			}
		}
	}
	return true
}

func (r *csvReader) Names() []string { return r.names }
func (r *csvReader) Typed() bool     { return false }
func (r *csvReader) Close() error    { return r.file.Close() }

// Warnings are final after the last batch.
func (r *csvReader) Warnings() []Warning {
	out := append([]Warning(nil), r.warn...)
	if r.blankLines > 0 {
		out = append(out, Warning{Row: r.firstBlankLine, Problem: english.Count(r.blankLines, "blank line") + english.Choose(r.blankLines, " was", " were") + " skipped, this is the first"})
	}
	if r.strayQuote > 0 {
		out = append(out, Warning{Row: r.strayQuote, Problem: "a quote inside an unquoted field was read as part of the text, here for the first time", Remedy: "say quote: none if quotes have no meaning in this file"})
	}
	return out
}

func (r *csvReader) Read(b *Batch) error {
	b.Reset()
	if r.pending != nil {
		*b, r.pending = *r.pending, nil
	}
	for !b.Full() {
		got, err := r.record(b, len(r.names))
		if err == io.EOF {
			if b.Rows == 0 {
				return io.EOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if got {
			b.Rows++
		}
	}
	return nil
}

var errMore = errors.New("record continues beyond the buffer")

// record appends the next record's fields to the batch; false means that a
// blank line was skipped. want is the number of fields, -1 if not known yet.
func (r *csvReader) record(b *Batch, want int) (bool, error) {
	for {
		if r.pos == r.end {
			if r.eof {
				return false, io.EOF
			}
			if err := r.fill(); err != nil {
				return false, err
			}
			if r.pos == r.end {
				return false, io.EOF
			}
		}
		spans, data := len(b.spans), len(b.data)
		got, err := r.parse(b, want)
		if err != errMore {
			return got, err
		}
		b.spans, b.data = b.spans[:spans], b.data[:data]
		if r.end-r.pos > r.maxCell+r.maxCell*len(r.names) && r.end-r.pos > 64<<20 {
			return false, r.fail(r.line, "", nil, "the record is longer than 64 MiB", "look for a quote that is never closed")
		}
		if err := r.fill(); err != nil {
			return false, err
		}
	}
}

// parse reads one record that lies whole in the buffer.
func (r *csvReader) parse(b *Batch, want int) (bool, error) {
	buf, start := r.buf[:r.end], r.pos
	i := start
	lines := int64(0)
	fields := 0
	for {
		// One field from i on.
		if r.quote != 0 && i < len(buf) && buf[i] == r.quote {
			from := uint32(len(b.data))
			i++
			for {
				j := bytes.IndexByte(buf[i:], r.quote)
				if j < 0 {
					return false, r.unclosed(fields, i)
				}
				lines += int64(bytes.Count(buf[i:i+j], []byte{'\n'}))
				b.data = append(b.data, buf[i:i+j]...)
				i += j + 1
				if i < len(buf) && buf[i] == r.quote {
					b.data = append(b.data, r.quote)
					i++
					continue
				}
				break
			}
			if i == len(buf) && !r.eof {
				return false, errMore
			}
			b.spans = append(b.spans, span{from, uint32(len(b.data))})
		} else {
			from := i
			for i < len(buf) {
				c := buf[i]
				if c == r.delim || c == '\n' || c == '\r' {
					break
				}
				if c == r.quote && r.quote != 0 && r.strayQuote == 0 {
					r.strayQuote = r.line
				}
				i++
			}
			if i == len(buf) && !r.eof {
				return false, errMoreIf(i-from, r, fields)
			}
			at := uint32(len(b.data))
			b.data = append(b.data, buf[from:i]...)
			b.spans = append(b.spans, span{at, uint32(len(b.data))})
		}
		last := b.spans[len(b.spans)-1]
		if int(last.to-last.from) > r.maxCell {
			return false, r.tooLarge(fields, b.data[last.from:last.to])
		}
		fields++
		if i < len(buf) && buf[i] == r.delim {
			i++
			if i == len(buf) && !r.eof {
				return false, errMore
			}
			continue
		}
		break
	}
	end := i
	switch {
	case i == len(buf):
	case buf[i] == '\n':
		i++
	case buf[i] == '\r':
		if i+1 == len(buf) && !r.eof {
			return false, errMore
		}
		if i+1 < len(buf) && buf[i+1] != '\n' {
			return false, r.fail(r.line, r.columnName(fields-1), nil, "a carriage return stands inside an unquoted field", "quote such fields, or end lines with a line feed")
		}
		i = min(i+2, len(buf))
	default:
		return false, r.fail(r.line, r.columnName(fields-1), buf[i:min(i+20, len(buf))], "text follows the closing quote", "double the quotes inside a quoted field, or say quote: none")
	}
	line := r.line
	r.line += lines + 1
	r.pos = i
	if end == start && want != 1 {
		b.spans = b.spans[:len(b.spans)-1]
		if r.blankLines++; r.blankLines == 1 {
			r.firstBlankLine = line
		}
		return false, nil
	}
	if want >= 0 && fields != want {
		r.line = line
		return false, r.fail(line, "", buf[start:end], fmt.Sprintf("the row has %s and the header %d", english.Count(fields, "field"), want), "quote fields that hold the delimiter, or correct the row")
	}
	if !utf8.Valid(buf[start:end]) {
		return false, r.badEncoding(line, start, end)
	}
	b.lines = append(b.lines, line)
	return true, nil
}

func errMoreIf(length int, r *csvReader, field int) error {
	if length > r.maxCell {
		return r.tooLarge(field, nil)
	}
	return errMore
}

func (r *csvReader) columnName(i int) string {
	if i < len(r.names) {
		return r.names[i]
	}
	return ""
}

func (r *csvReader) unclosed(field, from int) error {
	if r.end-from > r.maxCell {
		return r.fail(r.line, r.columnName(field), nil, fmt.Sprintf("a cell is larger than the limit of %d bytes, or its quote is never closed", r.maxCell), "close the quote, or raise max_cell if such cells are expected")
	}
	if !r.eof {
		return errMore
	}
	return r.fail(r.line, r.columnName(field), r.buf[from:r.end], "the file ends inside a quoted field that begins in this row", "close the quote, or say quote: none")
}

func (r *csvReader) tooLarge(field int, value []byte) error {
	return r.fail(r.line, r.columnName(field), value, fmt.Sprintf("a cell is larger than the limit of %d bytes", r.maxCell), "look for a missing quote or line end, or raise max_cell if such cells are expected")
}

func (r *csvReader) badEncoding(line int64, start, end int) error {
	i := start
	for i < end {
		c, size := utf8.DecodeRune(r.buf[i:end])
		if c == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	return r.fail(line, "", r.buf[max(start, i-20):min(end, i+20)], fmt.Sprintf("byte %d of the text (0x%02X) is not UTF-8", r.offset+int64(i), r.buf[i]), "say encoding: latin-1 (or windows-1252) if that is what wrote it, or save it as UTF-8")
}
