package planning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/evaluation"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
	"reperform/soc1/library"
)

// Reason is why something is proposed, with what it rests on.
type Reason struct {
	Text   string
	Source string
}

// Proposal is a test that is proposed.
type Proposal struct {
	// Key names it among the proposals of the plan.
	Key string
	// Test and Attributes are what would be recorded.
	Test       soc1.TestOfControl
	Attributes []soc1.Attribute
	Reasons    []Reason
	// General says that the attributes follow from the statement alone, so that their
	// number says nothing.
	General bool
	// Problem says why it cannot be taken over as it is; empty where it can.
	Problem string
	// Planned is the test that answers to it; nil where none is planned.
	Planned *record.Typed[soc1.TestOfControl]
	Differs []Difference
}

// Difference is what a planned test has otherwise than proposed.
type Difference struct {
	What, Proposed, Planned string
	// Less says that the planned test looks at less.
	Less bool
}

// segment is a run of days in which a control read the same.
type segment struct {
	control  soc1.Control
	revision int64
	from, to soc1.Date
	// first and last say where the segment lies among those of the control.
	number, of int
}

// segments are the versions of a control within the period that a test would tell apart.
// A change of owner makes no version.
func (f *Facts) segments(c record.Typed[soc1.Control]) []segment {
	start, end := f.Engagement.Value.Start(), f.Engagement.Value.End()
	var out []segment
	for _, v := range f.Versions {
		if v.Kind != "control" || v.ID != c.ID || v.Retired || v.Redacted {
			continue
		}
		k, err := record.Decode[soc1.Control](v.Record)
		if err != nil {
			continue
		}
		s := segment{control: k, revision: v.Revision, from: max(v.From, start, k.InOperationFrom), to: end}
		if v.Until != "" {
			s.to = min(s.to, v.Until)
		}
		if k.InOperationTo != "" {
			s.to = min(s.to, k.InOperationTo)
		}
		if s.to < s.from {
			continue
		}
		if n := len(out); n > 0 && alike(out[n-1].control, k) && out[n-1].to.AddDays(1) == s.from {
			out[n-1].to, out[n-1].control, out[n-1].revision = s.to, k, s.revision
			continue
		}
		out = append(out, s)
	}
	for i := range out {
		out[i].number, out[i].of = i+1, len(out)
	}
	return out
}

// alike reports whether two versions of a control are tested alike.
func alike(a, b soc1.Control) bool {
	return a.Statement() == b.Statement() && a.Nature == b.Nature && a.Frequency == b.Frequency && a.Type == b.Type && a.Precision == b.Precision
}

// line is a control with what is proposed for it.
func (f *Facts) line(p *Plan, c record.Typed[soc1.Control]) Line {
	l := Line{Control: c}
	l.Risk, l.RiskWhy = f.risk(p, c.Value)
	if f.Engagement.Value.Type == soc1.Type1 {
		l.Note = "Type I: design and implementation are shown by a walkthrough."
	} else {
		segments := f.segments(c)
		if len(segments) == 0 {
			l.Note = "It was not in operation in the period."
		}
		for _, s := range segments {
			l.Proposals = append(l.Proposals, f.propose(p, c, s, l.Risk, l.RiskWhy)...)
		}
	}
	f.match(&l)
	f.earlier(&l)
	return l
}

// risk is the column of the frequency table for a control. A risk that nobody rated is
// no low one.
func (f *Facts) risk(p *Plan, c soc1.Control) (soc1.RiskLevel, Reason) {
	from := 12
	if p.Profile != nil {
		from = p.Profile.Value.HighRating()
	}
	highest, rated, fraud := "", 0, ""
	for _, r := range f.Risks {
		answers := slices.Contains(c.Risks, r.ID)
		if len(c.Risks) == 0 {
			answers = slices.ContainsFunc(r.Value.Objectives, func(o string) bool { return slices.Contains(c.Objectives, o) })
		}
		if !answers {
			continue
		}
		if r.Value.Fraud {
			fraud = r.Value.Code
		}
		if n := r.Value.Rating(); n > rated {
			highest, rated = r.Value.Code, n
		}
	}
	switch {
	case fraud != "":
		return soc1.HighRisk, Reason{"Higher risk: it answers a risk of fraud.", "risk " + fraud}
	case rated == 0:
		return soc1.HighRisk, Reason{"Higher risk: no risk that it answers is rated.", "risk register"}
	case rated >= from:
		return soc1.HighRisk, Reason{fmt.Sprintf("Higher risk: rated %d, and the method holds %d and more to be higher.", rated, from), "risk " + highest}
	}
	return soc1.LowRisk, Reason{fmt.Sprintf("Lower risk: the highest rating is %d, below %d.", rated, from), "risk " + highest}
}

