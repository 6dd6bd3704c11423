package soc1

import "fmt"

// TransactionStep is something that a service does with user entities'
// transactions. A service that does one of them, or hosts the systems that do, can
// be relevant to user entities' internal control over financial reporting, which
// is what AT-C 320 is about.
type TransactionStep string

// The five steps.
const (
	Initiates  TransactionStep = "initiate"
	Authorizes TransactionStep = "authorize"
	Records    TransactionStep = "record"
	Processes  TransactionStep = "process"
	ReportsOn  TransactionStep = "report"
)

var transactionSteps = enumeration{
	{"initiate", "Initiates them"}, {"authorize", "Authorizes them"}, {"record", "Records them"},
	{"process", "Processes them"}, {"report", "Reports them"},
}

// Values lists the stored spellings.
func (TransactionStep) Values() []string { return transactionSteps.values() }

// Label is the word a person reads.
func (s TransactionStep) Label() string { return transactionSteps.label(string(s)) }

// StatementEffect is what a service means for customers' financial statements.
type StatementEffect string

// The effects.
const (
	// EffectAmounts: customers book amounts that come from the service.
	EffectAmounts StatementEffect = "amounts"
	// EffectSystems: customers' own accounting runs on what is hosted.
	EffectSystems StatementEffect = "systems"
	// EffectNone: no amount of any financial statement depends on it.
	EffectNone StatementEffect = "none"
	// EffectUnknown: nobody has found out yet.
	EffectUnknown StatementEffect = "unknown"
)

var statementEffects = enumeration{
	{"amounts", "Customers book amounts that come from it"}, {"systems", "Customers’ accounting systems run on it"},
	{"none", "Nothing in them depends on it"}, {"unknown", "Not known yet"},
}

// Values lists the stored spellings.
func (StatementEffect) Values() []string { return statementEffects.values() }

// Label is the word a person reads.
func (e StatementEffect) Label() string { return statementEffects.label(string(e)) }

// ReportAsked is a report that customers or their auditors ask for.
type ReportAsked string

// The reports.
const (
	AskedSOC1 ReportAsked = "soc_1"
	AskedSOC2 ReportAsked = "soc_2"
)

var reportsAsked = enumeration{
	{"soc_1", "SOC 1, on financial reporting"}, {"soc_2", "SOC 2, on security and the like"},
}

// Values lists the stored spellings.
func (ReportAsked) Values() []string { return reportsAsked.values() }

// Label is the word a person reads.
func (a ReportAsked) Label() string { return reportsAsked.label(string(a)) }

// Commitment is something that the organization promises about a service,
// beside its transactions; each is a category of the trust services criteria.
type Commitment string

// The categories.
const (
	CommitSecurity        Commitment = "security"
	CommitAvailability    Commitment = "availability"
	CommitIntegrity       Commitment = "processing_integrity"
	CommitConfidentiality Commitment = "confidentiality"
	CommitPrivacy         Commitment = "privacy"
)

var commitments = enumeration{
	{"security", "Security"}, {"availability", "Availability"}, {"processing_integrity", "Processing integrity"},
	{"confidentiality", "Confidentiality"}, {"privacy", "Privacy"},
}

// Values lists the stored spellings.
func (Commitment) Values() []string { return commitments.values() }

// Label is the word a person reads.
func (c Commitment) Label() string { return commitments.label(string(c)) }

// Assurance is what customers' auditors need of a report.
type Assurance string

// The answers.
const (
	NeedsOperation Assurance = "operation"
	NeedsDesign    Assurance = "design"
	NeedsUnknown   Assurance = "unknown"
)

var assurances = enumeration{
	{"operation", "That controls operated, for reliance in their audits"}, {"design", "That controls are designed and in place"},
	{"unknown", "Not known yet"},
}

// Values lists the stored spellings.
func (Assurance) Values() []string { return assurances.values() }

// Label is the word a person reads.
func (a Assurance) Label() string { return assurances.label(string(a)) }

// IssuedBefore is the last report that was issued on the system.
type IssuedBefore string

