package soc1

import "strings"

// digestText is a well-formed SHA-256 for records under test.
var digestText = strings.Repeat("0a", 32)

func aFile() File {
	return File{Name: "extract.csv", MediaType: "text/csv", Size: 12, SHA256: digestText}
}

func anOrganization() Organization {
	return Organization{Name: "Meridian", Timezone: "America/Chicago", Currency: "USD"}
}

func aSubservice() SubserviceOrganization {
	return SubserviceOrganization{Name: "Northgate Hosting", ServicesProvided: "Hosts the payroll application.", Method: CarveOut,
		LatestReport: SubserviceReport{PeriodFrom: "2024-10-01", PeriodTo: "2025-09-30", Opinion: Unmodified}}
}

func anInclusive() SubserviceOrganization {
	return SubserviceOrganization{Name: "Print House", ServicesProvided: "Prints forms.", Method: Inclusive,
		AssertionSignedBy: "Its director", AssertionSignedOn: "2026-01-20", AssertionFile: aFile(), RepresentationLetterOn: "2026-01-31"}
}

func anObjective() ControlObjective {
	return ControlObjective{Code: "PAY-3", Title: "Payroll input", Text: "Controls provide reasonable assurance that input is complete.",
		Assertions: []FinancialAssertion{Completeness}, FrameworkIDs: map[string][]string{"COSO-2013": {"P10", "P12"}}}
}

func aRisk() Risk { return Risk{Code: "PAY-3-R1", Text: "File lost", Likelihood: 2, Impact: 5} }

func aControl() Control {
	return Control{Code: "PAY-3.2", Text: "The team works the dashboard each day.", Nature: Manual, Type: Detective, Frequency: Daily,
		Owner: "ann", Performer: "ann", Reviewer: "bob", Segregated: true, Principles: []Principle{"P10"},
		Objectives: []string{"pay-3"}, ExpectedAttributes: []string{"dashboard reviewed"},
		InOperationFrom: "2024-01-01", InOperationTo: "2025-12-31"}
}

func aPerson() Person {
	return Person{Name: "Ann", Email: "ann@example.com", Side: SideServiceOrganization, Roles: []Role{ControlOwner}, ActiveFrom: "2024-01-01"}
}

func aGuest() Person {
	return Person{Name: "Gus", Side: SideGuest, Roles: []Role{SubserviceContact}, Represents: "northgate"}
}

func aDeputy() Deputy {
	return Deputy{Person: "ann", Deputy: "bob", From: "2025-07-01", Until: "2025-07-14", Scope: []DeputyScope{DeputyOfControlOwner}, Controls: []string{"pay-3-2"}}
}

func aRole() CustomRole {
	return CustomRole{Name: "Policy keeper", Purpose: "Keeps the policies.", Reads: []RoleReads{"control", "comment"}, Keeps: []RoleKeeps{"policy"}, Comments: true, Answers: true}
}

func anInvitation() Invitation {
	return Invitation{Person: "bob", Email: "bob@example.com", Side: SideServiceOrganization, Roles: []Role{ControlOwner},
		InvitedBy: "ann", On: "2025-01-02", Expires: "2025-01-16", Status: InvitationOpen}
}

func aComment() Comment {
	return Comment{Subject: Ref{Kind: "control", ID: "pay-3-2"}, Text: "Who reviews it in July?", Mentions: []string{"bob"}, By: "ann", WrittenAt: "2025-06-01T10:00:00Z"}
}

func aRequest() Request {
	return Request{Title: "Access review of June", To: "bob", Due: "2025-07-10", By: "ann", On: "2025-07-01", Status: RequestOpen}
}

func evidence() Evidence {
	return Evidence{Title: "Screen", PeriodFrom: "2025-01-01", PeriodTo: "2025-03-31",
		CapturedAt: "2025-04-01T10:00:00-05:00", ReceivedAt: "2025-04-01T15:00:01Z", Files: []File{aFile()}}
}

func type2() Engagement {
	return Engagement{Title: "2025", Type: Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", StandardSet: SSAE18And21,
		Method: Method{Confidence: 9500, Tolerable: 500, Expected: 100, Model: Binomial}}
}

func type1() Engagement {
	return Engagement{Title: "2025", Type: Type1, AsOf: "2025-06-30", StandardSet: ISAE3402}
}

