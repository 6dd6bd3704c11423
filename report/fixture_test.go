package report

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
	"reperform/record"
	"reperform/report/typst"
	"reperform/soc1"
)

// fixture is a small installation: the organization's ledger and, where a
// scenario has one, an examination's.
type fixture struct {
	t       testing.TB
	log     *ledger.Log
	pending map[string][]ledger.Draft
	revs    map[string]int64
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	s, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(ctx, s, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); s.Close() })
	return &fixture{t: t, log: l, pending: map[string][]ledger.Draft{}, revs: map[string]int64{}}
}

// put records a value in a ledger, effective on a day (empty for decisions).
func (f *fixture) put(name, kind, id string, effective soc1.Date, value any) {
	f.write(name, kind, id, effective, value, false)
}

func (f *fixture) retire(name, kind, id string, effective soc1.Date, value any) {
	f.write(name, kind, id, effective, value, true)
}

func (f *fixture) write(name, kind, id string, effective soc1.Date, value any, retired bool) {
	f.t.Helper()
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		f.t.Fatal(err)
	}
	if !k.Is(value) {
		f.t.Fatalf("%s %s: the value is a %T", kind, id, value)
	}
	if problems := k.Validate(value); len(problems) > 0 {
		f.t.Fatalf("%s %s: %s", kind, id, problems[0])
	}
	// As a ledger may hold it from before texts were checked: anything.
	body, err := json.Marshal(value)
	if err != nil {
		f.t.Fatal(err)
	}
	doc, err := k.Encode(value, body, retired)
	if err != nil {
		f.t.Fatal(err)
	}
	if k.Timeless {
		effective = ""
	}
	key := name + "/" + kind + "/" + id
	f.revs[key]++
	f.pending[name] = append(f.pending[name], ledger.Draft{Kind: kind, ID: id, Revision: f.revs[key], Effective: string(effective), Document: doc})
}

// commit appends what was put, creating ledgers as needed.
func (f *fixture) commit() {
	f.t.Helper()
	ctx := context.Background()
	for name, drafts := range f.pending {
		// A command holds one revision of a record.
		for len(drafts) > 0 {
			seen := map[string]bool{}
			n := 0
			for n < len(drafts) && !seen[drafts[n].Kind+"/"+drafts[n].ID] {
				seen[drafts[n].Kind+"/"+drafts[n].ID] = true
				n++
			}
			c := ledger.Command{Ledger: name, Actor: "p-1", Action: "record.put", Drafts: drafts[:n]}
			var err error
			if _, missing := f.log.Snapshot(name); missing != nil {
				_, err = f.log.Create(ctx, c, "example.org/"+name, "test")
			} else {
				_, err = f.log.Commit(ctx, c)
			}
			if err != nil {
				f.t.Fatal(err)
			}
			drafts = drafts[n:]
		}
		delete(f.pending, name)
	}
}

// point is a checkpoint that does not depend on the keys and salts of a run,
// so that the texts compared are the same in every run.
func point(name string, size int64) ledger.Checkpoint {
	c := ledger.Checkpoint{Origin: "example.org/" + name, Size: size}
	for i := range c.Root {
		c.Root[i] = byte(i * 7)
	}
	return c
}

func (f *fixture) source(examined bool) Source {
	f.commit()
	src := Source{Organization: record.NewView(f.log.Store(), "org", f.known("org")), Engagement: "eng-2025",
		Checkpoint: point("org", 420), Program: "reperform test"}
	if examined {
		src.Examination = record.NewView(f.log.Store(), "exam", f.known("exam"))
		src.Checkpoint, src.Anchor = point("exam", 1234), point("org", 420)
	}
	return src
}

func (f *fixture) known(name string) record.AsOf {
	s, err := f.log.Snapshot(name)
	if err != nil {
		f.t.Fatal(err)
	}
	return record.AsOf{Known: s.Size}
}

