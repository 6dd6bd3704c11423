package app_test

import (
	"errors"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/scoping"
	"reperform/soc1"
)

// TestRollForward records the report that follows, and tells what changed up to it.
func TestRollForward(t *testing.T) {
	s := begin(t)
	old := one[soc1.Engagement](s, "dana", app.OrganizationLedger, "engagement", engagement)
	var wrong *app.FieldError
	if _, err := s.app.CompareReports(s.ctx, "dana", "", ""); !errors.As(err, &wrong) || wrong.Field != "before" {
		t.Errorf("of one report: %v", err)
	}
	next, err := s.app.NextReport(s.ctx, "dana", app.Rolling{From: engagement})
	s.must(err)
	v := next.Value
	if next.ID != "soc1-2026" || v.PeriodStart != old.Value.PeriodEnd.AddDays(1) || v.PeriodEnd != old.Value.PeriodEnd.AddMonths(12) || v.PriorReport.PeriodTo != old.Value.PeriodEnd || v.PriorReport.Title != old.Value.Title || !strings.Contains(v.Title, "2026") {
		t.Errorf("the next report is %s %+v", next.ID, v)
	}
	_, err = s.apply("dana", "kind: description_section\nid: own-soc1-2025\neffective: '2025-01-01'\nengagement: "+engagement+"\ncriterion: D1\ntitle: Own\nbody: Of this report alone.\n")
	s.must(err)
	for _, c := range []struct {
		field, text string
		x           app.Rolling
	}{
		{"from", "no engagement", app.Rolling{From: "absent"}},
		{"end", "Give a later day", app.Rolling{From: engagement, Start: "2024-01-01", End: "2024-12-31"}},
		{"start", "is no day", app.Rolling{From: engagement, Start: "soon"}},
		{"end", "is no day", app.Rolling{From: engagement, End: "2026-02-30"}},
		{"title", "one title", app.Rolling{From: engagement, Title: old.Value.Title}},
		{"id", "already", app.Rolling{From: engagement, ID: engagement}},
	} {
		if _, err := s.app.RollForward(s.ctx, "dana", c.x); !errors.As(err, &wrong) || wrong.Field != c.field || !strings.Contains(wrong.Text, c.text) {
			t.Errorf("%+v: %v", c.x, err)
		}
	}
	var denied *identity.DeniedError
	for _, actor := range []string{"olive", "omar"} {
		if _, err := s.app.RollForward(s.ctx, actor, app.Rolling{From: engagement}); !errors.As(err, &denied) {
			t.Errorf("%s rolls it forward: %v", actor, err)
		}
	}
	rolled, err := s.app.RollForward(s.ctx, "dana", app.Rolling{From: engagement})
	if s.must(err); rolled.Sections != 1 {
		t.Errorf("taken over are %d sections", rolled.Sections)
	}
	if x := one[soc1.DescriptionSection](s, "dana", app.OrganizationLedger, "description_section", "own-soc1-2026"); x.Value.Engagement != "soc1-2026" || x.Value.Body != "Of this report alone." {
		t.Errorf("taken over is %+v", x.Value)
	}
	if _, err := s.app.RollForward(s.ctx, "dana", app.Rolling{From: engagement}); !errors.As(err, &wrong) || wrong.Field != "start" {
		t.Errorf("rolled forward twice: %v", err)
	}
	// A control that is reworded in the new period differs; what is as it was does not.
	c := one[soc1.Control](s, "dana", app.OrganizationLedger, "control", "it-1-1")
	c.Value.HowOften = "each month"
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "control", ID: c.ID, Revision: c.Revision, Effective: "2026-02-01", Value: c.Value, Reason: "More often."}))
	fw, err := s.app.CompareReports(s.ctx, "dana", "", "soc1-2026")
	s.must(err)
	if fw.Before.Engagement.ID != engagement || fw.Days != 0 || len(fw.Differences) != 1 {
		t.Fatalf("from %s, %d days: %+v", fw.Before.Engagement.ID, fw.Days, fw.Differences)
	}
	if d := fw.Differences[0]; d.What != scoping.Changed || d.Ref.ID != "it-1-1" || len(d.Fields) != 1 || d.Fields[0].Name != "how_often" || string(d.Fields[0].After) != `"each month"` {
		t.Errorf("what changed is %+v", d)
	}
	if _, err := s.app.CompareReports(s.ctx, "dana", "soc1-2026", engagement); !errors.As(err, &wrong) || wrong.Field != "before" {
		t.Errorf("the wrong way round: %v", err)
	}
}
