package evaluation

import (
	"fmt"
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// limbLines goes through the limbs of the report and holds the opinion that was
// entered against the conclusions that were.
func (e *evaluation) limbLines() {
	limbs := []soc1.OpinionLimb{soc1.LimbDescription, soc1.LimbDesign}
	if e.type2() {
		limbs = append(limbs, soc1.LimbOperating)
	}
	for _, limb := range limbs {
		line := LimbLine{Limb: limb}
		if limb == soc1.LimbDescription {
			line.NotImplemented = e.notImplemented()
		} else {
			e.objectivesOn(&line)
		}
		if limb == soc1.LimbOperating {
			line.Unfinished = e.unfinished()
		}
		line.follows()
		if e.opinion != nil {
			line.Opinion = e.opinion.Value.Limbs.Of(limb)
			e.limbFlags(&line)
		}
		e.limbs = append(e.limbs, line)
	}
	if e.opinion != nil {
		e.opinionFlags()
	}
}

// notImplemented are controls of the objectives examined that the description
// states and that were concluded not to be in use.
func (e *evaluation) notImplemented() []soc1.Ref {
	var out []soc1.Ref
	for _, k := range e.controls {
		if slices.ContainsFunc(on(k.Conclusions, soc1.ConcludeImplementation), func(c Entered) bool { return c.Outcome == soc1.NotEffective }) {
			out = append(out, k.Control)
		}
	}
	return out
}

// unfinished are the controls with tests that nobody can conclude on.
func (e *evaluation) unfinished() []soc1.Ref {
	var out []soc1.Ref
	for i := range e.controls {
		if k := &e.controls[i]; e.stated(k) && slices.ContainsFunc(k.Tests, Figures.Blocked) {
			out = append(out, k.Control)
		}
	}
	return out
}

// objectivesOn sorts the objectives by what was concluded for the limb. An
// objective that fails by design fails in operation.
func (e *evaluation) objectivesOn(line *LimbLine) {
	limb := soc1.ConclusionLimb(line.Limb)
	for _, o := range e.objectives {
		decisive := on(o.Conclusions, limb)
		if limb == soc1.ConcludeOperating {
			for _, d := range on(o.Conclusions, soc1.ConcludeDesign) {
				if d.Outcome == soc1.NotAchieved {
					decisive = append(decisive, d)
				}
			}
		}
		switch {
		case slices.ContainsFunc(decisive, func(c Entered) bool { return c.Outcome == soc1.NotAchieved }):
			line.NotAchieved = append(line.NotAchieved, o.Objective)
		case !e.window("", "").coveredBy(windowsOf(decisive)):
			line.Unconcluded = append(line.Unconcluded, o.Objective)
		}
	}
}

func windowsOf(list []Entered) []Window {
	out := make([]Window, len(list))
	for i, c := range list {
		out[i] = c.Window
	}
	return out
}

// follows writes what follows from the conclusions. It stops where judgment
// begins: whether a matter is contained or pervasive no record can say.
func (l *LimbLine) follows() {
	const judgment = "whether the matter is contained (qualified) or pervasive (adverse) is the auditor's judgment"
	if n := len(l.NotAchieved); n > 0 {
		l.Follows = append(l.Follows, fmt.Sprintf("%s concluded not achieved, so that an unmodified opinion on this limb does not follow; %s.", english.Are(n, "objective"), judgment))
	}
	if n := len(l.NotImplemented); n > 0 {
		l.Follows = append(l.Follows, fmt.Sprintf("%s stated and not implemented: management is first asked to amend the description; otherwise an unmodified opinion on this limb does not follow, and %s.", english.Are(n, "control"), judgment))
	}
	if n := len(l.Unfinished); n > 0 {
		l.Follows = append(l.Follows, fmt.Sprintf("%s tested by work that is not finished; where evidence stays missing, whether that is contained (qualified for scope) or pervasive (disclaimer) is the auditor's judgment.", english.Are(n, "control")))
	}
	if n := len(l.Unconcluded); n > 0 {
		l.Follows = append(l.Follows, fmt.Sprintf("%s not concluded on yet.", english.Are(n, "objective")))
	}
}

// limbFlags holds the opinion on one limb against the objectives.
func (e *evaluation) limbFlags(line *LimbLine) {
	op := e.opinion
	flag := func(rule string, sources []soc1.Ref, format string, args ...any) {
		line.Flags = append(line.Flags, flagged(rule, op.Ref(), sources, format, args...))
	}
	name := line.Limb.Label()
	if line.Opinion == "" {
		flag("EVA-10", nil, "The opinion says nothing on %s.", name)
		return
	}
	if n := len(line.Unconcluded); n > 0 && line.Opinion != soc1.Disclaimer {
		flag("EVA-13", line.Unconcluded, "The opinion on %s is entered, and %s without a conclusion: %s.", name, english.Are(n, "objective"), some(e.codes(line.Unconcluded)))
	}
	if !line.Opinion.Modified() {
		e.unmodified(line, flag)
		return
	}
	e.basis(line, flag)
	e.assertion(line, flag)
}

// unmodified flags an unmodified opinion that does not follow.
func (e *evaluation) unmodified(line *LimbLine, flag blocker) {
	name := line.Limb.Label()
	if len(line.NotImplemented) > 0 {
		flag("EVA-06", line.NotImplemented, "The opinion on the description is unmodified; stated and not implemented: %s.", some(e.codes(line.NotImplemented)))
	}
	if len(line.NotAchieved) > 0 {
		flag("DEV-05", line.NotAchieved, "The opinion on %s is unmodified; not achieved: %s.", name, some(e.codes(line.NotAchieved)))
	}
	for _, o := range e.objectives {
		if slices.Contains(line.NotAchieved, o.Objective) {
			continue
		}
		for _, k := range o.Failed {
			if string(k.Limb) == string(line.Limb) && k.Key && !k.Compensated {
				flag("DEV-05", []soc1.Ref{o.Objective, k.Conclusion}, "The opinion on %s is unmodified; the key control %s of %s failed for %s without an effective compensating control.", name, k.Code, o.Code, k.Window)
			}
		}
	}
}

// basis demands a paragraph for the modification and for every objective that
// it rests on.
func (e *evaluation) basis(line *LimbLine, flag blocker) {
	name := line.Limb.Label()
	paragraphs, objectives := 0, []string{}
	for _, b := range e.opinion.Value.Basis {
		if b.Limb != line.Limb {
			continue
		}
		if !blank(b.Text) {
			paragraphs++
		}
		if b.Objective != "" {
			objectives = append(objectives, b.Objective)
			e.basisObjective(line, b.Objective, flag)
		}
	}
	if paragraphs == 0 {
		flag("RPT-03", nil, "The opinion on %s is %s without a basis.", name, line.Opinion)
	}
	var left []string
	for _, o := range line.NotAchieved {
		if !slices.Contains(objectives, o.ID) {
			left = append(left, e.codes([]soc1.Ref{o})...)
		}
	}
	if paragraphs > 0 && len(left) > 0 {
		flag("RPT-03", line.NotAchieved, "The basis for the opinion on %s leaves out objectives that are not achieved: %s.", name, some(left))
	}
	if line.Limb != soc1.LimbDescription && line.Opinion != soc1.Disclaimer && len(objectives) == 0 && len(line.NotAchieved) == 0 && len(line.Unconcluded) == 0 {
		flag("EVA-08", nil, "The opinion on %s is %s, every objective is concluded achieved, and no basis names one.", name, line.Opinion)
	}
}

// basisObjective flags a basis that names an objective which did not fail.
func (e *evaluation) basisObjective(line *LimbLine, id string, flag blocker) {
	i := slices.IndexFunc(e.objectives, func(o ObjectiveLine) bool { return o.Objective.ID == id })
	if i < 0 {
		flag("EVA-07", nil, "The basis for the opinion on %s names the objective %s, which the engagement does not examine.", line.Limb.Label(), id)
		return
	}
	o := e.objectives[i]
	failed := slices.Contains(line.NotAchieved, o.Objective)
	if line.Limb == soc1.LimbDescription || failed || slices.Contains(line.Unconcluded, o.Objective) {
		return
	}
	flag("EVA-07", []soc1.Ref{o.Objective}, "The basis for the opinion on %s names %s, which is concluded achieved.", line.Limb.Label(), o.Code)
}

// assertion demands that management states what the opinion modifies. A
// disclaimer rests on missing evidence, not on what management would state.
func (e *evaluation) assertion(line *LimbLine, flag blocker) {
	if line.Opinion == soc1.Disclaimer {
		return
	}
	for _, a := range e.Assertions {
		if a.Value.SubserviceOrganization != "" {
			continue
		}
		stated, objectives := false, []string{}
		for _, m := range a.Value.Modifications {
			if m.Limb == line.Limb {
				stated = true
				objectives = append(objectives, m.Objective)
			}
		}
		if !stated {
			flag("RPT-03", []soc1.Ref{a.Ref()}, "The opinion on %s is %s, and management's assertion states no exception on it.", line.Limb.Label(), line.Opinion)
			continue
		}
		var left []string
		for _, o := range line.NotAchieved {
			if !slices.Contains(objectives, o.ID) && !slices.Contains(objectives, "") {
				left = append(left, e.codes([]soc1.Ref{o})...)
			}
		}
		if len(left) > 0 {
			flag("RPT-03", []soc1.Ref{a.Ref()}, "Management's assertion states no exception for objectives that are not achieved: %s.", some(left))
		}
	}
}

// codes are the codes of objectives and controls, for a sentence.
func (e *evaluation) codes(list []soc1.Ref) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.ID
		if o, ok := record.Find(e.Objectives, r.ID); ok && r.Kind == "control_objective" {
			out[i] = o.Value.Code
		}
		if k, ok := record.Find(e.Controls, r.ID); ok && r.Kind == "control" {
			out[i] = k.Value.Code
		}
	}
	return out
}
