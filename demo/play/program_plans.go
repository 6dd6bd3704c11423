package play

import (
	"context"
	"fmt"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// plannedWork is a plan of a year under way: on which day it is made, and on which
// its owner notes steps as done.
type plannedWork struct {
	id         string
	month, day int
	// tests are own tests whose exceptions it answers; findings what rules found.
	tests    []string
	findings []soc1.AnsweredFinding
	// owns is the control whose owner sees to it.
	owns  string
	dueOn [2]int
	soc1.Remediation
	steps []workStep
	// closed is the day of the closing; zero where it is open.
	closed [2]int
}

// workStep is a step with the day on which it is done; zero where it is to do.
type workStep struct {
	text       string
	month, day int
}

func usedReport(controls ...string) []soc1.AnsweredFinding {
	var out []soc1.AnsweredFinding
	for _, c := range controls {
		out = append(out, soc1.AnsweredFinding{Rule: "CTL-08", Kind: "control", Record: c, Field: "information_used"})
	}
	return out
}

// works are the plans of a year under way.
var works = []plannedWork{
	{id: "plan-leavers", month: 5, day: 20, tests: []string{"itgc-1-2"}, owns: "itgc-1-2", dueOn: [2]int{8, 14}, closed: [2]int{8, 21},
		Remediation: soc1.Remediation{Title: "Announce leavers on the day they are known", Cause: "The people register announced leavings in one message at the end of the week.",
			HoursEstimated: 24, HoursActual: 31, CostEstimated: soc1.Money{Minor: 480000, Currency: "USD"}, CostActual: soc1.Money{Minor: 465000, Currency: "USD"}},
		steps: []workStep{{"Have the people register send the message when a leaving is entered", 6, 15}, {"Tell the managers of all departments", 6, 24}, {"Compare the leavers of July with Rookery’s log", 8, 5}}},
	{id: "plan-emergency-approval", month: 8, day: 31, tests: []string{"itgc-2-1"}, owns: "itgc-2-1", dueOn: [2]int{11, 13},
		Remediation: soc1.Remediation{Title: "Block deployments that their author approved", Cause: "The deployment tool accepts any approval in an emergency.",
			HoursEstimated: 40, HoursActual: 18, CostEstimated: soc1.Money{Minor: 1250000, Currency: "USD"}},
		steps: []workStep{{"Name a second approver for each hour of the week", 9, 17}, {"Have the deployment tool refuse the author’s own approval", 0, 0}, {"Try it with a change that should be refused", 0, 0}}},
	{id: "plan-agency-mailbox", month: 9, day: 21, tests: []string{"pay-6-4"}, owns: "pay-6-4", dueOn: [2]int{12, 11},
		Remediation: soc1.Remediation{Title: "Put agency notices under daily watch again", Cause: "Nobody took over the mailbox when the office moved.", HoursEstimated: 12, HoursActual: 10},
		steps:       []workStep{{"Forward the old mailbox to the queue of the tax desk", 9, 24}, {"Answer the notices of July and August", 10, 2}, {"Add the queue to the daily checklist", 10, 9}}},
	{id: "plan-reports-payroll", month: 10, day: 12, findings: usedReport("pay-1-4", "pay-2-4", "pay-3-2", "pay-4-3", "pay-5-1"), owns: "pay-3-2", dueOn: [2]int{12, 18},
		Remediation: soc1.Remediation{Title: "Identify the reports that payroll controls rely on", Cause: "The walkthroughs named the systems and not the reports.", HoursEstimated: 30, HoursActual: 11},
		steps:       []workStep{{"List the reports with source and parameters", 11, 4}, {"Record them with each control", 0, 0}}},
	{id: "plan-reports-access", month: 10, day: 14, findings: usedReport("itgc-1-3", "itgc-1-6", "itgc-2-1"), owns: "itgc-1-3", dueOn: [2]int{13, 22},
		Remediation: soc1.Remediation{Title: "Test the reports behind the access reviews", Cause: "The comparisons use an export that nobody has compared with its source.", DependsOn: []string{"plan-reports-payroll"}, HoursEstimated: 20},
		steps:       []workStep{{"Compare one export of each report with its source", 0, 0}, {"Record the reports and their tests with the controls", 0, 0}}},
	{id: "plan-bridge-letters", month: 10, day: 19, owns: "", dueOn: [2]int{12, 15},
		findings:    []soc1.AnsweredFinding{{Rule: "SUB-06", Kind: "subservice_organization", Record: "stonevale", Field: "latest_report.period_to"}},
		Remediation: soc1.Remediation{Title: "Obtain this year’s report of Stonevale, and map it", HoursEstimated: 6},
		steps:       []workStep{{"Ask Stonevale for its new report", 10, 26}, {"Read it, confirm it and map what it leaves to us", 0, 0}}},
}

// plans tells how what the year found is put right.
func (y *season) plans() {
	for _, w := range works {
		made := y.day(w.month, w.day)
		owner := manager
		if w.owns != "" {
			owner = keeper(y.control(w.owns).Owner)
		}
		value := w.Remediation
		value.Engagement, value.Owner, value.Begin, value.Findings = y.engagement, owner, workday(made.AddDays(7)), w.findings
		value.Due = soc1.NewDate(y.year+w.dueOn[0]/13, (w.dueOn[0]-1)%12+1, w.dueOn[1])
		if len(value.DependsOn) > 0 {
			value.Begin = value.Due.AddDays(-34)
		}
		for _, s := range w.steps {
			value.Steps = append(value.Steps, soc1.RemediationStep{Text: s.text})
		}
		hours, cost := value.HoursActual, value.CostActual
		value.HoursActual, value.CostActual = 0, soc1.Money{}
		last := -1
		for i, s := range w.steps {
			if s.month > 0 && y.day(s.month, s.day) <= y.until {
				last = i
			}
		}
		y.on(made, 14, func(ctx context.Context) error {
			for _, t := range w.tests {
				ids, err := y.found(ctx, t)
				if err != nil {
					return err
				}
				value.Exceptions = append(value.Exceptions, ids...)
			}
			return y.put(ctx, manager, "Planned.", app.RecordChange{Kind: "remediation", ID: w.id, Revision: -1, Value: value})
		})
		for i, s := range w.steps {
			if s.month == 0 {
				continue
			}
			y.on(y.day(s.month, s.day), 15, func(ctx context.Context) error {
				// Earlier revisions stay as they were recorded.
				value.Steps = append([]soc1.RemediationStep(nil), value.Steps...)
				value.Steps[i].DoneOn = workday(y.day(s.month, s.day))
				if i == last {
					value.HoursActual, value.CostActual = hours, cost
				}
				return y.put(ctx, owner, "Done: "+s.text+".", app.RecordChange{Kind: "remediation", ID: w.id, Revision: -1, Value: value})
			})
		}
		if w.closed[0] > 0 {
			y.on(y.day(w.closed[0], w.closed[1]), 17, func(ctx context.Context) error {
				_, err := y.app.CloseRemediation(ctx, manager, w.id, "")
				return err
			})
		}
	}
}

// found are the exceptions of the own test of a control.
func (y *season) found(ctx context.Context, control string) ([]string, error) {
	test := "own-" + fmt.Sprint(y.year) + "-" + control
	all, err := y.app.Records(ctx, manager, app.OrganizationLedger, "exception", record.AsOf{})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range all {
		x, err := record.Decode[soc1.Exception](r)
		if err != nil {
			return nil, err
		}
		if x.Test == test {
			out = append(out, r.ID)
		}
	}
	return out, nil
}
