package gap

import (
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

var controlRules = []Rule{
	{ID: "CTL-01", Severity: High, Fires: "the statement of a control lacks who, what, when or how it is evidenced",
		Why: "An auditor tests the control as it is stated; what is not stated cannot be tested, and what is not evidenced cannot be shown.", Remedy: "Write the control by the four-part pattern: who does what, how often, leaving which evidence.",
		Reads: []string{"engagement", "control_objective", "control"}, find: partMissing},
	{ID: "CTL-02", Severity: High, Fires: "a control has no owner, or its owner was not active on some day of the period",
		Why: "Somebody must answer for the control on every day that the report speaks of.", Remedy: "Assign an owner and record the date of the hand-over.",
		Reads: []string{"engagement", "control_objective", "control", "person"}, find: ownerless},
	{ID: "CTL-03", Severity: Critical, Fires: "a control belongs to no objective and to no COSO component",
		Why: "A control that serves nothing has no place in Section III and cannot be concluded on.", Remedy: "Link it to an objective, give an entity-level control its COSO component, or drop it.",
		Reads: []string{"control"}, find: unlinked},
	{ID: "CTL-04", Severity: High, Fires: "a control has no frequency",
		Why: "Population and sample size follow from how often the control operates.", Remedy: "Enter the frequency.",
		Reads: []string{"engagement", "control_objective", "control"}, find: noFrequency},
	{ID: "CTL-05", Severity: Medium, Fires: "the statement of a control has words without a measure",
		Why: "Two testers read timely or appropriate in two ways; a deviation could then be argued away or invented.", Remedy: "Replace the word by a term that can be measured.",
		Reads: []string{"engagement", "control_objective", "control"}, find: vagueWords},
	{ID: "CTL-06", Severity: High, Fires: "one person performs and reviews a control that is marked segregated",
		Why: "A review by the performer detects nothing that the performer did.", Remedy: "Name another reviewer.",
		Reads: []string{"engagement", "control_objective", "control"}, find: sameHands},
	{ID: "CTL-07", Severity: Medium, Fires: "a control is detective and its objective has no preventive or corrective control",
		Why: "What is only found afterwards may already have reached user entities' books.", Remedy: "Judge precision and response time of the detection, or add a preventive or corrective control.",
		Reads: []string{"engagement", "control_objective", "control"}, find: onlyDetective},
	{ID: "CTL-08", Severity: High, Fires: "a control relies on information from a system, and no such report is recorded",
		Why: "The control is no better than the report it uses; completeness and accuracy of that must be tested first.", Remedy: "Identify the report, its source and its parameters, and record its test.",
		Reads: []string{"engagement", "control_objective", "control"}, find: noInformation},
	{ID: "CTL-09", Severity: High, Fires: "an automated control's system has no control over changes that stands, so one item says nothing about the other days",
		Why: "An automated control does the same thing every time only as long as nobody changes it without control.", Remedy: "Cover the system by an objective on changes, show that nothing changed the control, or test it throughout the period.",
		Reads: append([]string{"system"}, testKinds...), Whose: Testing, find: baselineUnsupported},
	{ID: "CTL-10", Severity: Medium, Fires: "a review control states no threshold and no criteria for follow-up",
		Why: "A review without an expectation finds whatever the reviewer happens to notice; its precision cannot be judged.", Remedy: "State the expectation and from which difference on it is investigated.",
		Reads: []string{"engagement", "control_objective", "control"}, find: noThreshold},
	{ID: "CTL-11", Severity: High, Fires: "a control began within the period and no version before it is recorded",
		Why: "The days before need a control too: either another version operated, or the objective was not covered.", Remedy: "Record the version before with its dates, and plan a test of both.",
		Reads: []string{"engagement", "control_objective", "control", "significant_change"}, find: noVersionBefore},
	{ID: "CTL-12", Severity: Medium, Fires: "two controls of one objective say nearly the same",
		Why: "A duplicate looks like two controls where there is one, and is tested twice.", Remedy: "Merge the duplicates.",
		Reads: []string{"engagement", "control_objective", "control"}, find: duplicates},
}

// Parts tells which of the four parts a control's statement lacks: who, what,
// how often and evidence.
func Parts(c soc1.Control) []string {
	var out []string
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	text := strings.TrimSpace(c.Text)
	if text == "" {
		for _, p := range []struct{ value, name string }{{c.Who, "who performs it"}, {c.What, "what is done"}, {c.HowOften, "how often"}, {c.Evidence, "how it is evidenced"}} {
			if blank(p.value) {
				out = append(out, p.name)
			}
		}
		return out
	}
	// Of a whole statement, the words tell.
	if blank(c.Who) && !performer(text) {
		out = append(out, "who performs it")
	}
	if len(words(text)) < 5 {
		out = append(out, "what is done")
	}
	if blank(c.HowOften) && !often.MatchString(text) {
		out = append(out, "how often")
	}
	if blank(c.Evidence) && !shown.MatchString(text) {
		out = append(out, "how it is evidenced")
	}
	return out
}

// performer tells whether a statement begins with somebody or a system: an
// article or a name in front of its verb, and no passive from the first word on.
func performer(text string) bool {
	first := words(text)
	if len(first) == 0 {
		return false
	}
	switch first[0] {
	case "the", "a", "an", "each", "two", "management", "personnel", "staff", "members":
		return true
	}
	// A proper name: Bittern compares …; HR submits ….
	second := ""
	if len(first) > 1 {
		second = first[1]
	}
	return strings.HasSuffix(second, "s") && second != "is" && second != "was" && second != "has"
}

// Vague lists the words of a text that nobody can measure. What is defined in
// the same sentence is not among them.
func Vague(text string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == ';' }) {
		if hits := vague.FindAllString(s, -1); len(hits) > 0 && !defined.MatchString(s) {
			out = append(out, hits...)
		}
	}
	return out
}

