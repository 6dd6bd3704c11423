package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// Inviting says who is let in and as what.
type Inviting struct {
	// Ledger is where the roles count: empty for the organization's, in which
	// management and guests are invited; the examination's for the firm.
	Ledger string
	// ID of the invitation; empty lets the program choose one.
	ID string
	// Person is the id of the person invited, As the person's record.
	Person string
	As     soc1.Person
	// Expires is the last day on which it can be accepted; empty is two weeks
	// from today.
	Expires soc1.Date
	Reason  string
}

// invitationDays is how long an invitation stands when nothing is said.
const invitationDays = 14

// Invite records an invitation, and in the same entry the person with the roles
// that it gives. The secret that is sent is not the ledger's: it is made and
// kept where people sign in. It returns the id of the invitation.
func (a *App) Invite(ctx context.Context, actor string, in Inviting) (string, error) {
	if in.Ledger == "" {
		in.Ledger = OrganizationLedger
	}
	id, err := a.newID("inv-", in.ID)
	if err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	if in.Expires == "" {
		in.Expires = today.AddDays(invitationDays)
	}
	req := request{actor: actor, ledger: in.Ledger, may: identity.Invite, kind: "invitation", action: "person.invite", reason: in.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := tx.mayInvite(in, today); err != nil {
			return err
		}
		if _, taken, err := tx.Get("invitation", id); err != nil {
			return err
		} else if taken {
			return fmt.Errorf("there is an invitation %q already; choose another id, or leave it out", id)
		}
		v := soc1.Invitation{Person: in.Person, Email: in.As.Email, Side: in.As.Side, Roles: in.As.Roles, CustomRoles: in.As.CustomRoles, InvitedBy: actor,
			On: today, Expires: in.Expires, Status: soc1.InvitationOpen}
		if err := tx.Put("invitation", id, "", v); err != nil {
			return err
		}
		now, err := get[soc1.Person](tx, "person", in.Person)
		if err == nil && samePerson(now, in.As) {
			return nil
		}
		return tx.Put("person", in.Person, today, in.As)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// mayInvite holds an invitation to what its maker may give.
func (tx *Tx) mayInvite(in Inviting, today soc1.Date) error {
	if err := record.CheckNewID(in.Person); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	class := ClassExamination
	if tx.req.ledger == OrganizationLedger {
		class = ClassOrganization
	}
	switch {
	case in.Person == tx.req.actor:
		return errors.New("nobody invites themselves; ask another person who manages the people of this ledger")
	case len(in.As.Roles) == 0 && len(in.As.CustomRoles) == 0:
		return errors.New("roles: an invitation gives at least one role; name it")
	case in.Expires < today:
		return fmt.Errorf("expires: %s has passed; name a later day", in.Expires)
	}
	if err := identity.CheckRoles(string(in.As.Side), class, identity.RolesOf(in.As.Roles)); err != nil {
		return err
	}
	if err := identity.CheckCustomRoles(string(in.As.Side), class, in.As.CustomRoles); err != nil {
		return err
	}
	if err := tx.customGiven(in.As.CustomRoles); err != nil {
		return err
	}
	if class == ClassExamination {
		// Nobody stands on both sides.
		own, err := tx.app.ownPerson(tx.ctx, in.Person)
		if err != nil {
			return err
		}
		if own {
			return fmt.Errorf("%s is recorded as one of the organization's people; a service auditor is independent of it", in.Person)
		}
	}
	if rep := in.As.Represents; rep != "" {
		if _, err := get[soc1.SubserviceOrganization](tx, "subservice_organization", rep); err != nil {
			return fmt.Errorf("represents: %w", err)
		}
	}
	all, err := list[soc1.Invitation](tx, "invitation")
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.Value.Person == in.Person && v.Value.Status == soc1.InvitationOpen && v.Value.Expires >= today {
			return fmt.Errorf("%s is invited already, by invitation %s of %s; revoke it before inviting again", in.Person, v.ID, v.Value.On)
		}
	}
	return tx.mayGive(in)
}

// mayGive keeps an invitation from being a way around the command for people:
// who may not use that changes nobody who is there already, and a manager of
// the firm gives no role above a manager's.
func (tx *Tx) mayGive(in Inviting) error {
	people := identity.Resource{Ledger: tx.req.ledger, Kind: "person"}
	refusal := tx.app.authorize(tx.ctx, tx.req.actor, identity.PersonPut, people)
	if refusal == nil {
		return nil
	}
	r, there, err := tx.Get("person", in.Person)
	if err != nil {
		return err
	}
	if there {
		now, err := record.Decode[soc1.Person](r)
		if err != nil {
			return err
		}
		if r.Retired || !samePerson(now, in.As) {
			return refusal
		}
		return nil
	}
	p, _, err := tx.app.principal(tx.ctx, tx.req.actor, tx.req.ledger)
	if err != nil {
		return err
	}
	if slices.Contains(p.Roles, identity.EngagementPartner) {
		return nil
	}
	for _, role := range in.As.Roles {
		if role != soc1.FirmStaff && role != soc1.FirmManager {
			return fmt.Errorf("roles: an audit manager invites staff and managers, and %s is another role; ask the engagement partner or a firm administrator", role)
		}
	}
	return nil
}

// samePerson compares two records of a person.
func samePerson(x, y soc1.Person) bool {
	same := slices.Equal(x.Roles, y.Roles) && slices.Equal(x.CustomRoles, y.CustomRoles)
	return same && x.Name == y.Name && x.Title == y.Title && x.Email == y.Email && x.Side == y.Side &&
		x.Represents == y.Represents && x.ActiveFrom == y.ActiveFrom && x.ActiveTo == y.ActiveTo
}

// AcceptInvitation records that the person invited came. Only that person does
// it, once, and not after the last day.
func (a *App) AcceptInvitation(ctx context.Context, actor, ledger, id string) error {
	if ledger == "" {
		ledger = OrganizationLedger
	}
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: ledger, may: identity.InviteAccept, kind: "invitation", owner: a.ownerNow(ctx, ledger, "invitation", id),
		action: "invitation.accept", reason: "Accepted."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		v, err := tx.openInvitation(id)
		if err != nil {
			return err
		}
		if v.Expires < today {
			return fmt.Errorf("invitation %s expired on %s; ask %s for a new one", id, v.Expires, v.InvitedBy)
		}
		v.Status, v.AcceptedOn = soc1.InvitationAccepted, today
		return tx.Put("invitation", id, "", v)
	})
	return err
}

