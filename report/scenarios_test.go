package report

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

var update = flag.Bool("update", false, "write the texts of testdata anew; read the difference before committing it")

// golden compares a text with the one kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	// Each change of the template changes its name, and no text.
	got = strings.ReplaceAll(got, Typesetter, "(typesetter)")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(end)", "(end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			t.Fatalf("%s differs from line %d (go test -update, then git diff):\n got: %s\nwant: %s", file, i+1, x, y)
		}
	}
}

// complete adds what the fixture leaves out on purpose elsewhere.
func complete(f *fixture, kind soc1.ReportType) {
	f.put("org", "description_section", "d-d4", first, soc1.DescriptionSection{Criterion: soc1.D4, Title: "Garnishments and other events", Body: "Court orders are entered on receipt."})
	if kind == soc1.Type2 {
		f.put("org", "significant_change", "ch-1", "2025-05-01", soc1.SignificantChange{Title: "New payment gateway", What: "Payment files are transmitted through another gateway.", When: "2025-05-01", Effect: "Controls PAY-2.1 and PAY-2.2 are unchanged.", Controls: []string{"pay-2-1"}})
	}
}

func assertion(f *fixture, sub string, modifications ...soc1.AssertionModification) {
	a := soc1.ManagementAssertion{Engagement: "eng-2025", SubserviceOrganization: sub, Modifications: modifications, SignedOn: "2026-02-27"}
	if sub == "" {
		a.SignedBy, a.SignedTitle = "p-cm", "Chief Executive Officer"
	} else {
		a.File = soc1.File{Name: "assertion.pdf", SHA256: hash1}
	}
	f.put("org", "assertion", "assertion-"+sub, "2026-02-27", a)
}

func opinion(f *fixture, o soc1.Opinion) {
	o.Engagement, o.By, o.On, o.ReportDate = "eng-2025", "p-partner", "2026-02-26", "2026-02-27"
	f.put("exam", "opinion", "opinion", "", o)
}

// itTest tests the one control that the base fixture leaves untested.
func itTest(f *fixture) {
	put := func(kind, id string, v any) { f.put("exam", kind, id, first, v) }
	put("population", "pop-leavers", soc1.Population{Title: "Leavers", By: soc1.ByAuditor, Purpose: soc1.AuditorPopulation, Checks: []soc1.CompletenessCheck{{Check: soc1.SecondSourceCount, Passed: true}}, RowCount: 87, Key: []string{"person"}, PopulationHash: hash2})
	put("test_of_control", "t-5", soc1.TestOfControl{Code: "T-5", By: soc1.ByAuditor, Engagement: "eng-2025", Control: "it-1-1", Method: soc1.Census, Population: "pop-leavers",
		Procedures: []soc1.Procedure{{Nature: soc1.Reperformance, Text: "Joined the list of leavers with the access log and compared the day of disabling with the last day worked."}}})
	put("attribute", "t-5-a", soc1.Attribute{Test: "t-5", Code: "A", Text: "Disabled in time", Pass: "disabled_on <= last_day + 1"})
	put("test_run", "run-5", soc1.TestRun{Test: "t-5", Population: "pop-leavers", PopulationHash: hash2, Expressions: []soc1.Expression{{Attribute: "A", Pass: "disabled_on <= last_day + 1"}}, EngineVersion: "1.5.5",
		RowCount: 87, Counts: []soc1.AttributeCount{{Attribute: "A", Pass: 66, Fail: 21}}, ExceptionCount: 21})
	keys := make([]string, 21)
	for i := range keys {
		keys[i] = "leaver-" + string(rune('a'+i))
	}
	put("exception", "x-5", soc1.Exception{Test: "t-5", Run: "run-5", Attribute: "A", ItemKeys: keys, Status: soc1.Confirmed, DecidedBy: "p-partner", DecidedOn: "2026-01-20"})
	put("deviation", "d-5", soc1.Deviation{Code: "DV-3", Exceptions: []string{"x-5"}, Test: "t-5", Control: "it-1-1", ItemCount: 21, Fact: "Access of 21 leavers was disabled between 2 and 46 business days after the last day worked."})
}

