package overview_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/overview"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
)

// TestShares: they add up, nothing vanishes, and equal remainders go to the
// earlier.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		counts []int
		want   string
	}{
		{[]int{372, 62, 18, 48}, "[74 12 4 10]"},
		{[]int{1, 1, 1}, "[34 33 33]"},
		{[]int{999, 0, 1, 0}, "[99 0 1 0]"},
		{[]int{1000000, 1, 1, 1}, "[97 1 1 1]"},
		{[]int{0, 0}, "[0 0]"},
		{[]int{0, 7}, "[0 100]"},
		{nil, "[]"},
	} {
		if got := fmt.Sprint(overview.Shares(100, c.counts...)); got != c.want {
			t.Errorf("%v: %s, want %s", c.counts, got, c.want)
		}
	}
	for n := range 40 {
		for m := range 40 {
			counts := []int{n, m, n * m % 17, 3}
			sum := 0
			for i, x := range overview.Shares(100, counts...) {
				sum += x
				if (x == 0) != (counts[i] == 0) {
					t.Fatalf("%v: share %d of %d", counts, x, counts[i])
				}
			}
			if sum != 100 {
				t.Fatalf("%v add up to %d", counts, sum)
			}
		}
	}
	if overview.BasisPoints(2, 3) != 6666 || overview.BasisPoints(3, 3) != 10000 || overview.BasisPoints(0, 0) != 0 {
		t.Error("basis points are not rounded down")
	}
}

