package identity

// Action is what a person asks to do.
type Action string

// The actions. Where an action makes or changes a record, Resource.Kind names
// the kind of that record, because policies speak of it.
const (
	Read   Action = "read"   // see a record, a count or a search hit of the kind
	Put    Action = "put"    // write a revision of a register's record
	Retire Action = "retire" // end a register's record
	Redact Action = "redact" // delete a document and its salt, as the law demands
	Verify Action = "verify" // verify a ledger's tree, or a bundle (kind bundle)

	EngagementCreate  Action = "engagement.create"
	PopulationImport  Action = "population.import"
	PopulationDerive  Action = "population.derive"
	PopulationCheck   Action = "population.check"
	TestRun           Action = "test.run"
	ResultRecord      Action = "result.record"
	ExceptionDecide   Action = "exception.decide"
	DeviationRecord   Action = "deviation.record"
	Conclude          Action = "conclude" // on a control or an objective
	Opine             Action = "opine"
	Review            Action = "review" // sign off as a reviewer
	SampleDraw        Action = "sample.draw"
	SampleExpand      Action = "sample.expand"
	NonceDisclose     Action = "nonce.disclose"
	ExaminationOpen   Action = "examination.open" // kind examination
	ReportBuild       Action = "report.build"
	ReportRelease     Action = "report.release"
	ReportIssue       Action = "report.issue"   // kind issuance
	BundleReport      Action = "bundle.report"  // what a user of the report may see
	BundleFile        Action = "bundle.file"    // the auditor's whole file
	AssertionSign     Action = "assertion.sign" // kind assertion or representation_letter
	PersonPut         Action = "person.put"     // kind person; CheckRoles comes with it
	PersonNames       Action = "person.names"   // learn how people are called and what they are, nothing else of them
	Invite            Action = "invite"         // invite a person or revoke that; kind invitation
	InviteAccept      Action = "invitation.accept"
	CommentWrite      Action = "comment.write"   // write a comment or edit one's own; kind comment
	CommentResolve    Action = "comment.resolve" // resolve a comment or open it again
	RequestMake       Action = "request.make"    // ask for something, accept, return or withdraw; kind request
	RequestAnswer     Action = "request.answer"
	GapAccept         Action = "gap.accept"           // live with what a rule found; kind gap_acceptance
	ScopeInterview    Action = "scope.interview"      // record an interview on which report is needed; kind scope_interview
	ScopeFreeze       Action = "scope.freeze"         // freeze the scope of an engagement; kind scope_freeze
	RemediationClose  Action = "remediation.close"    // close a plan; kind remediation_closing
	RiskLead          Action = "risk.lead"            // open, reveal, agree and close a risk session; kind risk_session
	RiskScore         Action = "risk.score"           // score in a risk session; kind risk_score, the owner is who scores
	EventAssess       Action = "event.assess"         // say what an event means for a report; kind event_assessment
	EventConfirm      Action = "event.confirm"        // confirm that one knows of nothing else; kind event_confirmation, the owner is whose word it is
	PolicyDecide      Action = "policy.decide"        // approve or refuse a policy or an exception; kind policy_approval, the owner is its approver
	PolicyMinute      Action = "policy.minute"        // record what was decided elsewhere; kind policy_approval
	PolicyConfirm     Action = "policy.confirm"       // confirm that one follows a policy; kind policy_acknowledgement, the owner is whose word it is
	SubserviceConfirm Action = "subservice.confirm"   // confirm what a subservice organization's report says; kind subservice_confirmation, the owner is that organization's
	CourseKeep        Action = "course.keep"          // keep a course together with its answers, and read these; kind course_key
	PaperSign         Action = "paper.sign"           // sign off a working paper as its preparer; kind sign_off, the owner is who signs. A reviewer signs by review
	EngagementAccept  Action = "engagement.accept"    // accept or decline an engagement; kind acceptance
	IndependenceWord  Action = "independence.confirm" // give one's own word on one's independence; kind independence_confirmation, the owner is whose word it is
	PlanApprove       Action = "plan.approve"         // approve the plan of an examination; kind plan_approval, the owner is who approves
	OperationRecord   Action = "operation.record"     // record how the program itself is operated; kinds backup and program_version
	CourseTake        Action = "course.take"          // take a course; kind course_completion, the owner is who takes it
	// ControlPerform signs a performance, PerformanceReview accepts or returns it;
	// kind performance, the owner is whose task or whose review it is.
	ControlPerform    Action = "control.perform"
	PerformanceReview Action = "performance.review"
	Attend            Action = "attend" // be shown to others where one is, and be shown where they are; any kind
)

