package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"reperform/ascode"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// RecordChange is a new revision of one register record.
type RecordChange struct {
	// Ledger is empty for the organization's.
	Ledger string
	Kind   string
	ID     string
	// Revision is what the change was made against: the revision read, 0 for
	// a new record, -1 to not care.
	Revision  int64
	Effective soc1.Date
	// Value is a value of the kind's struct. With Retired it may be nil: the
	// record then keeps what it says.
	Value  interface{ Validate() []soc1.Problem }
	Reason string
	// Retired takes the record out of use.
	Retired bool
}

// StaleError says that a record has changed since it was read.
type StaleError struct {
	Kind, ID string
	// Against is the revision the change was made against, Now the latest.
	Against, Now int64
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("%s %s was changed meanwhile: the change was made against revision %d, the latest is %d; compare both and repeat what is still wanted", e.Kind, e.ID, e.Against, e.Now)
}

// PutRecord records a new revision of a register record. A *StaleError tells
// that somebody else was faster; nothing is overwritten.
func (a *App) PutRecord(ctx context.Context, actor string, c RecordChange) error {
	if c.Kind == "person" {
		return fmt.Errorf("people are recorded by applying a file, or by a command of their own")
	}
	return a.putOne(ctx, actor, c, "record.put")
}

// PutPerson records a new revision of a person, by the rules of a file that
// holds that person: who may do it, and which roles the side and the ledger
// allow. Otherwise it is as PutRecord.
func (a *App) PutPerson(ctx context.Context, actor string, c RecordChange) error {
	if c.Kind == "" {
		c.Kind = "person"
	}
	if c.Kind != "person" {
		return fmt.Errorf("%s %s: a person is wanted", c.Kind, c.ID)
	}
	return a.putOne(ctx, actor, c, "person.put")
}

func (a *App) putOne(ctx context.Context, actor string, c RecordChange, action string) error {
	if c.Ledger == "" {
		c.Ledger = OrganizationLedger
	}
	kind, err := registerKind(c)
	if err != nil {
		return err
	}
	// Reading is the least; the change is authorized with the record's owner.
	req := request{actor: actor, ledger: c.Ledger, may: identity.Read, kind: c.Kind, action: action, reason: c.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error { return tx.register(kind, c) })
	return err
}

// register puts a revision of a register record, by the rules of a file that holds this
// one record.
func (tx *Tx) register(kind *record.Kind, c RecordChange) error {
	it, err := tx.itemOf(kind, c)
	if err != nil {
		return err
	}
	effective := c.Effective
	if effective == "" && (c.Retired || c.Kind == "person") {
		if effective, err = tx.app.Today(tx.ctx); err != nil {
			return err
		}
	}
	p := &planner{tx: tx, all: map[string][]*ascode.Item{c.Ledger: {it}}, denied: map[string]bool{}}
	if !p.allowed(it, kind) {
		if p.refusal != nil {
			return p.refusal
		}
		return plain(p.problems[0])
	}
	if now := tx.snap.Version(c.Kind, c.ID); c.Revision >= 0 && now != c.Revision {
		return &StaleError{Kind: c.Kind, ID: c.ID, Against: c.Revision, Now: now}
	}
	if err := p.identified(it); err != nil {
		return err
	}
	if err := p.references(it, kind); err != nil {
		return err
	}
	if len(p.problems) > 0 {
		return plain(p.problems[0])
	}
	if err := p.keepsAdministrator(); err != nil {
		return err
	}
	if c.Retired {
		return tx.put(c.Kind, c.ID, effective, it.Body, true)
	}
	return tx.Put(c.Kind, c.ID, effective, c.Value)
}

// registerKind is the kind of a change, if it is one of a register and the
// value is of the kind.
func registerKind(c RecordChange) (*record.Kind, error) {
	kind, err := record.Kinds.Kind(c.Kind)
	if err != nil {
		return nil, err
	}
	if kind.Decision || !kind.Is(c.Value) && !(c.Retired && c.Value == nil) {
		return nil, fmt.Errorf("%s %s: a register record of its own kind is wanted", c.Kind, c.ID)
	}
	return kind, nil
}

// itemOf gives a change the form of an item of a file.
func (tx *Tx) itemOf(kind *record.Kind, c RecordChange) (*ascode.Item, error) {
	it := &ascode.Item{Ledger: c.Ledger, Kind: c.Kind, ID: c.ID, Effective: string(c.Effective), Retired: c.Retired}
	if c.Value != nil {
		body, err := json.Marshal(c.Value)
		it.Value, it.Body = kind.Pointer(c.Value), body
		return it, err
	}
	// What is taken out of use keeps its words.
	now, ok, err := tx.Get(c.Kind, c.ID)
	if err != nil {
		return nil, err
	}
	it.Value, it.Body = kind.New(), json.RawMessage("{}")
	if ok && !now.Redacted {
		it.Body = now.Body
		err = json.Unmarshal(now.Body, it.Value)
	}
	return it, err
}

// identified checks that a new record's id can be one, and that a record which is
// retired exists.
func (p *planner) identified(it *ascode.Item) error {
	_, exists, err := p.tx.Get(it.Kind, it.ID)
	if err != nil || exists {
		return err
	}
	if it.Retired {
		p.problems = append(p.problems, it.Problem("retired", "There is no such record to retire.", "Correct the id."))
	} else if err := record.CheckNewID(it.ID); err != nil {
		p.problems = append(p.problems, it.Problem("id", err.Error(), ""))
	}
	return nil
}

// plain words a problem that stands in no file.
func plain(p ascode.Problem) error {
	return &RecordError{strings.TrimSpace(p.Record), p.Field, p.Message, p.Remedy}
}
