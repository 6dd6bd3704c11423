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

// year tells what happens between the beginning of the period and the arrival
// of the auditor: a control owner goes on leave and names a deputy, an assessor
// is invited as a guest, and people comment on controls.
func (s *stage) year(ctx context.Context) error {
	deputies := s.take(func(it *ascode.Item) bool { return it.Kind == "deputy" })
	for _, it := range deputies {
		s.at(soc1.Date(it.Effective), 16)
		if err := s.apply(ctx, it.Value.(*soc1.Deputy).Person, "Leave.", []*ascode.Item{it}); err != nil {
			return err
		}
	}
	return s.talk(ctx, app.OrganizationLedger, s.take(isGuest))
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

// event is something that happens on a day.
type event struct {
	on soc1.Date
	do func() error
}

// talk plays the remarks of a ledger and lets guests in, in the order of their
// days.
func (s *stage) talk(ctx context.Context, ledger string, guests []*ascode.Item) error {
	var events []event
	for _, it := range guests {
		events = append(events, event{soc1.Date(it.Effective), func() error { return s.invite(ctx, it) }})
	}
	for _, r := range s.plan.Conversation {
		if r.Ledger == ledger {
			events = append(events, s.remark(ctx, r)...)
		}
	}
	return play(events)
}

// play lets events happen in order.
func play(events []event) error {
	slices.SortStableFunc(events, func(x, y event) int { return cmp.Compare(x.on, y.on) })
	for _, e := range events {
		if err := e.do(); err != nil {
			return err
		}
	}
	return nil
}

// remark is the writing of a comment and, where somebody settles it, that.
func (s *stage) remark(ctx context.Context, r demo.Remark) []event {
	events := []event{{r.On, func() error {
		s.at(r.On, 11)
		_, _, err := s.app.Comment(ctx, r.By, app.Commenting{Ledger: r.Ledger, ID: r.ID, Subject: soc1.Ref{Kind: "control", ID: r.Control},
			Text: r.Text, Mentions: r.Mentions, ReplyTo: r.ReplyTo})
		if err != nil {
			return fmt.Errorf("comment %s: %w", r.ID, err)
		}
		return nil
	}}}
	if r.ResolvedBy != "" {
		events = append(events, event{r.ResolvedOn, func() error {
			s.at(r.ResolvedOn, 15)
			return s.app.ResolveComment(ctx, r.ResolvedBy, r.Ledger, r.ID, true)
		}})
	}
	return events
}
