package record

import "reperform/soc1"

// Kinds is the registry of everything this program knows. A new register is
// one line here and one struct in package soc1; docs/NEW-KIND.md shows how.
var Kinds = newKinds()

func newKinds() *Registry {
	r := &Registry{}
	register := func(name, title, plural string) Spec {
		return Spec{Name: name, Title: title, Plural: plural, Home: Organization}
	}
	Register[soc1.Organization](r, register("organization", "Organization", "Organizations"))
	Register[soc1.System](r, register("system", "System", "Systems"))
	Register[soc1.Location](r, register("location", "Location", "Locations"))
	Register[soc1.BusinessCalendar](r, register("business_calendar", "Business calendar", "Business calendars"))
	Register[soc1.Service](r, register("service", "Service", "Services"))
	Register[soc1.TransactionClass](r, register("transaction_class", "Class of transactions", "Classes of transactions"))
	Register[soc1.Account](r, register("account", "Account", "Accounts"))
	Register[soc1.AssertionRelevance](r, register("assertion_relevance", "Assertion relevance", "Assertion relevance"))
	Register[soc1.UserEntity](r, register("user_entity", "User entity", "User entities"))
	Register[soc1.LegalEntity](r, register("legal_entity", "Legal entity", "Legal entities"))
	Register[soc1.SubserviceOrganization](r, register("subservice_organization", "Subservice organization", "Subservice organizations"))
	Register[soc1.Vendor](r, register("vendor", "Vendor", "Vendors"))
	Register[soc1.ObtainedReport](r, register("subservice_report", "Report of a subservice organization", "Reports of subservice organizations"))
	read := register("subservice_confirmation", "Confirmation of a subservice organization’s report", "Confirmations of subservice organizations’ reports")
	read.Decision, read.Timeless = true, true
	Register[soc1.SubserviceConfirmation](r, read)
	Register[soc1.CSOC](r, register("csoc", "Complementary subservice organization control", "Complementary subservice organization controls"))
	Register[soc1.CUEC](r, register("cuec", "Complementary user entity control", "Complementary user entity controls"))
	Register[soc1.ControlObjective](r, register("control_objective", "Control objective", "Control objectives"))
	Register[soc1.Risk](r, register("risk", "Risk", "Risks"))
	Register[soc1.Control](r, register("control", "Control", "Controls"))
	Register[soc1.Policy](r, register("policy", "Policy", "Policies"))
	Register[soc1.PolicyCampaign](r, register("policy_campaign", "Policy campaign", "Policy campaigns"))
	Register[soc1.PolicyException](r, register("policy_exception", "Exception from a policy", "Exceptions from policies"))
	approval := register("policy_approval", "Decision on a policy", "Decisions on policies")
	approval.Decision, approval.Timeless = true, true
	Register[soc1.PolicyApproval](r, approval)
	acknowledgement := register("policy_acknowledgement", "Confirmation of a policy", "Confirmations of policies")
	acknowledgement.Decision, acknowledgement.Timeless = true, true
	Register[soc1.PolicyAcknowledgement](r, acknowledgement)
	Register[soc1.FrameworkRequirement](r, register("framework_requirement", "Framework requirement", "Framework requirements"))
	Register[soc1.FrameworkControl](r, register("framework_control", "Control of another framework", "Controls of other frameworks"))
	Register[soc1.Engagement](r, register("engagement", "Engagement", "Engagements"))
	Register[soc1.DescriptionSection](r, register("description_section", "Description section", "Description sections"))
	Register[soc1.SignificantChange](r, register("significant_change", "Significant change", "Significant changes"))
	Register[soc1.ManagementAssertion](r, register("assertion", "Management's assertion", "Management's assertions"))
	Register[soc1.RepresentationLetter](r, register("representation_letter", "Representation letter", "Representation letters"))
	Register[soc1.ManagementResponse](r, register("management_response", "Management's response", "Management's responses"))
	Register[soc1.BridgeLetter](r, register("bridge_letter", "Bridge letter", "Bridge letters"))
	Register[soc1.ReadinessAssessment](r, register("readiness_assessment", "Readiness assessment", "Readiness assessments"))
	Register[soc1.Event](r, register("event", "Event", "Events"))
	Register[soc1.OtherInformation](r, register("other_information", "Other information", "Other information"))

	Register[soc1.Deputy](r, register("deputy", "Deputy", "Deputies"))
	role := register("role", "Custom role", "Custom roles")
	role.Timeless = true
	Register[soc1.CustomRole](r, role)
	request := register("request", "Request", "Requests")
	request.Decision, request.Timeless = true, true
	Register[soc1.Request](r, request)
	acceptance := register("gap_acceptance", "Accepted gap", "Accepted gaps")
	acceptance.Decision, acceptance.Timeless = true, true
	Register[soc1.GapAcceptance](r, acceptance)
	Register[soc1.Remediation](r, register("remediation", "Remediation plan", "Remediation plans"))
	closing := register("remediation_closing", "Closed plan", "Closed plans")
	closing.Decision, closing.Timeless = true, true
	Register[soc1.RemediationClosing](r, closing)
	performance := register("performance", "Performance of a control", "Performances of controls")
	performance.Decision, performance.Timeless = true, true
	Register[soc1.Performance](r, performance)
	interview := register("scope_interview", "Scoping interview", "Scoping interviews")
	interview.Decision, interview.Timeless = true, true
	Register[soc1.ScopeInterview](r, interview)
	freeze := register("scope_freeze", "Scope freeze", "Scope freezes")
	freeze.Decision, freeze.Timeless = true, true
	Register[soc1.ScopeFreeze](r, freeze)
	session := register("risk_session", "Risk session", "Risk sessions")
	session.Decision, session.Timeless = true, true
	Register[soc1.RiskSession](r, session)
	score := register("risk_score", "Risk score", "Risk scores")
	score.Decision, score.Timeless = true, true
	Register[soc1.RiskScore](r, score)
	assessed := register("event_assessment", "Assessment of an event", "Assessments of events")
	assessed.Decision, assessed.Timeless = true, true
	Register[soc1.EventAssessment](r, assessed)
	confirmed := register("event_confirmation", "Confirmation of events", "Confirmations of events")
	confirmed.Decision, confirmed.Timeless = true, true
	Register[soc1.EventConfirmation](r, confirmed)
	course := register("course", "Course", "Courses")
	course.Timeless = true
	Register[soc1.Course](r, course)
	key := register("course_key", "Answer key", "Answer keys")
	key.Decision, key.Timeless = true, true
	Register[soc1.CourseKey](r, key)
	training := register("training_assignment", "Training assignment", "Training assignments")
	training.Timeless = true
	Register[soc1.TrainingAssignment](r, training)
	taken := register("course_completion", "Attempt at a course", "Attempts at courses")
	taken.Decision, taken.Timeless = true, true
	Register[soc1.CourseCompletion](r, taken)
	copied := register("backup", "Backup", "Backups")
	copied.Decision, copied.Timeless = true, true
	Register[soc1.Backup](r, copied)
	program := register("program_version", "Version of the program", "Versions of the program")
	program.Decision, program.Timeless = true, true
	Register[soc1.ProgramVersion](r, program)

	either := func(name, title, plural string, decision bool) Spec {
		return Spec{Name: name, Title: title, Plural: plural, Home: Either, Decision: decision, Timeless: decision}
	}
	Register[soc1.Person](r, either("person", "Person", "People", false))
	Register[soc1.Evidence](r, either("evidence", "Evidence", "Evidence", false))
	Register[soc1.TestOfControl](r, either("test_of_control", "Test of control", "Tests of controls", false))
	Register[soc1.Attribute](r, either("attribute", "Attribute", "Attributes", false))
	Register[soc1.Population](r, either("population", "Population", "Populations", true))
	Register[soc1.Sample](r, either("sample", "Sample", "Samples", true))
	Register[soc1.TestRun](r, either("test_run", "Test run", "Test runs", true))
	Register[soc1.Result](r, either("result", "Result", "Results", true))
	Register[soc1.Exception](r, either("exception", "Exception", "Exceptions", true))
	Register[soc1.Deviation](r, either("deviation", "Deviation", "Deviations", true))
	Register[soc1.Conclusion](r, either("conclusion", "Conclusion", "Conclusions", true))
	Register[soc1.SignOff](r, either("sign_off", "Sign-off", "Sign-offs", true))

	Register[soc1.Invitation](r, either("invitation", "Invitation", "Invitations", true))
	Register[soc1.Comment](r, either("comment", "Comment", "Comments", true))

	examination := func(name, title, plural string, decision bool) Spec {
		return Spec{Name: name, Title: title, Plural: plural, Home: Examination, Decision: decision, Timeless: decision}
	}
	Register[soc1.Examination](r, examination("examination", "Examination", "Examinations", true))
	Register[soc1.Nonce](r, examination("nonce", "Nonce", "Nonces", true))
	Register[soc1.Walkthrough](r, examination("walkthrough", "Walkthrough", "Walkthroughs", false))
	Register[soc1.Opinion](r, examination("opinion", "Opinion", "Opinions", true))
	Register[soc1.Release](r, examination("release", "Release", "Releases", true))
	Register[soc1.Issuance](r, examination("issuance", "Issuance", "Issuances", true))
	Register[soc1.Acceptance](r, examination("acceptance", "Acceptance", "Acceptances", true))
	Register[soc1.IndependenceConfirmation](r, examination("independence_confirmation", "Confirmation of independence", "Confirmations of independence", true))
	Register[soc1.Materiality](r, examination("materiality", "Materiality", "Materiality", false))
	Register[soc1.Timetable](r, examination("timetable", "Timetable", "Timetables", false))
	Register[soc1.MethodProfile](r, examination("method_profile", "Method profile", "Method profiles", false))
	Register[soc1.PlanApproval](r, examination("plan_approval", "Approval of the plan", "Approvals of the plan", true))
	Register[soc1.WorkingPaperNote](r, examination("working_paper_note", "Working paper note", "Working paper notes", false))
	return r
}
