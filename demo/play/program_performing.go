package play

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// performedFrom is the month from which, in a year under way, some controls are
// performed in the product: before, their evidence was filed.
const performedFrom = 3

// performedControl is a control that is performed in the product.
type performedControl struct {
	id, performer, reviewer string
	due                     int
	checklist, balances     []string
	// usual is on which business day after the end it is signed.
	usual int
}

var performedControls = []performedControl{
	{id: "pay-5-4", performer: "leila-farahani", reviewer: "thomas-bergqvist", due: 10, usual: 7,
		checklist: []string{"Each of the 14 bank balances agrees with the bank’s statement", "Every reconciling item is listed and none is netted", "Items older than 30 days are escalated to the Chief Financial Officer"},
		balances:  []string{"Bank statements, 14 fiduciary accounts", "Client liability in Bittern"}},
	{id: "itgc-5-1", performer: "fatima-boukhari", due: 5, usual: 3,
		checklist: []string{"All in-scope hosts and applications were scanned", "Critical findings have a ticket with a day"}},
	{id: "itgc-2-4", performer: "peter-lindholm", reviewer: "gustavo-almeida", due: 8, usual: 5,
		checklist: []string{"The list comes from the audit logs of all six databases", "Each direct change has a ticket and an approval"}},
}

// performing tells how these controls are performed: one late, one returned and done
// again, one with an exception, one missing, and the last one waiting for its review.
func (y *season) performing() {
	from := y.day(performedFrom, 1)
	y.on(from, 10, func(ctx context.Context) error {
		calendar := soc1.BusinessCalendar{Name: "Rockford operations", Weekdays: []soc1.Weekday{soc1.Monday, soc1.Tuesday, soc1.Wednesday, soc1.Thursday, soc1.Friday, soc1.Saturday},
			Holidays: []soc1.Date{y.day(1, 1), y.day(7, 4), y.day(11, 26), y.day(12, 25)}, Description: "IT operations in Rockford works on Saturdays, and on the bank holidays on which batches run."}
		if err := y.put(ctx, manager, "IT operations works six days a week.", app.RecordChange{Kind: "business_calendar", ID: "rockford-operations", Effective: from, Value: calendar}); err != nil {
			return err
		}
		changes := []app.RecordChange{}
		change := func(id string, edit func(*soc1.Control)) error {
			v, err := y.app.View(ctx, manager, app.OrganizationLedger, record.AsOf{})
			if err != nil {
				return err
			}
			x, err := record.One[soc1.Control](ctx, v, "control", id)
			if err != nil {
				return err
			}
			edit(&x.Value)
			changes = append(changes, app.RecordChange{Kind: "control", ID: id, Revision: x.Revision, Effective: from, Value: x.Value})
			return nil
		}
		for _, c := range performedControls {
			if err := change(c.id, func(k *soc1.Control) {
				k.PerformedHere, k.Performer, k.Reviewer, k.DueBusinessDays, k.Checklist, k.Balances = true, c.performer, c.reviewer, c.due, c.checklist, c.balances
			}); err != nil {
				return err
			}
		}
		if err := change("itgc-3-2", func(k *soc1.Control) { k.Calendar = "rockford-operations" }); err != nil {
			return err
		}
		return y.put(ctx, manager, "Performed and signed in Reperform from March.", changes...)
	})
	for _, c := range performedControls {
		for m := performedFrom; m <= 12; m++ {
			y.performs(c, m)
		}
	}
}

// performedHere tells whether the evidence of an occurrence is its performance.
func (y *season) performedHere(control string, to soc1.Date) bool {
	return y.engagement != y.plan.Engagement && to >= y.day(performedFrom, 1) &&
		slices.ContainsFunc(performedControls, func(c performedControl) bool { return c.id == control })
}

// businessDay is the n-th weekday after a day.
func businessDay(d soc1.Date, n int) soc1.Date {
	for n > 0 {
		if d = d.AddDays(1); d.ISOWeekday() <= 5 {
			n--
		}
	}
	return d
}

