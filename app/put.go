package app

import (
	"context"
	"fmt"

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
	may := identity.Put
	if c.Kind == "person" {
		return fmt.Errorf("people are recorded by applying a file")
	}
	req := request{actor: actor, ledger: c.Ledger, may: may, kind: c.Kind, action: "record.put", reason: c.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if now := tx.snap.Version(c.Kind, c.ID); c.Revision >= 0 && now != c.Revision {
			return &StaleError{Kind: c.Kind, ID: c.ID, Against: c.Revision, Now: now}
		}
		return tx.Put(c.Kind, c.ID, c.Effective, c.Value)
	})
	return err
}
