package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"reperform/ascode"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// PeopleRights is what somebody may do about the people of a ledger.
type PeopleRights struct {
	// Read, Change and Invite tell whether records of people are read and
	// changed, and invitations made.
	Read, Change, Invite bool
}

// PeopleRights asks the policies what the actor may do about the people of a
// ledger, so that a page offers what will be done. Of a ledger that does not
// exist and of one behind the wall the answer is the same: nothing.
func (a *App) PeopleRights(ctx context.Context, actor, name string) (PeopleRights, error) {
	var out PeopleRights
	for _, x := range []struct {
		may  *bool
		act  identity.Action
		kind string
	}{{&out.Read, identity.Read, "person"}, {&out.Change, identity.PersonPut, "person"}, {&out.Invite, identity.Invite, "invitation"}} {
		err := a.admit(ctx, actor, x.act, identity.Resource{Ledger: name, Kind: x.kind})
		var denied *identity.DeniedError
		switch {
		case err == nil:
			*x.may = true
		case !errors.As(err, &denied):
			return PeopleRights{}, err
		}
	}
	return out, nil
}

// PeopleLedgers lists the ledgers whose people the actor may read. A firm's
// administrator reads of an examination its people and nothing else.
func (a *App) PeopleLedgers(ctx context.Context, actor string) []string {
	if a.log.Refresh(ctx) != nil {
		return nil
	}
	var out []string
	for _, l := range a.log.Ledgers() {
		if a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: l, Kind: "person"}) == nil {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// AcceptInvitations records that the actor came, wherever the actor is invited
// and the last day has not passed. It is called when somebody has signed in: the
// link was used before, so that the records follow at the next sign-in should
// the machine have failed between.
func (a *App) AcceptInvitations(ctx context.Context, actor string) error {
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	if err := a.log.Refresh(ctx); err != nil {
		return err
	}
	for _, name := range a.log.Ledgers() {
		v, err := a.latest(name)
		if errors.Is(err, ledger.ErrNoLedger) {
			continue
		}
		if err != nil {
			return err
		}
		all, err := record.All[soc1.Invitation](ctx, v, "invitation")
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Value.Person != actor || x.Value.Status != soc1.InvitationOpen || x.Value.Expires < today {
				continue
			}
			if err := a.AcceptInvitation(ctx, actor, name, x.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepsAdministrator refuses a change after which nobody manages the people of
// the organization any more.
func (p *planner) keepsAdministrator() error {
	items := p.all[OrganizationLedger]
	if p.tx.req.ledger != OrganizationLedger || !slices.ContainsFunc(items, func(it *ascode.Item) bool { return it.Kind == "person" }) {
		return nil
	}
	all, err := list[soc1.Person](p.tx, "person")
	if err != nil {
		return err
	}
	was := ""
	for _, x := range all {
		if !slices.Contains(x.Value.Roles, soc1.Administrator) {
			continue
		}
		was = x.ID
		if now, ok := p.personNow(x.ID); ok && slices.Contains(now.Roles, soc1.Administrator) {
			return nil
		}
	}
	for _, it := range items {
		if x, ok := it.Value.(*soc1.Person); ok && !it.Retired && slices.Contains(x.Roles, soc1.Administrator) {
			return nil
		}
	}
	if was == "" {
		return nil
	}
	return fmt.Errorf("%s is the last administrator of the organization; give the role to somebody else first", was)
}
