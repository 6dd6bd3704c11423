package evaluation

import (
	"strings"
	"testing"

	"reperform/sampling"
	"reperform/soc1"
)

// What the planned sample would have been follows the engagement's method.
func TestThePlannedSampleFollowsTheMethod(t *testing.T) {
	for _, c := range []struct {
		story  string
		method soc1.Method
		tables []sampling.FrequencyTable
		n      int64
		basis  string // of the plan, or of the note that there is none
	}{
		{"nothing stated", soc1.Method{}, nil, 25, "suggested-default, low risk"},
		{"high risk", soc1.Method{Risk: soc1.HighRisk}, nil, 60, "suggested-default, high risk"},
		{"binomial", soc1.Method{Model: soc1.Binomial, Confidence: 9000, Tolerable: 500}, nil, 45, "binomial plan, 90% confidence, tolerable 5%"},
		{"binomial without rates", soc1.Method{Model: soc1.Binomial}, nil, 59, "95% confidence, tolerable 5%"},
		{"poisson", soc1.Method{Model: soc1.Poisson, Confidence: 9500, Tolerable: 500}, nil, 60, "poisson plan"},
		{"hypergeometric", soc1.Method{Model: soc1.Hypergeometric, Confidence: 9500, Tolerable: 500}, nil, 57, "hypergeometric plan"},
		{"two stages", soc1.Method{Model: soc1.Sequential, Confidence: 9000, Tolerable: 500}, nil, 49, "first stage"},
		{"the firm's own table", soc1.Method{FrequencyTable: "ours"}, []sampling.FrequencyTable{{Name: "ours", Source: "the firm's manual",
			Rows: []sampling.FrequencyRow{{Frequency: sampling.MultiplePerDay, Occurrences: 251, Low: 30, High: 50}}}}, 30, "ours"},
		{"a table nobody has", soc1.Method{FrequencyTable: "gone"}, nil, 0, "is not stated"},
		{"a plan that cannot be met", soc1.Method{Model: soc1.Binomial, Confidence: 9500, Tolerable: 500, Expected: 500}, nil, 0, "is not stated"},
	} {
		t.Run(c.story, func(t *testing.T) {
			s := payroll()
			s.Engagement.Value.Method, s.Tables = c.method, c.tables
			id := s.census("balance", counted("A", 999, 1, 0, 0))
			s.found("balance", id, "B001")
			f := s.figures(t, id)
			if c.n == 0 {
				if f.Unsampled != nil || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], c.basis) {
					t.Errorf("%+v, notes %v", f.Unsampled, f.Notes)
				}
				return
			}
			if f.Unsampled == nil || f.Unsampled.N != c.n || !strings.Contains(f.Unsampled.Basis, c.basis) {
				t.Errorf("%+v, notes %v; want %d by %s", f.Unsampled, f.Notes, c.n, c.basis)
			}
		})
	}
}

// A sample is evaluated by its own plan, and by the engagement's method where
// the plan is silent.
func TestASampleFallsBackOnTheMethod(t *testing.T) {
	s := payroll()
	s.Engagement.Value.Method = soc1.Method{Model: soc1.Poisson, Confidence: 9000, Tolerable: 1000}
	id := s.sample("balance", 300, 46, func(p *soc1.SamplePlan) { *p = soc1.SamplePlan{N: 46} })
	f := s.figures(t, id).Sample
	if f.Model != sampling.Poisson || f.Confidence.String() != "90%" || f.Tolerable.String() != "10%" || f.UpperPercent != "5.1%" || *f.Exceeds {
		t.Errorf("%+v", f)
	}
	// A plan of a table does not take over a rate that the table never promised.
	s.Tests[0].Value.SamplePlan.FrequencyTable = sampling.SuggestedTable
	if f = s.figures(t, id).Sample; f.Model != sampling.Binomial || f.Tolerable != nil || f.Exceeds != nil || f.UpperPercent != "4.9%" {
		t.Errorf("%+v", f)
	}
	s.Engagement.Value.Method.Confidence = 0
	if g := s.figures(t, id); g.Sample.Upper != "" || len(g.Notes) != 1 {
		t.Errorf("%+v, notes %v", g.Sample, g.Notes)
	}
}

