package app_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/evaluation"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

func (s *story) paper(actor string) *app.WorkingPaper {
	s.t.Helper()
	p, err := s.app.Paper(s.ctx, actor, exam, payTest, record.AsOf{})
	s.must(err)
	return p
}

// fill enters an outcome for each open cell of the paper.
func (s *story) fill(actor string, outcome soc1.Outcome) {
	s.t.Helper()
	p := s.paper(actor)
	var entries []app.CellEntry
	for _, it := range p.Items {
		for i, c := range it.Cells {
			if c == nil {
				entries = append(entries, app.CellEntry{Item: it.Key, Attribute: p.Attributes[i].Value.Code, Outcome: outcome})
			}
		}
	}
	answers, err := s.app.EnterCells(s.ctx, actor, exam, payTest, entries)
	s.must(err)
	for _, a := range answers {
		if a.Problem != "" {
			s.t.Fatalf("%s %s: %s", a.Item, a.Attribute, a.Problem)
		}
	}
}

// TestCellsAreEnteredEachForItself: what cannot be recorded keeps no other back, and
// nobody overwrites what somebody else found.
func TestCellsAreEnteredEachForItself(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	note := "Seen on the second page."
	enter := func(actor string, e ...app.CellEntry) []app.CellAnswer {
		t.Helper()
		out, err := s.app.EnterCells(s.ctx, actor, exam, payTest, e)
		s.must(err)
		if len(out) != len(e) {
			t.Fatalf("%d answers to %d entries", len(out), len(e))
		}
		return out
	}
	got := enter("mei",
		app.CellEntry{Item: items[0], Attribute: "A", Outcome: soc1.Pass, Note: &note},
		app.CellEntry{Item: "CHANGE-999", Attribute: "A", Outcome: soc1.Pass},
		app.CellEntry{Item: items[1], Attribute: "Z", Outcome: soc1.Pass},
		app.CellEntry{Item: items[1], Attribute: "A", Outcome: "maybe"},
		app.CellEntry{Item: items[1], Attribute: "A", Outcome: soc1.Pass, Evidence: &[]string{"absent"}},
		app.CellEntry{Item: items[2], Attribute: "A", Outcome: soc1.Fail})
	for i, want := range []string{"", "was not drawn", "has no attribute", "is not an outcome", "no evidence", ""} {
		if (want == "") != (got[i].Problem == "") || !strings.Contains(got[i].Problem, want) {
			t.Errorf("entry %d: %q, expected %q", i, got[i].Problem, want)
		}
	}
	if r := got[0].Result; r == nil || r.Note != note || r.By != "mei" || got[0].Revision != 1 {
		t.Errorf("recorded is %+v", got[0])
	}
	if xs := all[soc1.Exception](s, "helen", exam, "exception"); len(xs) != 1 || xs[0].Value.ItemKeys[0] != items[2] {
		t.Errorf("a failure raised %+v", xs)
	}
	// Entered again as it is, nothing is recorded, the note stays.
	before := s.size("helen", exam)
	if a := enter("carla", app.CellEntry{Item: items[0], Attribute: "A", Seen: 0, Outcome: soc1.Pass})[0]; a.Problem != "" || a.Result.Note != note || a.Result.By != "mei" {
		t.Errorf("the same entered again: %+v", a)
	}
	if s.size("helen", exam) != before {
		t.Error("the same was recorded twice")
	}
	// Somebody who did not see it does not overwrite it.
	if a := enter("carla", app.CellEntry{Item: items[0], Attribute: "A", Seen: 0, Outcome: soc1.Fail})[0]; a.Needs != "reload" || a.Result.Outcome != soc1.Pass {
		t.Errorf("an unseen result: %+v", a)
	}
	// Who saw it says why it is changed.
	if a := enter("carla", app.CellEntry{Item: items[0], Attribute: "A", Seen: 1, Outcome: soc1.Fail})[0]; a.Needs != "reason" {
		t.Errorf("changed without a reason: %+v", a)
	}
	why := "The second page is of another change than the item."
	if a := enter("carla", app.CellEntry{Item: items[0], Attribute: "A", Seen: 1, Outcome: soc1.Fail, Reason: why})[0]; a.Problem != "" || a.Revision != 2 || a.Result.ChangeReason != why {
		t.Errorf("changed with a reason: %+v", a)
	}
	// Opened again, it counts no more, and filled again it needs no reason.
	if a := enter("carla", app.CellEntry{Item: items[0], Attribute: "A", Seen: 2})[0]; a.Needs != "reason" {
		t.Errorf("opened without a reason: %+v", a)
	}
	if a := enter("carla", app.CellEntry{Item: items[0], Attribute: "A", Seen: 2, Reason: why})[0]; a.Problem != "" || a.Result != nil {
		t.Errorf("opened: %+v", a)
	}
	if p := s.paper("mei"); p.Items[slices.IndexFunc(p.Items, func(i evaluation.PaperItem) bool { return i.Key == items[0] })].Cells[0] != nil {
		t.Error("a cell that was opened again has a result")
	}
	if a := enter("mei", app.CellEntry{Item: items[0], Attribute: "A", Seen: 3, Outcome: soc1.Pass})[0]; a.Problem != "" || a.Revision != 4 {
		t.Errorf("filled again: %+v", a)
	}
}

