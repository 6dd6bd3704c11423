package remediation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reperform/gap"
	"reperform/record"
	"reperform/soc1"
)

// EscalateAfter is how many days after its due day an open plan waits for the
// compliance managers too.
const EscalateAfter = 7

// Stage is where a plan is.
type Stage int

// The stages, in order.
const (
	Planned Stage = iota
	InProgress
	ForRetest
	Closed
)

// Stages lists them.
var Stages = []Stage{Planned, InProgress, ForRetest, Closed}

// Label is the words a person reads.
func (s Stage) Label() string {
	return [...]string{"Planned", "In progress", "Waiting for retest", "Closed"}[s]
}

// Plan is a plan with what follows from its record and from others.
type Plan struct {
	record.Typed[soc1.Remediation]
	Stage   Stage
	Matters []Matter
	// Severity is the gravest of what it answers.
	Severity gap.Severity
	// Objectives are those that it bears on; All says that something bears on all.
	Objectives []string
	All        bool
	// Closing is the last decision to close it, nil without one. Where Again or Added
	// is not empty, it does not hold.
	Closing *soc1.RemediationClosing
	// Again are matters that were silent at the closing and stand again; Added are
	// those that the closing does not name.
	Again, Added []Matter
	// Waits are the plans before it that are not closed, as far as the board has them.
	Waits []string
	// StepsDone is how many steps are done.
	StepsDone int
	// LateDays is how many days it is overdue; 0 when it is not.
	LateDays int
	// ClosedOn is the day of the closing where that holds.
	ClosedOn soc1.Date
}

// Ready tells whether everything that it answers is settled and nothing before it
// is open, so that it can be closed without an explanation.
func (p *Plan) Ready() bool {
	return p.Stage != Closed && len(p.Waits) == 0 && p.Settled() == len(p.Matters)
}

// Settled is how many of the matters are.
func (p *Plan) Settled() int {
	n := 0
	for i := range p.Matters {
		if p.Matters[i].Standing.Settled() {
			n++
		}
	}
	return n
}

// Explained tells whether it is closed with an explanation.
func (p *Plan) Explained() bool { return p.Stage == Closed && p.Closing.Explained() }

// Escalated tells whether it waits for the compliance managers too.
func (p *Plan) Escalated() bool { return p.LateDays > EscalateAfter }

// Board is all plans.
type Board struct {
	Today soc1.Date
	// Plans are ordered by their due day.
	Plans []Plan
	// Unplanned are the critical findings that nobody accepted and no open plan
	// answers.
	Unplanned []*gap.Finding
}

// Of makes the board.
func Of(f *Facts) *Board {
	b := &Board{Today: f.Today}
	for _, x := range f.Plans {
		b.Plans = append(b.Plans, f.plan(x))
	}
	closed := map[string]bool{}
	for i := range b.Plans {
		closed[b.Plans[i].ID] = b.Plans[i].Stage == Closed
	}
	for i := range b.Plans {
		for _, id := range b.Plans[i].Value.DependsOn {
			if done, ok := closed[id]; ok && !done {
				b.Plans[i].Waits = append(b.Plans[i].Waits, id)
			}
		}
	}
	slices.SortFunc(b.Plans, func(x, y Plan) int {
		return cmp.Or(cmp.Compare(x.Value.Due, y.Value.Due), cmp.Compare(x.ID, y.ID))
	})
	if found := f.Found[""]; found != nil {
		for _, x := range found.Open() {
			if x.Severity == gap.Critical && !b.answers(x) {
				b.Unplanned = append(b.Unplanned, x)
			}
		}
	}
	return b
}

// Answers is the open plan that answers a finding, nil where none does.
func (b *Board) Answers(rule, kind, id, field string) *Plan {
	key := soc1.AnsweredFinding{Rule: rule, Kind: kind, Record: id, Field: field}.Key()
	for i := range b.Plans {
		p := &b.Plans[i]
		if p.Stage != Closed && slices.ContainsFunc(p.Matters, func(m Matter) bool { return m.Key == key }) {
			return p
		}
	}
	return nil
}

// answers tells whether an open plan answers a finding, or the exception that it is
// about.
func (b *Board) answers(x *gap.Finding) bool {
	if b.Answers(x.Rule.ID, x.Subject.Kind, x.Subject.ID, x.Field) != nil {
		return true
	}
	for i := range b.Plans {
		p := &b.Plans[i]
		if p.Stage != Closed && x.Subject.Kind == "exception" && slices.Contains(p.Value.Exceptions, x.Subject.ID) {
			return true
		}
	}
	return false
}

