package app_test

import (
	"strings"
	"testing"

	"reperform/app"
	"reperform/evaluation"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

// The same cell twice in one file: neither is taken, or the last would win.
func TestContradictoryResultsAreRefused(t *testing.T) {
	rows, err := app.ReadResults("r.csv", strings.NewReader("test,item,attribute,outcome\nT-1,P1,A,fail\nT-1,P1,A,pass\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.CheckResults(rows); err == nil || !strings.Contains(err.Error(), "r.csv:3") || !strings.Contains(err.Error(), "r.csv:2") {
		t.Fatalf("contradictory cells give %v; want both lines named", err)
	}
}

// One record by management must not shut the auditor out of the file.
func TestAuditorIsNotShutOut(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	_, err = s.apply("dana", person("mei", "", "service_organization", "compliance_manager"))
	s.must(err)
	if _, err := s.app.View(s.ctx, "mei", exam, record.AsOf{}); err != nil {
		t.Errorf("after management recorded the same id, the auditor reads: %v", err)
	}
}

// What was performed stays: a failing test cannot leave the file.
func TestPerformedTestsAreNotRetired(t *testing.T) {
	s := told(t)
	for _, x := range all[soc1.TestOfControl](s, "helen", exam, "test_of_control") {
		_, err := s.apply("mei", "kind: test_of_control\nid: "+x.ID+"\nledger: "+exam+"\nretired: true\n")
		s.refused(err, "has been performed")
		return
	}
}

// The workspace cannot lose what it works with to a redaction.
func TestWhatIsNeededIsNotRedacted(t *testing.T) {
	s := begin(t)
	for kind, id := range map[string]string{"organization": "organization", "person": "dana"} {
		h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, kind, id)
		s.must(err)
		last := h[len(h)-1]
		s.refused(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, last.Pos, last.Slot, "A request."), "record a newer one")
	}
}

// flagsOf are the flags of a rule in the examination's status.
func (s *story) flagsOf(rule string) []evaluation.Flag {
	s.t.Helper()
	f, err := s.app.Evaluation(s.ctx, "helen", exam, engagement)
	s.must(err)
	var out []evaluation.Flag
	for _, x := range f.Consequences().Flags {
		if x.Rule == rule {
			out = append(out, x)
		}
	}
	return out
}

// flagged wants one flag of a rule with a severity that says all the words.
func (s *story) flagged(rule string, severity evaluation.Severity, words ...string) {
	s.t.Helper()
	flags := s.flagsOf(rule)
	if len(flags) != 1 || flags[0].Severity != severity {
		s.t.Fatalf("want one flag %s, %s: %v", rule, severity, flags)
	}
	for _, w := range words {
		if !strings.Contains(flags[0].Text, w) {
			s.t.Errorf("%q does not say %q", flags[0].Text, w)
		}
	}
}

// second freezes the rows of the sampled test again, with a column more, which
// gives them another hash and so another draw.
func (s *story) second() {
	s.t.Helper()
	spec := derived(exam, "pop-again")
	spec.Population.Derived.SQL = "SELECT change, changed_on, amount, 'x' AS useless FROM changes WHERE kind = 'bank'"
	_, err := s.app.DerivePopulation(s.ctx, "helen", spec)
	s.must(err)
	_, err = s.app.CheckPopulation(s.ctx, "helen", exam, "pop-again", app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}, Conclusion: "Derived from a complete extract."})
	s.must(err)
}

