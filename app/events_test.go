package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/events"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

const lateFile = "kind: event\nid: late\neffective: '2025-04-02'\ntitle: Late file\nnature: processing_error\ntext: It was sent a day late.\nbegan: '2025-04-02'\nowner: cora\n"

// Whoever works in the organization reports in their own name, management says what it
// means, and what is learned later is assessed again.
func TestEventFromReportToAssessment(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only")+
		person("rob", "", "audit_firm", "read_only")+person("xavier", "", "guest", "external_assessor"))
	s.must(err)
	for _, x := range []struct{ actor, text string }{
		{"dana", strings.Replace(lateFile, "id: late", "id: for-cora", 1)},
		{"cora", lateFile},
	} {
		_, err := s.apply(x.actor, x.text)
		s.must(err)
	}
	for _, x := range []struct{ what, actor, text string }{
		{"in another's name", "cora", strings.NewReplacer("id: late", "id: forged", "owner: cora", "owner: dana").Replace(lateFile)},
		{"over what another reported", "rita", strings.Replace(lateFile, "owner: cora", "owner: rita", 1)},
		{"by a reader", "rita", strings.NewReplacer("id: late", "id: read", "owner: cora", "owner: rita").Replace(lateFile)},
		{"an assessment typed as a record", "dana", "kind: event_assessment\nid: typed\nevent: late\nrevision: 1\nengagement: " + engagement + "\nassessed_by: dana\nassessed_on: '2025-04-03'\ndescription: {answer: no, why: x}\ncontrols: {answer: no, why: x}\nrepresentations: {answer: no, why: x}\nsubsequent: {answer: no, why: x}\n"},
	} {
		if _, err := s.apply(x.actor, x.text); err == nil {
			t.Errorf("%s: it was recorded", x.what)
		}
	}
	no := soc1.EventEffect{Answer: soc1.No, Why: "Nothing follows."}
	yes := func(by ...soc1.Ref) soc1.EventEffect {
		return soc1.EventEffect{Answer: soc1.Yes, Why: "It does.", Answered: by}
	}
	given := func(change func(*app.EventAssessing)) app.EventAssessing {
		x := app.EventAssessing{Event: "late", Description: no, Controls: no, Representations: yes(), Subsequent: no}
		if change != nil {
			change(&x)
		}
		return x
	}
	for _, c := range []struct {
		what, field, text string
		x                 app.EventAssessing
	}{
		{"no answer", "controls", "yes or no", given(func(x *app.EventAssessing) { x.Controls = soc1.EventEffect{} })},
		{"no reason", "description", "Say why", given(func(x *app.EventAssessing) { x.Description.Why = " " })},
		{"an error that stands is kept back", "representations", "not put right", given(func(x *app.EventAssessing) { x.Representations = no })},
		{"no subsequent event", "subsequent", "in the period", given(func(x *app.EventAssessing) { x.Subsequent = yes() })},
		{"an old revision", "event", "was changed", given(func(x *app.EventAssessing) { x.Seen = 7 })},
		{"what takes it up is not there", "controls", `no remediation plan "none"`, given(func(x *app.EventAssessing) { x.Controls = yes(soc1.Ref{Kind: "remediation", ID: "none"}) })},
		{"of a kind that takes nothing up", "controls", "none of the kind", given(func(x *app.EventAssessing) { x.Controls = yes(soc1.Ref{Kind: "person", ID: "dana"}) })},
		{"across the wall", "controls", "records of the organization", given(func(x *app.EventAssessing) {
			x.Controls = yes(soc1.Ref{Ledger: exam, Kind: "exception", ID: "x"})
		})},
		{"another report", "engagement", "There is no engagement", given(func(x *app.EventAssessing) { x.Engagement = "none" })},
	} {
		_, err = s.app.AssessEvent(s.ctx, "dana", c.x)
		var field *app.FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Text, c.text) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if _, err := s.app.AssessEvent(s.ctx, "dana", app.EventAssessing{Event: "absent"}); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("an event that does not exist: %v", err)
	}
	for _, actor := range []string{"cora", "rita", "rob", "xavier"} {
		var denied *identity.DeniedError
		if _, err := s.app.AssessEvent(s.ctx, actor, given(nil)); !errors.As(err, &denied) {
			t.Errorf("%s assessed: %v", actor, err)
		}
	}
	state := func(id string) (events.State, []events.Matter) {
		t.Helper()
		r, err := s.app.Events(s.ctx, "dana", app.EventOptions{})
		s.must(err)
		at := slices.IndexFunc(r.Lines, func(l events.Line) bool { return l.ID == id })
		return r.Lines[at].State, r.Lines[at].Matters
	}
	if got, _ := state("late"); got != events.Unassessed {
		t.Errorf("before: %s", got.Label())
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
	if waits("dana", app.WaitsAssessment) != 2 || waits("cora", app.WaitsAssessment) != 0 {
		t.Error("two events wait for who assesses, and for nobody else")
	}
	_, err = s.app.AssessEvent(s.ctx, "dana", given(func(x *app.EventAssessing) { x.Controls = yes(soc1.Ref{Kind: "control", ID: "it-1-1"}) }))
	s.must(err)
	if got, m := state("late"); got != events.Open || len(m) != 2 || m[0].Aspect != events.Representations {
		t.Errorf("assessed: %s, %v", got.Label(), m)
	}
	_, err = s.apply("cora", lateFile+"resolved_on: '2025-04-03'\n")
	s.must(err)
	if got, _ := state("late"); got != events.Outdated {
		t.Errorf("after a change: %s", got.Label())
	}
	// Put right, it need not be disclosed any more.
	_, err = s.app.AssessEvent(s.ctx, "dana", given(func(x *app.EventAssessing) { x.Representations, x.Seen = no, 2 }))
	s.must(err)
	if got, _ := state("late"); got != events.Settled {
		t.Errorf("in the end: %s", got.Label())
	}
	if n := waits("dana", app.WaitsAssessment); n != 1 {
		t.Errorf("%d events wait to be assessed, of one", n)
	}
}

