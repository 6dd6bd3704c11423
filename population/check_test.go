package population

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

const ledgerRows = `doc,no,day,amount,note
INV-0001,1,2025-01-02,100.10,a
INV-0002,2,2025-01-03,200.20,b
INV-0004,4,2025-01-06,-50.00,
INV-0005,5,2025-01-06,0.00,d
INV-0005,5,2025-01-08,1.00," "
INV-0010,10,2025-02-03,5.00,f
`

func TestChecks(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, ledgerRows)
	previous := []FrozenField{{Name: "doc", Type: Type{Kind: "text"}}, {Name: "amount", Type: Type{Kind: "decimal", Precision: 12, Scale: 2}}, {Name: "no", Type: Type{Kind: "text"}}, {Name: "old", Type: Type{Kind: "date"}}}
	cases := []struct {
		spec     CheckSpec
		passed   bool
		actual   string
		examples []string
	}{
		{CheckSpec{Kind: "count", Expected: "6"}, true, "6", nil},
		{CheckSpec{Kind: "count", Expected: "7"}, false, "6", nil},
		{CheckSpec{Kind: "control_total", Column: "amount", Expected: "256.3"}, true, "256.30", nil},
		{CheckSpec{Kind: "control_total", Column: "amount", Expected: "256.31"}, false, "256.30", []string{"difference -0.01"}},
		{CheckSpec{Kind: "sequence_gaps", Column: "doc"}, false, "5 missing in 2 gaps", []string{"INV-0003", "INV-0006 to INV-0009"}},
		{CheckSpec{Kind: "duplicate_keys", Columns: []string{"doc"}}, false, "1 key occurs more than once, 1 row too many", []string{"INV-0005 (2 times)"}},
		{CheckSpec{Kind: "duplicate_keys", Columns: []string{"doc", "day"}}, true, "0 keys occur more than once, 0 rows too many", nil},
		{CheckSpec{Kind: "empty_days", Column: "day", From: "2025-01-01", To: "2025-01-08", Holidays: []string{"2025-01-01"}}, false, "1", []string{"2025-01-07"}},
		{CheckSpec{Kind: "out_of_period", Column: "day", From: "2025-01-01", To: "2025-01-31"}, false, "0 before, 1 after, 0 without a date", []string{"2025-02-03"}},
		{CheckSpec{Kind: "schema_drift", Previous: f.Columns}, true, "0 differences", nil},
		{CheckSpec{Kind: "schema_drift", Previous: previous}, false, "5 differences", []string{`column "amount" was decimal(12,2) and is decimal(18,2)`, `column "old" is gone`, `column "day" is new`, `column "note" is new`, "the columns stand in another order"}},
		{CheckSpec{Kind: "required", Column: "note"}, false, "2", nil},
		{CheckSpec{Kind: "required", Column: "doc"}, true, "0", nil},
	}
	var specs []CheckSpec
	for _, c := range cases {
		specs = append(specs, c.spec)
	}
	results, err := e.Check(context.Background(), CheckRequest{Population: f.Input(), Zone: "UTC", Checks: specs})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		r := results[i]
		if r.Passed != c.passed || r.Actual != c.actual || !reflect.DeepEqual(r.Examples, c.examples) {
			t.Errorf("%+v\n\tgot  %v %q %q\n\twant %v %q %q", c.spec, r.Passed, r.Actual, r.Examples, c.passed, c.actual, c.examples)
		}
	}
	for _, c := range []struct {
		spec CheckSpec
		want string
	}{
		{CheckSpec{Kind: "nonsense"}, "not known"},
		{CheckSpec{Kind: "count", Expected: "many"}, "whole number"},
		{CheckSpec{Kind: "control_total", Column: "doc", Expected: "1"}, "of type text"},
		{CheckSpec{Kind: "control_total", Column: "amount", Expected: "1e5"}, "decimal number"},
		{CheckSpec{Kind: "required", Column: "missing"}, "no column"},
		{CheckSpec{Kind: "empty_days", Column: "day", From: "2025-02-01", To: "2025-01-01"}, "ends before"},
		{CheckSpec{Kind: "empty_days", Column: "day", From: "2025-02-01", To: "2025-03-01", Holidays: []string{"x"}}, "holidays"},
	} {
		_, err := e.Check(context.Background(), CheckRequest{Population: f.Input(), Zone: "UTC", Checks: []CheckSpec{c.spec}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.spec, err, c.want)
		}
	}
}

func TestProfile(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, ledgerRows)
	p, err := e.Profile(context.Background(), ProfileRequest{Population: f.Input(), Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	day, note := p.Columns[2], p.Columns[4]
	if p.Rows != 6 || day.Distinct != 5 || day.Min != "2025-01-02" || len(day.Days) != 5 || !reflect.DeepEqual(day.Months, []ValueCount{{"2025-01", 5}, {"2025-02", 1}}) {
		t.Errorf("day: %+v", day)
	}
	if note.Nulls != 1 || note.Distinct != 5 || p.Columns[3].Total != "256.30" {
		t.Errorf("note: %+v, amount: %+v", note, p.Columns[3])
	}
	if top := day.Top[0]; top != (ValueCount{"2025-01-06", 2}) {
		t.Errorf("most frequent day: %+v", top)
	}
}