func aPopulation() Population {
	return Population{Title: "Payment files", By: ByAuditor, Purpose: AuditorPopulation, PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31",
		Zone: "America/Chicago", Columns: []Column{{Name: "id", Type: "VARCHAR"}, {Name: "amount", Type: "DECIMAL(18,2)"}, {Name: "iban", Transform: Dropped}},
		Key: []string{"id"}, RowCount: 3, ControlTotals: []ControlTotal{{Column: "amount", Total: "-12.50", Count: 3}},
		Frozen: aFile(), PopulationHash: digestText, Checks: []CompletenessCheck{{Check: DuplicateKey, Expected: "0", Actual: "0", Passed: true}}}
}

func aTest() TestOfControl {
	return TestOfControl{Code: "T-1", By: ByAuditor, Engagement: "e", Control: "pay-3-2", WindowFrom: "2025-01-01", WindowTo: "2025-12-31",
		Procedures: []Procedure{{Nature: Inspection, Text: "Inspected the reports."}}, Method: Census, Population: "p",
		Joins: []Join{{Name: "leavers", Population: "l", On: "population.id = leavers.id"}}, PerformedBy: "cat", Reviewer: "dan"}
}

func aSampledTest() TestOfControl {
	t := aTest()
	t.Method = SampleMethod
	t.SamplePlan = SamplePlan{Model: Binomial, Confidence: 9000, Tolerable: 1000, N: 22}
	return t
}

func anAttribute() Attribute {
	return Attribute{Test: "t", Code: "A", Text: "approved before payment", Pass: "approved_at IS NOT NULL"}
}

func aSample() Sample {
	return Sample{Test: "t", Population: "p", PopulationHash: digestText, SeedInput: "soc1/v1|e|c|pop:0a", Algorithm: "soc1/v1",
		Draw: 1, N: 3, Items: []SampleItem{{1, "B1", "2025-Q1", digestText}, {2, "B2", "2025-Q1", digestText}, {1, "B3", "2025-Q2", digestText}}}
}

func aResult() Result {
	return Result{Test: "t", ItemKey: "B1", Attribute: "A", Outcome: Pass, By: "cat", TestedOn: "2026-01-10"}
}

func aRun() TestRun {
	return TestRun{Test: "t", PopulationHash: digestText, Expressions: []Expression{{Attribute: "A", Pass: "TRUE"}}, EngineVersion: "1",
		RowCount: 10, Counts: []AttributeCount{{"A", 7, 1, 1, 1}}, ExceptionCount: 2, ResultHash: digestText,
		Started: "2026-01-10T10:00:00Z", Ended: "2026-01-10T10:00:01Z"}
}

func anException() Exception {
	return Exception{Test: "t", Attribute: "A", ItemKeys: []string{"B1", "B2"}, Status: Confirmed, DecidedBy: "cat", DecidedOn: "2026-01-10"}
}

func aGroup() Exception {
	return Exception{Test: "t", Attribute: "A", Group: ExceptionGroup{CauseHint: "weekend", Count: 2000, ResultFile: aFile()}, Status: Open}
}

func aDismissal() Exception {
	e := anException()
	e.Status, e.Reason, e.Evidence = Dismissed, "It was approved on paper.", "Form of January 3, stamped on receipt."
	return e
}

func aDeviation() Deviation {
	return Deviation{Exceptions: []string{"x"}, Test: "t", Control: "c", ItemCount: 2, Fact: "Two runs were not approved."}
}

func aConclusion() Conclusion {
	return Conclusion{Engagement: "e", Subject: OnControl, SubjectID: "pay-3-2", Limb: ConcludeOperating, Outcome: Effective,
		Reasons: "All items passed.", By: "cat", On: "2026-01-20"}
}

func anOpinion() Opinion {
	return Opinion{Engagement: "e", Limbs: OpinionLimbs{Unmodified, Qualified, Qualified},
		Basis: []OpinionBasis{{LimbDesign, "pay-5", "No control answered."}, {LimbOperating, "pay-5", "It did not operate."}},
		By:    "eve", On: "2026-01-31"}
}

func anIssuance() Issuance {
	return Issuance{Engagement: "e", Number: 1, Position: 40, Checkpoint: "x/exam\n40\nroot\n", OrganizationPosition: 90, OrganizationCheckpoint: "x/org\n90\nroot\n",
		Report: aFile(), Content: aFile(), Program: "1", Wording: "w", Typesetter: "t", ReportDate: "2026-01-31", By: "eve", On: "2026-02-02"}
}