// TestReadiness pins the make-up: every component with its fraction, and points
// that add up to the score.
func TestReadiness(t *testing.T) {
	r := small(control("a", soc1.Monthly, nil),
		control("b", soc1.AsNeeded, func(k *soc1.Control) { k.Exceptions, k.Owner = "", "nobody" }))
	r.Objectives = append(r.Objectives, rec("control_objective", "tax", soc1.ControlObjective{Code: "TAX"}),
		rec("control_objective", "gone", soc1.ControlObjective{Code: "X", OmittedReason: "Not offered."}))
	r.Risks = append(r.Risks, rec("risk", "r2", soc1.Risk{Code: "R2", Text: "Late.", Objectives: []string{"tax"}}),
		rec("risk", "r3", soc1.Risk{Code: "R3", Text: "Moved.", Objectives: []string{"tax"}, Response: "Insured."}))
	r.Evidence = []record.Typed[soc1.Evidence]{evidence("e", "2025-01-01", "2025-01-31", "")}
	r.Tests = []record.Typed[soc1.TestOfControl]{test("t", func(x *soc1.TestOfControl) { x.PerformedOn = "2025-02-20" })}
	r.Exceptions = []record.Typed[soc1.Exception]{exception("x", soc1.Open, "")}
	r.Sections = []record.Typed[soc1.DescriptionSection]{
		rec("description_section", "d1", soc1.DescriptionSection{Criterion: soc1.D1, Title: "Services", Body: "Payroll."}),
		rec("description_section", "d2", soc1.DescriptionSection{Criterion: soc1.D2, Title: "Procedures"}),
		rec("description_section", "d3", soc1.DescriptionSection{Criterion: soc1.D3, Title: "Records", Body: "Files.", Engagement: "old"})}
	r.CUECs = []record.Typed[soc1.CUEC]{rec("cuec", "u1", soc1.CUEC{Objectives: []string{"pay"}}), rec("cuec", "u2", soc1.CUEC{Objectives: []string{"gone"}})}
	r.Subservice = []record.Typed[soc1.SubserviceOrganization]{rec("subservice_organization", "host", soc1.SubserviceOrganization{Method: soc1.CarveOut})}

	o := make_(t, r, "e", "2025-03-01")
	o.Rules = &overview.Component{Key: "rules", Label: "Rules", Rule: "Rules without a finding.", Done: 3, Of: 4, Missing: []soc1.Ref{{Kind: "control", ID: "b"}}}
	got := o.Readiness()
	var lines []string
	points, weights := 0, 0
	for _, c := range got.Components {
		lines = append(lines, fmt.Sprintf("%s %d/%d w%d p%d met %d missing %d", c.Key, c.Done, c.Of, c.Weight, c.Points, len(c.Met), len(c.Missing)))
		points += c.Points
		weights += c.Weight
		if c.Rule == "" || c.Label == "" {
			t.Errorf("%s has no words", c.Key)
		}
	}
	// 10×1/2 + 10×3/5 + 5×1/2 + 20×1/2 + 20×1/2 + 10×0 + 5×1/9 + 20×3/4
	// = 5 + 6 + 2.5 + 10 + 10 + 0 + 0.56 + 15 = 49.06. Scaled to 49, the largest
	// remainders are .99, .99, .99 and .99.
	want := []string{"controls 1/2 w10 p5 met 1 missing 1", "coverage 3/5 w10 p6 met 3 missing 2", "owners 1/2 w5 p2 met 1 missing 1",
		"evidence 1/2 w20 p10 met 0 missing 1", "tests 1/2 w20 p10 met 1 missing 1", "exceptions 0/1 w10 p0 met 0 missing 1",
		"description 1/9 w5 p1 met 1 missing 1", "rules 3/4 w20 p15 met 0 missing 1"}
	if !slices.Equal(lines, want) {
		t.Errorf("components\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got.Score != 49 || points != 49 || weights != 100 {
		t.Errorf("score %d, points %d, weights %d; want 49, 49, 100", got.Score, points, weights)
	}

	f := o.Figures()
	if f.Tested.N != 1 || f.Tested.Of != 2 || f.OpenExceptions.N != 1 || f.OpenExceptions.Refs[0].ID != "x" || f.Overdue.N != 1 || f.Overdue.Of != 2 || f.Overdue.Refs[0].ID != "a" {
		t.Errorf("figures %+v", f)
	}
	// The risk is rated 16 before controls and 8 with them: not high.
	if f.High.N != 0 || o.Controls[0].Rating.Score() != 8 {
		t.Errorf("high %d, rating %v", f.High.N, o.Controls[0].Rating)
	}
}

// TestScoreOfNothing has nothing to divide by, and a perfect workspace is 100.
func TestScoreOfNothing(t *testing.T) {
	r := &overview.Records{By: soc1.ByManagement, Ledger: "org"}
	o, err := r.Make(overview.Question{From: "2025-01-01", To: "2025-12-31", Today: "2025-03-01"})
	if err != nil {
		t.Fatal(err)
	}
	o.Rules = &overview.Component{Key: "rules", Label: "Rules", Done: 4, Of: 4}
	if f := o.Figures(); f.Readiness.Score != 0 || f.Tested.Of != 0 {
		t.Errorf("%+v", f)
	}
	if o.Attention()[0].Urgency != overview.NotDescribed {
		t.Error("an empty workspace lacks a description")
	}
}

// TestHeatMap counts both ratings and keeps what is not rated apart.
func TestHeatMap(t *testing.T) {
	r := small()
	r.Risks = append(r.Risks, rec("risk", "r2", soc1.Risk{Code: "R2", Objectives: []string{"pay"}, Likelihood: 4, Impact: 4}),
		rec("risk", "r3", soc1.Risk{Code: "R3", Objectives: []string{"pay"}}),
		rec("risk", "other", soc1.Risk{Code: "R4", Objectives: []string{"elsewhere"}, Likelihood: 5, Impact: 5}))
	o := make_(t, r, "e", "2025-03-01")
	h := o.Inherent()
	if c := h.Cells[3][3]; c.Count != 2 || c.Refs[0].ID != "r1" || c.Refs[1].ID != "r2" || h.Rated() != 2 || len(h.Unrated) != 1 {
		t.Errorf("inherent %+v", h)
	}
	h = o.Residual()
	if c := h.Cells[1][3]; c.Count != 1 || h.Rated() != 1 || len(h.Unrated) != 2 {
		t.Errorf("residual %+v", h)
	}
	for score, want := range map[overview.Rating]overview.Level{{1, 3}: overview.Low, {1, 4}: overview.Moderate, {2, 4}: overview.Moderate, {3, 3}: overview.High,
		{3, 4}: overview.High, {3, 5}: overview.Severe, {0, 5}: overview.Unrated, {6, 5}: overview.Unrated} {
		if score.Level() != want {
			t.Errorf("%v is %s, want %s", score, score.Level().Label(), want.Label())
		}
	}
}

// TestGroups orders the matrix, and what serves two objectives counts in both
// and once in all.
func TestGroups(t *testing.T) {
	r := small(control("b", soc1.Monthly, func(k *soc1.Control) { k.Objectives = []string{"tax", "pay"}; k.Order = 2 }),
		control("c", soc1.Monthly, func(k *soc1.Control) { k.Objectives = []string{"pay", "pay"}; k.Order = 1 }),
		control("entity", soc1.Annual, func(k *soc1.Control) { k.Objectives = nil }),
		control("out", soc1.Annual, func(k *soc1.Control) { k.Objectives = []string{"omitted"} }),
		control("a", soc1.Monthly, func(k *soc1.Control) { k.Objectives = []string{"tax"} }))
	r.Objectives = append(r.Objectives, rec("control_objective", "tax", soc1.ControlObjective{Code: "TAX", Order: 9}))
	o := make_(t, r, "e", "2025-03-01")
	var ids []string
	for i := range o.Controls {
		ids = append(ids, o.Controls[i].ID())
	}
	var groups []string
	for _, l := range o.Objectives {
		groups = append(groups, fmt.Sprint(l.Ref.ID, l.Controls, l.Mix.Total(), l.EntityLevel()))
	}
	if fmt.Sprint(ids) != "[c b a entity]" || fmt.Sprint(groups) != "[pay[0 1] 2 false tax[1 2] 2 false [3] 1 true]" || o.Mix.Total() != 4 {
		t.Errorf("controls %v, groups %v, %d in all", ids, groups, o.Mix.Total())
	}
	if line, ok := o.Control("a"); !ok || line.Title != "Agrees the totals" {
		t.Errorf("title %q", line.Title)
	}
	if _, ok := o.Control("out"); ok {
		t.Error("a control of another objective is in scope")
	}
}

// TestAttention wants the worst first and the longest waiting before others.
func TestAttention(t *testing.T) {
	r := small(control("a", soc1.Monthly, nil), control("b", soc1.Weekly, nil))
	r.Risks[0].Value.ResidualLikelihood = 4
	r.Risks = append(r.Risks, rec("risk", "r2", soc1.Risk{Code: "R2", Text: "Late.", Objectives: []string{"pay"}, Owner: "ann"}))
	r.Tests = []record.Typed[soc1.TestOfControl]{test("t", func(x *soc1.TestOfControl) { x.PerformedOn = "2025-06-20" })}
	r.Exceptions = []record.Typed[soc1.Exception]{exception("x", soc1.Open, ""), exception("y", soc1.Confirmed, "2025-07-01")}
	r.Deviations = []record.Typed[soc1.Deviation]{
		rec("deviation", "d", soc1.Deviation{Test: "t", Control: "a", Exceptions: []string{"y"}}),
		rec("deviation", "answered", soc1.Deviation{Test: "t", Control: "a", Exceptions: []string{"y"}}),
		rec("deviation", "answered-within", soc1.Deviation{Test: "t", Control: "a", Exceptions: []string{"y"}, Response: "Trained."})}
	r.Responses = []record.Typed[soc1.ManagementResponse]{rec("management_response", "m", soc1.ManagementResponse{Engagement: "e", Deviation: soc1.Ref{Kind: "deviation", ID: "answered"}, Text: "Mended."})}
	r.Policies = []record.Typed[soc1.Policy]{rec("policy", "p", soc1.Policy{Title: "Access policy", Text: "New.", Approver: "ann", ReviewMonths: 6}), rec("policy", "q", soc1.Policy{Title: "Later"})}
	approved := func(of string, was soc1.Policy, on soc1.Date) policies.Decision {
		return rec("policy_approval", "of-"+of, soc1.PolicyApproval{Policy: of, Revision: 1, SHA256: policies.Digest(was), Decision: soc1.PolicyApproved, By: "ann", On: on})
	}
	r.Decisions = []policies.Decision{approved("p", soc1.Policy{Title: "Access policy", Text: "Old."}, "2025-08-28"), approved("q", soc1.Policy{Title: "Later"}, "2025-03-01")}
	r.Letters = []record.Typed[soc1.RepresentationLetter]{rec("representation_letter", "l", soc1.RepresentationLetter{Engagement: "e", SignedOn: "2026-02-01"})}
	o := make_(t, r, "e", "2026-03-01")
	var got []string
	for _, a := range o.Attention() {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Urgency.Slug(), a.Since, firstID(a.Refs))))
	}
	want := []string{"high_exception 2025-06-20 x", "no_response  d", "unsigned 2026-01-01 p", "unsigned 2026-01-01 e",
		"evidence_overdue 2025-01-06 b", "evidence_overdue 2025-02-01 a", "review_overdue 2026-03-01 p", "risk_unanswered  r2", "no_active_owner  a", "no_active_owner  b"}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("attention\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if early := make_(t, r, "e", "2025-12-31").Attention(); slices.ContainsFunc(early, func(a overview.Attention) bool { return a.Urgency == overview.Unsigned }) {
		t.Error("a signature is missed before the period has ended")
	}
	// The auditor is not reminded of what management owes to its own program.
	r.By, r.Ledger = soc1.ByAuditor, "exam"
	for _, a := range make_(t, r, "e", "2026-03-01").Attention() {
		if a.Urgency == overview.EvidenceOverdue || a.Urgency == overview.ReviewOverdue || a.Title == "Access policy" {
			t.Errorf("the auditor is reminded of %s %s", a.Urgency.Slug(), a.Title)
		}
	}
}

