package evaluation

import (
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// controlFlags holds the conclusions on a control against its tests.
func (e *evaluation) controlFlags(k *ControlLine) {
	flag := func(rule string, sources []soc1.Ref, format string, args ...any) {
		k.Flags = append(k.Flags, flagged(rule, k.Control, sources, format, args...))
	}
	operating := on(k.Conclusions, soc1.ConcludeOperating)
	for _, c := range operating {
		if !e.type2() {
			flag("EVA-10", []soc1.Ref{c.Ref}, "A conclusion on the operation of %s was entered for a Type I report.", k.Code)
		}
		if d := k.unfounded(c.Window); d != nil && c.Outcome.Favorable() {
			flag("EVA-05", []soc1.Ref{c.Ref, d.Ref}, "The %s of %s is concluded not effective for %s, and its operation effective for %s.", strings.ToLower(d.Limb.Label()), k.Code, d.Window, c.Window)
		}
		tests := k.testsOf(c.Window)
		e.blocked(k, c, tests, flag)
		if c.Outcome.Favorable() {
			e.favorable(k, c, tests, flag)
		} else if strings.TrimSpace(c.Reasons) == "" && deviating(tests) == 0 {
			flag("EVA-03", []soc1.Ref{c.Ref}, "%s is concluded not effective without a deviation and without a reason.", k.Code)
		}
	}
	if e.type2() && e.opinion != nil && len(operating) == 0 && len(k.Tests) == 0 && e.stated(k) {
		flag("TST-01", []soc1.Ref{e.opinion.Ref()}, "An opinion was entered, and %s has no test of operating effectiveness.", k.Code)
	}
}

// stated reports whether the control is listed for an objective examined and
// was in operation on a day of the period.
func (e *evaluation) stated(k *ControlLine) bool {
	v, period := k.record.Value, e.window("", "")
	if v.InOperationFrom > period.To || v.InOperationTo != "" && v.InOperationTo < period.From {
		return false
	}
	return slices.ContainsFunc(e.scope(), func(o record.Typed[soc1.ControlObjective]) bool { return slices.Contains(v.Objectives, o.ID) })
}

// unfounded is a conclusion that the control was not suitably designed or not
// implemented on days of a window, on which it therefore cannot have operated
// effectively; nil when there is none.
func (k *ControlLine) unfounded(w Window) *Entered {
	for i, c := range k.Conclusions {
		if c.Limb != soc1.ConcludeOperating && c.Outcome == soc1.NotEffective && c.Window.overlaps(w) {
			return &k.Conclusions[i]
		}
	}
	return nil
}

// testsOf are the tests of days that a window contains.
func (k *ControlLine) testsOf(w Window) []Figures {
	var out []Figures
	for _, t := range k.Tests {
		if t.Window.overlaps(w) {
			out = append(out, t)
		}
	}
	return out
}

func deviating(tests []Figures) int64 {
	var n int64
	for _, t := range tests {
		n += t.DeviationItems
	}
	return n
}

// blocked flags a conclusion that was entered although something stood in its
// way. A conclusion that the control failed rests on less.
func (e *evaluation) blocked(k *ControlLine, c Entered, tests []Figures, flag blocker) {
	for _, t := range tests {
		if !t.Blocked() {
			continue
		}
		var why []string
		for _, b := range t.Blocks {
			why = append(why, b.Text)
		}
		forced := ""
		if t.Forced {
			forced = " Undecided items therefore count as deviations."
		}
		flag("EVA-01", append([]soc1.Ref{c.Ref}, t.Sources[:1]...), "%s is concluded %s while test %s is unfinished: %s%s", k.Code,
			strings.ToLower(c.Outcome.Label()), t.Code, strings.Join(why, " "), forced)
		if !c.Outcome.Favorable() {
			k.Flags[len(k.Flags)-1].Severity = High
		}
	}
}

// favorable flags what an effective conclusion does not follow from.
func (e *evaluation) favorable(k *ControlLine, c Entered, tests []Figures, flag blocker) {
	if len(tests) == 0 {
		flag("TST-01", []soc1.Ref{c.Ref}, "%s is concluded effective for %s, and no test looked at these days.", k.Code, c.Window)
		return
	}
	var windows []Window
	occurred := false
	for _, t := range tests {
		windows = append(windows, t.Window)
		occurred = occurred || t.Method != soc1.DidNotOperate && (t.Tested > 0 || t.Blocked())
		e.limits(k, c, t, flag)
		for _, a := range t.Attributes {
			// Where nothing at all was tested, EVA-19 says so.
			if n := a.Total(); t.Tested > 0 && n > 0 && a.NotApplicable == n {
				flag("EVA-32", []soc1.Ref{c.Ref, t.Test}, "%s is concluded effective, and attribute %s of test %s is not applicable to any item.", k.Code, a.Code, t.Code)
			}
		}
		if k.record.Value.Nature == soc1.Automated && t.DeviationItems > 0 && !k.dated(t) {
			flag("EVA-16", []soc1.Ref{c.Ref, t.Test}, "The automated control %s deviated for %s of test %s and is concluded effective.", k.Code, english.Count(t.DeviationItems, "item"), t.Code)
		}
	}
	e.reliance(k, c, tests, flag)
	if !c.Window.coveredBy(windows) {
		flag("TST-10", append([]soc1.Ref{c.Ref}, testRefs(tests)...), "%s is concluded effective for %s, and its tests cover only %s.", k.Code, c.Window, windowsText(windows))
	}
	if !occurred {
		flag("EVA-19", append([]soc1.Ref{c.Ref}, testRefs(tests)...), "%s had no occasion to operate and is concluded effective.", k.Code)
	}
}

// dated reports whether somebody concluded for which days of a test the control
// failed, so that another conclusion may stand for the rest.
func (k *ControlLine) dated(t Figures) bool {
	return slices.ContainsFunc(on(k.Conclusions, soc1.ConcludeOperating), func(c Entered) bool {
		return c.Outcome == soc1.NotEffective && c.Window.overlaps(t.Window)
	})
}

// limits compares a sample with its plan and its limit.
func (e *evaluation) limits(k *ControlLine, c Entered, t Figures, flag blocker) {
	s := t.Sample
	if s == nil {
		return
	}
	sources := []soc1.Ref{c.Ref, t.Test}
	overridden := strings.TrimSpace(c.OverridesLimitReason) != ""
	exceeds := s.Exceeds != nil && *s.Exceeds
	// An expansion that found nothing more is evaluated by its limit.
	clean := s.Expanded && t.DeviationItems == s.First
	switch {
	case s.ZeroTolerance && t.DeviationItems > 0 && !clean:
		flag("EVA-02", sources, "%s is concluded effective; test %s tolerates no deviation and found %d.", k.Code, t.Code, t.DeviationItems)
	case exceeds && !overridden:
		flag("DEV-04", sources, "%s is concluded effective; the upper limit of test %s is %s for %d of %d, above the tolerable %s.", k.Code, t.Code,
			s.UpperPercent, t.DeviationItems, t.Tested, s.Tolerable)
	case s.Exceeds == nil && s.AboveAllowed && !s.Expanded && !overridden:
		flag("DEV-04", sources, "%s is concluded effective; test %s found %d of %d where the plan allows %d.", k.Code, t.Code, t.DeviationItems, t.Tested, s.Allowed)
	}
}

func testRefs(tests []Figures) []soc1.Ref {
	out := make([]soc1.Ref, len(tests))
	for i, t := range tests {
		out[i] = t.Test
	}
	return out
}

func windowsText(ws []Window) string {
	var out []string
	for _, w := range ws {
		out = append(out, w.String())
	}
	return list(out)
}
