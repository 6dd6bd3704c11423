package soc1

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestValidRecordsHaveNoProblems(t *testing.T) {
	for _, r := range validRecords() {
		for _, p := range r.Validate() {
			t.Errorf("%T: %s", r, p)
		}
	}
}

// with changes a copy of a record.
func with[T Record](r T, change func(*T)) Record {
	change(&r)
	return r
}

// faults are records with one thing wrong each: the field and the beginning
// of the message that must be reported, and nothing else.
func faults() []struct {
	record         Record
	field, message string
} {
	type fault = struct {
		record         Record
		field, message string
	}
	many := make([]string, MaxItemKeys+1)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	assessed := func(change func(*ReadinessAssessment)) Record {
		return with(ReadinessAssessment{Title: "Dry run", Engagement: "e", Owner: "eve"}, change)
	}
	recurring := func(change func(*Control)) Record {
		return with(aControl(), func(k *Control) { k.Frequency, k.Owner = Monthly, "ann"; change(k) })
	}
	return []fault{
		{with(aCourse(), func(c *Course) { c.Body = "" }), "body", "The course has neither a text nor a file."},
		{with(aCourse(), func(c *Course) { c.RenewMonths = 121 }), "renew_months", "The value 121 is outside 0 to 120."},
		{with(aCourse(), func(c *Course) { c.PassMark = 101 }), "pass_mark", "The value 101 is outside 0 to 100."},
		{with(aCourse(), func(c *Course) { c.PassMark = 0 }), "pass_mark", "The course has a quiz, and anybody passes it."},
		{with(aCourse(), func(c *Course) { c.Questions = nil }), "pass_mark", "The course has a pass mark and no quiz."},
		{with(aCourse(), func(c *Course) { c.Questions[1].ID = "q1" }), "questions[1].id", "Question q1 is listed twice."},
		{with(aCourse(), func(c *Course) { c.Questions[0].Choices = c.Questions[0].Choices[:1] }), "questions[0].choices", "The question offers one answer."},
		{with(aCourse(), func(c *Course) { c.Questions[0].Choices[1].ID = "a" }), "questions[0].choices[1]", "Answer a is listed twice."},
		{with(aCourse(), func(c *Course) { c.Questions[0].Choices[1].Text = "You" }), "questions[0].choices[1]", "The same answer is offered twice."},
		{CourseKey{Course: "c", Questions: -1, QuizSHA256: digestText, Commitment: digestText, KeptBy: "ann", KeptOn: "2025-01-10"}, "questions", "The key answers fewer than no questions."},
		{CourseKey{Course: "c", Questions: 1, QuizSHA256: "1", Commitment: digestText, KeptBy: "ann", KeptOn: "2025-01-10"}, "quiz_sha256", "This is not a SHA-256 value."},
		{CourseKey{Course: "c", Questions: 1, QuizSHA256: digestText, Commitment: "1", KeptBy: "ann", KeptOn: "2025-01-10"}, "commitment", "This is not a SHA-256 value."},
		{with(anAssignment(), func(a *TrainingAssignment) { a.Audience = Audience{} }), "audience", "The course is assigned to nobody."},
		{with(anAssignment(), func(a *TrainingAssignment) { a.Due = "2025-01-09" }), "due", "The date 2025-01-09 lies before assigned_on"},
		{with(aCompletion(), func(x *CourseCompletion) { x.Revision = -1 }), "revision", "The completion names no revision of the course."},
		{with(aCompletion(), func(x *CourseCompletion) { x.Attempt = -1 }), "attempt", "The attempt has no number."},
		{with(aCompletion(), func(x *CourseCompletion) { x.Correct, x.Missed = 3, nil }), "correct", "More questions are right than there were, or fewer than none."},
		{with(aCompletion(), func(x *CourseCompletion) { x.PassMark = -1 }), "pass_mark", "The value -1 is outside 0 to 100."},
		{with(aCompletion(), func(x *CourseCompletion) { x.Passed = false }), "passed", "Score and pass mark say otherwise."},
		{with(aCompletion(), func(x *CourseCompletion) { x.Missed = nil }), "missed", "The questions answered wrong are not as many as the score says."},
		{BusinessCalendar{Name: "Porto", Weekdays: []Weekday{Monday}, Holidays: []Date{"2025-06-10", "2025-06-10"}}, "holidays[1]", "The holiday 2025-06-10 is named twice."},
		{recurring(func(k *Control) { k.DueBusinessDays = -1 }), "due_business_days", "The value -1 is outside 0 to 60."},
		{recurring(func(k *Control) { k.Frequency, k.DueBusinessDays = AsNeeded, 5 }), "due_business_days", "The frequency names no periods after which the control could be due."},
		{recurring(func(k *Control) { k.Frequency, k.PerformedHere = AsNeeded, true }), "performed_here", "The control is performed here, and its frequency predicts no occurrence."},
		{recurring(func(k *Control) { k.Owner, k.Performer, k.PerformedHere = "", "", true }), "performer", "The control is performed here, and nobody is named who performs it."},
		{recurring(func(k *Control) { k.Checklist = []string{" "} }), "checklist[0]", "The item is empty."},
		{recurring(func(k *Control) { k.Checklist = []string{"Sign", "Sign"} }), "checklist[1]", "The item is listed twice."},
		{recurring(func(k *Control) { k.Balances = []string{"Bank"} }), "balances", "A reconciliation compares two balances that have different names."},
		{with(aPerformance(), func(p *Performance) { p.To = "2024-12-31" }), "to", "The date 2024-12-31 lies before from (2025-01-01)."},
		{with(aPerformance(), func(p *Performance) { p.Checklist[0].Answer = StepNotDone }), "outcome", "An item of the checklist was not done: “Agree the total”."},
		{with(aPerformance(), func(p *Performance) { p.Exceptions = "Two were late." }), "outcome", "Exceptions are described, and the outcome says that there are none."},
		{with(aPerformance(), func(p *Performance) { p.Outcome = PerformedExcept }), "exceptions", "It was performed with exceptions, and nothing says which."},
		{with(aPerformance(), func(p *Performance) { p.Outcome, p.FiledAs = NotPerformed, "" }), "reason", "It was not performed, and nothing says why."},
		{with(aPerformance(), func(p *Performance) { p.FiledAs = "" }), "filed_as", "A control that was performed leaves one record of evidence, and one that was not leaves none."},
		{with(aPerformance(), func(p *Performance) { p.PerformedOn = "2024-12-31" }), "performed_on", "2024-12-31 lies before the occurrence begins."},
		{with(aPerformance(), func(p *Performance) { p.Status = PerformanceAccepted }), "reviewer", "Nobody is named who reviewed it."},
		{with(aPerformance(), func(p *Performance) { p.Reviewer = "bob" }), "reviewer", "A reviewer is named, and it is neither accepted nor returned."},
		{with(aPerformance(), func(p *Performance) {
			p.Status, p.Reviewer, p.ReviewedOn, p.ReviewedAt = PerformanceReturned, "bob", "2025-02-07", "2025-02-07T09:00:00Z"
		}), "remark", "It is returned without saying why."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Second.Currency = "EUR" }), "reconciliation.second.currency", "The two balances are in two currencies."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.First.Minor = LargestBalance + 1 }), "reconciliation.first", "A balance is larger than can be compared."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Items = manyItems() }), "reconciliation.items", "There are 1001 reconciling items; 1000 can be listed."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Items[0].Minor = -LargestBalance - 1 }), "reconciliation.items[0].minor", "The amount is larger than can be compared."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Items[0].Since = "2025-02-01" }), "reconciliation.items[0].since", "The item is open since 2025-02-01, after the balances were struck on 2025-01-31."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Items[2].ClearedOn = "2024-12-01" }), "reconciliation.items[2].cleared_on", "The date 2024-12-01 lies before reconciliation.items[2].since (2024-12-20)."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Items[1] = p.Reconciliation.Items[0] }), "reconciliation.items[1].what", "The item is listed twice."},
		{with(aReconciliation(), func(p *Performance) { p.Reconciliation.Items[0].Minor = 699 }), "outcome", "The items leave USD 0.01 of the difference unexplained."},
		{assessed(func(a *ReadinessAssessment) {
			a.Objectives = []ObjectiveRating{{Objective: "o", Rating: RatedReady}, {Objective: "o", Rating: RatedReady}}
		}), "objectives[1].objective", "The objective is rated twice."},
		{assessed(func(a *ReadinessAssessment) {
			a.Objectives = []ObjectiveRating{{Objective: "o", Rating: RatedNotReady}}
		}), "objectives[0].remarks", "The objective is rated not ready, and nothing says why."},
		{assessed(func(a *ReadinessAssessment) { a.FinishedOn = "2025-10-15" }), "overall", "The assessment is finished without an overall rating."},
		{assessed(func(a *ReadinessAssessment) { a.Overall = RatedNotReady }), "summary", "The program is rated not ready, and nothing says why."},
		{with(aPlan(), func(r *Remediation) { r.Findings, r.Exceptions = nil, nil }), "findings", "The plan answers nothing."},
		{with(aPlan(), func(r *Remediation) { r.Findings = append(r.Findings, r.Findings[0]) }), "findings[1]", "The finding is named twice."},
		{with(aPlan(), func(r *Remediation) { r.Begin = "2026-12-01" }), "due", "The date 2026-11-30 lies before begin (2026-12-01)."},
		{with(aPlan(), func(r *Remediation) { r.HoursActual = -1 }), "hours_actual", "The value -1 is negative."},
		{with(aPlan(), func(r *Remediation) { r.CostActual.Currency = "EUR" }), "cost_actual.currency", "Estimate and actual cost are in two currencies."},
		{with(aClosing(), func(r *RemediationClosing) { r.Explanation = "See above." }), "explanation", "Something that the plan answers stands, or a plan before it is open, and nothing says why it is closed."},
		{with(aClosing(), func(r *RemediationClosing) { r.Outcomes[0].Test = "" }), "outcomes[0].test", "It was settled by a retest, and no test is named."},
		{GapAcceptance{Rule: "TST-02", Subject: Ref{Kind: "test_of_control", ID: "t"}, Reason: "x", AcceptedBy: "p", AcceptedOn: "2026-01-10", ExpiresOn: "2026-02-10"}, "rule", "What TST-02 finds cannot be accepted."},
		{GapAcceptance{Rule: "CTL-02", Subject: Ref{Kind: "control", ID: "c"}, Reason: "x", AcceptedBy: "p", AcceptedOn: "2026-01-10", ExpiresOn: "2027-01-11"}, "expires_on", "A risk is accepted for a year at most."},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.Services[1].Name = "Payroll" }), "answers.services[1].name", `"Payroll" is answered twice.`},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.Services[0].Does = nil }), "answers.services[0].does", "Customers book amounts that come from the service, and it does nothing with their transactions."},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.Services[1].Hosts = false }), "answers.services[1].hosts", "Customers’ accounting systems run on the service, and it hosts none."},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.Issued = IssuedNone }), "answers.issued_to", "A last day is given, and no report was issued."},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.IssuedTo = "" }), "answers.issued_to", "The last day of the report that was issued is missing."},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.OperatedMonths = 121 }), "answers.operated_months", "The value 121 is outside 0 to 120."},
		{with(anInterview(), func(i *ScopeInterview) { i.Answers.Deadline = "2025-01-31" }), "answers.deadline", "The day 2025-01-31 has passed."},
		{with(aFreeze(), func(f *ScopeFreeze) { f.Items[0].Revision = 0 }), "items[0]", "The item names no revision of a record."},
		{with(aFreeze(), func(f *ScopeFreeze) { f.Items[1] = f.Items[0] }), "items[1]", "service payroll is listed twice."},
		{with(aFreeze(), func(f *ScopeFreeze) { f.SHA256 = "12" }), "sha256", "This is not a SHA-256 value."},
		{with(anEvent(), func(e *Event) { e.Ended = "2025-04-01" }), "ended", "The date 2025-04-01 lies before began"},
		{with(anEvent(), func(e *Event) { e.KnownOn = "2025-04-01" }), "known_on", "The date 2025-04-01 lies before began"},
		{with(anEvent(), func(e *Event) { e.ResolvedOn = "2025-04-01" }), "resolved_on", "The date 2025-04-01 lies before began"},
		{with(anEvent(), func(e *Event) { e.ToldOn = "2025-04-01" }), "told_on", "The date 2025-04-01 lies before began"},
		{with(anEvent(), func(e *Event) { e.Ended, e.Lasts = "2025-04-03", true }), "ended", "The event has ended and is said to be going on."},
		{with(anEvent(), func(e *Event) { e.Transactions = -1 }), "transactions", "There cannot be fewer than no transactions."},
		{with(anEvent(), func(e *Event) { e.Amount.Minor = -1 }), "amount.minor", "The amount is negative."},
		{with(anEvent(), func(e *Event) { e.Nature = EventChange }), "nature", "A change is said to have affected transactions."},
		{with(anEventAssessment(), func(a *EventAssessment) { a.Revision = -1 }), "revision", "The assessment names no revision of the event."},
		{with(anEventAssessment(), func(a *EventAssessment) { a.Controls.Answer = No }), "controls.answered", "It does not bear on this, and records are named that take it up."},
		{with(anEventAssessment(), func(a *EventAssessment) { a.Controls.Answered[0].ID = "" }), "controls.answered[0]", "The reference does not name a kind and an id."},
		{EventConfirmation{Engagement: "e", By: "ann", Through: "2026-01-08", On: "2026-01-07"}, "through", "Nobody knows today what happens later."},
		{with(aSession(), func(s *RiskSession) { s.Risks[1].Revision = 0 }), "risks[1]", "The item names no revision of a risk."},
		{with(aSession(), func(s *RiskSession) { s.Risks[1].ID = "r" }), "risks[1]", "Risk r is listed twice."},
		{with(aSession(), func(s *RiskSession) { s.Agreed[0].Risk = "x" }), "agreed[0].risk", "Risk x is not in question."},
		{with(aSession(), func(s *RiskSession) { s.Agreed[0].Remark = "" }), "agreed[0].remark", "The reason is missing."},
		{with(aSession(), func(s *RiskSession) { s.Considered[0].Prompt = "x" }), "considered[0].prompt", `There is no prompt "x".`},
		{with(aSession(), func(s *RiskSession) { s.Phase = RiskBlind }), "agreed", "Something is agreed before the scores are revealed."},
		{with(aSession(), func(s *RiskSession) { s.RevealedOn = "" }), "revealed_on", "The day of the reveal is missing."},
		{with(aSession(), func(s *RiskSession) { s.Phase = RiskClosed }), "closed_on", "The day of the closing is missing."},
		{with(aScore(), func(s *RiskScore) { s.Scores, s.Scored = nil, -1 }), "scored", "A number of risks is not negative."},
		{with(aScore(), func(s *RiskScore) { s.Scored = 2 }), "scores", "1 scores are revealed, and 2 were committed."},
		{with(aScore(), func(s *RiskScore) { s.RevealedOn = "" }), "revealed_on", "Scores are told before the session was revealed."},
		{with(aScore(), func(s *RiskScore) { s.Lost = "Gone." }), "lost", "The scores are told and said to be lost."},
		{with(aScore(), func(s *RiskScore) { s.Scores, s.Scored = append(s.Scores, s.Scores[0]), 2 }), "scores[1].risk", "Risk r is rated twice."},
		{with(aScore(), func(s *RiskScore) { s.Scores[0].Impact = 6 }), "scores[0].impact", "The value 6 is outside 1 to 5."},
		{with(aScore(), func(s *RiskScore) { s.Scores[0].ResidualLikelihood = 2 }), "scores[0].residual_impact", "Only one half of the residual rating is given."},
		{with(aScore(), func(s *RiskScore) { s.Scores[0].ResidualLikelihood, s.Scores[0].ResidualImpact = 4, 4 }), "scores[0].residual_likelihood", "With the controls in operation the risk would be likelier than without them."},
		{with(aScore(), func(s *RiskScore) { s.Scores[0].ResidualLikelihood, s.Scores[0].ResidualImpact = 3, 5 }), "scores[0].residual_impact", "With the controls in operation the impact would be higher than without them."},
		{UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "02-29"}, "fiscal_year_end", "02-29 is a day of leap years only."},
		{UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "02-30"}, "fiscal_year_end", "There is no day 02-30 in the calendar."},
		{UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "December"}, "fiscal_year_end", `"December" is not the end of a fiscal year.`},
		{UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "12-31", Entities: -1}, "entities", "The count -1 is negative."},
		{UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "12-31", Entities: 1_000_001}, "entities", "One record stands for 1000001 user entities."},
		{UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "12-31", ReliesOn: []UserReliance{{Account: "cash"}, {Account: "cash"}}}, "relies_on[1].account", `"cash" is listed twice.`},

		// What tags and types say.
		{with(anOrganization(), func(o *Organization) { o.Name = " \n" }), "name", `"Name" is missing.`},
		{with(aControl(), func(c *Control) { c.Nature = "" }), "nature", `"Nature" is missing.`},
		{with(aTest(), func(x *TestOfControl) { x.Procedures = nil }), "procedures", `"Procedures" is missing.`},
		{with(aTest(), func(x *TestOfControl) { x.Procedures[0].Text = "" }), "procedures[0].text", `"Procedure" is missing.`},
		{with(aControl(), func(c *Control) { c.Frequency = "fortnightly" }), "frequency", `"fortnightly" is not a value of this list.`},
		{with(aControl(), func(c *Control) { c.Principles = []Principle{"P10", "P18"} }), "principles[1]", `"P18" is not a value`},
		{with(aControl(), func(c *Control) { c.Objectives = []string{"pay-3", "pay-3"} }), "objectives[1]", `"pay-3" is listed twice.`},
		{with(aControl(), func(c *Control) { c.Objectives = []string{""} }), "objectives[0]", "The list has an empty member."},
		{with(aControl(), func(c *Control) { c.Owner = "ann " }), "owner", `The reference "ann " has blanks around it.`},
		{with(aRisk(), func(r *Risk) { r.Text = "\xff" }), "text", "The text is not valid UTF-8."},
		{with(type2(), func(e *Engagement) { e.PriorReport.PeriodTo = "2025-02-29" }), "prior_report.period_to", "There is no day 2025-02-29 in the calendar."},
		{with(type2(), func(e *Engagement) { e.PriorReport.PeriodTo = "31.12.2024" }), "prior_report.period_to", `"31.12.2024" is not a date.`},
		{with(evidence(), func(e *Evidence) { e.ReceivedAt = "2025-04-01T15:00" }), "received_at", `"2025-04-01T15:00" is not a moment with a time zone.`},
		{with(type2(), func(e *Engagement) { e.Method.Tolerable = 10001 }), "method.tolerable_bp", "The rate of 10001 basis points is outside 0 to 10000."},
		{with(evidence(), func(e *Evidence) { e.Files[0].SHA256 = "12" }), "files[0]", `The file "extract.csv" has no SHA-256 value.`},
		{with(evidence(), func(e *Evidence) { e.Files[0].Name = "" }), "files[0]", "The file has no name."},
		{with(evidence(), func(e *Evidence) { e.Files[0].Size = -1 }), "files[0]", "The size -1 is negative."},
		{WorkingPaperNote{Title: "T", Text: "T", Subject: Ref{Kind: "control"}}, "subject", "The reference does not name a kind and an id."},
		{WorkingPaperNote{Title: "T", Text: "T", Subject: Ref{Kind: "control", ID: "c", Revision: -1}}, "subject", "The revision -1 is negative."},

		// The organization and its surroundings.
		{with(anOrganization(), func(o *Organization) { o.Currency = "usd" }), "currency", "This is not a currency code."},
		{with(anOrganization(), func(o *Organization) { o.Timezone = "EST" }), "timezone", "This is not the name of a time zone."},
		{with(aSubservice(), func(s *SubserviceOrganization) { s.Method = "" }), "method", `"Method" is missing.`},
		{with(aSubservice(), func(s *SubserviceOrganization) { s.LatestReport.PeriodTo = "2024-09-30" }), "latest_report.period_to", "The date 2024-09-30 lies before"},
		{with(aSubservice(), func(s *SubserviceOrganization) { s.AssertionSignedOn = "2026-01-01" }), "assertion_signed_on", "A carved-out subservice organization gives no assertion"},
		{with(aSubservice(), func(s *SubserviceOrganization) { s.RepresentationLetterOn = "2026-01-01" }), "representation_letter_on", "A carved-out subservice organization gives no representation letter"},
		{with(aPerson(), func(p *Person) { p.ActiveTo = "2023-12-31" }), "active_to", "The date 2023-12-31 lies before active_from (2024-01-01)."},
		{with(aPerson(), func(p *Person) { p.Email = "ann at example" }), "email", "This is not an email address."},
		{with(aPerson(), func(p *Person) { p.Roles = []Role{ReadOnly, EngagementPartner} }), "roles[1]", "Only a person of the audit firm holds the role"},
		{with(aPerson(), func(p *Person) { p.Roles = []Role{ControlOwner, UserAuditor} }), "roles[1]", "Side and role do not go together: Service organization, User auditor."},
		{with(aGuest(), func(p *Person) { p.Roles = []Role{SubserviceContact, ReadOnly} }), "roles[1]", "Side and role do not go together: "},
		{with(aGuest(), func(p *Person) { p.Represents = "" }), "represents", "The guest speaks for a subservice organization that is not named."},
		{with(aPerson(), func(p *Person) { p.Represents = "northgate" }), "represents", "Only a guest with the role Subservice organization represents one."},
		{with(aDeputy(), func(d *Deputy) { d.Deputy = d.Person }), "deputy", "Nobody is their own deputy."},
		{with(aDeputy(), func(d *Deputy) { d.Scope = []DeputyScope{DeputyOfExecutive} }), "controls", "Controls are named, and the work of a control owner is not handed over."},
		{with(aPerson(), func(p *Person) { p.Side, p.Roles, p.CustomRoles = SideAuditFirm, []Role{ReadOnly}, []string{"r"} }), "custom_roles", "Side and role do not go together: Audit firm, a custom role."},
		{with(aGuest(), func(p *Person) { p.CustomRoles = []string{"r"} }), "custom_roles", "Side and role do not go together: Guest, a custom role."},
		{with(aRole(), func(r *CustomRole) { r.Reads, r.Keeps = nil, nil }), "reads", "The role reads nothing."},
		{with(aRole(), func(r *CustomRole) { r.ReadsAll = true }), "reads", "The role reads all registers, and some are named besides."},
		{with(aRole(), func(r *CustomRole) { r.BuildsDraft = true }), "builds_draft", "The draft report shows all registers, and the role reads only some."},
		{with(aRole(), func(r *CustomRole) { r.Keeps = []RoleKeeps{"person"} }), "keeps[0]", `"person" is not a value of this list.`},
		{with(aRole(), func(r *CustomRole) { r.Reads = []RoleReads{"opinion"} }), "reads[0]", `"opinion" is not a value of this list.`},
		{with(anInvitation(), func(v *Invitation) { v.Roles = nil }), "roles", "The invitation gives no role."},
		{with(anInvitation(), func(v *Invitation) { v.Side, v.CustomRoles = SideGuest, []string{"r"} }), "custom_roles", "Somebody of another side is given a custom role."},
		{with(anInvitation(), func(v *Invitation) { v.Email = "bob" }), "email", "The invitation goes to something that is no email address."},
		{with(anInvitation(), func(v *Invitation) { v.Status = InvitationAccepted }), "accepted_on", "The day of acceptance and the status do not fit."},
		{with(anInvitation(), func(v *Invitation) { v.RevokedBy, v.RevokedOn = "ann", "2025-01-03" }), "revoked_on", "The revocation and the status do not fit."},
		{with(aComment(), func(x *Comment) { x.Text = strings.Repeat("é", CommentLimit+1) }), "text", "The comment has 10001 characters."},
		{with(aComment(), func(x *Comment) { x.Resolved = true }), "resolved", "The resolution is incomplete."},
		{with(aComment(), func(x *Comment) { x.Resolved, x.ResolvedBy, x.ResolvedOn, x.ReplyTo = true, "ann", "2025-06-02", "c-1" }), "resolved", "An answer is not resolved by itself."},
		{with(aRequest(), func(r *Request) { r.Status = RequestAnswered }), "answer", "The request counts as answered, and there is no answer."},
		{with(aRequest(), func(r *Request) { r.Status, r.Remark = RequestWithdrawn, "Not needed." }), "closed_by", "Nobody is named who accepted, returned or withdrew the request."},
		{with(aRequest(), func(r *Request) { r.Status, r.ClosedBy, r.ClosedOn = RequestWithdrawn, "ann", "2025-07-02" }), "remark", "The request is returned or withdrawn without saying why."},
		{with(aPerson(), func(p *Person) { p.Side = SideAuditFirm }), "roles[0]", "A person of the audit firm cannot be"},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.PeriodTo, r.BridgeLetters = "2024-09-01", nil }), "period_to", "The date 2024-09-01 lies before"},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.Kind = ObtainedSOC1Type1 }), "period_from", "A Type I report is about one day"},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.AsOf = "2025-09-30" }), "as_of", "A Type II report is about a period"},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.Dated = "2025-09-01" }), "dated", "The date 2025-09-01 lies before"},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.BridgeLetters[0].From = "2025-11-01" }), "bridge_letters[0].from", "Days lie between the report and the letter."},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.BridgeLetters[0].To = "2025-09-01" }), "bridge_letters[0].to", "The date 2025-09-01 lies before"},
		{with(anObtainedReport(), func(r *ObtainedReport) { r.Exceptions[0].Page = -1 }), "exceptions[0].page", "This is no page."},
		{aBackup("x", 1), "manifest", "This is not a SHA-256 value."},
		{aBackup(strings.Repeat("ab", 32), -1), "size", "A ledger cannot have fewer than no entries."},
		{with(aBackup(strings.Repeat("ab", 32), 1), func(b *Backup) { b.Trials = []BackupTrial{{At: "2025-03-02T04:05:06Z", By: "ann", Program: "1"}} }), "trials[0].at", "It was tried before it was made."},
		{with(anAcceptance(), func(a *Acceptance) { a.Preconditions = append(a.Preconditions, a.Preconditions[0]) }), "preconditions[10].point", "The precondition is answered twice."},
		{with(anAcceptance(), func(a *Acceptance) { a.Preconditions[0].Answer = No }), "preconditions[0].answer", "A precondition is not met"},
		{with(anAcceptance(), func(a *Acceptance) { a.Preconditions = a.Preconditions[1:] }), "preconditions", `The precondition "independence" is not answered.`},
		{with(aConfirmation(), func(x *IndependenceConfirmation) { x.Threats[0].Safeguard = "" }), "threats[0].safeguard", "A threat is told, and nothing is done about it."},
		{with(aConfirmation(), func(x *IndependenceConfirmation) { x.Independent, x.Threats = No, nil }), "threats", "Nothing says what bears on the independence."},
		{with(aTimetable(), func(x *Timetable) { x.Milestones[1].On = "2025-10-05" }), "milestones[1].on", "The milestone lies before the one above it."},
		{with(aProfile(), func(p *MethodProfile) { p.HighRiskFrom = 26 }), "high_risk_from", "The value 26 is outside 1 to 25."},
		{with(aProfile(), func(p *MethodProfile) { p.Version = strings.Repeat("x", 41) }), "version", "Version has 41 characters."},
		{with(aProfile(), func(p *MethodProfile) { p.Name = strings.Repeat("x", 81) }), "name", "Name has 81 characters."},
		{with(aProfile(), func(p *MethodProfile) { p.Rows[1].Frequency = AutomatedContinuous }), "rows[1].frequency", "An automated control is tested once for each rule"},
		{with(aProfile(), func(p *MethodProfile) { p.Rows[1].High = 1 }), "rows[1].high", "The size falls as the risk rises"},
		{with(aProfile(), func(p *MethodProfile) { p.Rows[1].High = MaxProfileItems + 1 }), "rows[1].high", "The size falls as the risk rises"},
		{with(aProfile(), func(p *MethodProfile) { p.Rows[0].Occurrences = -1 }), "rows[0].occurrences", "There cannot be fewer than no occurrences."},
		{with(aProfile(), func(p *MethodProfile) { p.Rows[0].Occurrences = 13 }), "rows[1].occurrences", "The row is rarer than the one above it."},
		{with(aProfile(), func(p *MethodProfile) { p.Rows[1].Frequency = Annual }), "rows[1].frequency", "The frequency is listed twice."},
		{PlanApproval{Engagement: "e", By: "ann", At: "2025-03-03T04:05:06Z", SHA256: "x"}, "sha256", "This is not a SHA-256 value."},
		{PlanApproval{Engagement: "e", By: "ann", At: "2025-03-03T04:05:06Z", SHA256: strings.Repeat("ab", 32), Records: -1}, "records", ""},
		{PlanApproval{Engagement: "e", By: "ann", At: "2025-03-03T04:05:06Z", SHA256: strings.Repeat("ab", 32), Position: -1}, "position", ""},
		{SignOff{Test: "t", As: AsPreparer, By: "ann", At: "2025-03-03T04:05:06Z", SHA256: "x"}, "sha256", "This is not a SHA-256 value."},
		{SignOff{Test: "t", As: AsPreparer, By: "ann", At: "2025-03-03T04:05:06Z", SHA256: strings.Repeat("ab", 32), Position: -1}, "position", ""},
		{ProgramVersion{Program: "1", SHA256: "x"}, "sha256", "This is not a SHA-256 value."},
		{SubserviceConfirmation{Report: "r", Revision: -1, SHA256: strings.Repeat("ab", 32), By: "ann", On: "2025-12-04", Conclusion: "x"}, "revision", "The confirmation names no revision."},
		{SubserviceConfirmation{Report: "r", Revision: 1, SHA256: "abc", By: "ann", On: "2025-12-04", Conclusion: "x"}, "sha256", "This is no SHA-256 value."},
		{Policy{Title: "P", ReviewMonths: 61}, "review_months", "The policy is looked at again after fewer"},
		{Policy{Title: "P", Owner: "ann", Approver: "ann"}, "approver", "The owner would approve the policy."},
		{with(aPolicyApproval(), func(a *PolicyApproval) { a.Revision = -1 }), "revision", "The decision names no revision."},
		{with(aPolicyApproval(), func(a *PolicyApproval) { a.Decision, a.Again, a.From, a.Note = PolicyRefused, false, "", "" }), "note", "It is refused without a reason."},
		{with(aPolicyApproval(), func(a *PolicyApproval) { a.Decision = PolicyRefused }), "decision", "What is refused does not come into force."},
		{with(aPolicyApproval(), func(a *PolicyApproval) { a.SHA256 = "abc" }), "sha256", "This is no SHA-256 value."},
		{with(aPolicyApproval(), func(a *PolicyApproval) { a.From = "2025-01-09" }), "from", "The date 2025-01-09 lies before"},
		{PolicyCampaign{Title: "C", Policies: []string{"p"}, Opens: "2025-02-01", Due: "2025-01-31"}, "due", "The date 2025-01-31 lies before"},
		{PolicyCampaign{Title: "C", Policies: []string{"p"}, Opens: "2025-02-01", Due: "2025-02-28", Ended: "2025-01-31"}, "ended", "The date 2025-01-31 lies before"},
		{PolicyCampaign{Title: "C", Policies: []string{"p"}, Audience: Audience{Roles: []Role{ControlOwner, FirmStaff}}, Opens: "2025-02-01", Due: "2025-02-28"}, "audience.roles[1]", "Audit staff is no role of the service organization"},
		{PolicyAcknowledgement{Campaign: "c", Policy: "p", Revision: -1, By: "ann", On: "2025-02-03"}, "revision", "The confirmation names no revision"},
		{with(aPolicyException(), func(e *PolicyException) { e.Until = "2027-02-02" }), "until", "The exception is for more than two years."},
		{with(aPolicyException(), func(e *PolicyException) { e.Until = "2025-01-01" }), "until", "The date 2025-01-01 lies before"},
		{with(aPolicyException(), func(e *PolicyException) { e.Ended = "2025-01-01" }), "ended", "The date 2025-01-01 lies before"},
		{FrameworkRequirement{Framework: "TSC-2017", Identifier: "CC6.1"}, "text", "The requirement says nothing beside its identifier."},
		{with(aFrameworkControl(), func(f *FrameworkControl) { f.Identifiers = []string{"CC6.2", "CC6.2"} }), "identifiers[1]", "\"CC6.2\" is listed twice."},
		{with(aFrameworkControl(), func(f *FrameworkControl) { f.Identifiers = []string{" "} }), "identifiers[0]", "The identifier is empty."},
		{with(aFrameworkControl(), func(f *FrameworkControl) { f.Objectives = append(f.Objectives, f.Objectives[0]) }), "objectives[1].objective", "The objective is judged twice."},
		{with(aFrameworkControl(), func(f *FrameworkControl) { f.NotControls = []string{"c"} }), "not_controls[0]", "The control is decided to be the same and not"},
		{with(evidence(), func(e *Evidence) { e.PeriodTo = "" }), "period_to", "Only one end of the period covered is given."},
		{with(evidence(), func(e *Evidence) { e.CapturedAt = "2025-04-01T10:00:02-05:00" }), "received_at", "The evidence was received before it was captured."},

		// Objectives, risks, controls.
		{with(anObjective(), func(o *ControlObjective) { o.FrameworkIDs = map[string][]string{" ": {"1"}} }), "framework_ids. ", "A framework has no name."},
		{with(anObjective(), func(o *ControlObjective) { o.FrameworkIDs = map[string][]string{"X": nil} }), "framework_ids.X", "The framework has no identifiers."},
		{with(anObjective(), func(o *ControlObjective) { o.FrameworkIDs = map[string][]string{"X": {""}} }), "framework_ids.X[0]", "The identifier is empty."},
		{with(aControl(), func(c *Control) { c.FrameworkIDs = map[string][]string{"X": {"1", "1"}} }), "framework_ids.X[1]", `"1" is listed twice.`},
		{with(aRisk(), func(r *Risk) { r.Likelihood = 6 }), "likelihood", "The value 6 is outside 1 to 5."},
		{with(aRisk(), func(r *Risk) { r.Impact = -1 }), "impact", "The value -1 is outside 1 to 5."},
		{with(aRisk(), func(r *Risk) { r.ResidualLikelihood, r.ResidualImpact = 6, 1 }), "residual_likelihood", "The value 6 is outside 1 to 5."},
		{with(aRisk(), func(r *Risk) { r.ResidualLikelihood, r.ResidualImpact = 1, 9 }), "residual_impact", "The value 9 is outside 1 to 5."},
		{with(aRisk(), func(r *Risk) { r.ResidualLikelihood = 1 }), "residual_impact", "Only one half of the residual rating is given."},
		{with(aControl(), func(c *Control) { c.Text = "" }), "text", "The control has no statement."},
		{with(aControl(), func(c *Control) { c.Text, c.Who, c.What = "", "The team", "works" }), "text", "The control has no statement."},
		{with(aControl(), func(c *Control) { c.Reviewer = c.Performer }), "reviewer", "The control is marked segregated, and one person both performs and reviews it."},
		{with(aControl(), func(c *Control) { c.InOperationTo = "2023-01-01" }), "in_operation_to", "The date 2023-01-01 lies before"},
		{with(aControl(), func(c *Control) { c.ExpectedAttributes = []string{"a", " "} }), "expected_attributes[1]", "The attribute is empty."},

		// The engagement and what management writes for it.
		{with(type1(), func(e *Engagement) { e.AsOf = "" }), "as_of", "A Type I report speaks of one day"},
		{with(type1(), func(e *Engagement) { e.PeriodEnd = "2025-12-31" }), "period_start", "A Type I report has no period."},
		{with(type2(), func(e *Engagement) { e.PeriodStart = "" }), "period_start", "A Type II report covers a period, and its first day is missing."},
		{with(type2(), func(e *Engagement) { e.PeriodEnd = "" }), "period_end", "A Type II report covers a period, and its last day is missing."},
		{with(type2(), func(e *Engagement) { e.AsOf = "2025-06-30" }), "as_of", "A Type II report has no as-of date."},
		{with(type2(), func(e *Engagement) { e.PeriodEnd = e.PeriodStart }), "period_end", "The period ends on 2025-01-01 and does not begin before that day."},
		{with(type2(), func(e *Engagement) { e.Method.Confidence = 4999 }), "method.confidence_bp", "A confidence of 49.99% supports no conclusion."},
		{with(type2(), func(e *Engagement) { e.Method.Confidence = 10000 }), "method.confidence_bp", "A confidence of 100% supports no conclusion."},
		{with(type2(), func(e *Engagement) { e.Method.Tolerable = 10000 }), "method.tolerable_bp", "A tolerable rate of 100% tolerates everything."},
		{with(type2(), func(e *Engagement) { e.Method.Expected = 500 }), "method.expected_bp", "The expected rate 5% is not below the tolerable rate 5%."},
		{with(type2(), func(e *Engagement) { e.Method.Tolerable = 0 }), "method.tolerable_bp", "An expected rate is given without a tolerable rate."},
		{with(type2(), func(e *Engagement) { e.PriorReport = PriorReport{PeriodFrom: "2024-02-01", PeriodTo: "2024-01-01"} }), "prior_report.period_to", "The date 2024-01-01 lies before"},
		{ManagementAssertion{Engagement: "e", SignedBy: "ann"}, "signed_on", "There is a signer and no day of signature."},
		{ManagementAssertion{Engagement: "e", SignedOn: "2026-01-31"}, "signed_by", "There is a day of signature and no signer."},
		{ManagementAssertion{Engagement: "e", SubserviceOrganization: "s", SignedOn: "2026-01-31"}, "signed_by", "There is a day of signature and no signer."},
		{ManagementAssertion{Engagement: "e", SignedBy: "ann", SignedOn: "2026-01-31", SignedSHA256: "12"}, "signed_sha256", "This is no SHA-256 value."},
		{RepresentationLetter{Engagement: "e", SignedSHA256: digestText}, "signed_sha256", "There is the hash of a signed text and no signature."},
		{RepresentationLetter{Engagement: "e", Statements: []string{""}}, "statements[0]", "The representation is empty."},
		{ManagementResponse{Engagement: "e", Text: "T", Deviation: Ref{Kind: "control", ID: "c"}}, "deviation", "The response does not answer a deviation."},

		// Populations.
		{with(aPopulation(), func(p *Population) {
			p.Checks[0].Passed, p.Checks[0].Items = false, []TracedItem{{Key: "a"}, {Key: "a"}}
		}), "checks[0].items", `The item "a" is traced twice.`},
		{with(aPopulation(), func(p *Population) { p.Checks[0].Items = []TracedItem{{Key: "a", Outcome: Fail}} }), "checks[0].passed", `The check passed, and the item "a" does not.`},
		{with(aPopulation(), func(p *Population) { p.Checks[0].NonceCommitment = "x" }), "checks[0].nonce_commitment", "This is not a SHA-256 value."},
		{with(aPopulation(), func(p *Population) { p.PeriodTo = "2024-12-31" }), "period_to", "The date 2024-12-31 lies before"},
		{with(aPopulation(), func(p *Population) { p.Zone = "Central Time" }), "zone", "This is not the name of a time zone."},
		{with(aPopulation(), func(p *Population) { p.RowCount = -1 }), "row_count", "The count -1 is negative."},
		{with(aPopulation(), func(p *Population) { p.PopulationHash = "00" }), "population_hash", "This is not a SHA-256 value."},
		{with(aPopulation(), func(p *Population) { p.PopulationHash = "" }), "population_hash", "The population is frozen and has no population hash."},
		{with(aPopulation(), func(p *Population) { p.Key = nil }), "key", "Nothing identifies an item of the population."},
		{with(aPopulation(), func(p *Population) { p.Columns[1].Name = "id"; p.ControlTotals = nil }), "columns[1].name", `Two columns are called "id".`},
		{with(aPopulation(), func(p *Population) { p.Key = []string{"iban"} }), "key[0]", `There is no stored column "iban".`},
		{with(aPopulation(), func(p *Population) { p.ControlTotals[0].Column = "sum" }), "control_totals[0].column", `There is no column "sum".`},
		{with(aPopulation(), func(p *Population) { p.ControlTotals[0].Total = "1,000" }), "control_totals[0].total", `"1,000" is not an exact decimal number.`},
		{with(aPopulation(), func(p *Population) { p.ControlTotals[0].Total = "5." }), "control_totals[0].total", `"5." is not an exact decimal number.`},
		{with(aPopulation(), func(p *Population) { p.ControlTotals[0].Count = -1 }), "control_totals[0].count", "The count -1 is negative."},
		{with(aPopulation(), func(p *Population) { p.Derived.Inputs = []DerivationInput{{Name: "a", Population: "p"}} }), "derived.sql", "The derivation has no query."},
		{with(aPopulation(), func(p *Population) { p.Derived.SQL = "SELECT 1" }), "derived.inputs", "The derivation reads nothing."},
		{with(aPopulation(), func(p *Population) {
			p.Derived = Derivation{SQL: "SELECT 1", Inputs: []DerivationInput{{Name: "a", Population: "p"}, {Name: "a", Population: "q"}}}
		}), "derived.inputs[1].name", `Two inputs are called "a".`},

		// Tests, samples, results.
		{with(aTest(), func(x *TestOfControl) { x.WindowTo = "2024-12-31" }), "window_to", "The date 2024-12-31 lies before"},
		{with(aTest(), func(x *TestOfControl) { x.ControlRevision = -1 }), "control_revision", "The count -1 is negative."},
		{with(aTest(), func(x *TestOfControl) { x.Reviewer = x.PerformedBy }), "reviewer", "The person who tested also reviews the test."},
		{with(aTest(), func(x *TestOfControl) { x.Method = DidNotOperate }), "no_occurrence", "Nothing shows that the control had no occasion to operate."},
		{with(aTest(), func(x *TestOfControl) { x.SamplePlan.N = 25 }), "sample_plan", "Only a test by sample has a sample plan."},
		{with(aTest(), func(x *TestOfControl) { x.Joins[0].Name = "population" }), "joins[0].name", `The name "population" is taken.`},
		{with(aSampledTest(), func(x *TestOfControl) { x.SamplePlan = SamplePlan{N: 25} }), "sample_plan.model", "The sample's size has no basis."},
		{with(aSampledTest(), func(x *TestOfControl) { x.SamplePlan = SamplePlan{Model: FrequencyTable, N: 25} }), "sample_plan.frequency_table", "The frequency table is not named."},
		{with(aSampledTest(), func(x *TestOfControl) { x.SamplePlan.Confidence = 0 }), "sample_plan.confidence_bp", "A statistical plan needs a confidence and a tolerable rate."},
		{with(aSampledTest(), func(x *TestOfControl) { x.SamplePlan.N = 0 }), "sample_plan.n", "The sample has no items."},
		{with(aSampledTest(), func(x *TestOfControl) { x.SamplePlan.Allowed = 22 }), "sample_plan.allowed", "22 deviations cannot be allowed among 22 items."},
		{with(aSampledTest(), func(x *TestOfControl) { x.SamplePlan.Allowed, x.SamplePlan.ZeroTolerance = 1, true }), "sample_plan.allowed", "A plan of zero tolerance allows no deviation."},
		{with(anAttribute(), func(a *Attribute) { a.Pass = "" }), "pass", "Nothing says when an item passes."},
		{with(anAttribute(), func(a *Attribute) { a.Manual = true }), "pass", "A person judges the attribute, and there is an expression too."},
		{with(aConclusion(), func(x *Conclusion) { x.Reliance = "See T-1." }), "reliance", `"See T-1." does not say what the reliance rests on.`},
		{with(aDismissal(), func(x *Exception) { x.Evidence = " " }), "evidence", "The exception is dismissed without evidence."},
		{with(aSample(), func(s *Sample) { s.Draw = -1 }), "draw", "Draws are counted from 1."},
		{with(aSample(), func(s *Sample) { s.N = -1 }), "n", "A sample of -1 items cannot be drawn."},
		{with(aSample(), func(s *Sample) { s.Draw = 2 }), "reason", "The sample was expanded or drawn again without a reason."},
		{with(aSample(), func(s *Sample) { s.Items[2].Key = "" }), "items[2].key", "The item has no key."},
		{with(aSample(), func(s *Sample) { s.Items[2].Key = "B1" }), "items[2].key", `The item "B1" was drawn twice.`},
		{with(aSample(), func(s *Sample) { s.Items[1].Rank = 1 }), "items[1].rank", "Rank 1 does not follow rank 1 of its stratum."},
		{with(aSample(), func(s *Sample) { s.Items[1].HMAC = strings.ToUpper(digestText) }), "items[1].hmac", "This is not an HMAC-SHA-256 value."},
		{Nonce{Commitment: digestText, Revealed: "abc"}, "revealed", "This is not a nonce of at least 16 bytes."},
		{with(aRun(), func(r *TestRun) { r.ExceptionCount = 11 }), "exception_count", "There are 11 exceptions among 10 rows."},
		{with(aRun(), func(r *TestRun) { r.Counts[0].Pass = -1 }), "counts[0]", "A count is negative."},
		{with(aRun(), func(r *TestRun) { r.Counts[0].Pass = 6 }), "counts[0]", "The outcomes of attribute A add up to 9 of 10 rows."},
		{with(aRun(), func(r *TestRun) { r.Ended = "2026-01-10T09:59:59.9Z" }), "ended", "The run ended before it began."},

		// Exceptions and deviations.
		{with(anException(), func(e *Exception) { e.ItemKeys = nil }), "item_keys", "The exception names no item."},
		{with(anException(), func(e *Exception) { e.Group = aGroup().Group }), "group", "The exception lists items and a group."},
		{with(anException(), func(e *Exception) { e.ItemKeys = many }), "item_keys", "The exception lists 1001 items."},
		{with(aGroup(), func(e *Exception) { e.Group.Count = 0 }), "group.count", "The group has no items."},
		{with(anException(), func(e *Exception) { e.ItemKeys = []string{"B1", "B1"} }), "item_keys[1]", `The item "B1" is empty or listed twice.`},
		{with(anException(), func(e *Exception) { e.Status = Open }), "status", "The exception is open and carries a decision."},
		{with(anException(), func(e *Exception) { e.DecidedBy = "" }), "decided_by", "Nobody is named who decided."},
		{with(anException(), func(e *Exception) { e.DecidedOn = "" }), "decided_on", "The day of the decision is missing."},
		{with(aDismissal(), func(e *Exception) { e.Reason = " " }), "reason", "The exception is dismissed without a reason."},
		{with(aDismissal(), func(e *Exception) { e.Evidence = "" }), "evidence", "The exception is dismissed without evidence."},
		{with(aDeviation(), func(d *Deviation) { d.ItemCount = -2 }), "item_count", "The count -2 is negative."},
		{with(aDeviation(), func(d *Deviation) { d.CompensatingControls = []string{"b", "c"} }), "compensating_controls[1]", "A control cannot compensate for itself."},

		// Conclusions and opinion.
		{with(aConclusion(), func(x *Conclusion) { x.Reasons = "\t" }), "reasons", `"Reasons" is missing.`},
		{with(aConclusion(), func(x *Conclusion) { x.WindowFrom, x.WindowTo = "2025-02-01", "2025-01-01" }), "window_to", "The date 2025-01-01 lies before"},
		{with(aConclusion(), func(x *Conclusion) { x.Outcome = Achieved }), "outcome", "A control is effective or not; only an objective is achieved."},
		{with(aConclusion(), func(x *Conclusion) { x.Subject = OnObjective }), "outcome", "An objective is achieved or not; only a control is effective."},
		{with(aConclusion(), func(x *Conclusion) { x.Outcome, x.OverridesLimitReason = NotEffective, "r" }), "overrides_limit_reason", "A limit is overridden only by a favorable conclusion."},
		{with(anOpinion(), func(o *Opinion) { o.Basis = append(o.Basis, OpinionBasis{LimbDescription, "", "t"}) }), "basis[2].limb", "A basis is given for a limb that is not modified"},
		{with(anOpinion(), func(o *Opinion) { o.Basis = o.Basis[:1] }), "basis", "The opinion on operating_effectiveness is qualified without a basis."},
		{with(anOpinion(), func(o *Opinion) { o.Limbs.Design = Adverse }), "pervasive_reasons", "An adverse opinion or a disclaimer is given"},
		{with(anOpinion(), func(o *Opinion) { o.Emphasis = []string{""} }), "emphasis[0]", "The paragraph is empty."},
		{with(anOpinion(), func(o *Opinion) { o.OtherMatter = []string{"A.", ""} }), "other_matter[1]", "The paragraph is empty."},
		{Examination{Engagement: Ref{Kind: "control", ID: "c"}, Firm: "F", OpenedOn: "2025-01-01"}, "engagement", "An examination examines an engagement."},
		{func() Issuance { x := anIssuance(); x.Reason = "Because."; return x }(), "reason", "A first issue needs no reason."},
		{func() Issuance { x := anIssuance(); x.Number = 2; return x }(), "reason", "The report was issued before, and nothing says why it is issued again."},
		{func() Issuance { x := anIssuance(); x.Number = -1; return x }(), "number", "An issue has no number below 1."},
		{func() Issuance { x := anIssuance(); x.On = "2026-01-30"; return x }(), "on", "The date 2026-01-30 lies before report_date (2026-01-31)."},
		{Release{Revisions: []Ref{{Kind: "deviation", ID: "d"}}, What: "W", ToWhom: "M"}, "revisions[0].revision", "The release of deviation/d does not name a revision."},
		{WorkingPaperNote{Title: "T", Text: "T", By: "cat", ReviewedBy: "cat"}, "reviewed_by", "The author of the note also reviews it."},
	}
}

