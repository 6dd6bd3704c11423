package play

import (
	"context"
	"fmt"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// reported is something that happened, with the day on which it was reported and, where
// the year tells it, what the compliance manager held it to mean.
type reported struct {
	id    string
	event soc1.Event
	on    soc1.Date
	// assessed is the day of the assessment; empty where nobody has assessed it yet.
	assessed soc1.Date
	means    app.EventAssessing
}

// means says that something bears on nothing but what the change adds.
func means(why string, change func(*app.EventAssessing)) app.EventAssessing {
	no := soc1.EventEffect{Answer: soc1.No, Why: why}
	x := app.EventAssessing{Description: no, Controls: no, Representations: no, Subsequent: soc1.EventEffect{Answer: soc1.No, Why: "It happened and became known in the period."}}
	if change != nil {
		change(&x)
	}
	return x
}

func bears(why string, by ...soc1.Ref) soc1.EventEffect {
	return soc1.EventEffect{Answer: soc1.Yes, Why: why, Answered: by}
}

func ref(kind, id string) soc1.Ref { return soc1.Ref{Kind: kind, ID: id} }

// happened tells what was reported in a year.
func (y *season) happened() {
	list := y.happenedSince()
	if y.engagement == y.plan.Engagement {
		list = examinedEvents()
	}
	for _, x := range list {
		y.on(x.on, 11, func(ctx context.Context) error {
			return y.put(ctx, x.event.Owner, "Reported.", app.RecordChange{Kind: "event", ID: x.id, Effective: x.event.Began, Value: x.event})
		})
		if x.assessed == "" || y.engagement == y.plan.Engagement {
			continue
		}
		y.on(x.assessed, 15, func(ctx context.Context) error {
			x.means.Event, x.means.Engagement = x.id, y.engagement
			_, err := y.app.AssessEvent(ctx, manager, x.means)
			return err
		})
	}
	if y.engagement == y.plan.Engagement {
		return
	}
	y.on(y.day(9, 14), 10, func(ctx context.Context) error {
		v, err := y.app.View(ctx, manager, app.OrganizationLedger, record.AsOf{})
		if err != nil {
			return err
		}
		x, err := record.One[soc1.Event](ctx, v, "event", "county-rate")
		if err != nil {
			return err
		}
		x.Value.Cause = "The table of rates names the county by its old code after a merger of two counties. Three more counties changed codes on July 1; their deposits are being recomputed."
		return y.put(ctx, x.Value.Owner, "Cause found; more counties may be concerned.", app.RecordChange{Kind: "event", ID: "county-rate", Revision: x.Revision, Effective: y.day(9, 14), Value: x.Value})
	})
}

// examinedEvents are those of the year that is examined. They are assessed when
// description and responses are there.
func examinedEvents() []reported {
	change := ref("significant_change", "change-repositories")
	return []reported{
		{id: "gateway-2025", on: "2025-06-18", event: soc1.Event{Title: "Migration of the payment file gateway", Nature: soc1.EventChange, Text: "Curlew replaced Sandpiper. Both built each file from May 27 to June 13; 280 files were compared without a difference.",
			Began: "2025-06-16", Owner: "leila-farahani", Systems: []string{"sandpiper", "curlew"}, Controls: []string{"pay-5-2"}},
			means: means("It was planned, compared for three weeks and announced.", func(x *app.EventAssessing) {
				x.Description = bears("A system in scope was replaced.", ref("significant_change", "change-gateway"))
				x.Controls = bears("PAY-5.2 reads otherwise since.", ref("control", "pay-5-2"))
			})},
		{id: "deployments-2025", on: "2025-05-19", event: soc1.Event{Title: "61 deployments without approval", Nature: soc1.EventIncident, Text: "The rule that demands a review did not move with two repositories and was off until a release engineer noticed it.",
			Began: "2025-03-03", Ended: "2025-05-16", KnownOn: "2025-05-16", Owner: "ngozi-eze", Systems: []string{"tern", "plover"}, Controls: []string{"itgc-2-1", "itgc-2-2"}, ResolvedOn: "2025-05-30",
			Cause: "Rules were attached to the group and not to the repository.", Response: "All 61 changes were reviewed by three engineers who had not written them; none was withdrawn."},
			means: means("It was over and known before the period’s end.", func(x *app.EventAssessing) {
				x.Description = bears("It lasted eleven weeks and concerns calculation programs.", change)
				x.Controls = bears("Two controls did not operate.", ref("management_response", "response-itgc-2"))
				x.Representations = bears("Controls that did not operate are disclosed.")
			})},
		{id: "call-backs-2025", on: "2025-11-18", event: soc1.Event{Title: "Seven bank-detail changes used before a call-back", Nature: soc1.EventProcessingError, Text: "Seven payments went to accounts whose call-back came later the same day.",
			Began: "2025-02-11", Ended: "2025-11-12", KnownOn: "2025-11-17", Owner: "siobhan-kearney", Controls: []string{"pay-2-3"}, Transactions: 7, ResolvedOn: "2025-12-01",
			Response: "All seven employees confirmed their accounts; no payment went to a stranger. Heron holds a changed account until the call-back is recorded."},
			means: means("No payment was wrong.", func(x *app.EventAssessing) {
				x.Controls = bears("PAY-2.3 did not operate seven times.", ref("management_response", "response-pay-2"))
				x.Representations = bears("Controls that did not operate are disclosed.")
			})},
		{id: "late-register-2025", on: "2025-09-04", event: soc1.Event{Title: "Complaint of a school district about a late register", Nature: soc1.EventComplaint, Text: "The district received its register of August 29 at 11 a.m. instead of 8 a.m.",
			Began: "2025-08-29", KnownOn: "2025-09-03", Owner: "kofi-mensah", ResolvedOn: "2025-08-29", UserEntities: []string{"ue-schools"}, ToldOn: "2025-09-03"},
			means: means("The register was complete and reached the client the same morning.", nil)},
	}
}

// happenedSince are those of the year that is under way: settled, open, changed since
// and not looked at yet.
func (y *season) happenedSince() []reported {
	out := []reported{
		{id: "sandpiper-off", on: y.day(5, 4), assessed: y.day(5, 12), event: soc1.Event{Title: "Shutdown of the old payment gateway", Nature: soc1.EventChange, Text: "Sandpiper was shut down. Its files of seven years were moved to the archive and compared by their digests.",
			Began: y.day(4, 30), Owner: "peter-lindholm", Systems: []string{"sandpiper"}},
			means: means("No control rests on Sandpiper since June 16, 2025.", func(x *app.EventAssessing) {
				x.Description = bears("The description still names it as a source of old payment files.")
			})},
		{id: "plover-outage", on: y.day(6, 24), assessed: y.day(7, 3), event: soc1.Event{Title: "Plover unavailable for five hours", Nature: soc1.EventIncident, Text: "A disk array failed at 6:10 a.m. Two payrolls were released at 2 p.m. instead of 10 a.m., before the bank’s cut-off.",
			Began: y.day(6, 23), Owner: "peter-lindholm", Reference: "INC-4471", Systems: []string{"plover"}, Controls: []string{"itgc-3-1"}, UserEntities: []string{"ue-retail", "ue-hotels"}, ResolvedOn: y.day(6, 23), ToldOn: y.day(6, 23),
			Cause: "A firmware fault of the array.", Response: "Failover to the second array; firmware replaced on June 28."},
			means: means("Every job ran once and in order, as Dunlin’s log shows; no payment was late.", nil)},
		{id: "county-rate", on: y.day(8, 17), assessed: y.day(8, 31), event: soc1.Event{Title: "Wrong county rate in 38 tax deposits", Nature: soc1.EventProcessingError, Text: "Deposits for one county were computed with the rate of its neighbour.",
			Began: y.day(7, 15), Ended: y.day(8, 13), KnownOn: y.day(8, 14), Owner: "hiroshi-tanabe", Reference: "INC-4533", Systems: []string{"avocet"}, TransactionClasses: []string{"tc-tax"}, Controls: []string{"pay-6-1"},
			UserEntities: []string{"ue-farms", "ue-towns"}, Transactions: 38, Amount: soc1.Money{Minor: 411260, Currency: "USD"}, ResolvedOn: y.day(8, 28), ToldOn: y.day(8, 20), Response: "All 38 deposits were amended; the authority charged no penalty."},
			means: means("It was corrected within the quarter, and users were told.", func(x *app.EventAssessing) {
				x.Controls = bears("The check of rates against the authority’s list did not see the county’s new code.", ref("control", "pay-6-1"))
			})},
		{id: "supplier-invoices", on: y.day(10, 19), assessed: y.day(10, 21), event: soc1.Event{Title: "Allegation about a supplier’s invoices", Nature: soc1.EventFraud, Text: "A caller to the integrity line said that a supplier of printed forms is paid for deliveries that did not come. The case’s file is with Human Resources.",
			Began: y.day(10, 15), Owner: "joanna-whitecloud", Reference: "HR-26-07"},
			means: means("Printed forms are no part of the services, and nobody named has a role in processing.", func(x *app.EventAssessing) {
				x.Representations = bears("An allegation is disclosed whatever comes of it.")
			})},
	}
	if recent := y.until.AddDays(-3); recent > y.day(10, 31) {
		out = append(out, reported{id: "backup-skipped", on: recent, event: soc1.Event{Title: "One night’s backup of Avocet was skipped", Nature: soc1.EventIncident, Text: "The job waited for a lock and ended without a copy. The next night’s ran.",
			Began: recent.AddDays(-1), Owner: "peter-lindholm", Reference: "INC-4602", Systems: []string{"avocet"}, Controls: []string{"itgc-4-1"}}})
	}
	return out
}

// assessExamined is what the compliance manager holds of the events of the year that is
// examined, once description and responses are recorded.
func (s *stage) assessExamined(ctx context.Context) error {
	for _, x := range examinedEvents() {
		x.means.Event, x.means.Engagement = x.id, s.plan.Engagement
		if _, err := s.app.AssessEvent(ctx, manager, x.means); err != nil {
			return fmt.Errorf("event %s: %w", x.id, err)
		}
	}
	return nil
}

// confirmExamined is the word of everybody asked that they know of nothing else, on the
// day of the letter.
func (s *stage) confirmExamined(ctx context.Context) error {
	reg, err := s.app.Events(ctx, manager, app.EventOptions{Engagement: s.plan.Engagement})
	if err != nil {
		return err
	}
	for _, w := range reg.Words {
		if _, err := s.app.ConfirmEvents(ctx, w.Person.ID, app.EventConfirming{Engagement: s.plan.Engagement}); err != nil {
			return fmt.Errorf("%s: %w", w.Person.ID, err)
		}
	}
	return nil
}
