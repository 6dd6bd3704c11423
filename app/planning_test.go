package app_test

import (
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/planning"
	"reperform/record"
	"reperform/soc1"
)

// methodFile is a firm's method as it comes in.
const methodFile = `kind: method_profile
id: house
effective: '2025-01-01'
name: House method
version: '2025'
source: The firm's methodology group.
rows:
- {frequency: annual, occurrences: 1, low: 1, high: 1}
- {frequency: monthly, occurrences: 12, low: 3, high: 5}
- {frequency: daily, occurrences: 250, low: 22, high: 44}
confidence_bp: 9000
tolerable_bp: 1000
zero_tolerance: true
expansion: Once, by as many items again, when the cause suggests that it stands alone.
`

func accepting(ledger string) app.Accepting {
	x := app.Accepting{Ledger: ledger, Competence: "The partner knows payroll.", Decision: soc1.Accepted, Conclusion: "Every precondition is met."}
	for _, p := range soc1.Precondition("").Values() {
		x.Preconditions = append(x.Preconditions, soc1.PreconditionAnswer{Point: soc1.Precondition(p), Answer: soc1.Yes, Why: "Seen."})
	}
	return x
}

func (s *story) examPlan(actor string) *app.Planning {
	s.t.Helper()
	p, err := s.app.ExaminationPlan(s.ctx, actor, exam, record.AsOf{})
	s.must(err)
	return p
}

const subjectOfMatter = "kind: materiality\nid: m-1\nledger: " + exam + "\neffective: '2025-01-01'\nusers: Payroll expense of clients.\ndescription: A service left out.\ndesign: A risk without a control.\nengagement: " + engagement + "\n"

func timetable(more string) string {
	return "kind: timetable\nid: times\nledger: " + exam + "\neffective: '2025-01-01'\nengagement: " + engagement + "\nmilestones:\n- {title: Fieldwork, on: '2026-01-05'}\n- {title: Report, on: '2026-02-16'}\n" + more
}

// TestExaminationIsPlanned: from acceptance to an approval by a second person, which what
// is changed later reopens.
func TestExaminationIsPlanned(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("carla", exam, "audit_firm", "firm_manager")+person("mei", exam, "audit_firm", "firm_staff")+person("quinn", exam, "audit_firm", "quality_reviewer"))
	s.must(err)

	// The partner's decision, whole.
	_, err = s.app.AcceptEngagement(s.ctx, "carla", accepting(exam))
	s.refused(err, "may not accept an engagement")
	bad := accepting(exam)
	bad.Preconditions[2].Answer = soc1.No
	_, err = s.app.AcceptEngagement(s.ctx, "helen", bad)
	s.refused(err, "A precondition is not met")
	bad.Preconditions = bad.Preconditions[:3]
	bad.Decision = soc1.Declined
	_, err = s.app.AcceptEngagement(s.ctx, "helen", bad)
	s.refused(err, "is not answered")
	_, err = s.app.AcceptEngagement(s.ctx, "helen", accepting(exam))
	s.must(err)

	// Each their own word.
	if p := s.examPlan("mei"); len(p.Team) != 4 || p.Step("team").State != planning.Missing || p.MayAccept || !p.MayConfirm {
		t.Errorf("before anybody confirmed: %+v", p.Step("team"))
	}
	_, err = s.app.ConfirmIndependence(s.ctx, "mei", app.Confirming{Ledger: exam, Independent: soc1.Yes, Threats: []soc1.IndependenceThreat{{Threat: soc1.ThreatFamiliarity, Text: "A cousin."}}})
	s.refused(err, "nothing is done about it")
	for _, who := range []string{"helen", "carla", "mei", "quinn"} {
		_, err = s.app.ConfirmIndependence(s.ctx, who, app.Confirming{Ledger: exam, Independent: soc1.Yes})
		s.must(err)
	}

	// The firm's method comes as a file; a version is never rewritten.
	if _, err = s.app.ImportMethod(s.ctx, "mei", exam, "method.yaml", []byte("kind: risk\nid: r\ncode: R\ntext: x\n")); err == nil || !strings.Contains(err.Error(), "something else than one method profile") {
		t.Error(err)
	}
	_, err = s.app.ImportMethod(s.ctx, "mei", exam, "method.yaml", []byte(methodFile))
	s.must(err)
	_, err = s.app.ImportMethod(s.ctx, "mei", exam, "method.yaml", []byte(strings.Replace(methodFile, "high: 44", "high: 45", 1)))
	s.refused(err, "a version of its own")
	out, err := s.app.MethodFile(s.ctx, "mei", exam)
	s.must(err)
	if strings.Contains(string(out), "ledger:") || !strings.Contains(string(out), "House method") {
		t.Errorf("the method as a file:\n%s", out)
	}
	_, err = s.app.ImportMethod(s.ctx, "mei", exam, "method.yaml", out)
	s.refused(err, "is recorded already")
	_, err = s.apply("mei", subjectOfMatter)
	s.must(err)
	_, err = s.apply("mei", timetable(""))
	s.must(err)

	// Proposed and not recorded; taken over once.
	p := s.examPlan("mei")
	if planned, _, open := p.Tests(); planned != 0 || open < 3 {
		t.Errorf("%d planned, %d proposed", planned, open)
	}
	var keys []string
	for _, l := range p.Lines() {
		for _, x := range l.Proposals {
			if x.Test.InquiryOnly() || len(x.Reasons) == 0 || len(x.Attributes) == 0 && x.Test.Method != soc1.DidNotOperate {
				t.Errorf("%s: %+v", x.Key, x)
			}
			if x.Problem == "" {
				keys = append(keys, x.Key)
			} else {
				t.Log(x.Key, x.Problem)
			}
		}
	}
	_, err = s.app.TakePlan(s.ctx, "quinn", exam, keys[:1])
	s.refused(err, "may not change this test of control")
	_, err = s.app.TakePlan(s.ctx, "mei", exam, []string{keys[0], "none"})
	s.refused(err, "Nothing is proposed")
	ids, err := s.app.TakePlan(s.ctx, "mei", exam, keys)
	s.must(err)
	if len(ids) != len(keys) {
		t.Errorf("took %v for %v", ids, keys)
	}
	_, err = s.app.TakePlan(s.ctx, "mei", exam, keys[:1])
	s.refused(err, "is planned already")
	p = s.examPlan("carla")
	if _, differing, _ := p.Tests(); differing != 0 {
		t.Errorf("what was taken over differs in %d", differing)
	}

	// A second person approves what they saw.
	_, err = s.app.ApprovePlan(s.ctx, "mei", app.PlanApproving{Ledger: exam, Seen: p.Digest})
	s.refused(err, "may not approve a plan")
	_, err = s.app.ApprovePlan(s.ctx, "carla", app.PlanApproving{Ledger: exam, Seen: "x"})
	s.refused(err, "changed meanwhile")
	_, err = s.app.ApprovePlan(s.ctx, "carla", app.PlanApproving{Ledger: exam, Seen: p.Digest, Remark: "Agreed with the partner."})
	s.must(err)
	if p = s.examPlan("mei"); p.Approved() == nil || p.Step("approval").State != planning.Done || slices.Contains(p.Planners, "carla") {
		t.Errorf("after the approval: %+v, planned by %v", p.Step("approval"), p.Planners)
	}
	// What is done of the plan leaves it as it is; what is changed of it does not.
	_, err = s.apply("mei", strings.Replace(timetable(""), "on: '2026-01-05'}", "on: '2026-01-05', done_on: '2026-01-05'}", 1))
	s.must(err)
	if s.examPlan("mei").Approved() == nil {
		t.Error("a milestone that was reached reopened the plan")
	}
	_, err = s.apply("carla", timetable("interim_to: '2025-09-30'\n"))
	s.must(err)
	p = s.examPlan("carla")
	if p.Approved() != nil || len(p.Approvals) != 1 || len(p.Approvals[0].Since) != 1 || p.Step("approval").State != planning.Attention {
		t.Errorf("after a change: %+v", p.Approvals)
	}
	if p.WhyNot == "" || p.NeedsRemark {
		t.Errorf("the manager planned the interim and may approve: %q", p.WhyNot)
	}
}