func TestEveryFaultIsReportedAlone(t *testing.T) {
	for _, f := range faults() {
		problems := f.record.Validate()
		if len(problems) != 1 {
			t.Errorf("%T with a fault at %s: want one problem beginning %q, got %d: %v", f.record, f.field, f.message, len(problems), problems)
			continue
		}
		p := problems[0]
		if p.Field != f.field || !strings.HasPrefix(p.Message, f.message) {
			t.Errorf("%T: want %s: %s…\ngot  %s", f.record, f.field, f.message, p)
		}
		if !strings.HasSuffix(p.Message, ".") && !strings.HasSuffix(p.Message, "…") || p.Remedy == "" || !strings.HasSuffix(p.Remedy, ".") {
			t.Errorf("%T at %s: message and remedy are not sentences: %s", f.record, f.field, p)
		}
	}
}

// TestEveryMessageHasAReproducer reads the messages out of the source, so
// that a new rule without a case above is noticed.
func TestEveryMessageHasAReproducer(t *testing.T) {
	var seen []string
	for _, f := range faults() {
		for _, p := range f.record.Validate() {
			seen = append(seen, p.Message)
		}
	}
	if message, _ := (Money{Minor: 1, Currency: "x"}).flaw(); message != "" {
		seen = append(seen, message)
	}
	verb := regexp.MustCompile(`%[sdq]`)
	count := 0
	for name, file := range source(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			text, ok := messageOf(n)
			if !ok {
				return true
			}
			count++
			pattern := regexp.MustCompile("(?s)^" + verb.ReplaceAllString(regexp.QuoteMeta(text), ".*"))
			for _, m := range seen {
				if pattern.MatchString(m) {
					return true
				}
			}
			t.Errorf("%s: no case in faults() reproduces %q", name, text)
			return true
		})
	}
	if count < 80 {
		t.Errorf("found only %d messages in the source; does this test still read it right?", count)
	}
}

