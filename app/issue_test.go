package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/bundle"
	"reperform/record"
	"reperform/soc1"
)

// signed is a told examination whose assertion is signed; the description
// still lacks most of its parts.
func signed(t *testing.T) *story {
	t.Helper()
	s := told(t)
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", On: "2026-02-20"}))
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "letter-2025", On: "2026-02-20"}))
	return s
}

// meanwhile is a process in which something happens while it decides: do is
// called once, when the stage begins, and works in the story's own process.
func (s *story) meanwhile(stage string, do func()) *app.App {
	s.t.Helper()
	var once sync.Once
	opt := s.options()
	opt.Progress = func(p app.Progress) {
		if p.Stage == stage {
			once.Do(do)
		}
	}
	a, err := app.Open(s.ctx, s.dir, opt)
	s.must(err)
	s.t.Cleanup(func() { a.Close() })
	return a
}

// untested plans a test that has no result.
func (s *story) untested() {
	s.t.Helper()
	_, err := s.apply("mei", "kind: test_of_control\nid: t-more\nledger: "+exam+"\neffective: '2025-01-01'\ncode: T-MORE\nby: auditor\nengagement: "+engagement+
		"\ncontrol: it-1-1\nprocedures: [{nature: inspection, text: Inspected one more.}]\nmethod: observation_only\nperformed_by: mei\n")
	s.must(err)
}

// TestReleaseNamesEveryGap refuses what lacks something, and says what and how
// it is closed.
func TestReleaseNamesEveryGap(t *testing.T) {
	s := signed(t)
	m, err := s.app.ReportModel(s.ctx, "helen", engagement)
	s.must(err)
	if len(m.Missing()) < 5 {
		t.Fatalf("the story should lack much: %v", m.Missing())
	}
	before := s.size("helen", exam)
	err = s.app.ReleaseReport(s.ctx, "helen", engagement, "Alder")
	for _, g := range m.Missing() {
		s.refused(err, g.Text, g.Remedy)
	}
	if s.size("helen", exam) != before {
		t.Error("a refused release was recorded")
	}
	s.file("dana", "complete.yaml")
	s.must(s.app.ReleaseReport(s.ctx, "helen", engagement, "Alder"))
	rel := one[soc1.Release](s, "helen", exam, "release", bundle.ReportRelease)
	note, _, err := s.app.Checkpoint(s.ctx, "helen", app.OrganizationLedger)
	s.must(err)
	if rel.Value.OrganizationCheckpoint != string(note) {
		t.Errorf("the release notes the organization's state\n%s\nit was\n%s", rel.Value.OrganizationCheckpoint, note)
	}
}

// TestNothingChangesUnderARelease lets another process plan a test while the
// report is looked at: the decision is made again and finds the gap.
func TestNothingChangesUnderARelease(t *testing.T) {
	s := signed(t)
	s.file("dana", "complete.yaml")
	a := s.meanwhile("computing the report", s.untested)
	s.refused(a.ReleaseReport(s.ctx, "helen", engagement, "Alder"), "cannot be released", "T-MORE")
}

// TestNothingChangesUnderAnIssue does the same to an issue.
func TestNothingChangesUnderAnIssue(t *testing.T) {
	s := signed(t)
	s.file("dana", "complete.yaml")
	s.must(s.app.ReleaseReport(s.ctx, "helen", engagement, "Alder"))
	path := filepath.Join(t.TempDir(), "issued.pdf")
	a := s.meanwhile("typesetting the report", s.untested)
	_, err := a.IssueReport(s.ctx, "helen", engagement, "", path)
	s.refused(err, "since the report was released", "reads differently")
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused issue was written")
	}
	if n := len(all[soc1.Issuance](s, "helen", exam, "issuance")); n != 0 {
		t.Errorf("%d issues are recorded", n)
	}
	// What the report does not read may be recorded meanwhile.
	s = signed(t)
	s.file("dana", "complete.yaml")
	s.must(s.app.ReleaseReport(s.ctx, "helen", engagement, "Alder"))
	a = s.meanwhile("typesetting the report", func() {
		s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "working_paper_note", ID: "n-1", Revision: -1, Effective: "2026-02-20",
			Value: soc1.WorkingPaperNote{Title: "Filing", Text: "The file is bound.", By: "mei"}}))
	})
	x, err := a.IssueReport(s.ctx, "helen", engagement, "", path)
	s.must(err)
	r := one[soc1.Issuance](s, "helen", exam, "issuance", x.ID)
	if r.Pos != x.Position+1 {
		t.Errorf("the issue stands at %d, built from %d entries", r.Pos, x.Position)
	}
}

