package evaluation_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"reperform/evaluation"
	"reperform/ledger"
	"reperform/ledger/sqlite"
	"reperform/record"
	"reperform/soc1"
)

type books struct {
	t     *testing.T
	store ledger.Store
	log   *ledger.Log
}

func open(t *testing.T) *books {
	t.Helper()
	dir := t.TempDir()
	s, err := sqlite.Open(context.Background(), filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(context.Background(), s, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); s.Close() })
	return &books{t, s, l}
}

// draft encodes a record after holding it to its own rules.
func (b *books) draft(kind, id string, value any, retired bool, revision int64) ledger.Draft {
	b.t.Helper()
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		b.t.Fatal(err)
	}
	if problems := k.Validate(value); len(problems) > 0 {
		b.t.Fatalf("%s %s: %v", kind, id, problems)
	}
	doc, err := k.Encode(value, nil, retired)
	if err != nil {
		b.t.Fatal(err)
	}
	return ledger.Draft{Kind: kind, ID: id, Revision: revision, Document: doc}
}

func (b *books) create(name string, drafts ...ledger.Draft) {
	b.t.Helper()
	_, err := b.log.Create(context.Background(), ledger.Command{Ledger: name, Actor: "p-1", Action: "open", Reason: "begin", Drafts: drafts}, "test/"+name, "organization")
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) commit(name string, drafts ...ledger.Draft) {
	b.t.Helper()
	if _, err := b.log.Commit(context.Background(), ledger.Command{Ledger: name, Actor: "p-1", Action: "put", Reason: "why", Drafts: drafts}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) view(name string) *record.View {
	b.t.Helper()
	snap, err := b.log.Snapshot(name)
	if err != nil {
		b.t.Fatal(err)
	}
	return record.NewView(b.store, name, record.AsOf{Known: snap.Size})
}

const hash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// An auditor's census, from two ledgers to the opinion that it stands behind.
func TestAFileReadFromTwoLedgers(t *testing.T) {
	b := open(t)
	engagement := soc1.Engagement{Title: "2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", StandardSet: soc1.SSAE18And21}
	b.create("org",
		b.draft("engagement", "eng", engagement, false, 1),
		b.draft("engagement", "old", engagement, false, 1),
		b.draft("control_objective", "pay-1", soc1.ControlObjective{Code: "PAY-1", Title: "Input", Text: "Controls provide reasonable assurance that input is complete."}, false, 1),
		b.draft("control", "balance", soc1.Control{Code: "PAY-1.1", Text: "Input balances.", Nature: soc1.Automated, Type: soc1.Preventive, Key: true,
			Frequency: soc1.MultiplePerDay, Objectives: []string{"pay-1"}}, false, 1),
		b.draft("management_response", "m-1", soc1.ManagementResponse{Engagement: "eng", Deviation: soc1.Ref{Ledger: "exam", Kind: "deviation", ID: "d-1"}, Text: "Corrected."}, false, 1))
	test := func(engagement string, by soc1.Party) soc1.TestOfControl {
		return soc1.TestOfControl{Code: "T1", By: by, Engagement: engagement, Control: "balance", Method: soc1.Census, Population: "runs",
			Procedures:  []soc1.Procedure{{Nature: soc1.Reperformance, Text: "Recomputed every total."}},
			PerformedBy: "senior", PerformedOn: "2026-01-20", Reviewer: "manager", ReviewedOn: "2026-01-25"}
	}
	population := soc1.Population{Title: "Runs", By: soc1.ByAuditor, Purpose: soc1.AuditorPopulation, RowCount: 9912, PopulationHash: hash, Key: []string{"id"},
		Checks: []soc1.CompletenessCheck{{Check: soc1.SequenceGap, Passed: true}}}
	run := soc1.TestRun{Test: "t-1", Population: "runs", PopulationHash: hash, EngineVersion: "duckdb", RowCount: 9912, ExceptionCount: 2,
		Expressions: []soc1.Expression{{Attribute: "A", Pass: "balanced"}}, Counts: []soc1.AttributeCount{{Attribute: "A", Pass: 9910, Fail: 2}}}
	b.create("exam",
		b.draft("test_of_control", "t-1", test("eng", soc1.ByAuditor), false, 1),
		b.draft("test_of_control", "t-old", test("old", soc1.ByAuditor), false, 1),
		b.draft("attribute", "a-1", soc1.Attribute{Test: "t-1", Code: "A", Text: "Balances", Pass: "balanced"}, false, 1),
		b.draft("attribute", "a-old", soc1.Attribute{Test: "t-old", Code: "A", Text: "Balances", Pass: "balanced"}, false, 1),
		b.draft("population", "runs", population, false, 1))
	x := soc1.Exception{Test: "t-1", Run: "r-1", Attribute: "A", ItemKeys: []string{"7", "9"}, Status: soc1.Open}
	b.commit("exam", b.draft("test_run", "r-1", run, false, 1), b.draft("exception", "x-1", x, false, 1),
		b.draft("exception", "x-2", soc1.Exception{Test: "t-1", Attribute: "A", ItemKeys: []string{"8"}, Status: soc1.Open}, false, 1))

	load := func() *evaluation.File {
		t.Helper()
		f, err := evaluation.Load(context.Background(), b.view("exam"), b.view("org"), "eng")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	before := load()
	if len(before.Tests) != 1 || len(before.Attributes) != 1 || len(before.Exceptions) != 2 || before.By != soc1.ByAuditor {
		t.Fatalf("%d tests, %d attributes, %d exceptions by %s; want those of this engagement", len(before.Tests), len(before.Attributes), len(before.Exceptions), before.By)
	}

	// A slip is retired, the rest confirmed and reported; then people conclude.
	b.commit("exam", b.draft("exception", "x-2", soc1.Exception{Test: "t-1", Attribute: "A", ItemKeys: []string{"8"}, Status: soc1.Open}, true, 2))
	x.Status, x.DecidedBy, x.DecidedOn = soc1.Confirmed, "senior", "2026-01-21"
	b.commit("exam", b.draft("exception", "x-1", x, false, 2),
		b.draft("deviation", "d-1", soc1.Deviation{Exceptions: []string{"x-1"}, Test: "t-1", Control: "balance", ItemCount: 2, Fact: "Two runs did not balance.", Cause: "A patch.", Effect: "None paid."}, false, 1))
	concluded := func(subject soc1.SubjectKind, id string, limb soc1.ConclusionLimb, outcome soc1.Verdict) soc1.Conclusion {
		return soc1.Conclusion{Engagement: "eng", Subject: subject, SubjectID: id, Limb: limb, Outcome: outcome, Reasons: "See T1.", By: "partner", On: "2026-02-01"}
	}
	b.commit("exam", b.draft("conclusion", "c-1", concluded(soc1.OnControl, "balance", soc1.ConcludeOperating, soc1.NotEffective), false, 1),
		b.draft("conclusion", "c-2", concluded(soc1.OnObjective, "pay-1", soc1.ConcludeOperating, soc1.NotAchieved), false, 1),
		b.draft("conclusion", "c-3", concluded(soc1.OnObjective, "pay-1", soc1.ConcludeDesign, soc1.Achieved), false, 1),
		b.draft("opinion", "o-1", soc1.Opinion{Engagement: "eng", Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified, Operating: soc1.Qualified},
			Basis: []soc1.OpinionBasis{{Limb: soc1.LimbOperating, Objective: "pay-1", Text: "Two runs did not balance."}}, By: "partner", On: "2026-02-10", ReportDate: "2026-02-10"}, false, 1))

	f := load()
	figures, err := f.Figures("t-1")
	if err != nil {
		t.Fatal(err)
	}
	if figures.DeviationItems != 2 || figures.Tested != 9912 || figures.Blocked() || !figures.Reconciles {
		t.Errorf("k %d of n %d, why %v, blocks %v", figures.DeviationItems, figures.Tested, figures.Why, figures.Blocks)
	}
	if u := figures.Unsampled; u == nil || u.N != 25 || u.Text != "99.5%" {
		t.Errorf("%+v, want 25 of the suggested table and 99.5%%", u)
	}
	c := f.Consequences()
	if len(c.Flags) > 0 {
		t.Errorf("flags: %v", c.Flags)
	}
	if got := c.Controls[0].Control.String(); got != "org/control/balance@1" {
		t.Errorf("control %s", got)
	}
	if got := c.Controls[0].Conclusions[0].Ref.String(); got != "exam/conclusion/c-1@1" {
		t.Errorf("conclusion %s", got)
	}

	// Management's own tests stand in the organization's ledger.
	b.commit("org", b.draft("test_of_control", "m-1", test("eng", soc1.ByManagement), false, 1))
	own, err := evaluation.Load(context.Background(), b.view("org"), b.view("org"), "eng")
	if err != nil {
		t.Fatal(err)
	}
	if own.By != soc1.ByManagement || len(own.Tests) != 1 || own.Tests[0].ID != "m-1" || own.Opinion() != nil {
		t.Errorf("by %s, %d tests", own.By, len(own.Tests))
	}
	if _, err := evaluation.Load(context.Background(), b.view("exam"), b.view("org"), "gone"); err == nil {
		t.Error("an engagement that does not exist was loaded")
	}
}

// What the organization redacts while the auditor works is flagged when it was
// in force within the engagement, or is the latest of its record; what went
// before, or never mattered to these days, is not.
func TestRedactionsAfterTheOpeningAreFlagged(t *testing.T) {
	b := open(t)
	control := func(text string) soc1.Control {
		return soc1.Control{Code: "PAY-1.1", Text: text, Nature: soc1.Automated, Type: soc1.Preventive, Frequency: soc1.MultiplePerDay, Objectives: []string{"pay-1"}}
	}
	at := func(d ledger.Draft, effective string) ledger.Draft {
		d.Effective = effective
		return d
	}
	b.create("org",
		b.draft("engagement", "eng", soc1.Engagement{Title: "2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", StandardSet: soc1.SSAE18And21}, false, 1),
		at(b.draft("control", "early", control("Gone before."), false, 1), "2025-01-01"),
		at(b.draft("control", "balance", control("Long ago."), false, 1), "2020-01-01"),
		at(b.draft("control", "other", control("In the period."), false, 1), "2025-01-01"))
	b.commit("org",
		at(b.draft("control", "balance", control("In the period."), false, 2), "2024-06-01"),
		at(b.draft("control", "other", control("Corrected for the period."), false, 2), "2025-01-01"))
	b.commit("org", at(b.draft("control", "balance", control("Afterwards."), false, 3), "2026-01-01"))
	redact := func(reason string, refs ...ledger.DocumentRef) {
		t.Helper()
		if _, err := b.log.Commit(context.Background(), ledger.Command{Ledger: "org", Actor: "p-1", Action: "document.redact", Reason: reason, Redacts: refs}); err != nil {
			t.Fatal(err)
		}
	}
	redact("Before.", ledger.DocumentRef{Pos: 0, Slot: 2})
	note, err := b.log.Checkpoint("org")
	if err != nil {
		t.Fatal(err)
	}
	b.create("exam", b.draft("examination", "exam", soc1.Examination{Engagement: soc1.Ref{Ledger: "org", Kind: "engagement", ID: "eng"}, Firm: "F", OpenedOn: "2026-01-05", OrganizationCheckpoint: string(note)}, false, 1))
	flags := func() string {
		t.Helper()
		f, err := evaluation.Load(context.Background(), b.view("exam"), b.view("org"), "eng")
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, flag := range f.Consequences().Flags {
			if flag.Rule == "EVA-31" && flag.Severity == evaluation.High && strings.Contains(flag.Text, "\"A request.\"") {
				out = append(out, flag.Subject.String())
			}
		}
		return strings.Join(out, " ")
	}
	if got := flags(); got != "" {
		t.Errorf("flagged %s before anything was redacted under the auditor's eyes", got)
	}
	// Of balance the first revision was never in force in 2025, the second was,
	// the third is the latest; of other the first was corrected on its own date.
	redact("A request.", ledger.DocumentRef{Pos: 0, Slot: 3}, ledger.DocumentRef{Pos: 0, Slot: 4}, ledger.DocumentRef{Pos: 0, Slot: 0})
	if got := flags(); got != "" {
		t.Errorf("flagged %s, which no day of the engagement knew", got)
	}
	redact("A request.", ledger.DocumentRef{Pos: 1, Slot: 1}, ledger.DocumentRef{Pos: 2, Slot: 1})
	if got, want := flags(), "org/control/balance@2 org/control/balance@3"; got != want {
		t.Errorf("flagged %q, expected %q", got, want)
	}
}
