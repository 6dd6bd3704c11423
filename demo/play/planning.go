package play

import (
	"context"
	_ "embed"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// The people of the engagement team.
const (
	partner         = "helen-marchetti"
	auditManager    = "carla-brandt"
	senior          = "jonas-adeyemi"
	associate       = "mei-rosario"
	qualityReviewer = "oliver-pryce"
)

// method is the firm's method as a file, as it comes from its methodology group.
//
//go:embed method.yaml
var method []byte

// accept is what happens before anybody plans: the partner accepts, and each of the team
// gives their own word.
func (s *stage) accept(ctx context.Context) error {
	s.at("2025-10-07", 9)
	x := app.Accepting{Ledger: s.plan.Ledger, Decision: soc1.Accepted,
		Competence: "The partner has led examinations of payroll processors since 2016, the manager since 2019. Jonas Adeyemi reads and tests configurations and SQL; no specialist from outside is needed. Oliver Pryce reviews quality and works on nothing else of this client.",
		Conclusion: "Every precondition is met. The firm renders no other service to Wexmoor; the one threat told is met by a safeguard."}
	for _, p := range []struct{ point, why string }{
		{"independence", "The firm’s register of interests shows none in Wexmoor or its parent; the team confirms one by one."},
		{"competence", "Two of four worked on the report of 2024. Hours of a senior with SQL are planned."},
		{"subject_matter", "Payroll, payment and payroll tax processing, described last year and examined by the same criteria."},
		{"responsibility", "Management says so in the engagement letter of September 22, 2025."},
		{"criteria", "The criteria of AT-C 320 for description, design and operation; the report prints them."},
		{"access", "The letter grants access to systems, records and people; logs of the hosting site come through Stonevale’s report."},
		{"assertion", "A written assertion was given in 2024. For 2025 management tests its own controls through the year, which is its basis."},
		{"useful", "All three services that clients record are in scope; two subservice organizations are carved out and monitored."},
		{"integrity", "Inquiry of the predecessor’s file and of public records of August 2025 brought up nothing."},
		{"terms", "Signed on September 22, 2025: Type II, January 1 to December 31, 2025, restricted use."},
	} {
		x.Preconditions = append(x.Preconditions, soc1.PreconditionAnswer{Point: soc1.Precondition(p.point), Answer: soc1.Yes, Why: p.why})
	}
	if _, err := s.app.AcceptEngagement(ctx, partner, x); err != nil {
		return err
	}
	for i, who := range []string{partner, auditManager, senior, associate, qualityReviewer} {
		s.at(soc1.Date("2025-10-08").AddDays(i/3), 10+i)
		word := app.Confirming{Ledger: s.plan.Ledger, Independent: soc1.Yes}
		if who == associate {
			word.Threats = []soc1.IndependenceThreat{{Threat: soc1.ThreatFamiliarity, Text: "A friend from college works in the sales team of Wexmoor.",
				Safeguard: "Sales performs no control in scope. She tests nothing that rests on what the friend says."}}
		}
		if _, err := s.app.ConfirmIndependence(ctx, who, word); err != nil {
			return err
		}
	}
	return nil
}

// strategy is what is settled before the tests: method, materiality and timetable.
func (s *stage) strategy(ctx context.Context) error {
	s.at("2025-10-13", 11)
	if _, err := s.app.ImportMethod(ctx, associate, s.plan.Ledger, "method.yaml", method); err != nil {
		return err
	}
	put := func(kind, id string, v interface{ Validate() []soc1.Problem }) error {
		return s.app.PutRecord(ctx, associate, app.RecordChange{Ledger: s.plan.Ledger, Kind: kind, ID: id, Effective: "2025-10-13", Value: v, Reason: "Strategy of the examination."})
	}
	s.pass(30 * time.Minute)
	if err := put("materiality", "materiality-2025", soc1.Materiality{Engagement: s.plan.Engagement,
		Users:       "Clients record wages, withholdings and employer taxes from Wexmoor’s registers, and cash and liabilities from its payments. For most it is the largest expense.",
		Description: "Leaving out a service, a subservice organization, a change of system in the period or a control that clients have to add; a statement that a reader would act on and that is not so.",
		Design:      "A risk to completeness, accuracy or validity of pay, payment or tax that no control answers; one person who can change bank details and pay.",
		Operation:   "A deviation counts by its nature before its rate: intent, a payment to a changed account without call-back and access after leaving are material in kind. Else what the method tolerates."}); err != nil {
		return err
	}
	return put("timetable", "timetable-2025", soc1.Timetable{Engagement: s.plan.Engagement, Milestones: []soc1.Milestone{
		{Title: "Independence confirmed", On: "2025-10-10", DoneOn: "2025-10-09", Responsible: partner},
		{Title: "Plan approved", On: "2025-10-24", Responsible: auditManager},
		{Title: "Walkthroughs", On: "2026-01-07", Responsible: senior},
		{Title: "Populations received", On: "2026-01-09", Responsible: associate},
		{Title: "Tests finished", On: "2026-01-20", Responsible: senior},
		{Title: "Report", On: "2026-02-16", Responsible: partner},
	}})
}

// approvePlan is the manager's approval of what the associate planned.
func (s *stage) approvePlan(ctx context.Context) error {
	s.at("2025-10-23", 15)
	p, err := s.app.ExaminationPlan(ctx, auditManager, s.plan.Ledger, record.AsOf{})
	if err != nil {
		return err
	}
	_, err = s.app.ApprovePlan(ctx, auditManager, app.PlanApproving{Ledger: s.plan.Ledger, Seen: p.Digest,
		Remark: "Gone through with Mei Rosario. Where the plan differs from the proposal, the method that is planned looks at the whole population or was agreed with the partner."})
	return err
}
