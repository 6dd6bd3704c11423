package tabular

import (
	"fmt"
	"hash/maphash"
	"io"
	"regexp"
	"slices"
	"strings"

	"reperform/english"
)

// Detection is what a source looks like.
type Detection struct {
	Format   string    `json:"format"`
	Sheet    string    `json:"sheet,omitempty"`
	Rows     int64     `json:"rows"`
	Schema   Schema    `json:"schema"`
	Warnings []Warning `json:"warnings,omitempty"`
	// Columns are what was seen in each column, in the order of the schema.
	Columns []Seen `json:"columns,omitempty"`
}

// Seen is what a column held when its source was looked at.
type Seen struct {
	// Examples are its first different values, made printable and cut.
	Examples []string `json:"examples,omitempty"`
	// Blank is the number of rows without a value.
	Blank int64 `json:"blank"`
	// Unique says that no row is without a value and, as far as was compared, no two
	// have the same. It proposes a key; only freezing tells for certain.
	Unique bool `json:"unique,omitempty"`
}

// The bounds of what is kept to show values, and to propose a key: so many different
// values of the first rows, and so many values compared, of all columns together.
const (
	seenExamples = 4
	seenRows     = 5000
	maxCompared  = 8 << 20
)

// seen gathers what a column holds. Values are compared by a hash of 64 bits: what it
// says is a proposal.
type seen struct {
	Seen
	rows   int64
	hashes map[uint64]struct{}
	closed bool
}

func (s *seen) see(value []byte, blank bool, seed maphash.Seed, compared *int64) {
	s.rows++
	if blank {
		s.Blank++
		s.hashes, s.closed = nil, true
		return
	}
	if len(s.Examples) < seenExamples && s.rows <= seenRows {
		if text := Printable(value); !slices.Contains(s.Examples, text) {
			s.Examples = append(s.Examples, text)
		}
	}
	if s.closed {
		return
	}
	if s.hashes == nil {
		s.hashes = map[uint64]struct{}{}
	}
	h := maphash.Bytes(seed, value)
	if _, twice := s.hashes[h]; twice || *compared >= maxCompared {
		s.hashes, s.closed = nil, true
		return
	}
	*compared++
	s.hashes[h] = struct{}{}
}

func (s *seen) done() Seen {
	s.Unique = !s.closed && s.rows > 0
	return s.Seen
}

// The date forms that detection tries, in the notation of strftime.
var dateForms = []string{"%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y"}

var dateLayouts = func() []*layout {
	out := make([]*layout, len(dateForms))
	for i, f := range dateForms {
		l, err := compileLayout(f)
		if err != nil {
			panic(err) // the list above is constant
		}
		out[i] = l
	}
	return out
}()

// identifierName matches names of columns that hold identifiers, which stay
// text even if every value seen is a number: an account number is not an
// amount, and next month's extract may hold one with a leading zero.
var identifierName = regexp.MustCompile(`(?i)(^|[^a-z])(id|ids|key|no|nr|num|number|code|ref|reference|account|iban|bic|ssn|sin|bsn|zip|postcode|phone|uuid|guid)$|(Id|ID|Key|No|Nr|Number|Code|Ref|Account)$`)

// guess gathers what a column's values look like.
type guess struct {
	name       string
	identifier bool

	values, nulls int64
	first         int64 // row of the first value
	integers      int64
	decimals      int64
	intDigits     int
	fracDigits    int
	leadingZero   bool
	booleans      int64
	dates         [16]int64 // values that match form i
	dateRow       [16]int64 // the first such row, preferring one that fewer forms fit
	dateValue     [16]string
	dateFits      [16]int
	anyDate       int64
	naive, zoned  int64
	naiveRow      int64
	zonedRow      int64
	oddRow        int64 // first value that is only text
	oddValue      string
	separated     int64 // numbers with separators of thousands or a decimal comma
	separatedRow  int64
	separatedLike string
	absent        Absent
}

// Absent counts the values of a column that read like a word for no value, with
// the first of them.
type Absent struct {
	Count, Row int64
	Word       string
}

// Add counts those of rows that follow.
func (a *Absent) Add(b Absent) {
	if a.Count == 0 {
		a.Row, a.Word = b.Row, b.Word
	}
	a.Count += b.Count
}

// Warning is the remark on a column of text; nil where there is nothing to say.
func (a Absent) Warning(column string) *Warning {
	if a.Count == 0 {
		return nil
	}
	return &Warning{Column: column, Row: a.Row,
		Problem: fmt.Sprintf("%s like %q and %s taken as text, so that a test for a missing value does not find %s", english.Count(a.Count, "value")+english.Choose(a.Count, " reads", " read"), a.Word, english.Choose(a.Count, "is", "are"), english.Choose(a.Count, "it", "them")),
		Remedy:  "declare the spelling of null for the column if there is no value"}
}

// separatedNumber matches how people write numbers with separators.
var separatedNumber = regexp.MustCompile(`^[+-]?(\d{1,3}([ .,'\x{a0}\x{2019}\x{202f}]\d{3})+([.,]\d+)?|\d+,\d+)$`)

