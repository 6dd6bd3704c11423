package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"reperform/blob"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// ExaminationLedger is the name of the ledger that examines an engagement.
func ExaminationLedger(engagement string) string { return "exam-" + strings.ToLower(engagement) }

// OpenExamination opens the service auditor's file for an engagement: a ledger
// of its own, whose first entry is the auditor's and already holds the
// commitment to the nonce, before any population can arrive. The person must
// be of the firm, and is recorded in the examination's ledger, not in
// management's.
func (a *App) OpenExamination(ctx context.Context, engagement, firm, personID string, person soc1.Person) (string, error) {
	if err := a.writable(); err != nil {
		return "", err
	}
	name := ExaminationLedger(engagement)
	if !ledger.ValidName(name) {
		return "", fmt.Errorf("engagement id %q cannot name a ledger: use letters, digits, dots, dashes and underscores", engagement)
	}
	if err := a.log.Refresh(ctx); err != nil {
		return "", err
	}
	org, err := a.latest(OrganizationLedger)
	if err != nil {
		return "", err
	}
	if err := a.mayOpen(ctx, org, personID, person); err != nil {
		return "", err
	}
	eng, err := record.One[soc1.Engagement](ctx, org, "engagement", engagement)
	if err != nil {
		return "", err
	}
	// Asked again, nothing may be made: a second nonce could choose the samples.
	if _, err := a.log.Genesis(name); err == nil {
		return "", fmt.Errorf("ledger %s exists already: the examination is open; ask those who work in it to add you", name)
	}
	if firm == "" {
		firm = eng.Value.Auditor.Firm
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	checkpoint, err := a.log.Checkpoint(OrganizationLedger)
	if err != nil {
		return "", err
	}
	nonce, err := a.makeNonce(name)
	if err != nil {
		return "", err
	}
	commitment := sampling.Commit(nonce)
	exam := soc1.Examination{Engagement: eng.Ref(), Firm: firm, OrganizationCheckpoint: string(checkpoint), OpenedOn: today}
	drafts, err := encodeAll(today, []encoded{
		{"examination", engagement, exam},
		{"person", personID, person},
		{"nonce", "nonce-1", soc1.Nonce{Engagement: engagement, Commitment: hex.EncodeToString(commitment[:])}},
	})
	if err != nil {
		return "", err
	}
	if err := a.keys.Create(ctx, name); err != nil && !errors.Is(err, blob.ErrKeyExists) {
		return "", err
	}
	_, err = a.log.Create(ctx, ledger.Command{Ledger: name, Actor: personID, Action: "examination.open",
		Reason: "The examination of " + eng.Value.Title + " begins.", Drafts: drafts}, a.origin(name), ClassExamination)
	return name, err
}

// mayOpen keeps management out: whoever opens the file must be of the firm and
// must not be known to the organization's ledger as one of its own.
func (a *App) mayOpen(ctx context.Context, org *record.View, id string, person soc1.Person) error {
	if err := firstError(person.Validate()); err != nil {
		return fmt.Errorf("person %s: %w", id, err)
	}
	if person.Side != soc1.SideAuditFirm {
		return fmt.Errorf("%s is not of the audit firm; only the service auditor opens an examination", id)
	}
	own, err := record.One[soc1.Person](ctx, org, "person", id)
	switch {
	case isNotFound(err):
	case err != nil:
		return err
	case own.Value.Side != soc1.SideAuditFirm:
		return fmt.Errorf("%s is recorded as one of the organization's people; a service auditor is independent of it", id)
	}
	roles := make([]identity.Role, len(person.Roles))
	for i, r := range person.Roles {
		roles[i] = identity.Role(r)
	}
	if err := identity.CheckCustomRoles(string(person.Side), ClassExamination, person.CustomRoles); err != nil {
		return err
	}
	return identity.CheckRoles(string(person.Side), ClassExamination, roles)
}

type encoded struct {
	kind, id string
	value    interface{ Validate() []soc1.Problem }
}

func encodeAll(effective soc1.Date, all []encoded) ([]ledger.Draft, error) {
	var drafts []ledger.Draft
	for _, x := range all {
		k, err := record.Kinds.Kind(x.kind)
		if err != nil {
			return nil, err
		}
		if err := firstError(x.value.Validate()); err != nil {
			return nil, fmt.Errorf("%s %s: %w", x.kind, x.id, err)
		}
		doc, err := k.Encode(x.value, nil, false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.id, err)
		}
		d := ledger.Draft{Kind: x.kind, ID: x.id, Revision: 1, Document: doc}
		if !k.Timeless {
			d.Effective = string(effective)
		}
		drafts = append(drafts, d)
	}
	return drafts, nil
}

func (a *App) noncePath(name string) string { return filepath.Join(a.dir, "keys", name+".nonce") }

// makeNonce draws the auditor's secret and keeps it beside the keys, not in
// the ledger: a ledger shows it only once it is disclosed.
func (a *App) makeNonce(name string) ([]byte, error) {
	if b, err := a.nonce(name); err == nil {
		return b, nil
	}
	b := make([]byte, 32)
	if _, err := io.ReadFull(randomness(a.opt), b); err != nil {
		return nil, err
	}
	err := ledger.WriteSynced(a.noncePath(name), []byte(hex.EncodeToString(b)+"\n"))
	if errors.Is(err, fs.ErrExist) {
		// Somebody else opens the same examination at this moment: one of the
		// two wins, and both committed to the same nonce.
		return a.nonce(name)
	}
	return b, err
}

// committedNonce is the auditor's secret, checked to be the one that the
// examination committed to before any population arrived.
func (a *App) committedNonce(ctx context.Context, name string) ([]byte, error) {
	v, err := a.latest(name)
	if err != nil {
		return nil, err
	}
	n, err := record.One[soc1.Nonce](ctx, v, "nonce", "nonce-1")
	if err != nil {
		return nil, err
	}
	secret, err := a.nonce(name)
	if err != nil {
		return nil, err
	}
	commitment, err := digest(n.Value.Commitment)
	if err != nil {
		return nil, err
	}
	if err := sampling.CheckNonce(secret, commitment); err != nil {
		return nil, fmt.Errorf("the nonce among the keys is not the one committed to; restore it from your backup: %w", err)
	}
	return secret, nil
}

func (a *App) nonce(name string) ([]byte, error) {
	b, err := ledger.ReadSecret(a.noncePath(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the nonce of %s is not among the keys; restore it from your backup: %w", name, err)
	}
	n, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(n) != 32 {
		return nil, fmt.Errorf("%s is damaged; restore it from your backup", a.noncePath(name))
	}
	return n, nil
}

// DiscloseNonce ends the drawing of samples and reveals the nonce, so that
// anybody can draw them again.
func (a *App) DiscloseNonce(ctx context.Context, actor, name, reason string) error {
	req := request{actor: actor, ledger: name, may: identity.NonceDisclose, kind: "nonce", action: "nonce.disclose", reason: reason}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		n, err := get[soc1.Nonce](tx, "nonce", "nonce-1")
		if err != nil {
			return err
		}
		if n.Revealed != "" {
			return errors.New("the nonce is disclosed already")
		}
		secret, err := a.committedNonce(ctx, name)
		if err != nil {
			return err
		}
		n.Revealed = hex.EncodeToString(secret)
		return tx.Put("nonce", "nonce-1", "", n)
	})
	return err
}
