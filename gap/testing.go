package gap

import (
	"slices"
	"strings"

	"reperform/english"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

var walkthroughRules = []Rule{
	{ID: "WLK-01", Severity: High, Whose: AuditorFile, Fires: "a control listed for an objective has no walkthrough within the engagement",
		Why: "Design and implementation are concluded on by following one item from end to end, in this engagement.", Remedy: "Walk one item through the control.",
		Reads: []string{"engagement", "control_objective", "control", "walkthrough", "examination"}, find: notWalked},
	{ID: "WLK-02", Severity: Medium, Whose: AuditorFile, Fires: "a walkthrough consists of inquiry only",
		Why: "What somebody says about a control is not evidence that it exists.", Remedy: "Add observation or inspection.",
		Reads: []string{"walkthrough", "engagement"}, find: walkedByAsking},
}

var populationRules = []Rule{
	{ID: "POP-01", Severity: Critical, Whose: Testing, Fires: "a test needs a population, and none is named or frozen",
		Why: "A sample of an unknown population says nothing about it.", Remedy: "Obtain and freeze the population before selecting.",
		Reads: testKinds, find: evaluated("POP-01")},
	{ID: "POP-02", Severity: Critical, Whose: Testing, Never: true, Fires: "completeness and accuracy of a population were not tested, or a test failed without an explanation",
		Why: "What is missing from the list cannot be selected, so a sample from it proves nothing.", Remedy: "Test completeness and accuracy; do not rely on the sample before.",
		Reads: testKinds, find: evaluated("POP-02")},
	{ID: "POP-03", Severity: High, Whose: Testing, Fires: "a population does not cover the days tested",
		Why: "Nothing was selected from the days that are missing.", Remedy: "Extract it again with the full dates.",
		Reads: testKinds, find: evaluated("POP-03")},
	{ID: "POP-04", Severity: High, Whose: Testing, Fires: "a population was extracted before the period ended, and no other covers the rest",
		Why: "The remaining months have no population, and the conclusion would speak of days that nobody looked at.", Remedy: "Extract the remaining days, or roll the test forward over them.",
		Reads: []string{"engagement", "test_of_control", "population", "organization"}, find: extractedEarly},
	{ID: "POP-05", Severity: Medium, Whose: Testing, Fires: "a population is empty, and the control is not tested as one that did not operate",
		Why: "An empty list may mean that nothing happened, or that the query was wrong.", Remedy: "Confirm that nothing happened, and test by the method for a control that did not operate.",
		Reads: []string{"engagement", "test_of_control", "population"}, find: emptyPopulation},
	{ID: "POP-06", Severity: Medium, Whose: Testing, Fires: "a population's size is more than a quarter away from what the control's frequency predicts",
		Why: "Missing or extra instances mean that the list is incomplete, or that the control did not operate as stated.", Remedy: "Find out why, and record it with the completeness checks.",
		Reads: []string{"engagement", "test_of_control", "population", "control", "organization", "business_calendar", "location"}, find: unexpectedSize},
	{ID: "POP-07", Severity: High, Whose: Testing, Fires: "a control on changes or access is tested on a list of tickets",
		Why: "What was changed without a ticket is exactly what the control should prevent, and is not on the list.", Remedy: "Take the population from the deployment or entitlement log.",
		Reads: []string{"engagement", "test_of_control", "population", "control"}, find: ticketsAsSource},
}

var sampleRules = []Rule{
	{ID: "SMP-01", Severity: Critical, Whose: Testing, Fires: "fewer items were tested than the method asks for",
		Why: "A smaller sample gives less confidence than the conclusion claims.", Remedy: "Draw and test the next ranked items.",
		Reads: testKinds, find: evaluated("SMP-01")},
	{ID: "SMP-02", Severity: Critical, Whose: Testing, Fires: "a sample has items that are not in the population, or an item twice",
		Why: "The sample was not drawn from what it is said to be drawn from.", Remedy: "Draw again from the frozen population.",
		Reads: testKinds, find: evaluated("SMP-02")},
	{ID: "SMP-03", Severity: High, Whose: Testing, Fires: "seed, algorithm or population hash of a random selection is missing",
		Why: "The selection cannot be re-performed, so nobody can know that it was random.", Remedy: "Draw again with a recorded seed.",
		Reads: testKinds, find: evaluated("SMP-03")},
	{ID: "SMP-04", Severity: Medium, Whose: Testing, Fires: "no item of a control performed at least monthly comes from a quarter in which it operated",
		Why: "A conclusion on the period needs evidence from all of it.", Remedy: "Stratify the selection by quarter, or add items of the quarter left out.",
		Reads: []string{"engagement", "test_of_control", "sample", "control", "population"}, find: quarterLeftOut},
	{ID: "SMP-05", Severity: High, Whose: Testing, Fires: "a seed was set after the population could be seen, without a commitment before",
		Why: "Whoever sees the list first can try seeds until the sample pleases.", Remedy: "Draw under the nonce that was committed before.",
		Reads: testKinds, find: evaluated("SMP-05")},
	{ID: "SMP-06", Severity: Medium, Whose: Testing, Fires: "an item of a sample was replaced without a reason that somebody approved",
		Why: "An item that cannot be found is a deviation until it is shown to be void.", Remedy: "Record why the item is void, or count it as a deviation.",
		Reads: []string{"engagement", "test_of_control", "sample", "result"}, find: replacedSilently},
}

func notWalked(f *Facts, x *found) {
	walked := map[string]bool{}
	opened := soc1.Date("")
	for _, e := range of[soc1.Examination](f, "examination") {
		opened = e.Value.OpenedOn
	}
	for _, w := range of[soc1.Walkthrough](f, "walkthrough") {
		if w.Value.Engagement != "" && w.Value.Engagement != f.Engagement.ID {
			continue
		}
		// Within the engagement: from the first day of the period, or from the
		// day on which the file was opened where that is earlier.
		first := f.Start
		if opened != "" && (first == "" || opened < first) {
			first = opened
		}
		walked[w.Value.Control] = walked[w.Value.Control] || w.Value.PerformedOn >= first
	}
	for _, c := range f.inScope() {
		if !c.Value.EntityLevel() && !walked[c.ID] {
			x.at(c.Ref(), "", c.Value.Objectives, "%s has no walkthrough in this engagement.", code(c))
		}
	}
}

func walkedByAsking(f *Facts, x *found) {
	for _, w := range of[soc1.Walkthrough](f, "walkthrough") {
		if (w.Value.Engagement == "" || w.Value.Engagement == f.Engagement.ID) && w.Value.InquiryOnly() {
			x.at(w.Ref(), "steps", nil, "Every step of the walkthrough of %s is inquiry.", w.Value.Control)
		}
	}
}

// populations are by id.
func (f *Facts) populations() map[string]*record.Typed[soc1.Population] {
	return made(f, "populations", []string{"population"}, func() map[string]*record.Typed[soc1.Population] {
		list := of[soc1.Population](f, "population")
		out := make(map[string]*record.Typed[soc1.Population], len(list))
		for i := range list {
			out[list[i].ID] = &list[i]
		}
		return out
	})
}

// window are the days that a test speaks of.
func (f *Facts) window(t soc1.TestOfControl) (from, to soc1.Date) {
	from, to = f.Start, f.End
	if t.WindowFrom != "" {
		from = t.WindowFrom
	}
	if t.WindowTo != "" {
		to = t.WindowTo
	}
	return from, to
}

func extractedEarly(f *Facts, x *found) {
	if !f.type2() || !f.dated() {
		return
	}
	pops := f.populations()
	// Until which day do populations of a control reach?
	reach := map[string]soc1.Date{}
	for _, t := range f.tests() {
		if p := pops[t.Value.Population]; p != nil && p.Value.PeriodTo > reach[t.Value.Control] && p.Value.RunAt.Date() >= p.Value.PeriodTo {
			reach[t.Value.Control] = p.Value.PeriodTo
		}
	}
	told := map[string]bool{}
	for _, t := range f.tests() {
		p := pops[t.Value.Population]
		if p == nil || told[p.ID] || f.Today <= f.End {
			continue
		}
		_, to := f.window(t.Value)
		if day := p.Value.RunAt.Date(); day != "" && day < to && reach[t.Value.Control] < to {
			told[p.ID] = true
			y := x.at(p.Ref(), "run_at", f.objectivesOf(t.Value.Control), "%s was extracted on %s, before %s, and no other population of the control reaches that day.", p.Value.Title, day, to)
			y.Sources = []soc1.Ref{t.Ref()}
		}
	}
}

// objectivesOf are those of a control.
func (f *Facts) objectivesOf(control string) []string {
	if c := f.controls().byID[control]; c != nil {
		return c.Value.Objectives
	}
	return nil
}

func emptyPopulation(f *Facts, x *found) {
	pops := f.populations()
	for _, t := range f.tests() {
		p := pops[t.Value.Population]
		if p != nil && p.Value.PopulationHash != "" && p.Value.RowCount == 0 && t.Value.Method != soc1.DidNotOperate {
			y := x.at(t.Ref(), "method", f.objectivesOf(t.Value.Control), "The population %s of the test %s has no items, and the test is not one of a control that did not operate.", p.Value.Title, name(t.Value.Code, t.ID))
			y.Sources = []soc1.Ref{p.Ref()}
		}
	}
}

func unexpectedSize(f *Facts, x *found) {
	calendars := overview.CalendarsOf(of[soc1.Organization](f, "organization"), of[soc1.BusinessCalendar](f, "business_calendar"), of[soc1.Location](f, "location"))
	pops := f.populations()
	for _, t := range f.tests() {
		p, c := pops[t.Value.Population], f.controls().byID[t.Value.Control]
		if p == nil || c == nil || p.Value.PopulationHash == "" {
			continue
		}
		from, to := p.Value.PeriodFrom, p.Value.PeriodTo
		if !from.Valid() || !to.Valid() {
			from, to = f.window(t.Value)
		}
		list, counted := calendars.Of(&c.Value).Occurrences(c.Value.Frequency, max(from, c.Value.InOperationFrom), to)
		want := int64(len(list))
		if !counted || want == 0 {
			continue
		}
		n := p.Value.RowCount
		// 4·|n − want| > want is more than a quarter away, in whole numbers.
		if d := n - want; 4*max(d, -d) > want {
			y := x.at(p.Ref(), "row_count", c.Value.Objectives, "%s has %s from %s to %s; %s is %s, so about %d are expected.", p.Value.Title, english.Count(n, "item"), from, to, code(c), strings.ToLower(c.Value.Frequency.Label()), want)
			y.Sources = []soc1.Ref{t.Ref(), c.Ref()}
		}
	}
}

func ticketsAsSource(f *Facts, x *found) {
	pops := f.populations()
	for _, t := range f.tests() {
		p, c := pops[t.Value.Population], f.controls().byID[t.Value.Control]
		if p == nil || c == nil {
			continue
		}
		source := strings.ToLower(p.Value.SourceSystem + " " + p.Value.Query + " " + p.Value.Title)
		if !strings.Contains(source, "ticket") && !strings.Contains(source, "jira") && !strings.Contains(source, "servicenow") {
			continue
		}
		if strings.Contains(source, "deploy") || strings.Contains(source, "entitlement") || strings.Contains(source, " log") {
			continue
		}
		if about := access.FindString(c.Value.Statement()); about != "" {
			y := x.at(p.Ref(), "source_system", c.Value.Objectives, "%s comes from tickets, and %s is about %s: what was done without a ticket is not on the list.", p.Value.Title, code(c), strings.ToLower(about))
			y.Sources = []soc1.Ref{t.Ref(), c.Ref()}
		}
	}
}

// spread are the frequencies of which every quarter has occurrences.
var spread = []soc1.Frequency{soc1.Monthly, soc1.Weekly, soc1.Daily, soc1.MultiplePerDay}

func quarterLeftOut(f *Facts, x *found) {
	if !f.type2() || !f.dated() {
		return
	}
	samples := map[string][]record.Typed[soc1.Sample]{}
	for _, s := range of[soc1.Sample](f, "sample") {
		samples[s.Value.Test] = append(samples[s.Value.Test], s)
	}
	for _, t := range f.tests() {
		c := f.controls().byID[t.Value.Control]
		if c == nil || t.Value.Method != soc1.SampleMethod || c.Value.Nature == soc1.Automated || !slices.Contains(spread, c.Value.Frequency) {
			continue
		}
		quarters := map[string]bool{}
		items := 0
		for _, s := range samples[t.ID] {
			for _, it := range s.Value.Items {
				items++
				if q := quarterOf(it); q != "" {
					quarters[q] = true
				}
			}
		}
		from, to := f.window(t.Value)
		want := 0
		var lacks []string
		for d := max(from, c.Value.InOperationFrom); d.Valid() && d <= to; d = d.QuarterEnd().AddDays(1) {
			want++
			if q := d.QuarterLabel(); !quarters[q] {
				lacks = append(lacks, q)
			}
		}
		// Where the items carry no dates nothing can be said of quarters; and a
		// sample smaller than the quarters cannot reach each.
		if len(quarters) == 0 || len(lacks) == 0 || items < want {
			continue
		}
		x.at(t.Ref(), "sample_plan", c.Value.Objectives, "No item of %s comes from %s, although %s is performed %s.", name(t.Value.Code, t.ID), and(lacks), code(c), strings.ToLower(c.Value.Frequency.Label()))
	}
}

// quarterOf is the quarter that an item was drawn from: its stratum, or the date
// that its key begins with.
func quarterOf(it soc1.SampleItem) string {
	if len(it.Stratum) == 7 && it.Stratum[4:6] == "-Q" {
		return it.Stratum
	}
	if len(it.Key) >= 10 {
		if d := soc1.Date(it.Key[:10]); d.Valid() {
			return d.QuarterLabel()
		}
	}
	return ""
}

func replacedSilently(f *Facts, x *found) {
	mine := map[string]record.Typed[soc1.TestOfControl]{}
	for _, t := range f.tests() {
		mine[t.ID] = t
	}
	// An item is replaced where more items were drawn than were asked for: the
	// next ranked stands in for one that is not applicable.
	voids := map[string]map[string]string{}
	for _, r := range of[soc1.Result](f, "result") {
		if _, ok := mine[r.Value.Test]; !ok || r.Value.Outcome != soc1.NotApplicable {
			continue
		}
		if voids[r.Value.Test] == nil {
			voids[r.Value.Test] = map[string]string{}
		}
		voids[r.Value.Test][r.Value.ItemKey] += strings.TrimSpace(r.Value.Note)
	}
	for _, s := range of[soc1.Sample](f, "sample") {
		t, ok := mine[s.Value.Test]
		if !ok || len(s.Value.Items) <= s.Value.N {
			continue
		}
		extra, explained := len(s.Value.Items)-s.Value.N, 0
		for _, it := range s.Value.Items {
			if voids[t.ID][it.Key] != "" {
				explained++
			}
		}
		if explained < extra && strings.TrimSpace(s.Value.Reason) == "" {
			x.at(s.Ref(), "items", f.objectivesOf(t.Value.Control), "%s of the sample for %s %s replaced, and no note says why.", english.Count(extra-explained, "item"), name(t.Value.Code, t.ID), were(extra-explained))
		}
	}
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
