package report

import (
	"cmp"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// control is a control with every statement of it that was in force.
type control struct {
	id       string
	versions []version
}

// version is a statement of a control with the dates within the report's
// period between which it was in force; empty where the period's end bounds it.
type version struct {
	record.Record
	value       soc1.Control
	statement   string
	from, until soc1.Date
}

// now is the version in force last.
func (c control) now() version { return c.versions[len(c.versions)-1] }

func (c control) refs() []soc1.Ref {
	out := make([]soc1.Ref, len(c.versions))
	for i, v := range c.versions {
		out[i] = v.Ref()
	}
	return out
}

// serves reports whether some version of the control serves an objective.
func (c control) serves(objective string) bool {
	return slices.ContainsFunc(c.versions, func(v version) bool { return slices.Contains(v.value.Objectives, objective) })
}

// entityLevel reports whether no version serves an objective.
func (c control) entityLevel() bool {
	return !slices.ContainsFunc(c.versions, func(v version) bool { return !v.value.EntityLevel() })
}

// readControls reads the controls of the period. A revision that leaves the
// statement as it was is no other version of the control; a control that was
// retired within the period is shown until then.
func (m *material) readControls() error {
	start, end := m.engagement.Value.Start(), m.engagement.Value.End()
	all, err := m.state.Versions(m.ctx, "control", start, end)
	if err != nil {
		return err
	}
	for _, ver := range all {
		if ver.Retired || ver.Redacted {
			continue
		}
		value, err := record.Decode[soc1.Control](ver.Record)
		if err != nil {
			return err
		}
		v := version{Record: ver.Record, value: value, statement: value.Statement(), from: ver.From, until: ver.Until}
		if value.InOperationFrom > v.from {
			v.from = value.InOperationFrom
		}
		if value.InOperationTo != "" && (v.until == "" || value.InOperationTo < v.until) {
			v.until = value.InOperationTo
		}
		if v.from > end || v.until != "" && v.until < start {
			continue
		}
		if v.from <= start {
			v.from = ""
		}
		if v.until >= end {
			v.until = ""
		}
		m.addVersion(v)
	}
	slices.SortStableFunc(m.controls, func(a, b control) int {
		x, y := a.now().value, b.now().value
		return cmp.Or(cmp.Compare(x.Order, y.Order), natural(x.Code, y.Code), natural(a.id, b.id))
	})
	return nil
}

func (m *material) addVersion(v version) {
	if n := len(m.controls); n > 0 && m.controls[n-1].id == v.ID {
		c := &m.controls[n-1]
		last := &c.versions[len(c.versions)-1]
		if last.statement == v.statement && (last.until == "" || v.from == "" || v.from <= last.until.AddDays(1)) {
			v.from = last.from
			*last = v
			return
		}
		c.versions = append(c.versions, v)
		return
	}
	m.controls = append(m.controls, control{id: v.ID, versions: []version{v}})
}

// controlsOf lists the controls of an objective.
func (m *material) controlsOf(objective string) []control {
	var out []control
	for _, c := range m.controls {
		if c.serves(objective) {
			out = append(out, c)
		}
	}
	return out
}

// reported lists the controls that some objective of the report has, each
// once, in the order of the report.
func (m *material) reported() []control {
	var out []control
	for _, o := range m.objectives {
		for _, c := range m.controlsOf(o.ID) {
			if !slices.ContainsFunc(out, func(x control) bool { return x.id == c.id }) {
				out = append(out, c)
			}
		}
	}
	return out
}

// entityControls lists the controls that belong to no objective.
func (m *material) entityControls() []control {
	var out []control
	for _, c := range m.controls {
		if c.entityLevel() {
			out = append(out, c)
		}
	}
	return out
}

// controlCell is how Section IV states a control.
func (m *material) controlCell(c control) Cell {
	now := c.now()
	out := Cell{Paras: role("strong", now.value.Code)}
	for _, v := range c.versions {
		if d := dates(v.from, v.until); d != "" {
			out.Paras = append(out.Paras, role("small", d)...)
		}
		out.Paras = append(out.Paras, paras(v.statement)...)
	}
	var marks []string
	if now.value.Frequency != "" {
		marks = append(marks, now.value.Frequency.Label())
	}
	marks = append(marks, now.value.Nature.Label(), now.value.Type.Label())
	out.Paras = append(out.Paras, role("small", strings.Join(marks, " · "))...)
	if id := now.value.SubserviceOrganization; id != "" {
		out.Paras = append(out.Paras, m.performer(c, id)...)
	}
	return out
}

// performer marks a control of a subservice organization.
func (m *material) performer(c control, id string) []Para {
	ref := c.now().Ref()
	s := m.sub(id)
	if s == nil {
		m.gap("IV", &ref, "Name the subservice organization in the engagement, or correct who performs the control.", "Control %s is performed by a subservice organization that the report does not name.", c.now().value.Code)
		return role("gap", "[Performed by a subservice organization that the report does not name]")
	}
	if s.Method != soc1.Inclusive {
		m.gap("IV", &ref, "State it as a complementary subservice organization control, or change the method to inclusive.", "Control %s is performed by %s, which is carved out: its controls do not belong in the report.", c.now().value.Code, s.Name)
		return role("gap", "[Performed by "+s.Name+", which is carved out]")
	}
	return role("strong", "Performed by "+s.Name+" (subservice organization)")
}

// dates writes the part of the period for which something held, empty for all.
func dates(from, until soc1.Date) string {
	switch {
	case from != "" && until != "":
		return "From " + from.Long() + " to " + until.Long()
	case from != "":
		return "From " + from.Long()
	case until != "":
		return "Until " + until.Long()
	}
	return ""
}