// Whoever knows the nonce tries the same rows under another hash.
func TestAnotherPopulationIsNoFreeDraw(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	s.run("mei", exam, payTest, cell(payTest, items[0], soc1.Fail, "No call."))
	s.second()
	s.flagged("EVA-25", evaluation.High, "Population pop-again, of 30 rows, was frozen after sample t-pay-1-1-draw-1", "nothing uses it")

	// Another test of the control, and the same test turned to the population,
	// both wait; neither draws.
	other := one[soc1.TestOfControl](s, "helen", exam, "test_of_control", payTest).Value
	other.Population, other.Code = "pop-again", "T-PAY-1.1x"
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: "t-other", Effective: "2025-01-01", Value: other}))
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "attribute", ID: "t-other-a", Effective: "2025-01-01",
		Value: soc1.Attribute{Test: "t-other", Code: "A", Text: "Confirmed by a call.", Manual: true}}))
	if o := s.run("mei", exam, "t-other"); o.Status != app.Waiting || !strings.Contains(o.Why, "was drawn from already, from population pop-bank-changes (sample t-pay-1-1-draw-1)") || len(o.Items) > 0 {
		t.Errorf("a draw beside another: %+v", o)
	}
	_, err := s.tryRun("mei", exam, "t-other", cell("t-other", "CHANGE-KEY-001", soc1.Pass, ""))
	s.refused(err, "sample redraw t-other")
	other = one[soc1.TestOfControl](s, "helen", exam, "test_of_control", payTest).Value
	other.Population = "pop-again"
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: payTest, Revision: 1, Effective: "2025-01-01", Value: other}))
	if o := s.run("mei", exam, payTest); o.Status != app.Waiting || !strings.Contains(o.Why, "its sample was drawn from population pop-bank-changes, and it tests pop-again now") {
		t.Errorf("a test turned to another population: %+v", o)
	}

	// It takes a reason that says something, which stays with the sample.
	for _, reason := range []string{"", "x", "because because because"} {
		_, err := s.app.RedrawSample(s.ctx, "mei", exam, payTest, reason)
		s.refused(err, "does not say why it is drawn again")
	}
	const reason = "The first extract lacked a column that the test needs."
	x, err := s.app.RedrawSample(s.ctx, "mei", exam, payTest, reason)
	s.must(err)
	if x.Draw != 2 || x.Population != "pop-again" || x.Reason != reason || len(x.Items) != 11 {
		t.Errorf("drawn again: %+v", x)
	}
	s.flagged("EVA-25", evaluation.High, "sample t-pay-1-1-draw-2 (draw 2 of test T-PAY-1.1, from population pop-again) was drawn after t-pay-1-1-draw-1",
		"results were recorded by then for 1 of 11 items", "left out", reason)
	if got := s.sampled(payTest + "-draw-1"); len(got.Items) != 11 {
		t.Error("the first draw is gone")
	}
	// An expansion is of the draw that counts.
	if _, err := s.app.ExpandSample(s.ctx, "mei", exam, payTest, 2, "Two more."); err != nil {
		t.Error(err)
	}
	if got := s.sampled(payTest + "-draw-2-expanded-1"); len(got.Items) != 13 || got.Draw != 2 {
		t.Errorf("the expansion of the second draw: %+v", got)
	}
}

func TestRedrawNeedsADraw(t *testing.T) {
	s := begin(t)
	s.plan()
	const reason = "The first extract lacked a column."
	_, err := s.app.RedrawSample(s.ctx, "mei", exam, payTest, reason)
	s.refused(err, "nothing was drawn")
	_, err = s.app.RedrawSample(s.ctx, "mei", exam, "t-it-1-1", reason)
	s.refused(err, "no test", "by sample")
	s.run("mei", exam, payTest)
	s.must(s.app.DiscloseNonce(s.ctx, "helen", exam, "Too early."))
	_, err = s.app.RedrawSample(s.ctx, "mei", exam, payTest, reason)
	s.refused(err, "disclosed", "no more samples")
}

// changing enters a cell with a reason for a change.
func changing(item string, outcome soc1.Outcome, reason string) app.ResultRow {
	r := cell(payTest, item, outcome, "As found.")
	r.Cell.ChangeReason = reason
	return r
}

