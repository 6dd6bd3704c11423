package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

var update = flag.Bool("update", false, "write testdata/golden.json anew; stored bytes never change, so only for a new format")

// golden is the format as files in the world have it.
type golden struct {
	Origin  string        `json:"origin"`
	Key     string        `json:"key"`
	Entries []goldenEntry `json:"entries"`
}

type goldenEntry struct {
	Bytes     string           `json:"bytes"`
	Leaf      string           `json:"leaf"`
	Note      string           `json:"note"`
	Documents []goldenDocument `json:"documents"`
}

type goldenDocument struct {
	Slot  int    `json:"slot"`
	Salt  string `json:"salt"`
	Bytes string `json:"bytes"`
}

// counted is a source of bytes that are the same each time.
type counted struct {
	n   uint64
	buf []byte
}

func (c *counted) Read(b []byte) (int, error) {
	for len(c.buf) < len(b) {
		var in [8]byte
		binary.BigEndian.PutUint64(in[:], c.n)
		sum := sha256.Sum256(in[:])
		c.buf = append(c.buf, sum[:]...)
		c.n++
	}
	n := copy(b, c.buf)
	c.buf = c.buf[n:]
	return n, nil
}

// fixedKeys signs with a key whose seed is 32 bytes of 7, spelled as sumdb/note does.
type fixedKeys struct{ origin string }

func (k fixedKeys) public() ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)).Public().(ed25519.PublicKey)
}

// id is the first four bytes of SHA-256 over name, line feed, algorithm 1 and key.
func (k fixedKeys) id() []byte {
	sum := sha256.Sum256(append([]byte(k.origin+"\n\x01"), k.public()...))
	return sum[:4]
}

func (k fixedKeys) verifier() string {
	return fmt.Sprintf("%s+%x+%s", k.origin, k.id(), base64.StdEncoding.EncodeToString(append([]byte{1}, k.public()...)))
}

func (k fixedKeys) Signer(string) (note.Signer, string, error) {
	seed := append([]byte{1}, bytes.Repeat([]byte{7}, 32)...)
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", k.origin, k.id(), base64.StdEncoding.EncodeToString(seed)))
	return s, k.verifier(), err
}

func (k fixedKeys) Create(ledger, _ string) (note.Signer, string, error) { return k.Signer(ledger) }