// absentWords are what systems write where there is no value. Read as text they
// are values, and an expression that asks whether there is one passes on them.
var absentWords = []string{"NULL", "(NULL)", `\N`, "N/A", "#N/A", "NA", "NONE", "NIL", "NAN", "-", "--"}

// looksTyped is true if a value reads as a number, date or timestamp.
func looksTyped(value []byte) bool {
	var g guess
	g.see(value, 1)
	return g.decimals+g.anyDate+g.naive+g.zoned > 0
}

func (g *guess) see(v []byte, row int64) {
	g.values++
	if g.values == 1 {
		g.first = row
	}
	g.absent.see(v, row)
	// A column that is already known to be mixed text is not looked at in full:
	// the counts up to here suffice for a remark about stray values.
	if g.oddRow > 0 && g.values > 10_000 && g.decimals+g.anyDate+g.naive+g.zoned+g.booleans < g.values/2 {
		return
	}
	c := v[0]
	odd := true
	switch {
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
		odd = !g.seeNumber(v) && !g.seeTime(v, row)
	case c == 't' || c == 'T' || c == 'f' || c == 'F':
		if s := strings.ToLower(string(v)); len(v) <= 5 && (s == "true" || s == "false") {
			g.booleans++
			odd = false
		}
	}
	if !odd {
		return
	}
	if g.oddRow == 0 {
		g.oddRow, g.oddValue = row, Printable(v)
	}
	if c != '.' && len(v) <= 60 && separatedNumber.Match(v) {
		if g.separated++; g.separated == 1 {
			g.separatedRow, g.separatedLike = row, Printable(v)
		}
	}
}

// see looks at a value.
func (a *Absent) see(v []byte, row int64) {
	if len(v) > len("(null)") || len(v) == 0 || v[0] >= '0' && v[0] <= '9' {
		return
	}
	for _, w := range absentWords {
		if len(w) == len(v) && strings.EqualFold(w, string(v)) {
			if a.Count++; a.Count == 1 {
				a.Row, a.Word = row, string(v)
			}
			return
		}
	}
}

func (g *guess) seeNumber(v []byte) bool {
	i := 0
	if v[0] == '-' || v[0] == '+' {
		i++
	}
	start := i
	for i < len(v) && v[i]-'0' <= 9 {
		i++
	}
	whole := i - start
	frac := 0
	if i < len(v) && v[i] == '.' {
		i++
		for i < len(v) && v[i]-'0' <= 9 {
			i++
			frac++
		}
		if frac == 0 {
			return false
		}
	}
	if i != len(v) || whole+frac == 0 {
		return false
	}
	if whole > 1 && v[start] == '0' || v[0] == '+' {
		g.leadingZero = true
	}
	g.decimals++
	if frac == 0 && whole <= 18 {
		g.integers++
	}
	g.intDigits = max(g.intDigits, whole)
	g.fracDigits = max(g.fracDigits, frac)
	return true
}

func (g *guess) seeTime(v []byte, row int64) bool {
	if len(v) < 8 || len(v) > 40 {
		return false
	}
	if t, ok := parseISOTimestamp(v); ok {
		if t.hasOffset {
			g.zoned++
			if g.zonedRow == 0 {
				g.zonedRow = row
			}
		} else {
			g.naive++
			if g.naiveRow == 0 {
				g.naiveRow = row
			}
		}
		return true
	}
	if len(v) > 11 {
		return false
	}
	fits, n := [16]bool{}, 0
	if _, ok := parseISODate(v); ok {
		fits[0], n = true, 1 // no other form looks like ISO
	} else {
		for i, l := range dateLayouts[1:] {
			if _, _, ok := l.parse(v); ok {
				fits[i+1] = true
				n++
			}
		}
	}
	for i := range dateForms {
		if !fits[i] {
			continue
		}
		g.dates[i]++
		if g.dateFits[i] == 0 || n < g.dateFits[i] {
			g.dateFits[i], g.dateRow[i], g.dateValue[i] = n, row, string(v)
		}
	}
	found := n > 0
	if found {
		g.anyDate++
	}
	return found
}

// column concludes the type, with the remarks that a person should read.
func (g *guess) column() (Column, []Warning) {
	col := Column{Name: g.name, Type: Type{Kind: Text}}
	var warn []Warning
	say := func(row int64, problem, remedy string) {
		warn = append(warn, Warning{Column: g.name, Row: row, Problem: problem, Remedy: remedy})
	}
	n := g.values
	switch {
	case n == 0:
	case g.decimals == n:
		if g.leadingZero && g.identifier {
			break
		}
		if g.leadingZero {
			say(0, "numbers with leading zeros or plus signs stay text", "declare a type if they are amounts")
			break
		}
		if g.integers == n {
			if !g.identifier {
				col.Type.Kind = Integer
			}
			break
		}
		precision := g.intDigits + g.fracDigits
		switch {
		case precision <= 18:
			col.Type = Type{Kind: Decimal, Precision: 18, Scale: g.fracDigits}
		case precision <= 38:
			col.Type = Type{Kind: Decimal, Precision: 38, Scale: g.fracDigits}
		default:
			say(0, fmt.Sprintf("numbers of up to %d digits do not fit a decimal of 38 and stay text", precision), "")
		}
	case g.booleans == n:
		col.Type.Kind = Boolean
	case g.zoned == n:
		col.Type.Kind = TimestampTZ
	case g.naive == n:
		col.Type.Kind = Timestamp
	case g.naive+g.zoned == n:
		say(max(g.naiveRow, g.zonedRow), fmt.Sprintf("some timestamps have an offset from UTC (first in row %d) and some have none (first in row %d), so the column stays text", g.zonedRow, g.naiveRow), "declare type timestamptz with the zone of those without")
	case g.anyDate == n:
		g.concludeDate(&col, say)
	default:
		g.concludeMixed(say)
	}
	if w := g.absent.Warning(g.name); w != nil {
		warn = append(warn, *w)
	}
	return col, warn
}

