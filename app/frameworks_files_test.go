package app_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// saidOf are all problems, warnings and what is left out, in one text.
func saidOf(p *app.FrameworkPlan, err error) string {
	out := []string{fmt.Sprint(err)}
	if p != nil {
		out = append(out, p.Warnings...)
		out = append(out, p.Ignored...)
		for _, r := range p.Rows {
			for _, x := range r.Problems {
				out = append(out, x.String())
			}
		}
	}
	return strings.Join(out, "\n")
}

func wants(t *testing.T, name, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s does not say %q:\n%s", name, w, got)
		}
	}
}

// recordedTheirs are how many controls of other programs are recorded.
func recordedTheirs(s *story) int {
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	return len(r.Theirs)
}

// workbook is a register as people keep it: a title over merged cells, a blank row, the
// headings in the fourth row, blank rows between, and sheets beside it.
func workbook(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	const sheet = "Controls 2024"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(book.SetSheetName("Sheet1", "Read me"))
	must(book.SetCellStr("Read me", "A1", "This workbook is the register of the ISO program."))
	_, err := book.NewSheet(sheet)
	must(err)
	must(book.SetCellStr(sheet, "A1", "Register of controls, 2024"))
	must(book.MergeCell(sheet, "A1", "F1"))
	must(book.SetCellStr(sheet, "A2", "Confidential"))
	for c, head := range []string{"Control ID", "Control description", "Requirements", "Control owner", "Frequency", "Evidence"} {
		cell, _ := excelize.CoordinatesToCellName(c+1, 4)
		must(book.SetCellStr(sheet, cell, head))
	}
	line := 5
	date, err := book.NewStyle(&excelize.Style{NumFmt: 14})
	must(err)
	for _, row := range rows {
		for c, v := range row {
			cell, _ := excelize.CoordinatesToCellName(c+1, line)
			if f, is := v.(dateCell); is {
				must(book.SetCellFloat(sheet, cell, float64(f), 0, 64))
				must(book.SetCellStyle(sheet, cell, cell, date))
				continue
			}
			must(book.SetCellValue(sheet, cell, v))
		}
		line += 2
	}
	_, err = book.NewSheet("Lists")
	must(err)
	must(book.SetCellStr("Lists", "A1", "Frequencies"))
	b, err := book.WriteToBuffer()
	must(err)
	return b.Bytes()
}

type dateCell float64

