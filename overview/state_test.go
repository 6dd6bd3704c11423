package overview_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// rec makes a record of the organization's ledger, as known at its revision.
func rec[T any](kind, id string, v T) record.Typed[T] { return in("org", kind, id, v) }

func in[T any](ledger, kind, id string, v T) record.Typed[T] {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return record.Typed[T]{Record: record.Record{Ledger: ledger, Kind: kind, ID: id, Revision: 1, Effective: "2024-01-01", Body: body}, Value: v}
}

func control(id string, f soc1.Frequency, edit func(*soc1.Control)) record.Typed[soc1.Control] {
	k := soc1.Control{Code: strings.ToUpper(id), Who: "The clerk", What: "agrees the totals", HowOften: "each time", Exceptions: "Differences are cleared.",
		Evidence: "the signed list", Nature: soc1.Manual, Type: soc1.Detective, Frequency: f, Key: true, Owner: "ann", Objectives: []string{"pay"}, Risks: []string{"r1"}}
	if edit != nil {
		edit(&k)
	}
	return rec("control", id, k)
}

// small is a workspace with one objective, one risk and one monthly control.
func small(controls ...record.Typed[soc1.Control]) *overview.Records {
	if len(controls) == 0 {
		controls = []record.Typed[soc1.Control]{control("a", soc1.Monthly, nil)}
	}
	return &overview.Records{By: soc1.ByManagement, Ledger: "org",
		Engagements: []record.Typed[soc1.Engagement]{
			rec("engagement", "e", soc1.Engagement{Title: "2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31"}),
			rec("engagement", "day", soc1.Engagement{Title: "2025", Type: soc1.Type1, AsOf: "2025-06-30"})},
		Objectives: []record.Typed[soc1.ControlObjective]{rec("control_objective", "pay", soc1.ControlObjective{Code: "PAY", Title: "Pay"})},
		Risks:      []record.Typed[soc1.Risk]{rec("risk", "r1", soc1.Risk{Code: "R1", Text: "Lost.", Objectives: []string{"pay"}, Likelihood: 4, Impact: 4, ResidualLikelihood: 2, ResidualImpact: 4})},
		People:     []record.Typed[soc1.Person]{rec("person", "ann", soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization, ActiveTo: "2025-10-31"})},
		Controls:   controls}
}

