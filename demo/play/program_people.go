package play

import (
	"context"
	"fmt"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// opening begins a year after the one that was examined: the next engagement, and a
// policy drafted in the course of it.
func (y *season) opening() {
	y.on(y.from, 8, func(ctx context.Context) error {
		e := y.engaged
		e.Title = fmt.Sprintf("SOC 1 Type 2, %d", y.year)
		e.PriorReport = soc1.PriorReport{Title: fmt.Sprintf("SOC 1 Type 2, %d", y.year-1), PeriodFrom: soc1.NewDate(y.year-1, 1, 1), PeriodTo: soc1.NewDate(y.year-1, 12, 31), Auditor: e.Auditor.Firm}
		e.PeriodStart, e.PeriodEnd = y.day(1, 1), y.day(12, 31)
		return y.put(ctx, manager, "The next engagement.", app.RecordChange{Kind: "engagement", ID: y.engagement, Effective: y.day(1, 1), Value: e})
	})
	y.on(y.day(4, 13), 15, func(ctx context.Context) error {
		k := y.control("itgc-4-2")
		v, err := y.app.View(ctx, "peter-lindholm", app.OrganizationLedger, record.AsOf{})
		if err != nil {
			return err
		}
		now, err := record.One[soc1.Control](ctx, v, "control", k.id)
		if err != nil {
			return err
		}
		now.Value.Evidence += "; one sheet of comparison for each database, filed with the test"
		return y.put(ctx, "peter-lindholm", "The sheets are named, as was asked in the examination.", app.RecordChange{Kind: "control", ID: k.id, Revision: now.Revision, Value: now.Value})
	})
	y.on(y.day(10, 19), 11, func(ctx context.Context) error {
		return y.put(ctx, manager, "Drafted; Ruth Villanueva approves it.", app.RecordChange{Kind: "policy", ID: "pol-services", Value: soc1.Policy{Title: "External Services Policy", Version: "0.9",
			Summary: "Which services of others may be used, who decides, what is asked of them first and each year after, and how one is left.",
			Text:    "# Purpose\n\nWe know which services of others we rest on, and leave none in a hurry.\n\n# Rules\n\n1. A service is used once its owner, what it holds and how it is left are on the list.\n2. Its report on controls is read each year within 30 days of its coming, and its complementary controls are given owners.\n3. What fails at a service is told to the client whose data it holds within one business day.\n",
			Owner:   "fatima-boukhari", Approver: signer}})
	})
}

// asked is a request of the compliance manager; days are counted back from the
// last day told, so that in a year under way some are due soon.
type asked struct {
	id, to, control string
	// asked, due, answered and closed are days before the last; due may be
	// after it. Zero answered or closed did not happen.
	asked, due, answered, closed int
	title, text, answer          string
	status                       soc1.RequestStatus
	remark                       string
}

var requests = []asked{
	{"funds", "leila-farahani", "pay-5-3", 44, 33, 36, 35, "Daily reconciliations of the last quarter", "The signed lists of the 20th of each month, as files.", "Filed with the evidence of the month.", soc1.RequestAccepted, ""},
	{"forms", "kofi-mensah", "pay-7-3", 20, 8, 7, 0, "Plan for the year-end forms", "When the comparison of forms with returns is made, and who does it.", "In the first week of January; I compare, and Hiroshi brings the returns.", "", ""},
	{"callbacks", "siobhan-kearney", "pay-2-3", 16, -1, 9, 5, "Call-back records of last month", "The call-back record of each bank-detail change of last month, with the time.", "The list is exported from Heron.", soc1.RequestReturned,
		"The list has no times. Please export it with the column of the call-back."},
	{"restores", "peter-lindholm", "itgc-4-2", 12, -3, 0, 0, "Sheet of the missing database", "The comparison of the sixth database of the restore test, or a word that there is none.", "", "", ""},
	{"scans", "fatima-boukhari", "itgc-1-6", 9, 2, 0, 0, "Comparisons of service accounts", "The signed comparisons of the last two months, and what became of the account that the register does not know.", "", "", ""},
	{"debits", "hiroshi-tanabe", "pay-6-2", 6, -6, 0, 0, "Bank debits of last month", "The daily reconciliation of tax deposits with the bank debit, all business days.", "", "", ""},
	{"leavers", "fatima-boukhari", "itgc-1-2", 3, -4, 0, 0, "Leavers of the last four weeks", "The list from the people register with the time at which each account was disabled.", "", "", ""},
}

// requests plans what the manager asks for and what people say to it and about
// the records.
func (y *season) requests() {
	if y.complete() {
		return
	}
	ago := func(n int) soc1.Date { return y.until.AddDays(-n) }
	for _, q := range requests {
		id := fmt.Sprintf("req-%d-%s", y.year, q.id)
		if ago(q.asked) < y.from {
			continue
		}
		y.exactly(ago(q.asked), 10, func(ctx context.Context) error {
			_, err := y.app.Request(ctx, manager, app.Asking{ID: id, Title: q.title, Text: q.text, To: q.to, Due: ago(q.due), Controls: []string{q.control}})
			return err
		})
		if q.answered > 0 {
			y.exactly(ago(q.answered), 13, func(ctx context.Context) error { return y.app.AnswerRequest(ctx, q.to, id, q.answer, nil) })
		}
		if q.closed > 0 {
			y.exactly(ago(q.closed), 15, func(ctx context.Context) error { return y.app.CloseRequest(ctx, manager, id, q.status, q.remark) })
		}
	}
	say := func(days int, by, control, text string, mentions ...string) {
		y.exactly(ago(days), 11, func(ctx context.Context) error {
			_, _, err := y.app.Comment(ctx, by, app.Commenting{Ledger: app.OrganizationLedger, ID: fmt.Sprintf("c-%d-%s-%d", y.year, control, days),
				Subject: soc1.Ref{Kind: "control", ID: control}, Text: text, Mentions: mentions})
			return err
		})
	}
	say(8, "peter-lindholm", "itgc-4-2", "The sixth database is a copy of the fifth, made for a test in March. I will ask whether it belongs into the exercise at all.", manager)
	say(5, manager, "pay-2-3", "Siobhan, was the first payment really before the call-back, or was only the note late?", "siobhan-kearney")
	say(4, manager, "itgc-1-6", "The comparisons of two months are missing. Does the export still run since the register moved?", "fatima-boukhari")
	// Somebody stands in for somebody on the last day told and the next.
	y.exactly(ago(2), 9, func(ctx context.Context) error {
		return y.put(ctx, "priya-raghunathan", "Leave.", app.RecordChange{Kind: "deputy", ID: fmt.Sprintf("dep-raghunathan-%d", y.year), Effective: ago(2), Value: soc1.Deputy{Person: "priya-raghunathan",
			Deputy: "fatima-boukhari", From: ago(1), Until: ago(-12), Scope: []soc1.DeputyScope{soc1.DeputyOfControlOwner}, Controls: []string{"pay-3-2", "pay-4-3"}, Reason: "Leave"}})
	})
}

// exactly plans an event on its day, a weekend or not.
func (y *season) exactly(day soc1.Date, hour int, do func(context.Context) error) {
	if day < y.from || day > y.until {
		return
	}
	y.events = append(y.events, event{on: day, hour: hour, do: func(ctx context.Context) error {
		y.at(day, hour)
		return do(ctx)
	}})
}