func (g *guess) concludeDate(col *Column, say func(int64, string, string)) {
	var whole []int
	best := 0
	for i := range dateForms {
		if g.dates[i] == g.values {
			whole = append(whole, i)
		}
		if g.dates[i] > g.dates[best] {
			best = i
		}
	}
	switch len(whole) {
	case 1:
		col.Type.Kind = Date
		if whole[0] != 0 {
			col.Format = dateForms[whole[0]]
		}
	case 0:
		other := -1
		for i := range dateForms {
			if g.dates[i] > 0 && i != best && (other < 0 || g.dates[i] > g.dates[other]) {
				other = i
			}
		}
		// The rows shown are ones that only their own form can read, if any.
		say(g.dateRow[other], fmt.Sprintf("dates are written in more than one form, so the column stays text: %s as in row %d (%s), and %s as in row %d (%s)",
			dateForms[best], g.dateRow[best], g.dateValue[best], dateForms[other], g.dateRow[other], g.dateValue[other]),
			"correct the extract; a declared format would refuse the other rows")
	default:
		say(g.first, fmt.Sprintf("every date fits both %s and %s (first: %s), so the column stays text", dateForms[whole[0]], dateForms[whole[1]], g.dateValue[whole[0]]),
			"declare type date with the right format")
	}
}

func (g *guess) concludeMixed(say func(int64, string, string)) {
	if g.separated > 0 && (g.separated+g.decimals)*10 >= g.values*9 {
		say(g.separatedRow, fmt.Sprintf("numbers are written with separators (here: %q), so the column stays text", g.separatedLike), "declare type decimal with its decimal and thousands separators")
		return
	}
	for _, c := range []struct {
		count int64
		what  string
	}{{g.decimals, "numbers"}, {g.anyDate, "dates"}, {g.naive + g.zoned, "timestamps"}} {
		if c.count*10 >= g.values*9 && g.oddRow > 0 {
			say(g.oddRow, fmt.Sprintf("%d of %s %s %s, but not all (here: %q), so the column stays text", c.count, english.Count(g.values, "value"), english.Choose(c.count, "is", "are"), c.what, g.oddValue),
				"declare the type, with the spelling of null or the separators")
			return
		}
	}
}

// Detect reads a source to its end and proposes a type for each column that the
// declared schema does not name. Columns in keys stay text.
func Detect(r Reader, file string, declared Schema, keys []string) (*Detection, error) {
	names := r.Names()
	for _, c := range declared.Columns {
		if !slices.Contains(names, c.Name) {
			return nil, &InputError{File: file, Column: c.Name, Problem: "the schema declares a column that the file does not have", Remedy: "the file has: " + quoteAll(names)}
		}
	}
	guesses := make([]guess, len(names))
	skip := make([]bool, len(names))
	for i, name := range names {
		guesses[i].name = name
		guesses[i].identifier = slices.Contains(keys, name) || identifierName.MatchString(name)
		skip[i] = declared.Find(name) != nil
	}
	d := &Detection{}
	columns, seed, compared := make([]seen, len(names)), maphash.MakeSeed(), int64(0)
	var b Batch
	for {
		err := r.Read(&b)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		d.Rows += int64(b.Rows)
		for row := range b.Rows {
			for c := range names {
				v, null := b.field(row, c, len(names))
				columns[c].see(v, null || len(v) == 0, seed, &compared)
				if skip[c] {
					continue
				}
				if null || len(v) == 0 {
					guesses[c].nulls++
				} else {
					guesses[c].see(v, b.lines[row])
				}
			}
		}
	}
	d.Warnings = append(d.Warnings, r.Warnings()...)
	for i, name := range names {
		d.Columns = append(d.Columns, columns[i].done())
		if c := declared.Find(name); c != nil {
			d.Schema.Columns = append(d.Schema.Columns, *c)
			continue
		}
		c, warn := guesses[i].column()
		if slices.Contains(keys, name) {
			c = Column{Name: name, Type: Type{Kind: Text}}
			warn = nil
		}
		d.Schema.Columns = append(d.Schema.Columns, c)
		d.Warnings = append(d.Warnings, warn...)
	}
	return d, nil
}
