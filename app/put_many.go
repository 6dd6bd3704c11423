package app

import (
	"context"
	"errors"
	"fmt"

	"reperform/ascode"
	"reperform/identity"
)

// Bulk is what many changes made together do, each in the order given.
type Bulk struct {
	Items []BulkItem `json:"items"`
}

// BulkItem is what one of them does, or why it cannot.
type BulkItem struct {
	Kind     string           `json:"kind"`
	ID       string           `json:"id"`
	Change   ChangeType       `json:"change,omitempty"`
	Fields   []FieldChange    `json:"fields,omitempty"`
	Problems []ascode.Problem `json:"problems,omitempty"`
	// Stale is set when the record has changed since it was read.
	Stale *StaleError `json:"-"`
}

// Bad is the number of items with problems.
func (b *Bulk) Bad() int {
	n := 0
	for _, it := range b.Items {
		if len(it.Problems) > 0 {
			n++
		}
	}
	return n
}

// ErrBulk says that some of many changes cannot be made, and that therefore none
// was; the Bulk that comes with it says which and why.
var ErrBulk = errors.New("nothing was recorded, because some of the changes cannot be made")

// mostChanges bounds the changes of one bulk edit.
const mostChanges = 20000

// PutRecords records many changes of one ledger as one command with one reason,
// all or none. Each is checked as by PutRecord, against the revision it was made
// against, and may refer to records that come with it. With dryRun it only says
// what would happen. With problems it returns ErrBulk beside the Bulk.
func (a *App) PutRecords(ctx context.Context, actor string, cs []RecordChange, reason string, dryRun bool) (*Bulk, error) {
	if len(cs) == 0 {
		return &Bulk{Items: []BulkItem{}}, nil
	}
	if len(cs) > mostChanges {
		return nil, fmt.Errorf("%d changes are more than %d at once; make them in parts", len(cs), mostChanges)
	}
	name := cs[0].Ledger
	for i := range cs {
		if cs[i].Ledger != name {
			return nil, fmt.Errorf("the changes are of the ledgers %q and %q; change one ledger at a time", name, cs[i].Ledger)
		}
	}
	if name == "" {
		name = OrganizationLedger
	}
	var out *Bulk
	// Reading is the least; each change is authorized for itself.
	req := request{actor: actor, ledger: name, may: identity.Read, kind: cs[0].Kind, action: "record.bulk", reason: reason, rehearsed: dryRun}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		today, err := a.Today(ctx)
		if err != nil {
			return err
		}
		out = &Bulk{}
		m := &many{tx: tx, p: &planner{tx: tx, opt: ApplyOptions{Effective: today}, denied: map[string]bool{}, all: map[string][]*ascode.Item{}}}
		if err := m.gather(cs, name); err != nil {
			return err
		}
		for i := range cs {
			it, err := m.plan(i, cs[i])
			if err != nil {
				return err
			}
			out.Items = append(out.Items, it)
		}
		if n := out.Bad(); n > 0 {
			return fmt.Errorf("%d of %d: %w", n, len(cs), ErrBulk)
		}
		if dryRun {
			return nil
		}
		return m.p.record(m.steps)
	})
	if err != nil && !errors.Is(err, ErrBulk) {
		return nil, err
	}
	return out, err
}

// many is a bulk edit in the making.
type many struct {
	tx    *Tx
	p     *planner
	items []*ascode.Item
	steps []Step
	seen  map[[2]string]bool
}

func (m *many) gather(cs []RecordChange, name string) error {
	m.seen = map[[2]string]bool{}
	for _, c := range cs {
		c.Ledger = name
		kind, err := registerKind(c)
		if err != nil {
			return err
		}
		it, err := m.tx.itemOf(kind, c)
		if err != nil {
			return err
		}
		m.items = append(m.items, it)
	}
	m.p.all[name] = m.items
	return nil
}

// plan says what one change does.
func (m *many) plan(i int, c RecordChange) (BulkItem, error) {
	it, p := m.items[i], m.p
	out := BulkItem{Kind: c.Kind, ID: c.ID}
	p.problems, p.denied = nil, map[string]bool{}
	kind, err := registerKind(c)
	if err != nil {
		return out, err
	}
	bad := func(path, message, remedy string) { p.problems = append(p.problems, it.Problem(path, message, remedy)) }
	// What somebody may not change, they are told nothing further about.
	if p.allowed(it, kind) {
		now := m.tx.snap.Version(c.Kind, c.ID)
		key := [2]string{c.Kind, c.ID}
		switch {
		case m.seen[key]:
			bad("id", "The record stands twice among the changes.", "Leave one of them out.")
		case c.Revision >= 0 && now != c.Revision:
			out.Stale = &StaleError{Kind: c.Kind, ID: c.ID, Against: c.Revision, Now: now}
			bad("", out.Stale.Error(), "")
		}
		m.seen[key] = true
		if err := p.identified(it); err != nil {
			return out, err
		}
		if c.Value != nil && !c.Retired {
			for _, x := range c.Value.Validate() {
				bad(x.Field, x.Message, x.Remedy)
			}
		}
		if err := p.references(it, kind); err != nil {
			return out, err
		}
		if len(p.problems) == 0 {
			step, err := p.step(it, kind)
			if err != nil {
				return out, err
			}
			out.Change, out.Fields = step.Change, step.Fields
			m.steps = append(m.steps, step)
		}
	}
	out.Problems = p.problems
	return out, nil
}