// ready is what the library has for a control that still reads as the library's, or
// that names the library's attributes.
func ready(c soc1.Control) (library.Control, []library.Attribute) {
	k, _, err := library.ControlOf(c.Code)
	if err != nil {
		return library.Control{}, nil
	}
	var out []library.Attribute
	for _, a := range k.Attributes {
		if c.Statement() == k.Text || slices.Contains(c.ExpectedAttributes, a.Text) {
			out = append(out, a)
		}
	}
	return k, out
}

// propose makes the tests for one version of a control.
func (f *Facts) propose(p *Plan, c record.Typed[soc1.Control], s segment, risk soc1.RiskLevel, why Reason) []Proposal {
	base := Proposal{Key: c.ID, Test: soc1.TestOfControl{Code: "T-" + s.control.Code, By: soc1.ByAuditor, Engagement: f.Engagement.ID, Control: c.ID, WindowFrom: s.from, WindowTo: s.to}}
	if s.of > 1 {
		base.Key += fmt.Sprintf(".v%d", s.number)
		base.Test.Code += fmt.Sprintf("-V%d", s.number)
		base.Test.ControlRevision = s.revision
		base.Reasons = append(base.Reasons, Reason{fmt.Sprintf("Version %d of %d in the period: each is tested for its own days, %s to %s.", s.number, s.of, s.from, s.to), fmt.Sprintf("control %s, revision %d", s.control.Code, s.revision)})
	}
	if pop := f.emptyPopulation(c.ID); pop != nil {
		return []Proposal{f.noOccurrence(base, s, *pop)}
	}
	known, library := ready(s.control)
	var sql, people []soc1.Attribute
	for _, a := range library {
		if a.Manual() {
			people = append(people, soc1.Attribute{Text: a.Text, Manual: true})
		} else {
			sql = append(sql, soc1.Attribute{Text: a.Text, Pass: a.Pass, NotApplicable: a.NotApplicable})
		}
	}
	if known.Extract != nil && len(sql) > 0 {
		out := []Proposal{census(base, s, sql)}
		if len(people) > 0 {
			x := base
			x.Key, x.Test.Code = x.Key+".manual", x.Test.Code+"-M"
			x.Reasons = append(slices.Clip(x.Reasons), Reason{english.Count(len(people), "attribute") + " cannot be told from the rows, so that a person looks at a sample.", "library " + known.Code})
			out = append(out, f.sampled(p, x, s, people, risk, why)...)
		}
		return out
	}
	if t, again := f.readyBefore(c); len(again) > 0 && len(sql) == 0 {
		x := census(base, s, again)
		x.Reasons[len(x.Reasons)-2].Source = "last year's test " + t
		return []Proposal{x}
	}
	attributes := people
	for _, a := range sql {
		attributes = append(attributes, soc1.Attribute{Text: a.Text, Manual: true})
	}
	source, from := "library "+known.Code, "the library"
	if len(attributes) == 0 {
		for _, t := range s.control.ExpectedAttributes {
			attributes = append(attributes, soc1.Attribute{Text: t, Manual: true})
		}
		source, from = "control "+s.control.Code+", attributes to test", "what the control names"
	}
	if len(attributes) == 0 {
		attributes, source, from = stated(s.control), "control "+s.control.Code, "its statement, as a start"
		base.General = true
	}
	base.Reasons = append(base.Reasons, Reason{english.Count(len(attributes), "attribute") + " from " + from + ".", source})
	if s.control.Nature == soc1.Automated || s.control.Frequency == soc1.AutomatedContinuous {
		return []Proposal{f.automated(p, base, s, attributes)}
	}
	return f.sampled(p, base, s, attributes, risk, why)
}

