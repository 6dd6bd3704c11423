package events

import (
	"cmp"
	"fmt"
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// Place is where an event falls, seen from a report's period.
type Place int

// The places, in the order in which a report asks about them.
const (
	// Within happened in the period, or on the day of a Type I report.
	Within Place = iota
	// Learned was over before the period and became known in it or after it.
	Learned
	// Subsequent began after the period and not after the report's date.
	Subsequent
	// LearnedLate happened in the period and became known after it.
	LearnedLate
	// Before was over and known before the period.
	Before
	// After began after the report's date, or was over before the period and became
	// known after the report.
	After
	// FoundLater happened by the end of the period and became known after the report's
	// date: whoever relied on the report may have to be told (AT-C 320, facts that
	// become known after the report's date).
	FoundLater
)

// Places lists them.
var Places = []Place{FoundLater, Within, LearnedLate, Learned, Subsequent, Before, After}

// Label is the words a person reads.
func (p Place) Label() string {
	return [...]string{"In the period", "Before the period, learned of later", "After the period", "In the period, learned of after it", "Before the period", "After the report", "In the period, found after the report"}[p]
}

// Key is its spelling in addresses.
func (p Place) Key() string {
	return [...]string{"within", "learned", "subsequent", "learned_late", "before", "after", "found_later"}[p]
}

// Asked reports whether such an event is assessed for the report.
func (p Place) Asked() bool { return p != Before && p != After }

// Late reports whether it came or became known after the period, so that it may be a
// subsequent event.
func (p Place) Late() bool {
	return p == Subsequent || p == LearnedLate || p == Learned || p == FoundLater
}

// State is how far an event is.
type State int

// The states.
const (
	// Unassessed has no assessment for the report.
	Unassessed State = iota
	// Outdated was assessed, and something became known since.
	Outdated
	// Open was assessed, and something that follows is not done.
	Open
	// Settled was assessed, and everything that follows is done.
	Settled
	// NotAsked falls where the report does not ask.
	NotAsked
)

// States lists them.
var States = []State{Unassessed, Outdated, Open, Settled, NotAsked}

// Label is the words a person reads.
func (s State) Label() string {
	return [...]string{"To assess", "Changed since assessed", "To take up", "Settled", "Not of this report"}[s]
}

// Key is its spelling in addresses.
func (s State) Key() string {
	return [...]string{"unassessed", "outdated", "open", "settled", "not_asked"}[s]
}

// Aspect is a side of the report that an event may bear on.
type Aspect int

// The aspects: the four of an assessment, and whether user entities were told.
const (
	Description Aspect = iota
	Controls
	Representations
	SubsequentEvent
	UserEntities
)

// Label is the words a person reads.
func (a Aspect) Label() string {
	return [...]string{"Description", "Controls", "Representations", "Subsequent event", "User entities"}[a]
}

// Matter is something that follows from an event, and whether it is done.
type Matter struct {
	Aspect Aspect
	Done   bool
	// Text says what follows and what was found, Settle what would settle it; empty
	// where it is done.
	Text, Settle string
	// By are the records that take it up.
	By []soc1.Ref
}

// Line is an event as a report sees it.
type Line struct {
	record.Typed[soc1.Event]
	Place Place
	State State
	// Assessment is the latest for the report; nil without one.
	Assessment *record.Typed[soc1.EventAssessment]
	// Matters are what follows; those that are not done come first.
	Matters []Matter
}

// Undone is how many of the matters are not done.
func (l *Line) Undone() int {
	n := 0
	for _, m := range l.Matters {
		if !m.Done {
			n++
		}
	}
	return n
}

// Word is up to when somebody confirmed that they know of nothing else.
type Word struct {
	Person record.Typed[soc1.Person]
	// Why says why the person is asked.
	Why string
	// Through is the last day covered; empty where nothing was confirmed.
	Through soc1.Date
	// Given is the confirmation that reaches furthest; nil without one.
	Given *record.Typed[soc1.EventConfirmation]
}

// TakesUp are the kinds of record by which an event is taken up.
var TakesUp = []string{"significant_change", "description_section", "control", "remediation", "exception", "deviation", "test_of_control", "management_response"}

// Facts are what a register is made of. Records are those of the organization's
// ledger as they are known.
type Facts struct {
	Engagement    record.Typed[soc1.Engagement]
	Today         soc1.Date
	Events        []record.Typed[soc1.Event]
	Assessments   []record.Typed[soc1.EventAssessment]
	Confirmations []record.Typed[soc1.EventConfirmation]
	Letters       []record.Typed[soc1.RepresentationLetter]
	Controls      []record.Typed[soc1.Control]
	Objectives    []record.Typed[soc1.ControlObjective]
	People        []record.Typed[soc1.Person]
	// Exists tells whether a record is there and not retired.
	Exists func(soc1.Ref) bool
}

// Register is what happened, as one report sees it.
type Register struct {
	Engagement record.Typed[soc1.Engagement]
	Today      soc1.Date
	// Dated is the day of the report as its letter of representation has it; empty
	// while there is none.
	Dated soc1.Date
	// Until is the last day that the report asks about: the day of the report, or
	// today while that is open or still to come.
	Until soc1.Date
	// Letter is the organization's letter for the report; nil without one.
	Letter *record.Typed[soc1.RepresentationLetter]
	// Lines are the events, the latest first.
	Lines []Line
	// Words are who is asked to confirm, those who lag behind first.
	Words []Word
	// Through is the last day up to which everybody asked confirmed; empty where
	// somebody did not at all, or nobody is asked.
	Through soc1.Date
}

// Of makes the register.
func Of(f *Facts) *Register {
	r := &Register{Engagement: f.Engagement, Today: f.Today, Until: f.Today}
	for i := range f.Letters {
		if l := &f.Letters[i]; l.Value.Engagement == f.Engagement.ID && l.Value.SubserviceOrganization == "" {
			r.Letter, r.Dated = l, l.Value.Dated
		}
	}
	if r.Dated != "" && r.Dated < r.Until {
		r.Until = r.Dated
	}
	latest := map[string]*record.Typed[soc1.EventAssessment]{}
	for i := range f.Assessments {
		a := &f.Assessments[i]
		if a.Value.Engagement != f.Engagement.ID {
			continue
		}
		if old := latest[a.Value.Event]; old == nil || record.Later(*a, *old) > 0 {
			latest[a.Value.Event] = a
		}
	}
	for _, e := range f.Events {
		l := Line{Typed: e, Place: r.place(e.Value), Assessment: latest[e.ID]}
		switch {
		case !l.Place.Asked():
			l.State = NotAsked
		case l.Assessment == nil:
			l.State = Unassessed
		default:
			l.Matters = r.follows(&l, f)
			switch {
			case l.Assessment.Value.Revision != e.Revision:
				l.State = Outdated
			case l.Undone() > 0:
				l.State = Open
			default:
				l.State = Settled
			}
		}
		r.Lines = append(r.Lines, l)
	}
	slices.SortStableFunc(r.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Value.Began, a.Value.Began), cmp.Compare(a.ID, b.ID))
	})
	r.words(f)
	return r
}

