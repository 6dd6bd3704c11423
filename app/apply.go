package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"reperform/ascode"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// ChangeType says what applying does to a record.
type ChangeType string

// The types of change.
const (
	Create    ChangeType = "create"
	Change    ChangeType = "change"
	Retire    ChangeType = "retire"
	Unchanged ChangeType = "unchanged"
)

// FieldChange is one field that differs, as JSON.
type FieldChange struct {
	Path string          `json:"path"`
	Old  json.RawMessage `json:"old,omitempty"`
	New  json.RawMessage `json:"new,omitempty"`
}

// Step is what applying one item does.
type Step struct {
	Ledger    string        `json:"ledger"`
	Kind      string        `json:"kind"`
	ID        string        `json:"id"`
	Effective string        `json:"effective,omitempty"`
	Change    ChangeType    `json:"change"`
	Fields    []FieldChange `json:"fields,omitempty"`
	item      *ascode.Item
}

// Plan is what applying a set of files does.
type Plan struct {
	Steps []Step `json:"steps"`
}

// Count is the number of steps of the type.
func (p *Plan) Count(t ChangeType) int {
	n := 0
	for _, s := range p.Steps {
		if s.Change == t {
			n++
		}
	}
	return n
}

// ApplyOptions direct an apply.
type ApplyOptions struct {
	// Reason is recorded with the change.
	Reason string
	// Effective is the date for items that name none; empty is today.
	Effective soc1.Date
	// DryRun plans and checks without recording.
	DryRun bool
	// Ledger is where items without a ledger of their own go; empty is the
	// organization's.
	Ledger string
}

// Apply brings the records to what the items say: all or nothing in each
// ledger, and nothing at all when any item is wrong. It returns the plan, which
// with DryRun is all that happens.
func (a *App) Apply(ctx context.Context, actor string, items []*ascode.Item, opt ApplyOptions) (*Plan, error) {
	if opt.Ledger == "" {
		opt.Ledger = OrganizationLedger
	}
	if opt.Effective == "" {
		today, err := a.Today(ctx)
		if err != nil {
			return nil, err
		}
		opt.Effective = today
	}
	byLedger := map[string][]*ascode.Item{}
	for _, it := range items {
		name := it.Ledger
		if name == "" {
			name = opt.Ledger
		}
		byLedger[name] = append(byLedger[name], it)
	}
	names := make([]string, 0, len(byLedger))
	for n := range byLedger {
		names = append(names, n)
	}
	// The organization first: an examination's records refer to it.
	sort.Slice(names, func(i, j int) bool {
		if (names[i] == OrganizationLedger) != (names[j] == OrganizationLedger) {
			return names[i] == OrganizationLedger
		}
		return names[i] < names[j]
	})
	whole := &Plan{Steps: []Step{}}
	// Every ledger is planned before any is written.
	for _, dry := range []bool{true, false} {
		if !dry && opt.DryRun {
			break
		}
		whole.Steps = whole.Steps[:0]
		for _, n := range names {
			steps, err := a.applyOne(ctx, actor, n, byLedger, opt, dry)
			if err != nil {
				return nil, err
			}
			whole.Steps = append(whole.Steps, steps...)
		}
	}
	return whole, nil
}

func (a *App) applyOne(ctx context.Context, actor, name string, all map[string][]*ascode.Item, opt ApplyOptions, dry bool) ([]Step, error) {
	var steps []Step
	// Reading is the least; each item is authorized for itself. Who reads some
	// kinds alone is asked about the first of them.
	req := request{actor: actor, ledger: name, may: identity.Read, kind: all[name][0].Kind, action: "record.apply", reason: opt.Reason}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		p := &planner{tx: tx, opt: opt, all: all, files: true, denied: map[string]bool{}}
		var err error
		if steps, err = p.plan(all[name]); err != nil {
			return err
		}
		if err := p.keepsAdministrator(); err != nil {
			return err
		}
		if dry {
			return nil
		}
		return p.record(steps)
	})
	return steps, err
}