// TestUnconcluded tells tests that were looked at, and what is not concluded.
func TestUnconcluded(t *testing.T) {
	entity := control("el", soc1.Annual, func(k *soc1.Control) { k.Objectives = nil })
	entity.Value.Objectives, entity.Value.Risks = nil, nil
	r := small(control("a", soc1.Monthly, nil), control("b", soc1.Monthly, nil), control("c", soc1.AsNeeded, nil), entity)
	idle := test("t3", func(x *soc1.TestOfControl) { x.Control, x.Method, x.NoOccurrence = "c", soc1.DidNotOperate, "None." })
	r.Tests = []record.Typed[soc1.TestOfControl]{test("t", nil), test("t2", func(x *soc1.TestOfControl) { x.Control = "b" }), idle}
	r.Results = []record.Typed[soc1.Result]{rec("result", "r", soc1.Result{Test: "t", ItemKey: "1", Outcome: soc1.Pass, TestedOn: "2025-06-01"})}
	r.Samples = []record.Typed[soc1.Sample]{rec("sample", "s", soc1.Sample{Test: "t2"})}
	state := func() string {
		o := make_(t, r, "e", "2025-08-01")
		var out []string
		for _, x := range o.Tests() {
			out = append(out, fmt.Sprint(x.Ref.ID, " ", x.Looked))
		}
		controls, objectives := o.Unconcluded()
		for _, refs := range [][]soc1.Ref{controls, objectives} {
			out = append(out, "|")
			for _, x := range refs {
				out = append(out, x.ID)
			}
		}
		return strings.Join(out, " ")
	}
	if got := state(); got != "t true t2 false t3 false | a b c | pay" {
		t.Errorf("at first: %s", got)
	}
	of := func(id, control string, limb soc1.ConclusionLimb, v soc1.Verdict) record.Typed[soc1.Conclusion] {
		c := conclusion(id, limb, v)
		c.Value.SubjectID = control
		return c
	}
	onObjective := conclusion("o", soc1.ConcludeOperating, soc1.Achieved)
	onObjective.Value.Subject, onObjective.Value.SubjectID = soc1.OnObjective, "pay"
	r.Conclusions = []record.Typed[soc1.Conclusion]{of("1", "a", soc1.ConcludeOperating, soc1.Effective), of("2", "b", soc1.ConcludeDesign, soc1.Effective), of("3", "c", soc1.ConcludeDesign, soc1.Effective), onObjective}
	if got := state(); got != "t true t2 false t3 false | b |" {
		t.Errorf("later: %s", got)
	}
	r.Conclusions = append(r.Conclusions, of("4", "b", soc1.ConcludeOperating, soc1.NotEffective))
	if got := state(); got != "t true t2 false t3 false | |" {
		t.Errorf("at last: %s", got)
	}
}

