package evaluation

import (
	"cmp"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Consequences are what follows from the figures and from what people entered,
// from deviation to control, objective and opinion. They contain no conclusion
// and no opinion that was not entered.
type Consequences struct {
	By         soc1.Party      `json:"by"`
	Controls   []ControlLine   `json:"controls"`
	Objectives []ObjectiveLine `json:"objectives"`
	// Limbs are description, design and, for a Type II report, operating
	// effectiveness.
	Limbs []LimbLine `json:"limbs"`
	// Flags are all flags of tests, controls, objectives and limbs, the
	// heaviest first, then in the order of the report.
	Flags []Flag `json:"flags"`
}

// Entered is a conclusion as a person entered it.
type Entered struct {
	Ref soc1.Ref `json:"ref"`
	// Window are the days concluded on, those of the engagement where the
	// conclusion names none.
	Window Window `json:"window"`
	soc1.Conclusion
}

// ControlLine is one control with its tests and the conclusions on it.
type ControlLine struct {
	Control     soc1.Ref  `json:"control"`
	Code        string    `json:"code"`
	Key         bool      `json:"key"`
	Tests       []Figures `json:"tests,omitempty"`
	Conclusions []Entered `json:"conclusions,omitempty"`
	Flags       []Flag    `json:"flags,omitempty"`

	record record.Typed[soc1.Control]
}

// ObjectiveLine is one objective of the engagement with the controls that
// failed it and the conclusions on it.
type ObjectiveLine struct {
	Objective soc1.Ref `json:"objective"`
	Code      string   `json:"code"`
	Title     string   `json:"title"`
	// Controls are those that serve the objective.
	Controls []soc1.Ref `json:"controls"`
	// Failed are the controls that were concluded to fail, by limb.
	Failed      []FailedControl `json:"failed,omitempty"`
	Conclusions []Entered       `json:"conclusions,omitempty"`
	Flags       []Flag          `json:"flags,omitempty"`
}

// LimbLine is one limb of the opinion.
type LimbLine struct {
	Limb soc1.OpinionLimb `json:"limb"`
	// NotAchieved are the objectives that fail on the limb by what was entered.
	NotAchieved []soc1.Ref `json:"not_achieved,omitempty"`
	// NotImplemented are controls that the description states and that were
	// concluded not to be implemented.
	NotImplemented []soc1.Ref `json:"not_implemented,omitempty"`
	// Unconcluded are the objectives without a conclusion for the limb on every
	// day.
	Unconcluded []soc1.Ref `json:"unconcluded,omitempty"`
	// Unfinished are controls of the objectives examined with tests that
	// something blocks, for operating effectiveness.
	Unfinished []soc1.Ref `json:"unfinished,omitempty"`
	// Opinion is what was entered, empty when nothing was.
	Opinion soc1.OpinionType `json:"opinion,omitempty"`
	// Follows says in sentences what follows from what was entered.
	Follows []string `json:"follows,omitempty"`
	Flags   []Flag   `json:"flags,omitempty"`
}

// evaluation is Consequences in the making.
type evaluation struct {
	*File
	controls   []ControlLine
	byControl  map[string]*ControlLine
	objectives []ObjectiveLine
	limbs      []LimbLine
	loose      []Flag
	opinion    *record.Typed[soc1.Opinion]
}

// Consequences shows what follows from what was entered. A test whose figures
// cannot be derived appears with a flag that says why.
func (f *File) Consequences() Consequences {
	e := &evaluation{File: f, byControl: map[string]*ControlLine{}, opinion: f.Opinion()}
	e.controlLines()
	e.deviationFlags()
	e.drawFlags()
	e.changeFlags()
	e.dismissalFlags()
	e.orderFlags()
	e.independenceFlags()
	for i := range e.controls {
		e.controlFlags(&e.controls[i])
	}
	e.objectiveLines()
	e.limbLines()
	e.redactionFlags()
	out := Consequences{By: f.By, Controls: e.controls, Objectives: e.objectives, Limbs: e.limbs}
	for _, c := range e.controls {
		for _, t := range c.Tests {
			out.Flags = append(out.Flags, t.Flags...)
		}
		out.Flags = append(out.Flags, c.Flags...)
	}
	for _, o := range e.objectives {
		out.Flags = append(out.Flags, o.Flags...)
	}
	for _, l := range e.limbs {
		out.Flags = append(out.Flags, l.Flags...)
	}
	out.Flags = append(out.Flags, e.loose...)
	slices.SortStableFunc(out.Flags, func(a, b Flag) int { return cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)) })
	return out
}

