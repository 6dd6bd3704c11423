package evaluation

import (
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// deviationFlags holds each deviation against its exceptions and asks what an
// auditor asks of it, and finds confirmed exceptions that no deviation reports.
func (e *evaluation) deviationFlags() {
	covered := map[string]bool{}
	for _, d := range e.Deviations {
		for _, id := range d.Value.Exceptions {
			covered[id] = true
		}
		e.deviationText(d)
		e.deviationItems(d)
	}
	for _, x := range e.Exceptions {
		if x.Value.Status == soc1.Confirmed && !covered[x.ID] {
			e.add("DEV-02", x.Ref(), nil, "The confirmed exception %s of test %s, %s, belongs to no deviation.", x.ID, x.Value.Test, english.Count(x.Value.Count(), "item"))
		}
	}
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// deviationText asks for cause, effect, response and, for an intentional act,
// what was done about it.
func (e *evaluation) deviationText(d record.Typed[soc1.Deviation]) {
	v := d.Value
	switch {
	case blank(v.Cause) && blank(v.Effect):
		e.add("DEV-01", d.Ref(), nil, "Neither cause nor effect of deviation %s is evaluated.", name(v.Code, d.ID))
	case blank(v.Cause):
		e.add("DEV-01", d.Ref(), nil, "The cause of deviation %s is not evaluated.", name(v.Code, d.ID))
	case blank(v.Effect):
		e.add("DEV-01", d.Ref(), nil, "The effect of deviation %s is not evaluated.", name(v.Code, d.ID))
	}
	if blank(v.Response) && !e.answered(d) {
		e.add("DEV-03", d.Ref(), nil, "Management has not responded to deviation %s.", name(v.Code, d.ID))
	}
	if v.Intentional && blank(v.FraudResponse) {
		e.add("DEV-06", d.Ref(), nil, "Deviation %s is an intentional act, and no response to it is recorded.", name(v.Code, d.ID))
	}
	if t, ok := record.Find(e.Tests, v.Test); ok && v.Extent == soc1.Systematic && e.gather(t).draw.expanded() {
		e.add("EVA-24", d.Ref(), []soc1.Ref{t.Ref()}, "Deviation %s is systematic, and the sample of test %s was expanded.", name(v.Code, d.ID), t.Value.Code)
	}
	if v.Repeat {
		e.add("DEV-07", d.Ref(), nil, "Deviation %s repeats one of the prior period.", name(v.Code, d.ID))
	}
}

// answered reports whether the organization's ledger holds a response.
func (e *evaluation) answered(d record.Typed[soc1.Deviation]) bool {
	for _, r := range e.Responses {
		to := r.Value.Deviation
		if to.ID == d.ID && (to.Ledger == "" || d.Ledger == "" || to.Ledger == d.Ledger) && !blank(r.Value.Text) {
			return true
		}
	}
	return false
}

// deviationItems demands that a deviation counts the items of its exceptions,
// all of them confirmed and of its own test and control.
func (e *evaluation) deviationItems(d record.Typed[soc1.Deviation]) {
	items := newItemSet()
	sources := []soc1.Ref{}
	for _, id := range d.Value.Exceptions {
		x, ok := record.Find(e.Exceptions, id)
		if !ok {
			e.add("EVA-11", d.Ref(), nil, "Deviation %s names the exception %s, which does not exist.", name(d.Value.Code, d.ID), id)
			continue
		}
		sources = append(sources, x.Ref())
		if x.Value.Status != soc1.Confirmed {
			e.add("EVA-11", d.Ref(), []soc1.Ref{x.Ref()}, "Deviation %s names the exception %s, which is %s.", name(d.Value.Code, d.ID), id, x.Value.Status)
			continue
		}
		if x.Value.Test != d.Value.Test {
			e.add("EVA-11", d.Ref(), []soc1.Ref{x.Ref()}, "Deviation %s is of test %s, its exception %s of test %s.", name(d.Value.Code, d.ID), d.Value.Test, id, x.Value.Test)
		}
		e.addAll(items, x)
	}
	if fewest, most := items.bounds(0); d.Value.ItemCount < fewest || d.Value.ItemCount > most {
		e.add("EVA-11", d.Ref(), sources, "Deviation %s counts %s, its confirmed exceptions %s.", name(d.Value.Code, d.ID), english.Count(d.Value.ItemCount, "item"), between(fewest, most))
	}
	if t, ok := record.Find(e.Tests, d.Value.Test); ok && t.Value.Control != d.Value.Control {
		e.add("EVA-11", d.Ref(), []soc1.Ref{t.Ref()}, "Deviation %s is of control %s, its test of %s.", name(d.Value.Code, d.ID), d.Value.Control, t.Value.Control)
	}
}

func between(fewest, most int64) string {
	if fewest == most {
		return english.Count(most, "item")
	}
	return english.Count(fewest, "item") + " to " + english.Count(most, "item")
}

// name is the code that people know a record by, else its id.
func name(code, id string) string {
	if code != "" {
		return code
	}
	return id
}
