package ledgertest

import (
	"fmt"
	"testing"

	"reperform/ledger"
)

func revisionsOf(t testing.TB, s ledger.Store, q ledger.RevisionQuery) []ledger.Revision {
	t.Helper()
	var out []ledger.Revision
	err := s.Revisions(ctx, q, func(r ledger.Revision) error {
		out = append(out, r)
		return nil
	})
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return out
}

func checkRevisions(t testing.TB, s ledger.Store, m *Model, q ledger.RevisionQuery) {
	t.Helper()
	got, want := revisionsOf(t, s, q), m.Select(q)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("%+v: %d revisions, want %d; %+v is missing", q, len(got), len(want), want[i])
		case i >= len(want):
			t.Fatalf("%+v: %d revisions, want %d; %+v is too many", q, len(got), len(want), got[i])
		case !equalRevision(got[i], want[i]):
			t.Fatalf("%+v: revision %d is\n %+v, want\n %+v", q, i, got[i], want[i])
		}
	}
}

// testRevisions compares every selection on random histories, in which dates
// go back and forth as people record them late and ahead of time.
func testRevisions(t *testing.T, open Open) {
	s := open(t)
	for seed := range uint64(3) {
		m := NewModel(fmt.Sprintf("ledger-%d", seed), 100+seed)
		for range 12 {
			b := m.Batch(30)
			if seed == 2 && len(m.Rows) > 0 && len(m.Rows[len(m.Rows)-1].Documents) > 0 {
				last := m.Rows[len(m.Rows)-1]
				b.Redacts = []ledger.DocumentRef{{Pos: last.Pos, Slot: last.Documents[len(last.Documents)-1].Slot}}
			}
			mustAppend(t, s, m, b)
		}
		size := int64(len(m.Rows))
		for range 400 {
			q := ledger.RevisionQuery{Ledger: m.Name, Select: ledger.Selection(m.rng.IntN(5)), Known: m.rng.Int64N(size + 2),
				Effective: fmt.Sprintf("20%02d-%02d-%02d", 23+m.rng.IntN(5), 1+m.rng.IntN(12), 1+m.rng.IntN(2)), Documents: m.rng.IntN(2) == 0}
			if m.rng.IntN(3) > 0 {
				q.Kind = kinds[m.rng.IntN(len(kinds))]
				if m.rng.IntN(3) == 0 {
					q.ID = fmt.Sprintf("r%02d", m.rng.IntN(27))
				}
			}
			if m.rng.IntN(3) == 0 {
				q.After = fmt.Sprintf("r%02d", m.rng.IntN(27))
			}
			if m.rng.IntN(3) == 0 {
				q.Limit = 1 + m.rng.IntN(40)
			}
			checkRevisions(t, s, m, q)
		}
		checkPages(t, s, m)
	}
}

// checkPages reads a kind page by page; together the pages are the whole.
func checkPages(t testing.TB, s ledger.Store, m *Model) {
	t.Helper()
	q := ledger.RevisionQuery{Ledger: m.Name, Kind: "control", Select: ledger.SelectInForce, Known: int64(len(m.Rows)), Effective: "2025-06-30"}
	whole := m.Select(q)
	q.Limit = 4
	seen := 0
	for {
		page := revisionsOf(t, s, q)
		for _, r := range page {
			if seen >= len(whole) || !equalRevision(r, whole[seen]) {
				t.Fatalf("page after %q: revision %d is %+v", q.After, seen, r)
			}
			seen++
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	if seen != len(whole) {
		t.Fatalf("the pages hold %d revisions, the whole %d", seen, len(whole))
	}
}

// testKnownIsStable shows that a look back gives the same whatever follows,
// over more revisions than a store reads in one slice.
func testKnownIsStable(t *testing.T, open Open) {
	s := open(t)
	m := NewModel("a", 19)
	for len(m.Revisions) < 5000 {
		mustAppend(t, s, m, m.Batch(1000))
	}
	known := int64(len(m.Rows)) - 700
	qs := []ledger.RevisionQuery{
		{Ledger: "a", Select: ledger.SelectKnown, Known: known},
		{Ledger: "a", Select: ledger.SelectKnownAll, Known: known},
		{Ledger: "a", Select: ledger.SelectInForce, Known: known, Effective: "2025-03-15"},
		{Ledger: "a", Select: ledger.SelectInForce, Known: known, Effective: "2025-03-15", Kind: "risk", ID: "r03"},
	}
	var before []string
	for _, q := range qs {
		checkRevisions(t, s, m, q)
		before = append(before, spell(revisionsOf(t, s, q)))
	}
	mustAppend(t, s, m, m.Batch(1000))
	for i, q := range qs {
		checkRevisions(t, s, m, q)
		if after := spell(revisionsOf(t, s, q)); after != before[i] {
			t.Errorf("%+v changed after an append", q)
		}
	}
	checkRevisions(t, s, m, ledger.RevisionQuery{Ledger: "a", Select: ledger.SelectAll, Documents: true})
	checkRevisions(t, s, m, ledger.RevisionQuery{Ledger: "a", Kind: "control", Select: ledger.SelectAll, Limit: 3000})
	checkRevisions(t, s, m, ledger.RevisionQuery{Ledger: "a", Kind: "control", ID: "r01", Select: ledger.SelectKnownAll, Known: known})
}

// spell writes revisions without NextPos, which is of the present.
func spell(rs []ledger.Revision) string {
	out := ""
	for _, r := range rs {
		out += fmt.Sprintln(r.Kind, r.ID, r.Rev, r.Pos, r.Slot, r.Effective)
	}
	return out
}
