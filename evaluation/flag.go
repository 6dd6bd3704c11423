package evaluation

import (
	"fmt"
	"slices"

	"reperform/soc1"
)

// Severity is how much a flag matters.
type Severity string

// The severities: critical blocks issue, high blocks review, medium advises.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
)

// Flag is something that does not follow from what was entered, or that stands
// in the way of a conclusion. It decides nothing; a person answers it.
type Flag struct {
	// Rule is the id of the rule, one of Rules.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Subject is the record that the flag is about.
	Subject soc1.Ref `json:"subject"`
	// Text says what does not follow, Remedy what to do about it.
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
	// Sources are the records that the flag rests on.
	Sources []soc1.Ref `json:"sources,omitempty"`
}

// String is the flag as one line.
func (f Flag) String() string {
	return fmt.Sprintf("%s %s %s: %s %s", f.Rule, f.Severity, f.Subject, f.Text, f.Remedy)
}

// Rule describes when flags of an id fire.
type Rule struct {
	ID string `json:"id"`
	// Severity is the usual one; a flag may weigh less where its text says why.
	Severity Severity `json:"severity"`
	Fires    string   `json:"fires"`
	Remedy   string   `json:"remedy"`
}

// Rules are the rules of this package. The ids POP, SMP, TST, DEV and RPT are
// those of the readiness rules and mean the same; EVA are its own.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{"POP-01", Critical, "a test looks at a population that is not named or not frozen", "Import the population and name it in the test."},
	{"POP-02", Critical, "completeness and accuracy of a population were not tested, or a test failed and nobody explained the difference", "Test them, or explain the difference and conclude on it."},
	{"POP-03", High, "the population does not cover the days tested", "Extract it again with the full dates, or test the missing days."},
	{"SMP-01", Critical, "fewer items count than were planned, although the population has more", "Draw the next ranked items and test them."},
	{"SMP-02", Critical, "a sample has an item twice, was drawn from another population, or results name items that were not drawn", "Draw again from the frozen population."},
	{"SMP-03", High, "seed, algorithm or population hash of a sample are missing or do not give the items' ranks", "Draw again with the recorded seed; it cannot be re-performed otherwise."},
	{"SMP-05", High, "the auditor's sample was drawn without a nonce committed on record before the population arrived", "Draw again under the nonce that was committed before the population arrived."},
	{"TST-01", Critical, "a control of a Type II report has no test of operating effectiveness behind its conclusion or the opinion", "Test the control, or remove it from the description."},
	{"TST-02", Critical, "every procedure of a test is inquiry", "Add observation, inspection or reperformance."},
	{"TST-03", High, "an item has no result for an attribute", "Complete the grid."},
	{"TST-04", High, "a person passed an item without evidence", "Attach the evidence or change the result."},
	{"TST-05", High, "the tester owns or performs the control", "Have somebody else test it."},
	{"TST-06", Medium, "a test has no reviewer, or the tester reviews it", "Name a second person as reviewer."},
	{"TST-10", Medium, "the tests do not cover all days that the conclusion speaks of", "Roll the test forward over the remaining days."},
	{"CTL-09", High, "an automated control is concluded effective on a test of one item, and change management of its system is not concluded to have operated", "Show that nothing changed the control, by a procedure of its own recorded as the conclusion's reliance, or test it throughout the period."},
	{"DEV-01", Critical, "a deviation has no cause or no effect", "Investigate nature and cause and record both."},
	{"DEV-02", Critical, "a confirmed exception belongs to no deviation, so the report would not list it", "Record the deviation; none is netted by another control."},
	{"DEV-03", High, "a deviation has no response of management", "Obtain the response."},
	{"DEV-04", Critical, "a control is concluded effective although the upper limit exceeds the tolerable rate, or more deviations were found than the plan allows, without a reason for overriding it", "Expand the sample, conclude not effective, or write the reason."},
	{"DEV-05", Critical, "the opinion on a limb is unmodified although an objective is not achieved, or a key control failed without an effective compensating control", "Modify the opinion, or correct the conclusion that it rests on."},
	{"DEV-06", High, "an intentional act has no response to fraud", "Assess what else the person controls and record the response."},
	{"DEV-07", Medium, "the same control deviated in the prior period", "Check what became of the remediation."},
	{"DEV-08", Critical, "an item of an earlier draw that deviated, or any item of the sample expanded, was left out", "Report all items drawn, the original deviation among them."},
	{"RPT-02", Critical, "management's representation letter for the engagement is not signed, or not dated as the report; with the inclusive method, the subservice organization's is missing", "Obtain the letter, dated and signed as of the date of the report."},
	{"RPT-03", Critical, "the opinion is modified without a basis, the basis leaves out an objective that was not achieved, or management's assertion does not state the same", "Write the basis; have management amend its assertion."},
	{"RPT-04", Critical, "the report is dated before the last work or review it rests on", "Date the report no earlier than the last sign-off."},
	{"EVA-01", Critical, "a conclusion was entered although something stands in its way", "Clear what is listed, then conclude again."},
	{"EVA-02", Critical, "a control is concluded effective although a plan of zero tolerance found a deviation and no expansion stayed clean", "Expand the sample or conclude not effective."},
	{"EVA-03", High, "a control is concluded not effective without a deviation and without a reason", "Record the deviation or write the reason."},
	{"EVA-04", Critical, "an objective is concluded achieved although a control failed and no tested, effective control answers the same risks on the same days", "Test a compensating control, or conclude not achieved."},
	{"EVA-05", Critical, "design or implementation failed and operation is concluded favorably for the same days: what is not suitably designed or not in use cannot operate effectively", "Correct one of the two conclusions."},
	{"EVA-06", Critical, "the description is unmodified although a control that it states is not implemented", "Ask management to amend the description; otherwise modify the opinion."},
	{"EVA-07", High, "the basis of a modified opinion names an objective that is concluded achieved, or one outside the engagement", "Correct the basis or the conclusion."},
	{"EVA-08", High, "the opinion on design or operation is qualified or adverse although every objective is concluded achieved and no basis names one", "Name the objective, or say which evidence is missing."},
	{"EVA-09", Critical, "an adverse opinion or a disclaimer gives no reasons why the matter is pervasive", "Write the reasons; no percentage decides it."},
	{"EVA-10", Critical, "a Type I report speaks of operating effectiveness, or a Type II report does not", "Remove or add the limb."},
	{"EVA-11", Critical, "the items of a deviation are not those of its confirmed exceptions", "Correct the count or the exceptions of the deviation."},
	{"EVA-12", High, "two conclusions on the same question and days, or two opinions, stand beside each other", "Retire the one that no longer holds."},
	{"EVA-13", Critical, "an opinion was entered although an objective has no conclusion on the limb for every day", "Conclude on the objective first."},
	{"EVA-14", High, "a deviation names a compensating control that was not tested, is not concluded effective, or does not cover the days", "Test and conclude on that control, or name another."},
	{"EVA-15", Critical, "results do not reconcile one to one to the items", "Run or enter the test again, and account for every item once."},
	{"EVA-16", High, "an automated control deviated and is concluded effective: it does the same thing every time", "Find since when, and conclude for the days before and after."},
	{"EVA-17", Medium, "an objective is concluded not achieved although every control of it is concluded effective", "Check the conclusions, or say in the reasons what they leave open."},
	{"EVA-18", High, "an objective is concluded achieved although a key control of it has no conclusion", "Conclude on the control first."},
	{"EVA-19", High, "a control is concluded effective although it had no occasion to operate", "Use the wording for a control that did not operate; judge the objective on the rest."},
	{"EVA-20", High, "a test or conclusion names a control or objective that the engagement does not have", "Correct the reference, or bring the record into scope."},
	{"EVA-21", Critical, "exceptions are open, or items undecided", "Confirm or dismiss each; resolve what the data cannot tell by another procedure."},
	{"EVA-22", Critical, "nothing was tested yet", "Run the test or enter its results."},
	{"EVA-23", High, "a plan of two stages calls for its second stage", "Draw the second stage from the next ranked items."},
	{"EVA-24", Medium, "a sample was expanded although its deviation is systematic: an expansion can only show that a deviation was isolated", "Conclude from the sample as it is, or reconsider the extent."},
	{"EVA-25", High, "a control was drawn from again, or nearly the same items were frozen as another population: whoever knows the nonce could have tried populations until a sample pleased", "Judge the reason with somebody who had no part in the draw, and test the items left out."},
	{"EVA-26", High, "an outcome was changed after it was first recorded, or an earlier one was redacted", "Look at the evidence for both outcomes, and at who changed it and why."},
	{"EVA-27", Medium, "an exception was dismissed, or an item settled by an alternative procedure, on words alone: no evidence record is named", "Record the evidence and decide again with its id."},
	{"EVA-28", High, "an exception that was confirmed was dismissed later", "Look at what the first decision rested on, and at who changed it and why."},
	{"EVA-29", Critical, "a conclusion, or the opinion, is older than something that it rests on", "Look at what changed and enter it again."},
	{"EVA-30", High, "a person of the firm's team is, or was, one of the organization's people", "Have the firm conclude on the person's independence, and have the work done again by somebody else."},
	{"EVA-31", High, "a document of the organization within the engagement was redacted after the examination was opened", "Ask which law demanded it, see what earlier exports and evidence still show, and consider what can no longer be examined."},
	{"EVA-32", Medium, "a control is concluded effective although an attribute of its test concerns no item", "Check the not-applicable expression; if it is right, nothing was learned from this attribute."},
	{"EVA-33", High, "a working paper was signed off, and something was recorded in it afterwards", "Look at what changed, and sign the paper again."},
}

// flagged makes a flag of a rule with its usual severity and remedy.
func flagged(rule string, subject soc1.Ref, sources []soc1.Ref, format string, args ...any) Flag {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == rule })
	if i < 0 {
		panic("evaluation: no rule " + rule)
	}
	return Flag{Rule: rule, Severity: rules[i].Severity, Subject: subject, Text: fmt.Sprintf(format, args...), Remedy: rules[i].Remedy, Sources: sources}
}

// severityRank orders severities, the heaviest first.
func severityRank(s Severity) int {
	return slices.Index([]Severity{Critical, High, Medium}, s)
}

// some names the first few of many, for a sentence.
func some(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", list(names[:most]), len(names)-most)
	}
	return list(names)
}

func list(names []string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	return s
}
