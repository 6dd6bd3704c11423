package app_test

import (
	"errors"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/intake"
	"reperform/record"
	"reperform/report/typst"
	"reperform/soc1"
)

const hostFile = "kind: subservice_organization\nid: host\neffective: '2024-01-01'\nname: Host\nservices_provided: Hosting.\nmethod: carve_out\nowner: omar\n"

// A report counts once whoever watches over the organization has confirmed it in their
// own name, complete and as it stands.
func TestSubserviceReport(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", hostFile)
	s.must(err)
	line := func() *intake.Line {
		t.Helper()
		r, err := s.app.Subservice(s.ctx, "dana", app.SubserviceOptions{})
		s.must(err)
		return r.Line("host")
	}
	waits := func(actor string, why app.WaitingFor) int {
		t.Helper()
		items, err := s.app.Waiting(s.ctx, actor)
		s.must(err)
		n := 0
		for _, x := range items {
			if x.For == why {
				n++
			}
		}
		return n
	}
	v := soc1.ObtainedReport{SubserviceOrganization: "host", Title: "Hosting", Kind: soc1.ObtainedSOC1Type2, PeriodFrom: "2024-10-01", PeriodTo: "2025-09-30", Opinion: soc1.Unmodified, ReceivedOn: "2025-11-20", Owner: "omar"}
	id, err := s.app.TakeInSubserviceReport(s.ctx, "omar", "", 0, v, "")
	s.must(err)
	if l := line(); l.Reports[0].State != intake.Waiting || l.LatestOf != nil {
		t.Errorf("before: %s", l.Reports[0].State.Label())
	}
	if waits("omar", app.WaitsSubserviceReport) != 1 || waits("dana", app.WaitsSubserviceReport) != 0 {
		t.Error("the report waits for whoever watches over the organization, and for nobody else")
	}
	confirm := func(actor string, x app.SubserviceConfirming) error {
		x.Report = id
		_, err := s.app.ConfirmSubserviceReport(s.ctx, actor, x)
		return err
	}
	var field *app.FieldError
	if err := confirm("omar", app.SubserviceConfirming{Conclusion: "Fine."}); !errors.As(err, &field) || field.Field != "auditor" {
		t.Errorf("without an auditor: %v", err)
	}
	v.Auditor = "Abernathy"
	_, err = s.app.TakeInSubserviceReport(s.ctx, "omar", id, 1, v, "The auditor.")
	s.must(err)
	if err := confirm("omar", app.SubserviceConfirming{Seen: 1, Conclusion: "Fine."}); !errors.As(err, &field) || field.Field != "revision" {
		t.Errorf("a revision of before: %v", err)
	}
	if err := confirm("omar", app.SubserviceConfirming{Conclusion: " "}); !errors.As(err, &field) || field.Field != "conclusion" {
		t.Errorf("without a conclusion: %v", err)
	}
	var denied *identity.DeniedError
	for _, actor := range []string{"olive"} {
		if err := confirm(actor, app.SubserviceConfirming{Conclusion: "Fine."}); !errors.As(err, &denied) && !errors.Is(err, record.ErrNotFound) {
			t.Errorf("%s confirmed: %v", actor, err)
		}
	}
	if _, err := s.apply("dana", "kind: subservice_confirmation\nid: typed\nreport: "+id+"\nrevision: 2\nsha256: "+strings.Repeat("ab", 32)+"\nby: omar\non: '2025-12-01'\nconclusion: x\n"); err == nil {
		t.Error("a confirmation was typed in")
	}
	s.must(confirm("omar", app.SubserviceConfirming{Seen: 2, Conclusion: "It can be relied on."}))
	l := line()
	if l.Reports[0].State != intake.Confirmed || l.Latest.Auditor != "Abernathy" || l.Reports[0].Confirmation.Value.By != "omar" || l.Latest.Review != "It can be relied on." {
		t.Errorf("after: %+v", l.Latest)
	}
	if waits("omar", app.WaitsSubserviceReport) != 0 {
		t.Error("a confirmed report waits")
	}
	v.BridgeLetters = []soc1.ObtainedBridge{{From: "2025-10-01", To: "2025-12-31"}}
	_, err = s.app.TakeInSubserviceReport(s.ctx, "omar", id, 2, v, "The letter.")
	s.must(err)
	if got := line(); got.Reports[0].State != intake.Confirmed || got.Gaps > l.Gaps {
		t.Errorf("with the letter: %s, %d months open", got.Reports[0].State.Label(), got.Gaps)
	}
	v.Opinion = soc1.Qualified
	_, err = s.app.TakeInSubserviceReport(s.ctx, "omar", id, 3, v, "Misread.")
	s.must(err)
	if got := line(); got.Reports[0].State != intake.Changed || waits("omar", app.WaitsSubserviceReport) != 1 {
		t.Errorf("changed: %s", got.Reports[0].State.Label())
	}
}

// What a PDF proposes comes with its pages and is recorded nowhere.
func TestReadSubserviceReport(t *testing.T) {
	s := begin(t)
	e, err := typst.Open(s.ctx, typst.Options{})
	s.must(err)
	defer e.Close(s.ctx)
	pdf, err := e.Compile(s.ctx, typst.Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte("SOC 1 Type 2\n\n#pagebreak()\nWe have examined the description throughout the period October 1, 2024 to September 30, 2025.")}})
	s.must(err)
	kept, err := s.app.KeepFile(s.ctx, "omar", app.OrganizationLedger, "report.pdf", strings.NewReader(string(pdf)))
	s.must(err)
	p, err := s.app.ReadSubserviceReport(s.ctx, "omar", kept.File)
	s.must(err)
	if p.Pages != 2 || p.PeriodTo == nil || p.PeriodTo.Value != "2025-09-30" || p.PeriodTo.Page != 2 || p.Kind == nil || p.Kind.Page != 1 {
		t.Errorf("%+v", p)
	}
	other, err := s.app.KeepFile(s.ctx, "omar", app.OrganizationLedger, "report.csv", strings.NewReader("a,b\n1,2\n"))
	s.must(err)
	var field *app.FieldError
	if _, err := s.app.ReadSubserviceReport(s.ctx, "omar", other.File); !errors.As(err, &field) || field.Field != "file" || !strings.Contains(field.Text, "Enter by hand") {
		t.Errorf("a table: %v", err)
	}
}
