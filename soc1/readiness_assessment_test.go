package soc1

import (
	"strings"
	"testing"
)

func TestReadinessAssessmentValidate(t *testing.T) {
	good := ReadinessAssessment{Title: "Dry run", Engagement: "e", Owner: "eve", From: "2025-10-01", To: "2025-10-10", FinishedOn: "2025-10-15", Overall: RatedNotReady, Summary: "Much is untested.",
		Objectives: []ObjectiveRating{{Objective: "o", Rating: RatedNotReady, Remarks: "Nobody tests it."}, {Objective: "p", Rating: RatedReady}}}
	if p := good.Validate(); len(p) > 0 {
		t.Fatalf("%v", p)
	}
	for field, spoil := range map[string]func(*ReadinessAssessment){
		"overall":               func(a *ReadinessAssessment) { a.Overall = "" },
		"summary":               func(a *ReadinessAssessment) { a.Summary = "" },
		"to":                    func(a *ReadinessAssessment) { a.To = "2025-09-30" },
		"finished_on":           func(a *ReadinessAssessment) { a.FinishedOn = "2025-10-05" },
		"owner":                 func(a *ReadinessAssessment) { a.Owner = "" },
		"objectives[0].remarks": func(a *ReadinessAssessment) { a.Objectives[0].Remarks = "" },
		"objectives[1].objective": func(a *ReadinessAssessment) {
			a.Objectives[1].Objective = "o"
		},
		"objectives[1].rating": func(a *ReadinessAssessment) { a.Objectives[1].Rating = "splendid" },
	} {
		a := good
		a.Objectives = append([]ObjectiveRating(nil), good.Objectives...)
		spoil(&a)
		var got []string
		for _, p := range a.Validate() {
			got = append(got, p.Field)
		}
		if len(got) != 1 || got[0] != field {
			t.Errorf("%s spoiled: problems at %s", field, strings.Join(got, ", "))
		}
	}
}
