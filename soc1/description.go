package soc1

// Criterion is what a section of the description answers to: a criterion for
// a fair description (D1 to D10), a COSO component, or something the
// organization adds.
type Criterion string

// The criteria of AT-C 320 for the description, in the order of the list that
// this product works with, then the components, then anything else.
const (
	// D1 is the services and the classes of transactions.
	D1 Criterion = "D1"
	// D2 is the procedures from initiation to report, with correction.
	D2 Criterion = "D2"
	// D3 is the records and supporting information.
	D3 Criterion = "D3"
	// D4 is how events and conditions other than transactions are captured.
	D4 Criterion = "D4"
	// D5 is how reports are prepared.
	D5 Criterion = "D5"
	// D6 is subservice organizations, the method and their controls.
	D6 Criterion = "D6"
	// D7 is objectives and controls, with those of user entities.
	D7 Criterion = "D7"
	// D8 is the other parts of internal control that matter.
	D8 Criterion = "D8"
	// D9 is significant changes within the period (Type II).
	D9 Criterion = "D9"
	// D10 is that nothing relevant is omitted or distorted.
	D10 Criterion = "D10"

	CriterionControlEnvironment       Criterion = "coso_control_environment"
	CriterionRiskAssessment           Criterion = "coso_risk_assessment"
	CriterionControlActivities        Criterion = "coso_control_activities"
	CriterionInformationCommunication Criterion = "coso_information_communication"
	CriterionMonitoring               Criterion = "coso_monitoring"
	CriterionOther                    Criterion = "other"
)

var criteria = enumeration{
	{"D1", "D1 Services and transaction classes"}, {"D2", "D2 Procedures from initiation to report"},
	{"D3", "D3 Records and supporting information"}, {"D4", "D4 Events other than transactions"},
	{"D5", "D5 Preparation of reports"}, {"D6", "D6 Subservice organizations"},
	{"D7", "D7 Control objectives and controls"}, {"D8", "D8 Other aspects of internal control"},
	{"D9", "D9 Significant changes in the period"}, {"D10", "D10 Nothing omitted or distorted"},
	{"coso_control_environment", "Control environment"}, {"coso_risk_assessment", "Risk assessment"},
	{"coso_control_activities", "Control activities"}, {"coso_information_communication", "Information and communication"},
	{"coso_monitoring", "Monitoring activities"}, {"other", "Other"},
}

// Values lists the stored spellings.
func (Criterion) Values() []string { return criteria.values() }

// Label is the word a person reads.
func (x Criterion) Label() string { return criteria.label(string(x)) }