// TestAPaperIsReadAgain: what is kept between two changes says what the records say.
func TestAPaperIsReadAgain(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	s.paper("mei")
	steps := []app.CellEntry{
		{Item: items[0], Attribute: "A", Outcome: soc1.Pass}, {Item: items[1], Attribute: "A", Outcome: soc1.Fail}, {Item: items[2], Attribute: "A", Outcome: soc1.Pass},
		{Item: items[0], Attribute: "A", Seen: 1, Outcome: soc1.NotApplicable, Reason: "The change was withdrawn before it was used."},
		{Item: items[2], Attribute: "A", Seen: 1, Reason: "It was keyed into the row of another item."},
	}
	for i, e := range steps {
		out, err := s.app.EnterCells(s.ctx, "mei", exam, payTest, []app.CellEntry{e})
		s.must(err)
		if out[0].Problem != "" {
			t.Fatal(out[0].Problem)
		}
		kept := s.paper("mei")
		fresh, err := s.reopen().Paper(s.ctx, "mei", exam, payTest, record.AsOf{})
		s.must(err)
		if kept.Digest != fresh.Digest || kept.Open() != fresh.Open() || kept.Records() != fresh.Records() {
			t.Errorf("after step %d the paper has %d open cells of %d records, and read anew %d of %d", i, kept.Open(), kept.Records(), fresh.Open(), fresh.Records())
		}
	}
}

