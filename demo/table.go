package demo

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// table writes one extract as delimited text. Fields are appended in order
// and end closes the row; errors are kept and returned by close. Nothing is
// quoted: no value of this package holds a separator.
type table struct {
	cal    *calendar
	name   string
	file   *os.File
	sum    hash.Hash
	size   int64
	gz     *gzip.Writer
	w      *bufio.Writer
	row    []byte
	sep    byte
	eol    string
	rows   int64
	totals map[string]int64
	err    error
}

// newTable opens an extract and writes its header; columns are separated as
// the file is. A name ending in .gz is compressed.
func newTable(cal *calendar, dir, name string, sep byte, header string) (*table, error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	t := &table{cal: cal, name: name, file: f, sum: sha256.New(), sep: sep, eol: "\n", totals: map[string]int64{}}
	var out io.Writer = t
	if strings.HasSuffix(name, ".gz") {
		// The level is fixed: the bytes of the extract are pinned by a test.
		if t.gz, err = gzip.NewWriterLevel(t, gzip.BestSpeed); err != nil {
			f.Close()
			return nil, err
		}
		out = t.gz
	}
	t.w = bufio.NewWriterSize(out, 256<<10)
	if header != "" {
		_, t.err = t.w.WriteString(strings.ReplaceAll(header, ",", string(sep)) + t.eol)
	}
	return t, nil
}

// Write receives the file's final bytes, compressed ones included.
func (t *table) Write(p []byte) (int, error) {
	t.sum.Write(p)
	n, err := t.file.Write(p)
	t.size += int64(n)
	return n, err
}

// text appends a field as it is.
func (t *table) text(s string) { t.row = append(append(t.row, s...), t.sep) }

// number appends a whole number.
func (t *table) number(n int64) { t.row = append(strconv.AppendInt(t.row, n, 10), t.sep) }

// code appends a letter and a number padded with zeros, such as R000123.
func (t *table) code(prefix string, n int64, width int) {
	t.row = append(appendCode(t.row, prefix, n, width), t.sep)
}

func appendCode(b []byte, prefix string, n int64, width int) []byte {
	b = append(b, prefix...)
	start := len(b)
	b = strconv.AppendInt(b, n, 10)
	for len(b)-start < width {
		b = append(b, 0)
		copy(b[start+1:], b[start:])
		b[start] = '0'
	}
	return b
}

// codeOf is appendCode as a string, for keys.
func codeOf(prefix string, n int64, width int) string {
	return string(appendCode(nil, prefix, n, width))
}

// cents appends an amount of cents with two decimals.
func (t *table) cents(n int64) { t.row = append(appendCents(t.row, n), t.sep) }

func appendCents(b []byte, n int64) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/100, 10)
	return append(b, '.', byte('0'+n/10%10), byte('0'+n%10))
}

// grouped appends an amount of cents with commas between thousands.
func (t *table) grouped(n int64) {
	plain := string(appendCents(nil, n))
	whole, fraction, _ := strings.Cut(plain, ".")
	sign := ""
	if whole[0] == '-' {
		sign, whole = "-", whole[1:]
	}
	t.row = append(t.row, sign...)
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			t.row = append(t.row, ',')
		}
		t.row = append(t.row, whole[i])
	}
	t.row = append(append(append(t.row, '.'), fraction...), t.sep)
}

// date appends a day as 2025-01-31.
func (t *table) date(d int) { t.text(t.cal.date(d)) }

// moment appends a local time without a zone.
func (t *table) moment(s int64) { t.row = append(appendMoment(t.row, t.cal, s, ' '), t.sep) }

func appendMoment(b []byte, cal *calendar, s int64, between byte) []byte {
	d := int(s / daySeconds)
	s -= int64(d) * daySeconds
	if s < 0 {
		d, s = d-1, s+daySeconds
	}
	b = append(append(b, cal.date(d)...), between)
	h, m, sec := s/3600, s/60%60, s%60
	return append(b, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+sec/10), byte('0'+sec%10))
}

// universal appends a local moment as an instant in universal time.
func (t *table) universal(s int64) {
	t.row = append(append(appendMoment(t.row, t.cal, s+offset(s), 'T'), 'Z'), t.sep)
}

// offsetTime appends a local moment with its offset from universal time.
func (t *table) offsetTime(s int64) {
	zone := "-06:00"
	if offset(s) == 5*3600 {
		zone = "-05:00"
	}
	t.row = append(append(appendMoment(t.row, t.cal, s, 'T'), zone...), t.sep)
}

// end closes the row.
func (t *table) end() {
	if t.err == nil {
		t.row = append(t.row[:len(t.row)-1], t.eol...)
		_, t.err = t.w.Write(t.row)
	}
	t.row = t.row[:0]
	t.rows++
}

// line writes a row that was built elsewhere, without its end.
func (t *table) line(b []byte) {
	t.row = append(append(t.row[:0], b...), t.sep)
	t.end()
}

// add counts an amount of cents towards a column's control total.
func (t *table) add(column string, cents int64) { t.totals[column] += cents }

// close finishes the file and describes it.
func (t *table) close() (FileManifest, error) {
	if err := t.w.Flush(); t.err == nil {
		t.err = err
	}
	if t.gz != nil {
		if err := t.gz.Close(); t.err == nil {
			t.err = err
		}
	}
	if err := t.file.Close(); t.err == nil {
		t.err = err
	}
	m := FileManifest{Name: t.name, Rows: t.rows, Bytes: t.size, SHA256: hex.EncodeToString(t.sum.Sum(nil)), Totals: map[string]string{}}
	for column, cents := range t.totals {
		m.Totals[column] = string(appendCents(nil, cents))
	}
	return m, t.err
}
