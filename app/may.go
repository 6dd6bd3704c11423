package app

import (
	"context"

	"reperform/identity"
	"reperform/record"
)

// MayPut asks the policies whether the actor may write a record, so that a page
// offers what will be done; without an id it is a new one of the actor's own. The
// error is the refusal. Whether there is such a record is not said.
func (a *App) MayPut(ctx context.Context, actor, name, kind, id string) error {
	if _, err := record.Kinds.Kind(kind); err != nil {
		return err
	}
	if err := a.log.Refresh(ctx); err != nil {
		return err
	}
	act, res := identity.Put, identity.Resource{Ledger: name, Kind: kind}
	switch {
	case kind == "person":
		act = identity.PersonPut
	case inOwnName(kind):
		res.Owner = actor
	}
	var controls []string
	if v, err := a.latest(name); err == nil && id != "" {
		if x, err := v.Get(ctx, kind, id); err == nil {
			res, controls = about(name, kind, id, x.Body), controlsOf(kind, id, x.Body)
		}
	}
	return a.authorizeOn(ctx, actor, act, res, controls)
}
