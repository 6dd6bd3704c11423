package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// Performing is a performance of a control as its performer signs it.
type Performing struct {
	Control string
	// From and To are the occurrence.
	From, To soc1.Date
	// Revision is that of the control by which the form was made; zero is not
	// compared.
	Revision       int64
	Outcome        soc1.PerformanceOutcome
	Checklist      []soc1.ChecklistAnswer
	Exceptions     string
	Reason         string
	Note           string
	Reconciliation soc1.Reconciliation
	// Evidence are records beside it, Files were taken in by KeepFile.
	Evidence []string
	Files    []soc1.File
}

// PerformanceTask is one occurrence of a control with all that is needed to perform
// or to review it.
type PerformanceTask struct {
	overview.Expectation
	// Control is the control by which the occurrence is performed: the version in
	// force on its last day. Today is the control as it stands: whose task it is.
	Control, Today record.Typed[soc1.Control]
	// Performance is what was signed for it; its ID is empty where nothing was.
	Performance record.Typed[soc1.Performance]
	// Carried are the items that were open at the end of the reconciliation before.
	Carried []soc1.ReconcilingItem
	// Before is the occurrence they come from.
	Before overview.Occurrence
	// MayPerform and MayReview say what the actor may do now, in whose place where
	// they stand in; the reasons say why not.
	MayPerform, MayReview         bool
	PerformFor, ReviewFor         string
	WhyNotPerform, WhyNotReviewed string
	Day                           soc1.Date
}

// PerformanceID is the id of the performance of an occurrence: there is one for each.
func PerformanceID(control string, to soc1.Date) string { return control + "-" + string(to) }

// performer is whose task a control is: its performer, or else its owner.
func performer(k soc1.Control) string { return cmp.Or(k.Performer, k.Owner) }

// reviewed tells whether a second person looks at each performance.
func reviewed(k soc1.Control) bool {
	return k.Segregated || k.Reviewer != "" && k.Reviewer != performer(k)
}

// onDay reads the organization's ledger as it is known at a size, on a date.
func (a *App) onDay(size int64, day soc1.Date) *record.View {
	return record.NewView(a.store, OrganizationLedger, record.AsOf{Known: size, Effective: day})
}

// occurrence finds an occurrence of a control among those that its versions and its
// business calendar give, and the version by which it is performed.
func (a *App) occurrence(ctx context.Context, size int64, control string, from, to, today soc1.Date) (PerformanceTask, error) {
	t := PerformanceTask{Day: today}
	if !from.Valid() || !to.Valid() {
		return t, &FieldError{"to", "The days of the occurrence are no dates. Write them as 2025-01-31.", ""}
	}
	var err error
	t.Today, err = record.One[soc1.Control](ctx, a.onDay(size, today), "control", control)
	if err != nil {
		return t, err
	}
	v := a.onDay(size, to)
	t.Control, err = record.One[soc1.Control](ctx, v, "control", control)
	if isNotFound(err) || err == nil && t.Control.Retired {
		return t, &FieldError{"to", fmt.Sprintf("The control was not recorded on %s.", to), ""}
	}
	if err != nil {
		return t, err
	}
	l := listing{ctx: ctx, view: record.NewView(a.store, OrganizationLedger, record.AsOf{Known: size})}
	calendars := overview.CalendarsOf(listed[soc1.Organization](&l, "organization"), listed[soc1.BusinessCalendar](&l, "business_calendar"), listed[soc1.Location](&l, "location"))
	if l.err != nil {
		return t, l.err
	}
	// The version on the last day decides; when it began does not.
	version := record.Version{Record: t.Control.Record}
	list := overview.Performable(t.Control, []record.Version{version}, calendars, to, to, today)
	if i := slices.IndexFunc(list, func(x overview.Expectation) bool { return x.From == from && x.To == to }); i >= 0 {
		t.Expectation = list[i]
		return t, nil
	}
	said := fmt.Sprintf("%s has no occurrence from %s to %s.", t.Control.Value.Code, from, to)
	if len(list) == 1 {
		said += fmt.Sprintf(" The one that ends on %s began on %s.", to, list[0].From)
	}
	return t, &FieldError{"to", said + " Its frequency, its days in operation and its business calendar decide: see the evidence calendar.", ""}
}

