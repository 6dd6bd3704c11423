package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

func TestCopyIsTheFileAsItStands(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log, err := ledger.Open(t.Context(), s, ledger.Options{Keys: ledger.FileKeys{Dir: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := ledger.Command{Ledger: "org", Actor: "ann", Action: "begin", Reason: "why",
		Drafts: []ledger.Draft{{Kind: "thing", ID: "a", Revision: 1, Effective: "2025-01-01", Document: []byte(`{}`)}}}
	if _, err := log.Create(t.Context(), command, "test/org", "organization"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.CopyTo(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: others may not read it", info.Mode(), err)
	}
	if err := s.CopyTo(t.Context(), path); err == nil {
		t.Error("a copy was written over another")
	}
	// What comes later is not in it.
	command.Drafts[0].ID = "b"
	if _, err := log.Commit(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	copied, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	rep, err := ledger.Verify(t.Context(), copied, "org", ledger.VerifyOptions{})
	if err != nil || len(rep.Problems) > 0 {
		t.Fatalf("the copy does not hold: %v, %v", rep, err)
	}
	if rep.Entries != 2 && rep.Entries != 1 {
		t.Errorf("the copy has %d entries", rep.Entries)
	}
	now, err := ledger.Verify(t.Context(), s, "org", ledger.VerifyOptions{})
	if err != nil || now.Entries != rep.Entries+1 {
		t.Errorf("the file has %d entries and its copy %d, %v", now.Entries, rep.Entries, err)
	}
}
