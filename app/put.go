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
	// Value is a value of the kind's struct.
	Value  interface{ Validate() []soc1.Problem }
	Reason string
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
	if c.Ledger == "" {
		c.Ledger = OrganizationLedger
	}
	kind, err := record.Kinds.Kind(c.Kind)
	if err != nil {
		return err
	}
	if kind.Decision || !kind.Is(c.Value) {
		return fmt.Errorf("%s %s: a register record of its own kind is wanted", c.Kind, c.ID)
	}
	if c.Kind == "person" {
		return fmt.Errorf("people are recorded by applying a file")
	}
	it, err := itemOf(kind, c)
	if err != nil {
		return err
	}
	// Reading is the least; the change is authorized with the record's owner.
	req := request{actor: actor, ledger: c.Ledger, may: identity.Read, kind: c.Kind, action: "record.put", reason: c.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		// The rules are those of a file that holds this one record.
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
		if err := p.references(it, kind); err != nil {
			return err
		}
		if len(p.problems) > 0 {
			return plain(p.problems[0])
		}
		return tx.Put(c.Kind, c.ID, c.Effective, c.Value)
	})
	return err
}

// itemOf gives a change the form of an item of a file.
func itemOf(kind *record.Kind, c RecordChange) (*ascode.Item, error) {
	body, err := json.Marshal(c.Value)
	if err != nil {
		return nil, err
	}
	return &ascode.Item{Ledger: c.Ledger, Kind: c.Kind, ID: c.ID, Effective: string(c.Effective), Value: kind.Pointer(c.Value), Body: body}, nil
}

// plain words a problem that stands in no file.
func plain(p ascode.Problem) error {
	return fmt.Errorf("%s: %s: %s %s", strings.TrimSpace(p.Record), p.Field, p.Message, p.Remedy)
}