func TestTheHypergeometricModelNeedsThePopulation(t *testing.T) {
	s := payroll()
	id := s.sample("balance", 100, 45, func(p *soc1.SamplePlan) { p.Model = soc1.Hypergeometric })
	if f := s.figures(t, id); f.Sample.UpperPercent != "4.0%" || f.Exceeds() {
		t.Errorf("45 of 100: %+v", f.Sample)
	}
	s.Populations = nil
	if f := s.figures(t, id); f.Sample.Upper != "" || len(f.Notes) != 1 || !f.Blocked() {
		t.Errorf("without the population: %+v, notes %v", f.Sample, f.Notes)
	}
}

// An engagement that names its objectives examines these alone.
func TestTheEngagementsObjectivesAreTheScope(t *testing.T) {
	s := clean()
	s.Objectives = append(s.Objectives, rec(s, "control_objective", "pay-2", soc1.ControlObjective{Code: "PAY-2"}),
		rec(s, "control_objective", "pay-3", soc1.ControlObjective{Code: "PAY-3", OmittedReason: "No tax filing."}))
	if got := len(s.Consequences().Objectives); got != 2 {
		t.Errorf("%d objectives, want both that are not omitted", got)
	}
	s.Engagement.Value.Objectives = []string{"pay-1"}
	if c := s.Consequences(); len(c.Objectives) != 1 || len(c.Flags) > 0 {
		t.Errorf("%d objectives, flags\n%s", len(c.Objectives), text(c.Flags))
	}
}

// Figures that no model can evaluate are said where a person looks.
func TestRatesThatCannotBeEvaluatedAreFlagged(t *testing.T) {
	s := payroll()
	s.sample("balance", 300, 59, func(p *soc1.SamplePlan) { p.Confidence = 20000 })
	if _, err := s.Figures("t-1"); err == nil || !strings.Contains(err.Error(), "t-1") {
		t.Errorf("error %v", err)
	}
	if got := s.Consequences().Flags; len(got) != 1 || got[0].Rule != "EVA-15" {
		t.Errorf("flags\n%s", text(got))
	}
}

func TestAnAlternativeProcedureContradictsAConfirmation(t *testing.T) {
	s := payroll()
	id := s.census("balance", counted("A", 999, 0, 0, 1))
	s.undecided(id, "A", "B001")
	s.Exceptions[0].Value.Status = soc1.Confirmed
	s.result(id, "B001", "A", soc1.Pass).AlternativeProcedure = "Traced."
	if f := s.figures(t, id); f.Reconciles || !strings.Contains(f.Why[0], "alternative procedure") {
		t.Errorf("why %v", f.Why)
	}
}

// Undecided groups count as deviations too when somebody concludes regardless.
func TestUndecidedGroupsCountWhenForced(t *testing.T) {
	s := payroll()
	id := s.census("balance", counted("A", 7000, 1000, 0, 2000))
	s.deviation("balance", id, 1000, s.group(id, "A", soc1.Confirmed, 1000))
	s.group(id, "A", soc1.Open, 2000)
	s.Exceptions[1].Value.Undecided = true
	if f := s.figures(t, id); f.CannotTellUnresolved != 2000 || f.DeviationItems != 1000 || !f.Reconciles {
		t.Errorf("undecided %d, k %d, why %v", f.CannotTellUnresolved, f.DeviationItems, f.Why)
	}
	s.conclude("balance", soc1.NotEffective)
	f := s.figures(t, id)
	if !f.Forced || f.DeviationItems != 3000 || f.Rate.String() != "30%" {
		t.Errorf("forced %t, k %d, rate %s", f.Forced, f.DeviationItems, f.Rate)
	}
	flags := s.Consequences().Flags
	if len(flags) != 1 || flags[0].Rule != "EVA-01" || flags[0].Severity != High || !strings.Contains(flags[0].Text, "count as deviations") {
		t.Errorf("flags\n%s", text(flags))
	}
}