// Review tells whether a control looks at what somebody else did, as far as its
// statement tells.
func Review(c soc1.Control) bool {
	what := c.What
	if strings.TrimSpace(what) == "" {
		what = c.Statement()
	}
	verb := what
	if w := words(what); len(w) > 12 {
		verb = strings.Join(w[:12], " ")
	}
	return c.Nature != soc1.Automated && reviews.MatchString(verb)
}

// Precise tells whether a review says from where on something is followed up.
func Precise(c soc1.Control) bool {
	return strings.TrimSpace(c.Precision) != "" || strings.TrimSpace(c.Exceptions) != "" || thresholds.MatchString(c.Statement())
}

func code(c *record.Typed[soc1.Control]) string { return name(c.Value.Code, c.ID) }

func partMissing(f *Facts, x *found) {
	for _, c := range f.inScope() {
		lacks := Parts(c.Value)
		if len(lacks) == 0 {
			continue
		}
		x.at(c.Ref(), partField(c.Value, lacks[0]), c.Value.Objectives, "The statement of %s does not say %s.", code(c), and(lacks))
	}
}

func ownerless(f *Facts, x *found) {
	people := map[string]soc1.Person{}
	for _, p := range of[soc1.Person](f, "person") {
		people[p.ID] = p.Value
	}
	from, to := f.Start, f.End
	if !f.dated() {
		from, to = f.Today, f.Today
	}
	for _, c := range f.inScope() {
		v := c.Value
		if v.SubserviceOrganization != "" {
			continue
		}
		p, known := people[v.Owner]
		// A control is answered for on the days that it operated.
		first, last := max(from, v.InOperationFrom), to
		if v.InOperationTo != "" && v.InOperationTo < last {
			last = v.InOperationTo
		}
		switch {
		case v.Owner == "":
			x.at(c.Ref(), "owner", v.Objectives, "%s has no owner.", code(c))
		case !known:
			x.at(c.Ref(), "owner", v.Objectives, "The owner of %s, %s, is no longer among the people.", code(c), v.Owner)
		case first > last:
		case p.ActiveFrom != "" && p.ActiveFrom > first && !f.ownedBefore(c, p.ActiveFrom, first):
			x.at(c.Ref(), "owner", v.Objectives, "%s, who owns %s, is active from %s, and the days from %s have no other owner.", p.Name, code(c), p.ActiveFrom, first)
		case p.ActiveTo != "" && p.ActiveTo < last:
			x.at(c.Ref(), "owner", v.Objectives, "%s, who owns %s, left on %s; nobody owns the control from then to %s.", p.Name, code(c), p.ActiveTo, last)
		}
	}
}

// ownedBefore tells whether an earlier version of a control had another owner
// from a day until the present one began.
func (f *Facts) ownedBefore(c *record.Typed[soc1.Control], active, from soc1.Date) bool {
	for _, v := range f.during("control", from, active) {
		if v.ID != c.ID || v.Retired || v.Redacted || v.Revision == c.Revision {
			continue
		}
		if was, err := record.Decode[soc1.Control](v.Record); err == nil && was.Owner != "" && was.Owner != c.Value.Owner {
			return true
		}
	}
	return false
}

func unlinked(f *Facts, x *found) {
	l := f.controls()
	for i := range l.all {
		c := &l.all[i]
		if len(c.Value.Objectives) == 0 && c.Value.Component == "" && len(c.Value.Principles) == 0 {
			x.at(c.Ref(), "objectives", nil, "%s belongs to no objective and is no entity-level control of a COSO component.", code(c))
		}
	}
}

func noFrequency(f *Facts, x *found) {
	for _, c := range f.inScope() {
		if c.Value.Frequency == "" {
			x.at(c.Ref(), "frequency", c.Value.Objectives, "%s has no frequency.", code(c))
		}
	}
}

func vagueWords(f *Facts, x *found) {
	for _, c := range f.inScope() {
		if hits := f.read(c.Value.Statement()).vague; len(hits) > 0 {
			x.at(c.Ref(), statementField(c.Value), c.Value.Objectives, "The statement of %s has words that nobody can measure: %s.", code(c), quoted(hits))
		}
	}
}

