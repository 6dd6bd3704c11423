package gap

import (
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

var objectiveRules = []Rule{
	{ID: "OBJ-01", Severity: Critical, Fires: "a control objective has no control",
		Why: "An objective that nothing achieves cannot be concluded on, and the opinion would have to be modified.", Remedy: "Add controls or withdraw the objective.",
		Reads: []string{"engagement", "control_objective", "control"}, find: noControls},
	{ID: "OBJ-02", Severity: High, Fires: "an objective rests on exactly one key control, and that is manual",
		Why: "One missed performance by one person makes the objective fail, with nothing to compensate.", Remedy: "Add a second or a compensating control, or automate the one.",
		Reads: []string{"engagement", "control_objective", "control"}, find: singlePoint},
	{ID: "OBJ-03", Severity: High, Fires: "the text of an objective states no outcome, or repeats a control",
		Why: "An objective says what is achieved; one that says what somebody does is a control, and is trivially met by doing it.", Remedy: "Rewrite it as an outcome: Controls provide reasonable assurance that … are ….",
		Reads: []string{"engagement", "control_objective", "control"}, find: noOutcome},
	{ID: "OBJ-04", Severity: High, Fires: "no risk is recorded for an objective",
		Why: "Design is judged against what could go wrong; without that, a control cannot be found suitably designed.", Remedy: "Record what could go wrong before judging the design.",
		Reads: []string{"engagement", "control_objective", "risk"}, find: noRisks},
	{ID: "OBJ-05", Severity: High, Fires: "a risk is answered by no control, and no response or complementary control covers its objectives",
		Why: "A risk that nothing answers is a gap in design, whatever the other controls do.", Remedy: "Add a control, a complementary control that the objective needs, or say how the risk is met otherwise.",
		Reads: []string{"engagement", "control_objective", "risk", "control", "cuec", "csoc"}, find: openRisk},
	{ID: "OBJ-06", Severity: Medium, Fires: "an objective that is usual for the service type is missing, without a reason",
		Why: "User auditors know what such a service usually controls and will ask for what is absent.", Remedy: "Add it, or record the objective with its reason for omission.",
		Reads: []string{"service", "control_objective", "engagement"}, find: libraryMissing},
	{ID: "OBJ-07", Severity: Medium, Fires: "an assertion to which the service is relevant is served by no objective",
		Why: "Completeness and cutoff are forgotten most often; user auditors would have to obtain that evidence themselves.", Remedy: "Extend an objective or add one for the assertion.",
		Reads: []string{"engagement", "service", "transaction_class", "assertion_relevance", "control_objective"}, find: assertionUncovered},
	{ID: "OBJ-08", Severity: Medium, Fires: "the text of an objective differs from the prior report's without a note",
		Why: "Readers compare reports from year to year, and the reasonableness of objectives is management's duty to explain.", Remedy: "Record what changed and why in the objective.",
		Reads: []string{"engagement", "control_objective"}, find: changedObjective},
}

// name is what a record is called in a sentence: its code, or else its id.
func name(code, id string) string {
	if code != "" {
		return code
	}
	return id
}

func noControls(f *Facts, x *found) {
	l := f.controls()
	for _, o := range f.objectives() {
		if len(l.byObjective[o.ID]) == 0 {
			x.at(o.Ref(), "", []string{o.ID}, "No control serves the objective %s.", name(o.Value.Code, o.ID))
		}
	}
}

func singlePoint(f *Facts, x *found) {
	l := f.controls()
	for _, o := range f.objectives() {
		var keys []*record.Typed[soc1.Control]
		for _, c := range l.byObjective[o.ID] {
			if c.Value.Key {
				keys = append(keys, c)
			}
		}
		if len(keys) == 1 && keys[0].Value.Nature == soc1.Manual {
			y := x.at(o.Ref(), "", []string{o.ID}, "The objective %s rests on one key control, %s, which a person performs by hand.", name(o.Value.Code, o.ID), name(keys[0].Value.Code, keys[0].ID))
			y.Sources = []soc1.Ref{keys[0].Ref()}
		}
	}
}

// sameText is from where on two texts count as the same, in hundredths.
const sameText = 90

func noOutcome(f *Facts, x *found) {
	l := f.controls()
	for _, o := range f.objectives() {
		text := strings.TrimSpace(o.Value.Text)
		said := text
		if _, after, ok := strings.Cut(strings.ToLower(text), "that "); ok {
			said = text[len(text)-len(after):]
		}
		switch {
		case !outcomes.MatchString(said):
			x.at(o.Ref(), "text", []string{o.ID}, "The objective states no outcome: no part of it says what is so when it is achieved.")
			continue
		case said == text && deeds.MatchString(said):
			x.at(o.Ref(), "text", []string{o.ID}, "The objective says what somebody does, not what is achieved.")
			continue
		}
		outcome := f.read(said).bag
		for _, c := range l.byObjective[o.ID] {
			if outcome.alike(f.read(c.Value.Statement()).bag) >= sameText {
				y := x.at(o.Ref(), "text", []string{o.ID}, "The objective repeats the control %s.", name(c.Value.Code, c.ID))
				y.Sources = []soc1.Ref{c.Ref()}
				break
			}
		}
	}
}

func noRisks(f *Facts, x *found) {
	threatened := map[string]bool{}
	for _, r := range of[soc1.Risk](f, "risk") {
		for _, o := range r.Value.Objectives {
			threatened[o] = true
		}
	}
	for _, o := range f.objectives() {
		if !threatened[o.ID] {
			x.at(o.Ref(), "", []string{o.ID}, "Nothing is recorded that could keep the objective %s from being achieved.", name(o.Value.Code, o.ID))
		}
	}
}

func openRisk(f *Facts, x *found) {
	listed := map[string]bool{}
	for _, o := range f.objectives() {
		listed[o.ID] = true
	}
	// A complementary control names objectives, so it can answer a risk only of
	// an objective that has no control of the organization's at all.
	others := map[string]bool{}
	for _, c := range of[soc1.CUEC](f, "cuec") {
		for _, o := range c.Value.Objectives {
			others[o] = true
		}
	}
	for _, c := range of[soc1.CSOC](f, "csoc") {
		for _, o := range c.Value.Objectives {
			others[o] = true
		}
	}
	l := f.controls()
	for _, r := range of[soc1.Risk](f, "risk") {
		v := r.Value
		mine := slices.DeleteFunc(slices.Clone(v.Objectives), func(o string) bool { return !listed[o] })
		if len(v.Objectives) > 0 && len(mine) == 0 || len(l.byRisk[r.ID]) > 0 || strings.TrimSpace(v.Response) != "" {
			continue
		}
		if slices.ContainsFunc(mine, func(o string) bool { return others[o] && len(l.byObjective[o]) == 0 }) {
			continue
		}
		x.at(r.Ref(), "", mine, "No control answers the risk %s, and its record names no other response.", name(v.Code, r.ID))
	}
}

func libraryMissing(f *Facts, x *found) {
	known := map[string]bool{}
	for _, o := range of[soc1.ControlObjective](f, "control_objective") {
		known[o.ID], known[strings.ToLower(o.Value.Code)] = true, true
	}
	for _, s := range of[soc1.Service](f, "service") {
		if !s.Value.InScope || s.Value.TemplateCode == "" || !has(f.Engagement.Value.Services, s.ID) {
			continue
		}
		t, err := library.ServiceOf(s.Value.TemplateCode)
		if err != nil {
			continue
		}
		for _, o := range t.Objectives {
			code := strings.ToLower(o.Code)
			if !known[code] && !known[strings.ReplaceAll(code, ".", "-")] {
				x.at(s.Ref(), o.Code, nil, "%s is usual for the service type %s and neither recorded nor omitted with a reason: %s", o.Code, t.Name, o.Title)
			}
		}
	}
}

func assertionUncovered(f *Facts, x *found) {
	services := map[string]bool{}
	for _, s := range of[soc1.Service](f, "service") {
		services[s.ID] = s.Value.InScope && has(f.Engagement.Value.Services, s.ID)
	}
	type need struct {
		class     string
		assertion soc1.FinancialAssertion
	}
	needs := map[need][]soc1.Ref{}
	relevance := of[soc1.AssertionRelevance](f, "assertion_relevance")
	for _, t := range of[soc1.TransactionClass](f, "transaction_class") {
		if !slices.ContainsFunc(t.Value.Services, func(s string) bool { return services[s] }) {
			continue
		}
		for _, a := range relevance {
			if a.Value.TransactionClass != t.ID {
				continue
			}
			for _, one := range a.Value.Assertions {
				k := need{t.ID, one}
				needs[k] = append(needs[k], a.Ref())
			}
		}
		for _, one := range soc1.FinancialAssertion("").Values() {
			k := need{t.ID, soc1.FinancialAssertion(one)}
			if len(needs[k]) == 0 {
				continue
			}
			served := slices.ContainsFunc(f.objectives(), func(o record.Typed[soc1.ControlObjective]) bool {
				return slices.Contains(o.Value.Assertions, k.assertion) && has(o.Value.TransactionClasses, t.ID)
			})
			if !served {
				y := x.at(t.Ref(), one, nil, "%s bears on the %s of an account of user entities, and no objective serves that assertion.", t.Value.Name, strings.ToLower(k.assertion.Label()))
				y.Sources = needs[k]
			}
		}
	}
}

func changedObjective(f *Facts, x *found) {
	prior := f.Engagement.Value.PriorReport.PeriodTo
	if !prior.Valid() || prior >= f.Start {
		return
	}
	before := map[string]soc1.ControlObjective{}
	for _, v := range f.during("control_objective", prior, prior) {
		if o, err := record.Decode[soc1.ControlObjective](v.Record); err == nil && !v.Retired {
			before[v.ID] = o
		}
	}
	if len(before) == 0 {
		return
	}
	for _, o := range f.objectives() {
		was, ok := before[o.ID]
		switch {
		case strings.TrimSpace(o.Value.ChangeNote) != "":
		case ok && strings.TrimSpace(was.Text) != strings.TrimSpace(o.Value.Text):
			x.at(o.Ref(), "change_note", []string{o.ID}, "The text of %s differs from that of %s, the last day of the prior report, and no note says why.", name(o.Value.Code, o.ID), prior)
		case !ok:
			x.at(o.Ref(), "change_note", []string{o.ID}, "%s is new since the prior report, which ended on %s, and no note says why.", name(o.Value.Code, o.ID), prior)
		}
	}
}
