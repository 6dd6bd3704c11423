package tabular

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"reperform/population/duck"
)

// Action is what happens to a column before anything is stored.
type Action string

// The actions of a transform.
const (
	Keep      Action = "keep"
	Drop      Action = "drop"
	Mask      Action = "mask"       // every character but the last four becomes *
	MaskAll   Action = "mask_all"   // the value becomes ****
	KeyedHash Action = "keyed_hash" // HMAC-SHA256 of the value's bytes in hex
)

// Transform changes a column on its way in. The result of a mask or a keyed
// hash is text, whatever the column was.
type Transform struct {
	Column string `json:"column"`
	Action Action `json:"action"`
	// KeyID names the key of a keyed hash for the record; the key itself is
	// never recorded.
	KeyID string `json:"key_id,omitempty"`
}

// Output is one column of the frozen form.
type Output struct {
	Name string
	Type Type
}

// Columns holds the converted values of a batch, column by column.
type Columns struct {
	Rows int
	cols []columnData
	err  error
	// Twice lists the first row whose clock reading was shown twice, per column.
	twice []int64
	// absent counts, per column of text, the words for no value that are not
	// declared as such.
	absent []Absent
}

type columnData struct {
	null []bool
	any  bool
	ints []int64
	huge []duck.Int128
	data []byte
	ends []uint32
}

// Converter turns batches into typed columns. It may be used by several
// goroutines at once, because it is not changed by use.
type Converter struct {
	file, sheet string
	width       int // columns of the source
	typed       bool
	outputs     []Output
	plans       []plan
}

type plan struct {
	source   int
	column   Column
	action   Action
	key      []byte
	nulls    [][]byte
	num      number
	layout   *layout
	zone     *time.Location
	engine   duck.Type
	physical Type
}

// NewConverter prepares the conversion of a source with the given column names
// under a complete schema (a declaration for each of them).
func NewConverter(file, sheet string, names []string, typed bool, schema Schema, transforms []Transform, key []byte) (*Converter, error) {
	c := &Converter{file: file, sheet: sheet, width: len(names), typed: typed}
	bad := func(column, problem, remedy string) error {
		return &InputError{File: file, Sheet: sheet, Column: column, Problem: problem, Remedy: remedy}
	}
	for _, declared := range schema.Columns {
		if !slices.Contains(names, declared.Name) {
			return nil, bad(declared.Name, "the schema declares a column that the file does not have", "the file has: "+quoteAll(names))
		}
	}
	actions := map[string]Transform{}
	for _, t := range transforms {
		if !slices.Contains(names, t.Column) {
			return nil, bad(t.Column, "a transform names a column that the file does not have", "the file has: "+quoteAll(names))
		}
		if _, twice := actions[t.Column]; twice {
			return nil, bad(t.Column, "two transforms name the same column", "leave one")
		}
		switch t.Action {
		case Keep, Drop, Mask, MaskAll:
		case KeyedHash:
			if len(key) < 16 {
				return nil, bad(t.Column, "a keyed hash needs a key of at least 16 bytes", "pass the key")
			}
		default:
			return nil, bad(t.Column, fmt.Sprintf("the transform %q is not known", t.Action), "use keep, drop, mask, mask_all or keyed_hash")
		}
		actions[t.Column] = t
	}
	for i, name := range names {
		declared := schema.Find(name)
		if declared == nil {
			return nil, bad(name, "the column has no type", "declare it, or let it be detected")
		}
		p := plan{source: i, column: *declared, action: actions[name].Action, key: key, physical: declared.Type}
		if p.action == Drop {
			continue
		}
		if err := p.prepare(); err != nil {
			return nil, bad(name, err.Error(), "correct the column's declaration")
		}
		c.plans = append(c.plans, p)
		c.outputs = append(c.outputs, Output{Name: name, Type: p.physical})
	}
	if len(c.plans) == 0 {
		return nil, bad("", "every column is dropped", "keep at least one")
	}
	return c, nil
}

