package overview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Question says what the numbers are about.
type Question struct {
	// Engagement is the report in question; empty asks for all objectives and
	// controls, and takes the period from From and To.
	Engagement string
	// From and To are the first and the last day asked about; empty takes the
	// engagement's. For a Type I report, whose period is one day, evidence is
	// counted on the twelve months that end with it unless they are given.
	From, To soc1.Date
	// Today is the day on which the question is asked.
	Today soc1.Date
}

// Overview is the answer: every number with the records it came from. It does
// not change once made and may be kept until the records change or the day does.
type Overview struct {
	Question Question
	By       soc1.Party
	// Engagement is the report; its Ref is empty when all were asked for.
	Engagement record.Typed[soc1.Engagement]
	// Period are the days asked about.
	Period evaluation.Window
	// Objectives are those in scope in the order of the report, then, with an
	// empty ID, the controls at entity level, which belong to none.
	Objectives []ObjectiveLine
	// Controls are those in scope, each once, in the order of the report.
	Controls []ControlLine
	// Risks are those that threaten an objective in scope or that a control in
	// scope answers.
	Risks []RiskLine
	// Exceptions are those of the side's tests of these controls.
	Exceptions []ExceptionLine
	// Mix counts all controls by status, each once.
	Mix Mix

	records *Records
	testing *testing
	cover   *coverer
	place   map[string]int
	people  map[string]*record.Typed[soc1.Person]
}

// ControlLine is a control as matrix and lists show it.
type ControlLine struct {
	Ref soc1.Ref
	// Control is the record's value: code, parts, nature, frequency, key.
	Control soc1.Control
	// Title is what the control does, Statement the whole.
	Title, Statement string
	// Objectives and Risks are places in the overview's lists.
	Objectives, Risks []int
	// Rating is the highest rating of its risks, zero when none is rated.
	Rating Rating
	Owner  Owner
	// Status with its reason, and the records that it follows from.
	Status  Status
	Why     string
	Sources []soc1.Ref
	// LastTested is the last day of recorded work on a test, and LastWork the
	// record that says so.
	LastTested soc1.Date
	LastWork   soc1.Ref
	Evidence   Coverage
	// Open and High are the numbers of open exceptions, and of those that are
	// high.
	Open, High int
}

// ID is the control's id.
func (c *ControlLine) ID() string { return c.Ref.ID }

// Owner is who answers for a control.
type Owner struct {
	// Ref is empty when nobody is named, or nobody whom the records know.
	Ref  soc1.Ref
	Name string
	// Active says that the person holds the position today.
	Active bool
}

// ExceptionLine is one exception of a test.
type ExceptionLine struct {
	Ref soc1.Ref
	// Control is the control tested.
	Control soc1.Ref
	Status  soc1.ExceptionStatus
	// High says that the control is key and answers a risk rated high or
	// severe, or that none of its risks is rated.
	High      bool
	Items     int64
	Attribute string
	Fact      string
	Undecided bool
	DecidedOn soc1.Date
	control   int
}

// Make answers a question from the records. It fails when the engagement does
// not exist, when the day is no date and when a released record cannot be read.
func (r *Records) Make(q Question) (*Overview, error) {
	if !q.Today.Valid() {
		return nil, fmt.Errorf("%q is not the date of today: write it as 2025-01-31", q.Today)
	}
	o := &Overview{Question: q, By: r.By, records: r}
	if q.Engagement != "" {
		var ok bool
		if o.Engagement, ok = record.Find(r.Engagements, q.Engagement); !ok {
			return nil, fmt.Errorf("there is no engagement %q: record it, or ask about all", q.Engagement)
		}
	}
	o.Period = period(q, o.Engagement.Value)
	o.people = make(map[string]*record.Typed[soc1.Person], len(r.People))
	for i := range r.People {
		o.people[r.People[i].ID] = &r.People[i]
	}
	o.scope()
	o.risks()
	var err error
	if o.testing, err = r.gather(q, o.place); err != nil {
		return nil, err
	}
	o.coverage()
	o.lines()
	return o, nil
}

// period are the days asked about.
func period(q Question, e soc1.Engagement) evaluation.Window {
	w := evaluation.Window{From: cmp.Or(q.From, e.Start()), To: cmp.Or(q.To, e.End())}
	if e.Type == soc1.Type1 && q.From == "" {
		w.From = w.To.AddMonths(-12).AddDays(1)
	}
	return w
}

