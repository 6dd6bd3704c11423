package scoping

import (
	"cmp"
	"context"
	"fmt"

	"reperform/record"
	"reperform/soc1"
)

// Records are what a scope is made of.
type Records struct {
	// Engagement is the report in question; without one, everything that is marked
	// in scope is.
	Engagement record.Typed[soc1.Engagement]

	Services   []record.Typed[soc1.Service]
	Classes    []record.Typed[soc1.TransactionClass]
	Systems    []record.Typed[soc1.System]
	Locations  []record.Typed[soc1.Location]
	Entities   []record.Typed[soc1.LegalEntity]
	Subservice []record.Typed[soc1.SubserviceOrganization]
	Accounts   []record.Typed[soc1.Account]
	Relevance  []record.Typed[soc1.AssertionRelevance]
	Objectives []record.Typed[soc1.ControlObjective]
	Controls   []record.Typed[soc1.Control]
	CSOCs      []record.Typed[soc1.CSOC]
	Users      []record.Typed[soc1.UserEntity]
}

// Read takes the records of a scope from a view. An engagement that is named and
// does not exist is an error.
func Read(ctx context.Context, v *record.View, engagement string) (*Records, error) {
	r := &Records{}
	var err error
	if engagement != "" {
		if r.Engagement, err = record.One[soc1.Engagement](ctx, v, "engagement", engagement); err != nil {
			return nil, fmt.Errorf("there is no engagement %q: %w", engagement, err)
		}
	}
	err = cmp.Or(
		read(ctx, v, "service", &r.Services), read(ctx, v, "transaction_class", &r.Classes), read(ctx, v, "system", &r.Systems),
		read(ctx, v, "location", &r.Locations), read(ctx, v, "legal_entity", &r.Entities), read(ctx, v, "subservice_organization", &r.Subservice),
		read(ctx, v, "account", &r.Accounts), read(ctx, v, "assertion_relevance", &r.Relevance), read(ctx, v, "control_objective", &r.Objectives),
		read(ctx, v, "control", &r.Controls), read(ctx, v, "csoc", &r.CSOCs), read(ctx, v, "user_entity", &r.Users),
	)
	return r, err
}

func read[T any](ctx context.Context, v *record.View, kind string, into *[]record.Typed[T]) error {
	list, err := record.All[T](ctx, v, kind)
	*into = list
	return err
}

// Kinds are the kinds of which a scope is made, in the order in which it is told.
var Kinds = []string{"engagement", "service", "transaction_class", "account", "assertion_relevance", "control_objective", "system", "subservice_organization", "location", "legal_entity"}

// Because is one reason why something is in scope or is not.
type Because struct {
	Text string
	// Ref is the record that it rests on, where there is one.
	Ref soc1.Ref
}

// Item is a record that is in scope, or is not.
type Item struct {
	Ref        soc1.Ref
	Code, Name string
	In         bool
	// Because says why.
	Because []Because
	// Hole says what is missing, empty where nothing is.
	Hole string

	rec record.Record
}

// Cell is one assertion about an account, as one class of transactions bears on it.
type Cell struct {
	Assertion soc1.FinancialAssertion
	// Relevant tells whether the class bears on it.
	Relevant bool
	// Objectives serve it for this class by name, General for every class.
	Objectives, General []*Item
}

// Hole tells whether the class bears on the assertion and no objective serves it,
// as rule OBJ-07 has it.
func (c Cell) Hole() bool { return c.Relevant && len(c.Objectives)+len(c.General) == 0 }

// Row leads from a service to the assertions about one account. Class or Account is
// nil where the way ends.
type Row struct {
	Service, Class, Account *Item
	// Relevance is the record that joins class and account, Why what it says.
	Relevance soc1.Ref
	Why       string
	// Cells are by assertion, in the order of the vocabulary.
	Cells []Cell
}

// Base is a system with what it belongs to.
type Base struct {
	System, Operator                *Item
	Services, Locations, Objectives []*Item
}

// Touched is an account with the user entities whose auditors rely on the report for
// it.
type Touched struct {
	Account *Item
	// Entities is how many user entities use a service that reaches it, or name it.
	Entities int64
	Refs     []soc1.Ref
}

// Scope is what is in scope because of what.
type Scope struct {
	Engagement record.Typed[soc1.Engagement]
	// Items are all records that can be in scope by kind, in the order of the report.
	Items map[string][]*Item
	Rows  []Row
	Bases []Base
	// Touched is by account, Users how many user entities there are.
	Touched []Touched
	Users   int64
	// Excluded are exclusions of the engagement that name no record.
	Excluded []soc1.ScopeExclusion

	at map[[2]string]*Item
}

// Item is the item of a record; nil when it cannot be in scope.
func (s *Scope) Item(kind, id string) *Item { return s.at[[2]string{kind, id}] }

// Count is how many items of a kind are in scope.
func (s *Scope) Count(kind string) int {
	n := 0
	for _, x := range s.Items[kind] {
		if x.In {
			n++
		}
	}
	return n
}

// Left are the items that are out of scope, in the order of kinds.
func (s *Scope) Left() []*Item {
	var out []*Item
	for _, kind := range Kinds {
		for _, x := range s.Items[kind] {
			if !x.In && kind != "assertion_relevance" && kind != "engagement" {
				out = append(out, x)
			}
		}
	}
	return out
}

// Holes are the items with something missing, in the order of kinds.
func (s *Scope) Holes() []*Item {
	var out []*Item
	for _, kind := range Kinds {
		for _, x := range s.Items[kind] {
			if x.Hole != "" {
				out = append(out, x)
			}
		}
	}
	return out
}
