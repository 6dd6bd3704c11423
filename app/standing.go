package app

import (
	"context"
	"errors"
	"slices"

	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// Standing is where a person stands by all ledgers: the sides on which they are
// recorded, and the roles. Who was the firm's before management recorded them as
// one of its own stays the firm's, and the other way round: neither side shuts
// the other's people out by a record. It is for those who let people sign in,
// not for deciding what somebody may do.
func (a *App) Standing(ctx context.Context, id string) (sides []soc1.Side, roles []soc1.Role, err error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, nil, err
	}
	stamp := a.stampOf()
	if x, ok := a.standings.get(stamp, id); ok {
		return slices.Clone(x.sides), slices.Clone(x.roles), nil
	}
	if sides, roles, err = a.standing(ctx, id); err != nil {
		return nil, nil, err
	}
	a.standings.put(stamp, id, standing{slices.Clone(sides), slices.Clone(roles)})
	return sides, roles, nil
}

// standing is what Standing answers, read anew.
func (a *App) standing(ctx context.Context, id string) (sides []soc1.Side, roles []soc1.Role, err error) {
	for _, name := range a.log.Ledgers() {
		v, err := a.latest(name)
		if errors.Is(err, ledger.ErrNoLedger) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		p, err := record.One[soc1.Person](ctx, v, "person", id)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if p.Retired || p.Redacted {
			continue
		}
		foreign, err := a.recordedLater(ctx, name, id, p.Value.Side)
		if err != nil {
			return nil, nil, err
		}
		if foreign {
			continue
		}
		if !slices.Contains(sides, p.Value.Side) {
			sides = append(sides, p.Value.Side)
		}
		for _, r := range p.Value.Roles {
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	return sides, roles, nil
}

// standing is where a person stands.
type standing struct {
	sides []soc1.Side
	roles []soc1.Role
}

// recordedLater tells whether a ledger records a person on its side who was the
// other side's first.
func (a *App) recordedLater(ctx context.Context, name, id string, side soc1.Side) (bool, error) {
	if name != OrganizationLedger {
		return a.ownFirst(ctx, name, id)
	}
	if side != soc1.SideServiceOrganization {
		return false, nil
	}
	for _, other := range a.log.Ledgers() {
		if other == OrganizationLedger {
			continue
		}
		v, err := a.latest(other)
		if errors.Is(err, ledger.ErrNoLedger) {
			continue
		}
		if err != nil {
			return false, err
		}
		p, err := record.One[soc1.Person](ctx, v, "person", id)
		if isNotFound(err) || err == nil && (p.Retired || p.Redacted) {
			continue
		}
		if err != nil {
			return false, err
		}
		own, err := a.ownFirst(ctx, other, id)
		if err != nil || !own {
			return !own, err
		}
	}
	return false, nil
}
