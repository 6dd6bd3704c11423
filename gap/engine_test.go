package gap

import (
	"context"
	"fmt"
	"testing"

	"reperform/soc1"
)

// After a change only the rules that read its kind run again, and asking again
// runs none.
func TestOnlyWhatChangedRunsAgain(t *testing.T) {
	p := newProgram(t)
	var e Engine
	run := func() int {
		t.Helper()
		before := e.ran
		if _, err := e.Run(context.Background(), p.question, p.book, p.book); err != nil {
			t.Fatal(err)
		}
		return e.ran - before
	}
	if n := run(); n < 70 {
		t.Errorf("%d rules run at first", n)
	}
	if n := run(); n != 0 {
		t.Errorf("%d rules run again although nothing changed", n)
	}
	for _, kind := range []string{"system", "cuec", "vendor", "policy"} {
		want := 0
		for _, r := range Rules() {
			if r.Whose == AuditorFile || r.Given != RecordsAlone {
				continue
			}
			for _, k := range r.Reads {
				if k == kind {
					want++
					break
				}
			}
		}
		switch kind {
		case "system":
			p.put(kind, "x", soc1.System{Name: "X"})
		case "cuec":
			p.put(kind, "x", soc1.CUEC{Code: "X", Text: "x"})
		case "vendor":
			p.put(kind, "x", soc1.Vendor{Name: "X"})
		case "policy":
			p.put(kind, "x", soc1.Policy{Title: "X"})
		}
		if n := run(); n != want {
			t.Errorf("after a change of a %s record %d rules run, expected %d", kind, n, want)
		}
	}
	// Another day is another question.
	p.question.Today = "2026-01-21"
	if n := run(); n < 70 {
		t.Errorf("%d rules run on another day", n)
	}
}

// What an engine remembers never differs from what a new one finds.
func TestRememberedIsTrue(t *testing.T) {
	p := newProgram(t)
	var e Engine
	same := func(when string) {
		t.Helper()
		res, err := e.Run(context.Background(), p.question, p.book, p.book)
		if err != nil {
			t.Fatal(err)
		}
		want := p.run()
		if len(want) != len(res.Findings) {
			t.Fatalf("%s the engine remembers %d findings and a new one makes %d", when, len(res.Findings), len(want))
		}
		for i := range want {
			if want[i].String() != res.Findings[i].String() {
				t.Errorf("%s: %s, expected %s", when, &res.Findings[i], &want[i])
			}
		}
	}
	for _, s := range spoils {
		s.spoil(p)
		if p.question.By == soc1.ByAuditor || p.question.Report != nil || p.question.Missing != nil {
			p, e = newProgram(t), Engine{}
			continue
		}
		same("after " + s.rule)
		if s.quiet != nil {
			s.quiet(p)
			same("after an answer to " + s.rule)
		}
	}
}

// An acceptance answers one finding until its day has passed, and never one that
// must be put right.
func TestAcceptance(t *testing.T) {
	p := newProgram(t)
	p.first.Owner = ""
	p.control("c1", p.first)
	accept := func(change func(*soc1.GapAcceptance)) {
		a := soc1.GapAcceptance{Rule: "CTL-02", Subject: soc1.Ref{Kind: "control", ID: "c1"}, Field: "owner", Reason: "She begins in March.", AcceptedBy: "bea", AcceptedOn: "2026-01-10", ExpiresOn: "2026-01-20"}
		change(&a)
		p.put("gap_acceptance", "a", a)
	}
	accepted := func() bool {
		t.Helper()
		for _, f := range p.run() {
			if f.Rule.ID == "CTL-02" {
				return f.Accepted != nil
			}
		}
		t.Fatal("CTL-02 does not fire")
		return false
	}
	for _, c := range []struct {
		name   string
		change func(*soc1.GapAcceptance)
		want   bool
	}{
		{"on its last day", func(*soc1.GapAcceptance) {}, true},
		{"after it", func(a *soc1.GapAcceptance) { a.ExpiresOn = "2026-01-19" }, false},
		{"before it was accepted", func(a *soc1.GapAcceptance) { a.AcceptedOn = "2026-01-21" }, false},
		{"about another record", func(a *soc1.GapAcceptance) { a.Subject.ID = "c2" }, false},
		{"about another field", func(a *soc1.GapAcceptance) { a.Field = "frequency" }, false},
		{"of another rule", func(a *soc1.GapAcceptance) { a.Rule = "CTL-04" }, false},
		{"for another report", func(a *soc1.GapAcceptance) { a.Engagement = "other" }, false},
		{"for this report", func(a *soc1.GapAcceptance) { a.Engagement = "e" }, true},
	} {
		accept(c.change)
		if got := accepted(); got != c.want {
			t.Errorf("%s: accepted %v, expected %v", c.name, got, c.want)
		}
	}
	// A record that says otherwise, as an older program might have written it.
	p.put("population", "p", population())
	p.put("test_of_control", "t", test("c2", func(x *soc1.TestOfControl) { x.PerformedBy = "bea"; x.Reviewer = "ann" }))
	accept(func(a *soc1.GapAcceptance) {
		a.Rule, a.Subject, a.Field = "TST-05", soc1.Ref{Kind: "test_of_control", ID: "t"}, "performed_by"
	})
	for _, f := range p.run() {
		if f.Rule.ID == "TST-05" && f.Accepted != nil {
			t.Error("what TST-05 finds was accepted")
		}
	}
	for _, r := range Rules() {
		a := soc1.GapAcceptance{Rule: r.ID, Subject: soc1.Ref{Kind: "control", ID: "c"}, Reason: "x", AcceptedBy: "bea", AcceptedOn: "2026-01-10", ExpiresOn: "2026-01-20"}
		if refused := len(a.Validate()) > 0; refused != r.Never {
			t.Errorf("%s: refused when recorded %v, by the rule %v", r.ID, refused, r.Never)
		}
	}
}