// performs tells one month of one control.
func (y *season) performs(c performedControl, month int) {
	first := y.day(month, 1)
	last := first.AddMonths(1).AddDays(-1)
	on := businessDay(last, c.usual+number(2, c.id, month))
	p := app.Performing{Control: c.id, From: first, To: last, Outcome: soc1.PerformedClean}
	for _, text := range c.checklist {
		p.Checklist = append(p.Checklist, soc1.ChecklistAnswer{Text: text, Answer: soc1.StepDone})
	}
	accept := true
	switch {
	case c.id == "itgc-5-1" && month == 7:
		return // Nobody scanned in July; the calendar shows it.
	case c.id == "itgc-5-1" && month == 9:
		p.Outcome, p.Exceptions = soc1.PerformedExcept, "Two hosts of the test network were not reachable and were scanned a week later; nothing critical was found on them."
		p.Checklist[0].Answer, p.Checklist[0].Remark = soc1.StepNotDone, "Two of 212 hosts were switched off."
	case c.id == "itgc-2-4" && month == 5:
		on = businessDay(last, c.due+3)
		p.Note = "Signed late: the audit log of the fifth database came after a change of the export."
	case c.id == "itgc-2-4" && month == 8:
		accept = false
	}
	if len(c.balances) == 2 {
		p.Reconciliation = y.reconciliation(month, first, last)
		if month == 6 {
			p.Outcome, p.Exceptions = soc1.PerformedExcept, "USD 184.20 of account 9 is not explained. The bank was asked for the detail of its fees of 29 and 30 June."
		}
	}
	sign := func(p app.Performing) func(context.Context) error {
		return func(ctx context.Context) error {
			kept, err := y.app.KeepFile(ctx, c.performer, app.OrganizationLedger, fmt.Sprintf("%s-%d-%02d.csv", c.id, y.year, month), strings.NewReader(fmt.Sprintf("control,month,signed_on\n%s,%d-%02d,%s\n", c.id, y.year, month, on)))
			if err != nil {
				return err
			}
			p.Files = []soc1.File{kept.File}
			_, err = y.app.Perform(ctx, c.performer, p)
			return err
		}
	}
	y.on(on, 14, sign(p))
	if c.reviewer == "" {
		return
	}
	id := app.PerformanceID(c.id, last)
	review := func(day soc1.Date, accept bool, remark string) {
		y.on(day, 16, func(ctx context.Context) error {
			return y.app.ReviewPerformance(ctx, c.reviewer, app.Review{ID: id, Accept: accept, Remark: remark})
		})
	}
	looked := businessDay(on, 1+number(2, c.id, month, "review"))
	// The last performance of the reconciliation still waits for its reviewer.
	if c.id == "pay-5-4" && businessDay(on, 8) > y.until {
		return
	}
	if accept {
		review(looked, true, "")
		return
	}
	review(looked, false, "The sixth database is missing from the list. Please add it and sign again.")
	again := businessDay(looked, 2)
	p.Note = "The list now holds all six databases."
	y.on(again, 14, sign(p))
	review(businessDay(again, 1), true, "Complete now.")
}

// bankItem is something that makes bank and books differ, with the months in which it
// begins and is cleared; zero is never.
type bankItem struct {
	what             string
	minor            int64
	from, day, until int
}

var bankItems = []bankItem{
	{"Check 20114 of a former employee, not presented", 84_250, 3, 12, 0},
	{"ACH return of 30 March, credited on 1 April", -1_250_000, 3, 30, 4}, {"Tax debit in transit, Iowa", 3_418_075, 3, 31, 4},
	{"Garnishment check 20167, not presented", 41_800, 4, 22, 7}, {"Wire of a client received after cutoff", -9_900_000, 4, 30, 5},
	{"Tax debit in transit, Illinois", 2_205_410, 5, 29, 6}, {"Bank fee of May, to be refunded", -12_500, 5, 31, 9},
	{"Check 20231, not presented", 67_915, 6, 26, 8}, {"Tax debit in transit, Iowa, second quarter", 5_120_330, 6, 30, 7},
	{"ACH return of 31 July", -310_045, 7, 31, 8}, {"Check 20288, not presented", 120_000, 8, 21, 10},
	{"Tax debit in transit, Wisconsin", 1_804_400, 9, 30, 10}, {"Wire received after cutoff, 30 October", -4_200_000, 10, 30, 11},
	{"Check 20349, not presented", 55_010, 10, 16, 0}, {"Tax debit in transit, Iowa, November", 2_750_000, 11, 30, 12},
}

// reconciliation compares the bank with the books at the end of a month.
func (y *season) reconciliation(month int, first, last soc1.Date) soc1.Reconciliation {
	books := int64(412_000_000_00) + int64(number(9_000_000, "books", month))*100
	r := soc1.Reconciliation{}
	for _, x := range bankItems {
		if x.from > month || x.until != 0 && x.until < month {
			continue
		}
		item := soc1.ReconcilingItem{What: x.what, Minor: x.minor, Since: y.day(x.from, x.day)}
		if x.until == month {
			item.ClearedOn = first.AddDays(2 + number(5, x.what))
		}
		r.Items = append(r.Items, item)
	}
	bank := books + r.Explained(last)
	if month == 6 {
		bank -= 18_420
	}
	r.First, r.Second = soc1.Money{Minor: bank, Currency: "USD"}, soc1.Money{Minor: books, Currency: "USD"}
	return r
}
