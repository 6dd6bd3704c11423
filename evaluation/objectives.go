package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// FailedControl is a control that was concluded to fail an objective on a limb,
// with the controls that could make up for it.
type FailedControl struct {
	Control soc1.Ref `json:"control"`
	Code    string   `json:"code"`
	Key     bool     `json:"key"`
	// Limb is what the objective is failed on: design or operating
	// effectiveness. A control that is not suitably designed or not
	// implemented fails the operation too.
	Limb soc1.ConclusionLimb `json:"limb"`
	// Conclusion is the conclusion that it failed, Window its days.
	Conclusion soc1.Ref `json:"conclusion"`
	Window     Window   `json:"window"`
	// Risks are the ids of the objective's risks that the control answers.
	Risks []string `json:"risks,omitempty"`
	// Candidates are other controls that answer one of these risks, or that a
	// deviation names as compensating.
	Candidates []Candidate `json:"candidates,omitempty"`
	// Compensated says that effective tested candidates answer every risk on
	// every day of the window. Whether they are precise enough is a person's
	// judgment.
	Compensated bool `json:"compensated"`
}

// Candidate is a control that may make up for one that failed.
type Candidate struct {
	Control soc1.Ref `json:"control"`
	Code    string   `json:"code"`
	// Risks are those of the failed control that it answers.
	Risks []string `json:"risks,omitempty"`
	// Named says that a deviation of the failed control names it.
	Named bool `json:"named,omitempty"`
	// Effective are the days for which it is concluded effective by tests that
	// nothing blocks.
	Effective []Window `json:"effective,omitempty"`
	// Lacks says what is missing for it to compensate; empty when nothing is.
	Lacks string `json:"lacks,omitempty"`
}

// objectiveLines goes through the objectives examined.
func (e *evaluation) objectiveLines() {
	for _, o := range e.scope() {
		line := ObjectiveLine{Objective: o.Ref(), Code: o.Value.Code, Title: o.Value.Title}
		for _, c := range e.Conclusions {
			if c.Value.Subject == soc1.OnObjective && c.Value.SubjectID == o.ID {
				line.Conclusions = append(line.Conclusions, e.entered(c))
			}
		}
		line.Flags = append(line.Flags, conflicting(line.Objective, line.Conclusions)...)
		controls := e.controlsOf(o.ID)
		for _, k := range controls {
			line.Controls = append(line.Controls, k.Ref())
			line.Failed = append(line.Failed, e.failures(o, e.byControl[k.ID])...)
		}
		e.objectiveFlags(&line, controls)
		e.namedFlags(&line)
		e.objectives = append(e.objectives, line)
	}
	for _, c := range e.Conclusions {
		if c.Value.Subject == soc1.OnObjective && !slices.ContainsFunc(e.objectives, func(o ObjectiveLine) bool { return o.Objective.ID == c.Value.SubjectID }) {
			e.add("EVA-20", c.Ref(), nil, "A conclusion names the objective %s, which the engagement does not examine.", c.Value.SubjectID)
		}
	}
}

// failures are the limbs on which a control fails an objective.
func (e *evaluation) failures(o record.Typed[soc1.ControlObjective], k *ControlLine) []FailedControl {
	var out []FailedControl
	for _, c := range k.Conclusions {
		if c.Outcome != soc1.NotEffective {
			continue
		}
		limbs := []soc1.ConclusionLimb{soc1.ConcludeOperating}
		if c.Limb == soc1.ConcludeDesign {
			limbs = []soc1.ConclusionLimb{soc1.ConcludeDesign, soc1.ConcludeOperating}
		}
		for _, limb := range limbs {
			if limb == soc1.ConcludeOperating && !e.type2() {
				continue
			}
			failed := FailedControl{Control: k.Control, Code: k.Code, Key: k.Key, Limb: limb, Conclusion: c.Ref, Window: c.Window, Risks: e.risksOf(k, o.ID)}
			e.compensate(&failed, o, k)
			out = append(out, failed)
		}
	}
	return out
}