// add keeps a flag that belongs to no line.
func (e *evaluation) add(rule string, subject soc1.Ref, sources []soc1.Ref, format string, args ...any) {
	e.loose = append(e.loose, flagged(rule, subject, sources, format, args...))
}

// controlLines lists the controls of the objectives examined, in the order of
// the report, and every other control that was tested or concluded on.
func (e *evaluation) controlLines() {
	listed := map[string]bool{}
	for _, o := range e.scope() {
		for _, k := range e.controlsOf(o.ID) {
			if !listed[k.ID] {
				listed[k.ID] = true
				e.line(k)
			}
		}
	}
	touched := map[string]soc1.Ref{}
	for _, t := range e.Tests {
		touched[t.Value.Control] = t.Ref()
	}
	for _, c := range e.Conclusions {
		if c.Value.Subject == soc1.OnControl {
			touched[c.Value.SubjectID] = c.Ref()
		}
	}
	for _, k := range e.Controls {
		if _, ok := touched[k.ID]; ok && !listed[k.ID] {
			listed[k.ID] = true
			e.line(k)
		}
	}
	for i := range e.controls {
		e.byControl[e.controls[i].record.ID] = &e.controls[i]
	}
	e.conclusions(listed)
	for _, t := range e.Tests {
		figures, err := e.Figures(t.ID)
		if err != nil {
			e.add("EVA-15", t.Ref(), nil, "The figures of test %s cannot be derived: %v.", t.Value.Code, err)
			continue
		}
		if line := e.byControl[t.Value.Control]; line != nil {
			line.Tests = append(line.Tests, figures)
		} else {
			e.loose = append(e.loose, figures.Flags...)
		}
	}
}

func (e *evaluation) line(k record.Typed[soc1.Control]) {
	e.controls = append(e.controls, ControlLine{Control: k.Ref(), Code: k.Value.Code, Key: k.Value.Key, record: k})
}

// controlsOf are the controls that serve an objective, in the report's order.
func (e *evaluation) controlsOf(objective string) []record.Typed[soc1.Control] {
	var out []record.Typed[soc1.Control]
	for _, k := range e.Controls {
		if slices.Contains(k.Value.Objectives, objective) {
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b record.Typed[soc1.Control]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Code, b.Value.Code))
	})
	return out
}

// conclusions puts the conclusions on controls where they belong and flags
// those that contradict each other or speak of nothing.
func (e *evaluation) conclusions(listed map[string]bool) {
	for _, c := range e.Conclusions {
		if c.Value.Subject != soc1.OnControl {
			continue
		}
		if !listed[c.Value.SubjectID] {
			e.add("EVA-20", c.Ref(), nil, "A conclusion names the control %s, which the organization does not have.", c.Value.SubjectID)
			continue
		}
		line := e.byControl[c.Value.SubjectID]
		line.Conclusions = append(line.Conclusions, e.entered(c))
	}
	for i := range e.controls {
		e.controls[i].Flags = append(e.controls[i].Flags, conflicting(e.controls[i].Control, e.controls[i].Conclusions)...)
	}
}

func (f *File) entered(c record.Typed[soc1.Conclusion]) Entered {
	return Entered{Ref: c.Ref(), Window: f.window(c.Value.WindowFrom, c.Value.WindowTo), Conclusion: c.Value}
}

// conflicting flags pairs of conclusions on one question for common days.
func conflicting(subject soc1.Ref, list []Entered) []Flag {
	var out []Flag
	for i, a := range list {
		for _, b := range list[i+1:] {
			if a.Limb == b.Limb && a.Window.overlaps(b.Window) {
				out = append(out, flagged("EVA-12", subject, []soc1.Ref{a.Ref, b.Ref}, "Two conclusions on %s speak of the same days: %s for %s and %s for %s.",
					a.Limb.Label(), a.Outcome.Label(), a.Window, b.Outcome.Label(), b.Window))
			}
		}
	}
	return out
}

// on are the conclusions of a limb.
func on(list []Entered, limb soc1.ConclusionLimb) []Entered {
	var out []Entered
	for _, c := range list {
		if c.Limb == limb {
			out = append(out, c)
		}
	}
	return out
}

// type2 reports whether the report speaks of operating effectiveness.
func (f *File) type2() bool { return f.Engagement.Value.Type == soc1.Type2 }