// The answers.
const (
	IssuedNone  IssuedBefore = "none"
	IssuedType1 IssuedBefore = "type_1"
	IssuedType2 IssuedBefore = "type_2"
)

var issuedBefore = enumeration{{"none", "None"}, {"type_1", "A Type I report"}, {"type_2", "A Type II report"}}

// Values lists the stored spellings.
func (IssuedBefore) Values() []string { return issuedBefore.values() }

// Label is the word a person reads.
func (i IssuedBefore) Label() string { return issuedBefore.label(string(i)) }

// ServiceAnswers are the answers about one service.
type ServiceAnswers struct {
	// Name is the service.
	Name string `json:"name" label:"Service" required:"true"`
	// Service is its record, where there is one.
	Service string `json:"service,omitempty" label:"Record" ref:"service"`
	// Does is what it does with customers' transactions.
	Does []TransactionStep `json:"does,omitempty" label:"What it does with customers’ transactions" help:"Leave all empty when it touches none."`
	// Hosts says that it hosts or operates systems that do so for customers.
	Hosts bool `json:"hosts,omitempty" label:"Hosts or operates systems that do so"`
	// Effect is what it means for customers' financial statements.
	Effect StatementEffect `json:"effect" label:"Customers’ financial statements" required:"true"`
	// Asked is what customers or their auditors ask for.
	Asked []ReportAsked `json:"asked,omitempty" label:"What customers or their auditors ask for" help:"Leave all empty when nobody asks."`
	// Commitments are what is promised about it.
	Commitments []Commitment `json:"commitments,omitempty" label:"What is promised to customers" help:"In contracts or in public statements."`
}

// InterviewAnswers are all answers of an interview.
type InterviewAnswers struct {
	// Services are the answers about each service.
	Services []ServiceAnswers `json:"services" label:"Services" required:"true"`
	// Issued is the last report issued.
	Issued IssuedBefore `json:"issued" label:"Last SOC 1 report issued" required:"true"`
	// IssuedTo is the last day that it spoke of.
	IssuedTo Date `json:"issued_to,omitempty" label:"Its last day or as-of date" help:"Only where a report was issued."`
	// OperatedMonths is for how many full months, up to the interview, the controls
	// have operated as described and left evidence: 0 to 120.
	OperatedMonths int64 `json:"operated_months,omitempty" label:"Months that controls have operated" help:"Full months until today in which the controls operated as described and left evidence. Empty means none."`
	// Needs is what customers' auditors need.
	Needs Assurance `json:"needs" label:"What customers’ auditors need to know" required:"true"`
	// Deadline is the day by which customers need the first report.
	Deadline Date `json:"deadline,omitempty" label:"First report needed by" help:"The earliest day promised to or asked by a customer. Empty means none."`
}

// problems checks what joins answers; asked is the day of the interview, prefix
// the path of the answers in their record.
func (a InterviewAnswers) problems(c *checker, prefix string, asked Date) {
	seen := map[string]bool{}
	for i, s := range a.Services {
		place := func(field string) string { return prefix + at("services", i, field) }
		c.when(!blank(s.Name) && seen[s.Name], place("name"), fmt.Sprintf("%q is answered twice.", s.Name), "Answer once for each service.")
		seen[s.Name] = true
		touches := len(s.Does) > 0 || s.Hosts
		c.when(s.Effect == EffectAmounts && !touches, place("does"), "Customers book amounts that come from the service, and it does nothing with their transactions.",
			"Say what it does with them, or correct what customers book.")
		c.when(s.Effect == EffectSystems && !s.Hosts, place("hosts"), "Customers’ accounting systems run on the service, and it hosts none.",
			"Say that it hosts or operates them, or correct the effect.")
	}
	c.when(a.Issued == IssuedNone && a.IssuedTo != "", prefix+"issued_to", "A last day is given, and no report was issued.", "Remove the day, or say which report was issued.")
	c.when((a.Issued == IssuedType1 || a.Issued == IssuedType2) && a.IssuedTo == "", prefix+"issued_to", "The last day of the report that was issued is missing.", "Give the last day of its period, or its as-of date.")
	c.when(a.OperatedMonths < 0 || a.OperatedMonths > 120, prefix+"operated_months", fmt.Sprintf("The value %d is outside 0 to 120.", a.OperatedMonths), "Give full months from 0 to 120.")
	c.when(a.Deadline.Valid() && asked.Valid() && a.Deadline < asked, prefix+"deadline", fmt.Sprintf("The day %s has passed.", a.Deadline), "Give the next day by which a report is needed.")
}