func quoteAll(names []string) string {
	quoted := make([]string, 0, len(names))
	for _, n := range names {
		quoted = append(quoted, fmt.Sprintf("%q", n))
		if len(quoted) == 20 && len(names) > 20 {
			quoted = append(quoted, "…")
			break
		}
	}
	return strings.Join(quoted, ", ")
}

func (p *plan) prepare() error {
	for _, n := range p.column.Nulls {
		p.nulls = append(p.nulls, []byte(n))
	}
	p.num.point = '.'
	if d := p.column.Decimal; d != "" {
		if len(d) != 1 {
			return fmt.Errorf("the decimal separator %q is not one character", d)
		}
		p.num.point = d[0]
	}
	p.num.thousands = []byte(p.column.Thousands)
	if p.column.Thousands != "" && p.column.Thousands[0] == p.num.point {
		return fmt.Errorf("decimal and thousands separator are the same")
	}
	if p.column.Format != "" {
		switch p.column.Type.Kind {
		case Date, Timestamp, TimestampTZ:
		default:
			return fmt.Errorf("a format is for dates and timestamps, not for %s", p.column.Type)
		}
		l, err := compileLayout(p.column.Format)
		if err != nil {
			return err
		}
		p.layout = l
	}
	if p.column.Zone != "" {
		if p.column.Type.Kind != TimestampTZ {
			return fmt.Errorf("a zone makes a column an instant: its type must be timestamptz")
		}
		zone, err := time.LoadLocation(p.column.Zone)
		if err != nil || p.column.Zone == "Local" {
			return fmt.Errorf("the time zone %q is not known; use an IANA name such as Europe/Amsterdam", p.column.Zone)
		}
		p.zone = zone
	}
	if p.action == Mask || p.action == MaskAll || p.action == KeyedHash {
		p.physical = Type{Kind: Text}
	}
	p.engine = EngineType(p.physical)
	return nil
}

// EngineType is the engine's type for one of the closed set.
func EngineType(t Type) duck.Type {
	switch t.Kind {
	case Integer:
		return duck.Type{Kind: duck.Int64, Name: "BIGINT"}
	case Decimal:
		return duck.Type{Kind: duck.Decimal, Width: uint8(t.Precision), Scale: uint8(t.Scale), Name: fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)}
	case Boolean:
		return duck.Type{Kind: duck.Bool, Name: "BOOLEAN"}
	case Date:
		return duck.Type{Kind: duck.Date, Name: "DATE"}
	case Timestamp:
		return duck.Type{Kind: duck.Timestamp, Name: "TIMESTAMP"}
	case TimestampTZ:
		return duck.Type{Kind: duck.TimestampTZ, Name: "TIMESTAMP WITH TIME ZONE"}
	}
	return duck.Type{Kind: duck.Varchar, Name: "VARCHAR"}
}

// Outputs are the columns of the frozen form.
func (c *Converter) Outputs() []Output { return c.outputs }

// EngineColumns are the same for the engine.
func (c *Converter) EngineColumns() []duck.Column {
	out := make([]duck.Column, len(c.plans))
	for i, p := range c.plans {
		out[i] = duck.Column{Name: c.outputs[i].Name, Type: p.engine}
	}
	return out
}

// Convert fills out from the batch. An error is kept in out, so that batches
// converted side by side report theirs in the file's order.
func (c *Converter) Convert(b *Batch, out *Columns) {
	out.Rows, out.err = b.Rows, nil
	if len(out.cols) != len(c.plans) {
		out.cols = make([]columnData, len(c.plans))
		out.twice = make([]int64, len(c.plans))
		out.absent = make([]Absent, len(c.plans))
	}
	for i := range c.plans {
		out.twice[i], out.absent[i] = 0, Absent{}
		if err := c.column(&c.plans[i], b, &out.cols[i], &out.twice[i], &out.absent[i]); err != nil && (out.err == nil || err.Row < out.err.(*InputError).Row) {
			out.err = err
		}
	}
}