// A later file turns a failure into a pass.
func TestARecordedOutcomeIsNotTurnedSilently(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	s.run("mei", exam, payTest, cell(payTest, items[0], soc1.Fail, "No call."), cell(payTest, items[1], soc1.CannotTell, "The log is gone."))
	before := s.size("helen", exam)
	for name, row := range map[string]app.ResultRow{
		"fail to pass":                  changing(items[0], soc1.Pass, ""),
		"fail to not applicable":        changing(items[0], soc1.NotApplicable, "ok"),
		"cannot tell to pass":           changing(items[1], soc1.Pass, ""),
		"cannot tell to fail":           changing(items[1], soc1.Fail, ""),
		"fail to cannot tell, a letter": changing(items[0], soc1.CannotTell, "x"),
	} {
		_, err := s.tryRun("mei", exam, payTest, row)
		if err == nil || !strings.Contains(err.Error(), "without a reason") {
			t.Errorf("%s: %v", name, err)
		}
	}
	thin := cell(payTest, items[1], soc1.Pass, "")
	thin.Cell.AlternativeProcedure = "Asked."
	_, err := s.tryRun("mei", exam, payTest, thin)
	s.refused(err, `"Asked." does not say how the item was tested`)
	if after := s.size("helen", exam); after != before {
		t.Fatalf("%d entries were made by what was refused", after-before)
	}

	// With a reason the outcome changes; its exception stays, for a manager.
	const reason = "The call is on the recording of March 3, heard on January 20."
	s.run("mei", exam, payTest, changing(items[0], soc1.Pass, reason))
	s.flagged("EVA-26", evaluation.High, "item "+items[0], "fail by mei", "became pass by mei", reason)
	x := s.exceptionOf(items[0])
	if x.Value.Status != soc1.Open {
		t.Fatalf("the exception of a failure that became a pass is %s", x.Value.Status)
	}
	g := s.figures(payTest)
	if why := strings.Join(g.Why, " "); !strings.Contains(why, "recorded as Pass") || !g.Blocked() {
		t.Errorf("a pass beside an open exception: %v", g.Why)
	}
	s.dismiss(x.ID, "The recording of March 3 was heard on January 20, 2026.")
	if why := s.figures(payTest).Why; len(why) > 0 {
		t.Errorf("dismissed, it still does not reconcile: %v", why)
	}

	// Failing again, on another ground, it is open again; entered once more as it
	// is, a dismissal stands.
	s.run("mei", exam, payTest, changing(items[0], soc1.Fail, "The recording is of another employee's change."))
	if x := s.exceptionOf(items[0]); x.Value.Status != soc1.Open || x.Value.Evidence != "" || x.Value.DecidedBy != "" {
		t.Fatalf("a pass that became a failure has the exception %+v", x.Value)
	}
	s.dismiss(x.ID, "The employee changed her name; both names are one person.")
	again := cell(payTest, items[0], soc1.Fail, "Another note.")
	s.run("mei", exam, payTest, again)
	if x := s.exceptionOf(items[0]); x.Value.Status != soc1.Dismissed {
		t.Errorf("a note of a result made its exception %s", x.Value.Status)
	}

	// What could not be told and fails is no longer undecided.
	s.run("mei", exam, payTest, changing(items[1], soc1.Fail, "The log was found and shows no call."))
	if x := s.exceptionOf(items[1]); x.Value.Status != soc1.Open || x.Value.Undecided {
		t.Errorf("an undecided item that fails has the exception %+v", x.Value)
	}
	// A confirmed one stays, whatever is entered afterwards.
	_, err = s.app.DecideExceptions(s.ctx, "carla", app.ExceptionDecision{Ledger: exam, IDs: []string{s.exceptionOf(items[1]).ID}, Status: soc1.Confirmed, Reason: "No call."})
	s.must(err)
	s.run("mei", exam, payTest, changing(items[1], soc1.Pass, "The log was of another day, the call is there."))
	s.run("mei", exam, payTest, changing(items[1], soc1.Fail, "The call is there and came after first use."))
	if x := s.exceptionOf(items[1]); x.Value.Status != soc1.Confirmed {
		t.Errorf("a confirmed exception became %s", x.Value.Status)
	}
}

