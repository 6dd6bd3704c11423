package demo

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// TestFiguresOfTheTexts demands that the volumes which the company's and the
// auditor's texts state are those of the extracts. Extracts that are smaller
// at the small size are not stated exactly anywhere but here.
func TestFiguresOfTheTexts(t *testing.T) {
	m := generated(t)
	var text strings.Builder
	for _, name := range []string{"org/30-description.yaml", "org/31-description-details.yaml", "plan.yaml"} {
		files := Records()
		b, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	for _, f := range []struct {
		file   string
		phrase string
	}{
		{"heron_bank_changes_2025.csv.gz", "keyed %s bank-detail changes"},
		{"heron_staff_changes_2025.csv", "and %s other changes"},
		{"plover_client_bank_2025.csv", "%s client bank changes"},
		{"plover_flags_2025.csv", "There were %s flags in the period"},
		{"avocet_rules_2025.csv", "There were %s changes in the period"},
		{"avocet_returns_2025.csv", "%s quarterly returns filed"},
		{"avocet_notices_2025.csv", "There were %s notices in the period"},
		{"avocet_year_end_2024.csv", "prepared for %s clients"},
		{"bittern_reversals_2025.csv", "There were %s in the period"},
		{"client_master_2025.xlsx", "served %s employers"},
		{"rookery_grants_2025.csv", "%s grants,"},
		{"rookery_reviews_2025.csv", "%s assignments under review"},
		{"rookery_elevations_2025.csv", "%s elevated sessions"},
		{"tern_deployments_2025.csv", "there were %s deployments"},
		{"database_audit_2025.csv", "there were %s. Developers"},
		{"incidents_2025.csv", "There were %s in the period. None"},
		{"scan_findings_2025.csv", "%s findings,"},
		{"security_alerts_2025.csv", "%s alerts"},
		{"dunlin_copies_2025.csv", "all %s database-days"},
	} {
		written, ok := m.File(f.file)
		if !ok {
			t.Errorf("there is no extract %s", f.file)
		}
		if phrase := fmt.Sprintf(f.phrase, thousands(written.Rows)); !strings.Contains(text.String(), phrase) {
			t.Errorf("%s has %d rows, and no text says %q", f.file, written.Rows, phrase)
		}
	}
	x, _ := m.Test("t-pay-2-3")
	if used := x.Attributes[0].Pass + x.Attributes[0].Fail; used != bankChanges || !strings.Contains(text.String(), "7 of "+thousands(used)) {
		t.Errorf("%d bank changes were used, which the deviation does not say", used)
	}
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
