package population

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestPreview shows what a query gives before it is frozen, and where its errors are.
func TestPreview(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, ledgerRows)
	ask := func(sql string, key ...string) (*Preview, error) {
		return e.Preview(context.Background(), DeriveRequest{SQL: sql, Inputs: map[string]Input{"docs": f.Input()}, Key: key})
	}
	p, err := ask("SELECT doc, sum(amount) AS total, count(*) AS n\nFROM docs GROUP BY doc", "doc")
	if err != nil {
		t.Fatal(err)
	}
	if p.Rows != 5 || !p.Unique || len(p.First) != 5 || *p.First[0][0] != "INV-0001" || *p.First[0][1] != "100.10" || p.Columns[2].Type.String() != "integer" {
		t.Errorf("previewed %+v", p)
	}
	if p, err = ask("SELECT doc, nullif(note, 'a') AS note FROM docs", "doc"); err != nil || p.Unique || p.Rows != 6 || p.First[0][1] != nil {
		t.Errorf("with a key twice: %+v, %v", p, err)
	}
	for _, c := range []struct {
		sql          string
		line, column int
		says         string
	}{
		{"SELECT doc\nFROM docs\nWHERE colour = 1", 3, 7, "colour"},
		{"SELECT doc\nFROM nowhere", 0, 0, "nowhere"},
		{"SELECT doc\n, FROM FROM docs", 2, 8, "syntax"},
		{"DELETE FROM docs", 0, 0, "not allowed"},
		{"SELECT * FROM read_csv('/etc/passwd')", 0, 0, ""},
	} {
		_, err := ask(c.sql)
		var wrong *SQLError
		if !errors.As(err, &wrong) || wrong.Line != c.line || wrong.Column != c.column || !strings.Contains(strings.ToLower(wrong.Problem), c.says) {
			t.Errorf("%q: %#v", c.sql, err)
		}
	}
	if found, err := e.Find(context.Background(), RowsRequest{Population: importCSV(t, e, "id,x\na,1\nb,2\n", "id").Input(), Keys: []string{"a", "nobody"}}); err != nil || len(found) != 1 || *found["a"].Values[1] != "1" {
		t.Errorf("found %v, %v", found, err)
	}
}

// TestProfileSpread: quartiles, steps, outliers with their keys, blanks and repetitions.
func TestProfileSpread(t *testing.T) {
	e := newEngine(t)
	var b strings.Builder
	b.WriteString("id,amount,note\n")
	for i := range 40 {
		b.WriteString("k" + string(rune('A'+i%26)) + string(rune('a'+i/26)) + "," + strings.Repeat("1", 1+i%2) + ".50, \n")
	}
	b.WriteString("far,-9000.00,x\nkAa,1.50, \n")
	f := importCSV(t, e, b.String(), "id")
	p, err := e.Profile(context.Background(), ProfileRequest{Population: f.Input(), Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	a := p.Columns[1].Spread
	if p.Repeated != 1 || p.Same != 1 || p.Columns[2].Blank != 41 || a == nil || a.Outliers != 1 || len(a.Far) != 1 || a.Far[0] != (FarValue{"far", "-9000.00"}) || a.Low != "1.50" || a.High != "11.50" {
		t.Fatalf("profiled %+v %+v", p, a)
	}
	if a.Bins[0] != 21 || a.Bins[len(a.Bins)-1] != 20 {
		t.Errorf("the steps are %v", a.Bins)
	}
}

// TestDetectionShows what each column held, and which would be a key.
func TestDetectionShows(t *testing.T) {
	e := newEngine(t)
	path := writeFile(t, "x.csv", "no,who,left\n1,A,2025-01-02\n2,A,\n3,B,2025-01-03\n")
	var stages []string
	ctx := WithProgress(context.Background(), func(p Progress) { stages = append(stages, p.Stage) })
	d, err := e.Detect(ctx, Source{Path: path}, Schema{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !d.Columns[0].Unique || d.Columns[1].Unique || d.Columns[2].Unique || d.Columns[2].Blank != 1 || !slices.Equal(d.Columns[1].Examples, []string{"A", "B"}) {
		t.Errorf("seen %+v", d.Columns)
	}
	if !slices.Contains(stages, "detecting") {
		t.Errorf("heard %q", stages)
	}
}
