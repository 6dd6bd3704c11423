package evaluation

import (
	"slices"

	"reperform/soc1"
)

// opinionFlags are those of the opinion as a whole.
func (e *evaluation) opinionFlags() {
	op := e.opinion.Value
	at := e.opinion.Ref()
	if len(e.Opinions) > 1 {
		e.add("EVA-12", at, refs(e.Opinions), "%d opinions stand beside each other; the one entered last is evaluated.", len(e.Opinions))
	}
	if !e.type2() && op.Limbs.Operating != "" {
		e.add("EVA-10", at, nil, "The opinion of a Type I report speaks of operating effectiveness.")
	}
	pervasive := slices.ContainsFunc([]soc1.OpinionType{op.Limbs.Description, op.Limbs.Design, op.Limbs.Operating},
		func(o soc1.OpinionType) bool { return o == soc1.Adverse || o == soc1.Disclaimer })
	if pervasive && blank(op.PervasiveReasons) {
		e.add("EVA-09", at, nil, "An adverse opinion or a disclaimer is entered without reasons why the matter is pervasive.")
	}
	e.reportDate()
}

// reportDate holds the date of the report against every date of work and
// review that it rests on.
func (e *evaluation) reportDate() {
	date := e.opinion.Value.ReportDate
	if !date.Valid() {
		return
	}
	var last soc1.Date
	var of soc1.Ref
	see := func(d soc1.Date, r soc1.Ref) {
		if d.Valid() && d > last {
			last, of = d, r
		}
	}
	for _, t := range e.Tests {
		see(t.Value.PerformedOn, t.Ref())
		see(t.Value.ReviewedOn, t.Ref())
	}
	for _, r := range e.Results {
		see(r.Value.TestedOn, r.Ref())
	}
	for _, x := range e.Exceptions {
		see(x.Value.DecidedOn, x.Ref())
	}
	for _, c := range e.Conclusions {
		see(c.Value.On, c.Ref())
	}
	cited := map[string]bool{}
	for _, r := range e.Results {
		for _, id := range r.Value.Evidence {
			cited[id] = true
		}
	}
	for _, v := range e.Evidence {
		if cited[v.ID] {
			see(v.Value.ReceivedAt.Date(), v.Ref())
		}
	}
	see(e.opinion.Value.On, e.opinion.Ref())
	if last > date {
		e.add("RPT-04", e.opinion.Ref(), []soc1.Ref{of}, "The report is dated %s, and work it rests on was done or signed off on %s (%s).", date, last, of)
	}
}