// TestLastYearsTestsAreOffered: beside this year's controls, with what changed, to whoever
// reads last year's file.
func TestLastYearsTestsAreOffered(t *testing.T) {
	s := begin(t)
	const before = "exam-soc1-2024"
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "engagement", ID: "soc1-2024", Effective: "2024-01-01", Value: soc1.Engagement{Title: "SOC 1, 2024", Type: soc1.Type2, PeriodStart: "2024-01-01", PeriodEnd: "2024-12-31", StandardSet: soc1.SSAE18And21, Auditor: soc1.Auditor{Firm: "Fenwick"}}}))
	_, err := s.app.OpenExamination(s.ctx, "soc1-2024", "", "helen", soc1.Person{Name: "Helen Fenwick", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	s.must(err)
	last := soc1.TestOfControl{Code: "T-1", By: soc1.ByAuditor, Engagement: "soc1-2024", Control: "it-1-1", WindowFrom: "2024-01-01", WindowTo: "2024-12-31", Method: soc1.ObservationOnly,
		Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected one."}}, PerformedBy: "helen", PerformedOn: "2025-01-10"}
	s.must(s.app.PutRecord(s.ctx, "helen", app.RecordChange{Ledger: before, Kind: "test_of_control", ID: "t-1", Effective: "2024-01-01", Value: last}))
	s.must(s.app.PutRecord(s.ctx, "helen", app.RecordChange{Ledger: before, Kind: "attribute", ID: "t-1-a", Effective: "2024-01-01", Value: soc1.Attribute{Test: "t-1", Code: "A", Text: "Disabled in time.", Manual: true}}))
	s.open()
	_, err = s.apply("helen", person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	if s.examPlan("mei").Prior != nil {
		t.Error("who does not read last year's file is told of it")
	}
	p := s.examPlan("helen")
	x := p.Find(planning.PriorKey + "t-1")
	if p.Prior == nil || x == nil || x.Test.PerformedBy != "" || x.Test.WindowFrom != "2025-01-01" || len(x.Attributes) != 1 {
		t.Fatalf("last year's test: %+v", x)
	}
	for _, l := range p.Lines() {
		if l.Control.ID == "it-1-1" && (len(l.Earlier) != 1 || !slices.ContainsFunc(l.Earlier[0].Differs, func(d planning.Difference) bool { return d.What == "Method" && d.Less })) {
			t.Errorf("beside this year's: %+v", l.Earlier)
		}
	}
	ids, err := s.app.TakePlan(s.ctx, "helen", exam, []string{x.Key})
	s.must(err)
	taken, err := s.app.Record(s.ctx, "helen", exam, "test_of_control", ids[0], record.AsOf{})
	s.must(err)
	if got, err := record.Decode[soc1.TestOfControl](taken); err != nil || got.Engagement != engagement || len(got.Attributes) != 1 {
		t.Errorf("taken over: %+v %v", got, err)
	}
	_, err = s.app.TakePlan(s.ctx, "mei", exam, []string{x.Key})
	s.refused(err, "Nothing is proposed")
}
