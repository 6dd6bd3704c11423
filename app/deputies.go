package app

import (
	"context"
	"fmt"
	"slices"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// standIn is what a person has as somebody's deputy, for a span of days.
type standIn struct {
	from, until soc1.Date
	// of is who is stood in for.
	of    string
	roles []identity.Role
	// controls narrow the work of a control owner; empty means all.
	controls []string
}

// standIns finds whose deputy a person is, whenever. Deputies exist in the
// organization's ledger alone, between people of the service organization, and
// give only what the person stood in for holds now: what somebody has as a
// deputy is never handed on, so that there are no chains.
func (a *App) standIns(ctx context.Context, v *record.View, actor string) ([]standIn, error) {
	all, err := record.All[soc1.Deputy](ctx, v, "deputy")
	if err != nil {
		return nil, err
	}
	var out []standIn
	for _, d := range all {
		if d.Value.Deputy != actor {
			continue
		}
		of, err := record.One[soc1.Person](ctx, v, "person", d.Value.Person)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if of.Retired || of.Value.Side != soc1.SideServiceOrganization {
			continue
		}
		s := standIn{from: d.Value.From, until: d.Value.Until, of: d.Value.Person, controls: d.Value.Controls}
		for _, scope := range d.Value.Scope {
			if slices.Contains(of.Value.Roles, scope.Role()) {
				s.roles = append(s.roles, identity.Role(scope))
			}
		}
		if len(s.roles) > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// standingIn adds to a person what they have as a deputy on a day, with respect
// to a record that is about some controls.
func standingIn(p identity.Principal, all []standIn, day soc1.Date, controls []string) identity.Principal {
	own := p.Roles
	p.Roles = slices.Clone(own)
	for _, s := range all {
		if day < s.from || s.until < day {
			continue
		}
		for _, r := range s.roles {
			if !slices.Contains(p.Roles, r) {
				p.Roles, p.Acting = append(p.Roles, r), append(p.Acting, r)
			}
		}
		if slices.Contains(s.roles, identity.ControlOwner) && s.covers(controls) {
			p.StandsInFor = append(p.StandsInFor, s.of)
		}
	}
	return p
}

// covers reports whether a record that is about some controls lies within what
// the deputy was named for.
func (s standIn) covers(controls []string) bool {
	if len(s.controls) == 0 {
		return true
	}
	outside := func(c string) bool { return !slices.Contains(s.controls, c) }
	return len(controls) > 0 && !slices.ContainsFunc(controls, outside)
}

// controlsOf are the controls that a record is, or is about.
func controlsOf(kind, id string, body []byte) []string {
	switch kind {
	case "control":
		return []string{id}
	case "evidence", "request":
		return fields(body, "controls")
	}
	return nil
}

// deputyProblem says what is wrong with a deputy beyond the record alone: both
// are people of the service organization, and the one stood in for holds what
// is handed over.
func (p *planner) deputyProblem(d *soc1.Deputy) (path, message, remedy string) {
	for _, x := range []struct{ path, id string }{{"person", d.Person}, {"deputy", d.Deputy}} {
		person, ok := p.personNow(x.id)
		if ok && person.Side != soc1.SideServiceOrganization {
			return x.path, fmt.Sprintf("%s is not one of the organization's people.", x.id), "Deputies stand in among management alone; name somebody of the service organization."
		}
		if !ok || x.path == "deputy" {
			continue // That somebody does not exist is said of the reference.
		}
		for _, s := range d.Scope {
			if !slices.Contains(person.Roles, s.Role()) {
				return "scope", fmt.Sprintf("%s does not hold the role %s.", x.id, s.Role().Label()), "Only what a person holds themselves is handed over; correct the scope."
			}
		}
	}
	return "", "", ""
}

// personNow is a person as these files or the ledger have them.
func (p *planner) personNow(id string) (soc1.Person, bool) {
	items := p.all[p.tx.req.ledger]
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].Kind == "person" && items[i].ID == id {
			person, ok := items[i].Value.(*soc1.Person)
			if !ok || items[i].Retired {
				return soc1.Person{}, false
			}
			return *person, true
		}
	}
	person, err := get[soc1.Person](p.tx, "person", id)
	return person, err == nil
}
