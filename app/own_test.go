package app_test

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// TestOwnEvidence lists who came to do what, what was set otherwise and what was to be
// performed, each with its entry, and counts what the calendar counts.
func TestOwnEvidence(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner"))
	s.must(err)
	// The story's clock stands after the report's period: what is recorded now is not of it.
	o, err := s.app.OwnEvidence(s.ctx, "dana", engagement)
	s.must(err)
	table := func(name string) *app.OwnTable {
		i := slices.IndexFunc(o.Tables, func(x app.OwnTable) bool { return x.Name == name })
		if i < 0 {
			t.Fatalf("there is no table %s", name)
		}
		return &o.Tables[i]
	}
	has := func(name, cell string) bool {
		return slices.ContainsFunc(table(name).Rows, func(r []string) bool { return slices.Contains(r, cell) })
	}
	if has("access-changes", "cora") {
		t.Error("what was recorded after the period is told of it")
	}
	v, err := s.app.Occurrences(s.ctx, "dana", engagement, record.AsOf{})
	s.must(err)
	n := 0
	for i := range v.Controls {
		n += len(v.Expectations(v.Controls[i].ID()))
	}
	if got := len(table("expected-performances").Rows); got != n || n == 0 {
		t.Errorf("%d performances are expected, the calendar counts %d", got, n)
	}
	// A report of the days in which it happened tells it.
	e := one[soc1.Engagement](s, "dana", app.OrganizationLedger, "engagement", engagement)
	e.Value.Title, e.Value.PeriodStart, e.Value.PeriodEnd = "Now", "2026-01-01", "2026-12-31"
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "engagement", ID: "now", Effective: "2026-01-01", Value: e.Value, Reason: "x"}))
	c := one[soc1.Control](s, "dana", app.OrganizationLedger, "control", "it-1-1")
	c.Value.Frequency = soc1.Quarterly
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "control", ID: c.ID, Revision: c.Revision, Effective: "2026-02-01", Value: c.Value, Reason: "=1+1"}))
	c.Revision, c.Value.HowOften = c.Revision+1, "each quarter"
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "control", ID: c.ID, Revision: c.Revision, Effective: "2026-02-01", Value: c.Value, Reason: "Only words."}))
	_, err = s.app.RecordProgram(s.ctx, "dana", strings.Repeat("ab", 32), "linux/amd64")
	s.must(err)
	made, err := s.app.MakeBackup(s.ctx, "dana", app.BackupMaking{To: t.TempDir()})
	s.must(err)
	_, err = s.app.TryBackup(s.ctx, "dana", made.Dir, "")
	s.must(err)
	o, err = s.app.OwnEvidence(s.ctx, "dana", "now")
	s.must(err)
	if !has("program-versions", "program_version") || !has("backups", "made") || !has("backups", "can be restored") {
		t.Errorf("told are %v and %v", table("program-versions").Rows, table("backups").Rows)
	}
	if !has("access-at-end", "dana") || !has("access-at-end", "cora") {
		t.Error("who was there at the end is not told")
	}
	if !has("access-changes", "cora") || !has("settings-changes", "=1+1") || has("settings-changes", "Only words.") {
		t.Errorf("told are %v and %v", table("access-changes").Rows, table("settings-changes").Rows)
	}
	rows, err := csv.NewReader(strings.NewReader(string(table("settings-changes").CSV()))).ReadAll()
	if s.must(err); !slices.ContainsFunc(rows, func(r []string) bool { return slices.Contains(r, "'=1+1") && slices.Contains(r, "it-1-1") }) {
		t.Errorf("the file is %v", rows)
	}
	for _, want := range []string{"## access-changes.csv", "Made again", "expected performances follow"} {
		if !strings.Contains(o.About, want) {
			t.Errorf("the page about them does not say %q", want)
		}
	}
	var denied *identity.DeniedError
	if _, err := s.app.FileOwnEvidence(s.ctx, "olive", "now"); !errors.As(err, &denied) {
		t.Errorf("who files no evidence files it: %v", err)
	}
	id, err := s.app.FileOwnEvidence(s.ctx, "dana", "now")
	s.must(err)
	filed := one[soc1.Evidence](s, "dana", app.OrganizationLedger, "evidence", id)
	if len(filed.Value.Files) != 8 || len(filed.Value.Controls) != 0 || filed.Value.PeriodFrom != "2026-01-01" {
		t.Errorf("filed is %+v", filed.Value)
	}
	var wrong *app.FieldError
	if _, err := s.app.OwnEvidence(s.ctx, "dana", "absent"); !errors.As(err, &wrong) || wrong.Field != "engagement" {
		t.Errorf("of no report: %v", err)
	}
}
