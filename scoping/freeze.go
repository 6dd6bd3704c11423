package scoping

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Frozen are the records in scope, in order of kind and id: what a freeze names.
// User entities are not among them: customers come and go without changing what is
// examined.
func (s *Scope) Frozen() []record.Record {
	var out []record.Record
	for _, kind := range Kinds {
		for _, x := range s.Items[kind] {
			if x.In {
				out = append(out, x.rec)
			}
		}
	}
	slices.SortFunc(out, func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Digest is the SHA-256 over records in the order given, as soc1.ScopeFreeze has it.
// It fails for a record that was redacted: nobody can tell what it said.
func Digest(records []record.Record) (string, error) {
	h := sha256.New()
	for _, r := range records {
		if r.Redacted || len(r.Body) == 0 {
			return "", fmt.Errorf("%s %s has no content to be hashed", r.Kind, r.ID)
		}
		body := sha256.Sum256(r.Body)
		fmt.Fprintf(h, "%s %s %d %s\n", r.Kind, r.ID, r.Revision, hex.EncodeToString(body[:]))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ChangeKind says what became of something since a freeze.
type ChangeKind string

// What can become of it.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
	// Arranged is a control that is the same and is performed or tested here in another
	// way, see [Arrangement].
	Arranged ChangeKind = "arranged"
)

// Change is one difference between a frozen scope and the scope now.
type Change struct {
	What ChangeKind
	// Ref is the record with its revision now; Was is the frozen revision, zero for
	// what was added.
	Ref soc1.Ref
	Was int64
	// Name is how the record is called.
	Name string
	// Pos is the entry of the ledger that recorded its latest revision; -1 where the
	// record itself is as it was, and came or went because of another one.
	Pos int64
	// Fields are the names of the fields that differ, of what changed.
	Fields []string
}

// Changes compares a scope frozen at an entry of the ledger with the scope now: what
// came into it, what left it and what was changed, in the order of kinds. latest gives the latest revision
// of a record, retired ones too; frozen gives its frozen revision. Either may say
// that it knows none.
func (s *Scope) Changes(f soc1.ScopeFreeze, at int64, latest func(kind, id string) (record.Record, bool), frozen func(soc1.Ref) (record.Record, bool)) []Change {
	was := map[[2]string]soc1.Ref{}
	for _, r := range f.Items {
		was[[2]string{r.Kind, r.ID}] = r
	}
	var out []Change
	for _, r := range s.Frozen() {
		key := [2]string{r.Kind, r.ID}
		before, ok := was[key]
		delete(was, key)
		c := Change{Ref: r.Ref(), Was: before.Revision, Name: s.Item(r.Kind, r.ID).named(), Pos: r.Pos}
		switch {
		case !ok:
			c.What = Added
		case before.Revision != r.Revision:
			c.What = Changed
			if old, ok := frozen(before); ok {
				c.Fields = Differing(old.Body, r.Body)
			}
		default:
			continue
		}
		out = append(out, c)
	}
	for _, key := range slices.SortedFunc(maps.Keys(was), func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }) {
		before := was[key]
		c := Change{What: Removed, Ref: before, Was: before.Revision, Name: before.ID, Pos: -1}
		if now, ok := latest(before.Kind, before.ID); ok {
			c.Ref, c.Pos, c.Name = now.Ref(), now.Pos, record.HeadingOf(now).String()
			if x := s.Item(before.Kind, before.ID); x != nil {
				c.Name = x.named()
			}
		}
		out = append(out, c)
	}
	for i := range out {
		if out[i].Pos < at {
			out[i].Pos = -1
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int {
		return cmp.Compare(slices.Index(Kinds, a.Ref.Kind), slices.Index(Kinds, b.Ref.Kind))
	})
	return out
}

func (x *Item) named() string {
	if x.Code == "" || x.Ref.Kind == "subservice_organization" {
		return x.Name
	}
	return x.Code + " " + x.Name
}

// Differing names the fields in which two bodies differ, in order of their names.
func Differing(a, b json.RawMessage) []string {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return nil
	}
	names := map[string]bool{}
	for name, v := range x {
		if w, ok := y[name]; !ok || !record.SameBody(v, w) {
			names[name] = true
		}
	}
	for name := range y {
		if _, ok := x[name]; !ok {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
