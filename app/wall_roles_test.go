package app_test

import (
	"path/filepath"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// TestOpenExaminationOnce opens it again, as several people.
func TestOpenExaminationOnce(t *testing.T) {
	s := begin(t)
	firm := soc1.Person{Name: "Any Body", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}}
	own := soc1.Person{Name: "Any Body", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"compliance_manager"}}
	for _, c := range []struct {
		id   string
		p    soc1.Person
		want string
	}{
		{"dana", firm, "independent"}, {"new", own, "not of the audit firm"},
		{"new", soc1.Person{Name: "Any Body", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"administrator"}}, "roles"},
	} {
		_, err := s.app.OpenExamination(s.ctx, engagement, "", c.id, c.p)
		s.refused(err, c.want)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "keys", exam+"*")); len(left) > 0 {
		t.Errorf("what was refused left keys behind: %v", left)
	}
	s.open()
	nonce := mustRead(t, filepath.Join(s.dir, "keys", exam+".nonce"))
	before := s.size("helen", exam)
	_, err := s.app.OpenExamination(s.ctx, engagement, "", "other", firm)
	s.refused(err, "exists already")
	_, first := s.app.OpenExamination(s.ctx, engagement, "", "dana", firm)
	_, second := s.app.OpenExamination(s.ctx, "soc1-none", "", "dana", firm)
	if first.Error() != second.Error() {
		t.Errorf("management tells an open examination from none: %v, %v", first, second)
	}
	if s.size("helen", exam) != before || string(nonce) != string(mustRead(t, filepath.Join(s.dir, "keys", exam+".nonce"))) {
		t.Error("opening again changed the examination or its nonce")
	}
}

// TestRolesEndHere retires a person and takes roles away in another process.
func TestRolesEndHere(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	other := s.reopen()
	if _, err := other.View(s.ctx, "mei", exam, record.AsOf{}); err != nil {
		t.Fatal(err)
	}
	_, err = s.apply("helen", person("nils", exam, "audit_firm", "firm_staff")+"kind: person\nid: mei\nledger: "+exam+"\nretired: true\neffective: '2026-02-20'\n")
	s.must(err)
	put := func(actor string) error {
		return other.PutRecord(s.ctx, actor, app.RecordChange{Ledger: exam, Kind: "evidence", ID: "ev-1", Revision: -1, Effective: "2025-01-01", Value: soc1.Evidence{Title: "Something"}})
	}
	if err := put("mei"); err == nil {
		t.Error("a person retired by another process still writes")
	}
	if err := put("nils"); err != nil {
		t.Errorf("a person recorded by another process may not write yet: %v", err)
	}
	if _, err := other.View(s.ctx, "mei", exam, record.AsOf{}); err == nil {
		t.Error("a person retired by another process still reads")
	}
}
