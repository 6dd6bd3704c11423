package evaluation

import (
	"slices"

	"reperform/record"
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
	e.letters()
}

// letters asks for the written representations, without which no opinion is
// given: dated as the report, by management and by each subservice organization
// that the report includes (AT-C 320; ISAE 3402.38).
func (e *evaluation) letters() {
	date := e.opinion.Value.ReportDate
	if e.Past == nil || e.By != soc1.ByAuditor || !date.Valid() {
		return
	}
	at := e.opinion.Ref()
	own := e.letterOf("")
	switch {
	case own == nil:
		e.add("RPT-02", at, nil, "No representation letter of management is recorded for the engagement.")
	case own.Value.SignedBy == "" && own.Value.File.Name == "":
		e.add("RPT-02", own.Ref(), []soc1.Ref{at}, "Management's representation letter %s is not signed.", own.ID)
	default:
		if d := dated(own.Value); d != date {
			e.add("RPT-02", own.Ref(), []soc1.Ref{at}, "Management's representation letter %s is dated %s, the report %s.", own.ID, d, date)
		}
	}
	for _, s := range e.Past.Subs {
		if s.Value.Method != soc1.Inclusive || !named(e.Engagement.Value.SubserviceOrganizations, s.ID) {
			continue
		}
		if l := e.letterOf(s.ID); l == nil && s.Value.RepresentationLetterOn == "" {
			e.add("RPT-02", s.Ref(), []soc1.Ref{at}, "The report includes %s, and no representation letter of it is recorded.", s.Value.Name)
		}
	}
}

// letterOf is the letter of the engagement by management, or by a subservice
// organization; of several the one recorded last.
func (e *evaluation) letterOf(subservice string) (last *record.Typed[soc1.RepresentationLetter]) {
	for i := range e.Past.Letters {
		l := &e.Past.Letters[i]
		if l.Value.Engagement == e.Engagement.ID && l.Value.SubserviceOrganization == subservice && (last == nil || l.Pos > last.Pos) {
			last = l
		}
	}
	return last
}

// dated is the day that a letter bears.
func dated(l soc1.RepresentationLetter) soc1.Date {
	if l.Dated != "" {
		return l.Dated
	}
	return l.SignedOn
}

// named tells whether a list that stands for all when it is empty names an id.
func named(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }

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