// readyBefore are the attributes as SQL by which every item was tested last year, where
// the control reads as it did then, with the code of that test.
func (f *Facts) readyBefore(c record.Typed[soc1.Control]) (string, []soc1.Attribute) {
	if f.Prior == nil {
		return "", nil
	}
	then, found := record.Find(f.Prior.Controls, c.ID)
	if !found || !alike(then.Value, c.Value) {
		return "", nil
	}
	for _, t := range f.Prior.Tests {
		if t.Value.Control != c.ID || t.Value.Method != soc1.Census || len(t.Value.Joins) > 0 {
			continue
		}
		var out []soc1.Attribute
		for _, a := range attributesOf(f.Prior.Attributes, t) {
			if a.Value.Pass != "" {
				out = append(out, soc1.Attribute{Text: a.Value.Text, Pass: a.Value.Pass, NotApplicable: a.Value.NotApplicable})
			}
		}
		if len(out) > 0 {
			return t.Value.Code, out
		}
	}
	return "", nil
}

// stated are attributes that follow from the statement alone.
func stated(c soc1.Control) []soc1.Attribute {
	texts := []string{"The control was performed for the item as stated, and its evidence is kept.", "It was performed by who is named, and in time."}
	if c.Segregated || c.Reviewer != "" {
		texts = append(texts, "Performer and reviewer are two people.")
	}
	if c.Precision != "" {
		texts = append(texts, "Differences beyond the threshold were investigated: "+strings.TrimSpace(c.Precision))
	} else {
		texts = append(texts, "What did not agree was followed up until it was cleared.")
	}
	var out []soc1.Attribute
	for _, t := range texts {
		out = append(out, soc1.Attribute{Text: t, Manual: true})
	}
	return out
}

// lettered gives attributes their letters.
func lettered(all []soc1.Attribute) []soc1.Attribute {
	out := slices.Clone(all)
	for i := range out {
		out[i].Code, out[i].Order = library.Letter(i), i+1
	}
	return out
}

// who performs a control, in words.
func who(c soc1.Control) string {
	if w := strings.TrimSpace(c.Who); w != "" {
		return strings.ToLower(w[:1]) + w[1:]
	}
	return "those who perform the control"
}

func inquired(c soc1.Control) soc1.Procedure {
	return soc1.Procedure{Nature: soc1.Inquiry, Text: "Inquired of " + strings.TrimSuffix(who(c), ".") + " how the control is performed, what changed in the period, and what is done about exceptions."}
}

// census proposes to test every item.
func census(x Proposal, s segment, attributes []soc1.Attribute) Proposal {
	x.Test.Method = soc1.Census
	x.Attributes = lettered(attributes)
	x.Test.Procedures = []soc1.Procedure{
		inquired(s.control),
		{Nature: soc1.Inspection, Text: "Inspected the query and the parameters of the extract, and tested that it is complete and accurate."},
		{Nature: soc1.Reperformance, Text: "For every item of the population, reperformed each attribute from the fields recorded and looked into every exception."},
	}
	x.Reasons = append(slices.Clip(x.Reasons), Reason{"Every item: the population can be extracted, and " + english.Count(len(attributes), "attribute") + english.Choose(len(attributes), " is", " are") + " ready as SQL. No sample is weaker.", "library " + s.control.Code},
		Reason{"One window: every item of the period is tested at once, so that nothing is left to roll forward.", "method"})
	return x
}

// automated proposes one item for each rule, on a condition.
func (f *Facts) automated(p *Plan, x Proposal, s segment, attributes []soc1.Attribute) Proposal {
	x.Test.Method = soc1.ObservationOnly
	x.Attributes = lettered(attributes)
	x.Test.Procedures = []soc1.Procedure{
		inquired(s.control),
		{Nature: soc1.Inspection, Text: "Inspected the configuration of each rule or variant as it is in production."},
		{Nature: soc1.Reperformance, Text: "Reperformed the control with one transaction for each rule or variant, one that should pass and one that should be stopped."},
		{Nature: soc1.Inspection, Text: "Inspected the record of changes for " + string(s.from) + " to " + string(s.to) + " and determined that the rule did not change, or tested each version of it."},
	}
	x.Reasons = append(slices.Clip(x.Reasons), Reason{"One item for each rule: it is automated and does the same each time.", "nature of control " + s.control.Code},
		Reason{"On condition: the controls over changes and access of the systems must operate through the window. If they do not, one item shows one day.", "change management"})
	if i := f.interim(p, s); i != "" {
		x.Test.Procedures = append(x.Test.Procedures, soc1.Procedure{Nature: soc1.Inspection, Text: "Inspected, after the tests at interim, the changes from " + string(i.AddDays(1)) + " to " + string(s.to) + " and the configuration as of that day."})
		x.Reasons = append(x.Reasons, Reason{"The roll-forward is the inspection of changes to the end of the window.", "timetable"})
	}
	return x
}

