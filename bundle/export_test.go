package bundle

import (
	"bytes"
	"encoding/json"
	"os"
	"sort"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"reperform/ledger"
)

// The tests of tampering take a bundle apart and put it together again as an
// attacker would who knows the format.

type (
	Line  = line
	Doc   = document
	About = about
)

// Parts takes a bundle apart.
func Parts(t testing.TB, path string) map[string][]byte {
	t.Helper()
	c, err := openContainer(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	out := map[string][]byte{}
	for _, n := range c.names {
		if out[n], err = c.read(n); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Assemble writes the parts as a bundle in canonical form with a fresh digest.
func Assemble(t testing.TB, parts map[string][]byte, path string) {
	t.Helper()
	names := make([]string, 0, len(parts))
	for n := range parts {
		names = append(names, n)
	}
	sort.Strings(names)
	var b bytes.Buffer
	w, err := newWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if err := w.bytes(n, parts[n]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Lines and SetLines read and write the entries of a ledger.
func Lines(t testing.TB, parts map[string][]byte, name string) []line {
	t.Helper()
	l, err := decodeLines(bytes.NewReader(parts[partEntries(name)]))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func SetLines(t testing.TB, parts map[string][]byte, name string, lines []line) {
	t.Helper()
	b, err := encodeLines(lines)
	if err != nil {
		t.Fatal(err)
	}
	parts[partEntries(name)] = b
}

// ChangeAbout rewrites what the bundle says of itself.
func ChangeAbout(t testing.TB, parts map[string][]byte, f func(a *about)) {
	t.Helper()
	var a about
	if err := json.Unmarshal(parts[partAbout], &a); err != nil {
		t.Fatal(err)
	}
	f(&a)
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	parts[partAbout] = b
}

// Sign makes the checkpoint of the lines as they are and signs it.
func Sign(t testing.TB, parts map[string][]byte, name string, s note.Signer) {
	t.Helper()
	lines := Lines(t, parts, name)
	var tree ledger.Tree
	for _, l := range lines {
		tree.Add(l.row().Leaf)
	}
	var origin string
	ChangeAbout(t, parts, func(a *about) { a.Known[name] = tree.Size(); origin = a.Genesis[name].Origin })
	signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: tree.Size(), Root: tree.Root()}, s)
	if err != nil {
		t.Fatal(err)
	}
	parts[partCheckpoint(name)] = signed
}

// Names of parts.
var (
	PartCheckpoint  = partCheckpoint
	PartConsistency = partConsistency
	PartEntries     = partEntries
)

const (
	PartAbout    = partAbout
	PartBlob     = partBlob
	PartModel    = partModel
	PartIssuance = partIssuance
	PartPDF      = partPDF
	TempName     = tempPrefix
)

// ScanFails reports whether the container alone tells that bytes are damaged:
// its form, or its digest.
func ScanFails(path string) (bool, error) {
	c, err := openContainer(path)
	if err != nil {
		return true, err
	}
	defer c.close()
	return !bytes.Equal(c.digest, c.computed), nil
}

// DecodeLines and DecodeAbout are what fuzzing feeds.
func DecodeLines(b []byte) ([]line, error) { return decodeLines(bytes.NewReader(b)) }
