package tabular

import (
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// readAll reads a CSV text through this package.
func readAll(t testing.TB, content string, s Source) (names []string, rows [][]string, err error) {
	t.Helper()
	s.Path = filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(s.Path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(s)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r, err := NewReader(f, s)
	if err != nil {
		return nil, nil, err
	}
	var b Batch
	for {
		err := r.Read(&b)
		if err == io.EOF {
			return r.Names(), rows, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for row := range b.Rows {
			var cells []string
			for c := range r.Names() {
				v, _ := b.field(row, c, len(r.Names()))
				cells = append(cells, string(v))
			}
			rows = append(rows, cells)
		}
	}
}

// FuzzCSV compares with the standard library wherever both accept a text: the
// fields must be the same.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\r\n\"x\"\"y\",\"2\n3\"\r\n", "a\n\n", "a,b\n1\n", "\"a\",b\n\"\",\n", "a,b\n\"1,2\n", "a,b\n1,\xff\n"} {
		f.Add(s)
	}
	header := true
	f.Fuzz(func(t *testing.T, content string) {
		names, rows, err := readAll(t, content, Source{Delimiter: ",", Header: &header})
		if err != nil {
			var bad *InputError
			if !errors.As(err, &bad) || bad.Problem == "" || bad.Remedy == "" {
				t.Fatalf("not a clear error: %v", err)
			}
			return
		}
		std := csv.NewReader(strings.NewReader(strings.TrimPrefix(content, "\xEF\xBB\xBF")))
		want, err := std.ReadAll()
		if err != nil {
			return // it is stricter about stray quotes
		}
		if len(names) == 1 {
			return // the library skips blank lines, which are rows of one column here
		}
		// The library turns \r\n inside quotes into \n; this reader keeps it.
		same := slices.EqualFunc(append([][]string{names}, rows...), want, func(a, b []string) bool {
			return slices.EqualFunc(a, b, func(x, y string) bool { return strings.ReplaceAll(x, "\r\n", "\n") == y })
		})
		if !same {
			t.Fatalf("%q: got %q %q, the library %q", content, names, rows, want)
		}
	})
}

// TestCSVAcrossBuffers: records that straddle the reader's buffer are whole.
func TestCSVAcrossBuffers(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b,c\n")
	cell := strings.Repeat("x", 700)
	for i := range 5000 {
		b.WriteString(cell[:i%700] + ",\"" + cell[:(i*7)%700] + "\"\"\n\"," + cell[:(i*13)%700] + "\r\n")
	}
	_, rows, err := readAll(t, b.String(), Source{})
	if err != nil || len(rows) != 5000 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		if r[0] != cell[:i%700] || r[1] != cell[:(i*7)%700]+"\"\n" || r[2] != cell[:(i*13)%700] {
			t.Fatalf("row %d differs: %q", i, r)
		}
	}
}

// TestDecimals compares with exact rational numbers.
func TestDecimals(t *testing.T) {
	for _, c := range []struct {
		in      string
		p, s    int
		problem bool
	}{
		{"0", 1, 0, false}, {"-0", 1, 0, false}, {"1.50", 3, 2, false}, {"1.5", 3, 2, false}, {".5", 3, 2, false}, {"5.", 3, 2, false},
		{"1.500", 3, 2, false}, {"1.501", 3, 2, true}, {"+1", 3, 2, false}, {"12", 3, 2, true}, {"0012", 4, 2, false}, {"-12.34", 4, 2, false},
		{"99999999999999999999999999999999999999", 38, 0, false}, {"100000000000000000000000000000000000000", 38, 0, true},
		{"-99999999999999999999999999999999999.999", 38, 3, false}, {"999999999999999999999999999999999999.999", 38, 3, true},
		{"184467440737095516.15", 38, 2, false}, {"18446744073709551616", 38, 0, false}, {"1e5", 18, 2, true}, {"", 18, 2, true}, {"-", 18, 2, true},
		{".", 18, 2, true}, {"1.2.3", 18, 2, true}, {"1 000", 18, 2, true}, {"0x10", 18, 2, true}, {"١", 18, 2, true},
	} {
		n, problem := (number{point: '.'}).parseDecimal([]byte(c.in), c.p, c.s)
		if (problem != "") != c.problem {
			t.Errorf("%q as decimal(%d,%d): problem %q", c.in, c.p, c.s, problem)
			continue
		}
		if c.problem {
			continue
		}
		want, _ := new(big.Rat).SetString(strings.TrimSuffix(c.in, "."))
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.s)), nil)
		got := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(n.high), 64), new(big.Int).SetUint64(n.low))
		if new(big.Rat).SetFrac(got, scale).Cmp(want) != 0 {
			t.Errorf("%q as decimal(%d,%d): got %s", c.in, c.p, c.s, got)
		}
	}
	for in, ok := range map[string]bool{"1.234,50": true, "1.234.567": true, "12.34": false, "1234.567": false, "1.23": false, "1,2": true, "1.234": true, ".123": false} {
		if _, problem := (number{point: ',', thousands: []byte(".")}).parseDecimal([]byte(in), 18, 2); (problem == "") != ok {
			t.Errorf("%q with thousands: %q", in, problem)
		}
	}
}

