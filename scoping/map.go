package scoping

import (
	"cmp"
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// mapping is a scope in the making.
type mapping struct {
	*Records
	out  *Scope
	left map[string]string
}

// Map says what is in scope because of what.
func Map(r *Records) *Scope {
	m := &mapping{Records: r, out: &Scope{Engagement: r.Engagement, Items: map[string][]*Item{}, at: map[[2]string]*Item{}}, left: map[string]string{}}
	for _, x := range r.Engagement.Value.Exclusions {
		m.left[x.What] = x.Why
	}
	if r.Engagement.ID != "" {
		x := m.add(r.Engagement.Record, "", r.Engagement.Value.Title)
		x.In = true
		x.because("It is the report in question.", soc1.Ref{})
	}
	m.services()
	m.classes()
	m.objectives()
	m.bases()
	m.subservice()
	m.sites()
	m.rows()
	m.touched()
	for _, x := range r.Engagement.Value.Exclusions {
		if !slices.ContainsFunc(m.out.Left(), func(i *Item) bool { return i.Ref.ID == x.What }) {
			m.out.Excluded = append(m.out.Excluded, x)
		}
	}
	return m.out
}

func (x *Item) because(text string, ref soc1.Ref) {
	x.Because = append(x.Because, Because{text, ref})
}

func (m *mapping) add(r record.Record, code, name string) *Item {
	x := &Item{Ref: r.Ref(), Code: code, Name: cmp.Or(name, r.ID), rec: r}
	m.out.Items[r.Kind] = append(m.out.Items[r.Kind], x)
	m.out.at[[2]string{r.Kind, r.ID}] = x
	return x
}

// has tells whether a list is empty, meaning all, or names an id.
func has(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }

// leave says why something is out of scope: by its own record, by the engagement, or
// by nobody, which is a hole.
func (m *mapping) leave(x *Item, own, otherwise string) {
	switch why := m.left[x.Ref.ID]; {
	case strings.TrimSpace(own) != "":
		x.because(strings.TrimSpace(own), soc1.Ref{})
	case why != "":
		x.because(why, m.Engagement.Ref())
	default:
		x.because(otherwise, soc1.Ref{})
		x.Hole = "No reason is recorded for leaving it out."
	}
}

func (m *mapping) services() {
	list := slices.Clone(m.Services)
	slices.SortStableFunc(list, func(a, b record.Typed[soc1.Service]) int { return cmp.Compare(a.Value.Order, b.Value.Order) })
	for _, s := range list {
		x := m.add(s.Record, "", s.Value.Name)
		named := len(m.Engagement.Value.Services) > 0
		x.In = s.Value.InScope && has(m.Engagement.Value.Services, s.ID)
		switch {
		case x.In && named:
			x.because("The engagement examines it.", m.Engagement.Ref())
		case x.In:
			x.because("It is marked in scope, and no engagement narrows the services.", soc1.Ref{})
		case s.Value.InScope:
			m.leave(x, "", "The engagement names other services.")
		default:
			m.leave(x, s.Value.Exclusion, "It is not marked in scope.")
		}
	}
}

// inScope are the items of some ids that are in scope.
func (m *mapping) inScope(kind string, ids []string) []*Item {
	var out []*Item
	for _, id := range ids {
		if x := m.out.Item(kind, id); x != nil && x.In {
			out = append(out, x)
		}
	}
	return out
}

func (m *mapping) classes() {
	list := slices.Clone(m.Classes)
	slices.SortStableFunc(list, func(a, b record.Typed[soc1.TransactionClass]) int { return cmp.Compare(a.Value.Order, b.Value.Order) })
	for _, t := range list {
		x := m.add(t.Record, "", t.Value.Name)
		for _, s := range m.inScope("service", t.Value.Services) {
			x.In = true
			x.because(s.Name+" processes it.", s.Ref)
		}
		if !x.In {
			x.because("No service in scope processes it.", soc1.Ref{})
		}
	}
	for _, a := range m.Accounts {
		m.add(a.Record, "", a.Value.Name)
	}
	for _, a := range m.Relevance {
		class, account := m.out.Item("transaction_class", a.Value.TransactionClass), m.out.Item("account", a.Value.Account)
		x := m.add(a.Record, "", a.ID)
		if class == nil || account == nil {
			x.Hole = "The class or the account that it names is not recorded."
			continue
		}
		x.Name = class.Name + " → " + account.Name
		if x.In = class.In; x.In {
			x.because(class.Name+" is in scope.", class.Ref)
			account.In = true
			account.because(class.Name+" reaches it.", a.Ref())
			continue
		}
		x.because(class.Name+" is not in scope.", class.Ref)
	}
	for _, x := range m.out.Items["account"] {
		if !x.In {
			x.because("No class in scope reaches it.", soc1.Ref{})
		}
	}
	for _, x := range m.out.Items["transaction_class"] {
		if x.In && !slices.ContainsFunc(m.Relevance, func(a record.Typed[soc1.AssertionRelevance]) bool { return a.Value.TransactionClass == x.Ref.ID }) {
			x.Hole = "It bears on no account of user entities."
		}
	}
}

func (m *mapping) objectives() {
	list := slices.Clone(m.Objectives)
	slices.SortStableFunc(list, func(a, b record.Typed[soc1.ControlObjective]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Code, b.Value.Code))
	})
	for _, o := range list {
		x := m.add(o.Record, o.Value.Code, o.Value.Title)
		if o.Value.Omitted() || !has(m.Engagement.Value.Objectives, o.ID) {
			m.leave(x, o.Value.OmittedReason, "The engagement names other objectives.")
			continue
		}
		x.In = true
		classes := m.inScope("transaction_class", o.Value.TransactionClasses)
		for _, t := range classes {
			if len(o.Value.Assertions) > 0 {
				x.because("It serves assertions that "+t.Name+" bears on.", t.Ref)
			}
		}
		for _, s := range m.Systems {
			if s.Value.InScope && slices.Contains(s.Value.Objectives, o.ID) {
				x.because(s.Value.Name+" rests on it.", s.Ref())
			}
		}
		for _, c := range m.CSOCs {
			if slices.Contains(c.Value.Objectives, o.ID) {
				x.because(c.Value.Code+" of a subservice organization is needed for it.", c.Ref())
			}
		}
		if len(x.Because) == 0 && len(o.Value.TransactionClasses) == 0 && len(o.Value.Assertions) > 0 {
			x.because("It serves assertions of every class.", soc1.Ref{})
		}
		if len(x.Because) == 0 {
			x.because("It is recorded and not omitted.", soc1.Ref{})
			x.Hole = "It serves no class of transactions in scope, and no system rests on it."
		}
	}
}

