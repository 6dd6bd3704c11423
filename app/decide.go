package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// request is what a command is about, before it is decided.
type request struct {
	actor  string
	ledger string
	// may is what the actor must be allowed to do to records of the kind.
	may  identity.Action
	kind string
	// owner is who owns the record as it stands, when that matters.
	owner string
	// controls are those that the record is about, when that matters.
	controls []string
	// action names the command in the ledger.
	action string
	reason string
	// rehearsed says that nothing shall be recorded: then what this process
	// knows is enough, and what it does not is found when it is meant.
	rehearsed bool
}

// Tx is a decision in the making: a function of one snapshot. What it reads it
// guards, so that a decision never rests on something that changed before it
// was recorded.
type Tx struct {
	ctx    context.Context
	app    *App
	req    request
	snap   *ledger.Snapshot
	view   *record.View
	guards map[[2]string]int64
	drafts []ledger.Draft
	now    map[[2]string]record.Record
	redact []ledger.DocumentRef
}

// maxAttempts bounds how often a decision is made again when others were
// faster; each time it has seen what they did.
const maxAttempts = 20

// decide authorizes, decides and commits. The function is called again when
// something it read has changed meanwhile, the actor's own roles included. A
// decision without drafts records nothing and gives an empty receipt.
func (a *App) decide(ctx context.Context, req request, fn func(*Tx) error) (ledger.Receipt, error) {
	for _, p := range []*soc1.Problem{soc1.TextProblem("reason", req.reason), soc1.LengthProblem("reason", "The reason", req.reason, true)} {
		if p != nil {
			return ledger.Receipt{}, problemError(*p)
		}
	}
	fresh := false
	for attempt := 1; ; attempt++ {
		tx, err := a.attempt(ctx, req, fn)
		if err != nil || len(tx.drafts) == 0 && len(tx.redact) == 0 {
			// A refusal, and a decision that there is nothing to do, are never
			// checked by an append. They count only when no other process has
			// recorded something that this one has not seen yet.
			if !fresh && !req.rehearsed && !errors.Is(err, context.Canceled) {
				fresh = true
				if moved, rerr := a.catchUp(ctx); rerr == nil && moved {
					continue
				}
			}
			return ledger.Receipt{}, err
		}
		if err := a.writable(); err != nil {
			return ledger.Receipt{}, err
		}
		receipt, err := a.log.Commit(ctx, tx.command())
		var conflict *ledger.ConflictError
		if errors.As(err, &conflict) && attempt < maxAttempts {
			continue
		}
		return receipt, err
	}
}

// attempt authorizes and decides once, on the state that this process knows.
func (a *App) attempt(ctx context.Context, req request, fn func(*Tx) error) (*Tx, error) {
	// The snapshot comes first: roles that change after it are a conflict.
	snap, snapErr := a.log.Snapshot(req.ledger)
	if err := a.authorizeOn(ctx, req.actor, req.may, identity.Resource{Ledger: req.ledger, Kind: req.kind, Owner: req.owner}, req.controls); err != nil {
		return nil, err
	}
	if snapErr != nil {
		return nil, snapErr
	}
	tx := &Tx{ctx: ctx, app: a, req: req, snap: snap, guards: map[[2]string]int64{}, now: map[[2]string]record.Record{},
		view: record.NewView(a.store, req.ledger, record.AsOf{Known: snap.Size})}
	tx.guard("person", req.actor)
	if p, _, err := a.principal(ctx, req.actor, req.ledger); err == nil && len(p.Custom) > 0 {
		// Whatever a custom role gives may be what this rests on.
		tx.guard("role", "")
	}
	if _, deputies, err := a.principal(ctx, req.actor, req.ledger); err == nil && len(deputies) > 0 {
		// What a deputy may do ends with the deputy's record, or with the roles
		// of the person stood in for.
		tx.guard("deputy", "")
		for _, d := range deputies {
			tx.guard("person", d.of)
		}
	}
	return tx, fn(tx)
}

