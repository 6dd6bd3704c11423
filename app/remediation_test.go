package app_test

import (
	"errors"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
)

const leaversPlan = `kind: remediation
id: leavers
title: Give the control an owner
owner: omar
due: 2026-02-01
steps:
  - {text: Ask who can}
  - {text: Name them}
findings:
  - {rule: CTL-02, kind: control, record: it-1-1, field: owner}
`

// ownerless takes the owner off a control, gives it a plan, and lets Omar own that.
func ownerless(t *testing.T) *story {
	s := begin(t)
	_, err := s.apply("dana", person("omar", "", "service_organization", "control_owner")+person("olive", "", "service_organization", "executive"))
	s.must(err)
	s.owns("it-1-1", "")
	_, err = s.apply("dana", leaversPlan)
	s.must(err)
	return s
}

// owns names the owner of a control.
func (s *story) owns(control, owner string) {
	s.t.Helper()
	x, err := s.app.Record(s.ctx, "dana", app.OrganizationLedger, "control", control, record.AsOf{})
	s.must(err)
	c, err := record.Decode[soc1.Control](x)
	s.must(err)
	c.Owner = owner
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "control", ID: control, Revision: -1, Effective: "2025-01-01", Value: c, Reason: "It changed hands."}))
}

// planned is a plan on the board.
func (s *story) planned(id string) *remediation.Plan {
	s.t.Helper()
	b, err := s.app.Remediation(s.ctx, "dana", app.RemediationOptions{})
	s.must(err)
	for i := range b.Plans {
		if b.Plans[i].ID == id {
			return &b.Plans[i]
		}
	}
	s.t.Fatalf("the board has no plan %s", id)
	return nil
}

// A plan closes when its rule is silent, is open again when it fires again, and
// closes with what stands only by an explanation.
func TestRemediationCloses(t *testing.T) {
	s := ownerless(t)
	if p := s.planned("leavers"); p.Settled() != 0 || p.Stage == remediation.Closed {
		t.Fatalf("the rule fires: %d settled, %s", p.Settled(), p.Stage.Label())
	}
	var wrong *app.FieldError
	for _, explanation := range []string{"", "ok", "        "} {
		if _, err := s.app.CloseRemediation(s.ctx, "dana", "leavers", explanation); !errors.As(err, &wrong) || wrong.Field != "explanation" || !strings.Contains(wrong.Text, "CTL-02") {
			t.Errorf("closed with the explanation %q: %v", explanation, err)
		}
	}
	s.owns("it-1-1", "omar")
	if p := s.planned("leavers"); !p.Ready() || p.Stage != remediation.ForRetest {
		t.Errorf("the rule is silent: ready %t, %s", p.Ready(), p.Stage.Label())
	}
	_, err := s.app.CloseRemediation(s.ctx, "dana", "leavers", "")
	s.must(err)
	p := s.planned("leavers")
	if p.Stage != remediation.Closed || p.Explained() || p.Closing.ClosedBy != "dana" || p.Closing.Outcomes[0].Settled != soc1.SettledSilent {
		t.Errorf("closed: %s %+v", p.Stage.Label(), p.Closing)
	}
	if _, err := s.app.CloseRemediation(s.ctx, "dana", "leavers", "Closed once more for good measure."); !errors.As(err, &wrong) || wrong.Field != "plan" {
		t.Errorf("closed a second time: %v", err)
	}
	s.owns("it-1-1", "")
	if p := s.planned("leavers"); p.Stage == remediation.Closed || !strings.Contains(p.Reopened(), "CTL-02 fires again") {
		t.Errorf("the rule fires again: %s, %q", p.Stage.Label(), p.Reopened())
	}
	_, err = s.app.CloseRemediation(s.ctx, "dana", "leavers", "The control ends with the system in March.")
	s.must(err)
	if p := s.planned("leavers"); p.Stage != remediation.Closed || !p.Explained() || p.Closing.Outcomes[0].Settled != soc1.Standing {
		t.Errorf("closed with an explanation: %s %+v", p.Stage.Label(), p.Closing)
	}
	// Who closed it stays on record, and nobody types a closing.
	if _, err := s.apply("dana", "kind: remediation_closing\nid: typed\nplan: leavers\nclosed_by: dana\nclosed_on: 2026-02-20\noutcomes: [{what: x, settled: silent}]\n"); err == nil || !strings.Contains(err.Error(), "decisions") {
		t.Errorf("a file closes a plan: %v", err)
	}
}

