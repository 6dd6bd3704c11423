package web

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

const readerOnly = "elena-petrova"

// send uploads a file to the import of a kind.
func (m *matrixHouse) send(who, kind, name string, b []byte) *httptest.ResponseRecorder {
	m.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		m.t.Fatal(err)
	}
	_, _ = part.Write(b)
	w.Close()
	r := httptest.NewRequest(http.MethodPost, "/import/"+kind, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("X-Who", who)
	rec := httptest.NewRecorder()
	m.h.ServeHTTP(rec, r)
	return rec
}

// mapped uploads a file and gives the address of its import and the choices that
// the page proposes.
func (m *matrixHouse) mapped(kind, name string, b []byte) (string, url.Values) {
	m.t.Helper()
	w := m.send(manager, kind, name, b)
	if w.Code != http.StatusSeeOther {
		m.t.Fatalf("uploading %s: %d %s", name, w.Code, alertOf(w.Body.String()))
	}
	at := w.Header().Get("Location")
	v := chosenOf(m.page(manager, at))
	v.Set("_step", "rehearse")
	return at, v
}

var (
	selectPattern = regexp.MustCompile(`(?s)<select[^>]* name="([^"]+)".*?</select>`)
	chosenPattern = regexp.MustCompile(`<option value="([^"]*)" selected`)
	alertPattern  = regexp.MustCompile(`(?s)role="alert">(.*?)</p>`)
	errPattern    = regexp.MustCompile(`(?s)<p class="err">(.*?)</p>`)
)

func chosenOf(html string) url.Values {
	v := url.Values{}
	for _, s := range selectPattern.FindAllStringSubmatch(html, -1) {
		if c := chosenPattern.FindStringSubmatch(s[0]); c != nil && s[1] != "_sheet" && s[1] != "_encoding" {
			v.Set(s[1], c[1])
		}
	}
	return v
}

func alertOf(html string) string {
	if a := alertPattern.FindStringSubmatch(html); a != nil {
		return a[1]
	}
	return clipped(html, 600)
}

func (m *matrixHouse) record(kind, id string) record.Record {
	m.t.Helper()
	v, err := m.app.View(m.t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		m.t.Fatal(err)
	}
	r, err := v.Get(m.t.Context(), kind, id)
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

func (m *matrixHouse) size() int64 {
	m.t.Helper()
	v, err := m.app.View(m.t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		m.t.Fatal(err)
	}
	return v.AsOf().Known
}

// allColumns is the query that shows every field of a kind.
func allColumns(k *record.Kind) string {
	var names []string
	for _, f := range k.Fields {
		names = append(names, f.Name)
	}
	return "col=" + strings.Join(names, ",")
}

// What an export says, an import leaves alone: every kind of the example, as a
// workbook and as text, with every field.
func TestExportedTablesChangeNothing(t *testing.T) {
	m := newMatrixHouse(t)
	if _, err := m.app.PutRecords(t.Context(), manager, []app.RecordChange{
		{Kind: "vendor", ID: "v-1", Value: soc1.Vendor{Name: "=HYPERLINK(\"http://evil\")", ServicesProvided: "+1\r\n-2", Monitoring: strings.Repeat("Long. ", 7000)}},
		{Kind: "vendor", ID: "v-2", Value: soc1.Vendor{Name: "'=quoted", ServicesProvided: " spaces ", Monitoring: "\tTab"}},
		{Kind: "vendor", ID: "v-3", Value: soc1.Vendor{Name: "00123", ServicesProvided: "1e5", Monitoring: "true"}},
	}, "Hostile.", false); err != nil {
		t.Fatal(err)
	}
	before := m.size()
	for _, name := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.Decision || k.Home == record.Examination || name == "person" || name == "deputy" {
			continue
		}
		list := m.page(manager, "/export/"+name+"/csv?"+allColumns(k))
		if strings.Count(list, "\r\n") < 2 {
			continue // There is none in the example.
		}
		for _, format := range []string{"xlsx", "csv"} {
			b := m.page(manager, "/export/"+name+"/"+format+"?"+allColumns(k))
			at, v := m.mapped(name, "t."+format, []byte(b))
			page := m.post(manager, at, v).Body.String()
			if !strings.Contains(page, "There is nothing to record") {
				t.Errorf("%s as %s is not left alone: %s %q", name, format, alertOf(page), errPattern.FindAllString(page, 3))
				for _, l := range regexp.MustCompile(`(?s)<dt>.*?</dd>`).FindAllString(page, 3) {
					t.Log(l)
				}
			}
		}
	}
	if m.size() != before {
		t.Error("something was recorded by looking")
	}
}