func anotherIssuance() Issuance {
	x := anIssuance()
	x.Number, x.Reason = 2, "A subsequent event became known."
	return x
}

func anInterview() ScopeInterview {
	return ScopeInterview{AnsweredBy: "ann", AnsweredOn: "2025-02-01", Answers: InterviewAnswers{
		Services: []ServiceAnswers{
			{Name: "Payroll", Service: "payroll", Does: []TransactionStep{Records, Processes}, Effect: EffectAmounts, Asked: []ReportAsked{AskedSOC1}},
			{Name: "Hosting", Hosts: true, Effect: EffectSystems, Commitments: []Commitment{CommitAvailability}},
		},
		Issued: IssuedType2, IssuedTo: "2024-12-31", OperatedMonths: 30, Needs: NeedsOperation, Deadline: "2026-03-01"},
		Outcome: InterviewOutcome{Report: RecommendSOC1, Type: AdviseType2, Reasons: []ReasonedPoint{{Text: "Because.", Answers: []string{"services[0].does"}}}}}
}

func aFreeze() ScopeFreeze {
	return ScopeFreeze{Engagement: "e", Reason: "Planning is done.", FrozenBy: "ann", FrozenOn: "2025-02-01", SHA256: digestText,
		Items: []Ref{{Kind: "service", ID: "payroll", Revision: 1}, {Kind: "system", ID: "engine", Revision: 2}}}
}

func aSession() RiskSession {
	return RiskSession{Title: "Workshop", Engagement: "e", Facilitator: "ann", Participants: []string{"ann", "bob"}, OpenedOn: "2025-03-03", Due: "2025-03-12", Phase: RiskTogether,
		RevealedOn: "2025-03-14", RevealedBy: "ann", Risks: []Ref{{Kind: "risk", ID: "r", Revision: 1}, {Kind: "risk", ID: "q", Revision: 2}},
		Agreed:     []RiskRating{{Risk: "r", Likelihood: 3, Impact: 4, ResidualLikelihood: 2, ResidualImpact: 3, Remark: "Because."}},
		Considered: []RiskConsideration{{Prompt: "fraud_override", Note: "Nobody can.", By: "ann", On: "2025-03-14"}}}
}

func aScore() RiskScore {
	return RiskScore{Session: "s", By: "bob", On: "2025-03-05", Scored: 1, Commitment: digestText, RevealedOn: "2025-03-14", Salt: digestText, Scores: []RiskRating{{Risk: "r", Likelihood: 3, Impact: 4}}}
}

func anEvent() Event {
	return Event{Title: "Late transmission", Nature: EventProcessingError, Text: "Sent a day late.", Began: "2025-04-02", KnownOn: "2025-04-03", Owner: "ann",
		Transactions: 12, Amount: Money{Minor: 512300, Currency: "USD"}, ResolvedOn: "2025-04-04", ToldOn: "2025-04-04"}
}

func aPolicyApproval() PolicyApproval {
	return PolicyApproval{Policy: "p", Revision: 1, Version: "1.0", SHA256: strings.Repeat("ab", 32), Decision: PolicyApproved, By: "bob", On: "2025-01-10", From: "2025-02-01", Again: true, Note: "The limits are shorter."}
}

func aPolicyException() PolicyException {
	return PolicyException{Title: "No second factor on the mainframe", Policy: "p", What: "Operators sign in with a password.", Why: "It has no other way.", Instead: "Sign-ins are reviewed each week.",
		Owner: "ann", From: "2025-02-01", Until: "2025-12-31"}
}

func aFrameworkControl() FrameworkControl {
	return FrameworkControl{Framework: "TSC-2017", Code: "CC-12", Text: "Access is reviewed each quarter.", Identifiers: []string{"CC6.2", "CC6.3"}, Owner: "Head of IT", Frequency: Quarterly, Evidence: "The signed listing.",
		Source: "soc2.csv", Control: "c", NotControls: []string{"d"}, Objectives: []ObjectiveCoverage{{Objective: "o", Strength: CoversPartially, Why: "The reviews, not the grants."}}}
}