// The owner notes what was done, and changes nothing of what was agreed; others
// change and close nothing.
func TestRemediationOwner(t *testing.T) {
	s := ownerless(t)
	done := strings.Replace(leaversPlan, "{text: Ask who can}", "{text: Ask who can, done_on: 2026-02-10}", 1)
	if _, err := s.apply("omar", done+"hours_actual: 3\n"); err != nil {
		t.Errorf("its owner notes a step: %v", err)
	}
	for what, text := range map[string]string{
		"the due day":    strings.Replace(done, "due: 2026-02-01", "due: 2026-12-01", 1),
		"the owner":      strings.Replace(done, "owner: omar", "owner: dana", 1),
		"the findings":   strings.Replace(done, "CTL-02", "CTL-03", 1),
		"the estimate":   done + "hours_estimated: 100\n",
		"another plan":   strings.Replace(done, "id: leavers", "id: mine", 1),
		"the retirement": "kind: remediation\nid: leavers\nretired: true\n",
	} {
		if _, err := s.apply("omar", text); err == nil {
			t.Errorf("the owner changes %s", what)
		}
	}
	if _, err := s.apply("olive", done+"hours_actual: 4\n"); err == nil {
		t.Error("somebody else notes a step")
	}
	var denied *identity.DeniedError
	for _, who := range []string{"omar", "olive"} {
		if _, err := s.app.CloseRemediation(s.ctx, who, "leavers", "It is done as far as I can see."); !errors.As(err, &denied) {
			t.Errorf("%s closes the plan: %v", who, err)
		}
	}
}

// What is due waits for the owner; a week later for whoever closes plans too; and
// for these alone when every step is done.
func TestRemediationWaits(t *testing.T) {
	s := ownerless(t)
	waits := func(who string) string {
		t.Helper()
		all, err := s.app.Waiting(s.ctx, who)
		s.must(err)
		var out []string
		for _, w := range all {
			if w.Ref.Kind == "remediation" {
				out = append(out, string(w.For))
				if !w.Overdue && w.Due < "2026-02-20" {
					t.Errorf("%s for %s: not overdue on %s", w.For, who, w.Due)
				}
			}
		}
		return strings.Join(out, " ")
	}
	expect := func(when, omar, dana string) {
		t.Helper()
		if a, b := waits("omar"), waits("dana"); a != omar || b != dana {
			t.Errorf("%s: for the owner %q, for the manager %q; expected %q and %q", when, a, b, omar, dana)
		}
	}
	due := func(day string) {
		t.Helper()
		_, err := s.apply("dana", strings.Replace(leaversPlan, "2026-02-01", day, 1))
		s.must(err)
	}
	// Today is 2026-02-20.
	expect("19 days late", "carry_out_plan", "overdue_plan")
	due("2026-02-13")
	expect("7 days late", "carry_out_plan", "")
	due("2026-02-12")
	expect("8 days late", "carry_out_plan", "overdue_plan")
	due("2026-03-06")
	expect("due in 14 days", "carry_out_plan", "")
	due("2026-03-07")
	expect("due in 15 days", "", "")
	_, err := s.apply("dana", strings.NewReplacer("{text: Ask who can}", "{text: Ask who can, done_on: 2026-02-10}", "{text: Name them}", "{text: Name them, done_on: 2026-02-11}").Replace(leaversPlan))
	s.must(err)
	expect("every step done", "", "retest_plan")
	s.owns("it-1-1", "omar")
	_, err = s.app.CloseRemediation(s.ctx, "dana", "leavers", "")
	s.must(err)
	expect("closed", "", "")
}