// A person edits a workbook; exactly the edits are recorded, as one command.
func TestWorkbookRoundTrip(t *testing.T) {
	m := newMatrixHouse(t)
	b := m.page(manager, "/export/risk/xlsx?sort=-likelihood&q=pay")
	book, err := excelize.OpenReader(strings.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got := book.GetSheetList(); !slices.Equal(got, []string{"Risks", "About"}) {
		t.Fatalf("sheets %v", got)
	}
	rows, err := book.GetRows("Risks")
	if err != nil {
		t.Fatal(err)
	}
	col := func(name string) string {
		n, err := excelize.ColumnNumberToName(slices.Index(rows[0], name) + 1)
		if err != nil {
			t.Fatalf("no column %q in %q", name, rows[0])
		}
		return n
	}
	if typ, err := book.GetCellType("Risks", col("Likelihood")+"2"); err != nil || typ != excelize.CellTypeNumber && typ != excelize.CellTypeUnset {
		t.Errorf("a number is a cell of type %v, %v", typ, err)
	}
	if panes, err := book.GetPanes("Risks"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the head does not stay: %+v, %v", panes, err)
	}
	about, err := book.GetRows("About")
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprint(about)
	for _, want := range []string{"Wexmoor", "Daniel Krawczyk", "words \"pay\"", "entries", "2025-11-20"} {
		if !strings.Contains(said, want) {
			t.Errorf("the sheet About does not say %q: %s", want, said)
		}
	}
	first, second := rows[1][0], rows[2][0]
	one, two := m.record("risk", first), m.record("risk", second)
	was := text(fieldsOf(two)["likelihood"])
	next := 1 + (int(was[0]-'0'))%5
	_ = book.SetCellValue("Risks", col("Likelihood")+"3", next)
	last := len(rows) + 1
	for name, v := range map[string]any{"Code": "NEW-1", "Likelihood": "often", "Impact": 3} {
		if slices.Contains(rows[0], name) {
			_ = book.SetCellValue("Risks", fmt.Sprint(col(name), last), v)
		}
	}
	// Somebody changes another field of the same record meanwhile, which stays.
	if w := m.post(manager, "/r/risk/"+second+"/edit", url.Values{"_field": {"impact"}, "_revision": {fmt.Sprint(two.Revision)}, "impact": {"5"}, "_reason": {"Meanwhile."}}); w.Code != http.StatusSeeOther {
		t.Fatalf("meanwhile: %d %s", w.Code, alertOf(w.Body.String()))
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	at, v := m.mapped("risk", "risks.xlsx", out.Bytes())
	page := m.post(manager, at, v)
	if page.Code != 200 {
		t.Fatalf("%d %s", page.Code, alertOf(page.Body.String()))
	}
	html := page.Body.String()
	if !strings.Contains(html, `>1</b> changed`) {
		t.Fatalf("not one change: %s", regexp.MustCompile(`(?s)<ul class="counts">.*?</ul>`).FindString(html))
	}
	// What is wrong with the new row is said with its place.
	if !strings.Contains(html, "risks.xlsx, sheet &#34;Risks&#34;, row "+fmt.Sprint(last)) {
		t.Errorf("what is wrong with the new row is not said with its place: %q", errPattern.FindAllString(html, 4))
	}
	size := m.size()
	if w := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {"Edited."}}); w.Code != http.StatusUnprocessableEntity || m.size() != size {
		t.Fatalf("rows with problems were recorded: %d", w.Code)
	}
	// Without the new row.
	if err := book.RemoveRow("Risks", last); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	at, v = m.mapped("risk", "risks.xlsx", out.Bytes())
	m.post(manager, at, v)
	if w := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {""}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", w.Code)
	}
	if w := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {"Edited in a workbook."}}); w.Code != http.StatusSeeOther {
		t.Fatalf("recording: %d %s", w.Code, alertOf(w.Body.String()))
	}
	now := m.record("risk", second)
	f := fieldsOf(now)
	if string(f["likelihood"]) != fmt.Sprint(next) || string(f["impact"]) != "5" || now.Revision != two.Revision+2 {
		t.Errorf("%s at revision %d", now.Body, now.Revision)
	}
	if m.record("risk", first).Revision != one.Revision || m.size() != size+1 {
		t.Error("more was recorded than the edit, or in more than one command")
	}
	if w := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {"Again."}}); w.Code != http.StatusGone {
		t.Errorf("the same import once more: %d", w.Code)
	}
}

