package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/app"
	"reperform/gap"
)

// found lists what one rule finds now in the organization's ledger.
func (s *story) found(rule string, opt app.GapOptions) []gap.Finding {
	s.t.Helper()
	res, err := s.app.Gaps(s.ctx, "dana", opt)
	s.must(err)
	var out []gap.Finding
	for _, f := range res.Findings {
		if f.Rule.ID == rule {
			out = append(out, f)
		}
	}
	return out
}

// The draft is read as it is printed, and the files as they are on the disk.
func TestGapsOfDraftAndFiles(t *testing.T) {
	s := begin(t)
	deep := app.GapOptions{Draft: true, Files: true}
	for _, rule := range []string{"CUE-03", "DSC-02", "RPT-05", "RPT-07", "RPT-09", "TST-08"} {
		if got := s.found(rule, deep); len(got) > 0 {
			t.Errorf("%s of a draft in order: %v", rule, got)
		}
	}
	_, err := s.apply("dana", "kind: description_section\nid: retold\neffective: '2025-01-01'\ncriterion: D8\ntitle: Controls retold\nbody: |\n  ITG-1.1: Access of leavers is removed some day by somebody who happens to be there.\n"+
		"---\nkind: evidence\nid: ev-file\neffective: '2025-01-01'\ntitle: A file\nsource: Payroll\ncontrols: [it-1-1]\nperiod_from: '2025-01-01'\nperiod_to: '2025-01-31'\n")
	s.must(err)
	_, err = s.app.AttachEvidence(s.ctx, "dana", app.OrganizationLedger, "ev-file", []string{testdata("org.yaml")}, "Attached.")
	s.must(err)
	if got := s.found("DSC-02", deep); len(got) != 1 || got[0].Subject.ID != "it-1-1" {
		t.Errorf("a control told otherwise in Section III: %v", got)
	}
	if got := s.found("DSC-02", app.GapOptions{}); len(got) > 0 {
		t.Errorf("without the draft: %v", got)
	}
	if got := s.found("TST-08", deep); len(got) > 0 {
		t.Errorf("a file that is there: %v", got)
	}
	var sealed []string
	s.must(filepath.WalkDir(filepath.Join(s.dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(path, app.OrganizationLedger) {
			sealed = append(sealed, path)
		}
		return err
	}))
	if len(sealed) == 0 {
		t.Fatal("no sealed file is found on the disk")
	}
	for _, path := range sealed {
		b, err := os.ReadFile(path)
		s.must(err)
		b[len(b)-1] ^= 1
		s.must(os.Chmod(path, 0o600))
		s.must(os.WriteFile(path, b, 0o600))
	}
	if got := s.found("TST-08", deep); len(got) != 1 || got[0].Subject.ID != "ev-file" || !strings.Contains(got[0].Text, "org.yaml") {
		t.Errorf("a file of which a bit changed: %v", got)
	}
	if got := s.found("TST-08", app.GapOptions{}); len(got) > 0 {
		t.Errorf("without reading the files: %v", got)
	}
}