func type1(f *fixture) Source {
	organization(f)
	carveOut(f, false)
	complete(f, soc1.Type1)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type1, soc1.SSAE18And21))
	assertion(f, "")
	examination(f)
	opinion(f, soc1.Opinion{Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified}})
	return f.source(true)
}

func qualified(f *fixture) Source {
	organization(f)
	carveOut(f, true)
	complete(f, soc1.Type2)
	e := engagement(soc1.Type2, soc1.SSAE18And21)
	e.OtherInformation = true
	f.put("org", "engagement", "eng-2025", "2026-01-01", e)
	f.put("org", "other_information", "plan", first, soc1.OtherInformation{Title: "Business continuity", Body: "Plans are **exercised** each year."})
	f.put("org", "management_response", "mr-1", "2026-02-20", soc1.ManagementResponse{Engagement: "eng-2025", Deviation: soc1.Ref{Ledger: "exam", Kind: "deviation", ID: "d-5"}, Text: "Disabling of access was automated in January 2026.", Owner: "p-own", Due: "2026-03-31"})
	assertion(f, "", soc1.AssertionModification{Limb: soc1.LimbOperating, Objective: "it-1", Text: "Access of leavers was not disabled in time, so that the control objective was not achieved."})
	examination(f)
	testing2(f, "exam", soc1.ByAuditor)
	itTest(f)
	opinion(f, soc1.Opinion{
		Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified, Operating: soc1.Qualified},
		Basis: []soc1.OpinionBasis{{Limb: soc1.LimbOperating, Objective: "it-1", Text: "Control ITG-1.1 did not operate effectively: access of 21 of 87 leavers was disabled late. As a result, the control objective was not achieved throughout the period."}},
	})
	return f.source(true)
}

func inclusive(f *fixture) Source {
	organization(f)
	complete(f, soc1.Type2)
	f.put("org", "subservice_organization", "skyhost", first, soc1.SubserviceOrganization{Name: "SkyHost", LegalName: "SkyHost, Inc.", ServicesProvided: "Hosting of PayCore", Functions: "hosting of the payroll application", Method: soc1.Inclusive, Monitoring: "Monthly service reviews.",
		AssertionSignedBy: "M. Ruiz", AssertionSignedOn: "2026-02-25", AuditorIndependent: true})
	f.put("org", "control", "sky-1", first, soc1.Control{Code: "SKY-1", Text: "SkyHost restores a backup each quarter and compares it with its source.", Nature: soc1.Manual, Type: soc1.Corrective, Frequency: soc1.Quarterly, Objectives: []string{"it-1"}, SubserviceOrganization: "skyhost"})
	e := engagement(soc1.Type2, soc1.ISAE3402)
	e.Objectives = []string{"pay-1", "it-1"}
	f.put("org", "engagement", "eng-2025", "2026-01-01", e)
	assertion(f, "")
	examination(f)
	testing2(f, "exam", soc1.ByAuditor)
	opinion(f, soc1.Opinion{Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified, Operating: soc1.Unmodified}, Emphasis: []string{"We draw attention to the change of the payment gateway described in Section III."}})
	return f.source(true)
}

func noOpinion(f *fixture) Source {
	organization(f)
	carveOut(f, true)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	examination(f)
	testing2(f, "exam", soc1.ByAuditor)
	// PAY-2.1 changed on 1 July; ITG-1.1 was retired in October.
	f.put("org", "control", "pay-2-1", "2025-07-01", soc1.Control{Code: "PAY-2.1", Text: "Two treasury analysts release each payment file with hardware tokens; neither may have prepared it.", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.Daily, Key: true, Objectives: []string{"pay-2"}})
	// A new owner is no new version.
	f.put("org", "control", "pay-1-1", "2025-08-01", soc1.Control{Code: "PAY-1.1", Who: "A payroll specialist", What: "confirms every change of bank details by calling a number already on file", HowOften: "before first use",
		Exceptions: "Changes that are not confirmed are rejected", Evidence: "the call log", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.AsNeeded, Key: true, Owner: "p-own", Objectives: []string{"pay-1"}})
	f.retire("org", "control", "it-1-1", "2025-10-01", soc1.Control{Code: "ITG-1.1", Text: "Access of leavers is disabled within one business day of the last day worked.", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.AsNeeded, Key: true, Objectives: []string{"it-1"}})
	f.put("exam", "exception", "x-open", "", soc1.Exception{Test: "t-1", Run: "run-1", Attribute: "A", ItemKeys: []string{"SECRET-KEY-3"}, Status: soc1.Open})
	return f.source(true)
}