type planner struct {
	tx       *Tx
	opt      ApplyOptions
	all      map[string][]*ascode.Item
	problems ascode.Problems
	// files says that the items stand in files, where others can be added.
	files bool
	// denied kinds are reported once, not for each of a thousand items.
	denied map[string]bool
	// refusal is the last of them as the authorizer gave it.
	refusal error
	// reader is what the actor reads, once a reference has asked.
	reader *Reader
	// versions are the items by kind and id.
	versions map[[2]string][]*ascode.Item
	// byRef says, by ledger, kind and id, whether the files leave a record in use.
	byRef map[[3]string]bool
}

func (p *planner) plan(items []*ascode.Item) ([]Step, error) {
	var steps []Step
	for _, it := range items {
		kind, err := record.Kinds.Kind(it.Kind)
		if err != nil {
			return nil, err
		}
		if !p.allowed(it, kind) {
			continue
		}
		step, err := p.step(it, kind)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
		if err := p.references(it, kind); err != nil {
			return nil, err
		}
	}
	return steps, p.problems.Err()
}

// allowed checks that the kind may be written here, like this, by the actor.
func (p *planner) allowed(it *ascode.Item, kind *record.Kind) bool {
	add := func(path, message, remedy string) bool {
		p.problems = append(p.problems, it.Problem(path, message, remedy))
		return false
	}
	org := p.tx.req.ledger == OrganizationLedger
	switch {
	case kind.Decision:
		return add("kind", fmt.Sprintf("%s are decisions and are not written by files.", kind.Plural), "Use the command of the decision; `reperform --help` lists them.")
	case kind.Home == record.Organization && !org:
		return add("kind", fmt.Sprintf("%s live in the organization's ledger, not in an examination's.", kind.Plural), "Remove the field ledger.")
	case kind.Home == record.Examination && org:
		return add("kind", fmt.Sprintf("%s live in an examination's ledger.", kind.Plural), "Add `ledger:` with the name of the examination's ledger.")
	}
	may := identity.Put
	switch {
	case it.Retired:
		may = identity.Retire
	case it.Kind == "person":
		may = identity.PersonPut
	}
	stored, exists := p.stored(it)
	if it.Kind == "organization" {
		// Reports, dates and time zones follow from the one that init recorded.
		switch {
		case it.Retired:
			return add("retired", "The organization of a workspace is not retired.", "Record what changed about it as a new version.")
		case !exists:
			return add("id", "A workspace is of one service organization, and its id is \"organization\".", "Correct the id, or make another workspace with `reperform init`.")
		}
	}
	res := about(p.tx.req.ledger, it.Kind, it.ID, stored)
	if inOwnName(it.Kind) && !exists {
		// The owner of a new record is whom it says.
		res.Owner = ownerOf(it.Kind, it.Body)
	}
	err := p.tx.app.authorizeOn(p.tx.ctx, p.tx.req.actor, may, res, controlsOf(it.Kind, it.ID, stored))
	if err == nil && inOwnName(it.Kind) && !it.Retired {
		res.Owner = ownerOf(it.Kind, it.Body)
		err = p.tx.app.authorize(p.tx.ctx, p.tx.req.actor, may, res)
	}
	if err != nil {
		p.refusal = err
		if p.denied[it.Kind] {
			return false
		}
		p.denied[it.Kind] = true
		return add("kind", err.Error(), "")
	}
	if !exists && !it.Retired {
		if err := record.CheckNewID(it.ID); err != nil {
			return add("id", stop(err.Error()), "")
		}
	}
	if field := p.assigns(it, stored); field != "" {
		return add(field, "The owner of a control changes neither who owns it, nor whether it is key, nor the objectives that it serves, nor how and by whom it is performed and reviewed here.", "Leave these as they are, and propose the change in a comment to the compliance manager, who assigns them.")
	}
	if it.Kind == "working_paper_note" && !it.Retired && field(it.Body, "by") != p.tx.req.actor {
		return add("by", "A note is written in its author's own name.", fmt.Sprintf("Set it to %s.", p.tx.req.actor))
	}
	if person, ok := it.Value.(*soc1.Person); ok && !it.Retired {
		if err := p.roles(person, org); err != nil {
			path, message, _ := strings.Cut(err.Error(), ": ")
			return add(path, message, "")
		}
	}
	if d, ok := it.Value.(*soc1.Deputy); ok && !it.Retired {
		if path, message, remedy := p.deputyProblem(d); message != "" {
			return add(path, message, remedy)
		}
	}
	if path, message, remedy := p.remediationProblem(it, stored); message != "" {
		return add(path, message, remedy)
	}
	if path, message, remedy := p.policyProblem(it, stored); message != "" {
		return add(path, message, remedy)
	}
	if why := p.performed(it); why != "" {
		return add("retired", why, "What was done stays in the file; conclude that the test is superseded and say why in a working paper note.")
	}
	if err := p.signatures(it); err != nil {
		return add("signed_by", err.Error(), "Remove the fields of the signature; `reperform sign` adds them.")
	}
	// Decoding a body only to find that its kind has no such field would cost
	// more than the rest of the decision.
	if _, has := kind.Field("by"); !has {
		return true
	}
	if party := field(it.Body, "by"); party != "" && (party == string(soc1.ByManagement)) != org {
		return add("by", fmt.Sprintf("%q does not fit the ledger %s.", party, p.tx.req.ledger), "Management's own work lives in the organization's ledger, the auditor's in the examination's.")
	}
	return true
}

