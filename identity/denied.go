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
	if e.Kind != "" && strings.HasSuffix(text, "this record") {
		text += fmt.Sprintf(" of kind %q", e.Kind)
	}
	text += fmt.Sprintf(" in the %s's ledger %q", e.Class, e.Ledger)
	if len(e.Holders) > 0 {
		text += "; " + inWords(e.Holders) + " may"
	}
	return text + ": " + e.Remedy
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
	e := &DeniedError{Ledger: r.Ledger, Action: act, Class: r.Class, Kind: r.Kind, Policies: d.Policies}
	e.Holders = a.holders(act, r)
	e.Remedy = a.remedy(p, act, r, d, e.Holders)
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
// does not own the record.
func (a *Authorizer) holders(act Action, r Resource) []Role {
	var out []Role
	for _, role := range AllRoles() {
		side := ServiceOrganization
		if role.Firm() {
			side = AuditFirm
		}
		if a.Decide(Principal{ID: "somebody", Side: side, Roles: []Role{role}}, act, r).Allowed {
			out = append(out, role)
		}
	}
	return out
}

// remedy says what the person can do now. A policy that forbids brings its own
// words; otherwise somebody may do it, here or in the other class of ledger.
func (a *Authorizer) remedy(p Principal, act Action, r Resource, d Decision, holders []Role) string {
	var out []string
	for _, id := range d.Policies {
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
	if len(holders) > 0 {
		remedy := fmt.Sprintf("Ask %s to do it", inWords(holders))
		if len(p.Roles) == 0 {
			return "You hold no role in this ledger. " + remedy + ", or to have a role given to you."
		}
		return remedy + "."
	}
	r.Class = otherClass(r.Class)
	if elsewhere := a.holders(act, r); len(elsewhere) > 0 {
		return fmt.Sprintf("That is done in the %s's ledger, by %s.", r.Class, inWords(elsewhere))
	}
	return fmt.Sprintf("Nobody may do that to a record of kind %q.", r.Kind)
}

// otherClass is the class on the other side of the wall.
func otherClass(class string) string {
	if class == Organization {
		return Examination
	}
	return Organization
}
