package ledger_test

import (
	"bytes"
	"context"
	"testing"

	"reperform/ledger"
)

// FuzzParseEntry: whatever is accepted keeps its meaning when written again.
func FuzzParseEntry(f *testing.F) {
	for _, s := range []string{
		`{"v":1,"ledger":"org","command":"ab","time":"2025-01-01T00:00:00.000000Z","actor":"p","action":"a"}`,
		`{"v":1,"time":"2025-01-01T00:00:00.000000Z","part":1,"parts":2,"changes":[{"kind":"k","id":"i","revision":1,"commitment":"c"}],"redacts":[{"pos":1,"slot":0}]}`,
		`{"v":1,"time":"2025-01-01T00:00:00,000000Z"}`, `{"v":2,"time":"2025-01-01T00:00:00.000000Z"}`, `{"v":1}{}`, `null`, `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ledger.ParseEntry(b)
		if err != nil {
			return
		}
		for slot := -1; slot <= e.Slots(); slot++ {
			e.Commitment(slot)
		}
		again, err := ledger.AppendEntry(&e)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > ledger.MaxEntry {
			return
		}
		e2, err := ledger.ParseEntry(again)
		if err != nil {
			t.Fatalf("accepted %q, wrote %q, refused it: %v", b, again, err)
		}
		third, err := ledger.AppendEntry(&e2)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("wrote %q, then %q", again, third)
		}
	})
}

// FuzzCheckpoint: a checkpoint has one spelling, and none is accepted unsigned.
func FuzzCheckpoint(f *testing.F) {
	keys := fixedKeys{"reperform.example/org"}
	signer, key, err := keys.Signer("org")
	if err != nil {
		f.Fatal(err)
	}
	good, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: keys.origin, Size: 7}, signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("\n7\n"), []byte("\n07\n"), 1))
	f.Add([]byte("\n\n\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ledger.PeekCheckpoint(b)
		if err == nil {
			if text, _, _ := bytes.Cut(b, []byte("\n\n")); string(text)+"\n" != c.Text() {
				t.Fatalf("%q was read as %q", b, c.Text())
			}
		}
		if c, err := ledger.ParseCheckpoint(b, key); err == nil && (c.Size != 7 || c.Origin != keys.origin) {
			t.Fatalf("%q counts as signed", b)
		}
	})
}

// byteStore answers every question from the fuzzer's bytes.
type byteStore struct{ b []byte }

func (s *byteStore) take(n int) []byte {
	n = min(n, len(s.b))
	out := s.b[:n]
	s.b = s.b[n:]
	return out
}

func (s *byteStore) num() int64 {
	if b := s.take(1); len(b) == 1 {
		return int64(int8(b[0]))
	}
	return 0
}

func (s *byteStore) Heads(context.Context) ([]ledger.Head, error) {
	return []ledger.Head{{Ledger: "x", Size: s.num()}}, nil
}

func (s *byteStore) Append(context.Context, []ledger.Batch) error { return ledger.ErrStale }

func (s *byteStore) Entries(_ context.Context, _ string, from, to int64, yield func(ledger.Row) error) error {
	for len(s.b) > 0 && from < to {
		r := ledger.Row{Pos: from, Bytes: s.take(int(uint8(s.num())))}
		copy(r.Leaf[:], s.take(int(s.num())&31))
		if s.num()&1 == 1 {
			r.Checkpoint = s.take(int(uint8(s.num())))
		}
		for range s.num() & 3 {
			r.Documents = append(r.Documents, ledger.Document{Slot: int(s.num()), Salt: s.take(32), Bytes: s.take(int(s.num()) & 31)})
		}
		if s.num() == 9 {
			from += s.num()
		}
		from++
		if err := yield(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *byteStore) Revisions(_ context.Context, _ ledger.RevisionQuery, yield func(ledger.Revision) error) error {
	for len(s.b) > 0 {
		if err := yield(ledger.Revision{Kind: string(s.take(1)), ID: string(s.take(1)), Rev: s.num(), Pos: s.num(), Slot: int(s.num()), NextPos: s.num(), Effective: string(s.take(2))}); err != nil {
			return err
		}
	}
	return nil
}

func (s *byteStore) Tile(context.Context, string, int, int64) ([]byte, error) {
	if s.num()&1 == 0 {
		return nil, ledger.ErrNoTile
	}
	return s.take(int(s.num()) & 31), nil
}

func (s *byteStore) Close() error { return nil }

// FuzzVerify: no store makes the verifier panic or find an unsigned ledger good.
func FuzzVerify(f *testing.F) {
	f.Add([]byte{})
	entry := `{"v":1,"ledger":"x","time":"2025-01-01T00:00:00.000000Z","genesis":{"origin":"o","key":"k"},"changes":[{"kind":"a","id":"b","revision":3}],"redacts":[{"pos":0,"slot":1}]}`
	f.Add(append([]byte{1, byte(len(entry))}, entry...))
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := ledger.Verify(context.Background(), &byteStore{b}, "x", ledger.VerifyOptions{Checkpoint: []byte("?")})
		if err == nil && rep.Err() == nil && rep.Entries > 0 {
			t.Fatalf("verified: %+v", rep)
		}
	})
}
