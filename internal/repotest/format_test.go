package repotest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// examples reads the blocks of docs/FORMAT.md that are marked format NAME.
func examples(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range fences("docs/FORMAT.md", read(t, "docs/FORMAT.md")) {
		if name, ok := strings.CutPrefix(f.info, "format "); ok {
			out[name] = strings.Join(f.body, "\n")
		}
	}
	return out
}

// fields reads lines of a name and a value.
func fields(block string) map[string]string {
	out := map[string]string{}
	for _, l := range strings.Split(block, "\n") {
		name, value, _ := strings.Cut(l, " ")
		out[name] = strings.TrimSpace(value)
	}
	return out
}

func sum(parts ...[]byte) []byte {
	h := sha256.Sum256(bytes.Join(parts, nil))
	return h[:]
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFormatOfTheLedger recomputes leaf, commitment, root and signature from
// the page, and finds the same bytes in the ledger's own golden file.
func TestFormatOfTheLedger(t *testing.T) {
	ex := examples(t)
	golden := string(read(t, "ledger/testdata/golden.json"))
	for _, name := range []string{"entry", "leaf", "checkpoint"} {
		quoted, err := json.Marshal(ex[name])
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		enc := json.NewEncoder(&plain)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(ex[name]); err != nil {
			t.Fatal(err)
		}
		if text := strings.Trim(plain.String(), "\"\n"); !strings.Contains(golden, strings.Trim(string(quoted), `"`)) && !strings.Contains(golden, text) {
			t.Errorf("example %s is not in ledger/testdata/golden.json:\n%s", name, ex[name])
		}
	}
	leaf := sum([]byte{0}, []byte(ex["entry"]))
	if got := hex.EncodeToString(leaf); got != ex["leaf"] {
		t.Errorf("the leaf of the entry is %s, the page says %s", got, ex["leaf"])
	}
	d := fields(ex["document"])
	if got := base64.RawURLEncoding.EncodeToString(sum(unhex(t, d["salt"]), []byte(d["document"]))); got != d["commitment"] || !strings.Contains(ex["entry"], got) {
		t.Errorf("the commitment is %s, the page says %s, and the entry must hold it", got, d["commitment"])
	}

	page := string(read(t, "docs/FORMAT.md"))
	_, second, ok := strings.Cut(page, "leaves are the one above and `")
	if !ok {
		t.Fatal("the page does not name the second leaf")
	}
	root := sum([]byte{1}, leaf, unhex(t, second[:64]))
	text, signature, ok := strings.Cut(ex["checkpoint"], "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) != 3 || lines[1] != "2" || lines[2] != base64.StdEncoding.EncodeToString(root) {
		t.Fatalf("the checkpoint of the two leaves has root %s, the page shows\n%s", base64.StdEncoding.EncodeToString(root), ex["checkpoint"])
	}
	var entry struct {
		Genesis struct{ Origin, Key string } `json:"genesis"`
	}
	if err := json.Unmarshal([]byte(ex["entry"]), &entry); err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(entry.Genesis.Key, entry.Genesis.Origin+"+"), "+")
	public, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	_, encoded, _ := strings.Cut(strings.TrimPrefix(signature, "— "), " ")
	signed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(signed) != 4+ed25519.SignatureSize || public[0] != 1 {
		t.Fatalf("the signature line %q does not hold a key id and an Ed25519 signature: %v", signature, err)
	}
	if id := sum([]byte(entry.Genesis.Origin+"\n"), public)[:4]; !bytes.Equal(id, signed[:4]) {
		t.Errorf("the key id is %x, the signature carries %x", id, signed[:4])
	}
	if !ed25519.Verify(public[1:], []byte(text+"\n"), signed[4:]) {
		t.Error("the signature of the checkpoint does not verify")
	}
}