// performed says why a test or an attribute may not be retired: its sample, run
// or results would leave the file's figures, and with them what they found.
func (p *planner) performed(it *ascode.Item) string {
	if !it.Retired || it.Kind != "test_of_control" && it.Kind != "attribute" {
		return ""
	}
	test := it.ID
	if it.Kind == "attribute" {
		stored, ok, err := p.tx.Get(it.Kind, it.ID)
		if err != nil || !ok {
			return ""
		}
		test = field(stored.Body, "test")
	}
	for _, kind := range []string{"sample", "test_run", "result", "exception"} {
		rs, err := p.tx.List(kind)
		if err != nil {
			return err.Error()
		}
		for _, r := range rs {
			if field(r.Body, "test") == test {
				return fmt.Sprintf("Test %s has been performed: %s %s rests on it.", test, strings.ReplaceAll(kind, "_", " "), r.ID)
			}
		}
	}
	return ""
}

// signatures keeps files from signing: only the signer does, by a command.
func (p *planner) signatures(it *ascode.Item) error {
	kind, err := record.Kinds.Kind(it.Kind)
	if err != nil || !kind.Signed() {
		return err
	}
	stored, _, err := p.tx.Get(it.Kind, it.ID)
	if err != nil {
		return err
	}
	signed := false
	for _, f := range kind.Fields {
		if !f.Signature {
			continue
		}
		v := field(it.Body, f.Name)
		if v != "" && v != field(stored.Body, f.Name) {
			return errors.New("a file cannot sign for a person")
		}
		signed = signed || v != ""
	}
	// A signature stands under the words that were signed and under no others.
	if signed && !it.Retired && !record.SameBody(stored.Body, it.Body) {
		return errors.New("what was signed cannot change under the signature")
	}
	return nil
}

func (p *planner) roles(person *soc1.Person, org bool) error {
	class := ClassExamination
	if org {
		class = ClassOrganization
	}
	roles := make([]identity.Role, len(person.Roles))
	for i, r := range person.Roles {
		roles[i] = identity.Role(r)
	}
	if err := identity.CheckCustomRoles(string(person.Side), class, person.CustomRoles); err != nil {
		return err
	}
	return identity.CheckRoles(string(person.Side), class, roles)
}

// stored is the record as it stands, which says who owns it: taking that from
// the new document would let anybody claim a record.
func (p *planner) stored(it *ascode.Item) (json.RawMessage, bool) {
	r, ok, err := p.tx.Get(it.Kind, it.ID)
	if err != nil || !ok {
		return nil, false
	}
	return r.Body, true
}

func field(body json.RawMessage, name string) string {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	var s string
	_ = json.Unmarshal(m[name], &s)
	return s
}