func TestWorkbookAsPeopleKeepIt(t *testing.T) {
	s := begin(t)
	iso := app.FrameworkImport{Framework: "ISO27001-2022-AnnexA"}
	bring := func(b []byte, o app.TableOptions) (*app.FrameworkPlan, error) {
		return s.app.ImportFramework(s.ctx, "dana", app.FrameworkFile{Name: `C:\papers\register.xlsx`, Bytes: b, Options: o}, iso)
	}
	at := app.TableOptions{Sheet: "Controls 2024", HeaderRow: 4}
	good := workbook(t, []any{"A-1", "Policies are approved each year.", 5.1, "Ada Ruiz", "annually", ""}, []any{"A-2", "Access is removed when somebody leaves.", "A.5.18; 8.3", "", "as needed", "The ticket."})
	p, err := bring(good, app.TableOptions{})
	wants(t, "the first sheet", saidOf(p, err), `register.xlsx, sheet "Read me"`, `this column is not known`)
	p, err = bring(good, app.TableOptions{Sheet: "Controls 2024"})
	wants(t, "the merged title", saidOf(p, err), `register.xlsx, sheet "Controls 2024"`, "row 1", "merged")
	p, err = bring(good, app.TableOptions{Sheet: "Controls 2024", HeaderRow: 3})
	wants(t, "an empty row of headings", saidOf(p, err), "row 3", "is empty", "the next that holds something is row 4")
	p, err = bring(good, app.TableOptions{Sheet: "Controls 2024", HeaderRow: 400})
	wants(t, "a row beyond the end", saidOf(p, err), "row 400", "ends before")
	p, err = bring(good, app.TableOptions{Sheet: "Absent", HeaderRow: 4})
	wants(t, "a sheet that is not there", saidOf(p, err), "Absent", "Controls 2024")
	bad := workbook(t,
		[]any{"A-1", "Policies are approved.", "A.9.99", "", "", ""},
		[]any{"A-1", "Policies are approved again.", "A.5.1", "", "", ""},
		[]any{dateCell(45000), "A code that became a date.", "A.5.1", "", "", ""},
		[]any{"A-4", "", "A.5.1", "", "sometimes", ""},
		[]any{"A-5", "A criterion that became a date.", dateCell(45001), "", "", ""})
	p, err = bring(bad, at)
	if !errors.Is(err, app.ErrFrameworkRows) || p.Bad() != 5 {
		t.Errorf("%v: %+v", err, p)
	}
	wants(t, "the register with mistakes", saidOf(p, err), `register.xlsx, sheet "Controls 2024", row 5, column "Requirements": ISO27001-2022-AnnexA has no identifier "A.9.99"`, `row 7, column "Control ID": "A-1" stands in row 5 already`,
		`row 9, column "Control ID": "2023-03-15" is a date`, "format the column as text", `row 11, column "Control description": The control has no statement`, `"sometimes" is no frequency`, `row 13, column "Requirements": "2023-03-16" is a date`)
	if n := recordedTheirs(s); n != 0 {
		t.Fatalf("%d controls of a file with mistakes are recorded", n)
	}
	p, err = bring(good, at)
	s.must(err)
	wants(t, "the register", saidOf(p, err), `Read is the sheet "Controls 2024" alone. Not read: Read me, Lists`, `"5.1" in row 5`, `"8.3" in row 7`, "makes 5.1 of 5.10")
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	if x := r.Their("iso27001-2022-annexa-a-2"); x == nil || !slices.Equal(x.Value.Identifiers, []string{"A.5.18", "A.8.3"}) || p.Count(app.Create) != 2 {
		t.Errorf("recorded is %+v", r.Theirs)
	}
	// The same again is no change; what was taken out of use comes back under another id.
	size := func() int64 {
		v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
		s.must(err)
		return v.AsOf().Known
	}
	before := size()
	p, err = bring(good, at)
	if s.must(err); p.Count(app.Unchanged) != 2 || len(p.Absent) != 0 || size() != before {
		t.Errorf("the same again does %+v, and the ledger grows from %d to %d", p, before, size())
	}
	x := one[soc1.FrameworkControl](s, "dana", app.OrganizationLedger, "framework_control", "iso27001-2022-annexa-a-2")
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "framework_control", ID: x.ID, Revision: x.Revision, Effective: soc1.Date(x.Effective), Value: x.Value, Retired: true, Reason: "x"}))
	p, err = bring(good, at)
	if s.must(err); p.Count(app.Create) != 1 || p.Rows[1].ID != "iso27001-2022-annexa-a-2-2" {
		t.Errorf("after it was taken out of use, the file does %+v", p.Rows)
	}
}