// place tells where an event falls.
func (r *Register) place(e soc1.Event) Place {
	from, to := r.Engagement.Value.Start(), r.Engagement.Value.End()
	last, known := e.Last(r.Today), e.Known()
	switch {
	case r.Dated != "" && known > r.Dated && e.Began <= to && last >= from:
		return FoundLater
	case e.Began > r.Until || r.Dated != "" && known > r.Dated:
		return After
	case e.Began > to:
		return Subsequent
	case last < from && known < from:
		return Before
	case last < from:
		return Learned
	case known > to:
		return LearnedLate
	}
	return Within
}

// follows lists what follows from an assessment, what is not done first.
func (r *Register) follows(l *Line, f *Facts) []Matter {
	a := l.Assessment.Value
	var out []Matter
	taken := func(aspect Aspect, e soc1.EventEffect, text, settle string) {
		if e.Answer != soc1.Yes {
			return
		}
		m := Matter{Aspect: aspect}
		for _, ref := range e.Answered {
			if f.Exists(ref) {
				m.By = append(m.By, ref)
			}
		}
		switch {
		case len(m.By) > 0:
			m.Done, m.Text = true, text+", and it is taken up."
		case len(e.Answered) > 0:
			m.Text, m.Settle = text+", and what took it up is no longer there.", settle
		default:
			m.Text, m.Settle = text+", and nothing takes it up.", settle
		}
		out = append(out, m)
	}
	taken(Description, a.Description, "The description has to tell of it", "Record a significant change, or change the section, and name it in the assessment.")
	taken(Controls, a.Controls, "Controls failed or were changed", "Name the plan of remediation, the exception, the deviation or the test that takes it up in the assessment.")
	written := func(aspect Aspect, e soc1.EventEffect, text string) {
		if e.Answer != soc1.Yes {
			return
		}
		m := Matter{Aspect: aspect}
		switch {
		case r.Letter == nil:
			m.Text, m.Settle = text+", and there is no letter for the report yet.", "Draft the representation letter, and disclose the event by its title or its reference."
		case !l.Value.Mentions(r.Letter.Value.Disclosures):
			m.Text, m.Settle = text+", and the letter mentions neither its title nor its reference.", "Disclose it in the letter, by its title or its reference."
		default:
			m.Done, m.Text = true, text+", and it does."
		}
		if r.Letter != nil {
			m.By = []soc1.Ref{r.Letter.Ref()}
		}
		out = append(out, m)
	}
	written(Representations, a.Representations, "The letter of representation has to disclose it")
	written(SubsequentEvent, a.Subsequent, "It is a subsequent event, which the letter has to disclose")
	if n := len(l.Value.UserEntities); n > 0 && l.Value.Nature != soc1.EventChange {
		m := Matter{Aspect: UserEntities, Done: l.Value.ToldOn != ""}
		if m.Text = fmt.Sprintf("%s affected, and told on %s.", theyWere(n), l.Value.ToldOn); !m.Done {
			m.Text, m.Settle = fmt.Sprintf("%s affected, and nothing says that they were told.", theyWere(n)), "Tell them, and record the day with the event."
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Matter) int {
		switch {
		case a.Done == b.Done:
			return 0
		case b.Done:
			return -1
		}
		return 1
	})
	return out
}