// TestIssue is refused until the report is released, while it reads otherwise,
// and to everybody but the partner.
func TestIssue(t *testing.T) {
	s := signed(t)
	path := filepath.Join(t.TempDir(), "issued.pdf")
	issue := func(actor, reason, path string) error {
		_, err := s.app.IssueReport(s.ctx, actor, engagement, reason, path)
		return err
	}
	s.refused(issue("helen", "", path), "not released", "examination release")
	s.file("dana", "complete.yaml")
	s.must(s.app.ReleaseReport(s.ctx, "helen", engagement, "Alder"))
	for _, actor := range []string{"mei", "carla"} {
		s.refused(issue(actor, "", path), "Only the engagement partner does this")
	}
	s.refused(issue("olive", "", path), "no ledger")
	s.refused(issue("helen", "", filepath.Join(t.TempDir(), "no", "folder.pdf")), "no such file")
	s.refused(issue("helen", "Because.", path), "A first issue needs no reason")
	_, err := s.app.IssuedReport(s.ctx, "helen", engagement, path)
	s.refused(err, "no report of engagement soc1-2025 is issued")
	// Management's later word is not issued unseen.
	section := func(body string) {
		_, err := s.apply("dana", "kind: description_section\nid: d-d10\neffective: '2025-01-01'\ntitle: Completeness\ncriterion: D10\nbody: "+body+"\n")
		s.must(err)
	}
	section("The description omits what nobody asked for.")
	s.refused(issue("helen", "", path), "since the report was released, Section III", "release it again")
	section("The description omits nothing relevant to the common needs of user entities.")
	// Put back, the report reads as it was released.
	s.must(issue("helen", "", path))
	x := one[soc1.Issuance](s, "helen", exam, "issuance", "issuance-1")
	if b, err := os.ReadFile(path); err != nil || int64(len(b)) != x.Value.Report.Size || x.Value.By != "helen" || x.Value.Number != 1 {
		t.Errorf("issued is %+v, written %d bytes, %v", x.Value, len(b), err)
	}
	s.refused(issue("helen", "", path), "issued before, as issuance-1")
	// The record is nobody's to write.
	for _, actor := range []string{"helen", "mei", "dana"} {
		if err := s.app.PutRecord(s.ctx, actor, app.RecordChange{Ledger: exam, Kind: "issuance", ID: "issuance-1", Revision: 1, Value: x.Value}); err == nil {
			t.Errorf("%s rewrote an issue", actor)
		}
	}
	// Management sees neither the issue nor whether there is one.
	_, err = s.app.IssuedReport(s.ctx, "dana", engagement, path)
	_, none := s.app.IssuedReport(s.ctx, "dana", "soc1-none", path)
	s.refused(err, "no report of engagement")
	if strings.ReplaceAll(err.Error(), engagement, "soc1-none") != none.Error() {
		t.Errorf("management tells %q from %q", err, none)
	}
	v, err := s.app.View(s.ctx, "helen", exam, record.AsOf{})
	s.must(err)
	if history, err := v.History(s.ctx, "issuance", "issuance-1"); err != nil || len(history) != 1 {
		t.Errorf("the issue has %d revisions, %v", len(history), err)
	}
}
