package record

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"reperform/ledger"
	"reperform/soc1"
)

// Redaction is a document that was deleted, as the ledger still tells: what it
// was, and when, by whom and why it went. What stood there nobody can tell.
type Redaction struct {
	Ledger string `json:"ledger"`
	// Kind, ID, Revision and Effective name the revision. They are empty for
	// the reason of an entry, which belongs to no record.
	Kind      string `json:"kind,omitempty"`
	ID        string `json:"id,omitempty"`
	Revision  int64  `json:"revision,omitempty"`
	Effective string `json:"effective,omitempty"`
	// Pos and Slot locate the document, At is the entry that redacts it.
	Pos  int64 `json:"pos"`
	Slot int   `json:"slot"`
	At   int64 `json:"redacted_at"`
	// Time of the redaction in ledger.TimeFormat, the id of who ordered it, and
	// the reason given, empty when that is not shown or was redacted itself.
	Time   string `json:"time"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// Ref names the revision that was deleted.
func (r Redaction) Ref() soc1.Ref {
	return soc1.Ref{Ledger: r.Ledger, Kind: r.Kind, ID: r.ID, Revision: r.Revision}
}

// Date is the day of the redaction in UTC.
func (r Redaction) Date() string { return r.Time[:min(len(r.Time), len("2006-01-02"))] }

// Name is the document in words.
func (r Redaction) Name() string {
	if r.Kind == "" {
		return fmt.Sprintf("the reason of entry %d of ledger %s", r.Pos, r.Ledger)
	}
	return fmt.Sprintf("revision %d of %s %s of ledger %s", r.Revision, r.Kind, r.ID, r.Ledger)
}

// String is the redaction as one line.
func (r Redaction) String() string {
	s := fmt.Sprintf("%s, redacted on %s by %s", r.Name(), r.Date(), r.By)
	if r.Reason != "" {
		s += ": " + r.Reason
	}
	return s
}

// Redactions lists the documents redacted by the entries from a position on
// that the view knows, in the order of the documents.
func (v *View) Redactions(ctx context.Context, from int64) ([]Redaction, error) {
	var out []Redaction
	err := v.entries(ctx, from, v.asOf.Known, func(r ledger.Row) error {
		// Few entries redact: only those are worth decoding.
		if !bytes.Contains(r.Bytes, []byte(`"redacts"`)) {
			return nil
		}
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("ledger %s, entry %d: %w", v.ledger, r.Pos, err)
		}
		for _, d := range e.Redacts {
			out = append(out, Redaction{Ledger: v.ledger, Pos: d.Pos, Slot: d.Slot, At: r.Pos, Time: e.Time, By: e.Actor})
		}
		return nil
	})
	for i := range out {
		if err == nil {
			err = v.describe(ctx, &out[i])
		}
	}
	slices.SortFunc(out, func(a, b Redaction) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Slot, b.Slot)) })
	return out, err
}

// entries reads rows without their documents where the store can.
func (v *View) entries(ctx context.Context, from, to int64, yield func(ledger.Row) error) error {
	if lr, ok := v.store.(ledger.LeafReader); ok {
		return lr.Leaves(ctx, v.ledger, from, to, yield)
	}
	return v.store.Entries(ctx, v.ledger, from, to, yield)
}

// describe says which revision the document was, and why it went.
func (v *View) describe(ctx context.Context, r *Redaction) error {
	err := v.entries(ctx, r.Pos, r.Pos+1, func(row ledger.Row) error {
		e, err := ledger.ParseEntry(row.Bytes)
		if err == nil && r.Slot > 0 && r.Slot <= len(e.Changes) {
			c := e.Changes[r.Slot-1]
			r.Kind, r.ID, r.Revision, r.Effective = c.Kind, c.ID, c.Revision, c.Effective
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.store.Entries(ctx, v.ledger, r.At, r.At+1, func(row ledger.Row) error {
		for _, d := range row.Documents {
			if d.Slot == 0 {
				r.Reason = string(d.Bytes)
			}
		}
		return nil
	})
}

// RedactedSince lists the redacted revisions that were in force on a day from
// from to to, or the latest of their record, and that were redacted after the
// ledger had the state of a checkpoint. It reads no document.
func (v *View) RedactedSince(ctx context.Context, checkpoint string, from, to soc1.Date) ([]Redaction, error) {
	since, err := ledger.PeekCheckpoint([]byte(checkpoint))
	if err != nil {
		return nil, err
	}
	all, err := v.Redactions(ctx, since.Size)
	if err != nil {
		return nil, err
	}
	var out []Redaction
	for _, r := range all {
		if r.Kind == "" {
			continue
		}
		revisions, err := v.read(ctx, ledger.RevisionQuery{Ledger: v.ledger, Kind: r.Kind, ID: r.ID, Known: v.asOf.Known, Select: ledger.SelectKnownAll})
		if err != nil {
			return nil, err
		}
		latest := len(revisions) > 0 && revisions[len(revisions)-1].Revision == r.Revision
		if latest || slices.ContainsFunc(inForce(revisions), func(x Version) bool {
			return x.Revision == r.Revision && x.From <= to && (x.Until == "" || x.Until >= from)
		}) {
			out = append(out, r)
		}
	}
	return out, nil
}

// Gone lists the revisions that the view was asked for and that are redacted,
// by kind, id and revision. What reads records passes over them.
func (v *View) Gone() []Record {
	v.goneMu.Lock()
	out := slices.Clone(v.gone)
	v.goneMu.Unlock()
	slices.SortFunc(out, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Revision, b.Revision))
	})
	return slices.CompactFunc(out, func(a, b Record) bool { return a.Pos == b.Pos && a.Slot == b.Slot })
}