// catchUp reads what other processes have appended and tells whether there was
// anything.
func (a *App) catchUp(ctx context.Context) (bool, error) {
	before := a.sizes()
	if err := a.log.Refresh(ctx); err != nil {
		return false, err
	}
	return !maps.Equal(before, a.sizes()), nil
}

func (a *App) sizes() map[string]int64 {
	out := map[string]int64{}
	for _, l := range a.log.Ledgers() {
		if snap, err := a.log.Snapshot(l); err == nil {
			out[l] = snap.Size
		}
	}
	return out
}

func (tx *Tx) command() ledger.Command {
	c := ledger.Command{Ledger: tx.req.ledger, Actor: tx.req.actor, Action: tx.req.action, Reason: tx.req.reason, Drafts: tx.drafts, Redacts: tx.redact}
	for k, v := range tx.guards {
		c.Guards = append(c.Guards, ledger.Guard{Kind: k[0], ID: k[1], Version: v})
	}
	return c
}

func (tx *Tx) guard(kind, id string) {
	k := [2]string{kind, id}
	if _, ok := tx.guards[k]; !ok {
		tx.guards[k] = tx.snap.Version(kind, id)
	}
}

// Get reads a record as latest recorded and guards it; ok is false when there
// is none, which is guarded as well.
func (tx *Tx) Get(kind, id string) (r record.Record, ok bool, err error) {
	if r, ok := tx.now[[2]string{kind, id}]; ok {
		return r, true, nil
	}
	tx.guard(kind, id)
	return tx.app.head(tx.ctx, tx.snap, tx.view, kind, id)
}

// List reads the records of a kind and guards the set.
func (tx *Tx) List(kind string) ([]record.Record, error) {
	tx.guard(kind, "")
	return tx.view.List(tx.ctx, kind)
}

// get reads and decodes a record that must exist.
func get[T any](tx *Tx, kind, id string) (T, error) {
	var zero T
	r, ok, err := tx.Get(kind, id)
	if err != nil {
		return zero, err
	}
	if !ok || r.Retired {
		return zero, fmt.Errorf("%s %q does not exist in ledger %s: %w", kind, id, tx.req.ledger, record.ErrNotFound)
	}
	return record.Decode[T](r)
}

// list reads and decodes the records of a kind.
func list[T any](tx *Tx, kind string) ([]record.Typed[T], error) {
	tx.guard(kind, "")
	return record.All[T](tx.ctx, tx.view, kind)
}

// Put records a new revision of a record.
func (tx *Tx) Put(kind, id string, effective soc1.Date, value any) error {
	return tx.put(kind, id, effective, value, false)
}

func (tx *Tx) put(kind, id string, effective soc1.Date, value any, retired bool) error {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		return err
	}
	if v, ok := value.(interface{ Validate() []soc1.Problem }); ok && !retired {
		if err := firstError(v.Validate()); err != nil {
			return fmt.Errorf("%s %s: %w", kind, id, err)
		}
	}
	prev, ok, err := tx.Get(kind, id)
	if err != nil {
		return err
	}
	var before json.RawMessage
	if ok {
		before = prev.Body
	}
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind, id, err)
	}
	doc, err := k.Encode(json.RawMessage(body), before, retired)
	var text *record.TextError
	if errors.As(err, &text) {
		return fmt.Errorf("%s %s: %w", kind, id, problemError(text.Problem))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	if k.Timeless {
		effective = ""
	}
	rev := prev.Revision + 1
	tx.drafts = append(tx.drafts, ledger.Draft{Kind: kind, ID: id, Revision: rev, Effective: string(effective), Document: doc})
	tx.now[[2]string{kind, id}] = record.Record{Ledger: tx.req.ledger, Kind: kind, ID: id, Revision: rev, Effective: string(effective), Retired: retired, Body: body}
	return nil
}
