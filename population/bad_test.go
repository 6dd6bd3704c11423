package population

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func gzipped(s string, keep float64) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	w.Close()
	return b.String()[:int(float64(b.Len())*keep)]
}

// workbook builds a small .xlsx of one sheet.
func workbook(rows, after string) string {
	return workbookSharing(`<si><t>id</t></si><si><t>amount</t></si><si><t>day</t></si><si><r><t>00</t></r><r><t>7</t></r><rPh><t>no</t></rPh></si>`, rows, after)
}

// workbookSharing is workbook with the texts that its cells share.
func workbookSharing(texts, rows, after string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range [][2]string{
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + texts + `</sst>`},
		{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="170" formatCode="yyyy\-mm\-dd hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="4"/></cellXfs></styleSheet>`},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData>` + after + `</worksheet>`},
	} {
		w, err := z.Create(p[0])
		if err != nil {
			panic(err)
		}
		_, _ = w.Write([]byte(p[1]))
	}
	z.Close()
	return b.String()
}

const sheetHeader = `<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="s"><v>2</v></c></row>`

// TestWorkbooksMadeToExhaust are refused before they are unpacked.
func TestWorkbooksMadeToExhaust(t *testing.T) {
	e := newEngine(t)
	begin := time.Now()
	for want, content := range map[string]string{
		"its texts take":              workbookSharing(strings.Repeat("<si><t/></si>", 2_000_000), sheetHeader, ""),
		"it shares more than 8388608": workbookSharing(`</sst><sst uniqueCount="18000000"><si><t>id</t></si>`, sheetHeader, ""),
	} {
		_, err := e.Import(context.Background(), ImportRequest{Source: Source{Path: writeFile(t, "x.xlsx", content)}, Zone: "UTC", Output: filepath.Join(t.TempDir(), "f.parquet")})
		if err == nil || !strings.Contains(err.Error(), "the workbook is too large: "+want) || !strings.Contains(err.Error(), "export the sheet as CSV") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("it took %s", d)
	}
}

