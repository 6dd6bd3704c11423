package gap

import (
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

var scopeRules = []Rule{
	{ID: "SCP-01", Severity: Critical, Fires: "a Type II engagement lacks a date or its period does not run forwards, or a Type I lacks its day",
		Why: "Description, assertion, tests and opinion all speak of these dates; without them nothing can be planned or concluded.", Remedy: "Set both dates of the period; a Type I report has one as-of date.",
		Reads: []string{"engagement"}, find: datesMissing},
	{ID: "SCP-02", Severity: Medium, Fires: "the period is shorter than six months and no reason is recorded",
		Why: "A short period leaves user auditors with most of a fiscal year uncovered, so the report is seldom useful to them.", Remedy: "Record why a short period is still useful, or choose a longer one.",
		Reads: []string{"engagement"}, find: shortPeriod},
	{ID: "SCP-03", Severity: High, Fires: "days lie between the end of the prior report and the start of the period",
		Why: "User auditors need evidence for every day of their clients' fiscal years; days that no report covers must be bridged.", Remedy: "Extend the period back to the prior report, or issue a bridge letter for the days between.",
		Reads: []string{"engagement", "bridge_letter"}, find: coverageGap},
	{ID: "SCP-04", Severity: High, Fires: "a service in scope bears on no assertion about any account of user entities",
		Why: "A SOC 1 report is about controls relevant to user entities' financial reporting; a service without such relevance belongs elsewhere.", Remedy: "Show which accounts and assertions its classes of transactions reach, or move the service to a SOC 2 report.",
		Reads: []string{"engagement", "service", "transaction_class", "assertion_relevance"}, find: irrelevantService},
	{ID: "SCP-05", Severity: High, Fires: "a system in scope is covered by no general IT control objective, and nothing says why none is needed",
		Why: "Automated controls and reports can be relied on only as far as access, change and operations of their system are controlled.", Remedy: "Link the system to the objectives on access, change and operations, or record why no reliance is needed.",
		Reads: []string{"system", "control_objective"}, find: uncoveredSystem},
	{ID: "SCP-06", Severity: Medium, Fires: "the description names a location that is out of scope, or text in scope leaves out one that the scope lists",
		Why: "Description and scope must tell the same story; a reader otherwise relies on controls at a site that nobody examined.", Remedy: "Align the list of locations and the description.",
		Reads: []string{"engagement", "location", "description_section", "control"}, find: locationsDiffer},
}

func datesMissing(f *Facts, x *found) {
	if f.Engagement.ID == "" {
		return
	}
	e, ref := f.Engagement.Value, f.Engagement.Ref()
	switch {
	case e.Type == soc1.Type1 && !e.AsOf.Valid():
		x.at(ref, "as_of", nil, "The Type I engagement has no as-of date.")
	case e.Type == soc1.Type2 && !e.PeriodStart.Valid():
		x.at(ref, "period_start", nil, "The first day of the period is not given.")
	case e.Type == soc1.Type2 && !e.PeriodEnd.Valid():
		x.at(ref, "period_end", nil, "The last day of the period is not given.")
	case e.Type == soc1.Type2 && e.PeriodEnd <= e.PeriodStart:
		x.at(ref, "period_end", nil, "The period ends on %s and begins on %s.", e.PeriodEnd, e.PeriodStart)
	}
}

func shortPeriod(f *Facts, x *found) {
	e := f.Engagement.Value
	if !f.type2() || !f.dated() || strings.TrimSpace(e.ShortPeriodReason) != "" {
		return
	}
	// Six months from 1 January end on 30 June.
	if f.End < f.Start.AddMonths(6).AddDays(-1) {
		x.at(f.Engagement.Ref(), "short_period_reason", nil, "The period covers %s, which is less than six months.", english.Count(f.Start.DaysUntil(f.End)+1, "day"))
	}
}

func coverageGap(f *Facts, x *found) {
	if !f.type2() || !f.dated() {
		return
	}
	prior, from := f.Engagement.Value.PriorReport.PeriodTo, "The prior report"
	var sources []soc1.Ref
	if prior == "" {
		// The engagement before this one, when nothing else is said.
		for _, e := range of[soc1.Engagement](f, "engagement") {
			if e.ID != f.Engagement.ID && e.Value.End().Valid() && e.Value.End() < f.Start && e.Value.End() > prior {
				prior, from, sources = e.Value.End(), e.Value.Title, []soc1.Ref{e.Ref()}
			}
		}
	}
	if !prior.Valid() || f.Start <= prior.AddDays(1) {
		return
	}
	covered := prior
	for _, b := range of[soc1.BridgeLetter](f, "bridge_letter") {
		if b.Value.From <= covered.AddDays(1) && b.Value.To > covered {
			covered = b.Value.To
		}
	}
	if f.Start <= covered.AddDays(1) {
		return
	}
	y := x.at(f.Engagement.Ref(), "period_start", nil, "%s ends on %s and the period begins on %s: %s between them are covered by no report and no bridge letter.",
		from, prior, f.Start, english.Count(covered.AddDays(1).DaysUntil(f.Start), "day"))
	y.Sources = sources
}

func irrelevantService(f *Facts, x *found) {
	relevant := map[string]bool{}
	for _, a := range of[soc1.AssertionRelevance](f, "assertion_relevance") {
		relevant[a.Value.TransactionClass] = relevant[a.Value.TransactionClass] || len(a.Value.Assertions) > 0
	}
	reached := map[string]bool{}
	for _, t := range of[soc1.TransactionClass](f, "transaction_class") {
		for _, s := range t.Value.Services {
			reached[s] = reached[s] || relevant[t.ID]
		}
	}
	for _, s := range of[soc1.Service](f, "service") {
		if s.Value.InScope && has(f.Engagement.Value.Services, s.ID) && !reached[s.ID] {
			x.at(s.Ref(), "", nil, "No class of transactions of %s is recorded as relevant to an assertion about an account of user entities.", s.Value.Name)
		}
	}
}

func uncoveredSystem(f *Facts, x *found) {
	for _, s := range of[soc1.System](f, "system") {
		v := s.Value
		// What a subservice organization operates is covered by its controls.
		if v.InScope && len(v.Objectives) == 0 && strings.TrimSpace(v.Exclusion) == "" && v.SubserviceOrganization == "" {
			x.at(s.Ref(), "objectives", nil, "%s is in scope, and no objective on access, change or operations covers it.", v.Name)
		}
	}
}

func locationsDiffer(f *Facts, x *found) {
	sections := f.sections()
	var used []string
	for _, c := range f.inScope() {
		used = append(used, c.Value.Locations...)
	}
	for _, l := range of[soc1.Location](f, "location") {
		if l.Value.InScope {
			continue
		}
		for _, s := range sections {
			if named(s.Value.Body, l.Value.Name) {
				y := x.at(s.Ref(), "body", nil, "The section %q names %s, which is out of scope.", s.Value.Title, l.Value.Name)
				y.Sources = []soc1.Ref{l.Ref()}
			}
		}
		if slices.Contains(used, l.ID) {
			x.at(l.Ref(), "in_scope", nil, "Controls in scope operate at %s, and the location is out of scope.", l.Value.Name)
		}
	}
	// The report lists the locations in scope itself; a section that lists some
	// of several by name and leaves out one contradicts it.
	for _, s := range sections {
		var there, missing []record.Typed[soc1.Location]
		for _, l := range of[soc1.Location](f, "location") {
			switch {
			case !l.Value.InScope:
			case named(s.Value.Body, l.Value.Name):
				there = append(there, l)
			default:
				missing = append(missing, l)
			}
		}
		if len(there) >= 2 && len(missing) > 0 {
			y := x.at(s.Ref(), "body", nil, "The section %q names %s in scope and leaves out %s.", s.Value.Title, english.Count(len(there), "location"), missing[0].Value.Name)
			y.Sources = []soc1.Ref{missing[0].Ref()}
		}
	}
}
