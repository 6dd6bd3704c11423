package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"reperform/bundle"
	"reperform/english"
	"reperform/identity"
	"reperform/ledger"
	"reperform/report"
	"reperform/soc1"
)

// Issued is an issue of a report, as its command and reading it again tell.
type Issued struct {
	ID string `json:"id"`
	soc1.Issuance
	// Rebuilt says what building the report again from the records of its state
	// gave; empty when it was just issued.
	Rebuilt string `json:"rebuilt,omitempty"`
}

// guarding is a store whose reads of the decision's ledger are guarded: what a
// report was found to say cannot change before the decision on it is recorded.
type guarding struct {
	ledger.Store
	tx *Tx
}

func (g guarding) Revisions(ctx context.Context, q ledger.RevisionQuery, yield func(ledger.Revision) error) error {
	if q.Ledger == g.tx.req.ledger {
		if q.Kind == "" {
			return errors.New("a decision cannot rest on all kinds of records at once")
		}
		g.tx.guard(q.Kind, q.ID)
	}
	return g.Store.Revisions(ctx, q, yield)
}

// state is what a decision on the report looks at: its own ledger as of its
// snapshot, the organization's at its latest checkpoint. The organization's
// ledger cannot be guarded by an append to another; the checkpoint is recorded
// with the decision instead, and so says for ever what was looked at.
func (tx *Tx) state(engagement string) (bundle.State, []byte, error) {
	x := bundle.State{Engagement: engagement, Work: tx.req.ledger, Organization: OrganizationLedger, Point: ledger.Checkpoint{Size: tx.snap.Size}}
	note, err := tx.app.log.Checkpoint(OrganizationLedger)
	if err != nil {
		return x, nil, err
	}
	c, err := ledger.PeekCheckpoint(note)
	x.OrganizationSize = c.Size
	return x, note, err
}

// standsAgainst refuses what cannot be done to a report yet, one line a reason.
func standsAgainst(what string, reasons []string) error {
	return fmt.Errorf("the report cannot be %s while %s:\n  %s", what,
		english.Choose(len(reasons), "this stands against it", fmt.Sprintf("these %d stand against it", len(reasons))), strings.Join(reasons, "\n  "))
}

// missing refuses a report that lacks something.
func missing(m *report.Model, what string) error {
	var lines []string
	for _, g := range m.Missing() {
		lines = append(lines, g.String())
	}
	if len(lines) == 0 {
		return nil
	}
	return standsAgainst(what, lines)
}

// IssueReport issues the released report: it is built as of now, its PDF and
// content are sealed in the examination's ledger, an entry names them with the
// states that they follow from, and the PDF is written to the file. It is
// refused while the report is not released, lacks something, or no longer
// reads as it did when it was released; a report that was issued before is
// issued again for a reason only, and the earlier issue stays.
func (a *App) IssueReport(ctx context.Context, actor, engagement, reason, path string) (Issued, error) {
	var out Issued
	name := ExaminationLedger(engagement)
	if err := a.admit(ctx, actor, identity.ReportIssue, identity.Resource{Ledger: name, Kind: "issuance"}); err != nil {
		return out, err
	}
	on, err := a.Today(ctx)
	if err != nil {
		return out, err
	}
	// The entry is for ever; that the file cannot be written is found before it.
	probe, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return out, err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return out, err
	}
	e, err := a.typesetter(ctx)
	if err != nil {
		return out, err
	}
	var pdf []byte
	req := request{actor: actor, ledger: name, may: identity.ReportIssue, kind: "issuance", action: bundle.IssueAction, reason: "The report is issued."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		x := soc1.Issuance{Engagement: engagement, Program: programVersion, By: actor, On: on, Reason: reason}
		m, err := a.issuable(tx, &x)
		if err != nil {
			return err
		}
		content, err := m.JSON()
		if err != nil {
			return err
		}
		a.progress("typesetting the report", 0, 0)
		if pdf, err = report.Render(ctx, e, m); err != nil {
			return err
		}
		id := bundle.IssuanceID(x.Number)
		x.Wording, x.Typesetter, x.ReportDate = m.Wording, m.Typesetter, m.Date
		if x.Report, err = a.keepBytes(ctx, name, pdf, id+".pdf", "application/pdf"); err != nil {
			return err
		}
		if x.Content, err = a.keepBytes(ctx, name, content, id+".json", "application/json"); err != nil {
			return err
		}
		out = Issued{ID: id, Issuance: x}
		return tx.Put("issuance", id, "", x)
	})
	if err != nil {
		return Issued{}, err
	}
	if err := writeWhole(path, pdf); err != nil {
		return out, fmt.Errorf("%s is recorded, its file could not be written; `reperform report build --issued` writes it: %w", out.ID, err)
	}
	return out, nil
}