// TestBadInput: each broken file is refused with file, row, column and value,
// says what to do, and leaves nothing behind.
func TestBadInput(t *testing.T) {
	e := newEngine(t)
	amounts := mustSchema(t, "id text", "amount decimal(12,2)")
	days := mustSchema(t, "id text", "day date")
	for _, c := range []struct {
		name, file, content string
		schema              Schema
		change              func(*ImportRequest)
		row                 int64
		column              string
		want                string
	}{
		{"too few fields", "x.csv", "a,b\n1,2\n3\n", Schema{}, nil, 3, "", "1 field and the header 2"},
		{"too many fields", "x.csv", "a,b\n1,2\n3,4,5\n", Schema{}, nil, 3, "", "3 fields and the header 2"},
		{"row number after a quoted line end", "x.csv", "a,b\n\"x\ny\",2\n3\n", Schema{}, nil, 4, "", "1 field"},
		{"latin-1", "x.csv", "a,b\nZo\xeb,2\n", Schema{}, nil, 2, "", "byte 6 of the text (0xEB) is not UTF-8"},
		{"utf-16", "x.csv", "\xff\xfea\x00,\x00b\x00\n\x00", Schema{}, nil, 0, "", "UTF-16"},
		{"utf-16 without mark", "x.csv", "a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", Schema{}, nil, 1, "", "encoding: utf-16"},
		{"NUL", "x.csv", "a,b\n1,2\n3,\x004\n", Schema{}, nil, 3, "", "NUL byte at byte 10"},
		{"unknown encoding", "x.csv", "a,b\n", Schema{}, func(q *ImportRequest) { q.Source.Encoding = "ebcdic" }, 0, "", "not known"},
		{"number with separators", "x.csv", "id,amount\n1,\"1,234.50\"\n", amounts, nil, 2, "amount", `not a decimal number decimal(12,2): "1,234.50"; correct the value, or declare decimal and thousands separators`},
		{"too many places", "x.csv", "id,amount\n1,1.50\n2,1.505\n", amounts, nil, 3, "amount", "more decimal places"},
		{"too many digits", "x.csv", "id,amount\n1,12345678901.00\n", amounts, nil, 2, "amount", "more digits"},
		{"scientific", "x.csv", "id,amount\n1,1.5e3\n", amounts, nil, 2, "amount", "not a decimal number"},
		{"infinite", "x.csv", "id,amount\n1,inf\n", amounts, nil, 2, "amount", "not a decimal number"},
		{"a word for no date", "x.csv", "id,day\n1,2025-01-31\n2,N/A\n", days, nil, 3, "day", `not a date of the form YYYY-MM-DD: "N/A"`},
		{"date of another form", "x.csv", "id,day\n1,2025-01-31\n2,31/01/2025\n", days, nil, 3, "day", `not a date of the form YYYY-MM-DD: "31/01/2025"`},
		{"date that is none", "x.csv", "id,day\n1,2025-02-29\n", days, nil, 2, "day", "not a date"},
		{"timestamp without offset", "x.csv", "t\n2025-01-01 10:00:00\n", mustSchema(t, "t timestamptz"), nil, 2, "t", "does not say its offset"},
		{"timestamp with offset", "x.csv", "t\n2025-01-01 10:00:00Z\n", mustSchema(t, "t timestamp"), nil, 2, "t", "would lose"},
		{"skipped clock time", "x.csv", "t\n2025-03-30 02:30:00\n", Schema{Columns: []Column{{Name: "t", Type: Type{Kind: "timestamptz"}, Zone: "Europe/Amsterdam"}}}, nil, 2, "t", "skipped this time"},
		{"nanoseconds", "x.csv", "t\n2025-01-01 10:00:00.123456789\n", mustSchema(t, "t timestamp"), nil, 2, "t", "at most six places"},
		{"integer too large", "x.csv", "n\n9223372036854775808\n", mustSchema(t, "n integer"), nil, 2, "n", "64 bits"},
		{"integer with places", "x.csv", "n\n1.5\n", mustSchema(t, "n integer"), nil, 2, "n", "not an integer"},
		{"boolean", "x.csv", "n\nmaybe\n", mustSchema(t, "n boolean"), nil, 2, "n", "not a boolean"},
		{"ten million characters", "x.csv", "a,b\n1," + strings.Repeat("x", 10_000_000) + "\n", Schema{}, nil, 2, "b", "larger than the limit of 1048576 bytes"},
		{"ten million quoted characters", "x.csv", "a,b\n1,\"" + strings.Repeat("x", 10_000_000) + "\"\n", Schema{}, nil, 2, "b", "larger than the limit"},
		{"quote never closed", "x.csv", "a,b\n1,2\n3,\"4\n5,6\n", Schema{}, nil, 3, "b", "ends inside a quoted field"},
		{"text after quote", "x.csv", "a,b\n1,\"2\"3\n", Schema{}, nil, 2, "b", "follows the closing quote"},
		{"lone carriage return", "x.csv", "a,b\n1,2\r3,4\n", Schema{}, nil, 2, "b", "carriage return"},
		{"empty", "x.csv", "", Schema{}, nil, 0, "", "empty"},
		{"only a mark", "x.csv", "\xef\xbb\xbf", Schema{}, nil, 0, "", "no rows, not even a header"},
		{"duplicate header", "x.csv", "a,A\n1,2\n", Schema{}, nil, 1, "A", "same name"},
		{"blank header", "x.csv", "a,,c\n1,2,3\n", Schema{}, nil, 1, "", "header of column 2 is blank"},
		{"gzip cut short", "x.csv.gz", gzipped("a,b\n"+strings.Repeat("1,2\n", 100000), 0.5), Schema{}, nil, 1, "", "damaged or cut short"},
		{"zip as csv", "x.csv", workbook(sheetHeader, ""), Schema{}, nil, 0, "", "zip archive"},
		{"unknown format", "x.pdf", "%PDF", Schema{}, nil, 0, "", "format is not known"},
		{"schema names a missing column", "x.csv", "a\n1\n", mustSchema(t, "b text"), nil, 0, "b", `the file has: "a"`},
		{"blank key", "x.csv", "a,b\n1,2\n,3\n", Schema{}, func(q *ImportRequest) { q.Key = []string{"a"} }, 3, "a", "blank"},
		{"unknown key", "x.csv", "a,b\n1,2\n", Schema{}, func(q *ImportRequest) { q.Key = []string{"z"} }, 0, "z", "does not have"},
		{"unknown zone", "x.csv", "a,b\n1,2\n", Schema{}, func(q *ImportRequest) { q.Zone = "Mars/Olympus" }, 0, "", "time zone is not known"},
		{"transform of a missing column", "x.csv", "a\n1\n", Schema{}, func(q *ImportRequest) { q.Transforms = []Transform{{Column: "z", Action: "drop"}} }, 0, "z", "transform"},
		{"hash without key", "x.csv", "a\n1\n", Schema{}, func(q *ImportRequest) { q.Transforms = []Transform{{Column: "a", Action: "keyed_hash"}} }, 0, "a", "at least 16 bytes"},
		{"JSON array", "x.jsonl", "[{\"a\":1}]\n", Schema{}, nil, 1, "", "JSON array"},
		{"JSON broken", "x.jsonl", "{\"a\":1}\n{\"a\":\n", Schema{}, nil, 2, "", "not one JSON object"},
		{"JSON member twice", "x.jsonl", "{\"a\":1,\"a\":2}\n", Schema{}, nil, 1, "", "occurs twice"},
		{"JSON of another type", "x.ndjson", "{\"a\":1}\n{\"a\":\"x\"}\n", mustSchema(t, "a integer"), nil, 2, "a", "not an integer"},
		{"not Parquet", "x.parquet", "hello", Schema{}, nil, 0, "", "Parquet"},
		{"protected workbook", "x.xlsx", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), Schema{}, nil, 0, "", "password"},
		{"not a workbook", "x.xlsx", "hello", Schema{}, nil, 0, "", "not an .xlsx workbook"},
		{"formula without result", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="B3" t="s"><v>3</v></c><c r="C3"><f>1+1</f></c></row>`, ""), Schema{}, nil, 3, "amount", "C3 is a formula whose result the file does not hold"},
		{"error value", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`, ""), Schema{}, nil, 3, "amount", "C3 holds an error value"},
		{"merged cells", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="B3" t="s"><v>3</v></c></row>`, `<mergeCells><mergeCell ref="B3:B4"/></mergeCells>`), Schema{}, nil, 3, "", "B3:B4 inside the table are merged"},
		{"cell beside the table", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="B3" t="s"><v>3</v></c><c r="F3"><v>1</v></c></row>`, ""), Schema{}, nil, 3, "", "F3 lies outside"},
		{"cell twice", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="C3"><v>1</v></c><c r="C3"><v>2</v></c></row>`, ""), Schema{}, nil, 3, "amount", "C3 occurs twice"},
		{"cells out of order", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="D3"><v>1</v></c><c r="C3"><v>2</v></c></row>`, ""), Schema{}, nil, 3, "amount", "out of order"},
		{"cell of another row", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="C4"><v>1</v></c></row>`, ""), Schema{}, nil, 3, "", `reference "C4"`},
		{"cell beyond the columns of any sheet", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="ZZZZ3"><v>1</v></c></row>`, ""), Schema{}, nil, 3, "", `reference "ZZZZ3"`},
		{"row twice", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="C3"><v>1</v></c></row><row r="3"><c r="C3"><v>2</v></c></row>`, ""), Schema{}, nil, 3, "", "comes after row 3"},
		{"rows out of order", "x.xlsx", workbook(sheetHeader+`<row r="5"><c r="C5"><v>1</v></c></row><row r="4"><c r="C4"><v>2</v></c></row>`, ""), Schema{}, nil, 4, "", "comes after row 5"},
		{"row of no number", "x.xlsx", workbook(sheetHeader+`<row r="99999999999999"><c r="C3"><v>1</v></c></row>`, ""), Schema{}, nil, 2, "", `number "99999999999999"`},
		{"sheet cut between rows", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="C3"><v>1</v></c></row><!--`, "-->"), Schema{}, nil, 3, "", "cut short"},
		{"text without end", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="C3" t="inlineStr"><is><t>`+strings.Repeat("x", 20<<20)+`</t></is></c></row>`, ""), Schema{}, nil, 0, "", "a text is longer than"},
		{"no such sheet", "x.xlsx", workbook(sheetHeader, ""), Schema{}, func(q *ImportRequest) { q.Source.Sheet = "Other" }, 0, "", `the sheets are: "Data"`},
		{"workbook cut short", "x.xlsx", workbook(sheetHeader, "")[:900], Schema{}, nil, 0, "", "not an .xlsx workbook"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ImportRequest{Source: Source{Path: writeFile(t, c.file, c.content)}, Schema: c.schema, Zone: "UTC", Output: filepath.Join(t.TempDir(), "f.parquet")}
			if c.change != nil {
				c.change(&q)
			}
			_, err := e.Import(context.Background(), q)
			var bad *InputError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want an InputError", err)
			}
			if bad.Row != c.row || bad.Column != c.column || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got row %d, column %q, %v\nwant row %d, column %q, %s", bad.Row, bad.Column, err, c.row, c.column, c.want)
			}
			if bad.Remedy == "" || len(err.Error()) > 1000 {
				t.Errorf("the error has no remedy or is too long: %d bytes", len(err.Error()))
			}
			if left, _ := os.ReadDir(filepath.Dir(q.Output)); len(left) != 0 {
				t.Errorf("something is left behind: %v", left)
			}
		})
	}
}

// TestGoodOddInput: what is unusual and clear is read, with a remark where a
// person should know.
func TestGoodOddInput(t *testing.T) {
	e := newEngine(t)
	yes := true
	for _, c := range []struct {
		name, file, content string
		request             ImportRequest
		columns             string // name type, one after the other
		rows                [][]any
		warning             string
	}{
		{"semicolons and a mark", "x.csv", "\xef\xbb\xbfid;amount\r\n007;1.5\r\n", ImportRequest{}, "id text,amount decimal(18,1)", [][]any{{"007", "1.5"}}, ""},
		{"tabs", "x.tsv", "a\tb\n1,2\t3\n", ImportRequest{}, "a text,b integer", [][]any{{"1,2", "3"}}, "written with separators"},
		{"pipes, declared", "x.txt", "a|b\n1|2", ImportRequest{Source: Source{Delimiter: "|"}}, "a integer,b integer", [][]any{{"1", "2"}}, ""},
		{"gzip", "x.csv.gz", gzipped("a,b\n1,2\n", 1), ImportRequest{}, "a integer,b integer", [][]any{{"1", "2"}}, ""},
		{"latin-1 declared", "x.csv", "a,b\nZo\xeb,\x80\n", ImportRequest{Source: Source{Encoding: "windows-1252"}}, "a text,b text", [][]any{{"Zoë", "€"}}, ""},
		{"utf-16 declared", "x.csv", "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00x\x00\n\x00", ImportRequest{Source: Source{Encoding: "utf-16"}}, "a integer,b text", [][]any{{"1", "x"}}, ""},
		{"no header", "x.csv", "1,2025-01-01\n2,2025-01-02\n", ImportRequest{}, "column1 integer,column2 date", [][]any{{"1", "2025-01-01"}, {"2", "2025-01-02"}}, "looks like data"},
		{"numbers as header", "x.csv", "2024,2025\n1,2\n", ImportRequest{Source: Source{Header: &yes}}, "2024 integer,2025 integer", [][]any{{"1", "2"}}, ""},
		{"header only", "x.csv", "a,b\n", ImportRequest{}, "a text,b text", nil, ""},
		{"blank lines", "x.csv", "a,b\n\n1,2\n\n", ImportRequest{}, "a integer,b integer", [][]any{{"1", "2"}}, "2 blank lines"},
		{"stray quote", "x.csv", "a,b\n5\" pipe,2\n", ImportRequest{}, "a text,b integer", [][]any{{"5\" pipe", "2"}}, "quote inside"},
		{"quotes without meaning", "x.csv", "a,b\n\"x,2\n", ImportRequest{Source: Source{Quote: "none"}}, "a text,b integer", [][]any{{"\"x", "2"}}, ""},
		{"rows to skip", "x.csv", "Report of today\nby me\na,b\n1,2\n", ImportRequest{Source: Source{SkipRows: 2}}, "a integer,b integer", [][]any{{"1", "2"}}, ""},
		{"leading zeros and identifiers", "x.csv", "zip_code,account,n\n01234,1,1\n99999,2,2\n", ImportRequest{}, "zip_code text,account text,n integer", [][]any{{"01234", "1", "1"}, {"99999", "2", "2"}}, ""},
		{"amounts with leading zeros", "x.csv", "v\n007.50\n", ImportRequest{}, "v text", [][]any{{"007.50"}}, "leading zeros"},
		{"two forms of dates", "x.csv", "d\n01/02/2025\n31/01/2025\n12/25/2025\n", ImportRequest{}, "d text", [][]any{{"01/02/2025"}, {"31/01/2025"}, {"12/25/2025"}}, "%d/%m/%Y as in row 3 (31/01/2025), and %m/%d/%Y as in row 4 (12/25/2025)"},
		{"ambiguous dates", "x.csv", "d\n01/02/2025\n", ImportRequest{}, "d text", [][]any{{"01/02/2025"}}, "fits both"},
		{"dates by day", "x.csv", "d\n01/02/2025\n31/01/2025\n", ImportRequest{}, "d date", [][]any{{"2025-02-01"}, {"2025-01-31"}}, ""},
		{"mostly numbers", "x.csv", "v\n" + strings.Repeat("1.5\n", 20) + "n/a\n", ImportRequest{}, "v text", nil, `20 of 21 values are numbers, but not all (here: "n/a")`},
		{"numbers with separators", "x.csv", "a;v\nx;1,234.50\ny;1.234,50\n", ImportRequest{Source: Source{Delimiter: ";"}}, "a text,v text", nil, `numbers are written with separators (here: "1,234.50"), so the column stays text`},
		{"words for no value", "x.csv", "a,approved_by\n1,ann\n2,NULL\n3,n/a\n", ImportRequest{}, "a integer,approved_by text", nil, `2 values read like "NULL" and are taken as text`},
		{"words for no value, declared text", "x.csv", "a,approved_by\n1,ann\n2,NULL\n3,n/a\n", ImportRequest{Schema: Schema{Columns: []Column{{Name: "a", Type: Type{Kind: "integer"}}, {Name: "approved_by", Type: Type{Kind: "text"}}}}}, "a integer,approved_by text", [][]any{{"1", "ann"}, {"2", "NULL"}, {"3", "n/a"}}, `column "approved_by": row 3: 2 values read like "NULL" and are taken as text`},
		{"words for no value in a key", "x.csv", "id,v\nx,1\nN/A,2\n", ImportRequest{Key: []string{"id"}}, "id text,v integer", nil, `column "id": row 3: 1 value reads like "N/A" and is taken as text`},
		{"words for no value, declared as such", "x.csv", "a\nann\nNULL\n", ImportRequest{Schema: Schema{Columns: []Column{{Name: "a", Type: Type{Kind: "text"}, Nulls: []string{"NULL"}}}}}, "a text", [][]any{{"ann"}, {nil}}, ""},
		{"words for no value, far behind", "x.csv", "a\n" + strings.Repeat("x\n", 100_000) + "none\n\\N\n", ImportRequest{Schema: Schema{Columns: []Column{{Name: "a", Type: Type{Kind: "text"}}}}}, "a text", nil, `row 100002: 2 values read like "none"`},
		{"offsets here and there", "x.csv", "t\n2025-01-01 10:00:00\n2025-01-01T10:00:00Z\n", ImportRequest{}, "t text", nil, "offset from UTC"},
		{"declared separators", "x.csv", "a;d\n1.234.567,89;01-feb-25\n-;x\n", ImportRequest{Schema: Schema{Columns: []Column{
			{Name: "a", Type: Type{Kind: "decimal", Precision: 12, Scale: 2}, Decimal: ",", Thousands: ".", Nulls: []string{"-"}},
			{Name: "d", Type: Type{Kind: "date"}, Format: "%d-%b-%y", Nulls: []string{"x"}}}}, Source: Source{Delimiter: ";"}}, "a decimal(12,2),d date", [][]any{{"1234567.89", "2025-02-01"}, {nil, nil}}, ""},
		{"JSON numbers keep their digits", "x.jsonl", "{\"a\":0.10000000000000000001,\"b\":{\"c\": [1]}}\n{\"b\":null,\"a\":1}\n", ImportRequest{}, "a decimal(38,20),b text", [][]any{{"0.10000000000000000001", `{"c":[1]}`}, {"1.00000000000000000000", nil}}, ""},
		{"workbook", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="B3" t="s"><v>3</v></c><c r="C3" s="3"><v>19.989999999999998</v></c><c r="D3" s="1"><v>45689</v></c></row>`+
			`<row r="4"/><row r="5" hidden="1"><c r="B5" t="inlineStr"><is><t>x</t></is></c><c r="C5"><f>C3*2</f><v>39.98</v></c><c r="D5" s="1"><v>45690</v></c></row>`, ""), ImportRequest{},
			"id text,amount decimal(18,2),day date", [][]any{{"007", "19.99", "2025-02-01"}, {"x", "39.98", "2025-02-02"}}, "1 cell holds formulas"},
		{"workbook with times", "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="D3" s="2"><v>45689.75</v></c></row>`, ""), ImportRequest{}, "id text,amount text,day timestamp", [][]any{{nil, nil, "2025-02-01T18:00:00.000000"}}, ""},
		{"clock shown twice", "x.csv", "t\n2025-10-26 02:30:00\n", ImportRequest{Schema: Schema{Columns: []Column{{Name: "t", Type: Type{Kind: "timestamptz"}, Zone: "Europe/Amsterdam"}}}}, "t timestamptz", [][]any{{"2025-10-26T00:30:00.000000Z"}}, "twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := c.request
			q.Source.Path, q.Zone, q.Output = writeFile(t, c.file, c.content), "UTC", filepath.Join(t.TempDir(), "f.parquet")
			f, err := e.Import(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			var header [][2]string
			for _, col := range f.Columns {
				got = append(got, col.Name+" "+col.Type.String())
				header = append(header, [2]string{col.Name, col.Type.String()})
			}
			if s := strings.Join(got, ","); s != c.columns {
				t.Errorf("columns: got %s, want %s", s, c.columns)
			}
			if c.rows != nil {
				if _, want := handHash(header, c.rows); f.PopulationHash != want {
					t.Errorf("the rows are not those expected")
				}
			}
			if text := warningText(f.Warnings); !strings.Contains(text, c.warning) || c.warning == "" && text != "" {
				t.Errorf("remarks: got %s want %s", text, c.warning)
			}
		})
	}
}