// TestAPaperIsSignedByTwo: a preparer, then another who had no part in it; what is
// recorded later reopens it.
func TestAPaperIsSignedByTwo(t *testing.T) {
	s := begin(t)
	s.plan()
	s.run("mei", exam, payTest)
	sign := func(actor string, as soc1.SignOffRole) error {
		t.Helper()
		_, err := s.app.SignPaper(s.ctx, actor, app.PaperSigning{Ledger: exam, Test: payTest, As: as, Seen: s.paper(actor).Digest})
		return err
	}
	s.refused(sign("mei", soc1.AsPreparer), "no result yet")
	s.fill("mei", soc1.Pass)
	_, err := s.app.SignPaper(s.ctx, "mei", app.PaperSigning{Ledger: exam, Test: payTest, As: soc1.AsPreparer, Seen: "another"})
	s.refused(err, "changed meanwhile")
	s.refused(sign("helen", soc1.AsReviewer), "Nobody has signed it as its preparer")
	s.must(sign("mei", soc1.AsPreparer))
	s.refused(sign("mei", soc1.AsPreparer), "You have signed it")
	if err := sign("mei", soc1.AsReviewer); !errors.As(err, new(*identity.DeniedError)) {
		t.Errorf("staff reviews: %v", err)
	}
	p := s.paper("helen")
	if x := p.Signed(soc1.AsPreparer); x == nil || x.Value.By != "mei" || p.Test.Value.PerformedBy != "mei" || p.Test.Value.PerformedOn == "" {
		t.Errorf("signed is %+v under %+v", x, p.Test.Value)
	}
	// A review note stands in the way until it is cleared.
	_, note, err := s.app.Comment(s.ctx, "helen", app.Commenting{Subject: soc1.Ref{Ledger: exam, Kind: "test_of_control", ID: payTest}, Text: "Which page shows the call?"})
	s.must(err)
	s.refused(sign("helen", soc1.AsReviewer), "1 review note is not cleared")
	s.must(s.app.ResolveComment(s.ctx, "helen", exam, note, true))
	s.must(sign("helen", soc1.AsReviewer))
	if p = s.paper("mei"); p.Signed(soc1.AsReviewer) == nil || p.Test.Value.Reviewer != "helen" {
		t.Errorf("reviewed is %+v", p.SignOffs)
	}
	// A later change reopens both and says what it was.
	it := p.Items[0]
	_, err = s.app.EnterCells(s.ctx, "carla", exam, payTest, []app.CellEntry{{Item: it.Key, Attribute: "A", Seen: it.Cells[0].Revision, Outcome: soc1.Fail, Reason: "The page is of another change than this item."}})
	s.must(err)
	p = s.paper("mei")
	for _, as := range []soc1.SignOffRole{soc1.AsPreparer, soc1.AsReviewer} {
		x := p.Reopened(as)
		if x == nil || p.Signed(as) != nil || !slices.ContainsFunc(x.Since, func(r soc1.Ref) bool { return r.Kind == "result" }) {
			t.Fatalf("%s after a change: %+v", as, x)
		}
	}
	if n := len(slices.DeleteFunc(slices.Clone(p.Figures.Flags), func(f evaluation.Flag) bool { return f.Rule != "EVA-33" })); n != 2 {
		t.Errorf("%d signatures are flagged, expected 2: %v", n, p.Figures.Flags)
	}
	// Whoever recorded a result does not review, and nobody with an exception undecided.
	s.must(sign("mei", soc1.AsPreparer))
	s.refused(sign("carla", soc1.AsReviewer), "You recorded results in it")
	s.refused(sign("helen", soc1.AsReviewer), "nobody confirmed or dismissed")
	if _, err := s.app.SignPaper(s.ctx, "dana", app.PaperSigning{Ledger: exam, Test: payTest, As: soc1.AsPreparer}); !errors.As(err, new(*identity.DeniedError)) {
		t.Errorf("management signs the auditor's paper: %v", err)
	}
	_, err = s.app.Paper(s.ctx, "dana", exam, payTest, record.AsOf{})
	if !errors.As(err, new(*identity.DeniedError)) {
		t.Errorf("management reads the auditor's paper: %v", err)
	}
}

// TestPaperRows reads what the population says of the items, once.
func TestPaperRows(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	rows, err := s.app.PaperRows(s.ctx, "helen", exam, payTest)
	s.must(err)
	if len(rows.Rows) != len(items) || !slices.Contains(rows.Columns, "changed_on") {
		t.Fatalf("read are %v of %d rows", rows.Columns, len(rows.Rows))
	}
	again, err := s.app.PaperRows(s.ctx, "mei", exam, payTest)
	s.must(err)
	if again != rows {
		t.Error("the same rows were read twice")
	}
	if _, err := s.app.PaperRows(s.ctx, "dana", exam, payTest); !errors.As(err, new(*identity.DeniedError)) {
		t.Errorf("management reads the auditor's items: %v", err)
	}
}

// TestPeopleFillOneGrid at once, while others look: in the end everybody sees what is on
// record, and nothing is lost.
func TestPeopleFillOneGrid(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	var wg sync.WaitGroup
	for n, who := range []string{"mei", "carla", "helen"} {
		wg.Go(func() {
			for i := range items {
				key := items[(i+n*4)%len(items)]
				out, err := s.app.EnterCells(s.ctx, who, exam, payTest, []app.CellEntry{{Item: key, Attribute: "A", Outcome: soc1.Pass}})
				if err != nil || out[0].Problem != "" || out[0].Result == nil {
					t.Errorf("%s at %s: %+v, %v", who, key, out, err)
					return
				}
				if p, err := s.app.Paper(s.ctx, who, exam, payTest, record.AsOf{}); err != nil || p.Open() == len(items) {
					t.Errorf("%s sees %v", who, err)
				}
			}
		})
	}
	wg.Wait()
	if p := s.paper("mei"); p.Open() != 0 {
		t.Errorf("%d cells are open", p.Open())
	}
}