func (m *mapping) bases() {
	for _, s := range m.Systems {
		v := s.Value
		x := m.add(s.Record, "", v.Name)
		services := m.inScope("service", v.Services)
		if x.In = v.InScope; !x.In {
			m.leave(x, v.Exclusion, "It is not marked in scope.")
			continue
		}
		for _, y := range services {
			x.because(y.Name+" runs on it.", y.Ref)
		}
		if len(services) == 0 {
			x.because("It is marked in scope.", soc1.Ref{})
			x.Hole = "No service in scope is said to run on it."
		}
	}
}

func (m *mapping) subservice() {
	list := slices.Clone(m.Subservice)
	slices.SortStableFunc(list, func(a, b record.Typed[soc1.SubserviceOrganization]) int {
		return cmp.Compare(a.Value.Order, b.Value.Order)
	})
	for _, o := range list {
		x := m.add(o.Record, o.Value.Method.Label(), o.Value.Name)
		if !has(m.Engagement.Value.SubserviceOrganizations, o.ID) {
			m.leave(x, "", "The engagement names other subservice organizations.")
			continue
		}
		x.In = true
		for _, s := range m.Systems {
			if s.Value.InScope && s.Value.SubserviceOrganization == o.ID {
				x.because("It operates "+s.Value.Name+".", s.Ref())
			}
		}
		for _, c := range m.CSOCs {
			if c.Value.SubserviceOrganization != o.ID {
				continue
			}
			for _, y := range m.inScope("control_objective", c.Value.Objectives) {
				x.because(y.Code+" needs its control "+c.Value.Code+".", c.Ref())
			}
		}
		if len(x.Because) == 0 {
			x.because("It is recorded as a subservice organization.", soc1.Ref{})
			x.Hole = "No system in scope is operated by it, and no objective needs a control of it."
		}
	}
	for _, s := range m.Systems {
		x := m.out.Item("system", s.ID)
		if !x.In {
			continue
		}
		b := Base{System: x, Services: m.inScope("service", s.Value.Services), Objectives: m.inScope("control_objective", s.Value.Objectives)}
		if s.Value.SubserviceOrganization != "" {
			b.Operator = m.out.Item("subservice_organization", s.Value.SubserviceOrganization)
		}
		m.out.Bases = append(m.out.Bases, b)
	}
}

