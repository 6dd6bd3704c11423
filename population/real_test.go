package population

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedFile returns a file of the real data beside the repository.
func sharedFile(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("REPERFORM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data are not here: %v", err)
	}
	return path
}

// oneRowPerDeclaration groups the event log. Several rounds of rejection and
// approval are kept as lists of instants; a second event in the same instant is
// put after the first by the event's own number.
const oneRowPerDeclaration = `
SELECT "case" AS declaration,
	any_value("(case)_DeclarationNumber" ORDER BY "id") AS number,
	max("(case)_Amount") AS amount,
	count(*) AS events,
	min("time:timestamp") FILTER (WHERE "concept:name" = 'Declaration SUBMITTED by EMPLOYEE') AS first_submitted,
	min("time:timestamp") FILTER (WHERE "concept:name" LIKE 'Declaration FINAL_APPROVED by %') AS first_final_approval,
	max("time:timestamp") FILTER (WHERE "concept:name" LIKE 'Declaration FINAL_APPROVED by %') AS last_final_approval,
	min("time:timestamp") FILTER (WHERE "concept:name" = 'Request Payment') AS first_request,
	max("time:timestamp") FILTER (WHERE "concept:name" = 'Payment Handled') AS paid,
	count(*) FILTER (WHERE "concept:name" LIKE 'Declaration REJECTED by %') AS rejections,
	max("time:timestamp") FILTER (WHERE "concept:name" LIKE 'Declaration REJECTED by %') AS last_rejection,
	string_agg(DISTINCT "org:role", ' ' ORDER BY "org:role") AS roles,
	list("concept:name" ORDER BY "time:timestamp", "id")[-1] AS last_activity
FROM events
GROUP BY "case"`