func make_(t *testing.T, r *overview.Records, engagement, today string) *overview.Overview {
	t.Helper()
	o, err := r.Make(overview.Question{Engagement: engagement, Today: soc1.Date(today)})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func test(id string, edit func(*soc1.TestOfControl)) record.Typed[soc1.TestOfControl] {
	x := soc1.TestOfControl{Code: id, By: soc1.ByManagement, Engagement: "e", Control: "a", Method: soc1.Census}
	if edit != nil {
		edit(&x)
	}
	return rec("test_of_control", id, x)
}

func exception(id string, status soc1.ExceptionStatus, decided soc1.Date) record.Typed[soc1.Exception] {
	return rec("exception", id, soc1.Exception{Test: "t", Attribute: "A", ItemKeys: []string{"1", "2"}, Status: status, DecidedOn: decided})
}

func conclusion(id string, limb soc1.ConclusionLimb, v soc1.Verdict) record.Typed[soc1.Conclusion] {
	return rec("conclusion", id, soc1.Conclusion{Engagement: "e", Subject: soc1.OnControl, SubjectID: "a", Limb: limb, Outcome: v, Reasons: "See T.", By: "ann", On: "2025-07-01"})
}

// TestStatus goes through what management may have recorded of one control.
func TestStatus(t *testing.T) {
	done := test("t", func(x *soc1.TestOfControl) { x.PerformedOn = "2025-06-20" })
	favorable := conclusion("c", soc1.ConcludeOperating, soc1.Effective)
	type recs = *overview.Records
	for name, c := range map[string]struct {
		edit    func(recs)
		today   string
		want    overview.Status
		sources string
		last    soc1.Date
	}{
		"nothing":                {func(recs) {}, "2025-08-01", overview.NotTested, "", ""},
		"a test planned":         {func(r recs) { r.Tests = append(r.Tests, test("t", nil)) }, "2025-08-01", overview.NotTested, "org/test_of_control/t@1", ""},
		"a test performed":       {func(r recs) { r.Tests = append(r.Tests, done) }, "2025-08-01", overview.InTesting, "org/test_of_control/t@1", "2025-06-20"},
		"performed after today":  {func(r recs) { r.Tests = append(r.Tests, done) }, "2025-06-19", overview.NotTested, "org/test_of_control/t@1", ""},
		"a test of another side": {func(r recs) { d := done; d.Value.By = soc1.ByAuditor; r.Tests = append(r.Tests, d) }, "2025-08-01", overview.NotTested, "", ""},
		"of another report":      {func(r recs) { d := done; d.Value.Engagement = "old"; r.Tests = append(r.Tests, d) }, "2025-08-01", overview.NotTested, "", ""},
		"a result": {func(r recs) {
			r.Tests = append(r.Tests, test("t", nil))
			r.Results = append(r.Results, rec("result", "r", soc1.Result{Test: "t", ItemKey: "1", Attribute: "A", Outcome: soc1.Pass, TestedOn: "2025-05-05"}))
		}, "2025-08-01", overview.InTesting, "org/result/r@1", "2025-05-05"},
		"a run": {func(r recs) {
			r.Tests = append(r.Tests, test("t", nil))
			r.Runs = append(r.Runs, rec("test_run", "n", soc1.TestRun{Test: "t", Ended: "2025-05-06T23:30:00-06:00"}))
		}, "2025-08-01", overview.InTesting, "org/test_run/n@1", "2025-05-06"},
		"an exception open": {func(r recs) {
			r.Tests, r.Exceptions = append(r.Tests, done), append(r.Exceptions, exception("x", soc1.Open, ""))
		}, "2025-08-01", overview.Exception, "org/exception/x@1", "2025-06-20"},
		"open outweighs effective": {func(r recs) {
			r.Tests, r.Exceptions = append(r.Tests, done), append(r.Exceptions, exception("x", soc1.Open, ""))
			r.Conclusions = append(r.Conclusions, favorable)
		}, "2025-08-01", overview.Exception, "org/exception/x@1", "2025-06-20"},
		"dismissed": {func(r recs) {
			r.Tests, r.Exceptions = append(r.Tests, done), append(r.Exceptions, exception("x", soc1.Dismissed, "2025-07-01"))
		}, "2025-08-01", overview.InTesting, "org/test_of_control/t@1", "2025-06-20"},
		"dismissed after today": {func(r recs) {
			r.Tests, r.Exceptions = append(r.Tests, done), append(r.Exceptions, exception("x", soc1.Dismissed, "2025-07-01"))
		}, "2025-06-30", overview.Exception, "org/exception/x@1", "2025-06-20"},
		"confirmed": {func(r recs) {
			r.Tests, r.Exceptions = append(r.Tests, done), append(r.Exceptions, exception("x", soc1.Confirmed, "2025-07-01"))
		}, "2025-08-01", overview.Exception, "org/exception/x@1", "2025-06-20"},
		"confirmed and effective all the same": {func(r recs) {
			r.Tests, r.Exceptions = append(r.Tests, done), append(r.Exceptions, exception("x", soc1.Confirmed, "2025-07-01"))
			r.Conclusions = append(r.Conclusions, favorable)
		}, "2025-08-01", overview.Effective, "org/conclusion/c@1", "2025-06-20"},
		"concluded after today": {func(r recs) { r.Tests, r.Conclusions = append(r.Tests, done), append(r.Conclusions, favorable) }, "2025-06-30", overview.InTesting, "org/test_of_control/t@1", "2025-06-20"},
		"design alone": {func(r recs) {
			r.Conclusions = append(r.Conclusions, conclusion("c", soc1.ConcludeDesign, soc1.Effective))
		}, "2025-08-01", overview.InTesting, "org/conclusion/c@1", ""},
		"design not effective": {func(r recs) {
			r.Conclusions = append(r.Conclusions, favorable, conclusion("d", soc1.ConcludeDesign, soc1.NotEffective))
		}, "2025-08-01", overview.Exception, "org/conclusion/d@1", ""},
		"on an objective of the same id": {func(r recs) {
			c := favorable
			c.Value.Subject = soc1.OnObjective
			r.Conclusions = append(r.Conclusions, c)
		}, "2025-08-01", overview.NotTested, "", ""},
		"the auditor's, handed over by mistake": {func(r recs) {
			d, c := done, conclusion("c", soc1.ConcludeOperating, soc1.NotEffective)
			d.Ledger, c.Ledger = "exam-e", "exam-e"
			x := exception("x", soc1.Open, "")
			x.Ledger = "exam-e"
			r.Tests, r.Conclusions, r.Exceptions = append(r.Tests, d), append(r.Conclusions, c), append(r.Exceptions, x)
		}, "2025-08-01", overview.NotTested, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := small()
			c.edit(r)
			o := make_(t, r, "e", c.today)
			k := o.Controls[0]
			var sources []string
			for _, s := range k.Sources {
				sources = append(sources, s.String())
			}
			if k.Status != c.want || strings.Join(sources, " ") != c.sources || k.LastTested != c.last {
				t.Errorf("%s from %v, last tested %q (%s); want %s from %q, last tested %q", k.Status.Label(), sources, k.LastTested, k.Why, c.want.Label(), c.sources, c.last)
			}
			if o.Mix.Counts[c.want] != 1 || o.Objectives[0].Mix.Refs[c.want][0] != k.Ref {
				t.Errorf("counted as %v", o.Mix.Counts)
			}
		})
	}
}

// TestTypeOne asks for design and implementation.
func TestTypeOne(t *testing.T) {
	r := small()
	for i, limb := range []soc1.ConclusionLimb{soc1.ConcludeDesign, soc1.ConcludeImplementation} {
		c := conclusion(fmt.Sprint(i), limb, soc1.Effective)
		c.Value.Engagement = "day"
		r.Conclusions = append(r.Conclusions, c)
		want := []overview.Status{overview.InTesting, overview.Effective}[i]
		if got := make_(t, r, "day", "2025-08-01").Controls[0].Status; got != want {
			t.Errorf("with %s: %s, want %s", limb, got.Label(), want.Label())
		}
	}
	if p := make_(t, r, "day", "2025-08-01").Period; p.String() != "2024-07-01 to 2025-06-30" {
		t.Errorf("evidence is counted on %s", p)
	}
}