// RevokeInvitation takes an open invitation back. A person who was recorded by
// it and not since is retired in the same entry; who was there before keeps the
// roles recorded, which the command for people changes.
func (a *App) RevokeInvitation(ctx context.Context, actor, ledger, id, reason string) error {
	if ledger == "" {
		ledger = OrganizationLedger
	}
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: ledger, may: identity.Invite, kind: "invitation", action: "invitation.revoke", reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		v, err := tx.openInvitation(id)
		if err != nil {
			return err
		}
		made, _, err := tx.Get("invitation", id)
		if err != nil {
			return err
		}
		v.Status, v.RevokedBy, v.RevokedOn = soc1.InvitationRevoked, actor, today
		if err := tx.Put("invitation", id, "", v); err != nil {
			return err
		}
		person, there, err := tx.Get("person", v.Person)
		if err != nil || !there || person.Retired || person.Revision != 1 || person.Pos != made.Pos {
			return err
		}
		return tx.put("person", v.Person, today, person.Body, true)
	})
	return err
}

// openInvitation reads an invitation that nobody has accepted or revoked.
func (tx *Tx) openInvitation(id string) (soc1.Invitation, error) {
	v, err := get[soc1.Invitation](tx, "invitation", id)
	if err != nil {
		return v, err
	}
	switch v.Status {
	case soc1.InvitationAccepted:
		return v, fmt.Errorf("invitation %s was accepted on %s; it serves once", id, v.AcceptedOn)
	case soc1.InvitationRevoked:
		return v, fmt.Errorf("invitation %s was revoked on %s", id, v.RevokedOn)
	}
	return v, nil
}

// ownerNow is whose a record is as it stands, for asking the policies. It is
// empty when there is no such record or no such ledger, which the policies then
// answer like any other stranger's.
func (a *App) ownerNow(ctx context.Context, ledger, kind, id string) string {
	v, err := a.latest(ledger)
	if err != nil {
		return ""
	}
	r, err := v.Get(ctx, kind, id)
	if err != nil {
		return ""
	}
	return ownerOf(kind, r.Body)
}

// madeAlready is the id of a live record of a kind that says the very same; empty where
// there is none.
func madeAlready[T any](tx *Tx, kind string, same func(T) bool) (string, error) {
	all, err := list[T](tx, kind)
	if err != nil {
		return "", err
	}
	for i := range all {
		if same(all[i].Value) {
			return all[i].ID, nil
		}
	}
	return "", nil
}

// newID is the id given, or a random one.
func (a *App) newID(prefix, given string) (string, error) {
	if given != "" {
		return given, record.CheckNewID(given)
	}
	b := make([]byte, 8)
	if _, err := io.ReadFull(randomness(a.opt), b); err != nil {
		return "", err
	}
	return prefix + hex.EncodeToString(b), nil
}