func buildGolden(t *testing.T) (*ledger.Log, golden) {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 3, 31, 23, 59, 58, 123456789, time.FixedZone("", 3600))
	keys := fixedKeys{"reperform.example/org"}
	l, err := ledger.Open(ctx, store, ledger.Options{Keys: keys, Rand: &counted{}, Now: func() time.Time { at = at.Add(time.Second); return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); store.Close() })
	_, err = l.Create(ctx, ledger.Command{Ledger: "org", Actor: "p-1", Action: "workspace.init", Reason: "begin",
		Drafts: []ledger.Draft{{Kind: "organization", ID: "organization", Revision: 1, Document: []byte(`{"name":"Näme & Co"}`)}}}, keys.origin, "organization")
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, l, ledger.Command{Ledger: "org", Actor: "p-1", Action: "record.put", Reason: "first controls", Drafts: []ledger.Draft{
		{Kind: "control", ID: "pay-3-2", Revision: 1, Effective: "2025-01-01", Document: []byte(`{"code":"PAY-3.2"}`)},
		{Kind: "control", ID: "pay<3>", Revision: 1, Effective: "2025-02-01", Document: []byte("\x00\xff")},
		{Kind: "décision", ID: `"quoted"`, Revision: 1, Document: []byte{}},
	}})
	mustCommit(t, l, ledger.Command{Ledger: "org", Actor: "p-2", Action: "record.put",
		Drafts: []ledger.Draft{{Kind: "control", ID: "pay-3-2", Revision: 2, Effective: "2024-07-01", Document: []byte(`{"code":"PAY-3.2","v":2}`)}}})
	mustCommit(t, l, ledger.Command{Ledger: "org", Actor: "p-2", Action: "redact", Reason: "lawful request", Redacts: []ledger.DocumentRef{{Pos: 1, Slot: 0}, {Pos: 1, Slot: 2}}})
	for i := range 4 {
		mustCommit(t, l, ledger.Command{Ledger: "org", Actor: "p-3", Action: "sample.draw", Reason: "draw", Drafts: []ledger.Draft{{Kind: "sample", ID: fmt.Sprint(i), Revision: 1, Document: fmt.Appendf(nil, `{"n":%d}`, i)}}})
	}
	g := golden{Origin: keys.origin, Key: keys.verifier()}
	err = store.Entries(ctx, "org", 0, 100, func(r ledger.Row) error {
		e := goldenEntry{Bytes: string(r.Bytes), Leaf: hex.EncodeToString(r.Leaf[:]), Note: string(r.Checkpoint)}
		for _, d := range r.Documents {
			e.Documents = append(e.Documents, goldenDocument{d.Slot, hex.EncodeToString(d.Salt), base64.StdEncoding.EncodeToString(d.Bytes)})
		}
		g.Entries = append(g.Entries, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, g
}

// TestGoldenLedger pins the stored bytes: what this program writes today is
// what it wrote when the file was made.
func TestGoldenLedger(t *testing.T) {
	l, g := buildGolden(t)
	got, err := json.MarshalIndent(g, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "golden.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("the ledger is no longer written as %s has it; got\n%s", path, got)
	}
	ctx := context.Background()
	for pos := range g.Entries {
		p, err := l.Prove(ctx, "org", int64(pos))
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.CheckInclusion(g.Key)
		if err != nil {
			t.Error(err)
		}
		// What x/mod's tlog says without any of our code.
		leaf, _ := hex.DecodeString(g.Entries[pos].Leaf)
		if err := tlog.CheckRecord(p.Path, c.Size, c.Root, int64(pos), tlog.Hash(leaf)); err != nil {
			t.Errorf("entry %d: %v", pos, err)
		}
		older, err := ledger.ParseCheckpoint([]byte(g.Entries[pos].Note), g.Key)
		if err != nil {
			t.Fatal(err)
		}
		path, newer, err := l.ProveConsistency(ctx, "org", older.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.CheckConsistency(path, older, newer); err != nil {
			t.Error(err)
		}
		older.Root[0] ^= 1
		if err := ledger.CheckConsistency(path, older, newer); err == nil && older.Size < newer.Size {
			t.Errorf("a checkpoint of another tree at size %d counts as consistent", older.Size)
		}
	}
}

// TestGoldenByHand recomputes the golden file with SHA-256, Ed25519, base64
// and a JSON parser alone, as a stranger would from the description of the format.
func TestGoldenByHand(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	keyParts := strings.SplitN(g.Key, "+", 3)
	key, err := base64.StdEncoding.DecodeString(keyParts[2])
	if err != nil || len(key) != 33 || key[0] != 1 || keyParts[0] != g.Origin {
		t.Fatalf("verifier key %q: %v", g.Key, err)
	}
	var leaves [][]byte
	documents := map[string]string{} // "pos/slot" to commitment
	redacted := map[string]bool{}
	for pos, e := range g.Entries {
		leaf := sha256.Sum256(append([]byte{0}, e.Bytes...))
		if hex.EncodeToString(leaf[:]) != e.Leaf {
			t.Errorf("entry %d: leaf %x, stored %s", pos, leaf, e.Leaf)
		}
		leaves = append(leaves, leaf[:])
		var entry struct {
			V       int
			Ledger  string
			Time    string
			Reason  string
			Changes []struct{ Commitment string }
			Redacts []struct{ Pos, Slot int }
		}
		if err := json.Unmarshal([]byte(e.Bytes), &entry); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("2025-03-31T22:59:%02d.123456Z", 59+pos); pos == 0 && entry.Time != want || entry.V != 1 || entry.Ledger != "org" {
			t.Errorf("entry %d: version %d, ledger %q, time %q", pos, entry.V, entry.Ledger, entry.Time)
		}
		if entry.Reason != "" {
			documents[fmt.Sprintf("%d/0", pos)] = entry.Reason
		}
		for i, c := range entry.Changes {
			documents[fmt.Sprintf("%d/%d", pos, i+1)] = c.Commitment
		}
		for _, r := range entry.Redacts {
			redacted[fmt.Sprintf("%d/%d", r.Pos, r.Slot)] = true
		}
		checkNoteByHand(t, g.Origin, key[1:], e.Note, pos+1, merkle(leaves))
	}
	for pos, e := range g.Entries {
		for _, d := range e.Documents {
			at := fmt.Sprintf("%d/%d", pos, d.Slot)
			salt, _ := hex.DecodeString(d.Salt)
			doc, err := base64.StdEncoding.DecodeString(d.Bytes)
			if err != nil || len(salt) != 32 {
				t.Fatalf("document %s: %v", at, err)
			}
			sum := sha256.Sum256(append(salt, doc...))
			if got := base64.RawURLEncoding.EncodeToString(sum[:]); got != documents[at] {
				t.Errorf("document %s: commitment %s, the entry says %s", at, got, documents[at])
			}
			if redacted[at] {
				t.Errorf("document %s is redacted and still there", at)
			}
			delete(documents, at)
		}
	}
	for at := range documents {
		if !redacted[at] {
			t.Errorf("document %s is missing", at)
		}
	}
}

// merkle is MTH of RFC 6962, section 2.1, as written there.
func merkle(d [][]byte) []byte {
	if len(d) == 1 {
		return d[0]
	}
	k := 1
	for k*2 < len(d) {
		k *= 2
	}
	sum := sha256.Sum256(append(append([]byte{1}, merkle(d[:k])...), merkle(d[k:])...))
	return sum[:]
}

// checkNoteByHand reads a C2SP checkpoint: three lines, an empty one, and an
// em dash, the name, and base64 of four bytes of key id with the signature.
func checkNoteByHand(t *testing.T, origin string, key ed25519.PublicKey, text string, size int, root []byte) {
	t.Helper()
	body := fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root))
	rest, ok := strings.CutPrefix(text, body+"\n\u2014 "+origin+" ")
	if !ok {
		t.Fatalf("the note over %d entries is\n%swant it to begin with\n%s", size, text, body)
	}
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, "\n"))
	if err != nil || len(sig) != 68 {
		t.Fatalf("size %d: signature line %q: %v", size, rest, err)
	}
	id := sha256.Sum256(append([]byte(origin+"\n\x01"), key...))
	if !bytes.Equal(sig[:4], id[:4]) {
		t.Errorf("size %d: key id %x, want %x", size, sig[:4], id[:4])
	}
	if !ed25519.Verify(key, []byte(body), sig[4:]) {
		t.Errorf("size %d: the signature does not hold", size)
	}
}
