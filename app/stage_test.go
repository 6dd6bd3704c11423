package app_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"strings"
	"testing"

	"reperform/app"
	"reperform/population"
	"reperform/soc1"
)

// TestStaged brings a file from its bytes to a population: looked at first, then frozen,
// and gone afterwards, with a column that is stored nowhere.
func TestStaged(t *testing.T) {
	s := begin(t)
	s.open()
	content := "id,who,amount\nA,secret one,1.50\nB,secret two,2.50\n"
	f, err := s.app.StagePopulation(s.ctx, "helen", exam, "C:\\extracts\\changes.csv", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "changes.csv" || f.Size != int64(len(content)) {
		t.Errorf("staged %+v", f)
	}
	var heard []string
	ctx := app.WithProgress(s.ctx, func(p app.Progress) { heard = append(heard, p.Stage) })
	d, err := s.app.DetectPopulation(ctx, "helen", exam, f, population.Source{}, population.Schema{}, nil)
	if err != nil || d.Rows != 2 || !d.Columns[0].Unique || len(heard) == 0 {
		t.Fatalf("detected %+v, %v; heard %q", d, err, heard)
	}
	p, err := s.app.ImportPopulation(s.ctx, "helen", app.ImportSpec{Ledger: exam, ID: "changes", Source: population.Source{Path: f.Path, Name: f.Name}, Schema: d.Schema, Transforms: []population.Transform{{Column: "who", Action: population.Drop}},
		Population: soc1.Population{Title: "Changes", Purpose: soc1.AuditorPopulation, Key: []string{"id"}}})
	if err != nil {
		t.Fatal(err)
	}
	f.Discard()
	if _, err := os.Stat(f.Path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	if p.SourceFile.Name != "changes.csv" || p.SourceFile.SHA256 != f.SHA256 || p.RowCount != 2 {
		t.Errorf("frozen %+v", p)
	}
}

// TestHostileFiles refuses what is no table, and keeps nothing of it.
func TestHostileFiles(t *testing.T) {
	s := begin(t)
	s.open()
	book := func(members map[string]string) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range members {
			w, err := z.Create(name)
			if err == nil {
				_, err = w.Write([]byte(text))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	zeros := bytes.Repeat([]byte("0,0\n"), 1<<20)
	for range 300 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, content, says string }{
		"no table":          {"photo.png", "x", "not one of the files"},
		"empty":             {"x.csv", "", "is empty"},
		"a program":         {"x.csv", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff", "is a program"},
		"a page":            {"x.csv", "<!DOCTYPE html><html><script>alert(1)</script>", "not the kind of file"},
		"text as workbook":  {"x.xlsx", "id,amount\nA,1\n", "not the kind of file"},
		"macros":            {"x.xlsx", book(map[string]string{"[Content_Types].xml": "<x/>", "xl/vbaProject.bin": "x"}), "holds macros"},
		"archive behind":    {"x.csv", "id,amount\nA,1\n" + book(map[string]string{"x": "y"}), "not the kind of file"},
		"a compressed bomb": {"x.csv.gz", bomb.String(), "many times its size"},
		"an old workbook":   {"x.csv", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), "not the kind of file"},
	} {
		_, err := s.app.StagePopulation(s.ctx, "helen", exam, c.file, strings.NewReader(c.content))
		var wrong *app.FieldError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Text, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What only looks like a table is refused where it is read, with the place.
	for name, c := range map[string]struct{ file, content, says string }{
		"a row too long": {"x.csv", "id,amount\nA,1\nB,2,3\n", "row 3"},
		"no workbook":    {"y.xlsx", book(map[string]string{"[Content_Types].xml": "<x/>"}), "y.xlsx"},
		"no parquet":     {"x.parquet", "PAR1 not at all", "x.parquet"},
	} {
		f, err := s.app.StagePopulation(s.ctx, "helen", exam, c.file, strings.NewReader(c.content))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := s.app.DetectPopulation(s.ctx, "helen", exam, f, population.Source{}, population.Schema{}, nil); err == nil || !strings.Contains(err.Error(), c.says) || app.IsInternal(err) {
			t.Errorf("%s: %v", name, err)
		}
		f.Discard()
	}
}

// TestTrace draws items verifiably, records what was found in the source, and looks items
// of the source up in the list.
func TestTrace(t *testing.T) {
	s := begin(t)
	s.open()
	freeze := func(id, csv string) {
		t.Helper()
		f, err := s.app.StagePopulation(s.ctx, "helen", exam, id+".csv", strings.NewReader(csv))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.app.ImportPopulation(s.ctx, "helen", app.ImportSpec{Ledger: exam, ID: id, Source: population.Source{Path: f.Path, Name: f.Name}, Population: soc1.Population{Title: id, Purpose: soc1.AuditorPopulation, Key: []string{"id"}}}); err != nil {
			t.Fatal(err)
		}
	}
	freeze("list", "id\na\nb\nc\nd\n")
	freeze("source", "id\na\nb\nc\nd\ne\n")
	check := func(kind soc1.CheckKind) soc1.CompletenessCheck {
		t.Helper()
		p := one[soc1.Population](s, "helen", exam, "population", "list").Value
		for _, c := range p.Checks {
			if c.Check == kind {
				return c
			}
		}
		t.Fatalf("there is no check %s in %+v", kind, p.Checks)
		return soc1.CompletenessCheck{}
	}
	org := exam
	if err := s.app.DrawTrace(s.ctx, "helen", org, "list", 2); err != nil {
		t.Fatal(err)
	}
	drawn := check(soc1.ListToSource)
	if len(drawn.Items) != 2 || drawn.Passed || drawn.SeedInput == "" || drawn.By != "helen" || drawn.Actual != "0 agree, 0 do not, 2 not traced yet" {
		t.Fatalf("drawn %+v", drawn)
	}
	if err := s.app.RecordTrace(s.ctx, "helen", org, "list", []soc1.TracedItem{{Key: drawn.Items[0].Key, Outcome: soc1.Fail}}); err == nil {
		t.Error("a difference was recorded that nobody describes")
	}
	if err := s.app.RecordTrace(s.ctx, "helen", org, "list", []soc1.TracedItem{{Key: drawn.Items[0].Key, Outcome: soc1.Pass}, {Key: drawn.Items[1].Key, Outcome: soc1.Pass}}); err != nil || !check(soc1.ListToSource).Passed {
		t.Fatalf("traced: %v, %+v", err, check(soc1.ListToSource))
	}
	// Drawn on, what was found stays, and the same items come first.
	if err := s.app.DrawTrace(s.ctx, "helen", org, "list", 3); err != nil {
		t.Fatal(err)
	}
	if more := check(soc1.ListToSource); len(more.Items) != 3 || more.Items[0].Key != drawn.Items[0].Key || more.Items[1].Outcome != soc1.Pass || more.Passed {
		t.Errorf("drawn on %+v", more)
	}
	if err := s.app.DrawTrace(s.ctx, "helen", org, "list", 1); err == nil {
		t.Error("a trace shrank")
	}
	if err := s.app.TraceSource(s.ctx, "helen", org, "list", app.SourceTrace{Population: "source", N: 5}); err != nil {
		t.Fatal(err)
	}
	if c := check(soc1.SourceToList); c.Passed || len(c.Examples) != 1 || c.Examples[0] != "e" || c.Actual != "4 agree, 1 do not" {
		t.Errorf("from the source %+v", c)
	}
	if err := s.app.TraceSource(s.ctx, "helen", org, "list", app.SourceTrace{Keys: []string{"a", "b", "a"}, How: "Taken from the binder of June."}); err != nil || !check(soc1.SourceToList).Passed {
		t.Errorf("by hand: %v", err)
	}
	// One check more, then why a difference does not matter, then what follows.
	if _, err := s.app.CheckPopulation(s.ctx, "helen", org, "list", app.CheckSpec{Add: true, Checks: []population.CheckSpec{{Kind: "count", Expected: "5"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.app.NoteCheck(s.ctx, "helen", org, "list", soc1.SecondSourceCount, "", "One was cancelled."); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.CheckPopulation(s.ctx, "helen", org, "list", app.CheckSpec{Add: true, Conclusion: "Complete but for one that was cancelled."}); err != nil {
		t.Fatal(err)
	}
	if p := one[soc1.Population](s, "helen", exam, "population", "list").Value; len(p.Checks) != 3 || p.CompletenessBy != "helen" || p.CompletenessOn == "" || p.Checks[2].Note != "One was cancelled." {
		t.Errorf("recorded %+v", p)
	}
}