// messageOf is the text of a message in a call of add or when, or in the
// return statement of a flaw method.
func messageOf(n ast.Node) (string, bool) {
	switch x := n.(type) {
	case *ast.CallExpr:
		s, ok := x.Fun.(*ast.SelectorExpr)
		if !ok {
			return "", false
		}
		switch {
		case s.Sel.Name == "when" && len(x.Args) == 4:
			return literal(x.Args[2])
		case s.Sel.Name == "add" && len(x.Args) == 3:
			return literal(x.Args[1])
		}
	case *ast.ReturnStmt:
		if len(x.Results) == 2 {
			if _, remedy := x.Results[1].(*ast.BasicLit); remedy {
				return literal(x.Results[0])
			}
		}
	}
	return "", false
}

// literal is the text, or the format, or the beginning of a message.
func literal(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING && s != ""
	case *ast.BinaryExpr:
		return literal(x.X)
	case *ast.CallExpr:
		if s, ok := x.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Sprintf" {
			return literal(x.Args[0])
		}
	}
	return "", false
}

// TestRequiredFieldsAreMissed empties every required field of every kind.
func TestRequiredFieldsAreMissed(t *testing.T) {
	for _, r := range validRecords() {
		v := reflect.ValueOf(r)
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Tag.Get("required") != "true" {
				continue
			}
			c := reflect.New(v.Type())
			c.Elem().Set(v)
			c.Elem().Field(i).SetZero()
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			want := fmt.Sprintf("%q is missing.", f.Tag.Get("label"))
			found := false
			for _, p := range c.Elem().Interface().(Record).Validate() {
				found = found || p.Field == name && p.Message == want
			}
			if !found {
				t.Errorf("%T without %s: nobody says %s", r, name, want)
			}
		}
	}
}