// ReasonedPoint is one reason of a recommendation, with the answers that caused it.
type ReasonedPoint struct {
	// Text is the reason.
	Text string `json:"text" label:"Reason" required:"true" multiline:"true"`
	// Answers are the paths of the answers that caused it, such as
	// "services[0].does".
	Answers []string `json:"answers,omitempty" label:"Because of the answers"`
}

// RecommendedReport is what an interview ends in.
type RecommendedReport string

// The four ends.
const (
	RecommendSOC1    RecommendedReport = "soc_1"
	RecommendSOC2    RecommendedReport = "soc_2"
	RecommendBoth    RecommendedReport = "both"
	RecommendNeither RecommendedReport = "neither"
)

var recommendedReports = enumeration{{"soc_1", "SOC 1"}, {"soc_2", "SOC 2"}, {"both", "SOC 1 and SOC 2"}, {"neither", "Neither"}}

// Values lists the stored spellings.
func (RecommendedReport) Values() []string { return recommendedReports.values() }

// Label is the word a person reads.
func (r RecommendedReport) Label() string { return recommendedReports.label(string(r)) }

// TypeAdvice is which type of SOC 1 report comes first.
type TypeAdvice string

// The advices.
const (
	AdviseType1First TypeAdvice = "type_1_first"
	AdviseType2      TypeAdvice = "type_2"
	AdviseNone       TypeAdvice = "none"
)

var typeAdvices = enumeration{{"type_1_first", "Type I first, then Type II"}, {"type_2", "Straight to Type II"}, {"none", "No SOC 1 report"}}

// Values lists the stored spellings.
func (TypeAdvice) Values() []string { return typeAdvices.values() }

// Label is the word a person reads.
func (t TypeAdvice) Label() string { return typeAdvices.label(string(t)) }

// InterviewOutcome is a recommendation as it was shown.
type InterviewOutcome struct {
	// Report is what is recommended.
	Report RecommendedReport `json:"report" label:"Report" required:"true"`
	// Reasons say why.
	Reasons []ReasonedPoint `json:"reasons,omitempty" label:"Reasons"`
	// Type is which type comes first.
	Type TypeAdvice `json:"type" label:"Type" required:"true"`
	// TypeReasons say why.
	TypeReasons []ReasonedPoint `json:"type_reasons,omitempty" label:"Reasons for the type"`
	// Open are points to settle before anybody relies on it.
	Open []ReasonedPoint `json:"open,omitempty" label:"To be settled"`
}

// ScopeInterview is an interview about which report is needed: who answered what
// and when, and what was recommended then. The recommendation follows from the
// answers; a program derives it again and compares.
type ScopeInterview struct {
	// AnsweredBy is who answered.
	AnsweredBy string `json:"answered_by" label:"Answered by" ref:"person" required:"true"`
	// AnsweredOn is the day.
	AnsweredOn Date `json:"answered_on" label:"Answered on" required:"true"`
	// Answers are the answers.
	Answers InterviewAnswers `json:"answers" label:"Answers" required:"true"`
	// Outcome is what was recommended.
	Outcome InterviewOutcome `json:"outcome" label:"Recommendation" required:"true"`
}

// Validate checks the interview alone.
func (i ScopeInterview) Validate() []Problem {
	c := examine(i)
	i.Answers.problems(c, "answers.", i.AnsweredOn)
	return c.problems
}

// Check checks answers that nobody recorded yet, given on a day.
func (a InterviewAnswers) Check(on Date) []Problem {
	c := examine(a)
	a.problems(c, "", on)
	return c.problems
}
