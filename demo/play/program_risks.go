package play

import (
	"context"
	"fmt"

	"reperform/app"
	"reperform/soc1"
)

// workshop is the session in which the company assesses its risks, and those who
// score them.
const workshop = "risks-2025"

var assessors = []string{"marcus-delacroix", "priya-raghunathan", "leila-farahani", "fatima-boukhari"}

// wide are risks on which the scores lay apart: by how much each of the assessors
// scored the likelihood otherwise than the group agreed, what the one who knew
// most remarked, and why the group agreed on what it did.
var wide = map[string]struct {
	off            [4]int
	remark, reason string
}{
	"pay-2-r2":  {[4]int{-2, -1, 1, 0}, "We stopped three forged requests last year; two came from a real mailbox.", "The attempts of last year settle it: likely, whatever the desk sees of them. The call back answers it."},
	"itgc-2-r1": {[4]int{-1, 0, -1, 1}, "Anybody who merges can also deploy while the rule is not enforced.", "Approval is a habit and not a gate on every repository, so it stays possible."},
	"pay-6-r1":  {[4]int{1, 0, 1, -2}, "", "The calendar of deposits is checked twice; a new agency is the case that remains."},
}

// assess tells of the session in the spring: opened with all risks of the report,
// scored by each alone, revealed at the workshop and agreed there. remains is the
// residual rating that the group comes to.
func (y *season) assess(remains func(id string, r soc1.Risk) (likelihood, impact int)) {
	agreed := func(i int) soc1.RiskRating {
		r := &y.risks[i]
		l, n := remains(r.id, r.Risk)
		return soc1.RiskRating{Risk: r.id, Likelihood: r.Likelihood, Impact: r.Impact, ResidualLikelihood: l, ResidualImpact: n}
	}
	y.on(y.day(3, 3), 9, func(ctx context.Context) error {
		_, err := y.app.OpenRiskSession(ctx, manager, app.RiskOpening{ID: workshop, Title: fmt.Sprintf("Risk workshop, spring %d", y.year), Engagement: y.engagement, Participants: assessors, Due: workday(y.day(3, 12))})
		return err
	})
	for n, who := range assessors {
		y.on(y.day(3, 4+2*n), 11+n, func(ctx context.Context) error {
			var scores []soc1.RiskRating
			for i := range y.risks {
				x := agreed(i)
				if number(9, x.Risk, who) == 0 && wide[x.Risk].reason == "" {
					// Nobody knows every part of the business.
					continue
				}
				off := number(4, x.Risk, who, "off")/3 - number(5, x.Risk, who, "less")/4
				if w, ok := wide[x.Risk]; ok {
					if off = w.off[n]; off == 1 {
						x.Remark = w.remark
					}
				}
				x.Likelihood = min(max(x.Likelihood+off, 1), 5)
				x.ResidualLikelihood = min(x.ResidualLikelihood+number(6, x.Risk, who, "remains")/5, x.Likelihood)
				scores = append(scores, x)
			}
			_, err := y.app.ScoreRisks(ctx, who, workshop, scores)
			return err
		})
	}
	y.on(y.day(3, 14), 10, func(ctx context.Context) error {
		if _, err := y.app.RevealRiskScores(ctx, manager, workshop); err != nil {
			return err
		}
		for i := range y.risks {
			x := agreed(i)
			x.Remark = "Scores were close; what remains is what the controls leave."
			if w, ok := wide[x.Risk]; ok {
				x.Remark = w.reason
			}
			if err := y.app.AgreeRisk(ctx, manager, workshop, x); err != nil {
				return err
			}
		}
		for _, x := range [][2]string{
			{"fraud_pressure", "Two account managers are paid by clients kept. Neither can change a file or a bank detail."},
			{"fraud_override", "Nobody both changes bank details and releases a file; releases of administrators are alerted on."},
			{"fraud_segregation", "Vacation of the treasury lead leaves one releaser for two weeks; the controller stands in."},
			{"change_system", "The old payment gateway is shut down in June; its files move with a parallel run."},
			{"change_subservice", "The hosting provider's report changed its period; the bridge letter covers the gap."},
			{"fraud_opportunity", "Net pay is moved by bank details; this is risk PAY-2-R2."},
			{"change_people", "Nobody who performs a key control left since the last assessment."},
			{"change_law", "Three states changed their deposit calendars on January 1; the tax team tested each."},
			{"change_volume", "Volumes grew by less than a tenth."},
			{"fraud_rationalization", "Urgent runs are approved by telephone at times; the approval is recorded the same day."},
		} {
			if err := y.app.ConsiderRisk(ctx, manager, workshop, soc1.RiskConsideration{Prompt: x[0], Note: x[1]}); err != nil {
				return err
			}
		}
		for i := range y.risks {
			x := agreed(i)
			y.risks[i].ResidualLikelihood, y.risks[i].ResidualImpact = x.ResidualLikelihood, x.ResidualImpact
		}
		_, err := y.app.CloseRiskSession(ctx, manager, workshop, "Every risk is rated before and with controls. Next assessment after the examination.")
		return err
	})
}
