package play

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"reperform/app"
	"reperform/ascode"
	"reperform/demo"
	"reperform/soc1"
)

// year tells what the company does in the year that is examined. Most of it
// happens before the auditor arrives, the rest while the tests are planned.
func (s *stage) year(ctx context.Context) error {
	s.pending = s.season(s.engaged.PeriodEnd.Year(), s.plan.Engagement, "2025-01-15", "2026-01-20")
	deputies := s.take(func(it *ascode.Item) bool { return it.Kind == "deputy" })
	for _, it := range deputies {
		s.pending = append(s.pending, event{soc1.Date(it.Effective), 16, func(ctx context.Context) error {
			s.at(soc1.Date(it.Effective), 16)
			return s.apply(ctx, it.Value.(*soc1.Deputy).Person, "Leave.", []*ascode.Item{it})
		}})
	}
	s.pending = append(s.pending, s.talk(app.OrganizationLedger, s.take(isGuest))...)
	return s.through(ctx, "2025-10-05")
}

// goOn tells the year that is under way on the last day, if there is one: from
// March, when the examination of the last year is over.
func (s *stage) goOn(ctx context.Context) error {
	until := s.opt.Until
	year := until.AddMonths(1 - begins).Year()
	if until == "" || year <= s.engaged.PeriodEnd.Year() {
		return nil
	}
	s.pending = append(s.pending, s.season(year, fmt.Sprintf("soc1-%d", year), workday(soc1.NewDate(year, opens, 2)), min(until, soc1.NewDate(year, 12, 31)))...)
	return s.through(ctx, until)
}

// through lets everything happen that is pending up to a day.
func (s *stage) through(ctx context.Context, day soc1.Date) error {
	slices.SortStableFunc(s.pending, func(x, y event) int { return cmp.Or(cmp.Compare(x.on, y.on), cmp.Compare(x.hour, y.hour)) })
	for len(s.pending) > 0 && s.pending[0].on <= day {
		e := s.pending[0]
		s.pending = s.pending[1:]
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", e.on, err)
		}
	}
	return nil
}

// isGuest finds the people who come by invitation.
func isGuest(it *ascode.Item) bool {
	p, ok := it.Value.(*soc1.Person)
	return ok && p.Side == soc1.SideGuest
}

// invite lets a guest in and has the invitation accepted on the same day.
func (s *stage) invite(ctx context.Context, it *ascode.Item) error {
	s.at(soc1.Date(it.Effective), 9)
	id := "inv-" + it.ID
	_, err := s.app.Invite(ctx, administrator, app.Inviting{ID: id, Person: it.ID, As: *it.Value.(*soc1.Person), Reason: "Assessment of August 2025."})
	if err != nil {
		return err
	}
	return s.app.AcceptInvitation(ctx, it.ID, app.OrganizationLedger, id)
}

// event is something that happens at an hour of a day.
type event struct {
	on   soc1.Date
	hour int
	do   func(context.Context) error
}

// talk are the remarks of a ledger and the arrival of guests.
func (s *stage) talk(ledger string, guests []*ascode.Item) []event {
	var events []event
	for _, it := range guests {
		events = append(events, event{soc1.Date(it.Effective), 9, func(ctx context.Context) error { return s.invite(ctx, it) }})
	}
	for _, r := range s.plan.Conversation {
		if r.Ledger == ledger {
			events = append(events, s.remark(r)...)
		}
	}
	return events
}

// remark is the writing of a comment and, where somebody settles it, that.
func (s *stage) remark(r demo.Remark) []event {
	events := []event{{r.On, 11, func(ctx context.Context) error {
		s.at(r.On, 11)
		_, _, err := s.app.Comment(ctx, r.By, app.Commenting{Ledger: r.Ledger, ID: r.ID, Subject: soc1.Ref{Kind: "control", ID: r.Control},
			Text: r.Text, Mentions: r.Mentions, ReplyTo: r.ReplyTo})
		if err != nil {
			return fmt.Errorf("comment %s: %w", r.ID, err)
		}
		return nil
	}}}
	if r.ResolvedBy != "" {
		events = append(events, event{r.ResolvedOn, 15, func(ctx context.Context) error {
			s.at(r.ResolvedOn, 15)
			return s.app.ResolveComment(ctx, r.ResolvedBy, r.Ledger, r.ID, true)
		}})
	}
	return events
}