// noOccurrence proposes to show that there was no occasion.
func (f *Facts) noOccurrence(x Proposal, s segment, pop record.Typed[soc1.Population]) Proposal {
	x.Test.Method, x.Test.Population = soc1.DidNotOperate, pop.ID
	x.Test.NoOccurrence = "The design of the control was inspected. The population " + pop.Value.Title + ", drawn for " + string(pop.Value.PeriodFrom) + " to " + string(pop.Value.PeriodTo) + ", holds no item."
	x.Test.Procedures = []soc1.Procedure{inquired(s.control), {Nature: soc1.Inspection, Text: "Inspected the design of the control, and the query by which its population was drawn; it returned no item."}}
	x.Reasons = append(slices.Clip(x.Reasons), Reason{"No occurrence: its population is there and empty. The objective is judged on the other controls.", "population " + pop.ID})
	return x
}

// emptyPopulation is a population of the control alone that holds no item.
func (f *Facts) emptyPopulation(control string) *record.Typed[soc1.Population] {
	for _, t := range f.Tests {
		if t.Value.Control != control || t.Value.Population == "" {
			continue
		}
		if p, ok := record.Find(f.Populations, t.Value.Population); ok && p.Value.RowCount == 0 && p.Value.PopulationHash != "" {
			return &p
		}
	}
	return nil
}

// interim is the last day tested at interim within a segment; empty where all is tested
// at once.
func (f *Facts) interim(p *Plan, s segment) soc1.Date {
	if p.Timetable == nil {
		return ""
	}
	if d := p.Timetable.Value.InterimTo; d != "" && s.from <= d && d < s.to {
		return d
	}
	return ""
}

// occurrences are how many items a window is expected to hold, and how that is known.
func (f *Facts) occurrences(s segment, control string) (int64, Reason) {
	for _, t := range f.Tests {
		if t.Value.Control != control || t.Value.Population == "" || s.of > 1 {
			continue
		}
		if p, ok := record.Find(f.Populations, t.Value.Population); ok && p.Value.RowCount > 0 {
			return p.Value.RowCount, Reason{"The population holds " + english.Thousands(p.Value.RowCount) + " items.", "population " + p.ID}
		}
	}
	weekdays := 0
	for d := s.from; d <= s.to; d = d.AddDays(1) {
		if d.ISOWeekday() <= 5 {
			weekdays++
		}
	}
	if n, ok := s.control.Frequency.ExpectedCount(s.from, s.to, weekdays); ok {
		return int64(max(n, 1)), Reason{fmt.Sprintf("%s: about %s in the window.", s.control.Frequency.Label(), english.Count(max(n, 1), "occurrence")), "frequency of control " + s.control.Code}
	}
	if s.control.Frequency == soc1.MultiplePerDay {
		return 251, Reason{"Many times a day: more than 250 occurrences.", "frequency of control " + s.control.Code}
	}
	return 250, Reason{"How often it occurs is not known yet; sized as for 250. Size it again when the population is there.", "frequency of control " + s.control.Code}
}