// statementField is the field that holds a control's statement, or the part of
// it that says what is done.
func statementField(c soc1.Control) string {
	if strings.TrimSpace(c.Text) != "" {
		return "text"
	}
	return "what"
}

func sameHands(f *Facts, x *found) {
	for _, c := range f.inScope() {
		v := c.Value
		performs := v.Performer
		if performs == "" {
			performs = v.Owner
		}
		if v.Segregated && performs != "" && performs == v.Reviewer {
			x.at(c.Ref(), "reviewer", v.Objectives, "%s is marked segregated, and %s both performs and reviews it.", code(c), performs)
		}
	}
}

func onlyDetective(f *Facts, x *found) {
	l := f.controls()
	for _, o := range f.objectives() {
		list := l.byObjective[o.ID]
		if len(list) == 0 || slices.ContainsFunc(list, func(c *record.Typed[soc1.Control]) bool { return c.Value.Type != soc1.Detective }) {
			continue
		}
		y := x.at(o.Ref(), "", []string{o.ID}, "Every control of %s is detective: nothing prevents the error or puts it right.", name(o.Value.Code, o.ID))
		for _, c := range list {
			y.Sources = append(y.Sources, c.Ref())
		}
	}
}

func noInformation(f *Facts, x *found) {
	for _, c := range f.inScope() {
		if c.Value.Nature == soc1.ITDependentManual && len(c.Value.InformationUsed) == 0 {
			x.at(c.Ref(), "information_used", c.Value.Objectives, "%s relies on information from a system, and no report that it uses is recorded.", code(c))
		}
	}
}

func baselineUnsupported(f *Facts, x *found) {
	evaluated("CTL-09")(f, x)
	told := x.told()
	covered := map[string]bool{}
	for _, s := range of[soc1.System](f, "system") {
		covered[s.ID] = len(s.Value.Objectives) > 0 || s.Value.SubserviceOrganization != ""
	}
	for _, c := range f.inScope() {
		v := c.Value
		if v.Nature != soc1.Automated || told[c.ID] || slices.ContainsFunc(v.Systems, func(s string) bool { return covered[s] }) {
			continue
		}
		if len(v.Systems) == 0 {
			x.at(c.Ref(), "systems", v.Objectives, "%s is automated, and its record does not say in which system it runs.", code(c))
			continue
		}
		x.at(c.Ref(), "systems", v.Objectives, "%s is automated, and no objective on changes covers the system that it runs in.", code(c))
	}
}

func noThreshold(f *Facts, x *found) {
	for _, c := range f.inScope() {
		if Review(c.Value) && !Precise(c.Value) {
			x.at(c.Ref(), "precision", c.Value.Objectives, "%s is a review, and nothing says from which difference on something is followed up.", code(c))
		}
	}
}

func noVersionBefore(f *Facts, x *found) {
	if !f.type2() || !f.dated() {
		return
	}
	// A version counts for the days before only if it operated then itself.
	operated := func(id string) bool {
		return slices.ContainsFunc(f.during("control", "0001-01-01", f.Start), func(v record.Version) bool {
			if v.ID != id || v.Retired || v.Redacted {
				return false
			}
			was, err := record.Decode[soc1.Control](v.Record)
			return err == nil && was.InOperationFrom <= f.Start
		})
	}
	changed := map[string]bool{}
	for _, s := range of[soc1.SignificantChange](f, "significant_change") {
		for _, c := range s.Value.Controls {
			changed[c] = true
		}
	}
	for _, c := range f.inScope() {
		from := c.Value.InOperationFrom
		if from > f.Start && from <= f.End && !changed[c.ID] && !operated(c.ID) {
			x.at(c.Ref(), "in_operation_from", c.Value.Objectives, "%s operates as stated from %s, after the period began on %s, and no version before that day and no significant change is recorded.", code(c), from, f.Start)
		}
	}
}

func duplicates(f *Facts, x *found) {
	l := f.controls()
	told := map[[2]string]bool{}
	for _, o := range f.objectives() {
		list := l.byObjective[o.ID]
		bags := make([]bag, len(list))
		for i, c := range list {
			bags[i] = f.read(c.Value.Statement()).bag
		}
		for i, a := range list {
			for j, b := range list[i+1:] {
				k := [2]string{a.ID, b.ID}
				if told[k] || a.Value.SubserviceOrganization != b.Value.SubserviceOrganization {
					continue
				}
				if n := bags[i].alike(bags[i+1+j]); n > sameText {
					told[k] = true
					y := x.at(b.Ref(), statementField(b.Value), []string{o.ID}, "%s and %s of %s agree in %d%% of their words.", code(a), code(b), name(o.Value.Code, o.ID), n)
					y.Sources = []soc1.Ref{a.Ref()}
				}
			}
		}
	}
}

func and(list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
