package gap

import (
	"fmt"
	"strings"

	"reperform/english"
	"reperform/intake"
	"reperform/soc1"
)

// intakeKinds are the kinds that the register of subservice organizations is made of.
var intakeKinds = []string{"engagement", "subservice_organization", "subservice_report", "subservice_confirmation", "control"}

func intakeOf(f *Facts) (*intake.Register, *intake.Facts) {
	l := f.controls()
	facts := &intake.Facts{Today: f.Today, Engagement: f.Engagement, Organizations: of[soc1.SubserviceOrganization](f, "subservice_organization"),
		Reports: of[soc1.ObtainedReport](f, "subservice_report"), Confirmations: of[soc1.SubserviceConfirmation](f, "subservice_confirmation"),
		Control: func(id string) bool { return l.byID[id] != nil }}
	return made(f, "intake", intakeKinds, func() *intake.Register { return intake.Of(facts) }), facts
}

// staleAfter is how many months a subservice organization's report may end
// before the period does.
const staleAfter = 3

func staleReport(f *Facts, x *found) {
	if !f.dated() {
		return
	}
	reg, _ := intakeOf(f)
	for i := range reg.Lines {
		s := &reg.Lines[i]
		r := s.Latest
		if s.Value.Method != soc1.CarveOut {
			continue
		}
		if !r.PeriodTo.Valid() {
			x.at(s.Ref(), "latest_report", nil, "No report of %s on its own controls is recorded.", s.Value.Name)
			continue
		}
		// The confirmed report takes the place of what is noted of one.
		ref, within := s.Ref(), "latest_report."
		if s.LatestOf != nil {
			ref, within = s.LatestOf.Ref(), ""
		}
		if r.Opinion.Modified() && strings.TrimSpace(r.Review) == "" {
			x.at(ref, within+"review", nil, "The opinion in the latest report of %s is %s, and nothing says what that means for the objectives.", s.Value.Name, strings.ToLower(r.Opinion.Label()))
		}
		covered := max(r.PeriodTo, r.BridgeLetterTo)
		// Until the period ends, its report need only reach the present.
		end := f.End
		if f.Today < end {
			end = f.Today
		}
		if covered.AddMonths(staleAfter) < end {
			x.at(ref, within+"period_to", nil, "The latest report of %s, with its bridge letter, reaches to %s, which is %s before %s.", s.Value.Name, covered, english.Count(covered.DaysUntil(end), "day"), end)
		}
	}
}

func theirCUECs(f *Facts, x *found) {
	reg, facts := intakeOf(f)
	for i := range reg.Lines {
		s := &reg.Lines[i]
		ref, within := s.Ref(), "latest_report."
		if s.LatestOf != nil {
			ref, within = s.LatestOf.Ref(), ""
		}
		for n, c := range s.Latest.UserEntityControls {
			if !facts.Meets(c) {
				x.at(ref, fmt.Sprintf("%suser_entity_controls[%d]", within, n), nil, "%s expects of its users: “%s”, and no control of ours answers it.", s.Value.Name, clip(c.Text, 120))
			}
		}
	}
}

func theirExceptions(f *Facts, x *found) {
	reg, _ := intakeOf(f)
	for i := range reg.Lines {
		s := &reg.Lines[i]
		for _, m := range s.Open {
			if m.Kind == intake.MatterException {
				x.at(m.Ref, m.Field, nil, "%s: %s", s.Value.Name, m.Text)
			}
		}
	}
}

func unconfirmedReports(f *Facts, x *found) {
	reg, _ := intakeOf(f)
	for i := range reg.Lines {
		s := &reg.Lines[i]
		for _, m := range s.Open {
			if m.Kind == intake.MatterToConfirm {
				x.at(m.Ref, m.Field, nil, "%s: %s", s.Value.Name, m.Text)
			}
		}
	}
}