func (s *story) exceptionOf(item string) record.Typed[soc1.Exception] {
	s.t.Helper()
	for _, x := range all[soc1.Exception](s, "helen", exam, "exception") {
		if len(x.Value.ItemKeys) == 1 && x.Value.ItemKeys[0] == item {
			return x
		}
	}
	s.t.Fatalf("item %s has no exception", item)
	return record.Typed[soc1.Exception]{}
}

func (s *story) figures(test string) evaluation.Figures {
	s.t.Helper()
	f, err := s.app.Evaluation(s.ctx, "helen", exam, engagement)
	s.must(err)
	g, err := f.Figures(test)
	s.must(err)
	return g
}

func (s *story) dismiss(id, evidence string) {
	s.t.Helper()
	_, err := s.app.DecideExceptions(s.ctx, "carla", app.ExceptionDecision{Ledger: exam, IDs: []string{id}, Status: soc1.Dismissed, Reason: "The call was made.", Evidence: evidence})
	s.must(err)
}

// A letter has no exception out of the way.
func TestADismissalNeedsSomethingThatShowsIt(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	s.run("mei", exam, payTest, cell(payTest, items[0], soc1.Fail, "No call."), cell(payTest, items[1], soc1.Fail, "No call."))
	d := app.ExceptionDecision{Ledger: exam, Test: payTest, Status: soc1.Dismissed, Reason: "The call was made and is on the recording."}
	for evidence, want := range map[string]string{"": "does not say", "x": "does not say", "THE call was made  and is on the recording.": "repeats the reason"} {
		d.Evidence = evidence
		_, err := s.app.DecideExceptions(s.ctx, "carla", d)
		s.refused(err, want)
	}
	d.Evidence, d.EvidenceRefs = "", []string{"ev-none"}
	_, err := s.app.DecideExceptions(s.ctx, "carla", d)
	s.refused(err, `no evidence "ev-none"`)
	d.IDs, d.Test = []string{s.exceptionOf(items[0]).ID}, ""
	d.EvidenceRefs = []string{"ev-calls"}
	_, err = s.app.DecideExceptions(s.ctx, "carla", d)
	s.must(err)
	if flags := s.flagsOf("EVA-27"); len(flags) > 0 {
		t.Errorf("a dismissal on a record is flagged: %v", flags)
	}
	s.dismiss(s.exceptionOf(items[1]).ID, "The recording of March 3 was heard on January 20, 2026.")
	s.flagged("EVA-27", evaluation.Medium, "1 item of test T-PAY-1.1 was dismissed by carla", "heard on January 20")
}

// What changes after a conclusion keeps the report from being released.
func TestALateExceptionStandsInTheWayOfRelease(t *testing.T) {
	s := told(t)
	var passed string
	for _, r := range all[soc1.Result](s, "helen", exam, "result") {
		if r.Value.Test == payTest && r.Value.Outcome == soc1.Pass {
			passed = r.Value.ItemKey
		}
	}
	s.run("mei", exam, payTest, changing(passed, soc1.Fail, "The call was to a number of the request."))
	if flags := s.flagsOf("EVA-01"); len(flags) != 1 || flags[0].Severity != evaluation.Critical {
		t.Errorf("an exception open beside a conclusion: %v", flags)
	}
	s.flagged("EVA-29", evaluation.Critical, "c-pay-1-1-o", "came or changed")
	s.refused(s.app.ReleaseReport(s.ctx, "helen", engagement, "The specified parties."), "cannot be released")
	// Decided without another conclusion, it is the conclusion that is late.
	s.dismiss(s.exceptionOf(passed).ID, "The number of the request is the number on file.")
	if flags := s.flagsOf("EVA-01"); len(flags) > 0 {
		t.Errorf("nothing is open: %v", flags)
	}
	s.flagged("EVA-29", evaluation.Critical, "c-pay-1-1-o", "exception "+s.exceptionOf(passed).ID+" came or changed")
}

