package bundle_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"reperform/bundle"
	"reperform/ledger"
)

// forgery is a bundle in the hands of somebody who knows the format and
// computes the container's digest again.
type forgery struct {
	t     *testing.T
	s     *story
	parts map[string][]byte
}

func (f *forgery) lines(name string, change func(l []bundle.Line) []bundle.Line) {
	f.t.Helper()
	bundle.SetLines(f.t, f.parts, name, change(bundle.Lines(f.t, f.parts, name)))
}

func (f *forgery) about(change func(a *bundle.About)) {
	f.t.Helper()
	bundle.ChangeAbout(f.t, f.parts, change)
}

// signer is the operator's own key: what an operator can forge.
func (f *forgery) signer(name string) note.Signer {
	f.t.Helper()
	s, _, err := ledger.FileKeys{Dir: filepath.Join(f.s.dir, "keys")}.Signer(name)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// find locates the latest revision of a record: entry and slot.
func (f *forgery) find(lines []bundle.Line, kind, id string) (int, int) {
	f.t.Helper()
	for i := len(lines) - 1; i >= 0; i-- {
		e, err := ledger.ParseEntry(lines[i].Bytes)
		if err != nil {
			f.t.Fatal(err)
		}
		for j, c := range e.Changes {
			if c.Kind == kind && (c.ID == id || id == "") {
				return i, j + 1
			}
		}
	}
	f.t.Fatalf("no %s %s", kind, id)
	return 0, 0
}

// document is the document in a slot.
func document(l bundle.Line, slot int) int {
	return slices.IndexFunc(l.Documents, func(d bundle.Doc) bool { return d.Slot == slot })
}

// edit changes a record's latest revision in place, commitment and entry
// included: what somebody who can sign does next.
func (f *forgery) edit(name, kind, id string, change func(body map[string]any)) {
	f.t.Helper()
	f.lines(name, func(lines []bundle.Line) []bundle.Line {
		i, slot := f.find(lines, kind, id)
		f.editAt(&lines[i], slot, change)
		return lines
	})
}

func (f *forgery) editAt(l *bundle.Line, slot int, change func(body map[string]any)) {
	f.t.Helper()
	d := &l.Documents[document(*l, slot)]
	var doc map[string]any
	if err := json.Unmarshal(d.Bytes, &doc); err != nil {
		f.t.Fatal(err)
	}
	change(doc["body"].(map[string]any))
	old := ledger.Commit(d.Salt, d.Bytes)
	b, err := json.Marshal(doc)
	if err != nil {
		f.t.Fatal(err)
	}
	d.Bytes = b
	l.Bytes = bytes.Replace(l.Bytes, []byte(old), []byte(ledger.Commit(d.Salt, b)), 1)
}

// resign signs the ledger anew with the operator's key.
func (f *forgery) resign(name string) {
	f.t.Helper()
	bundle.Sign(f.t, f.parts, name, f.signer(name))
}

// forge edits a record of the examination and signs anew.
func forge(kind, id string, change func(body map[string]any)) func(f *forgery) {
	return func(f *forgery) {
		f.t.Helper()
		f.edit(exam, kind, id, change)
		f.resign(exam)
	}
}

// blobOf is the SHA-256 of a file that a record names.
func (f *forgery) blobOf(kind, id, field string) string {
	f.t.Helper()
	lines := bundle.Lines(f.t, f.parts, exam)
	i, slot := f.find(lines, kind, id)
	var doc struct {
		Body map[string]json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(lines[i].Documents[document(lines[i], slot)].Bytes, &doc); err != nil {
		f.t.Fatal(err)
	}
	var file struct {
		SHA256 string `json:"sha256"`
	}
	if err := json.Unmarshal(doc.Body[field], &file); err != nil {
		f.t.Fatal(err)
	}
	return file.SHA256
}

func flip(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 1
	return out
}

// attackerKey signs for the names of the operator's key.
func attackerKey(t *testing.T, name string) (note.Signer, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return s, vkey
}

// takeOver signs a ledger with a key of the attacker's, named in its first entry.
func (f *forgery) takeOver(name string) {
	f.t.Helper()
	var old string
	f.about(func(a *bundle.About) { old = a.Genesis[name].Key })
	server, _, _ := strings.Cut(old, "+")
	s, vkey := attackerKey(f.t, server)
	f.about(func(a *bundle.About) {
		g := a.Genesis[name]
		g.Key = vkey
		a.Genesis[name] = g
	})
	f.lines(name, func(l []bundle.Line) []bundle.Line {
		l[0].Bytes = bytes.Replace(l[0].Bytes, []byte(old), []byte(vkey), 1)
		return l
	})
	bundle.Sign(f.t, f.parts, name, s)
}

// move puts the entry with a record's latest revision at another position; the
// times of entries follow their positions.
func (f *forgery) move(l []bundle.Line, kind, id string, to int) []bundle.Line {
	f.t.Helper()
	var times []string
	for _, x := range l {
		e, err := ledger.ParseEntry(x.Bytes)
		if err != nil {
			f.t.Fatal(err)
		}
		times = append(times, e.Time)
	}
	from, _ := f.find(l, kind, id)
	x := l[from]
	l = slices.Insert(slices.Delete(l, from, from+1), to, x)
	for i := range l {
		e, err := ledger.ParseEntry(l[i].Bytes)
		if err != nil {
			f.t.Fatal(err)
		}
		l[i].Pos = int64(i)
		l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(e.Time), []byte(times[i]), 1)
	}
	return l
}

// keepFiles leaves only the populations that a claim needs, so that the engine
// is not asked for the others each time.
func (f *forgery) keepFiles(claim string) {
	f.t.Helper()
	need := map[string][]string{"run/": {"pop-leavers", "pop-accounts"}, "sample/": {"pop-bank-changes"}, "population/pop-leavers": {"pop-leavers"}, "population/pop-bank-changes": {"pop-bank-changes", "pop-changes"}}
	for prefix, populations := range need {
		if !strings.HasPrefix(claim, prefix) {
			continue
		}
		for _, p := range []string{"pop-leavers", "pop-accounts", "pop-changes", "pop-bank-changes"} {
			if !slices.Contains(populations, p) {
				delete(f.parts, bundle.PartBlob+f.blobOf("population", p, "frozen"))
			}
		}
	}
}
