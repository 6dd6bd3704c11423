package identity

import (
	"fmt"
	"slices"
	"strings"
)

// DeniedError is a refusal as the person reads it.
type DeniedError struct {
	// Ledger is the ledger's name as the person gave it.
	Ledger string
	// Hidden says that the refusal must not differ from that of a ledger that
	// does not exist; an adapter answers "not found". The fields below are
	// then empty.
	Hidden bool
	// Action is what was refused.
	Action Action
	// Class is the class of the ledger.
	Class string
	// Kind is the kind of the record; it may be empty.
	Kind string
	// Holders are the roles any of which would have been allowed, alone.
	Holders []Role
	// OwnerMay says that the owner of the record would have been allowed too.
	OwnerMay bool
	// owner is whom the policies were asked about as the owner.
	owner string
	// Policies are the policies that forbade; empty where none permitted.
	Policies []string
	// Remedy is what to do instead, a sentence or more.
	Remedy string
}

// Error says what was refused, who may do it and what to do instead.
func (e *DeniedError) Error() string {
	if e.Hidden {
		return fmt.Sprintf("there is no ledger %q that you can use; check its name, or ask those who work in it to add you", e.Ledger)
	}
	text := "you may not " + e.Action.words()
	if before, ok := strings.CutSuffix(text, "this record"); ok && e.Kind != "" {
		text = before + "this " + kindWords(e.Kind)
	}
	text += fmt.Sprintf(" in the %s's ledger", e.Class)
	if e.Class != Organization {
		// There may be several.
		text += fmt.Sprintf(" %q", e.Ledger)
	}
	// The remedy says who may, each once.
	return text + ". " + e.Remedy
}

// kindWords is a kind as people speak of it.
func kindWords(kind string) string {
	if kind == "cuec" || kind == "csoc" {
		return strings.ToUpper(kind)
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// mostAsked is how many roles a remedy names: where nearly everybody may, the
// first of them are enough to ask.
const mostAsked = 3

// who lists those who may, in the words of a sentence; empty for nobody.
func (e *DeniedError) who() string {
	var list []string
	for _, r := range e.Holders {
		list = append(list, r.words())
	}
	if len(list) > mostAsked {
		list = list[:mostAsked]
	}
	if e.OwnerMay {
		list = append(list, e.ownerWords())
	}
	return orList(list)
}

// ownerWords say who it is whom the policies ask about as the owner: not always the person
// who is called the owner of the record.
func (e *DeniedError) ownerWords() string {
	switch {
	case e.Action == PolicyDecide && e.owner != "":
		return e.owner + ", whom the policy names as its approver"
	case e.Action == PolicyDecide:
		return "the approver whom the policy names"
	case e.Action == ControlPerform:
		return "whoever the control says performs it"
	case e.Action == PerformanceReview:
		return "whoever the control says reviews it"
	case e.Action == RequestAnswer:
		return "the person asked"
	case e.Kind == "deputy":
		return "whoever is stood in for"
	}
	return "the record's owner"
}

// NoSuchLedger is the answer to a request for a ledger that does not exist. It
// equals, field by field, what Check answers to somebody who stands outside an
// examination, so that asking tells nobody whether the ledger exists.
func NoSuchLedger(ledger string) *DeniedError {
	return &DeniedError{Ledger: ledger, Hidden: true}
}

// Check returns nil where Decide allows, otherwise a *DeniedError.
func (a *Authorizer) Check(p Principal, act Action, r Resource) error {
	d := a.Decide(p, act, r)
	if d.Allowed {
		return nil
	}
	if outside(p, r) {
		return NoSuchLedger(r.Ledger)
	}
	e := &DeniedError{Ledger: r.Ledger, Action: act, Class: r.Class, Kind: r.Kind, owner: r.Owner, Policies: d.Policies}
	e.Holders, e.OwnerMay = a.holders(act, r)
	e.Remedy = a.remedy(p, act, r, d, e.who())
	return e
}

// outside reports whether a person may not even know that the ledger exists:
// an examination's, unless the person is of the firm and holds a role in it.
func outside(p Principal, r Resource) bool {
	if r.Class == Organization {
		return false
	}
	firm := slices.ContainsFunc(p.Roles, Role.Firm)
	management := slices.ContainsFunc(p.Roles, func(role Role) bool { return role.Known() && !role.Firm() })
	return r.Class != Examination || p.Side != AuditFirm || !firm || management
}

// holders finds the roles any of which alone would be allowed to somebody who
// does not own the record, and whether owning it would help.
func (a *Authorizer) holders(act Action, r Resource) (list []Role, ownerMay bool) {
	colleague := r.Owner + "'s colleague" // whoever is not the owner
	for _, role := range AllRoles() {
		p := Principal{ID: colleague, Side: role.side(), Roles: []Role{role}}
		if a.Decide(p, act, r).Allowed {
			list = append(list, role)
			continue
		}
		p.ID = r.Owner
		ownerMay = ownerMay || a.Decide(p, act, r).Allowed
	}
	return list, ownerMay
}

// remedy says what the person can do now. A policy that forbids brings its own
// words; otherwise somebody may do it, here or in the other class of ledger.
func (a *Authorizer) remedy(p Principal, act Action, r Resource, d Decision, who string) string {
	var out []string
	for _, id := range d.Policies {
		if act != Put && len(d.Policies) > 1 && slices.Contains(firmWrites, id) && a.saysMore(d.Policies) {
			continue
		}
		if text := a.policies.remedies[id]; text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if len(out) > 0 {
		return strings.Join(out, " ")
	}
	if !act.Known() {
		return fmt.Sprintf("This program knows no action %q. Use the version of the program that does.", string(act))
	}
	if who != "" {
		// Without a role in an examination nobody gets this far, so the ledger
		// is the organization's.
		if len(p.Roles) == 0 && len(p.Custom) == 0 {
			return "You hold no role in this ledger. Ask an administrator to give you one."
		}
		if act == PolicyDecide {
			// What was said of them says that they may.
			return fmt.Sprintf("Ask %s.", who)
		}
		return fmt.Sprintf("Ask %s, who may.", who)
	}
	r.Class = otherClass(r.Class)
	elsewhere, ownerMay := a.holders(act, r)
	there := &DeniedError{Action: act, Kind: r.Kind, Holders: elsewhere, OwnerMay: ownerMay}
	if who := there.who(); who != "" {
		return fmt.Sprintf("That is done in the %s's ledger, by %s.", r.Class, who)
	}
	return fmt.Sprintf("Nobody may do that to this %s.", kindWords(r.Kind))
}

// firmWrites are the policies that keep the firm from writing. Where another one
// forbids the very act as well, that says better what to do.
var firmWrites = []string{"wall-firm-never-writes-organization", "wall-firm-roles-never-write-organization"}

func (a *Authorizer) saysMore(policies []string) bool {
	return slices.ContainsFunc(policies, func(id string) bool { return !slices.Contains(firmWrites, id) && a.policies.remedies[id] != "" })
}

// otherClass is the class on the other side of the wall.
func otherClass(class string) string {
	if class == Organization {
		return Examination
	}
	return Organization
}
