package gap

import (
	"context"
	"regexp"
	"slices"
	"testing"

	"reperform/soc1"
	"reperform/soc1/library"
)

// theOrganizations are the rules that fire on a program that has nothing but a
// template and an engagement, because they ask for what only the organization
// can supply. Every other rule must find nothing.
var theOrganizations = map[string]string{
	"CTL-02": "who owns a control is a person of the organization",
	"CTL-08": "which report a control uses is an extract of the organization's own system, with its query",
	"CTL-09": "in which system an automated control runs is known to the organization alone",
	"DSC-01": "the description of the system is written about the organization",
	"RPT-01": "management signs its assertion after the period",
}

// templateKinds are the kinds of record that a template gives.
var templateKinds = []string{"control_objective", "risk", "control", "cuec"}

// TestTemplates: whatever service type a program starts from, with or without
// the general IT controls, and whether it is asked about at the start of the
// period, after it or before any engagement, nothing that the template itself
// states is found wanting, and nothing critical is found about its records.
func TestTemplates(t *testing.T) {
	fired := map[string]bool{}
	for _, s := range library.Services() {
		for _, general := range []bool{false, true} {
			records, err := library.Records(s.Code, general)
			if err != nil {
				t.Fatal(err)
			}
			b := newBook(t, "organization")
			b.put("engagement", "e", soc1.Engagement{Title: "SOC 1 2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", StandardSet: soc1.SSAE18And21})
			b.put("service", "s", soc1.Service{Name: s.Name, TemplateCode: s.Code})
			for _, r := range records {
				b.put(r.Kind, r.ID, r.Value)
				b.was(r.Kind, r.ID, "2025-01-01", "", r.Value)
			}
			for _, q := range []Question{
				{Today: "2025-01-10", By: soc1.ByManagement},
				{Engagement: "e", Today: "2025-01-10", By: soc1.ByManagement},
				{Engagement: "e", Today: "2026-01-20", By: soc1.ByManagement},
			} {
				var e Engine
				res, err := e.Run(context.Background(), q, b, b)
				if err != nil {
					t.Fatal(err)
				}
				for i := range res.Findings {
					f := &res.Findings[i]
					fired[f.Rule.ID] = true
					if theOrganizations[f.Rule.ID] == "" || f.Severity == Critical && slices.Contains(templateKinds, f.Subject.Kind) {
						t.Errorf("%s, ITGC %v, on %s of engagement %q: %s", s.Code, general, q.Today, q.Engagement, f)
					}
				}
			}
		}
	}
	for id, why := range theOrganizations {
		if !fired[id] {
			t.Errorf("%s does not fire although it is listed (%s)", id, why)
		}
	}
}

// said are the words that bear out a frequency.
var said = map[soc1.Frequency]*regexp.Regexp{
	soc1.Annual:     regexp.MustCompile(`(?i)\b(once a year|annual(ly)?|year-end)\b`),
	soc1.SemiAnnual: regexp.MustCompile(`(?i)\b(twice a year)\b`),
	soc1.Quarterly:  regexp.MustCompile(`(?i)\b(once a quarter|each quarter|quarterly|at quarter end|quarterly returns|year-to-date registers)\b`),
	soc1.Monthly:    regexp.MustCompile(`(?i)\b((each|every|once a|of the) month|monthly|at month end|index value)\b`),
	soc1.Weekly:     regexp.MustCompile(`(?i)\b((each|every) week|weekly|check run)\b`),
	soc1.Daily:      regexp.MustCompile(`(?i)\b((each|every) (business day|dealing day|night|day)|daily|nightly)\b`),
}

// TestTemplatesAsDescribed: in every control of the library the words tell all
// four parts, a review or reconciliation that looks for differences says from
// where on, and the frequency is one that the words bear out.
func TestTemplatesAsDescribed(t *testing.T) {
	texts := map[string]string{}
	for _, s := range library.Services() {
		for _, o := range s.Objectives {
			for _, k := range o.Controls {
				c := soc1.Control{Text: k.Text, Precision: k.Precision, Nature: soc1.ControlNature(k.Nature)}
				if lacks := Parts(c); len(lacks) > 0 {
					t.Errorf("%s does not say %s: %s", k.Code, and(lacks), k.Text)
				}
				if words := Vague(k.Text + ". " + k.Precision + ". " + k.Population); len(words) > 0 {
					t.Errorf("%s has words without a measure: %s", k.Code, quoted(words))
				}
				if Review(c) && !Precise(c) {
					t.Errorf("%s is a review and says no threshold", k.Code)
				}
				if r := said[soc1.Frequency(k.Frequency)]; r != nil && !r.MatchString(k.Text) {
					t.Errorf("%s is %s, and no word says so: %s", k.Code, k.Frequency, k.Text)
				}
				if n := len(words(k.Text)); n < 18 || n > 95 {
					t.Errorf("%s has %d words", k.Code, n)
				}
				if other := texts[k.Text]; other != "" {
					t.Errorf("%s says what %s says", k.Code, other)
				}
				texts[k.Text] = k.Code
			}
		}
	}
}