func TestRecordsSurviveJSON(t *testing.T) {
	for _, r := range validRecords() {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("%T: %v", r, err)
		}
		back := reflect.New(reflect.TypeOf(r))
		if err := json.Unmarshal(data, back.Interface()); err != nil {
			t.Fatalf("%T: %v", r, err)
		}
		if !reflect.DeepEqual(back.Elem().Interface(), r) {
			t.Errorf("%T changed by JSON:\n%s", r, data)
		}
	}
}

func TestEnumerationRemedyListsTheValues(t *testing.T) {
	p := with(aSubservice(), func(s *SubserviceOrganization) { s.Method = "included" }).Validate()
	if len(p) != 1 || p[0].Remedy != "Use one of: carve_out, inclusive." {
		t.Errorf("got %v", p)
	}
	p = with(aSubservice(), func(s *SubserviceOrganization) { s.Method = "" }).Validate()
	if len(p) != 1 || p[0].Remedy != "Use one of: carve_out, inclusive." {
		t.Errorf("got %v", p)
	}
	if got, want := p[0].String(), `method: "Method" is missing. Use one of: carve_out, inclusive.`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func aBackup(manifest string, size int64) Backup {
	return Backup{MadeAt: "2025-03-03T04:05:06Z", MadeBy: "ann", Program: "1", Manifest: manifest, Size: size, Root: "r"}
}
