package app_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

var interviewAnswers = soc1.InterviewAnswers{
	Services: []soc1.ServiceAnswers{{Name: "Payroll", Does: []soc1.TransactionStep{soc1.Processes}, Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1, soc1.AskedSOC2}}},
	Issued:   soc1.IssuedNone, OperatedMonths: 12, Needs: soc1.NeedsOperation,
}

// program records a small program: one service, its class, account and objective.
func (s *story) program() {
	s.t.Helper()
	_, err := s.apply("dana", `kind: service
id: payroll
effective: 2025-01-01
name: Payroll
in_scope: true
---
kind: transaction_class
id: runs
effective: 2025-01-01
name: Payroll runs
services: [payroll]
---
kind: account
id: wages
effective: 2025-01-01
name: Wages
---
kind: assertion_relevance
id: runs-wages
effective: 2025-01-01
transaction_class: runs
account: wages
assertions: [completeness]
---
kind: user_entity
id: most
effective: 2025-01-01
name: Customers with calendar years
entities: 40
fiscal_year_end: 12-31
`)
	s.must(err)
}

// A scope is frozen by who may, as it was seen; what changes afterwards is told with
// its entry, and a freeze is read again as of then.
func TestScopeIsFrozen(t *testing.T) {
	s := begin(t)
	s.program()
	now := func(opt app.ScopeOptions) *app.Scoped {
		t.Helper()
		opt.Engagement = engagement
		x, err := s.app.Scope(s.ctx, "dana", opt)
		s.must(err)
		return x
	}
	before := now(app.ScopeOptions{})
	if before.Frozen() != nil || before.Count("service") == 0 || !before.Item("account", "wages").In {
		t.Fatalf("%+v", before.Items)
	}
	_, err := s.app.FreezeScope(s.ctx, "dana", app.ScopeFreezing{Engagement: engagement, Reason: " "})
	s.refused(err, "reason: say why")
	_, err = s.app.FreezeScope(s.ctx, "dana", app.ScopeFreezing{Engagement: "none", Reason: "Planned."})
	s.refused(err, `no engagement "none"`)
	_, err = s.app.FreezeScope(s.ctx, "dana", app.ScopeFreezing{Engagement: engagement, Reason: "Planned.", Seen: strings.Repeat("0", 64)})
	s.refused(err, "was changed meanwhile")
	_, err = s.apply("dana", person("olga", "", "service_organization", "control_owner"))
	s.must(err)
	var denied *identity.DeniedError
	if _, err = s.app.FreezeScope(s.ctx, "olga", app.ScopeFreezing{Engagement: engagement, Reason: "Planned."}); !errors.As(err, &denied) {
		t.Fatalf("a control owner freezes: %v", err)
	}
	id, err := s.app.FreezeScope(s.ctx, "dana", app.ScopeFreezing{Engagement: engagement, Reason: "Planned.", Seen: before.Digest})
	s.must(err)
	_, err = s.app.FreezeScope(s.ctx, "dana", app.ScopeFreezing{Engagement: engagement, Reason: "Once more."})
	s.refused(err, "nothing in scope changed")
	frozen := now(app.ScopeOptions{Verify: true})
	if f := frozen.Frozen(); f == nil || f.ID != id || f.Value.FrozenBy != "dana" || len(frozen.Changes) != 0 || !frozen.Holds || f.Value.SHA256 != before.Digest {
		t.Fatalf("%+v, changes %+v, holds %v %s", frozen.Freezes, frozen.Changes, frozen.Holds, frozen.Trouble)
	}
	v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	known := v.AsOf().Known

	_, err = s.apply("dana", `kind: service
id: payroll
effective: 2025-01-01
name: Payroll
description: All of it.
in_scope: true
---
kind: location
id: annex
effective: 2025-01-01
name: Annex
purpose: Call center.
in_scope: true
---
kind: assertion_relevance
id: runs-wages
retired: true
`)
	s.must(err)
	after := now(app.ScopeOptions{})
	var got []string
	for _, c := range after.Changes {
		got = append(got, string(c.What)+" "+c.Ref.Kind+"/"+c.Ref.ID+" "+strings.Join(c.Fields, ","))
		if c.Pos < known && (c.Pos != -1 || c.Ref.ID != "wages") {
			t.Errorf("%s %s names entry %d, which was there before the freeze", c.What, c.Ref.ID, c.Pos)
		}
	}
	for _, want := range []string{"changed service/payroll description", "added location/annex ", "removed assertion_relevance/runs-wages "} {
		if !slices.Contains(got, want) {
			t.Errorf("the changes lack %q: %q", want, got)
		}
	}
	if then := now(app.ScopeOptions{AsOf: record.AsOf{Known: known}}); len(then.Changes) != 0 || then.Digest != before.Digest {
		t.Errorf("as known at the freeze: %+v", then.Changes)
	}
	again, err := s.app.FreezeScope(s.ctx, "dana", app.ScopeFreezing{Engagement: engagement, Reason: "The annex joined."})
	s.must(err)
	if x := now(app.ScopeOptions{Verify: true}); len(x.Freezes) != 2 || x.Freezes[0].ID != again || x.Freezes[0].Value.Again != id || !x.Holds || len(x.Changes) != 0 {
		t.Errorf("frozen again: %+v", x.Freezes)
	}
}

