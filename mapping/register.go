package mapping

import (
	"cmp"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// Facts are what a register is made of. Records are those of the organization's ledger
// as they are known, without those that are retired.
type Facts struct {
	Objectives   []record.Typed[soc1.ControlObjective]
	Controls     []record.Typed[soc1.Control]
	Theirs       []record.Typed[soc1.FrameworkControl]
	Requirements []record.Typed[soc1.FrameworkRequirement]
}

// Register is how the program stands against all frameworks.
type Register struct {
	// Frameworks are those that come with the program or that records name.
	Frameworks []Framework
	// Theirs are the controls of other programs, by framework and code.
	Theirs     []Their
	Objectives []record.Typed[soc1.ControlObjective]
	Controls   []record.Typed[soc1.Control]
	// stems numbers the words that were read, gists are those of Controls; both are of
	// use while the register is made.
	stems map[string]int
	gists [][]word
}

// Framework is one framework against the objectives and controls, both ways.
type Framework struct {
	Name, Title string
	// Requirements are its identifiers, in its order.
	Requirements []Requirement
	// Objectives are the organization's, by their order, each with what covers it.
	Objectives []Objective
	// Theirs are the places in the register of the controls of its program.
	Theirs []int
	// Alone are the places of the organization's controls that are no control of its
	// program. It is empty where no control of that program is recorded.
	Alone []int
	// Proposals are pairs that could be one control.
	Proposals []Proposal
	// Imported is how many requirements carry the catalogue's own words.
	Imported int
}

// Answer is how far a requirement is answered here.
type Answer int

// The answers, the weakest first.
const (
	// Hole is a requirement that nothing here names.
	Hole Answer = iota
	// Aimed is one that an objective names, and no control.
	Aimed
	// Elsewhere is one that only a control of the other program answers.
	Elsewhere
	// Answered is one that a control here names, or is one control with one that does.
	Answered
)

// Answers lists them, the strongest first.
var Answers = []Answer{Answered, Elsewhere, Aimed, Hole}

// Label is the word a person reads.
func (a Answer) Label() string {
	return [...]string{"Nothing names it", "An objective alone", "In the other program alone", "By a control here"}[a]
}

// Key is the word for machines and addresses.
func (a Answer) Key() string { return [...]string{"hole", "objective", "elsewhere", "answered"}[a] }

// Requirement is an identifier of a framework and what names it.
type Requirement struct {
	ID, Group, Note string
	// Shipped says that the identifier comes with the program.
	Shipped bool
	// Words is what the organization imported for it; nil without.
	Words *record.Typed[soc1.FrameworkRequirement]
	// Controls are the places of the organization's controls that name it themselves;
	// Reused are those that are one control with one of Theirs.
	Controls, Reused []int
	// Theirs are the places of controls of the other program that answer it.
	Theirs []int
	// Objectives are the places of the objectives that name it.
	Objectives []int
	Answer     Answer
}

// Their is a control of another program.
type Their struct {
	record.Typed[soc1.FrameworkControl]
	// Control is the place of the control that it is here, -1 without.
	Control int
	// Covers are the objectives that it covers, in their order.
	Covers []Cover
}

// Basis is because of what a control is said to cover an objective.
type Basis int

// The bases, the weakest first.
const (
	// Shared rests on identifiers that both name, and on nothing else.
	Shared Basis = iota
	// Same rests on the decision that it is one of the objective's own controls.
	Same
	// Judged is somebody's recorded judgement of this objective.
	Judged
)

// Label is the word a person reads.
func (b Basis) Label() string {
	return [...]string{"Shared identifiers", "Same control", "Judged"}[b]
}

// Key is the word for machines.
func (b Basis) Key() string { return [...]string{"shared", "same", "judged"}[b] }

// Means says what the word stands for.
func (b Basis) Means() string {
	return [...]string{
		"Both name the same identifiers of the framework. That is a hint to look, and covers nothing yet.",
		"It is decided to be one of the objective’s own controls, so that its evidence counts here. How far it goes, nobody has judged.",
		"Somebody has judged it, and said why.",
	}[b]
}

// Bases lists them, the strongest first.
var Bases = []Basis{Judged, Same, Shared}

// Cover is that a control of another program covers an objective, and because of what.
type Cover struct {
	// Their and Objective are places in the register.
	Their, Objective int
	Basis            Basis
	// Strength and Why are the judgement's; empty where there is none. Nothing but a
	// judgement has a strength.
	Strength soc1.CoverageStrength
	Why      string
	// IDs are the identifiers that both name.
	IDs []string
}

// Says is the cover in words.
func (c Cover) Says() string {
	switch c.Basis {
	case Judged:
		return c.Strength.Label()
	case Same:
		return "Same control"
	}
	return "Shares " + strings.Join(c.IDs, ", ")
}

// weight orders covers, the strongest highest.
func (c Cover) weight() int {
	switch c.Strength {
	case soc1.CoversFully:
		return 5
	case soc1.CoversPartially:
		return 4
	case soc1.Supports:
		return 2
	}
	if c.Basis == Same {
		return 3
	}
	return 1
}

// Objective is an objective against a framework.
type Objective struct {
	// Place is the objective's in the register.
	Place int
	// IDs are the identifiers of the framework that it names.
	IDs []string
	// Covers are the controls of the other program that cover it, the strongest first.
	Covers []Cover
}

// Best is the strongest cover; nil without any.
func (o *Objective) Best() *Cover {
	if len(o.Covers) == 0 {
		return nil
	}
	return &o.Covers[0]
}

// Counted is how many requirements are answered how.
func (f *Framework) Counted(a Answer) int {
	n := 0
	for i := range f.Requirements {
		if f.Requirements[i].Answer == a {
			n++
		}
	}
	return n
}

// Percent is the share of requirements that a control here answers, rounded down, so
// that 100 is said of all of them only.
func (f *Framework) Percent() int {
	if len(f.Requirements) == 0 {
		return 0
	}
	return 100 * f.Counted(Answered) / len(f.Requirements)
}

// Tied is how many controls of its program are one with a control here.
func (f *Framework) Tied(r *Register) int {
	n := 0
	for _, i := range f.Theirs {
		if r.Theirs[i].Control >= 0 {
			n++
		}
	}
	return n
}

// CoveredObjectives is how many objectives have a judgement or a control in common; what
// merely shares identifiers is not counted.
func (f *Framework) CoveredObjectives() int {
	n := 0
	for i := range f.Objectives {
		if b := f.Objectives[i].Best(); b != nil && b.Basis != Shared {
			n++
		}
	}
	return n
}

// Used tells whether anything recorded names the framework.
func (f *Framework) Used() bool {
	return len(f.Theirs) > 0 || f.Imported > 0 || f.Counted(Hole) < len(f.Requirements)
}

// Framework is the one of a name; nil without.
func (r *Register) Framework(name string) *Framework {
	for i := range r.Frameworks {
		if r.Frameworks[i].Name == name {
			return &r.Frameworks[i]
		}
	}
	return nil
}

// Their is the control of another program with an id; nil without.
func (r *Register) Their(id string) *Their {
	for i := range r.Theirs {
		if r.Theirs[i].ID == id {
			return &r.Theirs[i]
		}
	}
	return nil
}

// TiedTo are the controls of other programs that are one with a control.
func (r *Register) TiedTo(control string) []*Their {
	var out []*Their
	for i := range r.Theirs {
		if r.Theirs[i].Value.Control == control && control != "" {
			out = append(out, &r.Theirs[i])
		}
	}
	return out
}

// Of makes the register.
func Of(f *Facts) *Register {
	r := &Register{Controls: slices.Clone(f.Controls)}
	for _, o := range f.Objectives {
		if !o.Value.Omitted() {
			r.Objectives = append(r.Objectives, o)
		}
	}
	slices.SortFunc(r.Objectives, func(a, b record.Typed[soc1.ControlObjective]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), naturally(a.Value.Code, b.Value.Code), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(r.Controls, func(a, b record.Typed[soc1.Control]) int {
		return cmp.Or(naturally(a.Value.Code, b.Value.Code), cmp.Compare(a.ID, b.ID))
	})
	controls := map[string]int{}
	for i := range r.Controls {
		controls[r.Controls[i].ID] = i
	}
	theirs := slices.SortedFunc(slices.Values(f.Theirs), func(a, b record.Typed[soc1.FrameworkControl]) int {
		return cmp.Or(cmp.Compare(a.Value.Framework, b.Value.Framework), naturally(a.Value.Code, b.Value.Code), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range theirs {
		x := Their{Typed: t, Control: -1}
		if i, ok := controls[t.Value.Control]; ok && t.Value.Control != "" {
			x.Control = i
		}
		x.Covers = r.covers(len(r.Theirs), &x)
		r.Theirs = append(r.Theirs, x)
	}
	for _, name := range names(f) {
		r.Frameworks = append(r.Frameworks, r.framework(name, f))
	}
	r.stems, r.gists = nil, nil
	return r
}

// names are the frameworks: those that come with the program, then others by name.
func names(f *Facts) []string {
	out := library.Frameworks()
	shipped := len(out)
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for i := range f.Theirs {
		add(f.Theirs[i].Value.Framework)
	}
	for i := range f.Requirements {
		add(f.Requirements[i].Value.Framework)
	}
	slices.Sort(out[shipped:])
	return out
}

// covers are the objectives that a control of another program covers.
func (r *Register) covers(place int, t *Their) []Cover {
	var out []Cover
	for n := range r.Objectives {
		o := &r.Objectives[n]
		c := Cover{Their: place, Objective: n, IDs: common(t.Value.Identifiers, o.Value.FrameworkIDs[t.Value.Framework])}
		if t.Control >= 0 && slices.Contains(r.Controls[t.Control].Value.Objectives, o.ID) {
			c.Basis = Same
		}
		for _, j := range t.Value.Objectives {
			if j.Objective == o.ID {
				c.Basis, c.Strength, c.Why = Judged, j.Strength, j.Why
			}
		}
		if c.Basis != Shared || len(c.IDs) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// common are the texts of both lists, in the order of the first.
func common(a, b []string) []string {
	var out []string
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// framework sets one framework against everything.
func (r *Register) framework(name string, f *Facts) Framework {
	out := Framework{Name: name, Title: library.FrameworkTitle(name)}
	at := map[string]int{}
	add := func(id string) *Requirement {
		i, ok := at[id]
		if !ok {
			i = len(out.Requirements)
			at[id] = i
			out.Requirements = append(out.Requirements, Requirement{ID: id})
		}
		return &out.Requirements[i]
	}
	for _, x := range shippedIDs()[name] {
		q := add(x.ID)
		q.Group, q.Note, q.Shipped = x.Group, x.Note, true
	}
	own := slices.SortedFunc(slices.Values(f.Requirements), func(a, b record.Typed[soc1.FrameworkRequirement]) int {
		return cmp.Or(naturally(a.Value.Identifier, b.Value.Identifier), cmp.Compare(a.ID, b.ID))
	})
	for i := range own {
		if v := &own[i].Value; v.Framework == name {
			q := add(v.Identifier)
			q.Group = cmp.Or(q.Group, v.Group)
			if q.Words == nil {
				q.Words = &own[i]
				out.Imported++
			}
		}
	}
	// What only a record names is shown too: an identifier that no catalogue has is
	// seen there and not hidden.
	for i := range r.Controls {
		for _, id := range r.Controls[i].Value.FrameworkIDs[name] {
			q := add(id)
			q.Controls = append(q.Controls, i)
		}
	}
	for i := range r.Theirs {
		t := &r.Theirs[i]
		if t.Value.Framework != name {
			continue
		}
		out.Theirs = append(out.Theirs, i)
		for _, id := range t.Value.Identifiers {
			q := add(id)
			q.Theirs = append(q.Theirs, i)
			if t.Control >= 0 && !slices.Contains(q.Controls, t.Control) && !slices.Contains(q.Reused, t.Control) {
				q.Reused = append(q.Reused, t.Control)
			}
		}
	}
	for i := range r.Objectives {
		o := Objective{Place: i, IDs: r.Objectives[i].Value.FrameworkIDs[name]}
		for _, id := range o.IDs {
			q := add(id)
			q.Objectives = append(q.Objectives, i)
		}
		for _, place := range out.Theirs {
			for _, c := range r.Theirs[place].Covers {
				if c.Objective == i {
					o.Covers = append(o.Covers, c)
				}
			}
		}
		slices.SortStableFunc(o.Covers, func(a, b Cover) int { return b.weight() - a.weight() })
		out.Objectives = append(out.Objectives, o)
	}
	for i := range out.Requirements {
		q := &out.Requirements[i]
		switch {
		case len(q.Controls)+len(q.Reused) > 0:
			q.Answer = Answered
		case len(q.Theirs) > 0:
			q.Answer = Elsewhere
		case len(q.Objectives) > 0:
			q.Answer = Aimed
		}
	}
	if len(out.Theirs) > 0 {
		out.Alone = r.alone(&out)
		out.Proposals = r.proposals(&out)
	}
	return out
}

// alone are the controls here that are none of the other program.
func (r *Register) alone(f *Framework) []int {
	tied := map[int]bool{}
	for _, i := range f.Theirs {
		tied[r.Theirs[i].Control] = true
	}
	var out []int
	for i := range r.Controls {
		if !tied[i] {
			out = append(out, i)
		}
	}
	return out
}
