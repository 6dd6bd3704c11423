package app

import (
	"context"
	"errors"
	"fmt"

	"reperform/bundle"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// RedactDocument deletes one document and its salt, as a law may demand: the entry and
// its commitment stay, so that every proof still holds, and the redaction is
// itself an entry. Slot 0 is the reason, slot n the n-th change of the entry.
// Copies in backups are not reached.
func (a *App) RedactDocument(ctx context.Context, actor, name string, pos int64, slot int, reason string) error {
	ref := ledger.DocumentRef{Pos: pos, Slot: slot}
	if reason == "" {
		return errors.New("say why the document is redacted; the reason stays")
	}
	if _, err := a.View(ctx, actor, name, record.AsOf{}); err != nil {
		return err
	}
	kind := ""
	found := false
	err := a.store.Entries(ctx, name, ref.Pos, ref.Pos+1, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return err
		}
		if ref.Slot > 0 && ref.Slot <= len(e.Changes) {
			kind = e.Changes[ref.Slot-1].Kind
		}
		for _, d := range r.Documents {
			found = found || d.Slot == ref.Slot
		}
		return nil
	})
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: name, may: identity.Redact, kind: kind, action: "document.redact", reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if !found {
			return fmt.Errorf("entry %d of ledger %s has no document in slot %d; `reperform ledger log` shows the entries", ref.Pos, name, ref.Slot)
		}
		if err := tx.stillNeeded(ref); err != nil {
			return err
		}
		if name != OrganizationLedger {
			released, err := bundle.Released(tx.ctx, tx.view, "")
			if err != nil {
				return err
			}
			exams, err := list[soc1.Examination](tx, "examination")
			if err != nil {
				return err
			}
			for _, x := range exams {
				released = released || x.Value.ReleasedOn != "" || x.Value.AssembledOn != ""
			}
			if released {
				return errors.New("the report of this examination is released; its file is kept whole until the firm's retention date")
			}
		}
		tx.redact = append(tx.redact, ref)
		return nil
	})
	if err == nil {
		a.heads.clear()
		a.talk.forget()
	}
	return err
}

// stillNeeded refuses to delete what the workspace cannot work without: the
// latest revision of the organization, or of a person who holds roles. A newer
// revision without the data comes first.
func (tx *Tx) stillNeeded(ref ledger.DocumentRef) error {
	for _, kind := range []string{"organization", "person"} {
		rs, err := tx.List(kind)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if r.Pos != ref.Pos || r.Slot != ref.Slot {
				continue
			}
			if kind == "person" {
				p, err := record.Decode[soc1.Person](r)
				if err != nil {
					return err
				}
				if len(p.Roles) == 0 {
					continue
				}
			}
			return fmt.Errorf("this is the latest revision of %s %s, which the workspace works with; record a newer one without the data to be deleted, then redact this one", kind, r.ID)
		}
	}
	return nil
}
