package overview_test

import (
	"strings"
	"testing"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// TestBeforeSigning lists what is open before something is signed, and leaves out
// what is settled or stated.
func TestBeforeSigning(t *testing.T) {
	type edit = func(*overview.Records)
	failed := func(r *overview.Records) {
		r.Conclusions = []record.Typed[soc1.Conclusion]{rec("conclusion", "c", soc1.Conclusion{Engagement: "e", Subject: soc1.OnControl, SubjectID: "a", Limb: soc1.ConcludeOperating, Outcome: soc1.NotEffective, On: "2025-11-01"})}
	}
	stating := func(m ...soc1.AssertionModification) edit {
		return func(r *overview.Records) {
			r.Assertions = []record.Typed[soc1.ManagementAssertion]{rec("assertion", "as", soc1.ManagementAssertion{Engagement: "e", SignedBy: "ann", SignedOn: "2026-01-05", Modifications: m})}
		}
	}
	for name, c := range map[string]struct {
		kind  string
		today string
		edits []edit
		want  string
	}{
		"nothing at all":           {"assertion", "2026-01-10", nil, ""},
		"the period still runs":    {"assertion", "2025-12-31", nil, "period"},
		"on the day after its end": {"assertion", "2026-01-01", nil, ""},
		"an open exception": {"assertion", "2026-01-10", []edit{func(r *overview.Records) {
			r.Tests = []record.Typed[soc1.TestOfControl]{test("t", nil)}
			r.Exceptions = []record.Typed[soc1.Exception]{exception("x", soc1.Open, "")}
		}}, "exceptions"},
		"a dismissed exception": {"assertion", "2026-01-10", []edit{func(r *overview.Records) {
			r.Tests = []record.Typed[soc1.TestOfControl]{test("t", nil)}
			r.Exceptions = []record.Typed[soc1.Exception]{exception("x", soc1.Dismissed, "2025-06-01")}
		}}, ""},
		"a control failed":                     {"assertion", "2026-01-10", []edit{failed}, "failed"},
		"and its objective is stated":          {"assertion", "2026-01-10", []edit{failed, stating(soc1.AssertionModification{Limb: soc1.LimbOperating, Objective: "pay", Text: "Late."})}, ""},
		"another objective is stated":          {"assertion", "2026-01-10", []edit{failed, stating(soc1.AssertionModification{Limb: soc1.LimbOperating, Objective: "it", Text: "Late."})}, "failed"},
		"a matter of all objectives is stated": {"assertion", "2026-01-10", []edit{failed, stating(soc1.AssertionModification{Limb: soc1.LimbOperating, Text: "Late."})}, ""},
		"a deviation without a response": {"assertion", "2026-01-10", []edit{func(r *overview.Records) {
			r.Tests = []record.Typed[soc1.TestOfControl]{test("t", nil)}
			r.Deviations = []record.Typed[soc1.Deviation]{rec("deviation", "d", soc1.Deviation{Code: "D", Test: "t", Control: "a"})}
		}}, "failed responses"},
		"and one with a response": {"assertion", "2026-01-10", []edit{func(r *overview.Records) {
			r.Tests = []record.Typed[soc1.TestOfControl]{test("t", nil)}
			r.Deviations = []record.Typed[soc1.Deviation]{rec("deviation", "d", soc1.Deviation{Code: "D", Test: "t", Control: "a"})}
			r.Responses = []record.Typed[soc1.ManagementResponse]{rec("management_response", "m", soc1.ManagementResponse{Engagement: "e", Deviation: soc1.Ref{Ledger: "org", Kind: "deviation", ID: "d"}, Text: "Mended."})}
		}}, "failed"},
		"evidence is owed":                      {"assertion", "2026-01-10", []edit{func(r *overview.Records) { r.Evidence = nil }}, "evidence"},
		"a section has no text":                 {"assertion", "2026-01-10", []edit{func(r *overview.Records) { r.Sections[1].Value.Body = " " }}, "description"},
		"a risk that nothing answers":           {"assertion", "2026-01-10", []edit{func(r *overview.Records) { r.Controls[0].Value.Risks = nil }}, "risks"},
		"a letter before the assertion":         {"representation_letter", "2026-01-10", []edit{func(r *overview.Records) { stating()(r); r.Assertions[0].Value.SignedOn = "" }}, "assertion"},
		"a letter after it":                     {"representation_letter", "2026-01-10", []edit{stating()}, ""},
		"the assertion itself is not asked for": {"assertion", "2026-01-10", []edit{func(r *overview.Records) { stating()(r); r.Assertions[0].Value.SignedOn = "" }}, ""},
		"all together, the heaviest first": {"assertion", "2025-12-31", []edit{failed, func(r *overview.Records) {
			r.Evidence, r.Controls[0].Value.Risks, r.Sections = nil, nil, r.Sections[1:]
		}}, "period failed evidence description risks"},
	} {
		t.Run(name, func(t *testing.T) {
			r := small(control("a", soc1.Monthly, func(k *soc1.Control) { k.Risks = []string{"r1"} }))
			r.Evidence = []record.Typed[soc1.Evidence]{evidence("ev", "2025-01-01", "2025-12-31", "")}
			for _, criterion := range []soc1.Criterion{soc1.D1, soc1.D2, soc1.D3, soc1.D4, soc1.D5, soc1.D7, soc1.D8, soc1.D9} {
				r.Sections = append(r.Sections, rec("description_section", string(criterion), soc1.DescriptionSection{Title: "T", Criterion: criterion, Body: "Text."}))
			}
			for _, e := range c.edits {
				e(r)
			}
			var keys []string
			for _, x := range make_(t, r, "e", c.today).BeforeSigning(c.kind) {
				keys = append(keys, x.Key)
				if !strings.HasSuffix(x.Text, ".") || strings.Contains(x.Text, "%!") {
					t.Errorf("%s is no sentence: %q", x.Key, x.Text)
				}
			}
			if got := strings.Join(keys, " "); got != c.want {
				t.Errorf("open: %q, want %q", got, c.want)
			}
		})
	}
}
