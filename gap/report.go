package gap

import (
	"maps"
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

var descriptionRules = []Rule{
	{ID: "DSC-01", Severity: Critical, Fires: "a criterion for the description has no text",
		Why: "A description that leaves out a criterion is not fairly presented, and the opinion on it would be modified.", Remedy: "Write the section.",
		Reads: []string{"engagement", "description_section", "transaction_class", "significant_change", "subservice_organization", "control_objective"}, find: criterionMissing},
	{ID: "DSC-02", Given: TheDraft, Severity: High, Fires: "a control reads differently in Sections III and IV",
		Why: "The auditor would report on another control than management describes.", Remedy: "Print both from one record.",
		Reads: []string{"control"}, find: statementsDiffer},
	{ID: "DSC-03", Severity: High, Fires: "a control or a system changed within the period, and no significant change is described",
		Why: "Readers must know that what they rely on was not the same throughout (AT-C 320, criterion D9).", Remedy: "Describe the change, or record that it is not significant.",
		Reads: []string{"engagement", "control", "control_objective", "significant_change"}, find: changeUndescribed},
	{ID: "DSC-04", Severity: Medium, Fires: "the description makes claims that nobody can examine",
		Why: "An auditor cannot attest to marketing, and has to ask for its removal.", Remedy: "Move it to Section V or delete it.",
		Reads: []string{"engagement", "description_section"}, find: claims},
	{ID: "DSC-05", Severity: Medium, Fires: "a section of the description has a placeholder",
		Why: "Unfinished text in a report to customers' auditors embarrasses everybody who signed it.", Remedy: "Write what is missing.",
		Reads: []string{"engagement", "description_section", "other_information"}, find: unfinished},
	{ID: "DSC-06", Severity: Medium, Fires: "the description gives parameters that help an attacker",
		Why: "The report leaves the house; readers need to know that a parameter is set, not its value.", Remedy: "Generalize it.",
		Reads: []string{"engagement", "description_section", "control", "control_objective"}, find: revealing},
}

var reportRules = []Rule{
	{ID: "RPT-01", Severity: Critical, Fires: "management's assertion is not signed, or is dated after the report",
		Why: "Without the assertion there is nothing to report on.", Remedy: "Obtain the signed assertion.",
		Reads: []string{"engagement", "assertion", "representation_letter", "opinion"}, find: assertionUnsigned},
	{ID: "RPT-02", Severity: Critical, Fires: "the representation letter is not dated as the report",
		Why: "The auditor needs management's word up to the date of the report.", Remedy: "Date and sign it again.",
		Reads: testKinds, Whose: Testing, find: evaluated("RPT-02")},
	{ID: "RPT-03", Severity: Critical, Whose: AuditorFile, Fires: "the opinion is modified without a basis, or the assertion does not state the same",
		Why: "Readers must be able to see why, and management must not assert the contrary.", Remedy: "Write the basis; have the assertion amended.",
		Reads: testKinds, find: evaluated("RPT-03")},
	{ID: "RPT-04", Severity: Critical, Whose: AuditorFile, Fires: "the report is dated before the last work or review it rests on",
		Why: "A report speaks of sufficient evidence on its date.", Remedy: "Date the report no earlier.",
		Reads: testKinds, find: evaluated("RPT-04")},
	{ID: "RPT-05", Given: TheDraft, Severity: High, Fires: "the paragraph on restricted use or on inherent limitations is missing",
		Why: "The report is for specified parties, and controls cannot prevent every error.", Remedy: "Insert it.",
		Reads: []string{"engagement"}, find: paragraphsMissing},
	{ID: "RPT-06", Severity: High, Whose: AuditorFile, Fires: "inquiry about subsequent events does not reach the date of the report",
		Why: "What happened in between may change the opinion.", Remedy: "Complete the inquiry.",
		Reads: []string{"examination", "opinion", "engagement"}, find: subsequentEvents},
	{ID: "RPT-07", Given: TheDraft, Severity: High, Fires: "the report has a Section V without the disclaimer in its scope paragraph",
		Why: "Readers would take other information as examined.", Remedy: "Insert the disclaimer.",
		Reads: []string{"engagement", "other_information"}, find: disclaimerMissing},
	{ID: "RPT-08", Severity: Medium, Fires: "a bridge letter covers more than three months, or cites a report that a later one supersedes",
		Why: "A bridge letter is management's word alone; the longer it reaches, the less a user auditor can do with it.", Remedy: "Issue a new report, or shorten what the letter covers.",
		Reads: []string{"engagement", "bridge_letter"}, find: bridgeTooLong},
	{ID: "RPT-09", Given: TheDraft, Severity: High, Fires: "the sections of the report state different dates",
		Why: "A reader cannot tell which period the opinion is on.", Remedy: "Print all from the engagement.",
		Reads: []string{"engagement"}, find: datesDiffer},
	{ID: "RPT-10", Severity: High, Whose: AuditorFile, Fires: "the working papers are not assembled and locked within 60 days of the release of the report",
		Why: "Documentation is completed on a timely basis, at most 60 days after the release date (AT-C 105).", Remedy: "Assemble and lock the file.",
		Reads: []string{"examination", "release", "engagement"}, find: notAssembled},
	{ID: "RPT-11", Severity: Critical, Whose: AuditorFile, Never: true, Fires: "independence and acceptance are not concluded on, or a threat is unresolved",
		Why: "A practitioner who is not independent cannot report at all.", Remedy: "Resolve it before anything is issued.",
		Reads: []string{"examination", "engagement"}, find: independence},
}

// criteria are those that a description must answer, for each type of report.
func (f *Facts) criteria() []soc1.Criterion {
	out := []soc1.Criterion{soc1.D1, soc1.D2, soc1.D3, soc1.D4, soc1.D5, soc1.D6, soc1.D7, soc1.D8}
	if f.type2() {
		out = append(out, soc1.D9)
	}
	return append(out, soc1.D10)
}

func criterionMissing(f *Facts, x *found) {
	if f.Engagement.ID == "" {
		return
	}
	answered := map[soc1.Criterion]bool{}
	empty := map[soc1.Criterion]soc1.Ref{}
	for _, s := range f.sections() {
		if strings.TrimSpace(s.Value.Body) != "" {
			answered[s.Value.Criterion] = true
		} else {
			empty[s.Value.Criterion] = s.Ref()
		}
		switch s.Value.Criterion {
		case soc1.CriterionControlEnvironment, soc1.CriterionRiskAssessment, soc1.CriterionControlActivities, soc1.CriterionInformationCommunication, soc1.CriterionMonitoring:
			// The components are what the other aspects of internal control are.
			answered[soc1.D8] = answered[soc1.D8] || strings.TrimSpace(s.Value.Body) != ""
		}
	}
	// What the report prints from records needs no section of its own.
	answered[soc1.D6] = answered[soc1.D6] || len(f.subservice()) > 0
	answered[soc1.D7] = answered[soc1.D7] || len(f.objectives()) > 0
	for _, t := range of[soc1.TransactionClass](f, "transaction_class") {
		v := t.Value
		answered[soc1.D1] = true
		if v.Initiated != "" && v.Processed != "" && v.Reported != "" {
			answered[soc1.D2] = true
		}
	}
	for _, s := range of[soc1.SignificantChange](f, "significant_change") {
		if f.dated() && s.Value.When.Within(f.Start, f.End) {
			answered[soc1.D9] = true
		}
	}
	for _, c := range f.criteria() {
		// Nothing is omitted where every other criterion is answered; the section
		// on it is the assertion's.
		if answered[c] || c == soc1.D10 {
			continue
		}
		subject, field := f.Engagement.Ref(), string(c)
		if e, ok := empty[c]; ok {
			subject, field = e, "body"
		}
		x.at(subject, field, nil, "No section of the description with text answers the criterion %s.", c.Label())
	}
}

func statementsDiffer(f *Facts, x *found) {
	if f.Report == nil {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(f.Report.Statements)) {
		if s := f.Report.Statements[id]; s[0] != s[1] {
			x.at(soc1.Ref{Ledger: f.org.Ledger(), Kind: "control", ID: id}, "", f.objectivesOf(id), "The control reads differently in Sections III and IV.")
		}
	}
}

func changeUndescribed(f *Facts, x *found) {
	if !f.type2() || !f.dated() {
		return
	}
	described := map[string]bool{}
	for _, s := range of[soc1.SignificantChange](f, "significant_change") {
		if s.Value.When.Within(f.Start, f.End) {
			for _, c := range s.Value.Controls {
				described[c] = true
			}
		}
	}
	last := map[string]string{}
	changed := map[string]soc1.Date{}
	for _, v := range f.during("control", f.Start, f.End) {
		if v.Retired || v.Redacted {
			continue
		}
		c, err := record.Decode[soc1.Control](v.Record)
		if err != nil {
			continue
		}
		// Who answers for a control may change without the control changing.
		says := strings.Join([]string{c.Statement(), string(c.Frequency), string(c.Nature), string(c.Type)}, "\x00")
		if was, ok := last[v.ID]; ok && was != says && v.From > f.Start {
			changed[v.ID] = v.From
		}
		last[v.ID] = says
	}
	for _, c := range f.inScope() {
		if on, ok := changed[c.ID]; ok && !described[c.ID] {
			x.at(c.Ref(), "", c.Value.Objectives, "%s changed on %s, within the period, and no significant change describes it.", code(c), on)
		}
	}
}

func claims(f *Facts, x *found) {
	for _, s := range f.sections() {
		if hits := marketing.FindAllString(s.Value.Body, -1); len(hits) > 0 {
			x.at(s.Ref(), "body", nil, "The section %q makes claims that nobody can examine: %s.", s.Value.Title, quoted(hits))
		}
	}
}

func unfinished(f *Facts, x *found) {
	for _, s := range f.sections() {
		if hits := placeholders.FindAllString(s.Value.Title+"\n"+s.Value.Body, -1); len(hits) > 0 {
			x.at(s.Ref(), "body", nil, "The section %q has a placeholder: %s.", s.Value.Title, quoted(hits))
		}
	}
	for _, s := range of[soc1.OtherInformation](f, "other_information") {
		if s.Value.Engagement != "" && s.Value.Engagement != f.Engagement.ID {
			continue
		}
		if hits := placeholders.FindAllString(s.Value.Title+"\n"+s.Value.Body, -1); len(hits) > 0 {
			x.at(s.Ref(), "body", nil, "%q in Section V has a placeholder: %s.", s.Value.Title, quoted(hits))
		}
	}
}

func revealing(f *Facts, x *found) {
	for _, s := range f.sections() {
		if hits := secrets.FindAllString(s.Value.Body, -1); len(hits) > 0 {
			x.at(s.Ref(), "body", nil, "The section %q gives parameters that help an attacker: %s.", s.Value.Title, quoted(hits))
		}
	}
	for _, c := range f.inScope() {
		if hits := f.read(c.Value.Statement()).secrets; len(hits) > 0 {
			x.at(c.Ref(), statementField(c.Value), c.Value.Objectives, "The statement of %s gives parameters that help an attacker: %s.", code(c), quoted(hits))
		}
	}
}

// reportDate is the date of the report as far as it is known: the opinion's, or
// that of management's representation letter, which is the same.
func (f *Facts) reportDate() soc1.Date {
	for _, o := range of[soc1.Opinion](f, "opinion") {
		if o.Value.Engagement == f.Engagement.ID && o.Value.ReportDate != "" {
			return o.Value.ReportDate
		}
	}
	for _, l := range of[soc1.RepresentationLetter](f, "representation_letter") {
		if l.Value.Engagement == f.Engagement.ID && l.Value.SubserviceOrganization == "" && l.Value.Dated != "" {
			return l.Value.Dated
		}
	}
	return ""
}

func assertionUnsigned(f *Facts, x *found) {
	if f.Engagement.ID == "" || !f.dated() || f.Today <= f.End {
		return
	}
	dated := f.reportDate()
	seen := false
	for _, a := range of[soc1.ManagementAssertion](f, "assertion") {
		if a.Value.Engagement != f.Engagement.ID || a.Value.SubserviceOrganization != "" {
			continue
		}
		seen = true
		switch {
		case a.Value.SignedOn == "":
			x.at(a.Ref(), "signed_on", nil, "Management's assertion is not signed, and the period ended on %s.", f.End)
		case dated != "" && a.Value.SignedOn > dated:
			x.at(a.Ref(), "signed_on", nil, "Management's assertion was signed on %s, after the date of the report, %s.", a.Value.SignedOn, dated)
		}
	}
	if !seen {
		x.at(f.Engagement.Ref(), "assertion", nil, "There is no assertion of management, and the period ended on %s.", f.End)
	}
}

func paragraphsMissing(f *Facts, x *found) {
	if f.Report == nil || f.Engagement.ID == "" {
		return
	}
	if !f.Report.RestrictedUse {
		x.at(f.Engagement.Ref(), "restricted_use", nil, "The report has no paragraph on its restricted use.")
	}
	if !f.Report.Limitations {
		x.at(f.Engagement.Ref(), "limitations", nil, "The report has no paragraph on inherent limitations.")
	}
}

func subsequentEvents(f *Facts, x *found) {
	dated := f.reportDate()
	for _, e := range of[soc1.Examination](f, "examination") {
		if e.Value.Engagement.ID != f.Engagement.ID || dated == "" || e.Value.SubsequentEventsThrough >= dated {
			continue
		}
		x.at(e.Ref(), "subsequent_events_through", nil, "Inquiry about subsequent events reaches to %s, and the report is dated %s.", orNothing(e.Value.SubsequentEventsThrough), dated)
	}
}

func orNothing(d soc1.Date) string {
	if d == "" {
		return "no day"
	}
	return string(d)
}

func disclaimerMissing(f *Facts, x *found) {
	if f.Report != nil && f.Engagement.ID != "" && f.Engagement.Value.OtherInformation && !f.Report.OtherInformationDisclaimer {
		x.at(f.Engagement.Ref(), "other_information", nil, "The report has a Section V, and its scope paragraph does not disclaim it.")
	}
}

// bridgeMonths is how many months a bridge letter may reach.
const bridgeMonths = 3

func bridgeTooLong(f *Facts, x *found) {
	engagements := of[soc1.Engagement](f, "engagement")
	for _, b := range of[soc1.BridgeLetter](f, "bridge_letter") {
		e, ok := record.Find(engagements, b.Value.Engagement)
		if !ok {
			continue
		}
		if end := e.Value.End(); end.Valid() && b.Value.To > end.AddMonths(bridgeMonths) {
			x.at(b.Ref(), "to", nil, "The bridge letter reaches to %s, %s after the report that it cites ended on %s.", b.Value.To, english.Count(end.DaysUntil(b.Value.To), "day"), end)
		}
		for _, other := range engagements {
			if other.ID != e.ID && other.Value.End() > e.Value.End() && other.Value.End() < b.Value.IssuedOn && other.Value.End() <= f.Today {
				y := x.at(b.Ref(), "engagement", nil, "The bridge letter cites the report that ended on %s, and a later period ended on %s before the letter was issued.", e.Value.End(), other.Value.End())
				y.Sources = []soc1.Ref{other.Ref()}
				break
			}
		}
	}
}

func datesDiffer(f *Facts, x *found) {
	if f.Report == nil || f.Engagement.ID == "" {
		return
	}
	distinct := map[string][]string{}
	for _, section := range slices.Sorted(maps.Keys(f.Report.Periods)) {
		p := f.Report.Periods[section]
		distinct[p] = append(distinct[p], section)
	}
	if len(distinct) > 1 {
		var words []string
		for _, p := range slices.Sorted(maps.Keys(distinct)) {
			words = append(words, "Section "+strings.Join(distinct[p], ", ")+" says "+p)
		}
		x.at(f.Engagement.Ref(), "", nil, "The sections state different dates: %s.", strings.Join(words, "; "))
	}
}

// assembleWithin is how many days after release the file is assembled, by AT-C
// 105.
const assembleWithin = 60

func notAssembled(f *Facts, x *found) {
	for _, e := range of[soc1.Examination](f, "examination") {
		v := e.Value
		if v.Engagement.ID != f.Engagement.ID || !v.ReleasedOn.Valid() {
			continue
		}
		last := v.ReleasedOn.AddDays(assembleWithin)
		switch {
		case v.AssembledOn == "" && f.Today > last:
			x.at(e.Ref(), "assembled_on", nil, "The report was released on %s, and the file should have been assembled and locked by %s.", v.ReleasedOn, last)
		case v.AssembledOn > last:
			x.at(e.Ref(), "assembled_on", nil, "The file was assembled on %s, later than %d days after the release on %s.", v.AssembledOn, assembleWithin, v.ReleasedOn)
		}
	}
}

func independence(f *Facts, x *found) {
	for _, e := range of[soc1.Examination](f, "examination") {
		v := e.Value
		if v.Engagement.ID != f.Engagement.ID {
			continue
		}
		switch {
		case v.UnresolvedThreat:
			x.at(e.Ref(), "unresolved_threat", nil, "A threat to independence is not resolved.")
		case v.IndependenceConcludedOn == "":
			x.at(e.Ref(), "independence_concluded_on", nil, "Nobody has concluded on independence and acceptance.")
		}
	}
}