func management(f *fixture) Source {
	organization(f)
	carveOut(f, true)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	testing2(f, "org", soc1.ByManagement)
	return f.source(false)
}

var scenarios = []struct {
	name  string
	build func(*fixture) Source
}{
	{"type-i-carve-out", type1},
	{"type-ii-carve-out-qualified", qualified},
	{"type-ii-inclusive-unmodified", inclusive},
	{"type-ii-no-opinion", noOpinion},
	{"type-ii-management", management},
}

func TestTexts(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			m := build(t, s.build(newFixture(t)))
			golden(t, s.name, m.PlainText())
			for _, section := range m.Sections {
				depth := 1
				for _, b := range section.Blocks {
					if b.Kind == KindHeading && (b.Depth > depth+1 || b.Depth < 2) {
						t.Errorf("heading %q skips from depth %d to %d, which a screen reader stumbles over", plain(b.Text), depth, b.Depth)
					}
					if b.Kind == KindHeading {
						depth = b.Depth
					}
				}
			}
			for _, secret := range []string{"SECRET-KEY", "SECRET CAUSE", "SECRET-SEED", "leaver-"} {
				if data, _ := m.JSON(); strings.Contains(string(data), secret) {
					t.Errorf("the report discloses %s", secret)
				}
			}
		})
	}
}

// TestClaimsHaveSources resolves every record that a figure is said to follow
// from, and looks for each figure of a result among the claims.
func TestClaimsHaveSources(t *testing.T) {
	for _, s := range scenarios {
		src := s.build(newFixture(t))
		m := build(t, src)
		values := map[string]bool{}
		for _, c := range m.Claims {
			values[c.Value] = true
			if len(c.Sources) == 0 && c.Value != "0" {
				t.Errorf("%s: %s = %s follows from no record", s.name, c.ID, c.Value)
			}
			for _, ref := range c.Sources {
				v := src.Organization
				if ref.Ledger == "exam" {
					v = src.Examination
				}
				h, err := v.History(t.Context(), ref.Kind, ref.ID)
				if err != nil || !slices.ContainsFunc(h, func(r record.Record) bool { return r.Revision == ref.Revision }) {
					t.Errorf("%s: %s names %s, which does not exist: %v", s.name, c.ID, ref, err)
				}
			}
		}
		for _, k := range regexp.MustCompile(`\*\*Exception noted: \*\*([\d,]+) of ([\d,]+) items?(?:.*?actual rate of ([\d.]+%))?`).FindAllStringSubmatch(m.PlainText(), -1) {
			for _, figure := range k[1:] {
				if figure != "" && !values[figure] {
					t.Errorf("%s: the figure %s of %q is no claim", s.name, figure, k[0])
				}
			}
		}
	}
}

// TestOpinionOnALimbNobodyEntered leaves operating effectiveness out.
func TestOpinionOnALimbNobodyEntered(t *testing.T) {
	f := newFixture(t)
	organization(f)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	examination(f)
	opinion(f, soc1.Opinion{Limbs: soc1.OpinionLimbs{Description: un, Design: un}})
	text := build(t, f.source(true)).PlainText()
	opinionText, _, _ := strings.Cut(text[strings.Index(text, "### Opinion"):], "### Restricted")
	if strings.Contains(opinionText, "controls operated effectively to provide") || !strings.Contains(opinionText, "[No opinion on operating effectiveness has been entered.]") {
		t.Errorf("an opinion that nobody entered is printed:\n%s", opinionText)
	}
}
