package population

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

const payroll = `line_id,employee_id,period_end,gross,net,approver,approved_at
L1,0007,2025-01-31,1000.00,800.00,0003,2025-02-01 10:00:00
L2,0008,2025-01-31,1000.00,1200.00,0003,2025-02-01 10:00:00
L3,0009,2025-01-31,,700.00,,
L4,0010,2025-01-31,500.10,400.00,0010,2025-02-03 10:00:00
`

// TestCensus imports a small file, evaluates attributes over every row and
// reads the exceptions.
func TestCensus(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, payroll, "line_id")
	if f.Rows != 4 || !f.KeyUnique {
		t.Fatalf("rows %d, key unique %v", f.Rows, f.KeyUnique)
	}
	if got := f.Columns[3]; got.Type.String() != "decimal(18,2)" || got.Total != "2500.10" || got.Nulls != 1 {
		t.Errorf("gross is %+v", got)
	}
	path := filepath.Join(t.TempDir(), "exceptions.jsonl")
	m, err := e.Evaluate(context.Background(), EvaluateRequest{
		Population: f.Input(), Zone: "UTC", ExceptionsPath: path,
		Attributes: []Attribute{
			{Code: "A", Pass: "net <= gross"},
			{Code: "B", Pass: "approver IS NOT NULL AND approver <> employee_id", NotApplicable: "net < 500"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Attributes[0].Counts, (Counts{Pass: 2, Fail: 1, CannotTell: 1}); got != want {
		t.Errorf("A: got %+v, want %+v", got, want)
	}
	if got, want := m.Attributes[1].Counts, (Counts{Pass: 2, Fail: 1, NotApplicable: 1}); got != want {
		t.Errorf("B: got %+v, want %+v", got, want)
	}
	lines, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"key":"L2","attribute":"A","outcome":"fail"}
{"key":"L3","attribute":"A","outcome":"cannot_tell"}
{"key":"L3","attribute":"B","outcome":"fail"}
`
	if string(lines) != want {
		t.Errorf("exceptions:\n%s\nwant:\n%s", lines, want)
	}
	again, err := e.Hash(context.Background(), f.Input())
	if err != nil {
		t.Fatal(err)
	}
	if again.PopulationHash != f.PopulationHash || again.FrozenSHA256 != f.FrozenSHA256 {
		t.Errorf("the hashes of the frozen file changed: %s, %s", again.PopulationHash, f.PopulationHash)
	}
}