// step compares the item with the record as it stands on the item's date.
func (p *planner) step(it *ascode.Item, kind *record.Kind) (Step, error) {
	s := Step{Ledger: p.tx.req.ledger, Kind: it.Kind, ID: it.ID, Effective: it.Effective, item: it}
	head, exists, err := p.tx.Get(it.Kind, it.ID)
	if err != nil {
		return s, err
	}
	if exists {
		if err := kind.Writable(documentOf(p.tx, head)); err != nil {
			p.problems = append(p.problems, it.Problem("", err.Error(), ""))
			return s, nil
		}
	}
	base, same, err := p.base(it, kind)
	if err != nil {
		return s, err
	}
	switch {
	case kind.Timeless:
		s.Effective = ""
	case s.Effective == "":
		s.Effective = string(p.opt.Effective)
	}
	switch {
	case same:
		s.Change = Unchanged
	case it.Retired && base == nil:
		p.problems = append(p.problems, it.Problem("retired", "There is no such record to retire.", "Correct the id, or remove the record from the file."))
		return s, nil
	case it.Retired:
		s.Change = Retire
	case base == nil:
		s.Change = Create
	default:
		s.Change = Change
	}
	if s.Change == Create || s.Change == Change {
		var old json.RawMessage
		if base != nil {
			old = base.Body
		}
		for _, t := range kind.TextProblems(it.Body, head.Body) {
			p.problems = append(p.problems, it.Problem(t.Field, t.Message, t.Remedy))
		}
		s.Fields, err = diff(kind, old, it.Body)
	}
	return s, err
}

// base finds the version the item is compared with: with a date, the one in
// force on it; without, the one in force last. The item changes nothing when
// that version has the same body and, if a date was given, begins on it.
func (p *planner) base(it *ascode.Item, kind *record.Kind) (*record.Record, bool, error) {
	on := it.Effective
	if on == "" || kind.Timeless {
		on = "9999-12-31"
	}
	r, err := p.tx.view.At(soc1.Date(on)).Get(p.tx.ctx, it.Kind, it.ID)
	switch {
	case isNotFound(err):
		sibling := p.sibling(it, "")
		return sibling, false, nil
	case err != nil:
		return nil, false, err
	}
	if sibling := p.sibling(it, r.Effective); sibling != nil {
		r = *sibling
	}
	if r.Redacted {
		// What was redacted cannot be compared with: the item is a new revision.
		return &r, false, nil
	}
	known, err := knownOnly(kind, r.Body)
	if err != nil {
		return nil, false, err
	}
	same := r.Retired == it.Retired && (it.Retired || record.SameBody(known, it.Body))
	if it.Effective != "" && !kind.Timeless {
		same = same && r.Effective == it.Effective
	}
	return &r, same, nil
}

// sibling is the version of the same record in the same files that the item
// follows: the last one dated from since on and before the item. Two versions
// given together are one new record and one change, not two new records.
func (p *planner) sibling(it *ascode.Item, since string) *record.Record {
	if p.versions == nil {
		p.versions = map[[2]string][]*ascode.Item{}
		for _, x := range p.all[p.tx.req.ledger] {
			k := [2]string{x.Kind, x.ID}
			p.versions[k] = append(p.versions[k], x)
		}
	}
	var last *ascode.Item
	for _, x := range p.versions[[2]string{it.Kind, it.ID}] {
		before := x.Effective != "" && x.Effective >= since && (it.Effective == "" || x.Effective < it.Effective)
		if x != it && before && (last == nil || x.Effective > last.Effective) {
			last = x
		}
	}
	if last == nil {
		return nil
	}
	return &record.Record{Kind: last.Kind, ID: last.ID, Effective: last.Effective, Retired: last.Retired, Body: last.Body}
}