// sites are locations and legal entities.
func (m *mapping) sites() {
	for _, l := range m.Locations {
		x := m.add(l.Record, "", l.Value.Name)
		if x.In = l.Value.InScope; !x.In {
			m.leave(x, l.Value.Exclusion, "It is not marked in scope.")
			continue
		}
		for _, s := range m.Systems {
			if s.Value.InScope && slices.Contains(s.Value.Locations, l.ID) {
				x.because(s.Value.Name+" runs there.", s.Ref())
			}
		}
		n := 0
		for _, c := range m.Controls {
			if slices.Contains(c.Value.Locations, l.ID) && (c.Value.EntityLevel() || len(m.inScope("control_objective", c.Value.Objectives)) > 0) {
				n++
			}
		}
		if n > 0 {
			x.because(english.Count(n, "control")+" in scope"+english.Choose(n, " operates", " operate")+" there.", soc1.Ref{})
		}
		for _, e := range m.Entities {
			if e.Value.InScope && slices.Contains(e.Value.Locations, l.ID) {
				x.because(e.Value.Name+" works there.", e.Ref())
			}
		}
		if len(x.Because) == 0 && strings.TrimSpace(l.Value.Purpose) != "" {
			x.because(strings.TrimSpace(l.Value.Purpose), soc1.Ref{})
		}
		if len(x.Because) == 0 {
			x.because("It is marked in scope.", soc1.Ref{})
			x.Hole = "Nothing says what happens there."
		}
	}
	for _, e := range m.Entities {
		x := m.add(e.Record, "", e.Value.Name)
		if x.In = e.Value.InScope; !x.In {
			m.leave(x, e.Value.Exclusion, "It is not marked in scope.")
			continue
		}
		for _, y := range m.inScope("service", e.Value.Services) {
			x.because("It provides "+y.Name+".", y.Ref)
		}
		if len(x.Because) == 0 && strings.TrimSpace(e.Value.Purpose) != "" {
			x.because(strings.TrimSpace(e.Value.Purpose), soc1.Ref{})
		}
		if len(x.Because) == 0 {
			x.because("It is marked in scope.", soc1.Ref{})
			x.Hole = "It provides no service in scope."
		}
	}
	for i := range m.out.Bases {
		b := &m.out.Bases[i]
		if s, ok := record.Find(m.Systems, b.System.Ref.ID); ok {
			b.Locations = m.inScope("location", s.Value.Locations)
		}
	}
}

// rows lead from services to assertions.
func (m *mapping) rows() {
	for _, s := range m.out.Items["service"] {
		if !s.In {
			continue
		}
		any := false
		for _, class := range m.out.Items["transaction_class"] {
			t, _ := record.Find(m.Classes, class.Ref.ID)
			if !slices.Contains(t.Value.Services, s.Ref.ID) {
				continue
			}
			any = true
			reached := false
			for _, a := range m.Relevance {
				account := m.out.Item("account", a.Value.Account)
				if a.Value.TransactionClass != class.Ref.ID || account == nil {
					continue
				}
				reached = true
				m.out.Rows = append(m.out.Rows, Row{Service: s, Class: class, Account: account, Relevance: a.Ref(), Why: a.Value.Why, Cells: m.cells(class.Ref.ID, a.Value.Assertions)})
			}
			if !reached {
				m.out.Rows = append(m.out.Rows, Row{Service: s, Class: class})
			}
		}
		if !any {
			m.out.Rows = append(m.out.Rows, Row{Service: s})
		}
	}
}

// cells are the assertions of an account with the objectives that serve them for a
// class, as rule OBJ-07 reads them: an objective that names no class serves every one.
func (m *mapping) cells(class string, relevant []soc1.FinancialAssertion) []Cell {
	var out []Cell
	for _, v := range soc1.FinancialAssertion("").Values() {
		c := Cell{Assertion: soc1.FinancialAssertion(v), Relevant: slices.Contains(relevant, soc1.FinancialAssertion(v))}
		for _, o := range m.out.Items["control_objective"] {
			if !c.Relevant || !o.In {
				continue
			}
			x, _ := record.Find(m.Objectives, o.Ref.ID)
			switch {
			case !slices.Contains(x.Value.Assertions, c.Assertion):
			case slices.Contains(x.Value.TransactionClasses, class):
				c.Objectives = append(c.Objectives, o)
			case len(x.Value.TransactionClasses) == 0:
				c.General = append(c.General, o)
			}
		}
		out = append(out, c)
	}
	return out
}

// touched counts the user entities behind each account.
func (m *mapping) touched() {
	at := map[string]int{}
	for _, x := range m.out.Items["account"] {
		if x.In {
			at[x.Ref.ID] = len(m.out.Touched)
			m.out.Touched = append(m.out.Touched, Touched{Account: x})
		}
	}
	for _, u := range m.Users {
		v := u.Value
		if v.From > m.Engagement.Value.End() && m.Engagement.Value.End() != "" || v.Until != "" && v.Until < m.Engagement.Value.Start() {
			continue
		}
		m.out.Users += v.Weight()
		seen := map[string]bool{}
		mark := func(account string) {
			i, ok := at[account]
			if !ok || seen[account] {
				return
			}
			seen[account] = true
			m.out.Touched[i].Entities += v.Weight()
			m.out.Touched[i].Refs = append(m.out.Touched[i].Refs, u.Ref())
		}
		for _, r := range v.ReliesOn {
			mark(r.Account)
		}
		if len(v.ReliesOn) > 0 {
			continue
		}
		for _, row := range m.out.Rows {
			if row.Account != nil && has(v.Services, row.Service.Ref.ID) {
				mark(row.Account.Ref.ID)
			}
		}
	}
}