// Management records somebody of the team as one of its people.
func TestPeopleOfBothSidesAreFlagged(t *testing.T) {
	s := begin(t)
	s.plan()
	if flags := s.flagsOf("EVA-30"); len(flags) > 0 {
		t.Fatalf("nobody stands on both sides: %v", flags)
	}
	_, err := s.apply("dana", person("mei", "", "service_organization", "read_only"))
	s.must(err)
	s.flagged("EVA-30", evaluation.High, "mei works on the examination for the firm and is recorded")
	_, err = s.apply("dana", "kind: person\nid: mei\nretired: true\n")
	s.must(err)
	s.flagged("EVA-30", evaluation.High, "mei works on the examination for the firm and was recorded")
}

// What an expression gives is not overwritten by hand, changes only with a
// reason for the run, and does not overwrite what another procedure settled.
func TestComputedOutcomes(t *testing.T) {
	s := begin(t)
	s.plan()
	v := one[soc1.TestOfControl](s, "helen", exam, "test_of_control", payTest).Value
	v.Code, v.Control, v.SamplePlan.N = "T-C", "it-1-1", 30
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: "t-c", Effective: "2025-01-01", Value: v}))
	attribute := soc1.Attribute{Test: "t-c", Code: "A", Text: "Above the limit.", Pass: "CASE WHEN amount > 20000 THEN true WHEN amount > 10000 THEN false END"}
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "attribute", ID: "t-c-a", Effective: "2025-01-01", Value: attribute}))
	s.run("mei", exam, "t-c")
	of := map[soc1.Outcome]string{}
	for _, r := range all[soc1.Result](s, "helen", exam, "result") {
		of[r.Value.Outcome] = r.Value.ItemKey
	}
	if of[soc1.Pass] == "" || of[soc1.Fail] == "" || of[soc1.CannotTell] == "" {
		t.Fatalf("the expression gives %v", of)
	}
	_, err := s.tryRun("mei", exam, "t-c", cell("t-c", of[soc1.Fail], soc1.Pass, ""))
	s.refused(err, "is computed by its expression", "alternative_procedure")
	settled := cell("t-c", of[soc1.CannotTell], soc1.Pass, "")
	settled.Cell.AlternativeProcedure = "Compared with the bank's own confirmation of the change."
	s.run("mei", exam, "t-c", settled)
	s.run("mei", exam, "t-c")
	outcome := func(item string) soc1.Outcome {
		for _, r := range all[soc1.Result](s, "helen", exam, "result") {
			if r.Value.ItemKey == item {
				return r.Value.Outcome
			}
		}
		return ""
	}
	if got := outcome(of[soc1.CannotTell]); got != soc1.Pass {
		t.Errorf("run again, what another procedure settled is %s", got)
	}
	s.flagged("EVA-26", evaluation.Medium, "cannot tell by mei", "Compared with the bank's own confirmation")

	// The expression is made milder.
	attribute.Pass = "amount > 0"
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "attribute", ID: "t-c-a", Revision: 1, Effective: "2025-01-01", Value: attribute}))
	_, err = s.app.RunTests(s.ctx, "mei", app.RunOptions{Ledger: exam, Tests: []string{"t-c"}})
	s.refused(err, "without a reason", "--reason")
	if got := outcome(of[soc1.Fail]); got != soc1.Fail {
		t.Errorf("refused, the failure is %s", got)
	}
	_, err = s.app.RunTests(s.ctx, "mei", app.RunOptions{Ledger: exam, Tests: []string{"t-c"}, Reason: "The limit of the first expression was that of another year."})
	s.must(err)
	if got := outcome(of[soc1.Fail]); got != soc1.Pass {
		t.Errorf("with a reason, the failure is %s", got)
	}
	high := 0
	for _, f := range s.flagsOf("EVA-26") {
		if f.Severity == evaluation.High && strings.Contains(f.Text, "that of another year") {
			high++
		}
	}
	if high == 0 {
		t.Errorf("no flag names the failures that became passes: %v", s.flagsOf("EVA-26"))
	}
}
