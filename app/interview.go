package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

// Advised is what the answers of an interview come to.
type Advised struct {
	scoping.Recommendation
	// Shared are the criteria that two reports have in common, where both are
	// recommended; Own tells that the organization's objectives name them, and not
	// the template library's.
	Shared []scoping.SharedCriterion
	Own    bool
	// Question is what the periods answer; Proposals are the best first, none where
	// no SOC 1 report is recommended or no user entity is recorded.
	Question  scoping.PeriodQuestion
	Proposals []scoping.Proposal
}

// Advise derives from answers what is recommended, by the records as of a point, and
// records nothing. Answers with problems are refused with all of them. on is the day
// of the answers; empty is today. months asks for periods of one length, 0 for all.
func (a *App) Advise(ctx context.Context, actor string, answers soc1.InterviewAnswers, on soc1.Date, asOf record.AsOf, months int) (*Advised, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	var err error
	if on == "" {
		if on, err = a.Today(ctx); err != nil {
			return nil, err
		}
	}
	if ps := answers.Check(on); len(ps) > 0 {
		return nil, &AnswersError{Problems: ps}
	}
	if months != 0 && (months < scoping.ShortestMonths || months > scoping.LongestMonths) {
		return nil, fmt.Errorf("months: a period of %d months is not usual; give %d to %d", months, scoping.ShortestMonths, scoping.LongestMonths)
	}
	v, err := a.View(ctx, actor, OrganizationLedger, asOf)
	if err != nil {
		return nil, err
	}
	out := &Advised{Recommendation: scoping.Recommend(answers, on)}
	objectives, err1 := record.All[soc1.ControlObjective](ctx, v, "control_objective")
	services, err2 := record.All[soc1.Service](ctx, v, "service")
	users, err3 := record.All[soc1.UserEntity](ctx, v, "user_entity")
	engagements, err4 := record.All[soc1.Engagement](ctx, v, "engagement")
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	if out.Report == soc1.RecommendBoth {
		out.Shared, out.Own = scoping.Shared(answers, objectives, services)
	}
	if out.Type != soc1.AdviseNone {
		out.Question = out.Recommendation.Question(users, answers, on, priorPeriod(engagements, answers))
		out.Question.Months = months
		out.Proposals = scoping.Propose(out.Question)
	}
	return out, nil
}

// priorPeriod is the period of the Type II report that was issued last, where an
// engagement tells it.
func priorPeriod(engagements []record.Typed[soc1.Engagement], a soc1.InterviewAnswers) scoping.Window {
	if a.Issued != soc1.IssuedType2 {
		return scoping.Window{}
	}
	for _, e := range engagements {
		if e.Value.Type == soc1.Type2 && e.Value.PeriodEnd == a.IssuedTo {
			return scoping.Window{From: e.Value.PeriodStart, To: e.Value.PeriodEnd}
		}
		if p := e.Value.PriorReport; p.PeriodTo == a.IssuedTo && p.PeriodFrom.Valid() {
			return scoping.Window{From: p.PeriodFrom, To: p.PeriodTo}
		}
	}
	return scoping.Window{}
}

// AnswersError says what is wrong with the answers of an interview.
type AnswersError struct{ Problems []soc1.Problem }

func (e *AnswersError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// MayRecordInterview tells whether the actor may record an interview; the error says
// who may.
func (a *App) MayRecordInterview(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.ScopeInterview, identity.Resource{Ledger: OrganizationLedger, Kind: "scope_interview"})
}

// RecordInterview records answers and what is recommended because of them, and
// returns the id.
func (a *App) RecordInterview(ctx context.Context, actor string, answers soc1.InterviewAnswers) (string, error) {
	if err := a.admit(ctx, actor, identity.ScopeInterview, identity.Resource{Ledger: OrganizationLedger, Kind: "scope_interview"}); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	if ps := answers.Check(today); len(ps) > 0 {
		return "", &AnswersError{Problems: ps}
	}
	id, err := a.newID("interview-", "")
	if err != nil {
		return "", err
	}
	value := soc1.ScopeInterview{AnsweredBy: actor, AnsweredOn: today, Answers: answers, Outcome: scoping.Recommend(answers, today).InterviewOutcome}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.ScopeInterview, kind: "scope_interview", action: "scope.interview", reason: "Which report is needed."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for i, s := range answers.Services {
			if s.Service == "" {
				continue
			}
			if _, err := get[soc1.Service](tx, "service", s.Service); err != nil {
				return fmt.Errorf("services[%d].service: %w", i, err)
			}
		}
		return tx.Put("scope_interview", id, "", value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// Interviews lists the recorded interviews as of a point, the last first.
func (a *App) Interviews(ctx context.Context, actor string, asOf record.AsOf) ([]record.Typed[soc1.ScopeInterview], error) {
	v, err := a.View(ctx, actor, OrganizationLedger, asOf)
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.ScopeInterview](ctx, v, "scope_interview")
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(i record.Typed[soc1.ScopeInterview]) bool {
		return asOf.Effective != "" && i.Value.AnsweredOn > asOf.Effective
	})
	slices.SortFunc(all, func(x, y record.Typed[soc1.ScopeInterview]) int { return record.Later(y, x) })
	return all, nil
}

// PeriodDraft is a proposal that somebody takes up: as a new engagement, or as the
// dates of one that exists.
type PeriodDraft struct {
	// Engagement is the id; where there is no engagement of it, Title names the new
	// one.
	Engagement, Title string
	Type              soc1.ReportType
	// AsOf is the day of a Type I report, From and To the period of a Type II.
	AsOf, From, To soc1.Date
	Reason         string
}

// DraftEngagement records the dates of a proposal in an engagement, by the rules of
// any change to its register.
func (a *App) DraftEngagement(ctx context.Context, actor string, d PeriodDraft) error {
	if err := record.CheckID(d.Engagement); err != nil {
		return fmt.Errorf("engagement: %w", err)
	}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return err
	}
	c := RecordChange{Kind: "engagement", ID: d.Engagement, Reason: cmp.Or(strings.TrimSpace(d.Reason), "The period that was proposed.")}
	e := soc1.Engagement{Title: strings.TrimSpace(d.Title), StandardSet: soc1.SSAE18And21}
	switch x, err := record.One[soc1.Engagement](ctx, v, "engagement", d.Engagement); {
	case err == nil:
		e, c.Revision = x.Value, x.Revision
		e.Title = cmp.Or(strings.TrimSpace(d.Title), e.Title)
	case !errors.Is(err, record.ErrNotFound):
		return err
	}
	e.Type, e.AsOf, e.PeriodStart, e.PeriodEnd = d.Type, d.AsOf, d.From, d.To
	c.Value = e
	return a.PutRecord(ctx, actor, c)
}