// An interview is recorded with what was recommended then, and its periods follow
// from the year-ends of user entities; a proposal becomes an engagement.
func TestInterview(t *testing.T) {
	s := begin(t)
	s.program()
	ctx := context.Background()
	a := interviewAnswers
	a.Services = slices.Clone(a.Services)
	a.Services[0].Service = "payroll"
	got, err := s.app.Advise(ctx, "dana", a, "", record.AsOf{}, 0)
	s.must(err)
	if got.Report != soc1.RecommendBoth || len(got.Shared) == 0 || len(got.Proposals) == 0 || got.Proposals[0].Entities != 40 {
		t.Fatalf("%+v", got)
	}
	wrong := a
	wrong.OperatedMonths, wrong.Deadline = -1, "2020-01-01"
	_, err = s.app.Advise(ctx, "dana", wrong, "", record.AsOf{}, 0)
	var problems *app.AnswersError
	if !errors.As(err, &problems) || len(problems.Problems) != 2 {
		t.Fatalf("wrong answers: %v", err)
	}
	_, err = s.app.Advise(ctx, "dana", a, "", record.AsOf{}, 5)
	s.refused(err, "a period of 5 months")
	missing := a
	missing.Services = []soc1.ServiceAnswers{a.Services[0]}
	missing.Services[0].Service = "nothing"
	_, err = s.app.RecordInterview(ctx, "dana", missing)
	s.refused(err, "services[0].service")
	id, err := s.app.RecordInterview(ctx, "dana", a)
	s.must(err)
	list, err := s.app.Interviews(ctx, "dana", record.AsOf{})
	s.must(err)
	if len(list) != 1 || list[0].ID != id || list[0].Value.AnsweredBy != "dana" {
		t.Fatalf("%+v", list)
	}
	// What was shown then is derived again.
	if again := scoping.Recommend(list[0].Value.Answers, list[0].Value.AnsweredOn).InterviewOutcome; !slices.EqualFunc(again.Reasons, list[0].Value.Outcome.Reasons, func(x, y soc1.ReasonedPoint) bool { return x.Text == y.Text }) {
		t.Errorf("derived again it says %+v", again)
	}
	if old, err := s.app.Interviews(ctx, "dana", record.AsOf{Known: 3}); err != nil || len(old) != 0 {
		t.Errorf("known before: %d, %v", len(old), err)
	}
	p := got.Proposals[0]
	s.must(s.app.DraftEngagement(ctx, "dana", app.PeriodDraft{Engagement: "soc1-next", Title: "SOC 1, next", Type: soc1.Type2, From: p.From, To: p.To}))
	s.must(s.app.DraftEngagement(ctx, "dana", app.PeriodDraft{Engagement: "soc1-next", Type: soc1.Type1, AsOf: "2026-03-31", Reason: "A first look."}))
	v, err := s.app.View(ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	e, err := record.One[soc1.Engagement](ctx, v, "engagement", "soc1-next")
	s.must(err)
	if e.Value.Title != "SOC 1, next" || e.Value.Type != soc1.Type1 || e.Value.AsOf != "2026-03-31" || e.Value.PeriodStart != "" || e.Revision != 2 {
		t.Errorf("%+v", e)
	}
	s.refused(s.app.DraftEngagement(ctx, "dana", app.PeriodDraft{Engagement: "x y", Type: soc1.Type2}), "engagement:")
	s.refused(s.app.DraftEngagement(ctx, "dana", app.PeriodDraft{Engagement: "soc1-other", Title: "Other", Type: soc1.Type2, From: p.To, To: p.From}), "period_end")
}