// issuable builds the report that would be issued, and says why none can be.
func (a *App) issuable(tx *Tx, x *soc1.Issuance) (*report.Model, error) {
	earlier, err := list[soc1.Issuance](tx, "issuance")
	if err != nil {
		return nil, err
	}
	for _, i := range earlier {
		if i.Value.Engagement == x.Engagement {
			x.Number = max(x.Number, i.Value.Number)
		}
	}
	if x.Number > 0 && strings.TrimSpace(x.Reason) == "" {
		return nil, fmt.Errorf("the report was issued before, as %s; say with --reason what became known since, or write the issued one with `reperform report build --issued`", bundle.IssuanceID(x.Number))
	}
	x.Number++
	at, organization, err := tx.state(x.Engagement)
	if err != nil {
		return nil, err
	}
	note, err := a.noteAt(tx.ctx, tx.req.ledger, tx.snap.Size)
	if err != nil {
		return nil, err
	}
	if at.Point, err = ledger.PeekCheckpoint(note); err != nil {
		return nil, err
	}
	x.Position, x.Checkpoint = at.Point.Size, string(note)
	x.OrganizationPosition, x.OrganizationCheckpoint = at.OrganizationSize, string(organization)
	s := guarding{a.store, tx}
	ok, why, err := bundle.ReleaseStands(tx.ctx, s, at)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the report is not released: %s; `reperform examination release` releases it", why)
	}
	if err := a.readsAsReleased(tx, s, at); err != nil {
		return nil, err
	}
	m, err := bundle.BuildReportAt(tx.ctx, s, at, x.Program)
	if err != nil {
		return nil, err
	}
	return m, missing(m, "issued")
}

// readsAsReleased refuses a report that says anything else than when the
// partner released it: somebody must look at it again.
func (a *App) readsAsReleased(tx *Tx, s ledger.Store, now bundle.State) error {
	where, err := bundle.SinceRelease(tx.ctx, s, now)
	if err == nil && where != "" {
		err = fmt.Errorf("since the report was released, %s reads differently; look at it and release it again with `reperform examination release`", where)
	}
	return err
}

// noteAt is the checkpoint that was signed when a ledger had the size.
func (a *App) noteAt(ctx context.Context, name string, size int64) ([]byte, error) {
	var note []byte
	err := a.store.Entries(ctx, name, size-1, size, func(r ledger.Row) error {
		note = bytes.Clone(r.Checkpoint)
		return nil
	})
	if err == nil && len(note) == 0 {
		err = fmt.Errorf("ledger %s has no checkpoint at %d entries; run `reperform ledger verify`", name, size)
	}
	return note, err
}

// keepBytes seals bytes as a blob of the ledger.
func (a *App) keepBytes(ctx context.Context, ledger string, b []byte, name, mediaType string) (soc1.File, error) {
	ref, err := a.blobs.Put(ctx, ledger, bytes.NewReader(b))
	if err != nil {
		return soc1.File{}, err
	}
	return soc1.File{Name: name, MediaType: mediaType, Size: ref.Size, SHA256: ref.String()}, nil
}

// IssuedReport writes the report as it was last issued, the very bytes, and
// builds it again from the records of its state to say whether they follow.
func (a *App) IssuedReport(ctx context.Context, actor, engagement, path string) (Issued, error) {
	var out Issued
	work := a.WorkLedger(ctx, actor, engagement)
	if err := a.admit(ctx, actor, identity.ReportBuild, identity.Resource{Ledger: work}); err != nil {
		return out, err
	}
	v, err := a.latest(work)
	if err != nil {
		return out, err
	}
	issues, err := bundle.Issuances(ctx, v, engagement)
	if err != nil {
		return out, err
	}
	if len(issues) == 0 {
		return out, fmt.Errorf("no report of engagement %s is issued in what you may read", engagement)
	}
	x := issues[len(issues)-1]
	out = Issued{ID: x.ID, Issuance: x.Value}
	pdf, err := a.sealedBytes(ctx, work, x.Value.Report)
	if err != nil {
		return out, err
	}
	if out.Rebuilt, err = a.rebuilt(ctx, work, x.Value, pdf); err != nil {
		return out, err
	}
	return out, writeWhole(path, pdf)
}

// sealedBytes reads a sealed file whole; the store checks that it is the one
// that was sealed.
func (a *App) sealedBytes(ctx context.Context, name string, f soc1.File) ([]byte, error) {
	sha, err := digest(f.SHA256)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", f.Name, err)
	}
	r, err := a.blobs.Open(ctx, name, sha)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", f.Name, err)
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("file %s: %w", f.Name, err)
	}
	return b.Bytes(), nil
}

// rebuilt builds an issued report again and says what came of it.
func (a *App) rebuilt(ctx context.Context, work string, x soc1.Issuance, pdf []byte) (string, error) {
	c, err := ledger.PeekCheckpoint([]byte(x.Checkpoint))
	if err != nil {
		return "", err
	}
	e, err := a.typesetter(ctx)
	if err != nil {
		return "", err
	}
	at := bundle.State{Engagement: x.Engagement, Work: work, Organization: OrganizationLedger, Point: c, OrganizationSize: x.OrganizationPosition}
	m, err := bundle.BuildReportAt(ctx, a.store, at, x.Program)
	if err != nil {
		return "", err
	}
	again, err := report.Render(ctx, e, m)
	switch {
	case err != nil:
		return "", err
	case bytes.Equal(again, pdf):
		return "Built again from the records of its state, it has the same bytes.", nil
	case x.Program != programVersion:
		return fmt.Sprintf("Version %s issued it; built again by version %s it has other bytes. Written are those issued.", x.Program, programVersion), nil
	}
	return "Built again from the records of its state, it has other bytes: documents were redacted since, or the program is not the one that issued it. Written are those issued.", nil
}