// What a rule needs besides records is given, or the rule is not run and not
// counted as run.
func TestGiven(t *testing.T) {
	p := newProgram(t)
	ran := func() (out []string) {
		t.Helper()
		var e Engine
		res, err := e.Run(context.Background(), p.question, p.book, p.book)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Ran)+len(res.Skipped) != len(Rules()) {
			t.Errorf("%d rules ran and %d did not, of %d", len(res.Ran), len(res.Skipped), len(Rules()))
		}
		for _, r := range res.Ran {
			if r.Given != RecordsAlone {
				out = append(out, r.ID)
			}
		}
		return out
	}
	if got := ran(); len(got) != 0 {
		t.Errorf("without anything given %v run", got)
	}
	p.question.Missing = map[string]bool{}
	if got := fmt.Sprint(ran()); got != "[TST-08]" {
		t.Errorf("with the files %s run", got)
	}
	p.question.Report = &Report{}
	if got := fmt.Sprint(ran()); got != "[TST-08 CUE-03 DSC-02 RPT-05 RPT-07 RPT-09]" {
		t.Errorf("with the draft as well %s run", got)
	}
}

// Management's question reads no kind of the auditor's file, whatever a source
// would give.
func TestManagementReadsNothingOfTheAuditors(t *testing.T) {
	p := newProgram(t)
	p.put("examination", "x", soc1.Examination{Engagement: soc1.Ref{Kind: "engagement", ID: "e"}, UnresolvedThreat: true})
	p.put("walkthrough", "w", soc1.Walkthrough{Control: "c1", Steps: []soc1.Procedure{{Nature: soc1.Inquiry}}})
	p.put("opinion", "o", soc1.Opinion{Engagement: "e", ReportDate: "2020-01-01"})
	for _, f := range p.run() {
		t.Errorf("management is shown %s", f.String())
	}
}

// What may not be read is not there: no rule fails, and none fires about it.
func TestHiddenKinds(t *testing.T) {
	p := newProgram(t)
	p.put("vendor", "v", soc1.Vendor{Name: "x"})
	for kind := range p.records {
		q := newProgram(t)
		q.hidden[kind] = kind != "engagement"
		for _, f := range q.run() {
			if f.Subject.Kind == kind && q.hidden[kind] {
				t.Errorf("%s hidden: %s", kind, f.String())
			}
		}
	}
}

// large is a workspace of 100 objectives, 1,000 controls and 50,000 evidence
// records, with some of everything lacking.
func large(t testing.TB) *program {
	p := newProgram(t)
	for i := range 100 {
		o := p.objective
		o.Code = fmt.Sprintf("O-%03d", i)
		id := fmt.Sprintf("o%03d", i)
		p.records["control_objective"] = append(p.records["control_objective"], p.encode("control_objective", id, 1, o))
		p.records["risk"] = append(p.records["risk"], p.encode("risk", "r"+id, 1, soc1.Risk{Code: "R" + id, Text: "It is done twice.", Objectives: []string{id}}))
		for n := range 10 {
			c := p.first
			if n%2 == 1 {
				c = p.second
			}
			c.Code, c.Objectives, c.Risks = fmt.Sprintf("C-%03d.%d", i, n), []string{id}, []string{"r" + id}
			c.What += fmt.Sprintf(" of the stage %d that follows the step %d of the process for the group %d of clients", n, n*7, i+n)
			if n == 3 {
				c.Owner = ""
			}
			cid := fmt.Sprintf("c%03d-%d", i, n)
			r := p.encode("control", cid, 1, c)
			p.records["control"] = append(p.records["control"], r)
			p.was("control", cid, "2024-01-01", "", c)
		}
	}
	for i := range 50_000 {
		from := soc1.Date("2025-01-01").AddDays(i % 300)
		p.records["evidence"] = append(p.records["evidence"], p.encode("evidence", fmt.Sprintf("e%05d", i), 1, soc1.Evidence{Title: "Evidence", Controls: []string{fmt.Sprintf("c%03d-%d", i%100, i%10)}, PeriodFrom: from, PeriodTo: from.AddDays(6), Source: "Archive"}))
	}
	clear(p.lists)
	return p
}

// BenchmarkRules asks everything anew: only the records are decoded already.
func BenchmarkRules(b *testing.B) {
	p := large(b)
	var warm Engine
	ask := func(e *Engine) int {
		res, err := e.Run(context.Background(), p.question, p.book, p.book)
		if err != nil {
			b.Fatal(err)
		}
		return len(res.Findings)
	}
	n := ask(&warm)
	b.ReportMetric(float64(n), "findings")
	for b.Loop() {
		var e Engine
		ask(&e)
	}
}

// BenchmarkRulesAfterChange changes one control before each question.
func BenchmarkRulesAfterChange(b *testing.B) {
	p := large(b)
	var e Engine
	run := func() {
		if _, err := e.Run(context.Background(), p.question, p.book, p.book); err != nil {
			b.Fatal(err)
		}
	}
	run()
	c := p.first
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		c.HowOften = fmt.Sprintf("before each run %d is released", i)
		p.put("control", "c1", c)
		if _, err := p.Rows(context.Background(), "control"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		run()
	}
}