// Everybody confirms for themselves, never for a day that is to come, and never less
// than before.
func TestEventConfirmations(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only")+
		person("rob", "", "audit_firm", "read_only")+person("xavier", "", "guest", "external_assessor"))
	s.must(err)
	for _, c := range []struct {
		what    string
		through soc1.Date
		text    string
	}{
		{"tomorrow", "2999-01-01", "Nobody knows today"},
		{"no day", "soon", "is no day"},
		{"before the period", "2020-01-01", "begins to ask on"},
	} {
		if _, err := s.app.ConfirmEvents(s.ctx, "olive", app.EventConfirming{Through: c.through}); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	_, err = s.app.ConfirmEvents(s.ctx, "olive", app.EventConfirming{Remark: " Nothing. "})
	s.must(err)
	if _, err := s.app.ConfirmEvents(s.ctx, "olive", app.EventConfirming{}); err == nil || !strings.Contains(err.Error(), "confirmed up to") {
		t.Errorf("twice: %v", err)
	}
	for _, actor := range []string{"rob", "xavier"} {
		var denied *identity.DeniedError
		if _, err := s.app.ConfirmEvents(s.ctx, actor, app.EventConfirming{}); !errors.As(err, &denied) {
			t.Errorf("%s confirmed: %v", actor, err)
		}
	}
	r, err := s.app.Events(s.ctx, "rob", app.EventOptions{})
	s.must(err)
	at := slices.IndexFunc(r.Words, func(w events.Word) bool { return w.Person.ID == "olive" })
	if at < 0 || r.Words[at].Given == nil || r.Words[at].Given.Value.Remark != "Nothing." {
		t.Errorf("the auditor reads of the confirmations: %+v", r.Words)
	}
}