// sampled proposes a sample, in two parts where a part is tested at interim.
func (f *Facts) sampled(p *Plan, x Proposal, s segment, attributes []soc1.Attribute, risk soc1.RiskLevel, why Reason) []Proposal {
	rows, known := f.occurrences(s, x.Test.Control)
	table, named := f.table(p)
	frequency := sampling.Frequency(cmp.Or(s.control.Frequency, soc1.AsNeeded))
	size, err := table.Size(sampling.SizeInput{Frequency: frequency, Risk: sampling.RiskLevel(risk), Population: rows})
	x.Test.Method = soc1.SampleMethod
	x.Attributes = lettered(attributes)
	x.Reasons = append(slices.Clip(x.Reasons), known, why)
	if err != nil {
		x.Problem = "The method gives no size: " + err.Error() + "."
		return []Proposal{x}
	}
	n := int(max(size.Items, 1))
	plan := soc1.SamplePlan{Model: soc1.FrequencyTable, FrequencyTable: table.Name, Risk: risk, N: n}
	if m := p.Profile; m != nil {
		plan.ZeroTolerance = m.Value.ZeroTolerance
	}
	x.Reasons = append(x.Reasons, Reason{english.Count(n, "item") + ": " + size.Basis + ".", named})
	if r := f.support(p, n); r != nil {
		x.Reasons = append(x.Reasons, *r)
	}
	set := func(x Proposal, n int, what string) Proposal {
		x.Test.SamplePlan = plan
		x.Test.SamplePlan.N = n
		x.Test.Procedures = f.procedures(s.control, n, what)
		return x
	}
	i := f.interim(p, s)
	switch {
	case i == "":
		return []Proposal{set(x, n, "the period")}
	case rows < 12:
		x.Reasons = append(x.Reasons, Reason{"One window: it operates so rarely that it is tested after its last occurrence.", "frequency of control " + s.control.Code})
		return []Proposal{set(x, n, "the period")}
	}
	rest, whole := i.DaysUntil(s.to), s.from.DaysUntil(s.to)+1
	more := max(1, (n*rest+whole-1)/whole)
	early, late := x, x
	early.Key, early.Test.Code, early.Test.WindowTo = x.Key+".interim", x.Test.Code+"-I", i
	early.Reasons = append(slices.Clip(x.Reasons), Reason{"Interim: the whole size from the days up to " + string(i) + ".", "timetable"})
	late.Key, late.Test.Code, late.Test.WindowFrom = x.Key+".rollforward", x.Test.Code+"-R", i.AddDays(1)
	late.Reasons = append(slices.Clip(x.Reasons), Reason{fmt.Sprintf("Roll-forward: %s more for the %d of %d days that remain, and what changed since.", english.Count(more, "item"), rest, whole), "timetable"})
	early, late = set(early, n, "the interim window"), set(late, more, "the days after the interim window")
	late.Test.Procedures = append(late.Test.Procedures, soc1.Procedure{Nature: soc1.Inspection, Text: "Inspected changes of the control, of the people who perform it and of its systems since the tests at interim."})
	return []Proposal{early, late}
}

// table is the frequency table, and what it is called as a source.
func (f *Facts) table(p *Plan) (sampling.FrequencyTable, string) {
	if p.Profile != nil {
		if t := evaluation.FirmTable(p.Profile.Value); t.Validate() == nil {
			return t, "method " + t.Name
		}
	}
	t, err := sampling.FindFrequencyTable(cmp.Or(f.Engagement.Value.Method.FrequencyTable, sampling.SuggestedTable))
	if err != nil {
		t, _ = sampling.FindFrequencyTable(sampling.SuggestedTable)
	}
	return t, "table " + t.Name
}

// support says when a size by frequency cannot by itself support the firm's rates: no
// table of sizes promises a confidence.
func (f *Facts) support(p *Plan, n int) *Reason {
	if p.Profile == nil {
		return nil
	}
	m := p.Profile.Value
	confidence, err := sampling.BasisPoints(int64(m.ConfidenceRate()))
	if err != nil {
		return nil
	}
	tolerable, err := sampling.BasisPoints(int64(m.TolerableRate()))
	if err != nil {
		return nil
	}
	e, err := sampling.Evaluate(sampling.EvalInput{Model: sampling.Binomial, Confidence: confidence, N: int64(n)})
	if err != nil || !e.Exceeds(tolerable) {
		return nil
	}
	return &Reason{fmt.Sprintf("%s without a deviation still %s a rate of up to %s at %s confidence, above the tolerable %s: the sample is one part of the evidence.", english.Count(n, "item"), english.Choose(n, "allows", "allow"), e.PercentCeil(), m.ConfidenceRate().Percent(), m.TolerableRate().Percent()), "method " + m.TableName()}
}

// procedures are the steps of a sample; there is always more than inquiry.
func (f *Facts) procedures(c soc1.Control, n int, what string) []soc1.Procedure {
	items := ""
	if h := strings.TrimSuffix(strings.TrimSpace(c.PopulationHint), "."); h != "" {
		items = " (population: " + h + ")"
	}
	out := []soc1.Procedure{inquired(c)}
	evidence := strings.TrimSuffix(strings.TrimSpace(c.Evidence), ".")
	if evidence == "" {
		evidence = "the evidence that the control leaves"
	}
	out = append(out, soc1.Procedure{Nature: soc1.Inspection, Text: fmt.Sprintf("For %s of %s%s, inspected %s and determined whether each attribute is met.", english.Count(n, "item"), what, items, evidence)})
	if t := strings.TrimSpace(c.SuggestedTest); t != "" {
		out = append(out, soc1.Procedure{Nature: soc1.Inspection, Text: t})
	}
	if slices.Contains(c.Assertions, soc1.Accuracy) {
		out = append(out, soc1.Procedure{Nature: soc1.Reperformance, Text: "Reperformed the comparison or the calculation for the items selected, because accuracy rests on it."})
	}
	if slices.Contains(c.Assertions, soc1.Completeness) {
		out = append(out, soc1.Procedure{Nature: soc1.Inspection, Text: "Traced items from their source to the control, because completeness rests on it: what never arrived is in no list of what did."})
	}
	if slices.Contains(c.Assertions, soc1.Existence) || slices.Contains(c.Assertions, soc1.Validity) {
		out = append(out, soc1.Procedure{Nature: soc1.Inspection, Text: "Traced items from the control back to their source, because it is to let nothing through that has none."})
	}
	if c.Nature == soc1.ITDependentManual || len(c.InformationUsed) > 0 {
		out = append(out, soc1.Procedure{Nature: soc1.Inspection, Text: "Tested that the report that the control relies on is complete and accurate."})
	}
	return out
}