func anObtainedReport() ObtainedReport {
	return ObtainedReport{SubserviceOrganization: "s", Title: "Hosting", Kind: ObtainedSOC1Type2, Auditor: "Abernathy", PeriodFrom: "2024-10-01", PeriodTo: "2025-09-30", Dated: "2025-11-14", Opinion: Qualified,
		OpinionWords: "Except for.", Scope: "Hosting.", CarvedOut: []string{"Power"}, ReceivedOn: "2025-11-20", Owner: "ann",
		Exceptions:         []ReportedException{{Control: "AC-1", Deviation: "1 of 25.", Page: 41, Affects: Yes, Why: "We rest on it.", Action: "We look ourselves."}},
		UserEntityControls: []ExpectedOfUs{{Text: "Users review access.", NotApplicable: "None has access."}},
		BridgeLetters:      []ObtainedBridge{{From: "2025-10-01", To: "2025-12-31", Dated: "2026-01-09"}}}
}

func anEventAssessment() EventAssessment {
	no := EventEffect{Answer: No, Why: "It does not."}
	return EventAssessment{Event: "late", Revision: 1, Engagement: "e", Description: no, Controls: EventEffect{Answer: Yes, Why: "The check was skipped.", Answered: []Ref{{Kind: "remediation", ID: "p"}}},
		Representations: no, Subsequent: no, AssessedBy: "ann", AssessedOn: "2025-04-10"}
}

