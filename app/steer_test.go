package app_test

import (
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// The same cell twice in one file: neither is taken, or the last would win.
func TestContradictoryResultsAreRefused(t *testing.T) {
	rows, err := app.ReadResults("r.csv", strings.NewReader("test,item,attribute,outcome\nT-1,P1,A,fail\nT-1,P1,A,pass\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.CheckResults(rows); err == nil || !strings.Contains(err.Error(), "r.csv:3") || !strings.Contains(err.Error(), "r.csv:2") {
		t.Fatalf("contradictory cells give %v; want both lines named", err)
	}
}

// One record by management must not shut the auditor out of the file.
func TestAuditorIsNotShutOut(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	_, err = s.apply("dana", person("mei", "", "service_organization", "compliance_manager"))
	s.must(err)
	if _, err := s.app.View(s.ctx, "mei", exam, record.AsOf{}); err != nil {
		t.Errorf("after management recorded the same id, the auditor reads: %v", err)
	}
}

// What was performed stays: a failing test cannot leave the file.
func TestPerformedTestsAreNotRetired(t *testing.T) {
	s := told(t)
	for _, x := range all[soc1.TestOfControl](s, "helen", exam, "test_of_control") {
		_, err := s.apply("mei", "kind: test_of_control\nid: "+x.ID+"\nledger: "+exam+"\nretired: true\n")
		s.refused(err, "has been performed")
		return
	}
}

// The workspace cannot lose what it works with to a redaction.
func TestWhatIsNeededIsNotRedacted(t *testing.T) {
	s := begin(t)
	for kind, id := range map[string]string{"organization": "organization", "person": "dana"} {
		h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, kind, id)
		s.must(err)
		last := h[len(h)-1]
		s.refused(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, last.Pos, last.Slot, "A request."), "record a newer one")
	}
}
