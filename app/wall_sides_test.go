package app_test

import (
	"testing"

	"reperform/app"
	"reperform/soc1"
)

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
	// A firm administrator invites, a quality reviewer comments.
	theirs := map[string]string{"Invite": "fay", "RevokeInvitation": "fay", "Comment": "quinn"}
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