func TestTextsAsPeopleKeepThem(t *testing.T) {
	s := begin(t)
	tsc := app.FrameworkImport{Framework: "TSC", DryRun: true}
	for _, x := range []struct {
		name, text, encoding string
		want                 []string
		rows                 int
	}{
		{"bom.csv", "\ufeffCode;Text;Criteria\r\nX-1;Prüfung der Zugriffe; CC6.1, CC6.2 \r\n", "", []string{"<nil>"}, 1},
		{"latin.csv", "Code;Text\nX-1;Pr\xfcfung\n", "", []string{"latin.csv, row 2", "encoding"}, 0},
		{"latin.csv", "Code;Text\nX-1;Pr\xfcfung\n", "latin-1", []string{"<nil>"}, 1},
		{"formula.csv", "Code,Text\nX-1,=1+1\nX-2,@SUM(A1)\nX-3,'=1+1\nX-4,+ 2 people look\n", "", []string{`formula.csv, row 2, column "Text": The cell begins like a formula`, "row 3", "2 of 4"}, 4},
		{"twice.csv", "Code,Code\nX-1,a\n", "", []string{"twice.csv", "Code"}, 0},
		{"same.csv", "Code,Text,Description\nX-1,a,b\n", "", []string{`column "Description"`, `it holds text, as "Text" does`}, 0},
		{"short.csv", "Code,Text,Criteria\nX-1,a\n", "", []string{"short.csv, row 2"}, 0},
		{"long.csv", "Code,Text\nX-1,a,b,c\n", "", []string{"long.csv, row 2"}, 0},
		{"blank.csv", "Code,Text\n,\n\nX-1,a\n,b\n", "", []string{`row 5, column "Code": The cell is empty`}, 2},
		{"case.csv", "Code,Text\nX-1,a\nx-1,b\n", "", []string{`row 3, column "Code": "x-1" stands in row 2 already`}, 2},
		{"heads.csv", "Register of 2024\n\nCode,Text\nX-1,a\n", "", []string{"heads.csv"}, 0},
		{"register.xml", "<catalog/>", "", []string{"read in JSON", "convert it"}, 0},
		{"register.pdf", "%PDF", "", []string{"neither a CSV file nor an .xlsx workbook"}, 0},
		{"register.xlsx", "PK\x03\x04", "", []string{"register.xlsx"}, 0},
	} {
		p, err := s.app.ImportFramework(s.ctx, "dana", app.FrameworkFile{Name: x.name, Bytes: []byte(x.text), Options: app.TableOptions{Encoding: x.encoding}}, tsc)
		wants(t, x.name+" "+x.encoding, saidOf(p, err), x.want...)
		if p == nil && x.rows > 0 || p != nil && len(p.Rows) != x.rows {
			t.Errorf("%s has %+v", x.name, p)
		}
	}
	p, err := s.app.ImportFramework(s.ctx, "dana", app.FrameworkFile{Name: "heads.csv", Bytes: []byte("Register of 2024\n\nCode,Text\nX-1,a\n"), Options: app.TableOptions{HeaderRow: 3}}, tsc)
	if s.must(err); len(p.Rows) != 1 || p.Rows[0].Line != 4 {
		t.Errorf("below a title there is %+v", p.Rows)
	}
	// A register as large as one may be is read, and one row more is refused.
	many := func(n int) string {
		var b strings.Builder
		b.WriteString("Code,Text,Criteria\n")
		for i := range n {
			fmt.Fprintf(&b, "X-%d,Something is done.,CC6.1\n", i)
		}
		return b.String()
	}
	if p, err := brought(s, "many.csv", many(app.MostTableRows+1), tsc); err == nil {
		t.Errorf("too many rows are read: %d", len(p.Rows))
	}
	if n := recordedTheirs(s); n != 0 {
		t.Errorf("%d are recorded by dry runs", n)
	}
}

// What a changed file does is told field by field, and only that is recorded.
func TestWhatWasShownIsRecorded(t *testing.T) {
	s := begin(t)
	tsc := app.FrameworkImport{Framework: "TSC"}
	_, err := brought(s, "a.csv", "Code,Text,Criteria\nX-1,Access is reviewed.,CC6.2\nX-2,Doors are locked.,CC6.4\n", tsc)
	s.must(err)
	const next = "Code,Text,Criteria\nX-1,Access is reviewed each month.,CC6.2;CC6.3\nX-3,Cameras are watched.,CC6.4\n"
	dry := tsc
	dry.DryRun = true
	shown, err := brought(s, "b.csv", next, dry)
	s.must(err)
	var paths []string
	for _, f := range shown.Rows[0].Fields {
		paths = append(paths, f.Path)
	}
	if !slices.Contains(paths, "text") || !slices.Contains(paths, "identifiers") || !slices.Equal(shown.Absent, []string{"X-2"}) {
		t.Errorf("told is %q, absent %q", paths, shown.Absent)
	}
	// Somebody decides on X-1 before it is recorded.
	_, err = s.app.ReuseControl(s.ctx, "dana", app.Reusing{Their: "tsc-2017-x-1", Control: "conduct"})
	s.must(err)
	real := tsc
	real.Shown = shown
	now, err := brought(s, "b.csv", next, real)
	if !errors.Is(err, app.ErrFrameworkMoved) || now.Rows[0].Tied == "" {
		t.Errorf("recorded against what was not shown: %v %+v", err, now)
	}
	if n := recordedTheirs(s); n != 2 {
		t.Errorf("%d are recorded", n)
	}
	real.Shown = now
	_, err = brought(s, "b.csv", next, real)
	s.must(err)
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	if x := r.Their("tsc-2017-x-1"); len(r.Theirs) != 3 || x.Value.Control != "conduct" || x.Value.Text != "Access is reviewed each month." {
		t.Errorf("recorded is %+v", r.Theirs)
	}
}

