package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"reperform/ascode"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// Event is one revision in a record's history, with who recorded it and why.
type Event struct {
	record.Record
	Time   string `json:"time"`
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
	// Partial says that the command changed more than the actor reads: neither its
	// reason nor a proof of it is shown.
	Partial bool `json:"partial,omitempty"`
	// RetroactiveDays is how many days after its effective date it became
	// known, 0 when it was known in time.
	RetroactiveDays int           `json:"retroactive_days,omitempty"`
	Fields          []FieldChange `json:"fields,omitempty"`
}

// History tells the whole story of a record.
func (a *App) History(ctx context.Context, actor, name, kind, id string) ([]Event, error) {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return nil, err
	}
	if !v.Shows(kind) {
		// Of the kind the actor reads some records, or none.
		if _, err := a.Record(ctx, actor, name, kind, id, record.AsOf{}); err != nil {
			return nil, err
		}
		if v, err = a.latest(name); err != nil {
			return nil, err
		}
	}
	revs, err := v.History(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	reader, err := a.reader(ctx, actor, name)
	if err != nil {
		return nil, err
	}
	zone, err := a.zone(ctx)
	if err != nil {
		return nil, err
	}
	var out []Event
	var before json.RawMessage
	for _, r := range revs {
		ev := Event{Record: r}
		err := a.store.Entries(ctx, name, r.Pos, r.Pos+1, func(row ledger.Row) error {
			e, err := ledger.ParseEntry(row.Bytes)
			if err != nil {
				return err
			}
			ev.Time, ev.Actor, ev.Action = e.Time, e.Actor, e.Action
			_, _, whole := reader.trim(e)
			ev.Partial = !whole
			for _, d := range row.Documents {
				if d.Slot == 0 && whole {
					ev.Reason = string(d.Bytes)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if t, err := time.Parse(ledger.TimeFormat, ev.Time); err == nil && r.Effective != "" {
			known := soc1.Date(t.In(zone).Format(time.DateOnly))
			ev.RetroactiveDays = max(0, soc1.Date(r.Effective).DaysUntil(known))
		}
		if ev.Fields, err = diff(k, before, r.Body); err != nil {
			return nil, err
		}
		before = r.Body
		out = append(out, ev)
	}
	return out, nil
}

// GrownAt is when a ledger had grown to a size: the time of the entry before it.
// Whoever reads anything of the ledger may ask, as KnownAt tells them the same by
// halves; of the entry itself they learn nothing.
func (a *App) GrownAt(ctx context.Context, actor, name string, size int64) (time.Time, error) {
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return time.Time{}, err
	}
	if now := v.AsOf().Known; size < 1 || size > now {
		return time.Time{}, fmt.Errorf("the ledger %s has no entry %d; it has %d", name, size-1, now)
	}
	var at time.Time
	err = a.store.Entries(ctx, name, size-1, size, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return err
		}
		at, err = time.Parse(ledger.TimeFormat, e.Time)
		return err
	})
	return at, err
}

// KnownAt finds the size that a ledger had at a position or a moment: a number
// is a size, a date is the end of that day in the organization's zone, an
// RFC 3339 time is itself.
func (a *App) KnownAt(ctx context.Context, actor, name, at string) (int64, error) {
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return 0, err
	}
	if n, err := strconv.ParseInt(at, 10, 64); err == nil {
		if n < 1 {
			// A view known at 0 would be the latest.
			return 0, fmt.Errorf("position %d: a ledger is known from its first entry on; name a position from 1", n)
		}
		if size := v.AsOf().Known; n > size {
			return 0, &KnownError{name, size}
		}
		return n, nil
	}
	zone, err := a.zone(ctx)
	if err != nil {
		return 0, err
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		d, derr := time.ParseInLocation(time.DateOnly, at, zone)
		if derr != nil {
			return 0, fmt.Errorf("%q is neither a position, nor a date like 2025-12-31, nor a time like 2025-12-31T17:00:00Z", at)
		}
		t = d.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	// Time never decreases within a ledger, so its positions can be halved.
	lo, hi := int64(0), v.AsOf().Known
	for lo < hi {
		mid := (lo + hi) / 2
		var at time.Time
		err := a.store.Entries(ctx, name, mid, mid+1, func(r ledger.Row) error {
			e, err := ledger.ParseEntry(r.Bytes)
			if err != nil {
				return err
			}
			at, err = time.Parse(ledger.TimeFormat, e.Time)
			return err
		})
		if err != nil {
			return 0, err
		}
		if at.After(t) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == 0 {
		return 0, fmt.Errorf("at %s ledger %s did not exist yet", at, name)
	}
	return lo, nil
}

// Difference is how one record differs between two views.
type Difference struct {
	Kind   string        `json:"kind"`
	ID     string        `json:"id"`
	Change ChangeType    `json:"change"`
	Fields []FieldChange `json:"fields,omitempty"`
}

// Diff compares all records of two points of the same ledger.
func (a *App) Diff(ctx context.Context, actor, name string, from, to record.AsOf) ([]Difference, error) {
	va, err := a.View(ctx, actor, name, from)
	if err != nil {
		return nil, err
	}
	vb, err := a.View(ctx, actor, name, to)
	if err != nil {
		return nil, err
	}
	out := []Difference{}
	for _, kind := range record.Kinds.Names() {
		ra, err := va.List(ctx, kind)
		if err != nil {
			return nil, err
		}
		rb, err := vb.List(ctx, kind)
		if err != nil {
			return nil, err
		}
		ds, err := diffKind(kind, ra, rb)
		if err != nil {
			return nil, err
		}
		out = append(out, ds...)
	}
	return out, nil
}

// diffKind merges two lists that are both ordered by id.
func diffKind(name string, a, b []record.Record) ([]Difference, error) {
	kind, err := record.Kinds.Kind(name)
	if err != nil {
		return nil, err
	}
	var out []Difference
	for len(a) > 0 || len(b) > 0 {
		d := Difference{Kind: name}
		var before, after json.RawMessage
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].ID < b[0].ID:
			d.ID, d.Change, before, a = a[0].ID, Retire, a[0].Body, a[1:]
		case len(a) == 0 || b[0].ID < a[0].ID:
			d.ID, d.Change, after, b = b[0].ID, Create, b[0].Body, b[1:]
		default:
			same := record.SameBody(a[0].Body, b[0].Body)
			d.ID, d.Change, before, after, a, b = a[0].ID, Change, a[0].Body, b[0].Body, a[1:], b[1:]
			if same {
				continue
			}
		}
		if d.Fields, err = diff(kind, before, after); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Export renders all register records of a ledger as files by name, every
// version in force included, so that applying them again changes nothing.
func (a *App) Export(ctx context.Context, actor, name string, asOf record.AsOf) (map[string][]byte, error) {
	v, err := a.View(ctx, actor, name, asOf)
	if err != nil {
		return nil, err
	}
	shown, until := exportedAs(name, asOf)
	files := map[string][]byte{}
	for _, n := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(n)
		if err != nil {
			return nil, err
		}
		if k.Decision {
			continue
		}
		b, err := exported(ctx, v, k, shown, until, nil)
		if err != nil {
			return nil, err
		}
		if len(b) > 0 {
			files[n+".yaml"] = b
		}
	}
	return files, nil
}

// exportedAs is how files name a ledger, and until when versions are exported.
func exportedAs(name string, asOf record.AsOf) (shown string, until soc1.Date) {
	if name != OrganizationLedger {
		shown = name
	}
	if asOf.Effective != "" {
		return shown, asOf.Effective
	}
	return shown, "9999-12-31"
}

// exported is the file of one kind; empty where there is nothing to write.
func exported(ctx context.Context, v *record.View, k *record.Kind, shown string, until soc1.Date, only map[string]bool) ([]byte, error) {
	versions, err := v.Versions(ctx, k.Name, "0000-01-01", until)
	if err != nil {
		return nil, err
	}
	var records []record.Record
	for _, ver := range versions {
		if !ver.Redacted && (only == nil || only[ver.ID]) {
			records = append(records, ver.Record)
		}
	}
	if len(records) == 0 {
		return nil, nil
	}
	return ascode.Write(k, shown, records)
}

// ExportRecords renders one register as the file that Export writes of it. With
// ids it holds these records alone. Applying it again changes nothing.
func (a *App) ExportRecords(ctx context.Context, actor, name, kind string, asOf record.AsOf, ids []string) ([]byte, error) {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, name, asOf)
	if err != nil {
		return nil, err
	}
	if k.Decision {
		return nil, fmt.Errorf("%s are decisions and are not written by files; export them as a table", k.Plural)
	}
	var only map[string]bool
	if ids != nil {
		only = make(map[string]bool, len(ids))
		for _, id := range ids {
			only[id] = true
		}
	}
	shown, until := exportedAs(name, asOf)
	return exported(ctx, v, k, shown, until, only)
}
