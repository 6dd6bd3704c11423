package play

import (
	"context"
	"fmt"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// answers are what the company says of its services when a year begins: which report
// customers need. asked is what they ask for on payroll.
func (y *season) answers(asked ...soc1.ReportAsked) soc1.InterviewAnswers {
	all := []soc1.TransactionStep{soc1.Initiates, soc1.Authorizes, soc1.Records, soc1.Processes, soc1.ReportsOn}
	return soc1.InterviewAnswers{
		Services: []soc1.ServiceAnswers{
			{Name: "Payroll processing", Service: "payroll-processing", Does: all[2:], Effect: soc1.EffectAmounts, Asked: asked, Commitments: []soc1.Commitment{soc1.CommitSecurity, soc1.CommitConfidentiality}},
			{Name: "Funding and disbursement", Service: "payments", Does: all, Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1}},
			{Name: "Payroll tax deposits and filings", Service: "payroll-tax", Does: all[2:], Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1}},
			{Name: "Time clock rental", Service: "time-clocks", Effect: soc1.EffectNone},
		},
		Issued: soc1.IssuedType2, IssuedTo: soc1.NewDate(y.year-1, 12, 31), OperatedMonths: 60, Needs: soc1.NeedsOperation, Deadline: soc1.NewDate(y.year+1, 3, 15),
	}
}

// scope tells how the year's report is scoped: the interview, the freeze once
// planning is done, and, in the year after, what changed since.
func (y *season) scope() {
	asked, reason := []soc1.ReportAsked{soc1.AskedSOC1}, "Planning with the service auditor on January 23: services, systems and objectives as in the prior report."
	interview, freeze := y.day(1, 15), y.day(1, 24)
	if y.engagement != y.plan.Engagement {
		asked, reason = append(asked, soc1.AskedSOC2), "Planning for the next report: one payment gateway instead of two."
		interview, freeze = y.from.AddDays(1), y.from.AddDays(17)
	}
	y.on(interview, 14, func(ctx context.Context) error {
		_, err := y.app.RecordInterview(ctx, manager, y.answers(asked...))
		return err
	})
	y.on(freeze, 16, func(ctx context.Context) error {
		_, err := y.app.FreezeScope(ctx, manager, app.ScopeFreezing{Engagement: y.engagement, Reason: reason})
		return err
	})
	if y.engagement == y.plan.Engagement {
		return
	}
	y.on(y.day(5, 11), 10, func(ctx context.Context) error {
		v, err := y.app.View(ctx, manager, app.OrganizationLedger, record.AsOf{})
		if err != nil {
			return err
		}
		old, err := record.One[soc1.System](ctx, v, "system", "sandpiper")
		if err != nil {
			return err
		}
		old.Value.InScope, old.Value.Exclusion = false, fmt.Sprintf("Shut down on April 30, %d; read-only since June 16, 2025, and no file was sent from it in %d.", y.year, y.year)
		tax, err := record.One[soc1.System](ctx, v, "system", "avocet")
		if err != nil {
			return err
		}
		tax.Value.Purpose += " Since May it also keeps the agencies’ notices."
		return y.put(ctx, manager, "The old gateway is gone; notices moved into the tax engine.",
			app.RecordChange{Kind: "system", ID: old.ID, Revision: old.Revision, Value: old.Value}, app.RecordChange{Kind: "system", ID: tax.ID, Revision: tax.Revision, Value: tax.Value})
	})
}