func firstID(refs []soc1.Ref) string {
	if len(refs) == 0 {
		return ""
	}
	return refs[0].ID
}

// TestWork is the list of a control owner.
func TestWork(t *testing.T) {
	r := small(control("a", soc1.Monthly, nil), control("b", soc1.Quarterly, func(k *soc1.Control) { k.Owner, k.Performer = "bob", "ann" }),
		control("c", soc1.AsNeeded, nil), control("d", soc1.Weekly, func(k *soc1.Control) { k.Owner = "bob" }))
	r.Tests = []record.Typed[soc1.TestOfControl]{test("t", nil)}
	r.Exceptions = []record.Typed[soc1.Exception]{exception("x", soc1.Open, "")}
	o := make_(t, r, "e", "2025-02-10")
	w := o.Work("ann", overview.Duty{Title: "Returned", Due: "2025-02-09"}, overview.Duty{Title: "Mentioned", Due: "2025-02-10"})
	var got []string
	for _, m := range w.Controls {
		got = append(got, fmt.Sprint(m.Line.ID(), " ", m.Due, " ", m.Late))
	}
	for _, d := range w.Duties {
		got = append(got, fmt.Sprint(d.Title, " ", d.Late))
	}
	if s := strings.Join(got, "; "); s != "a 2025-02-01 true; b 2025-04-01 false; c  false; Returned true; Mentioned false; A Agrees the totals false" || w.Overdue != 1 {
		t.Errorf("%s; %d overdue", s, w.Overdue)
	}
	if w := o.Work(""); len(w.Controls) != 0 {
		t.Error("nobody owns controls")
	}
}

