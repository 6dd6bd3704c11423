package gap

import (
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

var testRules = []Rule{
	{ID: "TST-01", Severity: Critical, Whose: Testing, Fires: "a control of a Type II report has no test of operating effectiveness",
		Why: "Section IV lists a test for every control; without one there is nothing to conclude from.", Remedy: "Test the control or remove it from the description.",
		Reads: testKinds, find: untested},
	{ID: "TST-02", Severity: Critical, Whose: Testing, Never: true, Fires: "every procedure of a test is inquiry",
		Why: "Inquiry alone never is sufficient evidence of operating effectiveness (AT-C 320).", Remedy: "Add observation, inspection or reperformance.",
		Reads: []string{"engagement", "test_of_control"}, find: askedOnly},
	{ID: "TST-03", Severity: High, Whose: Testing, Fires: "an item of a sample has no result for an attribute",
		Why: "An empty cell is no pass.", Remedy: "Complete the grid.",
		Reads: testKinds, find: evaluated("TST-03")},
	{ID: "TST-04", Severity: High, Whose: Testing, Fires: "an item passed without evidence",
		Why: "A pass that nobody can look at cannot be reviewed or re-performed.", Remedy: "Attach the evidence or change the result.",
		Reads: testKinds, find: evaluated("TST-04")},
	{ID: "TST-05", Severity: High, Whose: Testing, Never: true, Fires: "the tester owns or performs the control",
		Why: "Nobody tests their own work.", Remedy: "Have somebody else test it.",
		Reads: testKinds, find: testedByOwner},
	{ID: "TST-06", Severity: Medium, Whose: Testing, Fires: "a test has no reviewer, or its tester reviews it",
		Why: "Work that nobody looked at is not finished.", Remedy: "Name a second person as reviewer.",
		Reads: testKinds, find: evaluated("TST-06")},
	{ID: "TST-07", Severity: Medium, Whose: Testing, Fires: "evidence for a result lies outside the days tested",
		Why: "Evidence of another time does not show what happened in the period.", Remedy: "Replace it, or explain why it bears on the days tested.",
		Reads: []string{"engagement", "test_of_control", "result", "evidence"}, find: evidenceElsewhen},
	{ID: "TST-08", Given: TheFiles, Severity: High, Whose: Testing, Fires: "a file of evidence is missing or is not what was recorded",
		Why: "The result can no longer be traced to what it rests on.", Remedy: "Restore the original from a backup.",
		Reads: []string{"evidence"}, find: fileGone},
	{ID: "TST-09", Severity: Medium, Whose: Testing, Fires: "one piece of evidence is used for attributes of more than three tests",
		Why: "What shows everything often shows nothing in particular.", Remedy: "Confirm that it is relevant to each.",
		Reads: []string{"engagement", "test_of_control", "result"}, find: evidenceReused},
	{ID: "TST-10", Severity: Medium, Whose: Testing, Fires: "tests end before the period does, and nothing rolls them forward",
		Why: "The conclusion would speak of days that nobody tested.", Remedy: "Roll the test forward over the remaining days.",
		Reads: testKinds, find: evaluated("TST-10")},
}

var deviationRules = []Rule{
	{ID: "DEV-01", Severity: Critical, Whose: Testing, Fires: "a deviation has no cause or no effect",
		Why: "Whether it is isolated and what it means cannot be judged without both.", Remedy: "Investigate and record nature, cause and effect.",
		Reads: testKinds, find: evaluated("DEV-01")},
	{ID: "DEV-02", Severity: Critical, Whose: Testing, Fires: "a confirmed exception belongs to no deviation, so Section IV would not list it",
		Why: "All deviations are reported; none is netted by another control.", Remedy: "Record the deviation.",
		Reads: testKinds, find: evaluated("DEV-02")},
	{ID: "DEV-03", Severity: High, Whose: Testing, Fires: "a deviation has no response of management",
		Why: "Readers want to know what management does about it.", Remedy: "Obtain the response.",
		Reads: testKinds, find: evaluated("DEV-03")},
	{ID: "DEV-04", Severity: Critical, Whose: Testing, Fires: "a control is concluded effective although the upper limit exceeds the tolerable rate, without a reason",
		Why: "The evidence does not support the conclusion.", Remedy: "Expand the test, conclude not effective, or write the reason.",
		Reads: testKinds, find: evaluated("DEV-04")},
	{ID: "DEV-05", Severity: Critical, Whose: Testing, Fires: "a key control failed without an effective compensating control and the opinion is unmodified",
		Why: "The objective is not achieved, and the opinion says that it is.", Remedy: "Modify the opinion or correct the conclusion that it rests on.",
		Reads: testKinds, find: evaluated("DEV-05")},
	{ID: "DEV-06", Severity: High, Whose: Testing, Fires: "a deviation is an intentional act, and no response to fraud is recorded",
		Why: "Whoever acted may have acted elsewhere too.", Remedy: "Assess the description and the other controls, and inform governance.",
		Reads: testKinds, find: evaluated("DEV-06")},
	{ID: "DEV-07", Severity: Medium, Whose: Testing, Fires: "a control deviated in the prior period as well",
		Why: "The remediation did not hold.", Remedy: "Check what became of it, and mark the deviation as repeated.",
		Reads: testKinds, find: repeated},
	{ID: "DEV-08", Severity: High, Whose: Testing, Fires: "a sample was expanded after a deviation, and the original deviation is left out",
		Why: "Items that were drawn count, whatever was drawn afterwards.", Remedy: "Report the combined number of items and deviations.",
		Reads: testKinds, find: evaluated("DEV-08")},
}

// untested adds to what conclusions already lack a test the controls that
// nobody has planned one for, once the engagement has begun.
func untested(f *Facts, x *found) {
	evaluated("TST-01")(f, x)
	if !f.type2() || !f.dated() || f.Today < f.Start {
		return
	}
	told := x.told()
	tested := map[string]bool{}
	for _, t := range f.tests() {
		tested[t.Value.Control] = true
	}
	// Management need not test its own controls; only an auditor must.
	if f.By != soc1.ByAuditor {
		return
	}
	for _, c := range f.inScope() {
		if !c.Value.EntityLevel() && !tested[c.ID] && !told[c.ID] {
			x.at(c.Ref(), "", c.Value.Objectives, "%s is listed in the description, and no test of its operation is planned.", code(c))
		}
	}
}

func askedOnly(f *Facts, x *found) {
	for _, t := range f.tests() {
		if t.Value.InquiryOnly() {
			x.at(t.Ref(), "procedures", f.objectivesOf(t.Value.Control), "Every procedure of the test %s is inquiry.", name(t.Value.Code, t.ID))
		}
	}
}

func testedByOwner(f *Facts, x *found) {
	evaluated("TST-05")(f, x)
	told := x.told()
	for _, t := range f.tests() {
		c := f.controls().byID[t.Value.Control]
		if c == nil || t.Value.PerformedBy == "" || told[t.ID] {
			continue
		}
		if t.Value.PerformedBy == c.Value.Owner || t.Value.PerformedBy == c.Value.Performer {
			y := x.at(t.Ref(), "performed_by", c.Value.Objectives, "%s tests %s, and owns or performs that control.", t.Value.PerformedBy, code(c))
			y.Sources = []soc1.Ref{c.Ref()}
		}
	}
}

// evidence is by id.
func (f *Facts) evidence() map[string]*record.Typed[soc1.Evidence] {
	return made(f, "evidence", []string{"evidence"}, func() map[string]*record.Typed[soc1.Evidence] {
		list := of[soc1.Evidence](f, "evidence")
		out := make(map[string]*record.Typed[soc1.Evidence], len(list))
		for i := range list {
			out[list[i].ID] = &list[i]
		}
		return out
	})
}

func evidenceElsewhen(f *Facts, x *found) {
	if !f.dated() {
		return
	}
	tests := map[string]record.Typed[soc1.TestOfControl]{}
	for _, t := range f.tests() {
		tests[t.ID] = t
	}
	if len(tests) == 0 {
		return
	}
	used := map[[2]string]bool{}
	all := f.evidence()
	for _, r := range of[soc1.Result](f, "result") {
		t, ok := tests[r.Value.Test]
		if !ok {
			continue
		}
		from, to := f.window(t.Value)
		for _, id := range r.Value.Evidence {
			e := all[id]
			if e == nil || used[[2]string{t.ID, id}] {
				continue
			}
			used[[2]string{t.ID, id}] = true
			first, last := e.Value.PeriodFrom, e.Value.PeriodTo
			if e.Value.AsOf != "" && first == "" {
				first, last = e.Value.AsOf, e.Value.AsOf
			}
			if first == "" || first <= to && last >= from {
				continue
			}
			field := "period_from"
			if e.Value.AsOf != "" && e.Value.PeriodFrom == "" {
				field = "as_of"
			}
			y := x.at(e.Ref(), field, f.objectivesOf(t.Value.Control), "The evidence speaks of %s, and the test %s of %s to %s.", span(first, last), name(t.Value.Code, t.ID), from, to)
			y.Sources = []soc1.Ref{t.Ref(), r.Ref()}
		}
	}
}

func span(from, to soc1.Date) string {
	if from == to {
		return string(from)
	}
	return string(from) + " to " + string(to)
}

func fileGone(f *Facts, x *found) {
	if len(f.Missing) == 0 {
		return
	}
	for _, e := range of[soc1.Evidence](f, "evidence") {
		for _, file := range e.Value.Files {
			if f.Missing[file.SHA256] {
				x.at(e.Ref(), "files", nil, "The file %q is missing from the store, or its bytes are no longer those recorded (SHA-256 %s…).", file.Name, file.SHA256[:min(12, len(file.SHA256))])
			}
		}
	}
}

func evidenceReused(f *Facts, x *found) {
	tests := map[string]bool{}
	for _, t := range f.tests() {
		tests[t.ID] = true
	}
	used := map[string]map[string]bool{}
	for _, r := range of[soc1.Result](f, "result") {
		if !tests[r.Value.Test] {
			continue
		}
		for _, id := range r.Value.Evidence {
			if used[id] == nil {
				used[id] = map[string]bool{}
			}
			// Attributes of one test look at one item together: only those of
			// another test are unrelated.
			used[id][r.Value.Test] = true
		}
	}
	var ids []string
	for id, by := range used {
		if len(by) > 3 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		subject := soc1.Ref{Ledger: f.work.Ledger(), Kind: "evidence", ID: id}
		if e := f.evidence()[id]; e != nil {
			subject = e.Ref()
		}
		x.at(subject, "", nil, "The evidence is used for results of %s.", english.Count(len(used[id]), "test"))
	}
}

// repeated adds to what the file itself knows of the prior period what stands
// recorded of it in the same ledger.
func repeated(f *Facts, x *found) {
	evaluated("DEV-07")(f, x)
	if !f.dated() {
		return
	}
	earlier := map[string]bool{}
	for _, e := range of[soc1.Engagement](f, "engagement") {
		earlier[e.ID] = e.ID != f.Engagement.ID && e.Value.End() != "" && e.Value.End() < f.Start
	}
	tests := map[string]record.Typed[soc1.TestOfControl]{}
	for _, t := range of[soc1.TestOfControl](f, "test_of_control") {
		tests[t.ID] = t
	}
	before := map[string]soc1.Ref{}
	all := of[soc1.Deviation](f, "deviation")
	for _, d := range all {
		if earlier[tests[d.Value.Test].Value.Engagement] {
			before[d.Value.Control] = d.Ref()
		}
	}
	told := x.told()
	for _, d := range all {
		was, ok := before[d.Value.Control]
		t := tests[d.Value.Test]
		if !ok || d.Value.Repeat || told[d.ID] || !f.mine(t.Value.Engagement, t.Value.By) {
			continue
		}
		y := x.at(d.Ref(), "repeat", f.objectivesOf(d.Value.Control), "The control of this deviation deviated in the prior period too.")
		y.Sources = []soc1.Ref{was}
	}
}