// TestFormatOfTheTables compares the page with the statement that makes them.
func TestFormatOfTheTables(t *testing.T) {
	source := string(read(t, "ledger/sqlite/sqlite.go"))
	_, rest, ok := strings.Cut(source, "const schema = `")
	schema, _, closed := strings.Cut(rest, "`")
	if !ok || !closed {
		t.Fatal("ledger/sqlite/sqlite.go has no constant schema")
	}
	if got := examples(t)["schema"]; got != strings.TrimSpace(schema) {
		t.Errorf("docs/FORMAT.md shows other tables than ledger/sqlite makes:\n%s", schema)
	}
}

// TestFormatOfSelections ranks by hand and asks the program to.
func TestFormatOfSelections(t *testing.T) {
	ex := examples(t)
	s, n := fields(ex["selection"]), fields(ex["nonce"])
	nonce := unhex(t, n["nonce"])
	if got := hex.EncodeToString(sum([]byte("reperform/nonce/v1\n"), nonce)); got != n["commitment"] {
		t.Errorf("the nonce commits to %s, the page says %s", got, n["commitment"])
	}
	if !strings.HasSuffix(s["input"], "|nonce:"+n["nonce"]) {
		t.Errorf("the seed input does not end with the nonce of the page: %s", s["input"])
	}
	seed := sum([]byte(s["input"]))
	if got := hex.EncodeToString(seed); got != s["seed"] {
		t.Errorf("the seed is %s, the page says %s", got, s["seed"])
	}
	rank := func(key string) string {
		mac := hmac.New(sha256.New, seed)
		mac.Write([]byte(key))
		return hex.EncodeToString(mac.Sum(nil))
	}
	keys := strings.Fields(s["keys"])
	given := strings.Join(keys, "\n") + "\n"
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
	first := strings.Fields(s["first"])
	if !slices.Equal(keys[:len(first)], first) || rank(first[0]) != s["hmac"] {
		t.Errorf("the first are %v, the first of them with %s; the page says %v and %s", keys[:len(first)], rank(keys[0]), first, s["hmac"])
	}
	cmd := exec.Command(program(t), "sampling", "select", "--seed-input", s["input"], "--n", "3")
	cmd.Stdin = strings.NewReader(given)
	out, err := cmd.Output()
	if err != nil || !slices.Equal(strings.Fields(string(out)), first) {
		t.Errorf("the program draws %q (%v), the page says %v", out, err, first)
	}
}

// TestFormatOfExceptions hashes the file of the page.
func TestFormatOfExceptions(t *testing.T) {
	file := examples(t)["exceptions"] + "\n"
	lines := strings.SplitAfter(strings.TrimSuffix(file, "\n"), "\n")
	if !slices.IsSorted(lines) {
		t.Error("the lines of the exceptions file are not sorted")
	}
	hash := hex.EncodeToString(sum([]byte(file)))
	if !strings.Contains(string(read(t, "docs/FORMAT.md")), "`"+hash+"`") {
		t.Errorf("the result hash of the file is %s, the page says another", hash)
	}
}

// TestFormatOfBundles takes the container of the page for a bundle: its form and
// digest hold, what it says of itself does not.
func TestFormatOfBundles(t *testing.T) {
	b := unhex(t, strings.Join(strings.Fields(examples(t)["container"]), ""))
	if body := b[:len(b)-sha256.Size]; !bytes.Equal(sum(body), b[len(body):]) {
		t.Errorf("the digest of the container is %x, the page says %x", sum(body), b[len(body):])
	}
	status := func(b []byte) map[string]string {
		path := filepath.Join(t.TempDir(), "x.bundle")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program(t), "verify", path, "--json").Output()
		if err == nil {
			t.Error("a bundle without content verifies")
		}
		var v struct{ Claims []struct{ ID, Status string } }
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got := map[string]string{}
		for _, c := range v.Claims {
			got[c.ID] = c.Status
		}
		return got
	}
	if got := status(b); got["container"] != "holds" || got["about"] != "fails" {
		t.Errorf("the program says of the container of the page: %v; its form and digest should hold, about.json should not", got)
	}
	b[25] ^= 1
	if got := status(b); got["container"] != "fails" {
		t.Errorf("with one bit changed the program says of the container: %v", got)
	}
}
