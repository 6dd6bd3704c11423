package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"reperform/mapping"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// Mapping says how the objectives and controls stand against the frameworks of other
// programs. It is refused to whoever does not read all of the organization's ledger: a
// part of it would show holes where there are none.
func (a *App) Mapping(ctx context.Context, actor string, asOf record.AsOf) (*mapping.Register, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	if asOf == (record.AsOf{}) {
		return a.mappingNow(ctx)
	}
	v, err := a.View(ctx, actor, OrganizationLedger, asOf)
	if err != nil {
		return nil, err
	}
	return mappingOf(ctx, v)
}

// mappings keep the register of the present: what it says follows from the records alone,
// so that it is the same for everybody who may read it.
type mappings struct {
	mu  sync.Mutex
	key string
	reg *mapping.Register
}

// forget lets the register go, after a redaction.
func (m *mappings) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.key, m.reg = "", nil
}

// mappingNow is the register of the present, made anew where a record that it is made of
// changed or was redacted. It is not to be changed by whoever gets it.
func (a *App) mappingNow(ctx context.Context) (*mapping.Register, error) {
	a.mapped.mu.Lock()
	defer a.mapped.mu.Unlock()
	// The key is of before the view: a view that knows more is made again, and never the
	// other way round.
	snap, err := a.log.Snapshot(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprint(snap.Redacted)
	for _, kind := range []string{"control_objective", "control", "framework_control", "framework_requirement"} {
		key += fmt.Sprint(" ", snap.Version(kind, ""))
	}
	if a.mapped.reg != nil && a.mapped.key == key {
		return a.mapped.reg, nil
	}
	v, err := a.present(ctx, OrganizationLedger, "")
	if err != nil {
		return nil, err
	}
	reg, err := mappingOf(ctx, v)
	if err != nil {
		return nil, err
	}
	a.mapped.key, a.mapped.reg = key, reg
	return reg, nil
}

func mappingOf(ctx context.Context, v *record.View) (*mapping.Register, error) {
	l := listing{ctx: ctx, view: v}
	f := &mapping.Facts{Objectives: listed[soc1.ControlObjective](&l, "control_objective"), Controls: listed[soc1.Control](&l, "control"),
		Theirs: listed[soc1.FrameworkControl](&l, "framework_control"), Requirements: listed[soc1.FrameworkRequirement](&l, "framework_requirement")}
	if l.err != nil {
		return nil, l.err
	}
	return mapping.Of(f), nil
}

// Reusing is a decision on a control of another program: that it is a control here, that
// a control here is made of it, that it is none of the controls here that it was
// proposed for, or that it covers an objective.
type Reusing struct {
	// Their is the control of the other program; Seen the revision of it that was
	// looked at, 0 for whichever stands.
	Their string
	Seen  int64
	// Exactly one of these says what is decided. Control is that it is this control,
	// Not that it is not this control, Untie that it is none after all.
	Control string
	Not     string
	Untie   bool
	// Make makes a control of it.
	Make *MakingControl
	// Covers is a judgement of an objective. Without a strength, an earlier judgement is
	// withdrawn.
	Covers *soc1.ObjectiveCoverage
	// Why is the reason, which the ledger keeps.
	Why string
}

// MakingControl is what a control made of another program's needs beside what it takes
// over from there: the statement, the frequency, the evidence and the identifiers.
type MakingControl struct {
	// Code is its number here; empty takes that of the other register.
	Code   string
	Nature soc1.ControlNature
	Type   soc1.ControlType
	// Owner is a person; empty takes whom the other register names, where exactly one
	// person of the organization has that name, id or address.
	Owner      string
	Objectives []string
}

// ReuseControl records such a decision in one command and returns the id of the control
// that is one with the other program's; empty where none is.
func (a *App) ReuseControl(ctx context.Context, actor string, x Reusing) (string, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return "", err
	}
	if err := a.MayPut(ctx, actor, OrganizationLedger, "framework_control", x.Their); err != nil {
		return "", err
	}
	n := 0
	for _, said := range []bool{x.Control != "", x.Not != "", x.Untie, x.Make != nil, x.Covers != nil} {
		if said {
			n++
		}
	}
	if n != 1 {
		return "", &FieldError{"control", "Say one thing: which control it is, which it is not, that it is none after all, that a control is made of it, or which objective it covers.", ""}
	}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return "", err
	}
	t, err := record.One[soc1.FrameworkControl](ctx, v, "framework_control", x.Their)
	if err != nil {
		return "", err
	}
	if x.Seen != 0 && x.Seen != t.Revision {
		return "", &FieldError{"their", fmt.Sprintf("%s was changed since you looked at it. Look at it again, and decide then.", t.Value.Code), ""}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	now := t.Value
	now.NotControls, now.Objectives = slices.Clone(now.NotControls), slices.Clone(now.Objectives)
	why := strings.TrimSpace(x.Why)
	var changes []RecordChange
	switch {
	case x.Untie:
		if now.Control == "" {
			return "", &FieldError{"untie", fmt.Sprintf("%s is tied to no control.", now.Code), ""}
		}
		now.Control, why = "", cmp.Or(why, fmt.Sprintf("%s is not the same control after all.", now.Code))
	case x.Covers != nil:
		if why, err = cover(&now, *x.Covers, why); err != nil {
			return "", err
		}
	case x.Not != "":
		c, err := record.One[soc1.Control](ctx, v, "control", x.Not)
		switch {
		case err != nil:
			return "", noControl("not", x.Not, err)
		case now.Control == x.Not:
			return "", &FieldError{"not", fmt.Sprintf("%s is tied to %s. Untie it first.", now.Code, c.Value.Code), ""}
		case slices.Contains(now.NotControls, x.Not):
			return "", &FieldError{"not", fmt.Sprintf("That %s is not %s was decided already.", now.Code, c.Value.Code), ""}
		}
		now.NotControls, why = append(now.NotControls, x.Not), cmp.Or(why, fmt.Sprintf("%s is another control than %s.", now.Code, c.Value.Code))
	default:
		if now.Control != "" {
			return "", &FieldError{"control", fmt.Sprintf("%s is tied to a control already. Untie it first.", now.Code), ""}
		}
		made, says, err := a.tied(ctx, v, &now, x, today)
		if err != nil {
			return "", err
		}
		changes, why = append(changes, made...), cmp.Or(why, says)
	}
	changes = append(changes, RecordChange{Ledger: OrganizationLedger, Kind: "framework_control", ID: t.ID, Revision: t.Revision, Effective: max(today, soc1.Date(t.Effective)), Value: now})
	bulk, err := a.PutRecords(ctx, actor, changes, why, false)
	if err != nil {
		return "", bulkProblem(bulk, err)
	}
	return now.Control, nil
}

