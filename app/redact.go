package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"reperform/bundle"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// Redactable is a document as it stands before somebody deletes it.
type Redactable struct {
	Ledger string `json:"ledger"`
	Pos    int64  `json:"position"`
	Slot   int    `json:"slot"`
	// Kind, ID, Revision and Effective name the revision; they are empty when
	// the document is the reason of its entry.
	Kind      string `json:"kind,omitempty"`
	ID        string `json:"id,omitempty"`
	Revision  int64  `json:"revision,omitempty"`
	Effective string `json:"effective,omitempty"`
	// Time and By are when and by whom it was recorded.
	Time string `json:"time"`
	By   string `json:"by"`
	// Title is what the record calls itself, or the reason.
	Title string `json:"title,omitempty"`
}

// Redactable shows whoever may redact a document what would be deleted.
func (a *App) Redactable(ctx context.Context, actor, name string, pos int64, slot int) (Redactable, error) {
	if _, err := a.View(ctx, actor, name, record.AsOf{}); err != nil {
		return Redactable{}, err
	}
	d, found, err := a.document(ctx, name, pos, slot)
	if err != nil {
		return Redactable{}, err
	}
	if err := a.authorize(ctx, actor, identity.Redact, identity.Resource{Ledger: name, Kind: d.Kind}); err != nil {
		return Redactable{}, err
	}
	if !found {
		return Redactable{}, noDocument(name, pos, slot)
	}
	return d, nil
}

func noDocument(name string, pos int64, slot int) error {
	return fmt.Errorf("entry %d of ledger %s has no document in slot %d; `reperform ledger log` shows the entries", pos, name, slot)
}

// document reads what stands in a slot; found is false when nothing does.
func (a *App) document(ctx context.Context, name string, pos int64, slot int) (d Redactable, found bool, err error) {
	d = Redactable{Ledger: name, Pos: pos, Slot: slot}
	err = a.store.Entries(ctx, name, pos, pos+1, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return err
		}
		d.Time, d.By = e.Time, e.Actor
		if slot > 0 && slot <= len(e.Changes) {
			c := e.Changes[slot-1]
			d.Kind, d.ID, d.Revision, d.Effective = c.Kind, c.ID, c.Revision, c.Effective
		}
		for _, x := range r.Documents {
			if x.Slot == slot {
				found = true
				d.Title = titleOf(slot, x.Bytes)
			}
		}
		return nil
	})
	return d, found, err
}

// titleOf is what a document calls itself: its title, name or code.
func titleOf(slot int, document []byte) string {
	if slot == 0 {
		return string(document)
	}
	var d struct {
		Body struct {
			Title string `json:"title"`
			Name  string `json:"name"`
			Code  string `json:"code"`
		} `json:"body"`
	}
	if json.Unmarshal(document, &d) != nil {
		return ""
	}
	return firstOf(d.Body.Title, d.Body.Name, d.Body.Code)
}

// RedactDocument deletes one document and its salt, as a law may demand: the entry and
// its commitment stay, so that every proof still holds, and the redaction is
// itself an entry. Slot 0 is the reason, slot n the n-th change of the entry.
// Copies in backups are not reached. What a legal hold keeps, and the file of a
// released examination, is refused.
func (a *App) RedactDocument(ctx context.Context, actor, name string, pos int64, slot int, reason string) error {
	ref := ledger.DocumentRef{Pos: pos, Slot: slot}
	if reason == "" {
		return errors.New("say why the document is redacted; the reason stays")
	}
	if _, err := a.View(ctx, actor, name, record.AsOf{}); err != nil {
		return err
	}
	d, found, err := a.document(ctx, name, pos, slot)
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: name, may: identity.Redact, kind: d.Kind, action: "document.redact", reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if !found {
			return noDocument(name, pos, slot)
		}
		if err := tx.held(name); err != nil {
			return err
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
	if err != nil {
		return err
	}
	if err := a.renew(ctx, name); err != nil {
		return fmt.Errorf("the document is redacted; what this process still holds of it is not gone: %w", err)
	}
	return nil
}

// held refuses while a legal hold stands: on the engagement that an
// examination's file is of, or on any engagement for the organization's
// ledger, whose documents belong to all of them.
func (tx *Tx) held(name string) error {
	v := tx.view
	if name != OrganizationLedger {
		var err error
		if v, err = tx.app.latest(OrganizationLedger); err != nil {
			return err
		}
	} else {
		tx.guard("engagement", "")
	}
	list, err := record.All[soc1.Engagement](tx.ctx, v, "engagement")
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Value.LegalHold != "" && (name == OrganizationLedger || name == ExaminationLedger(e.ID)) {
			return fmt.Errorf("engagement %s is under a legal hold (%s); nothing of it is redacted until the hold is lifted in its record", e.ID, e.Value.LegalHold)
		}
	}
	return nil
}

// stillNeeded refuses to delete what the workspace cannot work without: the
// latest revision of the organization, of a custom role, or of a person who holds
// roles. A newer revision without the data comes first.
func (tx *Tx) stillNeeded(ref ledger.DocumentRef) error {
	for _, kind := range []string{"organization", "person", "role"} {
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
				if len(p.Roles) == 0 && len(p.CustomRoles) == 0 {
					continue
				}
			}
			return fmt.Errorf("this is the latest revision of %s %s, which the workspace works with; record a newer one without the data to be deleted, then redact this one", kind, r.ID)
		}
	}
	return nil
}
