package procedure

import (
	"slices"
	"strings"
	"testing"

	"reperform/population"
	"reperform/soc1"
)

func TestInputLeavesDroppedColumnsOut(t *testing.T) {
	p := soc1.Population{Title: "Changes", Key: []string{"id"}, Columns: []soc1.Column{
		{Name: "id", Type: "text"}, {Name: "account", Type: "dropped", Transform: soc1.Dropped}, {Name: "amount", Type: "decimal(12,2)", Nulls: 3, Min: "1.00", Max: "9.50"}}}
	in, err := Input(p, "x.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Columns) != 2 || in.Columns[1].Name != "amount" || in.Columns[1].Nulls != 3 || in.Columns[1].Max != "9.50" || in.PopulationHash != "" {
		t.Errorf("the engine is told %+v", in)
	}
	p.Columns[0].Type = "varchar(7)"
	if _, err := Input(p, "x"); err == nil || !strings.Contains(err.Error(), "column id") {
		t.Errorf("a type that no program wrote gives %v", err)
	}
}

func TestJoinColumns(t *testing.T) {
	got, err := JoinColumns(" user_id = account ; day=date")
	want := []population.JoinColumns{{Population: "user_id", Joined: "account"}, {Population: "day", Joined: "date"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := JoinColumns("  "); err != nil || got != nil {
		t.Errorf("no pairs are no join: %v, %v", got, err)
	}
	for _, bad := range []string{"a", "a =", "= b", "a = b;", "a = b; c"} {
		if _, err := JoinColumns(bad); err == nil || !strings.Contains(err.Error(), "pair of columns") {
			t.Errorf("%q gives %v", bad, err)
		}
	}
}

func TestEvaluationAsksInTheOrderRecorded(t *testing.T) {
	run := soc1.TestRun{Zone: "UTC", Holidays: []soc1.Date{"2025-12-25"}, Expressions: []soc1.Expression{{Attribute: "B", Pass: "x"}, {Attribute: "A", Pass: "y", NotApplicable: "z"}},
		Joins: []soc1.DerivationInput{{Name: "acct", On: "a = b"}, {Name: "other"}}}
	q, err := Evaluation(run, population.Input{Path: "p"}, []population.Input{{Path: "1"}, {Path: "2"}}, "out")
	if err != nil {
		t.Fatal(err)
	}
	if q.Attributes[0].Code != "B" || q.Attributes[1].NotApplicable != "z" || q.Joins[1].Input.Path != "2" || q.Joins[1].On != nil || q.Holidays[0] != "2025-12-25" || q.ExceptionsPath != "out" {
		t.Errorf("the engine is asked %+v", q)
	}
	run.Joins[0].On = "a"
	if _, err := Evaluation(run, population.Input{}, make([]population.Input, 2), ""); err == nil || !strings.Contains(err.Error(), "join acct") {
		t.Errorf("a join that says nothing gives %v", err)
	}
}

func TestSeedTakesTheNonceFromOutside(t *testing.T) {
	text, err := SeedInput("e", "c", strings.Repeat("ab", 32), 1).Text()
	if err != nil {
		t.Fatal(err)
	}
	s := soc1.Sample{SeedInput: text}
	without, err := Seed(s, "")
	if err != nil {
		t.Fatal(err)
	}
	with, err := Seed(s, strings.Repeat("01", 32))
	if err != nil || with == without {
		t.Errorf("the nonce changes nothing: %v", err)
	}
	if _, err := Seed(soc1.Sample{SeedInput: "anything"}, ""); err == nil {
		t.Error("a text that is no seed input makes a seed")
	}
}

func TestStratum(t *testing.T) {
	var date, text population.Type
	if err := date.UnmarshalText([]byte("date")); err != nil {
		t.Fatal(err)
	}
	if err := text.UnmarshalText([]byte("text")); err != nil {
		t.Fatal(err)
	}
	in := population.Input{Columns: []population.FrozenField{{Name: `on "x"`, Type: date}, {Name: "kind", Type: text}}}
	for column, want := range map[string]string{"": "", "kind": `"kind"`, `on "x"`: `year("on ""x""") || '-Q' || quarter("on ""x""")`} {
		if got, err := stratumOf(in, column); err != nil || got != want {
			t.Errorf("%q is %q, %v", column, got, err)
		}
	}
	if _, err := stratumOf(in, "absent"); err == nil {
		t.Error("a column that is not there makes strata")
	}
}

func TestShares(t *testing.T) {
	got := Shares([]soc1.SampleItem{{Stratum: "2025-Q1"}, {Stratum: "2025-Q2"}, {Stratum: "2025-Q1"}})
	if len(got) != 2 || got["2025-Q1"] != 2 || got["2025-Q2"] != 1 {
		t.Errorf("%v", got)
	}
}
