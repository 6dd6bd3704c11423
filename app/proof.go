package app

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sort"

	"reperform/bundle"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// LogLine is an entry with its reason, if that was not redacted.
type LogLine struct {
	Pos    int64        `json:"pos"`
	Entry  ledger.Entry `json:"entry"`
	Reason string       `json:"reason,omitempty"`
}

// Log lists entries of a ledger from a position; limit 0 is all. To somebody who
// reads some kinds it shows the entries that changed one of these, with these
// changes alone; the reason only where nothing else was changed with them.
func (a *App) Log(ctx context.Context, actor, name string, from, limit int64) ([]LogLine, error) {
	reader, err := a.Reader(ctx, actor, name)
	if err != nil {
		return nil, err
	}
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return nil, err
	}
	to := snap.Size
	if limit > 0 {
		to = min(to, from+limit)
	}
	out := []LogLine{}
	err = a.store.Entries(ctx, name, max(from, 0), to, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("entry %d: %w", r.Pos, err)
		}
		e, shown, whole := reader.trim(e)
		if !shown {
			return nil
		}
		l := LogLine{Pos: r.Pos, Entry: e}
		for _, d := range r.Documents {
			if d.Slot == 0 && whole {
				l.Reason = string(d.Bytes)
			}
		}
		out = append(out, l)
		return nil
	})
	return out, err
}

// Checkpoint returns the latest signed note of a ledger and the key that
// checks it.
func (a *App) Checkpoint(ctx context.Context, actor, name string) (note []byte, key string, err error) {
	if err := a.wholly(ctx, actor, name); err != nil {
		return nil, "", err
	}
	g, err := a.log.Genesis(name)
	if err != nil {
		return nil, "", err
	}
	note, err = a.log.Checkpoint(name)
	return note, g.Key, err
}

// Prove makes the proof of an entry, for those who may read all of it. It leads
// to the checkpoint given, which must be one of the ledger's that covers the
// entry, or without one to the latest.
func (a *App) Prove(ctx context.Context, actor, name string, pos int64, checkpoint []byte) (*bundle.Proof, error) {
	reader, err := a.Reader(ctx, actor, name)
	if err != nil {
		return nil, err
	}
	if err := a.provable(ctx, reader, name, pos); err != nil {
		return nil, err
	}
	g, err := a.log.Genesis(name)
	if err != nil {
		return nil, err
	}
	if checkpoint == nil {
		if checkpoint, err = a.log.Checkpoint(name); err != nil {
			return nil, err
		}
	} else if c, err := ledger.ParseCheckpoint(checkpoint, g.Key); err != nil {
		return nil, fmt.Errorf("the checkpoint given is not one of ledger %s: %w", name, err)
	} else if c.Size <= pos {
		return nil, fmt.Errorf("the checkpoint given covers entries 0 to %d of ledger %s, not %d; give a later one", c.Size-1, name, pos)
	}
	// What others signed on it is theirs to show.
	if checkpoint, err = ledger.OwnNote(checkpoint, g.Key); err != nil {
		return nil, err
	}
	entry, err := a.log.ProveAt(ctx, name, pos, checkpoint)
	if err != nil {
		return nil, err
	}
	if _, err := entry.CheckInclusion(g.Key); err != nil {
		return nil, fmt.Errorf("the ledger does not lead to the checkpoint given: %w", err)
	}
	p := bundle.NewProof(name, g.Key, entry)
	if a.provable(ctx, reader, name, 0) == nil {
		first, err := a.log.ProveAt(ctx, name, 0, checkpoint)
		if err != nil {
			return nil, err
		}
		p.First = &first
	}
	err = a.store.Entries(ctx, name, pos, pos+1, func(r ledger.Row) error { return p.AddDocuments(r.Documents) })
	return p, err
}

// provable refuses who may not read all of the entry, with the words for one
// that is not there.
func (a *App) provable(ctx context.Context, reader *Reader, name string, pos int64) error {
	snap, err := a.log.Snapshot(name)
	switch {
	case err != nil:
		return err
	case pos < 0 || pos >= snap.Size:
		return &EntryError{name, pos}
	case reader.whole:
		return nil
	}
	may := false
	err = record.Leaves(ctx, a.store, name, pos, pos+1, func(_ int64, e ledger.Entry) error {
		_, shown, whole := reader.trim(e)
		may = shown && whole
		return nil
	})
	if err == nil && !may {
		err = &EntryError{name, pos}
	}
	return err
}