// Absent counts, for each output, the words for no value that were taken as text.
func (o *Columns) Absent() []Absent { return o.absent }

// Err is the first refused value of the batch.
func (o *Columns) Err() error { return o.err }

func (c *Converter) column(p *plan, b *Batch, out *columnData, twice *int64, absent *Absent) *InputError {
	out.any = false
	if cap(out.null) < BatchRows {
		out.null = make([]bool, BatchRows)
	}
	out.null = out.null[:b.Rows]
	clear(out.null)
	wide := p.physical.Kind == Decimal && p.physical.Precision > 18
	switch {
	case p.physical.Kind == Text:
		out.data, out.ends = out.data[:0], out.ends[:0]
	case wide:
		out.huge = slices.Grow(out.huge[:0], BatchRows)[:b.Rows]
	default:
		out.ints = slices.Grow(out.ints[:0], BatchRows)[:b.Rows]
	}
	for row := range b.Rows {
		value, null := b.field(row, p.source, c.width)
		null = null || p.isNull(value, c.typed)
		if null {
			if p.column.Required {
				return c.refuse(b, row, p, nil, "a required column is blank", "complete the row in the source")
			}
			out.null[row] = true
			out.any = true
			switch {
			case p.physical.Kind == Text:
				out.ends = append(out.ends, uint32(len(out.data)))
			case wide:
				out.huge[row] = duck.Int128{}
			default:
				out.ints[row] = 0
			}
			continue
		}
		if p.column.Type.Kind == Text {
			absent.see(value, b.Line(row))
		}
		if p.physical.Kind == Text {
			out.data = p.appendText(out.data, value)
			out.ends = append(out.ends, uint32(len(out.data)))
			continue
		}
		if wide {
			n, problem := p.num.parseDecimal(value, p.physical.Precision, p.physical.Scale)
			if problem != "" {
				return c.refuse(b, row, p, value, problem+" "+p.physical.String(), p.numberRemedy())
			}
			out.huge[row] = duck.Int128{Low: n.low, High: n.high}
			continue
		}
		n, problem, remedy := p.parse(value, twice, b, row)
		if problem != "" {
			return c.refuse(b, row, p, value, problem, remedy)
		}
		out.ints[row] = n
	}
	return nil
}

func (c *Converter) refuse(b *Batch, row int, p *plan, value []byte, problem, remedy string) *InputError {
	if p.action != "" && p.action != Keep {
		value = nil // a value that is not to be stored is not to be shown
	}
	return &InputError{File: c.file, Sheet: c.sheet, Row: b.Line(row), Column: p.column.Name, Value: Printable(value), Problem: problem, Remedy: remedy}
}

func (p *plan) isNull(value []byte, typed bool) bool {
	if len(value) == 0 && !(typed && p.column.Type.Kind == Text) {
		return true
	}
	for _, n := range p.nulls {
		if bytes.Equal(n, value) {
			return true
		}
	}
	return false
}

func (p *plan) appendText(dst, value []byte) []byte {
	switch p.action {
	case Mask:
		return maskKeepingFour(dst, value)
	case MaskAll:
		return append(dst, "****"...)
	case KeyedHash:
		mac := hmac.New(sha256.New, p.key)
		mac.Write(value)
		var sum [sha256.Size]byte
		return hex.AppendEncode(dst, mac.Sum(sum[:0]))
	}
	return append(dst, value...)
}

// maskKeepingFour keeps the last four characters of values that have at least
// eight; a shorter value would be shown by half or more, so nothing is kept.
func maskKeepingFour(dst, value []byte) []byte {
	n := utf8.RuneCount(value)
	keep := 4
	if n < 8 {
		keep = 0
	}
	for i := 0; i < n-keep; i++ {
		dst = append(dst, '*')
		_, size := utf8.DecodeRune(value)
		value = value[size:]
	}
	return append(dst, value...)
}