// lastReconciled is the performance of a control with balances that ended last before
// a day.
func lastReconciled(all []record.Typed[soc1.Performance], control string, before soc1.Date) (record.Typed[soc1.Performance], bool) {
	var out record.Typed[soc1.Performance]
	for _, p := range all {
		x := p.Value
		if x.Control == control && x.To < before && x.Operated() && !x.Reconciliation.None() && x.To > out.Value.To {
			out = p
		}
	}
	return out, out.ID != ""
}

// carry are the items of a reconciliation that were open at its end.
func carry(p soc1.Performance) []soc1.ReconcilingItem {
	var out []soc1.ReconcilingItem
	for _, i := range p.Reconciliation.Items {
		if i.OpenOn(p.To) {
			i.Carried = true
			out = append(out, i)
		}
	}
	return out
}

// active tells whether a person is one of the organization's and in their position.
func (a *App) active(ctx context.Context, v *record.View, id string, today soc1.Date) bool {
	p, err := record.One[soc1.Person](ctx, v, "person", id)
	return err == nil && !p.Retired && !p.Redacted && p.Value.Side == soc1.SideServiceOrganization && p.Value.ActiveOn(today)
}

// actsFor tells whether the actor does the work of somebody about a control: as that
// person, or standing in for them. Who left does nothing, and is not stood in for.
func (a *App) actsFor(ctx context.Context, v *record.View, actor, person, control string, today soc1.Date) (inPlaceOf string, ok bool) {
	if person == "" || !a.active(ctx, v, actor, today) || !a.active(ctx, v, person, today) {
		return "", false
	}
	if actor == person {
		return "", true
	}
	_, deputies, err := a.principal(ctx, actor, OrganizationLedger)
	if err != nil {
		return "", false
	}
	for _, d := range deputies {
		if d.of == person && d.from <= today && today <= d.until && slices.Contains(d.roles, identity.ControlOwner) && d.covers([]string{control}) {
			return person, true
		}
	}
	return "", false
}

// mayPerform says why the actor cannot sign a performance; empty where they can.
func (a *App) mayPerform(ctx context.Context, v *record.View, actor string, t *PerformanceTask) string {
	k := t.Today.Value
	who := performer(k)
	switch {
	case !t.Control.Value.PerformedHere:
		return t.Control.Value.Code + " is not performed here: its evidence is filed. Whoever keeps the control can change that."
	case t.Today.Retired:
		return t.Today.Value.Code + " is retired."
	case t.From > t.Day:
		return fmt.Sprintf("The occurrence begins on %s.", t.From)
	case len(t.Control.Value.Balances) == 2 && t.To > t.Day:
		return fmt.Sprintf("The balances are compared as of %s, which has not come.", t.To)
	case who == "":
		return "Nobody is named who performs " + k.Code + "."
	}
	inPlaceOf, ok := a.actsFor(ctx, v, actor, who, t.Today.ID, t.Day)
	if !ok {
		return "It is performed by whom the control names today, in their own name, or by their deputy."
	}
	if t.separate() && k.Reviewer != "" && (actor == k.Reviewer || inPlaceOf == k.Reviewer) {
		return "You review this control. Where duties are segregated, somebody else performs it."
	}
	t.PerformFor = inPlaceOf
	switch p := t.Performance; {
	case p.ID == "", p.Value.Status == soc1.PerformanceReturned:
	case p.Value.Outcome == soc1.NotPerformed && t.To >= t.Day.AddDays(-mostBelated):
	default:
		return fmt.Sprintf("It was signed on %s.", p.Value.PerformedOn)
	}
	return ""
}