// VerifyLedgers recomputes one ledger, or all that the actor may verify: every
// entry, commitment, tile, checkpoint and index row, and, when asked, every
// sealed file that a record names.
func (a *App) VerifyLedgers(ctx context.Context, actor, name string, checkpoint []byte, blobs bool) ([]*ledger.Report, error) {
	names := []string{name}
	if name == "" {
		if checkpoint != nil {
			return nil, fmt.Errorf("a checkpoint is of one ledger: name it with --ledger")
		}
		names = a.log.Ledgers()
		sort.Strings(names)
	}
	var out []*ledger.Report
	for _, n := range names {
		if err := a.admit(ctx, actor, identity.Verify, identity.Resource{Ledger: n}); err != nil {
			if name == "" {
				continue
			}
			return nil, err
		}
		a.progress("verifying ledger "+n, 0, 0)
		rep, files, err := verifyLedger(ctx, a.store, n, checkpoint)
		if err != nil {
			return nil, err
		}
		if blobs {
			a.verifyBlobs(ctx, n, files, rep)
			if n == OrganizationLedger {
				if err := a.verifySealed(ctx, rep); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, rep)
	}
	return out, nil
}

func verifyLedger(ctx context.Context, s ledger.Store, name string, checkpoint []byte) (*ledger.Report, map[string]soc1.File, error) {
	files := map[string]soc1.File{}
	rep, err := ledger.Verify(ctx, s, name, ledger.VerifyOptions{Checkpoint: checkpoint, Visit: func(_ int64, _ ledger.Entry, docs []ledger.Document) {
		for _, d := range docs {
			if d.Slot > 0 {
				record.Files(d.Bytes, files)
			}
		}
	}})
	return rep, files, err
}

// VerifyDamaged verifies the ledgers of a workspace that does not open, which
// is when their operator needs to know where they are damaged. It reads the
// file as whoever holds the disk can, and asks no role: the roles stand in the
// very ledgers in question.
func VerifyDamaged(ctx context.Context, dir, name string, checkpoint []byte) ([]*ledger.Report, error) {
	s, _, err := openStore(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	heads, err := s.Heads(ctx)
	if err != nil {
		return nil, err
	}
	var out []*ledger.Report
	for _, h := range heads {
		if name != "" && h.Ledger != name {
			continue
		}
		rep, _, err := verifyLedger(ctx, s, h.Ledger, checkpoint)
		if err != nil {
			return nil, err
		}
		out = append(out, rep)
	}
	return out, nil
}

func (a *App) verifyBlobs(ctx context.Context, name string, files map[string]soc1.File, rep *ledger.Report) {
	bad := func(f soc1.File, err error) {
		rep.Problems = append(rep.Problems, ledger.Problem{Table: "blob", Where: f.SHA256, Field: f.Name, What: err.Error()})
	}
	done := int64(0)
	for _, f := range files {
		a.progress("reading sealed files", done, int64(len(files)))
		done++
		sha, err := digest(f.SHA256)
		if err != nil {
			bad(f, err)
			continue
		}
		r, err := a.blobs.Open(ctx, name, sha)
		if err != nil {
			bad(f, err)
			continue
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			bad(f, err)
		}
		r.Close()
	}
}

// verifySealed looks for what is kept back until its day: the answers to the quizzes of
// courses as they stand, and the scores of sessions that are not revealed. Each must be
// there, whole, and what was committed.
func (a *App) verifySealed(ctx context.Context, rep *ledger.Report) error {
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return err
	}
	l := listing{ctx: ctx, view: v}
	keys, scores, sessions := listed[soc1.CourseKey](&l, "course_key"), listed[soc1.RiskScore](&l, "risk_score"), listed[soc1.RiskSession](&l, "risk_session")
	if l.err != nil {
		return l.err
	}
	look := func(r record.Record, commitment, what string) {
		bad := func(err error) {
			rep.Problems = append(rep.Problems, ledger.Problem{Table: "sealed", Where: r.Kind + " " + r.ID, Field: commitment, What: what + ": " + err.Error()})
		}
		sha, err := digest(commitment)
		if err != nil {
			bad(err)
			return
		}
		f, err := a.sealed.Open(ctx, OrganizationLedger, sha)
		if err != nil {
			bad(err)
			return
		}
		defer f.Close()
		if _, err := io.Copy(io.Discard, f); err != nil {
			bad(err)
		}
	}
	for _, k := range keys {
		look(k.Record, k.Value.Commitment, "the right answers")
	}
	for _, x := range scores {
		if s, ok := record.Find(sessions, x.Value.Session); ok && s.Value.RevealedOn == "" && s.Value.ClosedOn == "" && !x.Value.Revealed() && x.Value.Lost == "" {
			look(x.Record, x.Value.Commitment, "the scores")
		}
	}
	return nil
}

// LedgerReport is the result of verifying one ledger, for adapters, which do
// not touch the ledger themselves.
type LedgerReport = ledger.Report

// Proof shows one entry of a ledger, for adapters, which do not touch bundles.
type Proof = bundle.Proof
