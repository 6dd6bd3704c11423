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

// TestFirmNeverWritesOrganization makes every call on the organization's
// ledger as people of the firm.
func TestFirmNeverWritesOrganization(t *testing.T) {
	s := walled(t)
	for name, cs := range calls() {
		for i, c := range cs {
			if c.slow || name == "OpenExamination" {
				continue
			}
			for _, actor := range []string{"mei", "carla", "helen", "quinn", "fay", "rob", "paul", "zed"} {
				before := s.size("dana", app.OrganizationLedger)
				p := place{app.OrganizationLedger, absent}
				_, err := c.do(s, actor, p)
				if after := s.size("dana", app.OrganizationLedger); after != before {
					t.Errorf("%s (call %d) by %s wrote the organization's ledger", name, i+1, actor)
				}
				if c.writes && err == nil {
					t.Errorf("%s (call %d) by %s was not refused", name, i+1, actor)
				}
			}
		}
	}
}

// TestReviewersOnlyRead makes every call on the examination's ledger as the
// quality reviewer and the firm's administrator, and the partner's own calls
// as everybody else of the team.
func TestReviewersOnlyRead(t *testing.T) {
	s := walled(t)
	// A firm administrator invites, a quality reviewer comments and gives their own word on
	// their independence.
	theirs := map[string]string{"Invite": "fay", "RevokeInvitation": "fay", "Comment": "quinn", "ConfirmIndependence": "quinn"}
	partners := map[string]bool{"Opine": true, "DiscloseNonce": true, "Release": true, "ReleaseReport": true, "IssueReport": true, "RedactDocument": true}
	for name, cs := range calls() {
		for i, c := range cs {
			for _, actor := range []string{"quinn", "fay", "mei", "carla"} {
				only := actor == "quinn" || actor == "fay"
				if !c.writes || name == "OpenExamination" || !only && !partners[name] || actor == "fay" && (name == "Apply" || name == "PutPerson") && i == 0 || theirs[name] == actor {
					continue
				}
				before := s.size("helen", exam)
				_, err := c.do(s, actor, place{exam, engagement})
				if err == nil || s.size("helen", exam) != before {
					t.Errorf("%s (call %d) by %s was not refused", name, i+1, actor)
				}
			}
		}
	}
	// A reviewer's own notes are the exception, and stay their author's.
	note := func(by, text string) app.RecordChange {
		return app.RecordChange{Ledger: exam, Kind: "working_paper_note", ID: "n-1", Revision: -1, Effective: "2026-02-20", Value: soc1.WorkingPaperNote{Title: "On the sample", Text: text, By: by}}
	}
	s.refused(s.app.PutRecord(s.ctx, "quinn", note("helen", "Fine.")), "author's own name")
	s.must(s.app.PutRecord(s.ctx, "quinn", note("quinn", "Why this table?")))
	s.refused(s.app.PutRecord(s.ctx, "mei", note("mei", "Fine.")), "belongs to its author")
	_, err := s.apply("mei", "kind: working_paper_note\nid: n-1\nledger: "+exam+"\ntitle: On the sample\ntext: Fine.\nby: mei\n")
	s.refused(err, "belongs to its author")
	_, err = s.apply("fay", person("gus", exam, "audit_firm", "firm_staff"))
	s.must(err)
	_, err = s.apply("fay", attribute(exam, "t-it-1-1"))
	s.refused(err, "you may not")
}