// mostBelated is for how many days after its end an occurrence that was reported as
// not performed can still be performed.
const mostBelated = 366

// separate tells whether performer and reviewer are two people: by the control as it
// was, or as it is.
func (t *PerformanceTask) separate() bool {
	return t.Control.Value.Segregated || t.Today.Value.Segregated
}

// mayReview says why the actor cannot review a performance; empty where they can.
func (a *App) mayReview(ctx context.Context, v *record.View, actor string, t *PerformanceTask) string {
	p := t.Performance.Value
	if t.Performance.ID == "" || p.Status != soc1.PerformanceSigned {
		return "Nothing waits for a review."
	}
	inPlaceOf := ""
	if who := t.Today.Value.Reviewer; who != "" {
		var ok bool
		if inPlaceOf, ok = a.actsFor(ctx, v, actor, who, t.Today.ID, t.Day); !ok {
			return "It is reviewed by whom the control names today, or by their deputy."
		}
	} else if !a.active(ctx, v, actor, t.Day) {
		return "It is reviewed by somebody of the organization who holds a position today."
	}
	if t.separate() {
		for _, x := range []string{actor, inPlaceOf} {
			if x != "" && (x == p.Performer || x == p.PerformerFor) {
				return "Performer and reviewer must be different people, also where one stands in for the other. Somebody else reviews it."
			}
		}
	}
	t.ReviewFor = inPlaceOf
	return ""
}

// Task is one occurrence of a control with what was signed for it, and what the actor
// may do about it now.
func (a *App) Task(ctx context.Context, actor, control string, from, to soc1.Date) (*PerformanceTask, error) {
	for _, kind := range []string{"control", "performance"} {
		if err := a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: OrganizationLedger, Kind: kind}); err != nil {
			return nil, err
		}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	snap, err := a.log.Snapshot(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	t, err := a.occurrence(ctx, snap.Size, control, from, to, today)
	if err != nil {
		return nil, err
	}
	v := record.NewView(a.store, OrganizationLedger, record.AsOf{Known: snap.Size})
	all, err := record.All[soc1.Performance](ctx, v, "performance")
	if err != nil {
		return nil, err
	}
	// An occurrence that began on another day was of another frequency.
	if x, ok := record.Find(all, PerformanceID(control, to)); ok && x.Value.From == from {
		t.Performance = x
	}
	if last, ok := lastReconciled(all, control, from); ok && len(t.Control.Value.Balances) == 2 {
		t.Carried, t.Before = carry(last.Value), overview.Occurrence{From: last.Value.From, To: last.Value.To}
	}
	t.WhyNotPerform = a.mayPerform(ctx, v, actor, &t)
	if t.WhyNotPerform == "" {
		err := a.authorizeOn(ctx, actor, identity.ControlPerform, identity.Resource{Ledger: OrganizationLedger, Kind: "performance", Owner: cmp.Or(t.PerformFor, actor)}, []string{control})
		t.WhyNotPerform = deniedText(err)
	}
	t.WhyNotReviewed = a.mayReview(ctx, v, actor, &t)
	if t.WhyNotReviewed == "" {
		err := a.authorizeOn(ctx, actor, identity.PerformanceReview, identity.Resource{Ledger: OrganizationLedger, Kind: "performance", Owner: reviewOwner(&t, actor)}, []string{control})
		t.WhyNotReviewed = deniedText(err)
	}
	t.MayPerform, t.MayReview = t.WhyNotPerform == "", t.WhyNotReviewed == ""
	return &t, nil
}

// reviewOwner is whose a review is; empty where the control names nobody.
func reviewOwner(t *PerformanceTask, actor string) string {
	if t.Today.Value.Reviewer == "" {
		return ""
	}
	return cmp.Or(t.ReviewFor, actor)
}