// TestDates compares the calendar with the standard library's, day by day.
func TestDates(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for day.Year() < 10000 {
		n, ok := parseISODate([]byte(day.Format(time.DateOnly)))
		if !ok || n != day.Unix()/86400 {
			t.Fatalf("%s: %d", day.Format(time.DateOnly), n)
		}
		day = day.AddDate(0, 0, 13)
	}
	for _, s := range []string{"2025-02-29", "2025-13-01", "2025-00-01", "2025-1-01", "0000-01-01", "2025-01-32", "2025/01/01", "20250101", "2025-01-01 "} {
		if _, ok := parseISODate([]byte(s)); ok {
			t.Errorf("%q is no date", s)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ format, in, want string }{
		{"%d/%m/%Y", "1/2/2025", "2025-02-01T00:00:00Z"},
		{"%m/%d/%y %I:%M %p", "12/31/68 12:05 AM", "2068-12-31T00:05:00Z"},
		{"%m/%d/%y %I:%M %p", "12/31/69 12:05 pm", "1969-12-31T12:05:00Z"},
		{"%d-%b-%Y", "05-Mar-2025", "2025-03-05T00:00:00Z"},
		{"%Y%m%d%H%M%S", "20250305140509", "2025-03-05T14:05:09Z"},
		{"%Y-%m-%dT%H:%M:%S.%f%z", "2025-03-05T14:05:09.5+0100", "2025-03-05T14:05:09.5Z"},
		{"%d/%m/%Y", "1/13/2025", ""}, {"%d/%m/%Y", "1/2/25", ""}, {"%d/%m/%Y", "1/2/2025x", ""}, {"%I:%M %p %Y-%m-%d", "13:00 pm 2025-01-01", ""},
	} {
		l, err := compileLayout(c.format)
		if err != nil {
			t.Fatal(err)
		}
		_, at, ok := l.parse([]byte(c.in))
		got := ""
		if ok {
			got = time.UnixMicro(at.micros).UTC().Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%s of %q: got %q, want %q", c.format, c.in, got, c.want)
		}
	}
	for _, f := range []string{"%Y-%m", "%Q", "%", "", "%H:%M"} {
		if _, err := compileLayout(f); err == nil {
			t.Errorf("format %q was accepted", f)
		}
	}
}

func TestTypesAsText(t *testing.T) {
	for _, s := range []string{"text", "integer", "decimal(12,2)", "decimal(38,38)", "boolean", "date", "timestamp", "timestamptz"} {
		ty, err := ParseType(s)
		if err != nil || ty.String() != s {
			t.Errorf("%s: %s, %v", s, ty, err)
		}
	}
	for _, s := range []string{"", "double", "decimal", "decimal(39,2)", "decimal(2,3)", "decimal(0,0)", "decimal(12)", "decimal(12,-1)"} {
		if _, err := ParseType(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{"4111111111111111": "************1111", "1234567": "*******", "12345678": "****5678", "": "", "ünïcödés": "****ödés"} {
		if got := string(maskKeepingFour(nil, []byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSpreadsheetStyles(t *testing.T) {
	for code, want := range map[string]dateStyle{"yyyy-mm-dd": dateOnly, `d\-mmm\-yy`: dateOnly, "mmm-yy": dateOnly, "hh:mm": timeOnly, "[h]:mm": timeOnly, "yyyy-mm-dd hh:mm": dateAndTime, "0.00": noDate, "General": noDate, `#,##0.00 "days"`: noDate, `0.00;[Red]-0.00`: noDate, "[$-409]d/m/yyyy": dateOnly} {
		if got := styleOfCode(code); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
	for x, want := range map[float64]string{19.989999999999998: "19.99", 0.1 + 0.2: "0.3", 1e15: "1000000000000000", 1e-7: "0.0000001", -5: "-5", 123456789.123: "123456789.123"} {
		if got := fifteenDigits(x); got != want {
			t.Errorf("%v: got %s, want %s", x, got, want)
		}
	}
}
