package soc1

import "fmt"

// ScopeFreeze is management's decision that the scope of an engagement stands:
// what was in scope then, revision by revision. Nothing is locked by it; what
// changes later is seen against it.
type ScopeFreeze struct {
	// Engagement is the report whose scope it is.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Reason says why the scope stands now, or why it is frozen again.
	Reason string `json:"reason" label:"Why" required:"true" multiline:"true"`
	// FrozenBy is who decided.
	FrozenBy string `json:"frozen_by" label:"Frozen by" ref:"person" required:"true"`
	// FrozenOn is the day.
	FrozenOn Date `json:"frozen_on" label:"Frozen on" required:"true"`
	// Again is the freeze before this one, where there was one.
	Again string `json:"again,omitempty" label:"After" ref:"scope_freeze"`
	// Items are the records in scope, each with its revision.
	Items []Ref `json:"items" label:"In scope" required:"true"`
	// SHA256 is over the items and what they said: one line each, in order of kind
	// and id, of kind, id, revision and the SHA-256 of the record's JSON.
	SHA256 string `json:"sha256" label:"SHA-256" required:"true"`
}

// Validate checks the freeze alone.
func (f ScopeFreeze) Validate() []Problem {
	c := examine(f)
	c.digest(f.SHA256, "sha256")
	seen := map[Ref]bool{}
	for i, r := range f.Items {
		key := Ref{Kind: r.Kind, ID: r.ID}
		c.when(r.Kind == "" || r.ID == "" || r.Revision < 1, at("items", i, ""), "The item names no revision of a record.", "Give kind, id and revision.")
		c.when(seen[key], at("items", i, ""), fmt.Sprintf("%s %s is listed twice.", r.Kind, r.ID), "List it once.")
		seen[key] = true
	}
	return c.problems
}

// ScopeExclusion is something that an engagement leaves out, with the reason.
type ScopeExclusion struct {
	// What is the id of the record left out, or words where there is none.
	What string `json:"what" label:"Left out" required:"true" help:"The id of a service, a system, a location or a subservice organization, or words."`
	// Why says why.
	Why string `json:"why" label:"Why" required:"true" multiline:"true"`
}
