package app

import (
	"encoding/json"
	"slices"

	"reperform/ascode"
	"reperform/identity"
	"reperform/record"
)

// assigned are the fields of a control by which the program is steered: who
// answers for it, whether it is key, and the objectives that it serves. An owner
// who could change them could give the control away, or out of the scope of the
// examination.
var assigned = []string{"owner", "key", "objectives", "performed_here"}

// apart are the fields by which performer and reviewer of a control that is performed
// here are held apart, and by which its signatures are asked for. An owner who could
// change them could review their own work, or be in time whenever they are.
var apart = []string{"performer", "reviewer", "segregated", "due_business_days", "calendar", "checklist", "balances"}

// assigns names the first of these fields that an item changes of a control,
// where the actor may change it as its owner, or as the owner's deputy, alone;
// empty where nothing is to be said.
func (p *planner) assigns(it *ascode.Item, stored json.RawMessage) string {
	if it.Kind != "control" || it.Retired || stored == nil {
		return ""
	}
	names := assigned
	if !sameField(stored, json.RawMessage("{}"), "performed_here") {
		names = slices.Concat(assigned, apart)
	}
	i := slices.IndexFunc(names, func(name string) bool { return !sameField(stored, it.Body, name) })
	if i < 0 {
		return ""
	}
	// Whoever may change a control that nobody owns may so by a role.
	nobodys := identity.Resource{Ledger: p.tx.req.ledger, Kind: it.Kind}
	if p.tx.app.authorizeOn(p.tx.ctx, p.tx.req.actor, identity.Put, nobodys, controlsOf(it.Kind, it.ID, stored)) == nil {
		return ""
	}
	return names[i]
}

// sameField compares a field of two bodies; one left out and an empty one are
// alike.
func sameField(a, b json.RawMessage, name string) bool {
	var both [2]map[string]json.RawMessage
	for i, body := range []json.RawMessage{a, b} {
		if json.Unmarshal(body, &both[i]) != nil {
			return false
		}
	}
	empty := func(x json.RawMessage) bool {
		return slices.Contains([]string{"", "null", `""`, "false", "[]"}, string(x))
	}
	x, y := both[0][name], both[1][name]
	return empty(x) && empty(y) || !empty(x) && !empty(y) && record.SameBody(x, y)
}