// scope orders objectives and their controls; a control in several objectives
// stands at the first. Controls at entity level come last.
func (o *Overview) scope() {
	chosen := o.Engagement.Value.Objectives
	for i := range o.records.Objectives {
		x := &o.records.Objectives[i]
		if x.Value.Omitted() || len(chosen) > 0 && !slices.Contains(chosen, x.ID) {
			continue
		}
		o.Objectives = append(o.Objectives, ObjectiveLine{Ref: x.Ref(), Objective: x.Value})
	}
	slices.SortStableFunc(o.Objectives, func(a, b ObjectiveLine) int {
		return cmp.Or(cmp.Compare(a.Objective.Order, b.Objective.Order), cmp.Compare(a.Objective.Code, b.Objective.Code), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	at := make(map[string]int, len(o.Objectives))
	for i := range o.Objectives {
		at[o.Objectives[i].Ref.ID] = i
	}
	entity := len(o.Objectives)
	type entry struct {
		x     *record.Typed[soc1.Control]
		first int
		all   []int
	}
	entries := make([]entry, 0, len(o.records.Controls))
	for i := range o.records.Controls {
		x := &o.records.Controls[i]
		e := entry{x: x, first: entity}
		for _, id := range x.Value.Objectives {
			if n, ok := at[id]; ok && !slices.Contains(e.all, n) {
				e.all = append(e.all, n)
				e.first = min(e.first, n)
			}
		}
		if len(e.all) > 0 || x.Value.EntityLevel() {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.x.Value.Order, b.x.Value.Order), cmp.Compare(a.x.Value.Code, b.x.Value.Code), cmp.Compare(a.x.ID, b.x.ID))
	})
	o.Controls = make([]ControlLine, len(entries))
	o.place = make(map[string]int, len(entries))
	for i, e := range entries {
		if e.first == entity && len(o.Objectives) == entity {
			o.Objectives = append(o.Objectives, ObjectiveLine{})
		}
		if e.first == entity {
			e.all = []int{entity}
		}
		k := &e.x.Value
		o.Controls[i] = ControlLine{Ref: e.x.Ref(), Control: *k, Statement: k.Statement(), Title: title(k), Objectives: e.all, Owner: o.owner(k.Owner)}
		o.place[e.x.ID] = i
		for _, n := range e.all {
			o.Objectives[n].Controls = append(o.Objectives[n].Controls, i)
		}
	}
}

func (o *Overview) owner(id string) Owner {
	p := o.people[id]
	if p == nil {
		return Owner{}
	}
	return Owner{Ref: p.Ref(), Name: p.Value.Name, Active: p.Value.ActiveOn(o.Question.Today)}
}

// coverage sets the days on which each version of each control held.
func (o *Overview) coverage() {
	o.cover = newCoverer(o.records, o.Period, o.Question.Today, o.place)
	versioned := make([]bool, len(o.Controls))
	for i := range o.records.Versions {
		v := &o.records.Versions[i]
		at, ok := o.place[v.ID]
		if !ok {
			continue
		}
		versioned[at] = true
		if v.Retired || v.Redacted {
			continue
		}
		// The version that is the record itself need not be decoded.
		if line := &o.Controls[at]; v.Revision == line.Ref.Revision && v.Ledger == line.Ref.Ledger {
			o.cover.segment(at, line.Control, v.From, v.Until)
			continue
		}
		if k, err := record.Decode[soc1.Control](v.Record); err == nil {
			o.cover.segment(at, k, v.From, v.Until)
		}
	}
	for at := range o.Controls {
		if !versioned[at] {
			o.cover.segment(at, o.Controls[at].Control, "", "")
		}
	}
}

// lines finishes controls and objectives.
func (o *Overview) lines() {
	type1 := o.Engagement.Value.Type == soc1.Type1
	o.Exceptions = o.testing.exceptions
	for i := range o.Exceptions {
		x := &o.Exceptions[i]
		line := &o.Controls[x.control]
		x.Control = line.Ref
		x.High = line.Control.Key && (line.Rating == (Rating{}) || line.Rating.Level() >= High)
		if x.Status == soc1.Open {
			line.Open++
			if x.High {
				line.High++
			}
		}
	}
	for at := range o.Controls {
		line := &o.Controls[at]
		s := &o.testing.by[at]
		line.Status, line.Why, line.Sources = s.status(type1, o.Exceptions)
		line.LastTested, line.LastWork = s.last, s.lastRef
		line.Evidence = o.cover.of(at, line.Control)
		o.Mix.add(line.Status, line.Ref)
		for _, n := range line.Objectives {
			o.Objectives[n].Mix.add(line.Status, line.Ref)
		}
	}
}

// Control finds the line of a control.
func (o *Overview) Control(id string) (*ControlLine, bool) {
	at, ok := o.place[id]
	if !ok {
		return nil, false
	}
	return &o.Controls[at], true
}

// Expectations are the occurrences of a control in the period, due or not, each
// with its evidence; none where its frequency predicts no number.
func (o *Overview) Expectations(id string) []Expectation {
	at, ok := o.place[id]
	if !ok {
		return nil
	}
	return o.cover.expectations(at)
}

// EvidenceOf are the evidence records of a control that concern the period up to
// today.
func (o *Overview) EvidenceOf(id string) []soc1.Ref {
	at, ok := o.place[id]
	if !ok {
		return nil
	}
	var out []soc1.Ref
	o.cover.concerning(at, func(n int) { out = append(out, o.records.Evidence[n].Ref()) })
	return out
}

// title is a short name of a control: what it does, or else the whole text.
func title(k *soc1.Control) string {
	what := strings.TrimRight(strings.TrimSpace(k.What), ".,;")
	if strings.TrimSpace(k.Text) != "" || what == "" {
		return k.Statement()
	}
	first, size := utf8.DecodeRuneInString(what)
	return string(unicode.ToUpper(first)) + what[size:]
}