func theyWere(n int) string {
	return english.Count(n, "user entity") + english.Choose(n, " was", " were")
}

// words finds out who is asked to confirm: who owns or performs a control in scope, and
// the executives, who sign. Whoever holds no position on the day is not asked any more.
func (r *Register) words(f *Facts) {
	scope := map[string]bool{}
	for _, o := range f.Objectives {
		if e := r.Engagement.Value; len(e.Objectives) == 0 || slices.Contains(e.Objectives, o.ID) {
			scope[o.ID] = true
		}
	}
	hold := map[string]int{}
	for _, c := range f.Controls {
		if !c.Value.EntityLevel() && !slices.ContainsFunc(c.Value.Objectives, func(o string) bool { return scope[o] }) {
			continue
		}
		for _, id := range slices.Compact([]string{c.Value.Owner, c.Value.Performer}) {
			if id != "" {
				hold[id]++
			}
		}
	}
	furthest := map[string]*record.Typed[soc1.EventConfirmation]{}
	for i := range f.Confirmations {
		c := &f.Confirmations[i]
		if c.Value.Engagement != r.Engagement.ID {
			continue
		}
		if old := furthest[c.Value.By]; old == nil || c.Value.Through > old.Value.Through {
			furthest[c.Value.By] = c
		}
	}
	for _, p := range f.People {
		if p.Value.Side != soc1.SideServiceOrganization || !p.Value.ActiveOn(r.Today) {
			continue
		}
		w := Word{Person: p, Given: furthest[p.ID]}
		switch n := hold[p.ID]; {
		case slices.Contains(p.Value.Roles, soc1.Executive):
			w.Why = "answers for the report"
		case n > 0:
			w.Why = "owns or performs " + english.Count(n, "control") + " in scope"
		default:
			continue
		}
		if w.Given != nil {
			w.Through = w.Given.Value.Through
		}
		r.Words = append(r.Words, w)
	}
	slices.SortStableFunc(r.Words, func(a, b Word) int {
		return cmp.Or(cmp.Compare(a.Through, b.Through), cmp.Compare(a.Person.Value.Name, b.Person.Value.Name))
	})
	if len(r.Words) > 0 {
		r.Through = r.Words[0].Through
	}
}

// Wanted is the day up to which confirmations are wanted: the day of the report where
// its letter is dated, else the end of the period once that is over; empty before.
func (r *Register) Wanted() soc1.Date {
	switch end := r.Engagement.Value.End(); {
	case r.Dated != "" && r.Dated <= r.Today:
		return r.Dated
	case end < r.Today:
		return end
	}
	return ""
}

// Lagging are those asked whose word does not reach the day wanted.
func (r *Register) Lagging() []Word {
	wanted := r.Wanted()
	var out []Word
	for _, w := range r.Words {
		if wanted != "" && w.Through < wanted {
			out = append(out, w)
		}
	}
	return out
}

// Count is how many events are in a state.
func (r *Register) Count(s State) int {
	n := 0
	for i := range r.Lines {
		if r.Lines[i].State == s {
			n++
		}
	}
	return n
}

// Disclosure is a sentence for the letter of representation on each event that it has
// to disclose, in the order in which they happened.
func (r *Register) Disclosure() []string {
	var out []string
	for _, l := range slices.Backward(r.Lines) {
		if l.Assessment == nil || !l.Place.Asked() {
			continue
		}
		a := l.Assessment.Value
		if a.Representations.Answer != soc1.Yes && a.Subsequent.Answer != soc1.Yes {
			continue
		}
		out = append(out, Sentence(l.Value, r.Today))
	}
	return out
}

// Sentence tells of an event as the letter may.
func Sentence(e soc1.Event, today soc1.Date) string {
	s := e.Title
	if e.Reference != "" {
		s += " (" + e.Reference + ")"
	}
	s += ", " + lower(e.Nature.Label())
	switch {
	case e.Lasts:
		s += ", since " + e.Began.Long()
	case e.Ended != "" && e.Ended != e.Began:
		s += ", " + e.Began.Long() + " to " + e.Ended.Long()
	default:
		s += ", " + e.Began.Long()
	}
	if e.Transactions > 0 {
		s += ": " + english.Thousands(e.Transactions) + english.Choose(e.Transactions, " transaction", " transactions")
		if e.Amount.Currency != "" {
			s += ", " + e.Amount.String()
		}
	}
	wrong := e.Nature == soc1.EventIncident || e.Nature == soc1.EventProcessingError
	switch done := e.ResolvedOn != "" && e.ResolvedOn <= today; {
	case done && wrong:
		s += "; put right on " + e.ResolvedOn.Long()
	case done:
		s += "; settled on " + e.ResolvedOn.Long()
	case wrong:
		s += "; not yet put right"
	case e.Nature != soc1.EventChange:
		s += "; open"
	}
	return s + "."
}

// lower begins with a small letter.
func lower(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]|0x20) + s[1:]
}