func build(t testing.TB, src Source) *Model {
	t.Helper()
	m, err := Build(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var sharedEngine = sync.OnceValues(func() (*typst.Engine, error) { return typst.Open(context.Background(), typst.Options{}) })

func engine(t testing.TB) *typst.Engine {
	t.Helper()
	e, err := sharedEngine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func render(t testing.TB, m *Model) []byte {
	t.Helper()
	pdf, err := Render(t.Context(), engine(t), m)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

const (
	first = soc1.Date("2024-06-01") // before every period
	hash1 = "3f1c9a0b7d5e2c48a6f01b3d59e7c2a4f8b6d0e1c3a597864210fedcba987654"
	hash2 = "aa1c9a0b7d5e2c48a6f01b3d59e7c2a4f8b6d0e1c3a597864210fedcba987655"
)

// organization records a payroll processor with three objectives.
func organization(f *fixture) {
	org := func(kind, id string, v any) { f.put("org", kind, id, first, v) }
	org("organization", "organization", soc1.Organization{Name: "Northgate Payroll", LegalName: "Northgate Payroll Services, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Milwaukee", Country: "US"})
	org("person", "p-cm", soc1.Person{Name: "Dana Whitfield", Title: "Chief Executive Officer", Side: soc1.SideServiceOrganization})
	org("person", "p-own", soc1.Person{Name: "Lee Moreno", Title: "Payroll Operations Manager", Side: soc1.SideServiceOrganization})
	org("service", "payroll", soc1.Service{Name: "Payroll processing", Description: "Calculation of gross-to-net pay, disbursement, and payroll tax filing for employers in all fifty states.", InScope: true, Order: 1})
	org("service", "benefits", soc1.Service{Name: "Benefits enrollment", InScope: false, Exclusion: "Not relevant to financial reporting."})
	org("system", "paycore", soc1.System{Name: "PayCore", SystemType: soc1.SystemApplication, Purpose: "Payroll calculation and payment files", InScope: true})
	org("system", "cloud", soc1.System{Name: "Hosting platform", SystemType: soc1.SystemInfrastructure, Purpose: "Runs PayCore", InScope: true, SubserviceOrganization: "skyhost"})
	org("location", "hq", soc1.Location{Name: "Operations center", City: "Milwaukee, Wisconsin", Country: "United States", Purpose: "Payroll operations and client service", InScope: true})
	org("transaction_class", "disb", soc1.TransactionClass{Name: "Payroll disbursements", Services: []string{"payroll"},
		Initiated: "The client uploads the input of a pay run.", Authorized: "The client approves the preview.", Recorded: "PayCore records the run.",
		Processed: "PayCore calculates gross to net.", Corrected: "Rejected lines are returned to the client.", Reported: "The payroll register is published."})
	org("control_objective", "pay-1", soc1.ControlObjective{Code: "PAY-1", Title: "Employee data", Order: 1,
		Text: "Controls provide reasonable assurance that additions and changes to employee data are authorized, complete, and recorded once in the right period."})
	org("control_objective", "pay-2", soc1.ControlObjective{Code: "PAY-2", Title: "Disbursement", Order: 2,
		Text: "Controls provide reasonable assurance that disbursements are authorized, are made once, and agree with the payroll calculated."})
	org("control_objective", "it-1", soc1.ControlObjective{Code: "ITG-1", Title: "Logical access", Order: 3,
		Text: "Controls provide reasonable assurance that logical access to systems is limited to authorized people."})
	org("control", "pay-1-1", soc1.Control{Code: "PAY-1.1", Who: "A payroll specialist", What: "confirms every change of bank details by calling a number already on file", HowOften: "before first use",
		Exceptions: "Changes that are not confirmed are rejected", Evidence: "the call log", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.AsNeeded, Key: true, Objectives: []string{"pay-1"}})
	org("control", "pay-1-2", soc1.Control{Code: "PAY-1.2", Text: "PayCore accepts an input file only when it balances to the control totals that the client gave.", Nature: soc1.Automated, Type: soc1.Preventive, Frequency: soc1.AutomatedContinuous, Objectives: []string{"pay-1"}})
	org("control", "pay-2-1", soc1.Control{Code: "PAY-2.1", Text: "Two treasury analysts release each payment file; neither may have prepared it.", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.Daily, Key: true, Objectives: []string{"pay-2"}})
	org("control", "pay-2-2", soc1.Control{Code: "PAY-2.2", Text: "The controller reopens a finalized run only on the written approval of the client.", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.AsNeeded, Objectives: []string{"pay-2"}})
	org("control", "it-1-1", soc1.Control{Code: "ITG-1.1", Text: "Access of leavers is disabled within one business day of the last day worked.", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.AsNeeded, Key: true, Objectives: []string{"it-1"}})
	org("control", "ent-1", soc1.Control{Code: "ELC-1", Text: "Every employee signs the code of conduct each year.", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.Annual, Component: soc1.ControlEnvironment})
	for i, c := range []soc1.Criterion{soc1.D1, soc1.D2, soc1.D3, soc1.D5, soc1.D6, soc1.D7, soc1.D10, soc1.CriterionControlEnvironment, soc1.CriterionRiskAssessment, soc1.CriterionControlActivities, soc1.CriterionInformationCommunication, soc1.CriterionMonitoring} {
		org("description_section", "d-"+strings.ToLower(string(c)), soc1.DescriptionSection{Criterion: c, Title: "About " + c.Label(), Order: i,
			Body: "Northgate Payroll processes payroll for employers. The **operations team** prepares each run.\n\n- first, input is received\n- then it is *balanced*\n\n1. a numbered step\n\n| Step | Who |\n|---|---|\n| Input | Client |\n"})
	}
}

func engagement(kind soc1.ReportType, set soc1.StandardSet) soc1.Engagement {
	e := soc1.Engagement{Title: "SOC 1 2025", Type: kind, StandardSet: set, SystemName: "Payroll Processing System",
		DescriptionTitle: "Northgate Payroll’s Description of Its Payroll Processing System",
		Auditor:          soc1.Auditor{Firm: "Halvorsen & Pike LLP", City: "Chicago, Illinois"}}
	if kind == soc1.Type1 {
		e.AsOf = "2025-06-30"
	} else {
		e.PeriodStart, e.PeriodEnd = "2025-01-01", "2025-12-31"
	}
	return e
}

func carveOut(f *fixture, complementary bool) {
	f.put("org", "subservice_organization", "skyhost", first, soc1.SubserviceOrganization{Name: "SkyHost", ServicesProvided: "Hosting of PayCore", Functions: "hosting of the payroll application", Method: soc1.CarveOut, Monitoring: "The SOC 1 report of SkyHost is reviewed each year.", MonitoringControls: []string{"ent-1"}})
	if !complementary {
		return
	}
	f.put("org", "csoc", "csoc-1", first, soc1.CSOC{Code: "CSOC-1", Text: "Physical access to data centers is limited to authorized people.", SubserviceOrganization: "skyhost", Objectives: []string{"it-1"}})
	f.put("org", "cuec", "cuec-1", first, soc1.CUEC{Code: "CUEC-1", Text: "User entities approve the preview of each pay run before it is finalized.", Objectives: []string{"pay-1", "pay-2"}})
}

func examination(f *fixture) {
	f.put("exam", "examination", "examination", "", soc1.Examination{Engagement: soc1.Ref{Ledger: "org", Kind: "engagement", ID: "eng-2025"}, Firm: "Halvorsen & Pike LLP", OpenedOn: "2025-09-01"})
	f.put("exam", "person", "p-partner", first, soc1.Person{Name: "R. Halvorsen", Side: soc1.SideAuditFirm})
}

// testing records the tests of a Type 2 examination in a ledger: a census with
// two deviations of one cause, a sample without and one with a deviation, a
// control that did not operate, and one observed.
func testing2(f *fixture, in string, by soc1.Party) {
	put := func(kind, id string, v any) { f.put(in, kind, id, first, v) }
	put("population", "pop-bank", soc1.Population{Title: "Changes of bank details", By: by, Purpose: soc1.AuditorPopulation, Checks: []soc1.CompletenessCheck{{Check: soc1.SecondSourceCount, Passed: true}}, RowCount: 10357, Key: []string{"change_id"}, PopulationHash: hash1})
	put("population", "pop-files", soc1.Population{Title: "Payment files", By: by, Purpose: soc1.AuditorPopulation, Checks: []soc1.CompletenessCheck{{Check: soc1.SecondSourceCount, Passed: true}}, RowCount: 251, Key: []string{"file_id"}, PopulationHash: hash2})
	test := func(id, control string, t soc1.TestOfControl) {
		t.Code, t.By, t.Engagement, t.Control = strings.ToUpper(id), by, "eng-2025", control
		put("test_of_control", id, t)
	}
	inspect := func(text string) []soc1.Procedure {
		return []soc1.Procedure{{Nature: soc1.Inspection, Text: text}}
	}
	test("t-1", "pay-1-1", soc1.TestOfControl{Method: soc1.Census, Population: "pop-bank", Procedures: inspect("Compared every change of bank details in PayCore’s audit log with the call log.")})
	put("attribute", "t-1-a", soc1.Attribute{Test: "t-1", Code: "A", Text: "Confirmed before first use", Pass: "confirmed_at <= first_used_at"})
	put("test_run", "run-1", soc1.TestRun{Test: "t-1", Population: "pop-bank", PopulationHash: hash1, Expressions: []soc1.Expression{{Attribute: "A", Pass: "confirmed_at <= first_used_at"}}, EngineVersion: "1.5.5",
		RowCount: 10357, Counts: []soc1.AttributeCount{{Attribute: "A", Pass: 9910, Fail: 2, NotApplicable: 445}}, ExceptionCount: 2})
	put("exception", "x-1", soc1.Exception{Test: "t-1", Run: "run-1", Attribute: "A", ItemKeys: []string{"SECRET-KEY-1", "SECRET-KEY-2"}, Status: soc1.Confirmed, DecidedBy: "p-partner", DecidedOn: "2026-01-20"})
	put("deviation", "d-1", soc1.Deviation{Code: "DV-1", Exceptions: []string{"x-1"}, Test: "t-1", Control: "pay-1-1", ItemCount: 2, Fact: "Two changes of bank details were used for a payment before the call-back was made", Cause: "SECRET CAUSE", Response: "Specialists were retrained in February 2026; the system now blocks payment until the call is recorded."})
	test("t-2", "pay-1-2", soc1.TestOfControl{Method: soc1.ObservationOnly, PerformedOn: "2025-10-02", Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected the configuration of the balancing rule."}, {Nature: soc1.Reperformance, Text: "Submitted a file that did not balance and saw it rejected."}}})
	put("attribute", "t-2-a", soc1.Attribute{Test: "t-2", Code: "A", Text: "Rejected", Manual: true})
	put("result", "r-t2", soc1.Result{Test: "t-2", ItemKey: "rule", Attribute: "A", Outcome: soc1.Pass, By: "p-partner", TestedOn: "2025-10-02"})
	test("t-3", "pay-2-1", soc1.TestOfControl{Method: soc1.SampleMethod, Population: "pop-files", SamplePlan: soc1.SamplePlan{Model: soc1.FrequencyTable, FrequencyTable: "default", N: 3}, Procedures: inspect("For a sample of payment files, inspected the two releases and compared them with the preparer.")})
	sample := soc1.Sample{Test: "t-3", Population: "pop-files", PopulationHash: hash2, SeedInput: "SECRET-SEED", Algorithm: "soc1/v1", Draw: 1, N: 3}
	for i := range 3 {
		sample.Items = append(sample.Items, soc1.SampleItem{Rank: i + 1, Key: fmt.Sprintf("F%d", i), HMAC: hash1})
	}
	put("sample", "s-3", sample)
	put("attribute", "t-3-a", soc1.Attribute{Test: "t-3", Code: "A", Text: "Two releases", Manual: true})
	for i := range 3 {
		out := soc1.Pass
		if i == 1 {
			out = soc1.Fail
		}
		put("result", fmt.Sprintf("r-%d", i), soc1.Result{Test: "t-3", Sample: "s-3", ItemKey: fmt.Sprintf("F%d", i), Attribute: "A", Outcome: out, By: "p-partner", TestedOn: "2026-01-10"})
	}
	put("exception", "x-3", soc1.Exception{Test: "t-3", Attribute: "A", ItemKeys: []string{"F1"}, Status: soc1.Confirmed, DecidedBy: "p-partner", DecidedOn: "2026-01-20"})
	put("deviation", "d-3", soc1.Deviation{Code: "DV-2", Exceptions: []string{"x-3"}, Test: "t-3", Control: "pay-2-1", ItemCount: 1, Fact: "One payment file was released by the analyst who had prepared it."})
	test("t-4", "pay-2-2", soc1.TestOfControl{Method: soc1.DidNotOperate, NoOccurrence: "Inspected the procedure for reopening runs, and queried PayCore’s log for reopened runs in the period, which returned none, confirming no occurrence", Procedures: inspect("Inspected the procedure and queried the log of reopened runs.")})
}
