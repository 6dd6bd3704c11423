package gap

import (
	"slices"
	"strings"

	"reperform/soc1"
)

var userEntityRules = []Rule{
	{ID: "CUE-01", Severity: High, Fires: "a complementary user entity control is linked to no objective",
		Why: "Only controls that an objective needs belong in the list; anything else is advice.", Remedy: "Link it to the objective that needs it, or remove it.",
		Reads: []string{"engagement", "control_objective", "cuec"}, find: cuecUnlinked},
	{ID: "CUE-02", Severity: High, Fires: "an objective depends on what user entities do, and no complementary user entity control says so",
		Why: "Where user entities do not do their part the objective is not achieved, and they must be told.", Remedy: "Add the complementary user entity control.",
		Reads: []string{"engagement", "control_objective", "control", "cuec"}, find: cuecMissing},
	{ID: "CUE-03", Given: TheDraft, Severity: High, Fires: "complementary user entity controls exist, and opinion or assertion does not speak of them",
		Why: "The opinion would claim more than the controls of the organization achieve.", Remedy: "Insert the wording in scope, opinion and assertion.",
		Reads: []string{"engagement", "cuec"}, find: cuecWording},
}

var subserviceRules = []Rule{
	{ID: "SUB-01", Severity: Critical, Fires: "a vendor performs a control that an objective needs, and is no subservice organization",
		Why: "Its controls are part of the system, whether the description says so or not.", Remedy: "Record it as a subservice organization and choose the method.",
		Reads: []string{"engagement", "control_objective", "control", "vendor"}, find: hiddenSubservice},
	{ID: "SUB-02", Severity: Critical, Fires: "no method is chosen for a subservice organization",
		Why: "Scope, description, tests and wording all depend on it.", Remedy: "Choose carve-out or inclusive.",
		Reads: []string{"engagement", "subservice_organization"}, find: noMethod},
	{ID: "SUB-03", Severity: Critical, Fires: "a subservice organization is carved out, and no complementary control of it is listed",
		Why: "Readers must know which of its controls the objectives rest on.", Remedy: "Write the complementary subservice organization controls and link them to objectives.",
		Reads: []string{"engagement", "subservice_organization", "csoc"}, find: csocMissing},
	{ID: "SUB-04", Severity: Critical, Fires: "a subservice organization is included without its own assertion and representation letter",
		Why: "The auditor reports on its controls too and needs its management's word.", Remedy: "Obtain both, or carve it out.",
		Reads: []string{"engagement", "subservice_organization", "assertion", "representation_letter"}, find: inclusiveWithout},
	{ID: "SUB-05", Severity: High, Fires: "no monitoring control over a subservice organization is tested",
		Why: "Carving out does not end management's duty to watch; the monitoring is what remains to be examined.", Remedy: "Add a monitoring control, such as a review of its report, and test it.",
		Reads: []string{"engagement", "subservice_organization", "control", "test_of_control"}, find: unmonitored},
	{ID: "SUB-06", Severity: High, Fires: "the latest report of a subservice organization is missing, modified, or ends more than three months before the period",
		Why: "For the uncovered months nothing shows that the controls the objectives rest on operated.", Remedy: "Obtain the report or a bridge letter, or perform procedures of your own.",
		Reads: intakeKinds, find: staleReport},
	{ID: "SUB-07", Severity: Medium, Fires: "a complementary user entity control of a subservice organization's report is answered by none of the organization's controls",
		Why: "Its report holds only where its users, the organization among them, do their part.", Remedy: "Map each to a control, or say why it does not apply.",
		Reads: intakeKinds, find: theirCUECs},
	{ID: "SUB-08", Severity: High, Fires: "a confirmed report of a subservice organization notes an exception, and nothing says what it means here",
		Why: "An exception there may leave an objective here without the control that it rests on.", Remedy: "Say whether it bears on our objectives, why, and what is done about it.",
		Reads: intakeKinds, find: theirExceptions},
	{ID: "SUB-09", Severity: Medium, Fires: "a report of a subservice organization was taken in and is not confirmed as it stands",
		Why: "What nobody has read and confirmed supports nothing.", Remedy: "Read it, correct what was taken from it, and confirm it.",
		Reads: intakeKinds, find: unconfirmedReports},
}

func cuecUnlinked(f *Facts, x *found) {
	for _, c := range of[soc1.CUEC](f, "cuec") {
		if len(c.Value.Objectives) == 0 {
			x.at(c.Ref(), "objectives", nil, "%s is linked to no objective.", name(c.Value.Code, c.ID))
		}
	}
}