func TestOSCALAsItIsPublished(t *testing.T) {
	s := begin(t)
	nist := app.FrameworkImport{Framework: "800-53"}
	bring := func(name string) (*app.FrameworkPlan, error) {
		b, err := os.ReadFile(filepath.Join("testdata", "mapping", name))
		s.must(err)
		return s.app.ImportFramework(s.ctx, "dana", app.FrameworkFile{Name: name, Bytes: append([]byte("\xef\xbb\xbf"), b...)}, nist)
	}
	p, err := bring("catalog.json")
	if s.must(err); !p.Catalogue || len(p.Rows) != 4 {
		t.Fatalf("the catalogue holds %+v", p.Rows)
	}
	wants(t, "the catalogue", saidOf(p, err), "control withdrawn (1)", "control.parts guidance (1)", "control.parts assessment-objective (1)", "metadata.roles (1)", "param.props (1)")
	got := map[string]soc1.FrameworkRequirement{}
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	for _, q := range r.Framework("NIST-800-53r5").Requirements {
		if q.Words != nil {
			got[q.ID] = q.Words.Value
		}
	}
	if x := got["AC-1"]; x.Text != "a. Write rules on access [for the organization or for people who answer for it] and hand them to [people or roles]:\n1. with their purpose; and\n2. with who follows them.\nb. Name [people who answer for it]." || x.Group != "Access control" || x.Source != "catalog.json, Small catalogue in the shape of SP 800-53 5.1.1-s" {
		t.Errorf("AC-1 is %+v", x)
	}
	if x := got["AC-2(1)"]; x.Text != "Keep accounts by [means], told to [to be set]." {
		t.Errorf("AC-2(1) is %+v", x)
	}
	if x := got["CM-2"]; x.Group != "Baselines" || !strings.Contains(x.Text, "<b>and</b>") {
		t.Errorf("CM-2 is %+v", x)
	}
	p, err = bring("component-definition.json")
	s.must(err)
	wants(t, "the components", saidOf(p, err), "implemented-requirement that says the same again (1)", "component-definition.capabilities (1)", "control-implementation.set-parameters (1)", "component.responsible-roles (1)")
	if p.Catalogue || len(p.Rows) != 2 || p.Rows[0].Code != "AC-2 Directory" || !strings.Contains(p.Rows[0].Text, "Each account names its owner.") {
		t.Errorf("the components hold %+v", p.Rows)
	}
	for _, name := range []string{"catalog.json", "component-definition.json"} {
		p, err := bring(name)
		if s.must(err); p.Count(app.Create)+p.Count(app.Change) != 0 {
			t.Errorf("%s changes something when it comes again: %+v", name, p.Rows)
		}
	}
	p, err = bring("profile.json")
	wants(t, "the profile", saidOf(p, err), "profile.json: profile: This kind of document is not read.", "resolved into a catalog")
}

// Evidence of a control that is reused is filed once: it shows for the control here, and
// by the tie for that of the other program.
func TestOneUploadCountsForBoth(t *testing.T) {
	s := begin(t)
	_, err := brought(s, "a.csv", "Code,Text,Criteria\nX-1,Access is reviewed.,CC6.2\n", app.FrameworkImport{Framework: "TSC"})
	s.must(err)
	o, err := s.app.Occurrences(s.ctx, "dana", engagement, record.AsOf{})
	s.must(err)
	var day soc1.Date
	control := ""
	for i := range o.Controls {
		if x := o.Expectations(o.Controls[i].ID()); len(x) > 0 {
			control, day = o.Controls[i].ID(), x[0].To
		}
	}
	if control == "" {
		t.Fatal("no control is expected to be performed")
	}
	_, err = s.app.ReuseControl(s.ctx, "dana", app.Reusing{Their: "tsc-2017-x-1", Control: control})
	s.must(err)
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "evidence", ID: "listing", Effective: day, Value: soc1.Evidence{Title: "Listing", Controls: []string{control}, PeriodFrom: day, PeriodTo: day, Source: "Directory"}, Reason: "Filed."}))
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	x := r.Their("tsc-2017-x-1")
	if x.Control < 0 || r.Controls[x.Control].ID != control {
		t.Fatalf("it is tied to %d", x.Control)
	}
	for _, q := range r.Framework("TSC-2017").Requirements {
		if q.ID == "CC6.2" && (q.Answer.Key() != "answered" || !slices.Contains(append(slices.Clone(q.Controls), q.Reused...), x.Control)) {
			t.Errorf("the requirement is %+v", q)
		}
	}
	if o, err = s.app.Occurrences(s.ctx, "dana", engagement, record.AsOf{}); err != nil {
		t.Fatal(err)
	}
	shown := false
	for _, e := range o.Expectations(control) {
		shown = shown || slices.ContainsFunc(e.Evidence, func(ref soc1.Ref) bool { return ref.ID == "listing" })
	}
	if !shown {
		t.Error("the calendar does not count what was filed")
	}
}