// risksOf are the risks of the objective that a control answers; a risk that
// names no objective threatens all.
func (e *evaluation) risksOf(k *ControlLine, objective string) []string {
	var out []string
	for _, id := range k.record.Value.Risks {
		r, ok := record.Find(e.Risks, id)
		if !ok || len(r.Value.Objectives) == 0 || slices.Contains(r.Value.Objectives, objective) {
			out = append(out, id)
		}
	}
	return out
}

// compensate looks for other tested, effective controls that answer the same
// risks on the same days.
func (e *evaluation) compensate(failed *FailedControl, o record.Typed[soc1.ControlObjective], k *ControlLine) {
	named := e.named(k.record.ID)
	for i := range e.controls {
		other := &e.controls[i]
		if other.record.ID == k.record.ID {
			continue
		}
		c := Candidate{Control: other.Control, Code: other.Code, Named: slices.Contains(named, other.record.ID)}
		for _, risk := range failed.Risks {
			if slices.Contains(other.record.Value.Risks, risk) {
				c.Risks = append(c.Risks, risk)
			}
		}
		if len(c.Risks) == 0 && !c.Named {
			continue
		}
		c.Effective, c.Lacks = other.effective(failed.Limb)
		switch {
		case c.Lacks != "":
		case len(failed.Risks) > 0 && len(c.Risks) == 0:
			c.Lacks = "no record says that it answers the same risk"
		case !failed.Window.coveredBy(c.Effective):
			c.Lacks = "it is concluded effective only for " + windowsText(c.Effective)
		}
		failed.Candidates = append(failed.Candidates, c)
	}
	failed.Compensated = failed.covered()
}

// covered reports whether every risk is answered on every day. Several
// controls may share the days, and the risks. Where no risk is recorded, the
// control that a deviation names as answering it is taken at its word.
func (c FailedControl) covered() bool {
	if len(c.Risks) == 0 {
		var days []Window
		for _, x := range c.Candidates {
			if x.Named {
				days = append(days, x.Effective...)
			}
		}
		return c.Window.coveredBy(days)
	}
	for _, risk := range c.Risks {
		var days []Window
		for _, x := range c.Candidates {
			if slices.Contains(x.Risks, risk) {
				days = append(days, x.Effective...)
			}
		}
		if !c.Window.coveredBy(days) {
			return false
		}
	}
	return true
}

// namedFlags says of controls that a deviation names as compensating what they
// lack, once for each pair.
func (e *evaluation) namedFlags(o *ObjectiveLine) {
	said := map[string]bool{}
	for _, failed := range o.Failed {
		for _, c := range failed.Candidates {
			if pair := failed.Code + "/" + c.Code; c.Named && c.Lacks != "" && !said[pair] {
				said[pair] = true
				o.Flags = append(o.Flags, flagged("EVA-14", c.Control, []soc1.Ref{o.Objective, failed.Conclusion},
					"A deviation of %s names %s as compensating for %s: %s.", failed.Code, c.Code, o.Code, c.Lacks))
			}
		}
	}
}

// named are the controls that deviations of a control name as compensating.
func (e *evaluation) named(control string) []string {
	var out []string
	for _, d := range e.Deviations {
		if d.Value.Control == control {
			out = append(out, d.Value.CompensatingControls...)
		}
	}
	return out
}

// effective are the days for which a control is concluded effective on a limb,
// for operation by tests of these days that nothing blocks.
func (k *ControlLine) effective(limb soc1.ConclusionLimb) (days []Window, lacks string) {
	conclusions := on(k.Conclusions, limb)
	if len(conclusions) == 0 {
		return nil, "nobody concluded on it"
	}
	for _, c := range conclusions {
		switch {
		case c.Outcome != soc1.Effective:
			lacks = "it is concluded not effective"
		case limb == soc1.ConcludeOperating && k.unfounded(c.Window) != nil:
			lacks = "its design or implementation is concluded not effective"
		case limb == soc1.ConcludeDesign:
			days = append(days, c.Window)
		case !soundly(k.testsOf(c.Window)):
			lacks = "it was not tested, or its test is unfinished"
		default:
			days = append(days, c.Window)
		}
	}
	if len(days) > 0 {
		lacks = ""
	}
	return days, lacks
}

// soundly reports whether items were tested and nothing blocks the tests.
func soundly(tests []Figures) bool {
	looked := false
	for _, t := range tests {
		if t.Blocked() {
			return false
		}
		looked = looked || t.Tested > 0
	}
	return looked
}