// match sets planned tests beside the proposals that they answer to.
func (f *Facts) match(l *Line) {
	var mine []record.Typed[soc1.TestOfControl]
	for _, t := range f.Tests {
		if t.Value.Control == l.Control.ID {
			mine = append(mine, t)
		}
	}
	from := func(t soc1.TestOfControl) soc1.Date { return cmp.Or(t.WindowFrom, f.Engagement.Value.Start()) }
	to := func(t soc1.TestOfControl) soc1.Date { return cmp.Or(t.WindowTo, f.Engagement.Value.End()) }
	taken := map[string]bool{}
	fit := func(x soc1.TestOfControl, t record.Typed[soc1.TestOfControl]) int {
		n := 0
		if from(t.Value) > to(x) || from(x) > to(t.Value) {
			return 0
		}
		for _, same := range []bool{true, t.Value.Code == x.Code, t.Value.Method == x.Method, from(t.Value) == from(x) && to(t.Value) == to(x), t.Value.ControlRevision == x.ControlRevision} {
			if same {
				n++
			}
		}
		return n
	}
	for i := range l.Proposals {
		x := &l.Proposals[i]
		best, at := 0, -1
		for j, t := range mine {
			if n := fit(x.Test, t); !taken[t.ID] && n > best {
				best, at = n, j
			}
		}
		if at >= 0 {
			taken[mine[at].ID] = true
			x.Planned = &mine[at]
			x.Differs = differences(x.Test, x.asked(), mine[at].Value, len(attributesOf(f.Attributes, mine[at])), from(mine[at].Value), to(mine[at].Value))
		}
	}
	for _, t := range mine {
		if !taken[t.ID] {
			l.Others = append(l.Others, t)
		}
	}
}

// asked is how many attributes a test has to have at least.
func (p *Proposal) asked() int {
	if p.General {
		return 1
	}
	return len(p.Attributes)
}

// differences are what a test has otherwise than another.
func differences(want soc1.TestOfControl, attributes int, have soc1.TestOfControl, its int, from, to soc1.Date) []Difference {
	var out []Difference
	add := func(what, proposed, planned string, less bool) {
		if proposed != planned {
			out = append(out, Difference{what, proposed, planned, less})
		}
	}
	depth := map[soc1.TestMethod]int{soc1.Census: 2, soc1.SampleMethod: 1}
	add("Method", want.Method.Label(), have.Method.Label(), depth[have.Method] < depth[want.Method])
	if want.Method == soc1.SampleMethod && have.Method == soc1.SampleMethod {
		add("Items", fmt.Sprint(want.SamplePlan.N), fmt.Sprint(have.SamplePlan.N), have.SamplePlan.N < want.SamplePlan.N)
		add("Deviations allowed", fmt.Sprint(want.SamplePlan.Allowed), fmt.Sprint(have.SamplePlan.Allowed), have.SamplePlan.Allowed > want.SamplePlan.Allowed)
	}
	add("Window", string(want.WindowFrom)+" to "+string(want.WindowTo), string(from)+" to "+string(to), from > want.WindowFrom || to < want.WindowTo)
	if its < attributes && have.Method != soc1.DidNotOperate {
		add("Attributes", fmt.Sprint(attributes), fmt.Sprint(its), true)
	}
	if have.InquiryOnly() {
		add("Procedures", "more than inquiry", "inquiry alone", true)
	}
	if want.ControlRevision != 0 {
		add("Version of the control", fmt.Sprint(want.ControlRevision), fmt.Sprint(have.ControlRevision), have.ControlRevision == 0)
	}
	return out
}
