package gap

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"reperform/soc1"
	"reperform/soc1/library"
)

// theOrganizations are the rules that fire on a program that has nothing but a
// template and an engagement, because they ask for what only the organization
// can supply. Every other rule must find nothing.
var theOrganizations = map[string]string{}

// TestTemplates: whatever service type a program starts from, with or without
// the general IT controls, nothing that the template itself states is found
// wanting.
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
			for _, r := range records {
				b.put(r.Kind, r.ID, r.Value)
				b.was(r.Kind, r.ID, "2025-01-01", "", r.Value)
			}
			for _, q := range []Question{{Today: "2025-01-10", By: soc1.ByManagement}, {Engagement: "e", Today: "2025-01-10", By: soc1.ByManagement}, {Engagement: "e", Today: "2026-01-20", By: soc1.ByManagement}} {
				var e Engine
				res, err := e.Run(context.Background(), q, b, b)
				if err != nil {
					t.Fatal(err)
				}
				said := map[string]bool{}
				for _, f := range res.Findings {
					fired[f.Rule.ID] = true
					if theOrganizations[f.Rule.ID] == "" && !said[f.Rule.ID] {
						t.Errorf("%s, ITGC %v, on %s of %q: %s %s", s.Code, general, q.Today, q.Engagement, f.Severity, f.String())
					}
				}
			}
		}
	}
	for id := range theOrganizations {
		if !fired[id] {
			t.Errorf("%s is said to ask for what only the organization can supply, and does not fire", id)
		}
	}
	_ = slices.Contains[[]string]
	_ = fmt.Sprint
}