func noControl(field, id string, err error) error {
	return fmt.Errorf("%s: there is no control %q: %w", field, id, err)
}

// tied ties a control of another program to one here, and makes that where it is asked.
func (a *App) tied(ctx context.Context, v *record.View, now *soc1.FrameworkControl, x Reusing, today soc1.Date) ([]RecordChange, string, error) {
	if x.Make == nil {
		c, err := record.One[soc1.Control](ctx, v, "control", x.Control)
		if err != nil {
			return nil, "", noControl("control", x.Control, err)
		}
		now.Control = x.Control
		now.NotControls = slices.DeleteFunc(now.NotControls, func(id string) bool { return id == x.Control })
		return nil, fmt.Sprintf("%s is the same control as %s.", now.Code, c.Value.Code), nil
	}
	m := *x.Make
	m.Code = cmp.Or(strings.TrimSpace(m.Code), now.Code)
	controls, err := record.All[soc1.Control](ctx, v, "control")
	if err != nil {
		return nil, "", err
	}
	for _, c := range controls {
		if strings.EqualFold(c.Value.Code, m.Code) {
			return nil, "", &FieldError{"code", fmt.Sprintf("The code %s is that of a control here. Tie it to that one, or give another code.", m.Code), ""}
		}
	}
	if m.Owner == "" && now.Owner != "" {
		people, err := record.All[soc1.Person](ctx, v, "person")
		if err != nil {
			return nil, "", err
		}
		var found []string
		for _, p := range people {
			if p.Value.Side == soc1.SideServiceOrganization && (p.ID == now.Owner || strings.EqualFold(p.Value.Name, now.Owner) || p.Value.Email != "" && strings.EqualFold(p.Value.Email, now.Owner)) {
				found = append(found, p.ID)
			}
		}
		if len(found) == 1 {
			m.Owner = found[0]
		}
	}
	c := soc1.Control{Code: m.Code, Text: now.Text, Evidence: now.Evidence, Nature: m.Nature, Type: m.Type, Frequency: now.Frequency, Owner: m.Owner, Objectives: m.Objectives}
	if len(now.Identifiers) > 0 {
		c.FrameworkIDs = map[string][]string{now.Framework: slices.Clone(now.Identifiers)}
	}
	if err := fieldProblem(c.Validate()); err != nil {
		return nil, "", err
	}
	id, err := freeID(ctx, v, "control", IDFrom(m.Code))
	if err != nil {
		return nil, "", err
	}
	now.Control = id
	return []RecordChange{{Ledger: OrganizationLedger, Kind: "control", ID: id, Effective: today, Value: c}}, fmt.Sprintf("%s is taken over as %s.", now.Code, m.Code), nil
}