// A field that somebody changed after the export is not overwritten.
func TestImportOfWhatChangedMeanwhile(t *testing.T) {
	m := newMatrixHouse(t)
	b := m.page(manager, "/export/risk/csv")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := slices.Index(lines[0], "Likelihood")
	id, was := lines[1][0], lines[1][col]
	mine, theirs := "1", "2"
	if was == "1" {
		mine = "3"
	}
	if was == "2" {
		theirs = "4"
	}
	lines[1][col] = mine
	rev := m.record("risk", id).Revision
	change := func(to string) {
		w := m.post(manager, "/r/risk/"+id+"/edit", url.Values{"_field": {"likelihood"}, "_revision": {fmt.Sprint(rev)}, "likelihood": {to}, "_reason": {"Faster."}})
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, alertOf(w.Body.String()))
		}
		rev++
	}
	change(theirs)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.WriteAll(lines)
	at, v := m.mapped("risk", "r.csv", out.Bytes())
	html := m.post(manager, at, v).Body.String()
	if !strings.Contains(html, "Somebody changed this field after the file was exported") || !strings.Contains(html, "row 2") || !strings.Contains(html, "column &#34;Likelihood&#34;") {
		t.Errorf("the conflict is not told: %q", errPattern.FindAllString(html, 3))
	}
	// The same with the present revision is the person's decision; what changes
	// between the dry run and the recording is found, too.
	lines[1][slices.Index(lines[0], "Revision")] = fmt.Sprint(rev)
	out.Reset()
	_ = csv.NewWriter(&out).WriteAll(lines)
	at, v = m.mapped("risk", "r.csv", out.Bytes())
	if html = m.post(manager, at, v).Body.String(); !strings.Contains(html, ">1</b> changed") {
		t.Fatalf("%s %q", alertOf(html), errPattern.FindAllString(html, 3))
	}
	change("5")
	got := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {"Mine."}})
	if got.Code != 200 || !strings.Contains(got.Body.String(), "Nothing was recorded") || m.record("risk", id).Revision != rev {
		t.Errorf("a record that changed after the dry run: %d %s", got.Code, alertOf(got.Body.String()))
	}
}