// TestToSign tells what names a person from what names another.
func TestToSign(t *testing.T) {
	r := small()
	r.Assertions = []record.Typed[soc1.ManagementAssertion]{rec("assertion", "as", soc1.ManagementAssertion{Engagement: "e", SignedBy: "ann"})}
	r.Policies = []record.Typed[soc1.Policy]{rec("policy", "p", soc1.Policy{Title: "Access policy", Approver: "bob"}), rec("policy", "q", soc1.Policy{Title: "Done", Approver: "ann"})}
	r.Decisions = []policies.Decision{rec("policy_approval", "d", soc1.PolicyApproval{Policy: "q", Revision: 1, SHA256: policies.Digest(soc1.Policy{Title: "Done"}), Decision: soc1.PolicyApproved, By: "ann", On: "2025-01-02"})}
	o := make_(t, r, "e", "2025-02-10")
	for person, want := range map[string]string{"": "as e p", "ann": "as e", "bob": "e p", "carl": "e"} {
		var got []string
		for _, s := range o.ToSign(person) {
			got = append(got, firstID(s.Refs))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q signs %v, want %s", person, got, want)
		}
	}
}

// TestTimeline takes every date from a record.
func TestTimeline(t *testing.T) {
	r := small()
	r.Tests = []record.Typed[soc1.TestOfControl]{test("t", func(x *soc1.TestOfControl) { x.PerformedOn = "2025-06-20" })}
	r.Results = []record.Typed[soc1.Result]{rec("result", "r", soc1.Result{Test: "t", ItemKey: "1", TestedOn: "2025-05-05"})}
	r.Exceptions = []record.Typed[soc1.Exception]{exception("x", soc1.Open, ""), exception("y", soc1.Dismissed, "2025-06-10")}
	r.Walkthroughs = []record.Typed[soc1.Walkthrough]{rec("walkthrough", "w", soc1.Walkthrough{Control: "a", PerformedOn: "2025-03-03"})}
	r.Assertions = []record.Typed[soc1.ManagementAssertion]{rec("assertion", "as", soc1.ManagementAssertion{Engagement: "e", SignedOn: "2026-01-20"})}
	show := func(o *overview.Overview) string {
		var out []string
		for _, w := range o.Timeline() {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s..%s %d/%d %s", w.Key, w.From, w.To, w.Done, w.Of, w.Note)))
		}
		return strings.Join(out, "\n")
	}
	want := `period 2025-01-01..2025-12-31 213/365 day 213 of 365
testing 2025-05-05..2025-06-20 1/1 1 of 1 control
exceptions 2025-06-10..2025-08-01 1/2 1 open
report .. 0/1 not begun`
	if got := show(make_(t, r, "e", "2025-08-01")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r.By = soc1.ByAuditor
	want = `period 2025-01-01..2025-12-31 365/365 ended
walkthroughs 2025-03-03..2025-03-03 1/1 1 of 1 key control
testing ..  0/1 0 of 1 control
exceptions ..  0/0 none found
report 2026-01-20..2026-01-20 1/1 assertion signed`
	if got := show(make_(t, r, "e", "2026-02-01")); strings.ReplaceAll(got, "..  ", ".. ") != strings.ReplaceAll(want, "..  ", ".. ") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTrend asks the same question of earlier days.
func TestTrend(t *testing.T) {
	if got := fmt.Sprint(overview.MonthEnds("2024-03-15", 3)); got != "[2023-12-31 2024-01-31 2024-02-29 2024-03-15]" {
		t.Error(got)
	}
	points, err := overview.Trend(overview.Question{Engagement: "e"}, []soc1.Date{"2025-01-31", "2025-02-28"}, func(d soc1.Date) (*overview.Records, error) {
		r := small()
		if d > "2025-02-01" {
			r.Conclusions = append(r.Conclusions, conclusion("c", soc1.ConcludeOperating, soc1.Effective))
			r.Conclusions[0].Value.On = "2025-02-01"
		}
		return r, nil
	})
	if err != nil || len(points) != 2 || points[0].Tested != 0 || points[1].Tested != 1 || points[1].Overdue != 1 || points[1].Day != "2025-02-28" {
		t.Errorf("%v %+v", err, points)
	}
	if _, err := overview.Trend(overview.Question{}, []soc1.Date{"2025-01-31"}, func(soc1.Date) (*overview.Records, error) { return nil, errors.New("gone") }); err == nil {
		t.Error("an error is swallowed")
	}
}

// TestForecast continues a straight line and says when it cannot.
func TestForecast(t *testing.T) {
	at := func(day soc1.Date, score int) overview.Point { return overview.Point{Day: day, Readiness: score} }
	for _, c := range []struct {
		points []overview.Point
		on     soc1.Date
		gain   int
	}{
		{nil, "", 0},
		{[]overview.Point{at("2025-01-31", 50)}, "", 0},
		{[]overview.Point{at("2025-01-31", 50), at("2025-02-10", 40)}, "", -10},
		{[]overview.Point{at("2025-01-31", 50), at("2025-02-10", 60)}, "2025-03-22", 10},
		// 3 points in 10 days, 40 to go: 133⅓ days.
		{[]overview.Point{at("2025-01-31", 57), at("2025-02-10", 60)}, "2025-06-24", 3},
		// What lies further back than the span is not asked.
		{[]overview.Point{at("2024-01-31", 0), at("2025-01-31", 50), at("2025-02-10", 60)}, "2025-03-22", 10},
		{[]overview.Point{at("2025-01-31", 50), at("2025-02-10", 100)}, "2025-02-10", 50},
	} {
		f := overview.Project(c.points, 100, 90)
		if f.On != c.on || f.Gain != c.gain {
			t.Errorf("%v: %+v, want %s with %d", c.points, f, c.on, c.gain)
		}
	}
}
