package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// secret is text that occurs nowhere else: any eight words of it give it away.
func secret(i, words int) []byte {
	var b bytes.Buffer
	for w := range words {
		fmt.Fprintf(&b, "<%d~%d>", i, w)
	}
	return b.Bytes()
}

// leaked reports a piece of the secret that stands in one of the files.
func leaked(t *testing.T, dir string, i, words int) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		// The first and last pieces may lie on other pages than the rest.
		for w := range words {
			if w > 3 && w < words-3 && w%16 != 0 {
				continue
			}
			if piece := fmt.Appendf(nil, "<%d~%d>", i, w); bytes.Contains(b, piece) {
				return fmt.Sprintf("%s of document %d in %s", piece, i, f.Name())
			}
		}
	}
	return ""
}

// TestRedactedBytesLeaveTheFile looks for redacted documents, and for their
// salts, in the raw files: in pages in use and free, and in the log.
func TestRedactedBytesLeaveTheFile(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	store := open(t, path)
	l, err := ledger.Open(ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	doc := func(kind, id string, b []byte) ledger.Command {
		return ledger.Command{Ledger: "org", Actor: "p", Action: "put", Reason: "r", Drafts: []ledger.Draft{{Kind: kind, ID: id, Revision: 1, Document: b}}}
	}
	if _, err := l.Create(ctx, doc("o", "o", []byte("{}")), "test/org", "c"); err != nil {
		t.Fatal(err)
	}
	// Documents of all lengths, so that pages split, merge and overflow.
	rng := rand.New(rand.NewPCG(1, 2))
	words := map[int]int{}
	at := map[int]ledger.DocumentRef{}
	for i := range 240 {
		words[i] = 1 + rng.IntN(1<<(1+rng.IntN(9)))
		r, err := l.Commit(ctx, doc("person", fmt.Sprint(i), secret(i, words[i])))
		if err != nil {
			t.Fatal(err)
		}
		at[i] = ledger.DocumentRef{Pos: r.First, Slot: 1}
	}
	salts := map[int][]byte{}
	for i := 0; i < 240; i += 3 {
		err := store.Entries(ctx, "org", at[i].Pos, at[i].Pos+1, func(r ledger.Row) error {
			salts[i] = r.Documents[1].Salt
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p", Action: "redact", Redacts: []ledger.DocumentRef{at[i]}}); err != nil {
			t.Fatal(err)
		}
	}
	// The files of the running store, without closing or vacuuming anything.
	for i := range 240 {
		found := leaked(t, dir, i, words[i])
		if i%3 == 0 && found != "" {
			t.Errorf("redacted, and still there: %s", found)
		}
		if i%3 != 0 && found == "" {
			t.Errorf("document %d is not redacted and cannot be found: the search is blind", i)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range salts {
		if bytes.Contains(raw, s) {
			t.Errorf("the salt of redacted document %d is still in the file", i)
		}
	}
	rep, err := ledger.Verify(ctx, store, "org", ledger.VerifyOptions{})
	if err != nil || rep.Err() != nil {
		t.Fatalf("%v %v", err, rep.Err())
	}
	if rep.Redacted != 80 {
		t.Errorf("%d redacted, want 80", rep.Redacted)
	}
}

// TestRedactionWaitsForReaders keeps an old state open, which holds the log,
// and shows that the next append empties it.
func TestRedactionWaitsForReaders(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	store, other := open(t, path), open(t, path)
	l, err := ledger.Open(ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := ledger.Command{Ledger: "org", Actor: "p", Action: "put", Drafts: []ledger.Draft{{Kind: "o", ID: "o", Revision: 1, Document: secret(7, 50)}}}
	if _, err := l.Create(ctx, cmd, "test/org", "c"); err != nil {
		t.Fatal(err)
	}
	release := sqlite.HoldRead(t, other)
	if _, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p", Action: "redact", Redacts: []ledger.DocumentRef{{Pos: 0, Slot: 1}}}); err != nil {
		t.Fatal(err)
	}
	if leaked(t, dir, 7, 50) == "" {
		t.Fatal("the reader did not hold the log: the test shows nothing")
	}
	release()
	cmd.Drafts[0] = ledger.Draft{Kind: "o", ID: "p", Revision: 1, Document: []byte("{}")}
	if _, err := l.Commit(ctx, cmd); err != nil {
		t.Fatal(err)
	}
	if found := leaked(t, dir, 7, 50); found != "" {
		t.Errorf("after the reader left: %s", found)
	}
}