// Files as an export writes them change nothing when they are applied.
func TestExportedFiles(t *testing.T) {
	m := newMatrixHouse(t)
	for _, path := range []string{"/export/control/yaml", "/export/control/yaml?q=pay&f.key=true", "/export/risk/yaml"} {
		b := m.page(manager, path)
		items, problems := ascode.Parse(record.Kinds, "t.yaml", []byte(b))
		if len(problems) > 0 || len(items) == 0 {
			t.Fatalf("%s: %d items, %v", path, len(items), problems)
		}
		plan, err := m.app.Apply(t.Context(), manager, items, app.ApplyOptions{DryRun: true})
		if err != nil || plan.Count(app.Unchanged) != len(items) {
			t.Errorf("%s: %d of %d unchanged, %v", path, plan.Count(app.Unchanged), len(items), err)
		}
	}
	whole, err := m.app.Export(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil || m.page(manager, "/export/risk/yaml") != string(whole["risk.yaml"]) {
		t.Errorf("the file differs from that of reperform export: %v", err)
	}
	if w := m.get(manager, "/export/result/yaml"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("decisions as files: %d", w.Code)
	}
	if w := m.get(manager, "/export/risk/pdf"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown format: %d", w.Code)
	}
}

// Exports respect words, filters, order, columns and the point in time.
func TestExportOfWhatIsShown(t *testing.T) {
	m := newMatrixHouse(t)
	read := func(query string) [][]string {
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(m.page(manager, "/export/control/csv?"+query), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	all, key := read("sort=code&col=frequency"), read("sort=-code&col=frequency&f.key=true")
	if !slices.Equal(all[0], []string{"Id", "Code", "Statement", "Who", "Does what", "How often", "Frequency", "Revision"}) {
		t.Errorf("columns %q", all[0])
	}
	if len(key) >= len(all) || len(key) < 3 {
		t.Errorf("%d of %d lines", len(key), len(all))
	}
	if key[1][1] < key[len(key)-1][1] {
		t.Errorf("from %s down to %s", key[1][1], key[len(key)-1][1])
	}
	if past := read("known=1"); len(past) != 1 {
		t.Errorf("%d lines as known before any control was recorded", len(past))
	}
}

// zipOf makes a zip file with one large part.
func zipOf(name string, n int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create(name)
	chunk := make([]byte, 1<<20)
	for range n {
		_, _ = w.Write(chunk)
	}
	z.Close()
	return b.Bytes()
}

func workbook(t *testing.T, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Files that are not what they seem are refused with what is wrong and where.
func TestHostileUploads(t *testing.T) {
	m := newMatrixHouse(t)
	before := m.size()
	head := "Code,Text\n"
	cases := []struct {
		name string
		b    []byte
		code int
		want string
	}{
		{"empty.csv", nil, 422, "not empty"},
		{"large.csv", bytes.Repeat([]byte("a,b\n"), 3<<20), 413, "larger than 8 MB"},
		{"bomb.xlsx", zipOf("xl/worksheets/sheet1.xml", 300), 422, "unpacks to more than 48 MB"},
		{"cell.csv", []byte(head + "A," + strings.Repeat("x", 5_000_000) + "\n"), 422, "limit of 204800 bytes"},
		{"quote.csv", []byte(head + "A,\"never closed\nB,c\n"), 422, "row 2"},
		{"short.csv", []byte(head + "A\n"), 422, "row 2"},
		{"rows.csv", []byte(head + strings.Repeat("A,b\n", 20001)), 422, "more than 20000 rows"},
		{"gz.csv", []byte("\x1f\x8b\x08\x00aaaa"), 422, "compressed"},
		{"nul.csv", []byte(head + "A,\x00\n"), 422, "NUL"},
		{"old.xls", []byte("\xD0\xCF\x11\xE0aaaa"), 422, "are not read"},
		{"old.xlsx", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), 422, "protected by a password"},
		{"pdf.pdf", []byte("%PDF-1.7"), 422, "neither a CSV file nor"},
		{"twice.csv", []byte("Code,code\na,b\n"), 422, "same name"},
		{"cut.xlsx", workbook(t, func(f *excelize.File) { _ = f.SetCellStr("Sheet1", "A1", "Code") })[:400], 422, "not an .xlsx workbook"},
		{"merged.xlsx", workbook(t, func(f *excelize.File) {
			for c, s := range map[string]string{"A1": "Code", "B1": "Text", "A2": "a", "B2": "b", "A3": "c"} {
				_ = f.SetCellStr("Sheet1", c, s)
			}
			_ = f.MergeCell("Sheet1", "A2", "B2")
		}), 422, "A2:B2 inside the table are merged"},
		{"formula.xlsx", workbook(t, func(f *excelize.File) {
			_ = f.SetCellStr("Sheet1", "A1", "Code")
			_ = f.SetCellFormula("Sheet1", "A2", "1+1")
		}), 422, "formula whose result the file does not hold"},
	}
	for _, c := range cases {
		w := m.send(manager, "risk", c.name, c.b)
		if said := alertOf(w.Body.String()); w.Code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%s: %d %s; expected %d with %q", c.name, w.Code, said, c.code, c.want)
		}
	}
	// No file at all, and a form of another kind.
	if w := m.post(manager, "/import/risk", url.Values{"file": {"x"}}); w.Code != 400 {
		t.Errorf("no file: %d", w.Code)
	}
	// Another encoding than UTF-8 is taken with a warning, to be looked at.
	at, _ := m.mapped("risk", "latin.csv", []byte("Code,Text\nA,caf\xe9 fermé\n"))
	if p := m.page(manager, at); !strings.Contains(p, "The file is not UTF-8") || !strings.Contains(p, "café") {
		t.Error("another encoding is not said")
	}
	at, _ = m.mapped("risk", "utf16.csv", []byte("\xff\xfeC\x00o\x00d\x00e\x00\n\x00A\x00\n\x00"))
	if p := m.page(manager, at); !strings.Contains(p, "read as UTF-16") || !strings.Contains(p, "Code</th>") {
		t.Error("UTF-16 is not read")
	}
	// What a file holds is shown as text.
	at, v := m.mapped("risk", "<img src=x>.csv", []byte("Code,\"<script>alert(1)</script>\"\n=cmd|' /C calc'!A0,<img src=x onerror=alert(1)>\n"))
	v.Set("column.1", "text")
	for _, p := range []string{m.page(manager, at), m.post(manager, at, v).Body.String()} {
		if strings.Contains(p, "<script>alert") || strings.Contains(p, "<img src=x") {
			t.Error("a file's text is shown as more than text")
		}
	}
	// Columns of one's own, two for one field, or a key that names nothing.
	for _, wrong := range []url.Values{{"column.0": {"nothing"}}, {"column.0": {"text"}, "column.1": {"text"}}, {"column.0": {"text"}, "_key": {"code"}}, {"column.0": {"likelihood"}, "_key": {"likelihood"}}, {}} {
		wrong.Set("_step", "rehearse")
		if w := m.post(manager, at, wrong); w.Code != 422 {
			t.Errorf("%v: %d", wrong, w.Code)
		}
	}
	// Nobody else finds it, and a reader changes nothing.
	if w := m.get(owner, at); w.Code != http.StatusGone {
		t.Errorf("somebody else's upload: %d", w.Code)
	}
	if w := m.get(manager, "/import/risk/"+strings.Repeat("A", 26)); w.Code != http.StatusGone {
		t.Errorf("no upload: %d", w.Code)
	}
	if w := m.send(manager, "result", "r.csv", []byte("Test\nx\n")); w.Code != 400 {
		t.Errorf("decisions from a file: %d", w.Code)
	}
	w := m.send(readerOnly, "risk", "r.csv", []byte("Code,Text\nA,b\n"))
	if w.Code == http.StatusSeeOther {
		there := w.Header().Get("Location")
		v := chosenOf(m.page(readerOnly, there))
		v.Set("_step", "rehearse")
		p := m.post(readerOnly, there, v).Body.String()
		if !strings.Contains(p, "1</b> with problems") {
			t.Error("a reader may import")
		}
		m.post(readerOnly, there, url.Values{"_step": {"record"}, "_reason": {"x"}})
	}
	if m.size() != before {
		t.Error("something was recorded")
	}
}
