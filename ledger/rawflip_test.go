package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// dump reads all that a file of ledgers says; two files that say the same give
// the same text.
func dump(ctx context.Context, s ledger.Store) (string, error) {
	var b strings.Builder
	heads, err := s.Heads(ctx)
	if err != nil {
		return "", err
	}
	for _, h := range heads {
		fmt.Fprintf(&b, "%s %d %x\n", h.Ledger, h.Size, h.Checkpoint)
		err := s.Entries(ctx, h.Ledger, 0, h.Size, func(r ledger.Row) error {
			_, err := fmt.Fprintf(&b, "%d %x %x %v %x\n", r.Pos, r.Bytes, r.Leaf, r.Documents, r.Checkpoint)
			return err
		})
		if err != nil {
			return "", err
		}
		err = s.Revisions(ctx, ledger.RevisionQuery{Ledger: h.Ledger}, func(r ledger.Revision) error {
			_, err := fmt.Fprintf(&b, "%+v\n", r)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// TestFlippedBitsOfTheFile flips bits of the file itself, below SQLite. Either
// somebody notices, or nothing that can be read has changed: the bit was in
// unused room, or in what SQLite keeps twice.
func TestFlippedBitsOfTheFile(t *testing.T) {
	ctx := context.Background()
	s := buildSample(t, "x")
	whole, err := os.ReadFile(s.file())
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) (string, error) {
		store, err := sqlite.Open(ctx, path)
		if err != nil {
			return "", err
		}
		defer store.Close()
		text, err := dump(ctx, store)
		if err != nil {
			return "", err
		}
		for _, name := range []string{"org", "exam"} {
			rep, err := ledger.Verify(ctx, store, name, ledger.VerifyOptions{})
			if err != nil {
				return "", err
			}
			if rep.Err() != nil {
				return "", rep.Err()
			}
		}
		return text, nil
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	copyFile(t, s.file(), path)
	want, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	noticed := 0
	for range 30 {
		at, bit := rng.IntN(len(whole)), rng.IntN(8)
		changed := append([]byte(nil), whole...)
		changed[at] ^= 1 << bit
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := read(path)
		switch {
		case err != nil:
			noticed++
		case got != want:
			t.Errorf("bit %d of byte %d: the file verifies and says something else", bit, at)
		}
	}
	t.Logf("%d of 30 noticed, the others changed nothing", noticed)
	if noticed == 0 {
		t.Error("no flipped bit was noticed")
	}
}
