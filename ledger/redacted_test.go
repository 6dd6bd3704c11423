package ledger_test

import (
	"context"
	"testing"

	"reperform/ledger"
)

// TestSnapshotCountsRedactions: whoever keeps what was read in memory learns
// that something is gone, whichever process redacted it.
func TestSnapshotCountsRedactions(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	here := openLog(t, dir)
	create(t, here, "org")
	there := openLog(t, dir)
	put := ledger.Command{Ledger: "org", Actor: "p-1", Action: "put", Reason: "why", Drafts: []ledger.Draft{{Kind: "x", ID: "x", Revision: 1, Document: []byte("{}")}}}
	at := mustCommit(t, here, put).First
	mustCommit(t, there, ledger.Command{Ledger: "org", Actor: "p-1", Action: "redact", Reason: "why", Redacts: []ledger.DocumentRef{{Pos: at, Slot: 0}, {Pos: at, Slot: 1}}})
	if err := here.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*ledger.Log{"the process that read on": here, "the process that redacted": there} {
		s, err := l.Snapshot("org")
		if err != nil {
			t.Fatal(err)
		}
		if s.Redacted != 2 {
			t.Errorf("%s has seen %d redactions, want 2", name, s.Redacted)
		}
	}
}
