package readiness

import (
	"cmp"
	"fmt"
	"slices"

	"reperform/english"
	"reperform/gap"
	"reperform/overview"
	"reperform/soc1"
)

// counted says how many there are, of phrases whose plural is not at their end.
func counted(n int, one, many string) string {
	return fmt.Sprintf("%d %s", n, english.Choose(n, one, many))
}

// Aspect is what of an opinion a matter could modify.
type Aspect int

// The aspects of an opinion, in the order of its paragraphs. Evidence is the
// ability to obtain enough of it: what is missing there limits the scope.
const (
	Description Aspect = iota
	Design
	Operation
	Evidence
	Form
)

// Label is the words a person reads.
func (a Aspect) Label() string {
	return [...]string{"Fairness of the description", "Suitability of the design", "Operating effectiveness", "Sufficiency of evidence", "Assertion, letters and report"}[a]
}

// Matter is something that could modify the opinion on one aspect, about one
// objective or about the report as a whole.
type Matter struct {
	Aspect Aspect
	// Objective is the objective concerned; its ID is empty for the report as a whole.
	Objective   soc1.Ref
	Code, Title string
	// Grave says that a line of it is critical, or that a control failed.
	Grave bool
	Lines []Line
}

// Line is one thing that a matter rests on, with what would settle it.
type Line struct {
	// Rule is the number of the rule that found it; empty where it is an exception.
	Rule     string
	Severity gap.Severity
	Subject  soc1.Ref
	Field    string
	Text     string
	Settle   string
	// Accepted says that management accepted it. Acceptance is management's: the
	// service auditor may see it otherwise.
	Accepted bool
}

// aspects say which aspect a group of rules bears on.
var aspects = map[string]Aspect{"SCP": Description, "DSC": Description, "EVT": Description, "CUE": Description, "SUB": Description, "OBJ": Design, "CTL": Design, "WLK": Design,
	"TRN": Operation, "POP": Evidence, "SMP": Evidence, "TST": Evidence, "DEV": Operation, "RPT": Form}

// weightyHigh are the rules of high severity whose finding could modify an opinion
// together with others: what is omitted or stated wrongly, controls that cannot be
// suitably designed as they stand, and tests and deviations that support no
// conclusion. What only makes work, such as a report that a control uses and nobody
// named, is not among them.
var weightyHigh = []string{"SCP", "DSC", "EVT", "SUB", "CUE", "OBJ", "CTL-06", "CTL-09", "CTL-11", "POP", "SMP", "TST", "DEV"}

// weighty tells whether a finding could modify an opinion.
func weighty(f *gap.Finding) bool {
	return f.Severity == gap.Critical || f.Severity == gap.High && (slices.Contains(weightyHigh, f.Rule.ID) || slices.Contains(weightyHigh, f.Rule.Group()))
}

// matterKey gathers lines.
type matterKey struct {
	aspect    Aspect
	objective string
}

// matters gathers what could modify the opinion: exceptions that stand, and weighty
// findings, accepted or not.
func matters(o *overview.Overview, found *gap.Result) []Matter {
	by := map[matterKey]*Matter{}
	titles := map[string]*overview.ObjectiveLine{}
	for i := range o.Objectives {
		titles[o.Objectives[i].Ref.ID] = &o.Objectives[i]
	}
	add := func(aspect Aspect, objective string, grave bool, l Line) {
		k := matterKey{aspect, objective}
		m := by[k]
		if m == nil {
			m = &Matter{Aspect: aspect}
			if t := titles[objective]; t != nil && objective != "" {
				m.Objective, m.Code, m.Title = t.Ref, t.Objective.Code, t.Objective.Title
			}
			by[k] = m
		}
		m.Grave = m.Grave || grave
		m.Lines = append(m.Lines, l)
	}
	exceptions(o, add)
	for i := range found.Findings {
		f := &found.Findings[i]
		if !weighty(f) {
			continue
		}
		l := Line{Rule: f.Rule.ID, Severity: f.Severity, Subject: f.Subject, Field: f.Field, Text: f.Text, Settle: f.Rule.Remedy, Accepted: f.Accepted != nil}
		placed := false
		for _, id := range f.Objectives {
			if titles[id] != nil && id != "" {
				placed = true
				add(aspects[f.Rule.Group()], id, f.Severity == gap.Critical, l)
			}
		}
		// What bears on everything is a matter of the report as a whole; what bears on
		// objectives outside it alone is none of its matters.
		if !placed && len(f.Objectives) == 0 {
			add(aspects[f.Rule.Group()], "", f.Severity == gap.Critical, l)
		}
	}
	out := make([]Matter, 0, len(by))
	for _, m := range by {
		out = append(out, *m)
	}
	place := func(m Matter) int {
		return slices.IndexFunc(o.Objectives, func(l overview.ObjectiveLine) bool {
			return m.Objective.ID != "" && l.Ref.ID == m.Objective.ID
		})
	}
	slices.SortFunc(out, func(a, b Matter) int {
		grave := func(m Matter) int {
			if m.Grave {
				return 0
			}
			return 1
		}
		return cmp.Or(grave(a)-grave(b), int(a.Aspect)-int(b.Aspect), place(a)-place(b))
	})
	return out
}

// exceptions adds the controls whose tests found exceptions that stand.
func exceptions(o *overview.Overview, add func(Aspect, string, bool, Line)) {
	for i := range o.Controls {
		c := &o.Controls[i]
		if c.Status != overview.Exception {
			continue
		}
		l := Line{Severity: gap.High, Subject: c.Ref, Text: c.Why,
			Settle: "Find the cause, correct it, and test again over the rest of the period; or show that another control achieves the objective, and conclude."}
		if c.Open > 0 {
			l.Settle = "Confirm or dismiss what is open. If it stands, find the cause, correct it, and test again over the rest of the period."
		}
		for _, at := range c.Objectives {
			if t := &o.Objectives[at]; !t.EntityLevel() {
				add(Operation, t.Ref.ID, true, l)
			}
		}
	}
}