// validRecords holds at least one record of every kind that may be stored.
func validRecords() []Record {
	return []Record{
		anOrganization(), System{Name: "Payroll engine", SystemType: SystemApplication, InScope: true}, Location{Name: "Chicago"},
		Service{Name: "Payroll"}, TransactionClass{Name: "Disbursements", Services: []string{"payroll"}}, Account{Name: "Accrued payroll", Statement: BalanceSheet},
		AssertionRelevance{TransactionClass: "disbursements", Account: "accrued-payroll", Assertions: []FinancialAssertion{Completeness, Cutoff}},
		aSubservice(), anInclusive(), Vendor{Name: "Couriers"}, CSOC{Code: "CSOC-1", Text: "Backs up.", SubserviceOrganization: "northgate"},
		CUEC{Code: "CUEC-1", Text: "Approves."}, anObjective(), aRisk(), aControl(), aPlan(), aClosing(), aPerson(), aGuest(), aDeputy(), aRole(),
		CustomRole{Name: "Internal audit", Purpose: "Reads along.", ReadsAll: true, Asks: true, BuildsDraft: true},
		Person{Name: "Ann", Side: SideServiceOrganization, CustomRoles: []string{"policy-keeper"}},
		with(anInvitation(), func(v *Invitation) { v.Roles, v.CustomRoles = nil, []string{"policy-keeper"} }), anInvitation(), aComment(), aRequest(),
		Policy{Title: "Access", Text: "# Access", Owner: "ann", Approver: "bob", ReviewMonths: 6, Audience: Audience{Everybody: true}},
		anObtainedReport(), ObtainedReport{SubserviceOrganization: "s", Title: "Hosting", Kind: ObtainedSOC2Type1, AsOf: "2025-01-31"},
		anAcceptance(), aConfirmation(), aMateriality(), aTimetable(), aProfile(),
		PlanApproval{Engagement: "e", By: "ann", At: "2025-03-03T04:05:06Z", SHA256: strings.Repeat("ab", 32), Records: 3, Position: 12, Remark: "Looked at."},
		SignOff{Test: "t", As: AsPreparer, By: "ann", At: "2025-03-03T04:05:06Z", SHA256: strings.Repeat("ab", 32), Records: 3, Position: 12},
		Backup{MadeAt: "2025-03-03T04:05:06Z", MadeBy: "ann", Program: "1.0.0", Manifest: strings.Repeat("ab", 32), Files: 3, Bytes: 4096, Size: 12, Root: "r",
			Trials: []BackupTrial{{At: "2025-03-04T04:05:06Z", By: "ann", Program: "1.0.0", Entries: 12, Opened: 1}}},
		ProgramVersion{Program: "1.0.0", SHA256: strings.Repeat("ab", 32)},
		SubserviceConfirmation{Report: "r", Revision: 1, SHA256: strings.Repeat("ab", 32), By: "ann", On: "2025-12-04", Conclusion: "It can be relied on."},
		aPolicyApproval(), PolicyCampaign{Title: "2025", Policies: []string{"p"}, Audience: Audience{Roles: []Role{ControlOwner}}, Opens: "2025-02-01", Due: "2025-02-28", Ended: "2025-03-07"},
		PolicyAcknowledgement{Campaign: "c", Policy: "p", Revision: 2, Version: "1.0", By: "ann", On: "2025-02-03"}, aPolicyException(),
		FrameworkRequirement{Framework: "TSC-2017", Identifier: "CC6.1", Group: "CC6", Title: "Logical access", Text: "As licensed.", Source: "tsc.xlsx"}, aFrameworkControl(), evidence(), type1(), type2(),
		DescriptionSection{Criterion: D1, Title: "Services"}, SignificantChange{What: "New engine", When: "2025-07-01"},
		ManagementAssertion{Engagement: "e", SignedBy: "ann", SignedOn: "2026-01-31", Modifications: []AssertionModification{{Limb: LimbDesign, Text: "Except."}}},
		RepresentationLetter{Engagement: "e", SignedBy: "ann", SignedOn: "2026-01-31", Statements: []string{"All records were given."}},
		ManagementResponse{Engagement: "e", Deviation: Ref{Ledger: "x", Kind: "deviation", ID: "d"}, Text: "Corrected."},
		OtherInformation{Title: "Continuity", Body: "Plans."}, aPopulation(), aTest(), aSampledTest(), anAttribute(), aSample(), aResult(), aRun(),
		anException(), aGroup(), aDismissal(), aDeviation(), aConclusion(), anOpinion(),
		Walkthrough{Control: "c", PerformedOn: "2025-03-01", Steps: []Procedure{{Inquiry, "Asked."}, {Inspection, "Inspected."}}},
		Examination{Engagement: Ref{Ledger: "org", Kind: "engagement", ID: "e"}, Firm: "Firm LLP", OpenedOn: "2025-02-01"},
		Nonce{Commitment: digestText, Revealed: digestText[:32]},
		Release{Revisions: []Ref{{Kind: "deviation", ID: "d", Revision: 2}}, What: "Deviation", ToWhom: "Management"},
		anIssuance(), anotherIssuance(), anInterview(), aFreeze(), aSession(), aScore(), RiskScore{Session: "s", By: "bob", On: "2025-03-05", Scored: 3, Commitment: digestText}, LegalEntity{Name: "Wexford", InScope: true},
		UserEntity{Name: "Larch Fabrication", FiscalYearEnd: "02-28", Services: []string{"payroll"}, ReliesOn: []UserReliance{{Account: "cash"}}},
		with(type2(), func(e *Engagement) {
			e.Exclusions = []ScopeExclusion{{What: "Time clocks", Why: "Clients record hours themselves."}}
		}),
		ReadinessAssessment{Title: "Dry run", Engagement: "e", Owner: "eve", FinishedOn: "2025-10-15", Overall: RatedRemarks, Objectives: []ObjectiveRating{{Objective: "o", Rating: RatedReady}}},
		BusinessCalendar{Name: "Porto", Weekdays: []Weekday{Monday, Saturday}, Holidays: []Date{"2025-06-10"}}, aPerformance(), aReconciliation(),
		with(aPerformance(), func(p *Performance) {
			p.Outcome, p.Reason, p.FiledAs = NotPerformed, "The system was down all day.", ""
		}),
		with(aControl(), func(k *Control) {
			k.Frequency, k.PerformedHere, k.Owner, k.DueBusinessDays = Monthly, true, "ann", 5
			k.Checklist, k.Balances, k.Calendar = []string{"Agree the total"}, []string{"Bank", "Ledger"}, "porto"
		}),
		anEvent(), anEventAssessment(), EventConfirmation{Engagement: "e", By: "ann", Through: "2025-12-31", On: "2026-01-07"},
		aCourse(), Course{Title: "Film", Owner: "ann", Files: []File{aFile()}, RenewMonths: 12},
		CourseKey{Course: "c", Questions: 2, QuizSHA256: digestText, Commitment: digestText, KeptBy: "ann", KeptOn: "2025-01-10"}, anAssignment(), aCompletion(),
		CourseCompletion{Course: "film", Revision: 1, Person: "bob", FinishedOn: "2025-02-03", Attempt: 1, Passed: true},
		WorkingPaperNote{Title: "Planning", Text: "Plan.", By: "cat", ReviewedBy: "dan"},
	}
}

func aCourse() Course {
	return Course{Title: "Your part", Owner: "ann", Body: "## One", PassMark: 50, Controls: []string{"c"}, Questions: []CourseQuestion{
		{ID: "q1", Text: "Who?", Choices: []CourseChoice{{"a", "You"}, {"b", "Nobody"}}},
		{ID: "q2", Text: "When?", Choices: []CourseChoice{{"a", "Monthly"}, {"b", "Never"}, {"c", "Yearly"}}, Multiple: true}}}
}