// TestExpenseDeclarations runs the controls of a real event log (BPI Challenge
// 2020) from raw extract to exceptions.
func TestExpenseDeclarations(t *testing.T) {
	source := sharedFile(t, "data", "expense-declarations", "events.csv")
	e := newEngine(t)
	ctx := context.Background()
	dir := t.TempDir()
	events, err := e.Import(ctx, ImportRequest{Source: Source{Path: source}, Zone: "Europe/Amsterdam", Output: filepath.Join(dir, "events.parquet")})
	if err != nil {
		t.Fatal(err)
	}
	if events.Rows != 55_628 {
		t.Errorf("events: got %d, want 55628", events.Rows)
	}
	// Two kinds of offset, summer and winter, make instants; the amount was
	// blurred for publication and has many places, all of which are kept.
	if got := events.Columns[2].Type.String(); got != "timestamptz" {
		t.Errorf("time:timestamp is %s, want timestamptz", got)
	}
	if got := events.Columns[3].Type.String(); got != "decimal(38,16)" {
		t.Errorf("(case)_Amount is %s, want decimal(38,16)", got)
	}
	declarations, err := e.Derive(ctx, DeriveRequest{
		SQL: oneRowPerDeclaration, Inputs: map[string]Input{"events": events.Input()},
		Key: []string{"declaration"}, Zone: "Europe/Amsterdam", Output: filepath.Join(dir, "declarations.parquet"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if declarations.Rows != 10_357 || !declarations.KeyUnique {
		t.Errorf("declarations: got %d (key unique: %v), want 10357", declarations.Rows, declarations.KeyUnique)
	}
	path := filepath.Join(dir, "exceptions.jsonl")
	m, err := e.Evaluate(ctx, EvaluateRequest{
		Population: declarations.Input(), Zone: "Europe/Amsterdam", ExceptionsPath: path,
		Joins: []Join{{Name: "events", Input: events.Input()}},
		Attributes: []Attribute{
			{Code: "ever-approved", NotApplicable: `paid IS NULL`, Pass: `first_final_approval IS NOT NULL`},
			{Code: "approved-before-request", NotApplicable: `paid IS NULL OR first_request IS NULL`,
				// Ten requests bear the very second of their approval: the log's clock is
				// no finer, and the system requests in reaction to the approval.
				Pass: `first_final_approval IS NOT NULL AND first_final_approval <= first_request`},
			{Code: "within-240-hours", NotApplicable: `paid IS NULL`, Pass: `paid <= first_request + INTERVAL 240 HOUR`},
			{Code: "approved-after-rejection", NotApplicable: `paid IS NULL OR rejections = 0`,
				Pass: `last_final_approval IS NOT NULL AND last_final_approval > last_rejection AND last_final_approval < paid`},
			{Code: "rejection-by-subquery", NotApplicable: `paid IS NULL OR rejections = 0`, Pass: `NOT EXISTS (
				SELECT * FROM events r WHERE r."case" = p.declaration AND r."concept:name" LIKE 'Declaration REJECTED by %' AND r."time:timestamp" < p.paid
				AND NOT EXISTS (SELECT * FROM events a WHERE a."case" = p.declaration AND a."concept:name" LIKE 'Declaration FINAL_APPROVED by %'
					AND a."time:timestamp" > r."time:timestamp" AND a."time:timestamp" < p.paid))`},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Counts{
		"ever-approved":            {Pass: 9910, Fail: 2, NotApplicable: 445},
		"approved-before-request":  {Pass: 9909, Fail: 2, NotApplicable: 446},
		"within-240-hours":         {Pass: 9712, Fail: 199, NotApplicable: 445, CannotTell: 1},
		"approved-after-rejection": {Pass: 966, Fail: 1, NotApplicable: 9390},
		"rejection-by-subquery":    {Pass: 966, Fail: 1, NotApplicable: 9390},
	}
	for _, a := range m.Attributes {
		if a.Counts != want[a.Code] {
			t.Errorf("%s: got %+v, want %+v", a.Code, a.Counts, want[a.Code])
		}
		if n := a.Counts.Pass + a.Counts.Fail + a.Counts.NotApplicable + a.Counts.CannotTell; n != m.Rows {
			t.Errorf("%s: outcomes sum to %d of %d rows", a.Code, n, m.Rows)
		}
	}
	lines, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`{"key":"declaration124535","attribute":"within-240-hours","outcome":"cannot_tell"}`, // paid without any request
		`{"key":"declaration90815","attribute":"ever-approved","outcome":"fail"}`,
		`{"key":"declaration95149","attribute":"ever-approved","outcome":"fail"}`,
	} {
		if !strings.Contains(string(lines), line+"\n") {
			t.Errorf("the exceptions lack %s", line)
		}
	}
	if !strings.Contains(warningText(m.Warnings), "first_request") {
		t.Errorf("no remark that the time to payment cannot be told without a request: %v", m.Warnings)
	}
	items, err := e.Outcomes(ctx, OutcomesRequest{Evaluation: EvaluateRequest{
		Population: declarations.Input(), Zone: "Europe/Amsterdam",
		Attributes: []Attribute{{Code: "T", NotApplicable: `paid IS NULL`, Pass: `paid <= first_request + INTERVAL 240 HOUR`}},
	}, Keys: []string{"declaration124535", "declaration90815"}})
	if err != nil {
		t.Fatal(err)
	}
	if items[0].Outcomes[0] != CannotTell || items[1].Outcomes[0] != Pass {
		t.Errorf("outcomes of two items: %+v", items)
	}
	quarters := map[string]int{}
	err = e.Keys(ctx, KeysRequest{Population: declarations.Input(), Zone: "Europe/Amsterdam", Where: "paid IS NOT NULL",
		Stratum: "year(paid) || '-Q' || quarter(paid)"}, func(k KeyRow) error {
		quarters[k.Stratum]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range quarters {
		total += n
	}
	if total != 9912 || len(quarters) != 9 {
		t.Errorf("paid declarations by quarter: %v, in all %d, want 9912 in 9 quarters", quarters, total)
	}
}

func warningText(list []Warning) string {
	var b strings.Builder
	for _, w := range list {
		b.WriteString(w.String() + "\n")
	}
	return b.String()
}
