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
// recorded, and the roles. It is for those who let people sign in, not for
// deciding what somebody may do.
func (a *App) Standing(ctx context.Context, id string) (sides []soc1.Side, roles []soc1.Role, err error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, nil, err
	}
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
