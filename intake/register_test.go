package intake

import (
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

func rec[T any](kind, id string, v T) record.Typed[T] {
	return record.Typed[T]{Record: record.Record{Kind: kind, ID: id, Revision: 1}, Value: v}
}

// program has one organization, carved out of a report over 2025, and one report of it.
func program(today soc1.Date, change func(*soc1.ObtainedReport)) *Facts {
	r := soc1.ObtainedReport{SubserviceOrganization: "s", Title: "Hosting", Kind: soc1.ObtainedSOC1Type2, Auditor: "A", PeriodFrom: "2024-10-01", PeriodTo: "2025-08-31", Opinion: soc1.Unmodified, ReceivedOn: "2025-10-20"}
	if change != nil {
		change(&r)
	}
	return &Facts{Today: today, Engagement: rec("engagement", "e", soc1.Engagement{Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31"}),
		Organizations: []record.Typed[soc1.SubserviceOrganization]{rec("subservice_organization", "s", soc1.SubserviceOrganization{Name: "Host", Method: soc1.CarveOut})},
		Reports:       []record.Typed[soc1.ObtainedReport]{rec("subservice_report", "r", r)}, Control: func(id string) bool { return id == "c" }}
}

func (f *Facts) confirmed(on soc1.Date) *Facts {
	f.Confirmations = append(f.Confirmations, rec("subservice_confirmation", "w", soc1.SubserviceConfirmation{Report: "r", Revision: 1, SHA256: Digest(f.Reports[0].Value), By: "ann", On: on, Conclusion: "Fine."}))
	return f
}

// strip is the months as letters.
func strip(l *Line) string {
	var b strings.Builder
	for _, m := range l.Months {
		b.WriteByte(map[MonthState]byte{MonthReport: 'R', MonthBridge: 'b', MonthGap: '-', MonthAhead: '.'}[m.State])
	}
	return b.String()
}

func kinds(l *Line) string {
	var out []string
	for _, m := range l.Open {
		out = append(out, string(m.Kind))
	}
	return strings.Join(out, " ")
}

func TestCoverage(t *testing.T) {
	bridge := func(from, to soc1.Date) func(*soc1.ObtainedReport) {
		return func(r *soc1.ObtainedReport) { r.BridgeLetters = []soc1.ObtainedBridge{{From: from, To: to}} }
	}
	for _, c := range []struct {
		what   string
		f      *Facts
		strip  string
		bridge scoping.Bridge
		open   string
	}{
		{"nothing counts before it is confirmed", program("2026-01-20", nil), "------------", scoping.TooLong, "no_report to_confirm"},
		{"what was confirmed later had not been", program("2025-11-10", nil).confirmed("2025-11-11"), "-----------.", scoping.TooLong, "no_report to_confirm"},
		{"confirmed", program("2026-01-20", nil).confirmed("2025-11-01"), "RRRRRRRR----", scoping.TooLong, "gap"},
		{"a letter", program("2026-01-20", bridge("2025-09-01", "2025-11-30")).confirmed("2025-11-01"), "RRRRRRRRbbb-", scoping.BridgeLetter, "gap"},
		{"to the end", program("2026-01-20", bridge("2025-09-01", "2025-12-31")).confirmed("2025-11-01"), "RRRRRRRRbbbb", scoping.NoBridge, ""},
		{"months to come are not missing", program("2025-10-20", nil).confirmed("2025-10-01"), "RRRRRRRR--..", scoping.BridgeLetter, "gap"},
		{"part of a month is a gap", program("2026-01-20", func(r *soc1.ObtainedReport) { r.PeriodFrom, r.PeriodTo = "2025-01-15", "2025-12-31" }).confirmed("2026-01-10"), "-RRRRRRRRRRR", scoping.NoBridge, "gap"},
		{"a SOC 2 report covers nothing", program("2026-01-20", func(r *soc1.ObtainedReport) { r.Kind = soc1.ObtainedSOC2Type2 }).confirmed("2025-11-01"), "------------", scoping.TooLong, "no_report"},
	} {
		l := Of(c.f).Line("s")
		if got := strip(l); got != c.strip || l.Bridge != c.bridge || kinds(l) != c.open {
			t.Errorf("%s: %s %s %q, expected %s %s %q", c.what, got, l.Bridge, kinds(l), c.strip, c.bridge, c.open)
		}
	}
	if m := Of(program("2026-01-20", nil).confirmed("2025-11-01")).Line("s").Open[0]; !strings.Contains(m.Text, "4 months of our period are covered by no report and no bridge letter: 2025-09 to 2025-12.") {
		t.Error(m.Text)
	}
}

func TestMatters(t *testing.T) {
	full := func(r *soc1.ObtainedReport) {
		r.PeriodFrom, r.PeriodTo, r.Opinion = "2025-01-01", "2025-12-31", soc1.Qualified
		r.Exceptions = []soc1.ReportedException{{Deviation: "Open."}, {Deviation: "No action.", Affects: soc1.Yes, Why: "It does."}, {Deviation: "Answered.", Affects: soc1.No, Why: "Another site."}}
		r.UserEntityControls = []soc1.ExpectedOfUs{{Text: "Open."}, {Text: "Gone.", Controls: []string{"gone"}}, {Text: "Met.", Controls: []string{"c"}}, {Text: "Not ours.", NotApplicable: "We send none."}}
	}
	f := program("2026-03-20", full).confirmed("2026-03-01")
	l := Of(f).Line("s")
	if got := kinds(l); got != "opinion exception exception user_entity_control user_entity_control" {
		t.Errorf("open: %s", got)
	}
	if l.Latest.Review != "Fine." || l.LatestOf == nil || l.Latest.PeriodTo != "2025-12-31" {
		t.Errorf("latest: %+v", l.Latest)
	}
	// What it means here may be said later, and what the report says may not.
	f.Reports[0].Value.UserEntityControls = slices.Clone(f.Reports[0].Value.UserEntityControls)
	f.Reports[0].Value.UserEntityControls[0].Controls = []string{"c"}
	if l := Of(f).Line("s"); l.Reports[0].State != Confirmed || kinds(l) != "opinion exception exception user_entity_control" {
		t.Errorf("mapped: %s %s", l.Reports[0].State.Label(), kinds(l))
	}
	f.Reports[0].Value.PeriodTo = "2025-11-30"
	if l := Of(f).Line("s"); l.Reports[0].State != Changed || l.LatestOf != nil || kinds(l) != "no_report to_confirm" {
		t.Errorf("changed: %s %s", l.Reports[0].State.Label(), kinds(l))
	}
}

// A report that is noted only still covers its days.
func TestNoted(t *testing.T) {
	f := program("2026-01-20", nil)
	f.Reports = nil
	f.Organizations[0].Value.LatestReport = soc1.SubserviceReport{PeriodFrom: "2024-10-01", PeriodTo: "2025-09-30", BridgeLetterTo: "2025-12-31"}
	if l := Of(f).Line("s"); strip(l) != "RRRRRRRRRbbb" || kinds(l) != "noted_only" {
		t.Errorf("%s %s", strip(l), kinds(l))
	}
	f.Organizations[0].Value.Method = soc1.Inclusive
	if l := Of(f).Line("s"); len(l.Months) > 0 {
		t.Errorf("an included organization has to be covered: %s", strip(l))
	}
}
