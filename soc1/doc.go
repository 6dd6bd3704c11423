// Package soc1 is the auditor's vocabulary: the nouns of a SOC 1 examination
// (AT-C 105, 205 and 320; ISAE 3402) as plain structs, their enumerations and
// the rules that one record can be held to on its own. It promises that a
// record whose Validate returns nothing says something an auditor can use:
// every date exists, every rate is a rate, every conclusion has reasons. It
// does no input or output, knows neither the present time nor any person, and
// checks no reference between records (whether a control exists that a test
// names is asked elsewhere). Record structs carry no id, no kind and no
// revision: the envelope that stores them does.
//
// Struct tags describe the fields to every adapter: json is the stored name,
// label what a person reads, help one sentence beside the input, ref the kind
// whose ids the string or list of strings holds, required what may not be
// empty, sensitive personal or confidential content, multiline long text. A
// string type with a Values method is an enumeration.
//
// Compatibility law: fields are only added, and optional; names are never
// reused; the meaning of an enumeration's value never changes.
//
// The kinds of the organization ledger:
//
//	organization             Organization
//	system                   System
//	location                 Location
//	business_calendar        BusinessCalendar
//	service                  Service
//	transaction_class        TransactionClass
//	account                  Account
//	assertion_relevance      AssertionRelevance
//	user_entity              UserEntity
//	legal_entity             LegalEntity
//	subservice_organization  SubserviceOrganization
//	vendor                   Vendor
//	subservice_report        ObtainedReport
//	subservice_confirmation  SubserviceConfirmation
//	csoc                     CSOC
//	cuec                     CUEC
//	control_objective        ControlObjective
//	risk                     Risk
//	control                  Control
//	person                   Person
//	policy                   Policy
//	policy_approval          PolicyApproval
//	policy_campaign          PolicyCampaign
//	policy_acknowledgement   PolicyAcknowledgement
//	policy_exception         PolicyException
//	framework_requirement    FrameworkRequirement
//	framework_control        FrameworkControl
//	evidence                 Evidence
//	engagement               Engagement
//	description_section      DescriptionSection
//	significant_change       SignificantChange
//	assertion                ManagementAssertion
//	representation_letter    RepresentationLetter
//	management_response      ManagementResponse
//	other_information        OtherInformation
//	readiness_assessment     ReadinessAssessment
//	deputy                   Deputy
//	role                     CustomRole
//	request                  Request
//	performance              Performance
//	remediation              Remediation
//	remediation_closing      RemediationClosing
//	scope_interview          ScopeInterview
//	scope_freeze             ScopeFreeze
//	risk_session             RiskSession
//	risk_score               RiskScore
//	event                    Event
//	event_assessment         EventAssessment
//	event_confirmation       EventConfirmation
//	course                   Course
//	course_key               CourseKey
//	training_assignment      TrainingAssignment
//	course_completion        CourseCompletion
//	backup                   Backup
//	program_version          ProgramVersion
//
// Of either ledger, management's own work in the organization's, the
// auditor's in the examination's:
//
//	population               Population
//	test_of_control          TestOfControl
//	attribute                Attribute
//	sample                   Sample
//	test_run                 TestRun
//	result                   Result
//	exception                Exception
//	deviation                Deviation
//	conclusion               Conclusion
//	sign_off                 SignOff
//	invitation               Invitation
//	comment                  Comment
//
// Of the examination ledger alone:
//
//	examination              Examination
//	walkthrough              Walkthrough
//	opinion                  Opinion
//	nonce                    Nonce
//	release                  Release
//	issuance                 Issuance
//	working_paper_note       WorkingPaperNote
//	acceptance               Acceptance
//	independence_confirmation  IndependenceConfirmation
//	materiality              Materiality
//	timetable                Timetable
//	method_profile           MethodProfile
//	plan_approval            PlanApproval
package soc1