// objectiveFlags holds the conclusions on an objective against its controls.
func (e *evaluation) objectiveFlags(o *ObjectiveLine, controls []record.Typed[soc1.Control]) {
	flag := func(rule string, sources []soc1.Ref, format string, args ...any) {
		o.Flags = append(o.Flags, flagged(rule, o.Objective, sources, format, args...))
	}
	for _, c := range o.Conclusions {
		if c.Limb == soc1.ConcludeOperating && !e.type2() {
			flag("EVA-10", []soc1.Ref{c.Ref}, "A conclusion on operating effectiveness of %s was entered for a Type I report.", o.Code)
		}
		if c.Outcome == soc1.Achieved {
			e.achieved(o, c, controls, flag)
			continue
		}
		if failing := failedOn(o.Failed, c); len(failing) == 0 && e.allEffective(controls, c) {
			flag("EVA-17", []soc1.Ref{c.Ref}, "%s is concluded not achieved for %s, and every control of it is concluded effective.", o.Code, c.Limb.Label())
		}
	}
}

// failedOn are the failed controls that bear on a conclusion.
func failedOn(failed []FailedControl, c Entered) []FailedControl {
	var out []FailedControl
	for _, k := range failed {
		if k.Limb == c.Limb && k.Window.overlaps(c.Window) {
			out = append(out, k)
		}
	}
	return out
}

func (e *evaluation) allEffective(controls []record.Typed[soc1.Control], c Entered) bool {
	for _, k := range controls {
		list := on(e.byControl[k.ID].Conclusions, c.Limb)
		if len(list) == 0 || slices.ContainsFunc(list, func(x Entered) bool { return x.Outcome != soc1.Effective }) {
			return false
		}
	}
	return len(controls) > 0
}

// achieved flags what a favorable conclusion on an objective does not follow
// from.
func (e *evaluation) achieved(o *ObjectiveLine, c Entered, controls []record.Typed[soc1.Control], flag blocker) {
	for _, k := range failedOn(o.Failed, c) {
		if k.Compensated {
			continue
		}
		flag("EVA-04", []soc1.Ref{c.Ref, k.Conclusion}, "%s is concluded achieved for %s; %s failed for %s, and no tested, effective control answers the same risks on these days.%s",
			o.Code, c.Limb.Label(), k.Code, k.Window, candidatesText(k))
		if !k.Key {
			o.Flags[len(o.Flags)-1].Severity = Medium
		}
	}
	if c.Limb == soc1.ConcludeOperating {
		for _, d := range on(o.Conclusions, soc1.ConcludeDesign) {
			if d.Outcome == soc1.NotAchieved && d.Window.overlaps(c.Window) {
				flag("EVA-05", []soc1.Ref{c.Ref, d.Ref}, "%s is not achieved by design and concluded achieved in operation.", o.Code)
			}
		}
	}
	for _, k := range controls {
		line := e.byControl[k.ID]
		// Whoever concludes on the operation of a control has judged its design;
		// the objective's design needs no second conclusion on each control.
		silent := len(on(line.Conclusions, c.Limb)) == 0
		if c.Limb == soc1.ConcludeDesign {
			silent = len(line.Conclusions) == 0
		}
		if k.Value.Key && silent {
			flag("EVA-18", []soc1.Ref{c.Ref, line.Control}, "%s is concluded achieved, and its key control %s has no conclusion on %s.", o.Code, line.Code, c.Limb.Label())
		}
	}
}

// candidatesText names the controls that come into question and what they lack.
func candidatesText(k FailedControl) string {
	if len(k.Candidates) == 0 && len(k.Risks) == 0 {
		return " No risk is recorded that it answers, so none can be named."
	}
	if len(k.Candidates) == 0 {
		return " No other control answers them."
	}
	var out []string
	for _, c := range k.Candidates {
		lacks := c.Lacks
		if lacks == "" {
			lacks = "effective, but not for every risk"
		}
		out = append(out, fmt.Sprintf("%s (%s)", c.Code, lacks))
	}
	return " Candidates: " + strings.Join(out, ", ") + "."
}