func deniedText(err error) string {
	var denied *identity.DeniedError
	if errors.As(err, &denied) {
		return denied.Error()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// taskFor is the occurrence as a decision sees it.
func (tx *Tx) taskFor(control string, from, to, today soc1.Date) (*PerformanceTask, error) {
	for _, kind := range []string{"organization", "business_calendar", "location"} {
		tx.guard(kind, "")
	}
	tx.guard("control", control)
	t, err := tx.app.occurrence(tx.ctx, tx.snap.Size, control, from, to, today)
	if err != nil {
		return nil, err
	}
	r, ok, err := tx.Get("performance", PerformanceID(control, to))
	if err != nil || !ok {
		return &t, err
	}
	x, err := record.Decode[soc1.Performance](r)
	if err == nil && x.From == from {
		t.Performance = record.Typed[soc1.Performance]{Record: r, Value: x}
	}
	return &t, err
}

// Perform signs the performance of one occurrence of a control, in the name of the
// actor, and returns its id. A control that was performed leaves a record of evidence
// for the occurrence in the same command, with the files given. What was returned or
// reported as not performed can be signed anew.
func (a *App) Perform(ctx context.Context, actor string, p Performing) (string, error) {
	// Who reads no control learns nothing of it.
	if err := a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: OrganizationLedger, Kind: "control"}); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	snap, err := a.log.Snapshot(OrganizationLedger)
	if err != nil {
		return "", err
	}
	// Whose task it is decides whom the policies take for its owner.
	now, err := record.One[soc1.Control](ctx, a.onDay(snap.Size, today), "control", p.Control)
	if err != nil {
		return "", err
	}
	if performer(now.Value) == "" {
		return "", &FieldError{"performer", "Nobody is named who performs " + now.Value.Code + ". Whoever keeps the control names a performer or an owner.", ""}
	}
	if err := a.heldAll(ctx, OrganizationLedger, p.Files); err != nil {
		return "", err
	}
	id := PerformanceID(p.Control, p.To)
	if err := record.CheckID("ev-" + id); err != nil {
		return "", err
	}
	at := a.now()
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.ControlPerform, kind: "performance", owner: performer(now.Value), controls: []string{p.Control},
		action: "control.perform", reason: p.Outcome.Label() + "."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		t, err := tx.taskFor(p.Control, p.From, p.To, today)
		if err != nil {
			return err
		}
		if performer(t.Today.Value) != req.owner {
			return &FieldError{"control", "The control changed hands meanwhile. Open the task again.", ""}
		}
		if why := a.mayPerform(ctx, tx.view, actor, t); why != "" {
			return &FieldError{"performer", why, ""}
		}
		value, err := tx.performance(t, p, actor, at)
		if err != nil {
			return err
		}
		if err := tx.named("evidence", "evidence", p.Evidence); err != nil {
			return err
		}
		for _, e := range p.Evidence {
			if _, err := get[soc1.Evidence](tx, "evidence", e); err != nil {
				return &FieldError{"evidence", fmt.Sprintf("There is no evidence %q. Name a record of evidence, or add the file.", e), ""}
			}
		}
		if value.Operated() {
			value.FiledAs = "ev-" + id
			if err := tx.fileAs(value, t, p.Files); err != nil {
				return err
			}
		} else if len(p.Files) > 0 {
			return &FieldError{"outcome", "Files were added, and the control was not performed. Take them out, or choose how it was performed.", ""}
		}
		if err := fieldProblem(value.Validate()); err != nil {
			return err
		}
		return tx.Put("performance", id, "", value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// fieldProblem is the first problem as a form shows it beside its field.
func fieldProblem(ps []soc1.Problem) error {
	if len(ps) == 0 {
		return nil
	}
	return &FieldError{ps[0].Field, strings.TrimSpace(ps[0].Message + " " + ps[0].Remedy), ""}
}

// performance is what is signed.
func (tx *Tx) performance(t *PerformanceTask, p Performing, actor string, at soc1.Instant) (soc1.Performance, error) {
	k := t.Control.Value
	out := soc1.Performance{Control: p.Control, ControlRevision: t.Control.Revision, From: t.From, To: t.To, DueOn: t.By, Performer: actor, PerformerFor: t.PerformFor, PerformedAt: at, PerformedOn: t.Day,
		Outcome: p.Outcome, Exceptions: strings.TrimSpace(p.Exceptions), Reason: strings.TrimSpace(p.Reason), Note: strings.TrimSpace(p.Note), Evidence: p.Evidence, Status: soc1.PerformanceComplete}
	if p.Revision != 0 && p.Revision != t.Control.Revision {
		return out, &FieldError{"control", fmt.Sprintf("The control was changed meanwhile: the form is of revision %d, and revision %d holds. Read it again and answer what it asks now.", p.Revision, t.Control.Revision), ""}
	}
	if reviewed(t.Today.Value) || t.separate() {
		out.Status = soc1.PerformanceSigned
	}
	if p.Outcome == "" {
		return out, &FieldError{"outcome", "Say what came of it: performed without exception, with exceptions, or not performed.", ""}
	}
	if p.Outcome == soc1.NotPerformed {
		return out, nil
	}
	if len(p.Checklist) != len(k.Checklist) {
		return out, &FieldError{"checklist", fmt.Sprintf("The checklist has %d items, and %d are answered. Answer each.", len(k.Checklist), len(p.Checklist)), ""}
	}
	for i, item := range k.Checklist {
		x := p.Checklist[i]
		if x.Text != item {
			return out, &FieldError{fmt.Sprintf("checklist[%d]", i), "The checklist was changed meanwhile. Open the task again and answer what it asks now.", ""}
		}
		if x.Answer == "" {
			return out, &FieldError{fmt.Sprintf("checklist[%d]", i), fmt.Sprintf("Answer the item: %s", item), ""}
		}
		x.Remark = strings.TrimSpace(x.Remark)
		out.Checklist = append(out.Checklist, x)
	}
	switch {
	case len(k.Balances) != 2 && !p.Reconciliation.None():
		return out, &FieldError{"reconciliation", k.Code + " compares no balances.", ""}
	case len(k.Balances) == 2:
		return out, tx.reconcile(t, p, &out)
	}
	return out, nil
}

// reconcile checks the balances of a performance and marks what was open before.
func (tx *Tx) reconcile(t *PerformanceTask, p Performing, out *soc1.Performance) error {
	r := p.Reconciliation
	r.Items = slices.Clone(r.Items)
	r.FirstName, r.SecondName = t.Control.Value.Balances[0], t.Control.Value.Balances[1]
	if r.First.Currency == "" || r.Second.Currency == "" {
		return &FieldError{"reconciliation.first", "Give both balances with their currency.", ""}
	}
	all, err := list[soc1.Performance](tx, "performance")
	if err != nil {
		return err
	}
	var before []soc1.ReconcilingItem
	if last, ok := lastReconciled(all, p.Control, t.From); ok {
		before = carry(last.Value)
	}
	for i := range r.Items {
		r.Items[i].Carried = slices.ContainsFunc(before, r.Items[i].Same)
	}
	for _, b := range before {
		if !slices.ContainsFunc(r.Items, b.Same) {
			return &FieldError{"reconciliation.items", fmt.Sprintf("%q of %s was open at the end of the reconciliation before, and is not listed. List it, with the day on which it was cleared if it was.", b.What, soc1.Money{Minor: b.Minor, Currency: r.First.Currency}), ""}
		}
	}
	out.Reconciliation = r
	return nil
}

// fileAs records the evidence that a performance is. Files of an earlier signature
// stay with it.
func (tx *Tx) fileAs(p soc1.Performance, t *PerformanceTask, files []soc1.File) error {
	e := soc1.Evidence{Title: fmt.Sprintf("%s, performed for %s", t.Control.Value.Code, overview.Occurrence{From: p.From, To: p.To}), Controls: []string{p.Control}, PeriodFrom: p.From, PeriodTo: p.To,
		CapturedAt: p.PerformedAt, ReceivedAt: p.PerformedAt, Source: "Performed in this workspace", HowObtained: "Signed by the performer; the performance is recorded beside it.", Description: p.Note}
	before, ok, err := tx.Get("evidence", p.FiledAs)
	if err != nil {
		return err
	}
	if ok && !before.Redacted {
		old, err := record.Decode[soc1.Evidence](before)
		if err != nil {
			return err
		}
		e.Files = old.Files
		// Other controls that it was made evidence of stay.
		for _, c := range old.Controls {
			if !slices.Contains(e.Controls, c) {
				e.Controls = append(e.Controls, c)
			}
		}
	}
	for _, f := range files {
		if !slices.ContainsFunc(e.Files, func(x soc1.File) bool { return x.SHA256 == f.SHA256 && x.Name == f.Name }) {
			e.Files = append(e.Files, f)
		}
	}
	return tx.Put("evidence", p.FiledAs, p.PerformedOn, e)
}

// Review is what a reviewer says of a performance.
type Review struct {
	// ID is the performance.
	ID string
	// Accept accepts it; otherwise it is returned, with a remark that says why.
	Accept bool
	Remark string
	// Revision is that of the performance that was looked at; zero is not compared.
	Revision int64
}

// ReviewPerformance accepts a performance or returns it. What is returned is no
// evidence until it is performed anew.
func (a *App) ReviewPerformance(ctx context.Context, actor string, r Review) error {
	if err := a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: OrganizationLedger, Kind: "performance"}); err != nil {
		return err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	snap, err := a.log.Snapshot(OrganizationLedger)
	if err != nil {
		return err
	}
	known, err := record.One[soc1.Performance](ctx, record.NewView(a.store, OrganizationLedger, record.AsOf{Known: snap.Size}), "performance", r.ID)
	if err != nil {
		return err
	}
	now, err := record.One[soc1.Control](ctx, a.onDay(snap.Size, today), "control", known.Value.Control)
	if err != nil {
		return err
	}
	r.Remark = strings.TrimSpace(r.Remark)
	at := a.now()
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.PerformanceReview, kind: "performance", owner: now.Value.Reviewer, controls: []string{known.Value.Control}, action: "performance.review", reason: r.Remark}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		t, err := tx.taskFor(known.Value.Control, known.Value.From, known.Value.To, today)
		if err != nil {
			return err
		}
		if t.Today.Value.Reviewer != req.owner {
			return &FieldError{"reviewer", "The control names another reviewer meanwhile. Open it again.", ""}
		}
		p := t.Performance.Value
		if r.Revision != 0 && r.Revision != t.Performance.Revision {
			return &StaleError{Kind: "performance", ID: r.ID, Against: r.Revision, Now: t.Performance.Revision}
		}
		if why := a.mayReview(ctx, tx.view, actor, t); why != "" {
			return &FieldError{"reviewer", why, ""}
		}
		if !r.Accept && !soc1.Substantive(r.Remark) {
			return &FieldError{"remark", "Say in a sentence what has to be done again.", ""}
		}
		p.Status, p.Remark, p.Reviewer, p.ReviewerFor, p.ReviewedAt, p.ReviewedOn = soc1.PerformanceAccepted, r.Remark, actor, t.ReviewFor, at, today
		if !r.Accept {
			p.Status = soc1.PerformanceReturned
			if err := tx.unfile(p.FiledAs, today); err != nil {
				return err
			}
		}
		if err := fieldProblem(p.Validate()); err != nil {
			return err
		}
		return tx.Put("performance", r.ID, "", p)
	})
	return err
}

// unfile withdraws the evidence of a performance that was returned.
func (tx *Tx) unfile(id string, today soc1.Date) error {
	if id == "" {
		return nil
	}
	e, ok, err := tx.Get("evidence", id)
	if err != nil || !ok || e.Retired || e.Redacted {
		return err
	}
	return tx.put("evidence", id, today, e.Body, true)
}