func (p *plan) numberRemedy() string {
	if p.column.Decimal == "" && p.column.Thousands == "" {
		return "correct the value, or declare decimal and thousands separators, null spellings or type text"
	}
	return "correct the value, or declare its spelling of null or type text"
}

func (p *plan) parse(value []byte, twice *int64, b *Batch, row int) (n int64, problem, remedy string) {
	const dateRemedy = "correct the value, or declare the column's format, its spelling of null or type text"
	switch p.physical.Kind {
	case Integer:
		if len(p.num.thousands) > 0 {
			d, problem := p.num.parseDecimal(value, 18, 0)
			return int64(d.low), problem, p.numberRemedy()
		}
		n, problem = parseInteger(value)
		return n, problem, p.numberRemedy()
	case Decimal:
		d, problem := p.num.parseDecimal(value, p.physical.Precision, p.physical.Scale)
		if problem != "" {
			problem += " " + p.physical.String()
		}
		return int64(d.low), problem, p.numberRemedy()
	case Boolean:
		truth, ok := parseBoolean(value)
		if !ok {
			return 0, "this is not a boolean", "use true or false, yes or no, 1 or 0, or declare type text"
		}
		if truth {
			return 1, "", ""
		}
		return 0, "", ""
	case Date:
		if p.layout == nil {
			days, ok := parseISODate(value)
			if !ok {
				return 0, "this is not a date of the form YYYY-MM-DD", dateRemedy
			}
			return days, "", ""
		}
		days, t, ok := p.layout.parse(value)
		if !ok {
			return 0, "this is not a date of the form " + p.layout.source, dateRemedy
		}
		if t.micros != days*86400e6 {
			return 0, "the value has a time of day, which a date would lose", "declare the column a timestamp"
		}
		return days, "", ""
	}
	var t instant
	var ok bool
	form := "YYYY-MM-DD HH:MM:SS with at most six places of seconds"
	if p.layout == nil {
		t, ok = parseISOTimestamp(value)
	} else {
		form = p.layout.source
		_, t, ok = p.layout.parse(value)
	}
	if !ok {
		return 0, "this is not a timestamp of the form " + form, dateRemedy
	}
	if p.physical.Kind == Timestamp {
		if t.hasOffset {
			return 0, "the timestamp has an offset from UTC, which the type would lose", "declare the column timestamptz"
		}
		return t.micros, "", ""
	}
	if t.hasOffset {
		return t.micros - int64(t.offset)*1e6, "", ""
	}
	if p.zone == nil {
		return 0, "the timestamp does not say its offset from UTC", "declare the column's zone, such as Europe/Amsterdam"
	}
	utc, both, ok := inZone(t.micros, p.zone)
	if !ok {
		return 0, "the clocks of " + p.column.Zone + " skipped this time", "correct the value or the zone"
	}
	if both && *twice == 0 {
		*twice = b.Line(row)
	}
	return utc, "", ""
}

func parseBoolean(s []byte) (truth, ok bool) {
	switch strings.ToLower(string(s)) {
	case "true", "t", "yes", "y", "1":
		return true, true
	case "false", "f", "no", "n", "0":
		return false, true
	}
	return false, false
}

// Twice returns, for each output, the first row of the batch whose clock
// reading the zone showed twice, or 0.
func (o *Columns) Twice() []int64 { return o.twice }

// Put writes the columns into a chunk of the engine.
func (c *Converter) Put(o *Columns, w *duck.Writer) {
	for i := range c.plans {
		d := &o.cols[i]
		switch {
		case c.plans[i].physical.Kind == Text:
			w.Texts(i, d.data, d.ends)
		case c.plans[i].physical.Kind == Decimal && c.plans[i].physical.Precision > 18:
			w.Huge(i, d.huge)
		default:
			w.Ints(i, d.ints)
		}
		if d.any {
			w.Nulls(i, d.null)
		}
	}
}
