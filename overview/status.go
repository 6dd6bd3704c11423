package overview

import (
	"fmt"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Status is where a control stands in the eyes of one side.
type Status int

// The statuses, in the order in which a ring shows them.
const (
	// Effective: a person concluded so, for the question that the report
	// asks, and no exception is open.
	Effective Status = iota
	// InTesting: work on a test was recorded, and no conclusion follows yet.
	InTesting
	// Exception: an exception is open; or one was confirmed, or a deviation
	// recorded, and nobody concluded that the control is effective all the
	// same; or somebody concluded that it is not.
	Exception
	// NotTested: no work on a test was recorded.
	NotTested
)

// Statuses are all of them in order.
var Statuses = [4]Status{Effective, InTesting, Exception, NotTested}

// Label is the word a person reads.
func (s Status) Label() string {
	return [...]string{"Effective", "In testing", "Exception", "Not tested"}[s]
}

// Slug is the status as class names and addresses spell it.
func (s Status) Slug() string {
	return [...]string{"effective", "in_testing", "exception", "not_tested"}[s]
}

// standing is what one side recorded about one control.
type standing struct {
	tests       []soc1.Ref
	work        []soc1.Ref
	open        []int
	confirmed   []soc1.Ref
	dismissed   int
	deviations  []soc1.Ref
	favorable   []soc1.Ref
	design      bool
	implemented bool
	operating   bool
	// unfavorable are conclusions that it is not effective.
	unfavorable []soc1.Ref
	last        soc1.Date
	lastRef     soc1.Ref
	// first is the first day of work recorded.
	first soc1.Date
	// idle says that every test shows that there was no occasion to operate.
	idle bool
}

type typedConclusion = record.Typed[soc1.Conclusion]

// worked notes work on a day; a day after today has not happened yet.
func (s *standing) worked(on, today soc1.Date, ref soc1.Ref) {
	if on > today {
		return
	}
	s.work = append(s.work, ref)
	if on == "" {
		return
	}
	s.first = earliest(s.first, on)
	if on > s.last {
		s.last, s.lastRef = on, ref
	}
}

// status says where the control stands, why, and which records say so. For a
// Type I report design and implementation are asked, otherwise operation.
func (s *standing) status(type1 bool, exceptions []ExceptionLine) (Status, string, []soc1.Ref) {
	effective := s.operating
	if type1 {
		effective = s.design && s.implemented
	}
	switch {
	case len(s.unfavorable) > 0:
		return Exception, "Concluded not effective.", s.unfavorable
	case len(s.open) > 0:
		var refs []soc1.Ref
		for _, i := range s.open {
			refs = append(refs, exceptions[i].Ref)
		}
		return Exception, plural(len(refs), "exception") + " open.", refs
	case len(s.confirmed)+len(s.deviations) > 0 && !effective:
		return Exception, "A deviation is confirmed, and no conclusion is entered.", slices.Concat(s.confirmed, s.deviations)
	case effective:
		return Effective, "Concluded effective.", s.favorable
	case len(s.work)+len(s.favorable) > 0:
		return InTesting, "Testing is recorded, and no conclusion is entered.", slices.Concat(s.work, s.favorable)
	case len(s.tests) > 0:
		return NotTested, "A test is planned, and no work on it is recorded.", s.tests
	}
	return NotTested, "No test is recorded.", nil
}

// testing gathers what the side recorded, by the control's place.
type testing struct {
	by         []standing
	exceptions []ExceptionLine
	// tests of the side and the engagement: the control's place.
	tests map[testKey]int
	// looked are the tests of which something was found out.
	looked map[testKey]bool
	// answered are the deviations that carry management's response.
	answered map[soc1.Ref]bool
}

// testKey names a test: an examination's may have the id of one of management's.
type testKey struct{ ledger, id string }

// gather reads the side's work on the controls at the places given.
func (r *Records) gather(q Question, place map[string]int) (*testing, error) {
	t := &testing{by: make([]standing, len(place)), tests: map[testKey]int{}, looked: map[testKey]bool{}, answered: map[soc1.Ref]bool{}}
	mine := func(engagement string) bool { return q.Engagement == "" || engagement == q.Engagement }
	party := r.By
	tests, err := own(r, "test_of_control", r.Tests, func(x *record.Typed[soc1.TestOfControl]) bool { return mine(x.Value.Engagement) })
	if err != nil {
		return nil, err
	}
	for i := range tests {
		x := tests[i]
		at, ok := place[x.Value.Control]
		// What the firm released is the firm's work; what stands in the
		// side's own ledger must be its own.
		if !ok || x.Ledger == r.Ledger && x.Value.By != party {
			continue
		}
		t.tests[testKey{x.Ledger, x.ID}] = at
		s := &t.by[at]
		s.idle = (s.idle || len(s.tests) == 0) && x.Value.Method == soc1.DidNotOperate
		s.tests = append(s.tests, x.Ref())
		if x.Value.PerformedOn != "" {
			t.look(x.Ledger, x.ID, x.Value.PerformedOn, q.Today)
			s.worked(x.Value.PerformedOn, q.Today, x.Ref())
		}
	}
	if err := t.records(r, q, place); err != nil {
		return nil, err
	}
	conclusions, err := own(r, "conclusion", r.Conclusions, func(x *record.Typed[soc1.Conclusion]) bool {
		return mine(x.Value.Engagement) && x.Value.Subject == soc1.OnControl && x.Value.On <= q.Today
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(conclusions, func(a, b *record.Typed[soc1.Conclusion]) int { return record.Later(*a, *b) })
	for i := range conclusions {
		if at, ok := place[conclusions[i].Value.SubjectID]; ok {
			t.by[at].concluded(conclusions[i])
		}
	}
	return t, nil
}

func (s *standing) concluded(c *record.Typed[soc1.Conclusion]) {
	if !c.Value.Outcome.Favorable() {
		s.unfavorable = append(s.unfavorable, c.Ref())
		return
	}
	s.favorable = append(s.favorable, c.Ref())
	switch c.Value.Limb {
	case soc1.ConcludeDesign:
		s.design = true
	case soc1.ConcludeImplementation:
		s.implemented = true
	case soc1.ConcludeOperating:
		s.operating = true
	}
}

// records reads runs, samples, results, exceptions and deviations of the tests.
func (t *testing) records(r *Records, q Question, place map[string]int) error {
	runs, err := own(r, "test_run", r.Runs, func(x *record.Typed[soc1.TestRun]) bool { _, ok := t.tests[testKey{x.Ledger, x.Value.Test}]; return ok })
	if err != nil {
		return err
	}
	for i := range runs {
		x := runs[i]
		s := &t.by[t.tests[testKey{x.Ledger, x.Value.Test}]]
		t.look(x.Ledger, x.Value.Test, x.Value.Ended.Date(), q.Today)
		s.worked(x.Value.Ended.Date(), q.Today, x.Ref())
	}
	samples, err := own(r, "sample", r.Samples, func(x *record.Typed[soc1.Sample]) bool { _, ok := t.tests[testKey{x.Ledger, x.Value.Test}]; return ok })
	if err != nil {
		return err
	}
	for i := range samples {
		x := samples[i]
		t.by[t.tests[testKey{x.Ledger, x.Value.Test}]].worked("", q.Today, x.Ref())
	}
	results, err := own(r, "result", r.Results, func(x *record.Typed[soc1.Result]) bool { _, ok := t.tests[testKey{x.Ledger, x.Value.Test}]; return ok })
	if err != nil {
		return err
	}
	for i := range results {
		x := results[i]
		t.look(x.Ledger, x.Value.Test, x.Value.TestedOn, q.Today)
		t.by[t.tests[testKey{x.Ledger, x.Value.Test}]].worked(x.Value.TestedOn, q.Today, x.Ref())
	}
	exceptions, err := own(r, "exception", r.Exceptions, func(x *record.Typed[soc1.Exception]) bool {
		_, ok := t.tests[testKey{x.Ledger, x.Value.Test}]
		return ok
	})
	if err != nil {
		return err
	}
	for i := range exceptions {
		t.exception(exceptions[i], q.Today)
	}
	// A deviation names its control, so that one released without its test
	// still shows; in the side's own ledger its test must be of the question.
	deviations, err := own(r, "deviation", r.Deviations, func(x *record.Typed[soc1.Deviation]) bool {
		_, ok := t.tests[testKey{x.Ledger, x.Value.Test}]
		return ok || x.Ledger != r.Ledger
	})
	if err != nil {
		return err
	}
	for i := range deviations {
		if at, ok := place[deviations[i].Value.Control]; ok {
			t.by[at].deviations = append(t.by[at].deviations, deviations[i].Ref())
			t.answered[deviations[i].Ref()] = filled(deviations[i].Value.Response)
		}
	}
	return nil
}

// look notes that something was found out of a test on a day.
func (t *testing) look(ledger, test string, on, today soc1.Date) {
	if on <= today {
		t.looked[testKey{ledger, test}] = true
	}
}

// exception counts by where it stood on the day: one decided later was open.
func (t *testing) exception(x *record.Typed[soc1.Exception], today soc1.Date) {
	at := t.tests[testKey{x.Ledger, x.Value.Test}]
	s := &t.by[at]
	status := x.Value.Status
	if x.Value.DecidedOn > today {
		status = soc1.Open
	}
	t.exceptions = append(t.exceptions, ExceptionLine{Ref: x.Ref(), control: at, Status: status, Items: x.Value.Count(),
		Fact: x.Value.Fact, Attribute: x.Value.Attribute, Undecided: x.Value.Undecided, DecidedOn: x.Value.DecidedOn})
	switch status {
	case soc1.Open:
		s.open = append(s.open, len(t.exceptions)-1)
	case soc1.Confirmed:
		s.confirmed = append(s.confirmed, x.Ref())
	default:
		s.dismissed++
	}
}

// plural writes a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
