package play

import (
	"context"
	"fmt"
	"slices"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// fate is what becomes of one of management's own tests.
type fate int

const (
	// effective: passed, and concluded so some days later.
	effective fate = iota
	// performed: passed, and nothing is concluded yet.
	performed
	// planned: written down, and not begun.
	planned
	// open: failed, and nobody decided on the exception.
	open
	// remediated: failed and confirmed; tested again after the cause was
	// removed, passed, and concluded effective.
	remediated
	// confirmed: failed and confirmed, and nothing is concluded yet.
	confirmed
	// ineffective: failed, confirmed, and concluded so.
	ineffective
)

// ownTest is a control that management tests itself.
type ownTest struct {
	control    string
	month, day int
	fate       fate
	// fact is what failed, why what the manager decided about it.
	fact, why string
}

// ownTests are those of a year under way, in the order in which they are made.
var ownTests = []ownTest{
	{"pay-1-1", 3, 11, effective, "", ""}, {"pay-1-2", 3, 12, effective, "", ""}, {"pay-1-3", 3, 18, effective, "", ""},
	{"itgc-1-1", 3, 24, effective, "", ""}, {"itgc-1-5", 3, 31, effective, "", ""}, {"pay-2-1", 4, 7, effective, "", ""},
	{"pay-2-2", 4, 8, effective, "", ""}, {"pay-2-4", 4, 14, effective, "", ""}, {"itgc-2-2", 4, 21, effective, "", ""},
	{"el-1", 4, 27, effective, "", ""}, {"pay-3-1", 5, 5, effective, "", ""}, {"pay-3-3", 5, 6, effective, "", ""},
	{"itgc-1-2", 5, 12, remediated, "The account of a person who left on a Friday was disabled on the third business day.",
		"The people register announced the leaving late; the message is sent at once since July."},
	{"pay-4-1", 5, 19, effective, "", ""}, {"pay-4-2", 5, 20, effective, "", ""}, {"itgc-3-1", 6, 2, effective, "", ""},
	{"pay-5-1", 6, 9, effective, "", ""}, {"pay-5-2", 6, 16, effective, "", ""}, {"itgc-3-2", 6, 23, effective, "", ""},
	{"itgc-4-1", 7, 7, effective, "", ""}, {"pay-7-1", 7, 14, effective, "", ""}, {"pay-7-2", 7, 15, effective, "", ""},
	{"itgc-2-5", 7, 28, effective, "", ""}, {"pay-3-2", 8, 4, effective, "", ""},
	{"itgc-2-1", 8, 18, confirmed, "An emergency change to the report layouts was merged with the author’s own approval.",
		"The exception is real: the second approval was given the next morning, after the deployment."},
	{"pay-5-3", 8, 25, effective, "", ""}, {"itgc-5-1", 9, 1, effective, "", ""},
	{"pay-6-4", 9, 8, ineffective, "Two agency notices of July were answered after the date that the agency had set.",
		"Both notices lay in a mailbox that nobody watches since the move; the control did not operate in July and August."},
	{"el-4", 9, 15, effective, "", ""}, {"pay-6-1", 9, 22, effective, "", ""},
	{"pay-2-3", 10, 6, open, "For one of the bank-detail changes compared, the call-back was noted after the first payment.", ""},
	{"pay-4-3", 10, 13, performed, "", ""}, {"pay-4-4", 10, 14, performed, "", ""}, {"itgc-1-3", 10, 20, performed, "", ""},
	{"itgc-1-6", 10, 27, open, "The comparison of September lists a service account that the register does not know, and names no action.", ""},
	{"pay-5-4", 11, 3, performed, "", ""}, {"itgc-3-3", 11, 10, performed, "", ""},
	{"itgc-4-2", 11, 12, open, "The sheet of the restore test of August has no comparison for one of six databases.", ""},
	{"itgc-5-2", 11, 17, performed, "", ""},
	{"pay-6-3", 12, 8, planned, "", ""}, {"pay-7-3", 12, 9, planned, "", ""}, {"itgc-4-3", 12, 10, planned, "", ""}, {"pay-3-4", 12, 15, planned, "", ""}, {"itgc-5-3", 12, 16, planned, "", ""},
}

// inYear is a test as a year has it: when the year is over, what was open has
// been settled.
func (y *season) inYear(t ownTest) ownTest {
	if !y.complete() {
		return t
	}
	switch {
	case t.fate == confirmed:
		t.fate = ineffective
	case t.fate == open, t.fate == ineffective:
		t.fate = remediated
		if t.why == "" {
			t.why = "The exception is real; the step that was left out is part of the form now."
		}
	case t.fate != remediated:
		t.fate = effective
	}
	return t
}

// ownTests plans management's own tests: written down together, then performed
// one by one.
func (y *season) ownTests() {
	y.on(y.day(2, 10), 9, func(ctx context.Context) error {
		var changes []app.RecordChange
		for _, t := range ownTests {
			changes = append(changes, y.written(y.testID(t), t, "", "")...)
		}
		return y.put(ctx, manager, "Management’s own tests of the year.", changes...)
	})
	for _, t := range ownTests {
		t = y.inYear(t)
		on := y.day(t.month, t.day)
		if t.fate == planned {
			continue
		}
		outcome := soc1.Pass
		if t.fact != "" {
			outcome = soc1.Fail
		}
		y.perform(y.testID(t), t, on, outcome, t.fact)
		switch t.fate {
		case effective:
			y.conclude(t, on.AddDays(8), soc1.Effective, "The item passed every attribute; nothing else is known that speaks against it.")
		case remediated:
			y.confirm(t, on.AddDays(6))
			again := on.AddDays(91)
			if y.complete() {
				again = min(again, y.day(12, 12))
			}
			y.on(again, 9, func(ctx context.Context) error {
				return y.put(ctx, manager, "Tested again after the cause was removed.", y.written(y.testID(t)+"-again", t, "", " (again)")...)
			})
			y.perform(y.testID(t)+"-again", t, again, soc1.Pass, "")
			y.conclude(t, again.AddDays(3), soc1.Effective, "The first test failed. The cause was removed, an item from after that passed, and the exception concerned no payment: "+t.why)
		case confirmed:
			y.confirm(t, on.AddDays(9))
		case ineffective:
			y.confirm(t, on.AddDays(7))
			y.conclude(t, on.AddDays(10), soc1.NotEffective, t.why)
		}
	}
}

func (y *season) testID(t ownTest) string { return fmt.Sprintf("own-%d-%s", y.year, t.control) }

// written is a test with its one attribute, performed on a day or not yet.
func (y *season) written(id string, t ownTest, on soc1.Date, more string) []app.RecordChange {
	k := y.control(t.control)
	what := leaves(k.Evidence)
	x := soc1.TestOfControl{Code: "M-" + k.Code + more, By: soc1.ByManagement, Engagement: y.engagement, Control: t.control, Method: soc1.ObservationOnly, Attributes: []string{id + "-a"},
		Procedures: []soc1.Procedure{{Nature: soc1.Inquiry, Text: "Asked the owner how the control is performed and who stands in."},
			{Nature: soc1.Inspection, Text: "Inspected for one item: " + k.Evidence + "."}}}
	if on != "" {
		x.PerformedBy, x.PerformedOn = manager, on
	}
	return []app.RecordChange{{Kind: "test_of_control", ID: id, Revision: -1, Value: x},
		{Kind: "attribute", ID: id + "-a", Revision: -1, Value: soc1.Attribute{Test: id, Code: "A", Manual: true, Text: what + " shows who performed the control, when, and that what it found was followed up."}}}
}

func (y *season) control(id string) ownedControl {
	for _, k := range y.controls {
		if k.id == id {
			return k
		}
	}
	panic("the example has no control " + id)
}

// perform enters what a test found for its one item.
func (y *season) perform(id string, t ownTest, on soc1.Date, outcome soc1.Outcome, fact string) {
	y.on(on, 10, func(ctx context.Context) error {
		more := ""
		if id != y.testID(t) {
			more = " (again)"
		}
		today := workday(on)
		if err := y.put(ctx, manager, "Tested.", y.written(id, t, today, more)[:1]...); err != nil {
			return err
		}
		note := fact
		if note == "" {
			note = leaves(y.control(t.control).Evidence) + " inspected; it shows what the attribute asks for."
		}
		shown, err := y.looksAt(ctx, t.control, today)
		if err != nil {
			return err
		}
		row := app.ResultRow{File: "program", Test: id, Cell: soc1.Result{ItemKey: string(today)[:7], Attribute: "A", Outcome: outcome, Note: note, TestedOn: today, Evidence: shown}}
		_, err = y.app.RunTests(ctx, manager, app.RunOptions{Ledger: app.OrganizationLedger, Engagement: y.engagement, Tests: []string{id}, Results: []app.ResultRow{row}, Reason: "Own test performed."})
		return err
	})
}

// looksAt is the evidence of a control that whoever tests it on a day has before them:
// the latest on record. A control that left none so far is tested without.
func (y *season) looksAt(ctx context.Context, control string, today soc1.Date) ([]string, error) {
	v, err := y.app.View(ctx, manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Evidence](ctx, v, "evidence")
	if err != nil {
		return nil, err
	}
	var last record.Typed[soc1.Evidence]
	speaks := func(e soc1.Evidence) soc1.Date { return max(e.PeriodTo, e.AsOf) }
	for _, e := range all {
		if slices.Contains(e.Value.Controls, control) && speaks(e.Value) <= today && speaks(e.Value) > speaks(last.Value) {
			last = e
		}
	}
	if last.ID == "" {
		return nil, nil
	}
	return []string{last.ID}, nil
}

func (y *season) confirm(t ownTest, on soc1.Date) {
	y.on(on, 11, func(ctx context.Context) error {
		_, err := y.app.DecideExceptions(ctx, manager, app.ExceptionDecision{Ledger: app.OrganizationLedger, Test: y.testID(t), Attribute: "A", Status: soc1.Confirmed, Reason: t.why})
		return err
	})
}

func (y *season) conclude(t ownTest, on soc1.Date, v soc1.Verdict, reasons string) {
	y.on(on, 16, func(ctx context.Context) error {
		return y.app.Conclude(ctx, manager, app.OrganizationLedger, fmt.Sprintf("own-%d-%s-operating", y.year, t.control), soc1.Conclusion{Engagement: y.engagement,
			Subject: soc1.OnControl, SubjectID: t.control, Limb: soc1.ConcludeOperating, Outcome: v, Reasons: reasons})
	})
}

// signPapers has each working paper signed by who tested and by who reviews, before
// anything is released or concluded from it.
func (s *stage) signPapers(ctx context.Context) error {
	all, err := s.app.Papers(ctx, s.plan.Conclusions.By, s.plan.Ledger, record.AsOf{})
	if err != nil {
		return err
	}
	for _, step := range []struct {
		as   soc1.SignOffRole
		on   soc1.Date
		name func(soc1.TestOfControl) string
	}{
		{soc1.AsPreparer, "2026-01-29", func(t soc1.TestOfControl) string { return t.PerformedBy }},
		{soc1.AsReviewer, "2026-01-30", func(t soc1.TestOfControl) string { return t.Reviewer }},
	} {
		s.at(step.on, 9)
		for _, e := range all {
			for _, x := range e.Papers {
				who := step.name(x.Test.Value)
				p, err := s.app.Paper(ctx, who, s.plan.Ledger, x.Test.ID, record.AsOf{})
				if err != nil {
					return err
				}
				if _, err := s.app.SignPaper(ctx, who, app.PaperSigning{Ledger: s.plan.Ledger, Test: x.Test.ID, As: step.as, Seen: p.Digest}); err != nil {
					return fmt.Errorf("paper %s as %s: %w", x.Test.ID, step.as, err)
				}
			}
		}
	}
	return nil
}
