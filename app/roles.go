package app

import (
	"context"
	"fmt"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// customRoles are what roles of the organization's own making give. One that was
// retired gives nothing, and neither does one whose words were redacted.
func (a *App) customRoles(ctx context.Context, ids []string) ([]identity.CustomRole, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	var out []identity.CustomRole
	for _, id := range ids {
		r, err := v.Get(ctx, "role", id)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		if err != nil || r.Retired || r.Redacted {
			continue
		}
		c, err := record.Decode[soc1.CustomRole](r)
		if err != nil {
			return nil, err
		}
		out = append(out, identityRole(c))
	}
	return out, nil
}

func identityRole(c soc1.CustomRole) identity.CustomRole {
	out := identity.CustomRole{ReadsAll: c.ReadsAll, Comments: c.Comments, Asks: c.Asks, Answers: c.Answers, BuildsDraft: c.BuildsDraft}
	for _, k := range c.Reads {
		out.Reads = append(out.Reads, string(k))
	}
	for _, k := range c.Keeps {
		out.Keeps = append(out.Keeps, string(k))
	}
	return out
}

// HeldRole is a custom role that somebody holds.
type HeldRole struct {
	ID   string          `json:"id"`
	Role soc1.CustomRole `json:"role"`
}

// OwnRoles lists the custom roles that the actor holds and that are in use, so
// that people can be told what they may do who do not read the register of
// roles. It tells nobody of anybody else.
func (a *App) OwnRoles(ctx context.Context, actor string) ([]HeldRole, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	p, err := record.One[soc1.Person](ctx, v, "person", actor)
	if isNotFound(err) || err == nil && (p.Retired || p.Redacted || p.Value.Side != soc1.SideServiceOrganization) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []HeldRole
	for _, id := range p.Value.CustomRoles {
		r, err := record.One[soc1.CustomRole](ctx, v, "role", id)
		if isNotFound(err) || err == nil && (r.Retired || r.Redacted) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, HeldRole{ID: id, Role: r.Value})
	}
	return out, nil
}

// customGiven checks the custom roles that an invitation gives: they exist and
// are in use.
func (tx *Tx) customGiven(ids []string) error {
	for _, id := range ids {
		if _, err := get[soc1.CustomRole](tx, "role", id); err != nil {
			return fmt.Errorf("custom_roles: %w", err)
		}
	}
	return nil
}