// actions lists every action with the words that follow "may not".
var actions = []struct {
	action Action
	words  string
}{
	{Read, "read this record"},
	{Put, "change this record"},
	{Retire, "retire this record"},
	{Redact, "redact this record"},
	{Verify, "verify this"},
	{EngagementCreate, "create an engagement"},
	{PopulationImport, "import a population"},
	{PopulationDerive, "derive a population"},
	{PopulationCheck, "check a population"},
	{TestRun, "run a test"},
	{ResultRecord, "record a result"},
	{ExceptionDecide, "decide an exception"},
	{DeviationRecord, "record a deviation"},
	{Conclude, "conclude"},
	{Opine, "give the opinion"},
	{Review, "sign off a review"},
	{SampleDraw, "draw a sample"},
	{SampleExpand, "expand a sample"},
	{NonceDisclose, "disclose the nonce"},
	{ExaminationOpen, "open an examination"},
	{ReportBuild, "build the report"},
	{ReportRelease, "release the report"},
	{ReportIssue, "issue the report"},
	{BundleReport, "bundle the report"},
	{BundleFile, "bundle the auditor's file"},
	{AssertionSign, "sign this"},
	{PersonPut, "change a person's record"},
	{PersonNames, "read the names of people"},
	{Invite, "invite people"},
	{InviteAccept, "accept this invitation"},
	{CommentWrite, "write this comment"},
	{CommentResolve, "resolve this comment"},
	{RequestMake, "make or close this request"},
	{RequestAnswer, "answer this request"},
	{GapAccept, "accept what a rule found"},
	{ScopeInterview, "record a scoping interview"},
	{ScopeFreeze, "freeze the scope"},
	{RemediationClose, "close this plan"},
	{RiskLead, "lead a risk session"},
	{RiskScore, "score risks for this person"},
	{ControlPerform, "perform this control"},
	{PerformanceReview, "review this performance"},
	{EventAssess, "assess events"},
	{EventConfirm, "confirm this for this person"},
	{PolicyDecide, "decide on this policy"},
	{PolicyMinute, "record decisions on policies"},
	{PolicyConfirm, "confirm policies for this person"},
	{CourseKeep, "keep courses"},
	{CourseTake, "take a course for this person"},
	{SubserviceConfirm, "confirm this subservice organization's reports"},
	{PaperSign, "sign off a working paper for this person"},
	{EngagementAccept, "accept an engagement"},
	{IndependenceWord, "confirm independence for this person"},
	{PlanApprove, "approve a plan for this person"},
	{OperationRecord, "record how the program is operated"},
	{Attend, "be shown at this record"},
}

// AllActions lists every action.
func AllActions() []Action {
	out := make([]Action, len(actions))
	for i, a := range actions {
		out[i] = a.action
	}
	return out
}

// place gives the action's place in the list, or -1 for an action that this
// program does not know.
func (a Action) place() int {
	for i := range actions {
		if actions[i].action == a {
			return i
		}
	}
	return -1
}

// Known reports whether this program knows the action.
func (a Action) Known() bool { return a.place() >= 0 }

// words is what follows "may not" in a sentence.
func (a Action) words() string {
	if i := a.place(); i >= 0 {
		return actions[i].words
	}
	return "do this"
}