// freeID is an id that nothing of the kind has or had, made of the one wished for.
func freeID(ctx context.Context, v *record.View, kind, wish string) (string, error) {
	list, err := v.Rows(ctx, kind)
	if err != nil {
		return "", err
	}
	return freeOf(func(id string) bool { return list.Get(id) != nil }, cmp.Or(wish, strings.ReplaceAll(kind, "_", "-"))), nil
}

func freeOf(taken func(string) bool, wish string) string {
	id := wish
	for n := 2; taken(id); n++ {
		id = fmt.Sprintf("%s-%d", wish, n)
	}
	return id
}

// cover puts a judgement of an objective in the place of an earlier one.
func cover(now *soc1.FrameworkControl, c soc1.ObjectiveCoverage, why string) (string, error) {
	at := slices.IndexFunc(now.Objectives, func(x soc1.ObjectiveCoverage) bool { return x.Objective == c.Objective })
	if c.Strength == "" {
		if at < 0 {
			return "", &FieldError{"objective", fmt.Sprintf("Nobody has judged whether %s covers it.", now.Code), ""}
		}
		now.Objectives = slices.Delete(now.Objectives, at, at+1)
		return cmp.Or(why, fmt.Sprintf("The judgement of %s is withdrawn.", now.Code)), nil
	}
	if c.Why = cmp.Or(strings.TrimSpace(c.Why), why); c.Why == "" {
		return "", &FieldError{"why", "Say why it covers the objective, and for a part of it, which part.", ""}
	}
	if at < 0 {
		now.Objectives = append(now.Objectives, c)
	} else {
		now.Objectives[at] = c
	}
	return c.Why, fieldProblem(now.Validate())
}

// FrameworkNames are the frameworks that can be named: those that come with the program,
// then those that records name.
func FrameworkNames(r *mapping.Register) []string {
	out := library.Frameworks()
	for i := range r.Frameworks {
		if !slices.Contains(out, r.Frameworks[i].Name) {
			out = append(out, r.Frameworks[i].Name)
		}
	}
	return out
}

// FrameworkNamed is the framework of a register that a name or a short name stands for.
func FrameworkNamed(r *mapping.Register, name string) (string, error) {
	if known, ok := library.FrameworkNamed(name); ok {
		return known, nil
	}
	for i := range r.Frameworks {
		if strings.EqualFold(r.Frameworks[i].Name, name) {
			return r.Frameworks[i].Name, nil
		}
	}
	return "", &FieldError{"framework", fmt.Sprintf("There is no framework %q. Known are %s.", name, strings.Join(FrameworkNames(r), ", ")), ""}
}
