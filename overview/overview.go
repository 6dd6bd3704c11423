package overview

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

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
	// Rules is what the rules on gaps find, as a part of the score: which of them
	// find nothing that is critical or high. Whoever ran them sets it; nil leaves it
	// out.
	Rules *Component
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
	// Wanted is the evidence that it lacks next.
	Wanted Wanted
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
	e, err := r.engagement(q)
	if err != nil {
		return nil, err
	}
	o := &Overview{Question: q, By: r.By, Engagement: e, records: r}
	o.Period = q.Days(o.Engagement.Value)
	o.people = make(map[string]*record.Typed[soc1.Person], len(r.People))
	for i := range r.People {
		o.people[r.People[i].ID] = &r.People[i]
	}
	o.scope()
	o.risks()
	if o.testing, err = r.gather(q, o.place); err != nil {
		return nil, err
	}
	o.lines()
	return o, nil
}

// scope sets the objectives and the controls in scope.
func (o *Overview) scope() {
	objectives, controls := o.records.scope(o.Engagement.Value)
	o.Objectives = objectives
	o.Controls = make([]ControlLine, len(controls))
	o.place = make(map[string]int, len(controls))
	for i, e := range controls {
		k := &e.x.Value
		o.Controls[i] = ControlLine{Ref: e.x.Ref(), Control: *k, Statement: k.Statement(), Title: title(k), Objectives: e.all, Owner: o.owner(k.Owner)}
		o.place[e.x.ID] = i
		for _, n := range e.all {
			o.Objectives[n].Controls = append(o.Objectives[n].Controls, i)
		}
	}
	o.cover = o.records.expect(o.Period, o.Question.Today, controls)
}

func (o *Overview) owner(id string) Owner {
	p := o.people[id]
	if p == nil {
		return Owner{}
	}
	return Owner{Ref: p.Ref(), Name: p.Value.Name, Active: p.Value.ActiveOn(o.Question.Today)}
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
		line.Wanted = o.cover.wanted(line.Control, line.Evidence)
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

// Visit goes through the occurrences of the control at a place of Controls: by which
// day each is in time, whether that has passed, and whether evidence covers it.
func (o *Overview) Visit(at int, visit func(x Occurrence, due, covered bool)) {
	o.cover.occurrences(at, func(s *segment, i int, due, covered bool) { visit(s.days.list[i], due, covered) })
}

// Runs are the days of the period on which the control at a place was in operation.
func (o *Overview) Runs(at int) []Occurrence { return o.cover.runs[at] }

// Late is the state of an occurrence that is due and that nothing covers.
func (o *Overview) Late() State { return o.cover.state(true, false) }

// Performances are those of controls in scope.
func (o *Overview) Performances() []record.Typed[soc1.Performance] { return o.records.Performances }

// EvidenceRecords are the records of evidence of the side.
func (o *Overview) EvidenceRecords() []record.Typed[soc1.Evidence] { return o.records.Evidence }

// Business is the business calendar of a control, and the id of its record; empty
// for the organization's.
func (o *Overview) Business(k *soc1.Control) (*Business, string) {
	return o.cover.calendars.Of(k), o.cover.calendars.NameOf(k)
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
