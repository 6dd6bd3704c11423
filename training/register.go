package training

import (
	"cmp"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// State is how far somebody is with a course that they are asked to take.
type State int

// The states, what is most urgent first.
const (
	// Overdue was not passed by its day.
	Overdue State = iota
	// Expired was passed, and the pass has run out or counts no more.
	Expired
	// Failed was tried and not passed yet.
	Failed
	// ToTake was not tried.
	ToTake
	// Passed is passed.
	Passed
)

// States lists them.
var States = []State{Overdue, Expired, Failed, ToTake, Passed}

// Label is the words a person reads.
func (s State) Label() string {
	return [...]string{"Overdue", "To take again", "Not passed yet", "To take", "Passed"}[s]
}

// Key is its spelling in addresses.
func (s State) Key() string {
	return [...]string{"overdue", "expired", "failed", "to_take", "passed"}[s]
}

// Days that are not the records' to say.
const (
	// Again is how many days there are to take a course again whose earlier passes
	// count no more.
	Again = 30
	// Notice is how many days before a pass runs out its holder is reminded.
	Notice = 30
)

// Facts are what the register is made of.
type Facts struct {
	Courses     []record.Typed[soc1.Course]
	Keys        []record.Typed[soc1.CourseKey]
	Assignments []record.Typed[soc1.TrainingAssignment]
	Completions []record.Typed[soc1.CourseCompletion]
	People      []record.Typed[soc1.Person]
	// Today is the day in question. What was assigned or finished later had not been.
	Today soc1.Date
}

// Line is a person who is asked to take a course.
type Line struct {
	Person     *record.Typed[soc1.Person]
	Course     *Course
	Assignment *record.Typed[soc1.TrainingAssignment]
	State      State
	// Due is the day by which it is to be passed, or passed again.
	Due soc1.Date
	// Late says that the day has gone by.
	Late bool
	// Attempts are those since the last pass, or, where the state is Passed, up to it.
	Attempts int
	// Last is the latest attempt, Pass the pass that counts or counted; nil without.
	Last, Pass *record.Typed[soc1.CourseCompletion]
	// Until is the last day on which the pass counts; empty where it does not run out.
	Until soc1.Date
	// Reaches says that the person holds a role with which courses are taken here.
	Reaches bool
}

// Soon says that the pass runs out within the days of notice.
func (l *Line) Soon(today soc1.Date) bool {
	return l.State == Passed && l.Until != "" && l.Until.AddDays(-Notice) <= today
}

// Course is a course with who is asked to take it.
type Course struct {
	record.Typed[soc1.Course]
	// Key is where its answers are kept; nil where nobody gave them.
	Key *record.Typed[soc1.CourseKey]
	// Assignments are those of the course, the latest first.
	Assignments []*record.Typed[soc1.TrainingAssignment]
	// Lines are the people asked, each once: by the assignment that is most urgent.
	Lines []*Line
	// Attempts are all attempts, in order.
	Attempts []*record.Typed[soc1.CourseCompletion]
}

// Open tells whether the course can be taken: it has no quiz, or what is right of these
// very questions is kept.
func (c *Course) Open() bool {
	return len(c.Value.Questions) == 0 || c.Key != nil && c.Key.Value.QuizSHA256 == QuizDigest(c.Value.Questions)
}

// Tally counts people asked, each number with its lines.
type Tally struct {
	Lines []*Line
}

// In are those in a state.
func (t Tally) In(s State) []*Line {
	var out []*Line
	for _, l := range t.Lines {
		if l.State == s {
			out = append(out, l)
		}
	}
	return out
}

// Late are those whose day has gone by.
func (t Tally) Late() []*Line {
	var out []*Line
	for _, l := range t.Lines {
		if l.Late {
			out = append(out, l)
		}
	}
	return out
}

// Percent is the share that has passed, rounded down: 100 is everybody. With nobody
// asked it is 0 and ok is false.
func (t Tally) Percent() (n int, ok bool) {
	if len(t.Lines) == 0 {
		return 0, false
	}
	return len(t.In(Passed)) * 100 / len(t.Lines), true
}

// OfRole is how far those are who hold a role.
type OfRole struct {
	Role soc1.Role
	Tally
}

// Register is who is asked to take what.
type Register struct {
	Today   soc1.Date
	Courses []*Course
	// asked are all lines, one for each person and assignment.
	asked []*Line
}

// attempt names a person at a course.
type attempt struct{ course, person string }

// Of makes the register.
func Of(f *Facts) *Register {
	r := &Register{Today: f.Today}
	keys := map[string]*record.Typed[soc1.CourseKey]{}
	for i := range f.Keys {
		keys[f.Keys[i].Value.Course] = &f.Keys[i]
	}
	byID := map[string]*Course{}
	for i := range f.Courses {
		c := &Course{Typed: f.Courses[i], Key: keys[f.Courses[i].ID]}
		byID[c.ID] = c
		r.Courses = append(r.Courses, c)
	}
	slices.SortStableFunc(r.Courses, func(x, y *Course) int {
		return cmp.Or(strings.Compare(strings.ToLower(x.Value.Title), strings.ToLower(y.Value.Title)), strings.Compare(x.ID, y.ID))
	})
	attempts := map[attempt][]*record.Typed[soc1.CourseCompletion]{}
	for i := range f.Completions {
		x := &f.Completions[i]
		c := byID[x.Value.Course]
		if c == nil || x.Value.FinishedOn > f.Today {
			continue
		}
		c.Attempts = append(c.Attempts, x)
		k := attempt{x.Value.Course, x.Value.Person}
		attempts[k] = append(attempts[k], x)
	}
	for _, c := range r.Courses {
		slices.SortStableFunc(c.Attempts, inOrder)
	}
	for _, list := range attempts {
		slices.SortStableFunc(list, inOrder)
	}
	for i := range f.Assignments {
		a := &f.Assignments[i]
		c := byID[a.Value.Course]
		if c == nil || a.Value.AssignedOn > f.Today {
			continue
		}
		c.Assignments = append(c.Assignments, a)
		for j := range f.People {
			p := &f.People[j]
			if next := nextFor(f, a, p); a.Value.Audience.Includes(p.ID, p.Value, f.Today) && (next == "" || p.Value.ActiveFrom < next) {
				r.asked = append(r.asked, lineOf(c, a, p, attempts[attempt{c.ID, p.ID}], next, f.Today))
			}
		}
	}
	for _, c := range r.Courses {
		slices.SortStableFunc(c.Assignments, func(x, y *record.Typed[soc1.TrainingAssignment]) int {
			return cmp.Or(cmp.Compare(y.Value.AssignedOn, x.Value.AssignedOn), cmp.Compare(x.ID, y.ID))
		})
		c.Lines = once(r.asked, c.ID)
	}
	return r
}

// inOrder puts attempts in the order in which they were made.
func inOrder(x, y *record.Typed[soc1.CourseCompletion]) int {
	return cmp.Or(cmp.Compare(x.Value.FinishedOn, y.Value.FinishedOn), cmp.Compare(x.Pos, y.Pos), cmp.Compare(x.ID, y.ID))
}

// byUrgency puts what is most urgent first.
func byUrgency(x, y *Line) int {
	late := func(l *Line) int {
		if l.Late {
			return 0
		}
		return 1
	}
	return cmp.Or(late(x)-late(y), int(x.State)-int(y.State), cmp.Compare(x.Due, y.Due),
		strings.Compare(strings.ToLower(x.Person.Value.Name), strings.ToLower(y.Person.Value.Name)), strings.Compare(x.Person.ID, y.Person.ID),
		strings.Compare(x.Assignment.ID, y.Assignment.ID))
}

// once are the lines of a course, each person by what is most urgent.
func once(lines []*Line, course string) []*Line {
	var out []*Line
	for _, l := range lines {
		if l.Course.ID == course {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, byUrgency)
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(l *Line) bool {
		before := seen[l.Person.ID]
		seen[l.Person.ID] = true
		return before
	})
}

// nextFor is the day of the next assignment of the same course that asks a person: from
// then on what they do answers that one. Empty where there is none.
func nextFor(f *Facts, a *record.Typed[soc1.TrainingAssignment], p *record.Typed[soc1.Person]) soc1.Date {
	var next soc1.Date
	for i := range f.Assignments {
		n := &f.Assignments[i].Value
		if n.Course != a.Value.Course || n.AssignedOn <= a.Value.AssignedOn || n.AssignedOn > f.Today || next != "" && next <= n.AssignedOn {
			continue
		}
		if n.Audience.Includes(p.ID, p.Value, f.Today) || n.Audience.Includes(p.ID, p.Value, n.AssignedOn) {
			next = n.AssignedOn
		}
	}
	return next
}

// ofItsTime are the attempts that answer an assignment after which the person was asked
// again: those from before the next one, or made under this one. Where none of them
// passed, the first pass after them answers this one too, late as it is. With the
// attempts comes the day up to which they speak.
func ofItsTime(a *record.Typed[soc1.TrainingAssignment], attempts []*record.Typed[soc1.CourseCompletion], next, today soc1.Date) ([]*record.Typed[soc1.CourseCompletion], soc1.Date) {
	if next == "" {
		return attempts, today
	}
	var out []*record.Typed[soc1.CourseCompletion]
	passed := false
	for _, x := range attempts {
		if x.Value.FinishedOn < next || x.Value.Assignment == a.ID {
			out = append(out, x)
			passed = passed || x.Value.Passed && (!a.Value.Anew || x.Value.FinishedOn >= a.Value.AssignedOn)
		}
	}
	if passed {
		return out, next.AddDays(-1)
	}
	if i := slices.IndexFunc(attempts, func(x *record.Typed[soc1.CourseCompletion]) bool { return x.Value.Passed && x.Value.FinishedOn >= next }); i >= 0 {
		return attempts[:i+1], today
	}
	return attempts, today
}

func lineOf(c *Course, a *record.Typed[soc1.TrainingAssignment], p *record.Typed[soc1.Person], attempts []*record.Typed[soc1.CourseCompletion], next, today soc1.Date) *Line {
	attempts, today = ofItsTime(a, attempts, next, today)
	l := &Line{Course: c, Assignment: a, Person: p, Due: dueFor(a.Value, p.Value), Reaches: reaches(p.Value)}
	for _, x := range attempts {
		l.Last = x
		if a.Value.Anew && x.Value.FinishedOn < a.Value.AssignedOn {
			continue
		}
		if x.Value.Passed {
			l.Pass = x
		}
	}
	if l.Pass != nil {
		l.Until = until(c.Value, l.Pass.Value)
		if l.Until != "" && l.Until < a.Value.AssignedOn {
			// It had run out when the course was assigned.
			l.Pass, l.Until = nil, ""
		}
	}
	l.Attempts = attemptsOf(l, attempts)
	switch {
	case l.Pass != nil && (l.Until == "" || today <= l.Until) && !again(c.Value, l.Pass.Value, today):
		l.State = Passed
	case l.Pass != nil:
		l.State = Expired
		// What ran out was due when it did; what counts no more gives some days.
		if again(c.Value, l.Pass.Value, today) {
			l.Due = max(l.Due, c.Value.AgainFrom.AddDays(Again))
		}
		if l.Until != "" && l.Until < today && !again(c.Value, l.Pass.Value, today) {
			l.Due = l.Until
		}
		l.Late = l.Due < today
	case l.Due < today:
		l.State, l.Late = Overdue, true
	case l.Attempts > 0:
		l.State = Failed
	default:
		l.State = ToTake
	}
	return l
}

// attemptsOf counts the attempts that led to the pass, or those since it where it
// counts no more.
func attemptsOf(l *Line, attempts []*record.Typed[soc1.CourseCompletion]) int {
	n, before := 0, 0
	for _, x := range attempts {
		if l.Assignment.Value.Anew && x.Value.FinishedOn < l.Assignment.Value.AssignedOn {
			continue
		}
		n++
		if x.Value.Passed {
			before, n = n, 0
		}
	}
	if l.Pass != nil && n == 0 {
		return before
	}
	return n
}

// again tells whether a pass counts no more because the course says so.
func again(c soc1.Course, x soc1.CourseCompletion, today soc1.Date) bool {
	return c.AgainFrom != "" && c.AgainFrom <= today && x.FinishedOn < c.AgainFrom
}

// until is the last day on which a pass counts; empty where it does not run out.
func until(c soc1.Course, x soc1.CourseCompletion) soc1.Date {
	if c.RenewMonths == 0 {
		return ""
	}
	return x.FinishedOn.AddMonths(c.RenewMonths)
}

// dueFor is the day by which a person passes: who joined after the assignment has as
// many days as everybody had.
func dueFor(a soc1.TrainingAssignment, p soc1.Person) soc1.Date {
	if p.ActiveFrom <= a.AssignedOn {
		return a.Due
	}
	return max(a.Due, p.ActiveFrom.AddDays(a.AssignedOn.DaysUntil(a.Due)))
}

// reaches tells whether somebody holds a role with which courses are taken here.
func reaches(p soc1.Person) bool {
	return slices.ContainsFunc(p.Roles, func(r soc1.Role) bool { return slices.Contains(Roles, r) })
}

// Roles are those with which courses are taken.
var Roles = []soc1.Role{soc1.Administrator, soc1.ComplianceManager, soc1.ControlOwner, soc1.Executive, soc1.ReadOnly}

// Course finds a course; nil where there is none.
func (r *Register) Course(id string) *Course {
	for _, c := range r.Courses {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Of are the courses that a person is asked to take, each once, what is most urgent
// first.
func (r *Register) Of(person string) []*Line {
	var out []*Line
	for _, c := range r.Courses {
		for _, l := range c.Lines {
			if l.Person.ID == person {
				out = append(out, l)
			}
		}
	}
	slices.SortStableFunc(out, byUrgency)
	return out
}

// All counts everybody asked at every course.
func (r *Register) All() Tally {
	var t Tally
	for _, c := range r.Courses {
		t.Lines = append(t.Lines, c.Lines...)
	}
	slices.SortStableFunc(t.Lines, byUrgency)
	return t
}

// ByRole counts those asked by the roles that they hold, in the order of Roles; who
// holds several is counted in each, and a role of which nobody is asked is left out.
func (r *Register) ByRole() []OfRole {
	all := r.All()
	var out []OfRole
	for _, role := range Roles {
		o := OfRole{Role: role}
		for _, l := range all.Lines {
			if slices.Contains(l.Person.Value.Roles, role) {
				o.Lines = append(o.Lines, l)
			}
		}
		if len(o.Lines) > 0 {
			out = append(out, o)
		}
	}
	return out
}

// Assigned are the lines of one assignment, by name.
func (r *Register) Assigned(assignment string) Tally {
	var t Tally
	for _, l := range r.asked {
		if l.Assignment.ID == assignment {
			t.Lines = append(t.Lines, l)
		}
	}
	slices.SortStableFunc(t.Lines, byName)
	return t
}

func byName(x, y *Line) int {
	return cmp.Or(strings.Compare(strings.ToLower(x.Person.Value.Name), strings.ToLower(y.Person.Value.Name)), strings.Compare(x.Person.ID, y.Person.ID))
}

// Missed counts how often each question of a course was answered wrong, in the
// attempts at the revision that the course has now.
func (c *Course) Missed() (at map[string]int, attempts int) {
	at = map[string]int{}
	for _, x := range c.Attempts {
		if x.Value.Revision != c.Revision || x.Value.Total == 0 {
			continue
		}
		attempts++
		for _, q := range x.Value.Missed {
			at[q]++
		}
	}
	return at, attempts
}

// PassedNow tells whether a person's latest pass is of the questions that the course
// has now.
func (c *Course) PassedNow(person string) bool {
	for _, x := range c.Attempts {
		if x.Value.Person == person && x.Value.Passed && x.Value.Revision == c.Revision {
			return true
		}
	}
	return false
}

// NextAttempt is the number of a person's next attempt: they are counted since the
// last pass.
func (c *Course) NextAttempt(person string) int {
	n := 1
	for _, x := range c.Attempts {
		switch {
		case x.Value.Person != person:
		case x.Value.Passed:
			n = 1
		default:
			n++
		}
	}
	return n
}