func anAssignment() TrainingAssignment {
	return TrainingAssignment{Course: "c", Audience: Audience{Roles: []Role{ControlOwner}}, AssignedOn: "2025-01-10", Due: "2025-02-10", AssignedBy: "ann"}
}

func aCompletion() CourseCompletion {
	return CourseCompletion{Course: "c", Revision: 1, Person: "bob", Assignment: "t", FinishedOn: "2025-02-03", Attempt: 2, Correct: 1, Total: 2, PassMark: 50, Passed: true, Missed: []string{"q2"}}
}

func aPlan() Remediation {
	return Remediation{Title: "Record the reports", Owner: "ann", Begin: "2026-10-01", Due: "2026-11-30", Findings: []AnsweredFinding{{Rule: "CTL-08", Kind: "control", Record: "pay-3-2", Field: "information_used"}},
		Exceptions: []string{"x1"}, Steps: []RemediationStep{{Text: "List them", DoneOn: "2026-10-10"}}, HoursEstimated: 8, CostEstimated: Money{Minor: 5000, Currency: "USD"}, CostActual: Money{Minor: 4000, Currency: "USD"}}
}

func aClosing() RemediationClosing {
	return RemediationClosing{Plan: "reports", ClosedBy: "dana", ClosedOn: "2026-11-20", Explanation: "The report is replaced in January.",
		Outcomes: []RemediationOutcome{{What: "exception/x1", Settled: SettledRetest, Test: "t2"}, {What: "CTL-08 control/pay-3-2 information_used", Settled: Standing}}}
}

func aPerformance() Performance {
	return Performance{Control: "pay-5-4", ControlRevision: 2, From: "2025-01-01", To: "2025-01-31", DueOn: "2025-02-07", Performer: "ann", PerformedAt: "2025-02-06T15:00:00Z", PerformedOn: "2025-02-06",
		Outcome: PerformedClean, Checklist: []ChecklistAnswer{{Text: "Agree the total", Answer: StepDone}}, FiledAs: "ev-1", Status: PerformanceSigned}
}

func aReconciliation() Performance {
	return with(aPerformance(), func(p *Performance) {
		p.Reconciliation = Reconciliation{FirstName: "Bank", First: Money{Minor: 10500, Currency: "USD"}, SecondName: "Ledger", Second: Money{Minor: 10000, Currency: "USD"},
			Items: []ReconcilingItem{{What: "Check 4411", Minor: 700, Since: "2025-01-29"}, {What: "Fee", Minor: -200, Since: "2024-12-02"}, {What: "Check 4390", Minor: 50, Since: "2024-12-20", ClearedOn: "2025-01-15", Carried: true}}}
	}).(Performance)
}

func anAcceptance() Acceptance {
	a := Acceptance{Engagement: "e", Competence: "Two years with the client.", Decision: Accepted, Conclusion: "All met.", By: "ann", On: "2025-10-06"}
	for _, p := range preconditions.values() {
		a.Preconditions = append(a.Preconditions, PreconditionAnswer{Point: Precondition(p), Answer: Yes, Why: "Seen."})
	}
	return a
}

func aConfirmation() IndependenceConfirmation {
	return IndependenceConfirmation{Engagement: "e", By: "ann", Independent: Yes, On: "2025-10-07",
		Threats: []IndependenceThreat{{Threat: ThreatFamiliarity, Text: "A cousin works there.", Safeguard: "Tests nothing of that department."}}}
}

func aMateriality() Materiality {
	return Materiality{Engagement: "e", Users: "Payroll expense.", Description: "A service left out.", Design: "A risk unanswered.", Operation: "Intent."}
}

func aTimetable() Timetable {
	return Timetable{Engagement: "e", InterimTo: "2025-09-30", Milestones: []Milestone{{Title: "Kick-off", On: "2025-10-06", DoneOn: "2025-10-07", Responsible: "ann"}, {Title: "Report", On: "2026-02-16"}}}
}

func aProfile() MethodProfile {
	return MethodProfile{Name: "House method", Version: "2025", Source: "The firm.", Confidence: 9000, Tolerable: 1000, Expected: 100, ZeroTolerance: true, HighRiskFrom: 15, Expansion: "Once.",
		Rows: []ProfileRow{{Annual, 1, 1, 1}, {Monthly, 12, 2, 4}}}
}
