package overview

import (
	"fmt"
	"slices"

	"reperform/soc1"
)

// Concern is something still open at which somebody looks before they sign what
// management says about the report. It forbids nothing.
type Concern struct {
	// Key names what it counts: "period", "assertion", "exceptions", "failed",
	// "responses", "evidence", "description" or "risks".
	Key string
	// Text says it in a sentence.
	Text string
	// Refs are the records concerned, of evidence the controls.
	Refs []soc1.Ref
}

// BeforeSigning lists what is open before management's assertion or its
// representation letter is signed, the heaviest first. Controls that failed are
// left out where the assertion states an exception on one of their objectives, or
// on all.
func (o *Overview) BeforeSigning(kind string) []Concern {
	var out []Concern
	add := func(key string, refs []soc1.Ref, format string, args ...any) {
		out = append(out, Concern{Key: key, Text: fmt.Sprintf(format, args...), Refs: refs})
	}
	if today := o.Question.Today; today <= o.Period.To {
		add("period", nil, "The period lasts until %s; what happens until then is not known yet.", o.Period.To.Long())
	}
	if kind == "representation_letter" {
		for i := range o.records.Assertions {
			if x := &o.records.Assertions[i]; o.concerns(x.Value.Engagement) && x.Value.SubserviceOrganization == "" && x.Value.SignedOn == "" {
				add("assertion", []soc1.Ref{x.Ref()}, "Management’s assertion is not signed yet.")
			}
		}
	}
	if x := o.Figures().OpenExceptions; x.N > 0 {
		add("exceptions", x.Refs, "%s of management’s own tests %s open: nobody confirmed or dismissed %s.", plural(x.N, "exception"), verb(x.N, "is", "are"), verb(x.N, "it", "them"))
	}
	var failed, owing []soc1.Ref
	owed := 0
	for i := range o.Controls {
		line := &o.Controls[i]
		if s := &o.testing.by[i]; (len(s.unfavorable) > 0 || line.Status == Exception && len(s.open) == 0) && !o.stated(line) {
			failed = append(failed, line.Ref)
		}
		if n := line.Evidence.Overdue(); n > 0 {
			owed += n
			owing = append(owing, line.Ref)
		}
	}
	if n := len(failed); n > 0 {
		add("failed", failed, "%s failed by management’s own tests, and the assertion states no exception on what %s for.", plural(n, "control"), verb(n, "it is", "they are"))
	}
	var unanswered []soc1.Ref
	for i := range o.testing.by {
		for _, d := range o.testing.by[i].deviations {
			if !o.responded(d) && !slices.Contains(unanswered, d) {
				unanswered = append(unanswered, d)
			}
		}
	}
	if n := len(unanswered); n > 0 {
		add("responses", unanswered, "%s %s without a response of management.", plural(n, "deviation"), verb(n, "is", "are"))
	}
	if owed > 0 {
		add("evidence", owing, "Evidence is owed for %s of %s.", plural(owed, "occurrence"), plural(len(owing), "control"))
	}
	if missing := o.Undescribed(); len(missing) > 0 {
		add("description", nil, "The description has no section with text for %s.", criteria(missing))
	}
	var risks []soc1.Ref
	for i := range o.Risks {
		if l := &o.Risks[i]; !l.Answered() {
			risks = append(risks, l.Ref)
		}
	}
	if n := len(risks); n > 0 {
		add("risks", risks, "%s %s answered by no control and no stated response.", plural(n, "risk"), verb(n, "is", "are"))
	}
	return out
}

// stated reports whether the assertion states an exception that covers a control.
func (o *Overview) stated(line *ControlLine) bool {
	for i := range o.records.Assertions {
		x := &o.records.Assertions[i]
		if !o.concerns(x.Value.Engagement) || x.Value.SubserviceOrganization != "" {
			continue
		}
		for _, m := range x.Value.Modifications {
			if m.Objective == "" || slices.Contains(line.Control.Objectives, m.Objective) {
				return true
			}
		}
	}
	return false
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func criteria(list []soc1.Criterion) string {
	s := ""
	for i, c := range list {
		if i > 0 {
			s += ", "
		}
		s += string(c)
	}
	return s
}
