package app_test

import (
	"errors"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

// What a form can be made to send is refused by its field, and records nothing.
func TestRollForwardIsAttacked(t *testing.T) {
	s := begin(t)
	old := one[soc1.Engagement](s, "dana", app.OrganizationLedger, "engagement", engagement)
	one1 := old.Value
	one1.Type, one1.AsOf, one1.PeriodStart, one1.PeriodEnd, one1.Title = soc1.Type1, "2025-06-30", "", "", "Type 1, 2025"
	if err := s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "engagement", ID: "day", Effective: "2025-01-01", Value: one1, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	var wrong *app.FieldError
	for name, x := range map[string]app.Rolling{
		"a day that is none":        {From: "day", End: "soon"},
		"a day beyond the years":    {From: "day", End: "99999-01-01"},
		"a period that goes back":   {From: engagement, Start: "2027-01-01", End: "2026-06-30"},
		"an id that is a path":      {From: engagement, ID: "../../x"},
		"an id with markup":         {From: engagement, ID: "<b>x"},
		"an id without an end":      {From: engagement, ID: strings.Repeat("x", 5000)},
		"a title without an end":    {From: engagement, Title: strings.Repeat("x", 1<<20)},
		"a title of several lines":  {From: engagement, Title: "a\x00b"},
		"a start before the report": {From: engagement, Start: "0000-00-00"},
	} {
		if r, err := s.app.RollForward(s.ctx, "dana", x); !errors.As(err, &wrong) {
			t.Errorf("%s: %v %+v", name, err, r)
		}
	}
	// A report that was taken out of use leaves its id behind.
	_, err := s.app.RollForward(s.ctx, "dana", app.Rolling{From: engagement})
	s.must(err)
	x := one[soc1.Engagement](s, "dana", app.OrganizationLedger, "engagement", "soc1-2026")
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "engagement", ID: x.ID, Revision: x.Revision, Effective: soc1.Date(x.Effective), Value: x.Value, Retired: true, Reason: "Begun too early."}))
	if r, err := s.app.RollForward(s.ctx, "dana", app.Rolling{From: engagement}); err != nil && (!errors.As(err, &wrong) || wrong.Field != "id") {
		t.Errorf("rolled forward again: %v %+v", err, r)
	}
}

// Filed again, own evidence keeps what people said of it, and nobody else's evidence is
// taken for it.
func TestOwnEvidenceIsAttacked(t *testing.T) {
	s := begin(t)
	id, err := s.app.FileOwnEvidence(s.ctx, "dana", engagement)
	s.must(err)
	e := one[soc1.Evidence](s, "dana", app.OrganizationLedger, "evidence", id)
	e.Value.Controls = []string{"it-1-1"}
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "evidence", ID: id, Revision: e.Revision, Effective: soc1.Date(e.Effective), Value: e.Value, Reason: "It shows the reviews."}))
	_, err = s.app.FileOwnEvidence(s.ctx, "dana", engagement)
	s.must(err)
	if e = one[soc1.Evidence](s, "dana", app.OrganizationLedger, "evidence", id); len(e.Value.Controls) != 1 {
		t.Error("filed again, it lost the controls that somebody named")
	}
	theirs := e.Value
	theirs.Source = "A drawer"
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "evidence", ID: id, Revision: e.Revision, Effective: soc1.Date(e.Effective), Value: theirs, Reason: "x"}))
	var wrong *app.FieldError
	if _, err := s.app.FileOwnEvidence(s.ctx, "dana", engagement); !errors.As(err, &wrong) {
		t.Errorf("somebody else's evidence is overwritten: %v", err)
	}
	// What decides which controls are in scope is among the settings.
	r := one[soc1.Engagement](s, "dana", app.OrganizationLedger, "engagement", engagement)
	r.Value.Title, r.Value.PeriodStart, r.Value.PeriodEnd = "Now", "2026-01-01", "2026-12-31"
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "engagement", ID: "now", Effective: "2026-01-01", Value: r.Value, Reason: "The period of the next."}))
	c := one[soc1.Control](s, "dana", app.OrganizationLedger, "control", "it-1-1")
	c.Value.Objectives = nil
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "control", ID: c.ID, Revision: c.Revision, Effective: "2026-02-01", Value: c.Value, Reason: "Out of its objective."}))
	o, err := s.app.OwnEvidence(s.ctx, "dana", "now")
	s.must(err)
	for _, want := range []string{"The period of the next.", "Out of its objective."} {
		found := false
		for _, tb := range o.Tables {
			for _, row := range tb.Rows {
				found = found || tb.Name == "settings-changes" && row[len(row)-1] == want
			}
		}
		if !found {
			t.Errorf("the settings do not tell of %q", want)
		}
	}
}
