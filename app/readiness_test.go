package app_test

import (
	"bytes"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// An assessor who is a guest writes an assessment in their own name; nobody else
// writes in it, and management records its own.
func TestReadinessAssessment(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("xavier", "", "guest", "external_assessor")+person("yara", "", "guest", "external_assessor"))
	s.must(err)
	text := func(id, owner, rest string) string {
		return "kind: readiness_assessment\nid: " + id + "\neffective: '2025-10-01'\ntitle: Dry run\nengagement: " + engagement + "\nowner: " + owner + "\n" + rest
	}
	for _, x := range []struct{ actor, owner string }{{"xavier", "xavier"}, {"yara", "yara"}, {"dana", "dana"}} {
		_, err := s.apply(x.actor, text("of-"+x.owner, x.owner, ""))
		s.must(err)
	}
	done := "overall: ready_with_remarks\nsummary: Close.\nfinished_on: '2025-10-15'\nobjectives:\n  - objective: it-1\n    rating: not_ready\n    remarks: Nobody tests it.\n"
	for _, x := range []struct{ actor, id, owner string }{
		{"dana", "of-xavier", "xavier"}, {"dana", "of-xavier", "dana"}, {"yara", "of-xavier", "xavier"}, {"yara", "of-xavier", "yara"},
		{"dana", "forged", "xavier"}, {"xavier", "forged", "dana"}, {"olive", "forged", "xavier"}, {"xavier", "of-dana", "xavier"},
	} {
		if _, err := s.apply(x.actor, text(x.id, x.owner, done)); err == nil {
			t.Errorf("%s wrote %s in the name of %s", x.actor, x.id, x.owner)
		}
	}
	if _, err := s.apply("dana", "kind: readiness_assessment\nid: of-xavier\neffective: '2025-10-01'\nretired: true\n"); err == nil {
		t.Error("management took an assessor's assessment away")
	}
	if _, err := s.apply("xavier", "kind: risk\nid: r-guest\neffective: '2025-01-01'\ncode: X\ntext: y\n"); err == nil {
		t.Error("an assessor wrote another register")
	}
	_, err = s.apply("xavier", text("of-xavier", "xavier", done))
	s.must(err)
	v, err := s.app.View(s.ctx, "xavier", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	x, err := record.One[soc1.ReadinessAssessment](s.ctx, v, "readiness_assessment", "of-xavier")
	s.must(err)
	if x.Value.Overall != soc1.RatedRemarks || x.Revision != 2 {
		t.Errorf("the assessment reads %+v", x.Value)
	}
	a, err := s.app.Readiness(s.ctx, "dana", app.GapOptions{})
	s.must(err)
	if len(a.Said) != 3 || a.Said[0].ID != "of-xavier" || a.Engagement.ID != engagement || a.By != soc1.ByManagement {
		t.Errorf("readiness of %s by %s with %d assessments", a.Engagement.ID, a.By, len(a.Said))
	}
	// What follows from a part is not told: a guest sees no score.
	if _, err := s.app.Readiness(s.ctx, "xavier", app.GapOptions{}); err == nil {
		t.Error("a guest is told how ready the program is")
	}
	if err := s.app.MayPut(s.ctx, "xavier", app.OrganizationLedger, "readiness_assessment", ""); err != nil {
		t.Errorf("an assessor is not offered to write: %v", err)
	}
	if err := s.app.MayPut(s.ctx, "dana", app.OrganizationLedger, "readiness_assessment", "of-xavier"); err == nil {
		t.Error("management is offered to change an assessor's word")
	}
	if _, err := s.apply("dana", text("bad", "dana", "objectives:\n  - objective: none\n    rating: ready\n")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("an objective that does not exist is rated: %v", err)
	}
}

// The report is a PDF of the same day whoever makes it, for whoever reads all.
func TestReadinessReport(t *testing.T) {
	s := begin(t)
	pdf, err := s.app.ReadinessReport(s.ctx, "dana", app.GapOptions{Today: "2025-11-03"})
	s.must(err)
	again, err := s.app.ReadinessReport(s.ctx, "dana", app.GapOptions{Today: "2025-11-03"})
	s.must(err)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Equal(pdf, again) {
		t.Errorf("%d and %d bytes that are no PDF or differ", len(pdf), len(again))
	}
	if _, err := s.app.ReadinessReport(s.ctx, "dana", app.GapOptions{Engagement: "none"}); err == nil || !strings.Contains(err.Error(), `There is no engagement "none"`) {
		t.Errorf("of an engagement that does not exist: %v", err)
	}
}