// DescriptionSection is a section of the description of the system.
type DescriptionSection struct {
	// Engagement is the report it belongs to; empty means every report.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement" help:"Leave empty for a section that every report repeats."`
	// Criterion is what the section answers to.
	Criterion Criterion `json:"criterion" label:"Criterion" required:"true"`
	// Title is the heading.
	Title string `json:"title" label:"Title" required:"true"`
	// Body is the text in a subset of Markdown: paragraphs, lists, emphasis,
	// tables.
	Body string `json:"body,omitempty" label:"Text" multiline:"true" help:"Paragraphs, lists, emphasis and tables in Markdown."`
	// Order sorts sections, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the section alone.
func (d DescriptionSection) Validate() []Problem { return examine(d).problems }

// SignificantChange is a change to the system within the period that user
// entities need to know of (criterion D9).
type SignificantChange struct {
	// Title is a short name of the change.
	Title string `json:"title,omitempty" label:"Title"`
	// What says what changed.
	What string `json:"what" label:"What changed" required:"true" multiline:"true"`
	// When is the day from which the change was in effect.
	When Date `json:"when" label:"When" required:"true"`
	// Effect says what it means for controls and user entities.
	Effect string `json:"effect,omitempty" label:"Effect" multiline:"true" help:"What it means for the controls and for user entities."`
	// Systems are the systems changed.
	Systems []string `json:"systems,omitempty" label:"Systems" ref:"system"`
	// Controls are the controls changed.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
}

// Validate checks the change alone.
func (s SignificantChange) Validate() []Problem { return examine(s).problems }

// OpinionLimb is one of the three things that an opinion and an assertion
// speak of.
type OpinionLimb string

// The limbs, in the order in which the report states them.
const (
	LimbDescription OpinionLimb = "description"
	LimbDesign      OpinionLimb = "design"
	LimbOperating   OpinionLimb = "operating_effectiveness"
)

var opinionLimbs = enumeration{
	{"description", "Fair presentation of the description"}, {"design", "Suitability of design"},
	{"operating_effectiveness", "Operating effectiveness"},
}

// Values lists the stored spellings.
func (OpinionLimb) Values() []string { return opinionLimbs.values() }

// Label is the word a person reads.
func (l OpinionLimb) Label() string { return opinionLimbs.label(string(l)) }

// AssertionModification is an exception that management states in its own
// assertion.
type AssertionModification struct {
	// Limb is what the exception concerns.
	Limb OpinionLimb `json:"limb" label:"Limb" required:"true"`
	// Objective is the objective concerned, when there is one.
	Objective string `json:"objective,omitempty" label:"Control objective" ref:"control_objective"`
	// Text is what the assertion says.
	Text string `json:"text" label:"Text" required:"true" multiline:"true"`
}

// ManagementAssertion is management's signed statement on description, design
// and operation (Section II); its kind is "assertion".
type ManagementAssertion struct {
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// SubserviceOrganization is who asserts, when that is a subservice
	// organization under the inclusive method.
	SubserviceOrganization string `json:"subservice_organization,omitempty" label:"Subservice organization" ref:"subservice_organization" help:"Only for the assertion of a subservice organization that the report includes."`
	// Modifications are the exceptions that management states.
	Modifications []AssertionModification `json:"modifications,omitempty" label:"Stated exceptions"`
	// SignedBy is who signed.
	SignedBy string `json:"signed_by,omitempty" label:"Signed by" ref:"person" given:"signature"`
	// SignedTitle is the signer's position as printed.
	SignedTitle string `json:"signed_title,omitempty" label:"Signer's title" given:"signature"`
	// SignedOn is the day of signature.
	SignedOn Date `json:"signed_on,omitempty" label:"Signed on" given:"signature"`
	// SignedSHA256 is the hash of the text that was signed, as the signer read
	// it: 64 lower-case hexadecimal digits, empty where nobody noted it.
	SignedSHA256 string `json:"signed_sha256,omitempty" label:"Text signed (SHA-256)" given:"signature" help:"Noted by the signature. The same text gives the same value; another one was not signed."`
	// File is the signed paper, where there is one.
	File File `json:"file,omitzero" label:"Signed document"`
}

// Validate checks the assertion alone.
func (a ManagementAssertion) Validate() []Problem {
	c := examine(a)
	c.signature(a.SignedBy, a.SignedOn, a.File, a.SubserviceOrganization == "")
	c.signedText(a.SignedSHA256, a.SignedOn)
	return c.problems
}

// signature demands that a signature has a signer and a day, or neither; a
// signer outside the organization need not be a person of the workspace when
// the signed paper is there.
func (c *checker) signature(by string, on Date, paper File, own bool) {
	c.when(by != "" && on == "", "signed_on", "There is a signer and no day of signature.", "Give the day of signature.")
	c.when(on != "" && by == "" && (own || paper.none()), "signed_by", "There is a day of signature and no signer.", "Name who signed.")
}

// signedText demands that the hash of a text is one, and belongs to a signature.
func (c *checker) signedText(sha256 string, on Date) {
	c.when(sha256 != "" && !isDigest(sha256), "signed_sha256", "This is no SHA-256 value.", "Leave it to the signature, which notes it.")
	c.when(sha256 != "" && on == "", "signed_sha256", "There is the hash of a signed text and no signature.", "Remove it with the signature.")
}

// RepresentationLetter is management's letter to the auditor, dated as the
// report is.
type RepresentationLetter struct {
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// SubserviceOrganization is who writes, when that is a subservice
	// organization under the inclusive method.
	SubserviceOrganization string `json:"subservice_organization,omitempty" label:"Subservice organization" ref:"subservice_organization" help:"Only for the letter of a subservice organization that the report includes."`
	// Dated is the date of the letter, which is the date of the report.
	Dated Date `json:"dated,omitempty" label:"Dated" help:"The date of the service auditor's report."`
	// Statements are representations beyond the usual ones.
	Statements []string `json:"statements,omitempty" label:"Further representations"`
	// Disclosures says what is disclosed: non-compliance, fraud, uncorrected
	// errors, deficiencies, subsequent events.
	Disclosures string `json:"disclosures,omitempty" label:"Matters disclosed" multiline:"true" sensitive:"confidential"`
	// SignedBy is who signed.
	SignedBy string `json:"signed_by,omitempty" label:"Signed by" ref:"person" given:"signature"`
	// SignedTitle is the signer's position as printed.
	SignedTitle string `json:"signed_title,omitempty" label:"Signer's title" given:"signature"`
	// SignedOn is the day of signature.
	SignedOn Date `json:"signed_on,omitempty" label:"Signed on" given:"signature"`
	// SignedSHA256 is the hash of the text that was signed, as the signer read
	// it: 64 lower-case hexadecimal digits, empty where nobody noted it.
	SignedSHA256 string `json:"signed_sha256,omitempty" label:"Text signed (SHA-256)" given:"signature" help:"Noted by the signature. The same text gives the same value; another one was not signed."`
	// File is the signed paper, where there is one.
	File File `json:"file,omitzero" label:"Signed document"`
}

// Validate checks the letter alone.
func (r RepresentationLetter) Validate() []Problem {
	c := examine(r)
	for i, s := range r.Statements {
		c.when(blank(s), at("statements", i, ""), "The representation is empty.", "Write it or remove it.")
	}
	c.signature(r.SignedBy, r.SignedOn, r.File, r.SubserviceOrganization == "")
	c.signedText(r.SignedSHA256, r.SignedOn)
	return c.problems
}

// ManagementResponse is what management says about a deviation that the
// auditor released to it.
type ManagementResponse struct {
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Deviation is the deviation answered, in the examination's ledger.
	Deviation Ref `json:"deviation" label:"Deviation" required:"true"`
	// Text is the response as the report prints it.
	Text string `json:"text" label:"Response" required:"true" multiline:"true"`
	// Owner answers for what is promised.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// Due is the day by which it is done.
	Due Date `json:"due,omitempty" label:"Due"`
}

// Validate checks the response alone.
func (m ManagementResponse) Validate() []Problem {
	c := examine(m)
	c.when(m.Deviation.Kind != "" && m.Deviation.Kind != "deviation", "deviation", "The response does not answer a deviation.",
		"Name a record of kind deviation.")
	return c.problems
}

// OtherInformation is an item of Section V: information of the organization
// that the auditor does not examine.
type OtherInformation struct {
	// Engagement is the report it belongs to; empty means every report.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement" help:"Leave empty for an item that every report repeats."`
	// Title is the heading.
	Title string `json:"title" label:"Title" required:"true"`
	// Body is the text in the same subset of Markdown as the description.
	Body string `json:"body" label:"Text" required:"true" multiline:"true"`
	// Order sorts items, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the item alone.
func (o OtherInformation) Validate() []Problem { return examine(o).problems }