// TestReleased: of the auditor's file management sees what a release names, in
// the very revision it names, and an id that both sides use is not confused.
func TestReleased(t *testing.T) {
	theirTest := in("exam-e", "test_of_control", "t", soc1.TestOfControl{Code: "T", By: soc1.ByAuditor, Engagement: "e", Control: "b", Method: soc1.Census, PerformedOn: "2025-05-01"})
	theirs := in("exam-e", "exception", "x", soc1.Exception{Test: "t", Attribute: "A", ItemKeys: []string{"1"}, Status: soc1.Open})
	deviation := in("exam-e", "deviation", "d", soc1.Deviation{Test: "secret", Control: "a", ItemCount: 1, Fact: "Late.", Exceptions: []string{"x"}})
	concluded := in("exam-e", "conclusion", "c", soc1.Conclusion{Engagement: "e", Subject: soc1.OnControl, SubjectID: "a", Limb: soc1.ConcludeOperating, Outcome: soc1.NotEffective, On: "2025-07-01"})
	everything := []record.Record{theirTest.Record, theirs.Record, deviation.Record, concluded.Record}
	release := func(refs ...soc1.Ref) []record.Typed[soc1.Release] {
		return []record.Typed[soc1.Release]{in("exam-e", "release", "1", soc1.Release{Revisions: refs, What: "Findings", ToWhom: "Management"})}
	}
	for name, c := range map[string]struct {
		releases []record.Typed[soc1.Release]
		a, b     overview.Status
	}{
		"nothing released": {nil, overview.InTesting, overview.NotTested},
		"another revision": {release(soc1.Ref{Kind: "conclusion", ID: "c", Revision: 2}), overview.InTesting, overview.NotTested},
		"no revision":      {release(soc1.Ref{Kind: "conclusion", ID: "c"}), overview.InTesting, overview.NotTested},
		"another ledger":   {release(soc1.Ref{Ledger: "exam-f", Kind: "conclusion", ID: "c", Revision: 1}), overview.InTesting, overview.NotTested},
		"the deviation":    {release(deviation.Ref()), overview.Exception, overview.NotTested},
		"the conclusion":   {release(soc1.Ref{Kind: "conclusion", ID: "c", Revision: 1}), overview.Exception, overview.NotTested},
		// The exception's test is not released, and management's own test "t"
		// is another.
		"an exception without its test": {release(theirs.Ref()), overview.InTesting, overview.NotTested},
		"an exception with its test":    {release(theirs.Ref(), theirTest.Ref()), overview.InTesting, overview.Exception},
	} {
		t.Run(name, func(t *testing.T) {
			r := small(control("a", soc1.Monthly, nil), control("b", soc1.Monthly, nil))
			r.Tests = append(r.Tests, test("t", func(x *soc1.TestOfControl) { x.PerformedOn = "2025-06-20" }))
			r.Released = overview.Released{Releases: c.releases, Records: everything}
			o := make_(t, r, "e", "2025-08-01")
			if o.Controls[0].Status != c.a || o.Controls[1].Status != c.b {
				t.Errorf("a is %s and b %s, want %s and %s", o.Controls[0].Status.Label(), o.Controls[1].Status.Label(), c.a.Label(), c.b.Label())
			}
		})
	}
	// The auditor's own page rests on the file and needs no release.
	r := small()
	r.By, r.Ledger = soc1.ByAuditor, "exam-e"
	r.Conclusions = append(r.Conclusions, concluded)
	r.Tests = append(r.Tests, test("t", func(x *soc1.TestOfControl) { x.PerformedOn = "2025-06-20" }))
	if k := make_(t, r, "e", "2025-08-01").Controls[0]; k.Status != overview.Exception || k.LastTested != "" {
		t.Errorf("for the auditor: %s, last tested %q", k.Status.Label(), k.LastTested)
	}
}

// TestQuestions names what cannot be answered.
func TestQuestions(t *testing.T) {
	for _, c := range []struct {
		q    overview.Question
		want string
	}{
		{overview.Question{Engagement: "e", Today: "2025-02-30"}, `"2025-02-30" is not the date of today: write it as 2025-01-31`},
		{overview.Question{Engagement: "x", Today: "2025-02-03"}, `there is no engagement "x": record it, or ask about all`},
	} {
		if _, err := small().Make(c.q); err == nil || err.Error() != c.want {
			t.Errorf("said %v, want %s", err, c.want)
		}
	}
	o, err := small().Make(overview.Question{From: "2025-01-01", To: "2025-06-30", Today: "2025-03-01"})
	if err != nil || len(o.Controls) != 1 || o.Controls[0].Evidence.Expected != 2 {
		t.Errorf("all engagements: %v %+v", err, o)
	}
}