func cuecMissing(f *Facts, x *found) {
	linked := map[string]bool{}
	for _, c := range of[soc1.CUEC](f, "cuec") {
		for _, o := range c.Value.Objectives {
			linked[o] = true
		}
	}
	l := f.controls()
	for _, o := range f.objectives() {
		if linked[o.ID] {
			continue
		}
		// The act of a user entity that a control starts from or ends with.
		for _, c := range l.byObjective[o.ID] {
			s := c.Value.Statement()
			who := clients.FindStringIndex(s)
			if who == nil {
				continue
			}
			act := given.FindString(s[who[1]:min(len(s), who[1]+40)])
			if act == "" {
				continue
			}
			y := x.at(o.Ref(), "", []string{o.ID}, "%s rests on what user entities do (%s: “%s %s”), and no complementary user entity control is linked to it.", name(o.Value.Code, o.ID), code(c), s[who[0]:who[1]], act)
			y.Sources = []soc1.Ref{c.Ref()}
			break
		}
	}
}

func cuecWording(f *Facts, x *found) {
	if f.Report != nil && !f.Report.UserEntityWording && len(of[soc1.CUEC](f, "cuec")) > 0 && f.Engagement.ID != "" {
		x.at(f.Engagement.Ref(), "", nil, "The report lists complementary user entity controls, and its opinion or assertion does not speak of them.")
	}
}

func hiddenSubservice(f *Facts, x *found) {
	for _, v := range of[soc1.Vendor](f, "vendor") {
		for _, c := range f.inScope() {
			// Who performs the control stands at its beginning.
			who := c.Value.Who
			if strings.TrimSpace(who) == "" {
				who = strings.Join(strings.Fields(c.Value.Statement())[:min(6, len(strings.Fields(c.Value.Statement())))], " ")
			}
			if !named(who, v.Value.Name) {
				continue
			}
			y := x.at(v.Ref(), "", c.Value.Objectives, "%s performs %s, which an objective needs, and is recorded as a vendor.", v.Value.Name, code(c))
			y.Sources = []soc1.Ref{c.Ref()}
		}
	}
}

func noMethod(f *Facts, x *found) {
	for _, s := range f.subservice() {
		if s.Value.Method == "" {
			x.at(s.Ref(), "method", nil, "No method is chosen for %s.", s.Value.Name)
		}
	}
}

func csocMissing(f *Facts, x *found) {
	listed := map[string]bool{}
	for _, c := range of[soc1.CSOC](f, "csoc") {
		listed[c.Value.SubserviceOrganization] = listed[c.Value.SubserviceOrganization] || len(c.Value.Objectives) > 0
	}
	for _, s := range f.subservice() {
		if s.Value.Method == soc1.CarveOut && !listed[s.ID] {
			x.at(s.Ref(), "", nil, "%s is carved out, and no complementary control of it is linked to an objective.", s.Value.Name)
		}
	}
}

func inclusiveWithout(f *Facts, x *found) {
	asserted, represented := map[string]bool{}, map[string]bool{}
	for _, a := range of[soc1.ManagementAssertion](f, "assertion") {
		if a.Value.Engagement == f.Engagement.ID && a.Value.SignedOn != "" {
			asserted[a.Value.SubserviceOrganization] = true
		}
	}
	for _, l := range of[soc1.RepresentationLetter](f, "representation_letter") {
		if l.Value.Engagement == f.Engagement.ID && l.Value.SignedOn != "" {
			represented[l.Value.SubserviceOrganization] = true
		}
	}
	for _, s := range f.subservice() {
		v := s.Value
		if v.Method != soc1.Inclusive {
			continue
		}
		if v.AssertionSignedOn == "" && !asserted[s.ID] {
			x.at(s.Ref(), "assertion_signed_on", nil, "%s is included, and its own signed assertion is missing.", v.Name)
		}
		if v.RepresentationLetterOn == "" && !represented[s.ID] {
			x.at(s.Ref(), "representation_letter_on", nil, "%s is included, and its own representation letter is missing.", v.Name)
		}
	}
}

func unmonitored(f *Facts, x *found) {
	tested := map[string]bool{}
	for _, t := range f.tests() {
		tested[t.Value.Control] = true
	}
	for _, s := range f.subservice() {
		list := s.Value.MonitoringControls
		switch {
		case len(list) == 0:
			x.at(s.Ref(), "monitoring_controls", nil, "No control monitors %s.", s.Value.Name)
		case f.dated() && f.Today > f.End && !slices.ContainsFunc(list, func(c string) bool { return tested[c] }):
			x.at(s.Ref(), "monitoring_controls", nil, "None of the controls that monitor %s is tested, and the period has ended.", s.Value.Name)
		}
	}
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
