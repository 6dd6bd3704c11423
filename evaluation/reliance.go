package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// changeIDs are the identifiers by which other frameworks name the management of
// changes.
var changeIDs = []string{"CC8.1", "CM-3", "A.8.32", "BAI06"}

// reliance asks what an automated control that was tested once rests on for the
// rest of the period. One item stands for all days only while nothing changed
// the program, which is what change management of its system is to show.
func (e *evaluation) reliance(k *ControlLine, c Entered, tests []Figures, flag blocker) {
	if e.Past == nil || k.record.Value.Nature != soc1.Automated || !once(tests) || soc1.Substantive(c.Reliance) {
		return
	}
	objectives, systems := e.changeObjectives(k.record.Value)
	for _, o := range objectives {
		if why, source := e.changeFailed(o, c.Window); why != "" {
			flag("CTL-09", []soc1.Ref{c.Ref, source}, "%s is concluded effective for %s on a test of one item, and %s. The conclusion does not say what the reliance rests on.", k.Code, c.Window, why)
			return
		}
	}
	if len(objectives) == 0 && len(systems) > 0 {
		flag("CTL-09", []soc1.Ref{c.Ref}, "%s is concluded effective for %s on a test of one item, and no objective on change management protects %s. The conclusion does not say what the reliance rests on.",
			k.Code, c.Window, list(systems))
		k.Flags[len(k.Flags)-1].Severity = Medium
	}
}

// once reports whether nothing but single items, or single configurations, were
// tested.
func once(tests []Figures) bool {
	any := false
	for _, t := range tests {
		if t.Method == soc1.DidNotOperate {
			continue
		}
		if t.Method != soc1.ObservationOnly && t.Tested > 1 {
			return false
		}
		any = any || t.Tested > 0
	}
	return any
}

// changeObjectives are the objectives on change management that protect the
// systems of a control, and the names of these systems. Of a control that names
// no system, they are all that the organization has.
func (e *evaluation) changeObjectives(k soc1.Control) (objectives []record.Typed[soc1.ControlObjective], systems []string) {
	add := func(o record.Typed[soc1.ControlObjective]) {
		if !o.Value.Omitted() && !slices.ContainsFunc(objectives, func(x record.Typed[soc1.ControlObjective]) bool { return x.ID == o.ID }) {
			objectives = append(objectives, o)
		}
	}
	for _, id := range k.Systems {
		s, ok := record.Find(e.Past.Systems, id)
		if !ok {
			continue
		}
		systems = append(systems, s.Value.Name)
		for _, oid := range s.Value.Objectives {
			// Among the objectives that protect a system, the title tells too.
			if o, ok := record.Find(e.Objectives, oid); ok && (onChange(o.Value) || strings.Contains(lower(o.Value.Title), "change")) {
				add(o)
			}
		}
	}
	if len(systems) == 0 {
		for _, o := range e.Objectives {
			if onChange(o.Value) {
				add(o)
			}
		}
	}
	return objectives, systems
}

func onChange(o soc1.ControlObjective) bool {
	for _, ids := range o.FrameworkIDs {
		if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(changeIDs, id) }) {
			return true
		}
	}
	return false
}

// changeFailed says why change management did not operate on days of a window,
// by what was concluded: on the objective, or else on its controls.
func (e *evaluation) changeFailed(o record.Typed[soc1.ControlObjective], w Window) (string, soc1.Ref) {
	concluded := false
	for _, c := range e.Conclusions {
		v := c.Value
		if v.Subject != soc1.OnObjective || v.SubjectID != o.ID || v.Limb != soc1.ConcludeOperating || !e.window(v.WindowFrom, v.WindowTo).overlaps(w) {
			continue
		}
		if v.Outcome == soc1.NotAchieved {
			return fmt.Sprintf("%s, %s, is concluded not achieved", o.Value.Code, lower(o.Value.Title)), c.Ref()
		}
		concluded = true
	}
	if concluded {
		return "", soc1.Ref{}
	}
	for _, k := range e.controlsOf(o.ID) {
		line := e.byControl[k.ID]
		if line == nil {
			continue
		}
		for _, c := range on(line.Conclusions, soc1.ConcludeOperating) {
			if c.Outcome == soc1.NotEffective && c.Window.overlaps(w) {
				return fmt.Sprintf("%s of %s, %s, is concluded not effective", k.Value.Code, o.Value.Code, lower(o.Value.Title)), c.Ref
			}
		}
	}
	return "", soc1.Ref{}
}