// LastClosing is the last decision by a day to close a plan, nil without one.
func LastClosing(all []record.Typed[soc1.RemediationClosing], plan string, by soc1.Date) *soc1.RemediationClosing {
	var last *record.Typed[soc1.RemediationClosing]
	for i := range all {
		if all[i].Value.Plan == plan && all[i].Value.ClosedOn <= by && (last == nil || record.Later(*last, all[i]) < 0) {
			last = &all[i]
		}
	}
	if last == nil {
		return nil
	}
	return &last.Value
}

// Covers tells whether a closing is of everything that a plan answers.
func Covers(c *soc1.RemediationClosing, p soc1.Remediation) bool {
	return c != nil && !slices.ContainsFunc(p.Keys(), func(key string) bool { return !named(c, key) })
}

func named(c *soc1.RemediationClosing, key string) bool {
	return slices.ContainsFunc(c.Outcomes, func(o soc1.RemediationOutcome) bool { return o.What == key })
}

func (f *Facts) plan(x record.Typed[soc1.Remediation]) Plan {
	p := Plan{Typed: x, Matters: f.matters(&x.Value), Severity: gap.Medium, StepsDone: x.Value.StepsDone(f.Today), Closing: LastClosing(f.Closings, x.ID, f.Today)}
	for i := range p.Matters {
		m := &p.Matters[i]
		if slices.Index(gap.Severities, m.Severity) < slices.Index(gap.Severities, p.Severity) {
			p.Severity = m.Severity
		}
		p.All = p.All || len(m.Objectives) == 0
		for _, o := range m.Objectives {
			if !slices.Contains(p.Objectives, o) {
				p.Objectives = append(p.Objectives, o)
			}
		}
		if p.Closing == nil {
			continue
		}
		at := slices.IndexFunc(p.Closing.Outcomes, func(o soc1.RemediationOutcome) bool { return o.What == m.Key })
		switch {
		case at < 0:
			p.Added = append(p.Added, *m)
		case p.Closing.Outcomes[at].Settled != soc1.Standing && m.Standing == Stands:
			p.Again = append(p.Again, *m)
		}
	}
	begun := x.Value.Begin != "" && x.Value.Begin <= f.Today || p.StepsDone > 0
	switch {
	case p.Closing != nil && len(p.Again)+len(p.Added) == 0:
		p.Stage, p.ClosedOn = Closed, p.Closing.ClosedOn
	case len(x.Value.Steps) > 0 && p.StepsDone == len(x.Value.Steps), p.Settled() == len(p.Matters):
		p.Stage = ForRetest
	case begun || p.Closing != nil:
		p.Stage = InProgress
	}
	if p.Stage != Closed && x.Value.Due < f.Today {
		p.LateDays = x.Value.Due.DaysUntil(f.Today)
	}
	return p
}

// Reopened says why a plan that was closed is open again; empty where it is not.
func (p *Plan) Reopened() string {
	switch {
	case len(p.Again) > 0:
		var names []string
		for i := range p.Again {
			name := p.Again[i].Key
			if r := p.Again[i].Rule; r != nil {
				name = r.ID
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if p.Again[0].Rule != nil {
			return fmt.Sprintf("%s fires again. The plan was closed on %s, when it was silent.", strings.Join(names, ", "), p.Closing.ClosedOn)
		}
		return fmt.Sprintf("What it answers stands again. The plan was closed on %s.", p.Closing.ClosedOn)
	case len(p.Added) > 0:
		return fmt.Sprintf("It answers more than when it was closed on %s.", p.Closing.ClosedOn)
	}
	return ""
}

// Circle is a circle of plans that depend on each other, each named before what it
// depends on and the first once more at the end; nil where there is none.
func Circle(from string, before func(id string) []string) []string {
	var path []string
	done := map[string]bool{}
	var walk func(id string) []string
	walk = func(id string) []string {
		if at := slices.Index(path, id); at >= 0 {
			return append(slices.Clone(path[at:]), id)
		}
		if done[id] {
			return nil
		}
		path = append(path, id)
		for _, b := range before(id) {
			if c := walk(b); c != nil {
				return c
			}
		}
		path, done[id] = path[:len(path)-1], true
		return nil
	}
	return walk(from)
}