// knownOnly normalizes a stored body through the struct, so that fields of a
// newer program do not look like a difference.
func knownOnly(kind *record.Kind, body json.RawMessage) (json.RawMessage, error) {
	v := kind.New()
	if err := json.Unmarshal(body, v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func documentOf(tx *Tx, r record.Record) []byte {
	var doc []byte
	_ = tx.app.store.Revisions(tx.ctx, ledgerQuery(tx.req.ledger, r), func(x ledger.Revision) error {
		doc = x.Document
		return nil
	})
	if doc == nil {
		return []byte("{}")
	}
	return doc
}

func ledgerQuery(name string, r record.Record) ledger.RevisionQuery {
	return ledger.RevisionQuery{Ledger: name, Kind: r.Kind, ID: r.ID, Select: ledger.SelectHeads, Documents: true}
}

// references checks that what the item refers to exists once all is applied:
// in the same ledger, or in the organization's.
func (p *planner) references(it *ascode.Item, kind *record.Kind) error {
	if it.Retired {
		return nil
	}
	refs, err := kind.References(it.Body)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		told, err := p.told(it, kind, ref)
		if err != nil {
			return err
		}
		if !told {
			p.problems = append(p.problems, it.Problem(ref.Path, fmt.Sprintf("There is no %s %q that you can read.", ref.Kind, ref.ID),
				"Refer to records that you read, or leave the field as it was."))
			continue
		}
		// What a command makes may come later: a test is planned before its
		// population arrives.
		if target, err := record.Kinds.Kind(ref.Kind); err == nil && target.Decision {
			continue
		}
		found, err := p.exists(ref)
		if err != nil {
			return err
		}
		if !found && !p.files {
			p.problems = append(p.problems, it.Problem(ref.Path, fmt.Sprintf("There is no %s %q.", words(ref.Kind), ref.ID), "Choose one that is recorded, or record it first."))
		} else if !found {
			p.problems = append(p.problems, it.Problem(ref.Path, fmt.Sprintf("There is no %s %q.", ref.Kind, ref.ID),
				"Add the record, in these files or before, or correct the id."))
		}
	}
	return nil
}

// told reports whether the actor may be told that a reference leads somewhere:
// to a kind that they read, or where the record led before. Who reads some kinds
// alone would otherwise learn by trying which records of others there are. People
// are known by name to everybody who writes.
func (p *planner) told(it *ascode.Item, kind *record.Kind, ref record.Reference) (bool, error) {
	if p.reader == nil {
		var err error
		if p.reader, err = p.tx.app.reader(p.tx.ctx, p.tx.req.actor, p.tx.req.ledger); err != nil {
			return false, err
		}
	}
	if p.reader.Kind(ref.Kind) || ref.Kind == "person" || it.Kind == "person" {
		return true, nil
	}
	stored, ok, err := p.tx.Get(it.Kind, it.ID)
	if err != nil || !ok || stored.Redacted {
		return false, err
	}
	before, err := kind.References(stored.Body)
	return slices.ContainsFunc(before, func(b record.Reference) bool { return b.Kind == ref.Kind && b.ID == ref.ID }), err
}

func (p *planner) exists(ref record.Reference) (bool, error) {
	for _, name := range []string{p.tx.req.ledger, OrganizationLedger} {
		given, stays := p.given(name, ref)
		if stays {
			return true, nil
		}
		if given {
			continue
		}
		var r record.Record
		var ok bool
		var err error
		if name == p.tx.req.ledger {
			r, ok, err = p.tx.Get(ref.Kind, ref.ID)
		} else {
			r, ok, err = p.tx.foreign(name, ref.Kind, ref.ID)
		}
		if err != nil {
			return false, err
		}
		if ok && !r.Retired {
			return true, nil
		}
	}
	return false, nil
}

// given tells whether the same files hold a record, and whether it is in use
// after them.
func (p *planner) given(name string, ref record.Reference) (given, stays bool) {
	if p.byRef == nil {
		p.byRef = map[[3]string]bool{}
		for ledger, items := range p.all {
			for _, it := range items {
				k := [3]string{ledger, it.Kind, it.ID}
				p.byRef[k] = p.byRef[k] || !it.Retired
			}
		}
	}
	stays, given = p.byRef[[3]string{name, ref.Kind, ref.ID}]
	return given, stays
}

// foreign reads a record of another ledger. It cannot be guarded: a command
// writes one ledger and relies on no other's latest state.
func (tx *Tx) foreign(name, kind, id string) (record.Record, bool, error) {
	v, err := tx.app.latest(name)
	if err != nil {
		return record.Record{}, false, err
	}
	r, err := v.Get(tx.ctx, kind, id)
	if isNotFound(err) {
		return r, false, nil
	}
	return r, err == nil, err
}

// record turns the steps into drafts, earlier versions first.
func (p *planner) record(steps []Step) error {
	ordered := append([]Step(nil), steps...)
	sort.SliceStable(ordered, func(i, j int) bool { return ordered[i].Effective < ordered[j].Effective })
	for _, s := range ordered {
		if s.Change == Unchanged {
			continue
		}
		var value any = s.item.Body
		if err := p.tx.put(s.Kind, s.ID, soc1.Date(s.Effective), value, s.Change == Retire); err != nil {
			return err
		}
	}
	return nil
}
