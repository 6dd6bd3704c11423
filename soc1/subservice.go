package soc1

import "fmt"

// SubserviceMethod is how a report treats a subservice organization.
type SubserviceMethod string

// The two methods of AT-C 320.
const (
	CarveOut  SubserviceMethod = "carve_out"
	Inclusive SubserviceMethod = "inclusive"
)

var subserviceMethods = enumeration{{"carve_out", "Carve-out"}, {"inclusive", "Inclusive"}}

// Values lists the stored spellings.
func (SubserviceMethod) Values() []string { return subserviceMethods.values() }

// Label is the word a person reads.
func (m SubserviceMethod) Label() string { return subserviceMethods.label(string(m)) }

// OpinionType is what an auditor says about one limb of the subject matter.
type OpinionType string

// The four opinions.
const (
	Unmodified OpinionType = "unmodified"
	Qualified  OpinionType = "qualified"
	Adverse    OpinionType = "adverse"
	Disclaimer OpinionType = "disclaimer"
)

var opinionTypes = enumeration{
	{"unmodified", "Unmodified"}, {"qualified", "Qualified"}, {"adverse", "Adverse"}, {"disclaimer", "Disclaimer of opinion"},
}

// Values lists the stored spellings.
func (OpinionType) Values() []string { return opinionTypes.values() }

// Label is the word a person reads.
func (o OpinionType) Label() string { return opinionTypes.label(string(o)) }

// Modified reports whether the opinion departs from an unmodified one; no
// opinion at all is not a modification.
func (o OpinionType) Modified() bool { return o == Qualified || o == Adverse || o == Disclaimer }

// SubserviceReport is the latest report that a subservice organization gave
// the organization about its own controls.
type SubserviceReport struct {
	// Title names the report.
	Title string `json:"title,omitempty" label:"Title"`
	// Auditor is the firm that issued it.
	Auditor string `json:"auditor,omitempty" label:"Auditor"`
	// PeriodFrom is the first day covered.
	PeriodFrom Date `json:"period_from,omitempty" label:"Period from"`
	// PeriodTo is the last day covered.
	PeriodTo Date `json:"period_to,omitempty" label:"Period to"`
	// Opinion is what its auditor concluded.
	Opinion OpinionType `json:"opinion,omitempty" label:"Opinion"`
	// ReceivedOn is the day the organization got it.
	ReceivedOn Date `json:"received_on,omitempty" label:"Received on"`
	// BridgeLetterTo is the last day covered by a bridge letter of that
	// organization's management.
	BridgeLetterTo Date `json:"bridge_letter_to,omitempty" label:"Bridge letter to"`
	// Review says what the organization made of the report, and how it maps
	// the report's complementary user entity controls to its own controls.
	Review string `json:"review,omitempty" label:"Review of the report" multiline:"true"`
	// UserEntityControls are the complementary user entity controls that the
	// report expects of its users, the organization among them.
	UserEntityControls []ExpectedOfUs `json:"user_entity_controls,omitempty" label:"Controls expected of us"`
}

// ExpectedOfUs is a complementary user entity control of somebody else's report,
// with what answers it here.
type ExpectedOfUs struct {
	// Code is its number in that report.
	Code string `json:"code,omitempty" label:"Code"`
	// Text is the control expected.
	Text string `json:"text" label:"Control expected" required:"true" multiline:"true"`
	// Controls are the organization's controls that answer it.
	Controls []string `json:"controls,omitempty" label:"Answered by" ref:"control"`
	// NotApplicable says why it does not concern the organization.
	NotApplicable string `json:"not_applicable,omitempty" label:"Why it does not apply" multiline:"true"`
}

// SubserviceOrganization is a vendor whose controls are needed, together with
// the organization's own, to achieve a control objective.
type SubserviceOrganization struct {
	// Name is its name in the report.
	Name string `json:"name" label:"Name" required:"true"`
	// LegalName is its registered name.
	LegalName string `json:"legal_name,omitempty" label:"Legal name"`
	// ServicesProvided says what it does for the organization.
	ServicesProvided string `json:"services_provided" label:"Services provided" required:"true" multiline:"true"`
	// Method is how the report treats it.
	Method SubserviceMethod `json:"method" label:"Method" required:"true" help:"Carve-out leaves its controls out of the report; inclusive describes and tests them."`
	// Functions names the function excluded or included, as the scope
	// paragraph puts it ("hosting of the payroll application").
	Functions string `json:"functions,omitempty" label:"Functions performed" multiline:"true" help:"The function as the scope paragraph will name it."`
	// Monitoring says how the organization watches over it.
	Monitoring string `json:"monitoring,omitempty" label:"Monitoring" multiline:"true"`
	// MonitoringControls are the organization's own controls that do so.
	MonitoringControls []string `json:"monitoring_controls,omitempty" label:"Monitoring controls" ref:"control"`
	// Owner is who watches over it: obtains its reports and reads them.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// LatestReport is the last report received on its controls, as it was noted here; a
	// confirmed report (subservice_report) takes its place.
	LatestReport SubserviceReport `json:"latest_report,omitzero" label:"Latest report" help:"Kept where no report was taken in. A confirmed report takes its place."`
	// AssertionSignedBy names who signed its own assertion (inclusive only).
	AssertionSignedBy string `json:"assertion_signed_by,omitempty" label:"Its assertion signed by" sensitive:"personal"`
	// AssertionSignedOn is the day that assertion was signed.
	AssertionSignedOn Date `json:"assertion_signed_on,omitempty" label:"Its assertion signed on"`
	// AssertionFile is the signed assertion.
	AssertionFile File `json:"assertion_file,omitzero" label:"Its assertion"`
	// RepresentationLetterOn is the date of its own representation letter.
	RepresentationLetterOn Date `json:"representation_letter_on,omitempty" label:"Its representation letter dated"`
	// RepresentationLetterFile is the signed letter.
	RepresentationLetterFile File `json:"representation_letter_file,omitzero" label:"Its representation letter"`
	// AuditorIndependent says that the service auditor is independent of it
	// too, which the inclusive method requires.
	AuditorIndependent bool `json:"auditor_independent,omitempty" label:"Auditor independent of it" help:"The inclusive method needs an auditor who is independent of both organizations."`
	// Order sorts subservice organizations in the report, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the subservice organization alone.
func (s SubserviceOrganization) Validate() []Problem {
	c := examine(s)
	c.ordered(s.LatestReport.PeriodFrom, s.LatestReport.PeriodTo, "latest_report.period_from", "latest_report.period_to")
	carvedOut := func(given bool, field, what string) {
		c.when(s.Method == CarveOut && given, field, fmt.Sprintf("A carved-out subservice organization gives no %s in this report.", what),
			"Use the inclusive method or remove the entry.")
	}
	carvedOut(s.AssertionSignedBy != "" || s.AssertionSignedOn != "" || !s.AssertionFile.none(), "assertion_signed_on", "assertion")
	carvedOut(s.RepresentationLetterOn != "" || !s.RepresentationLetterFile.none(), "representation_letter_on", "representation letter")
	return c.problems
}

// Vendor is a supplier whose controls no objective depends on: the
// organization's own monitoring suffices.
type Vendor struct {
	// Name is the vendor's name.
	Name string `json:"name" label:"Name" required:"true"`
	// ServicesProvided says what it supplies.
	ServicesProvided string `json:"services_provided,omitempty" label:"Services provided" multiline:"true"`
	// WhyNotSubservice says why none of its controls is needed for an
	// objective.
	WhyNotSubservice string `json:"why_not_subservice,omitempty" label:"Why not a subservice organization" multiline:"true" help:"Why no control objective depends on the vendor's own controls."`
	// Monitoring says how the organization watches over it.
	Monitoring string `json:"monitoring,omitempty" label:"Monitoring" multiline:"true"`
	// MonitoringControls are the controls that do so.
	MonitoringControls []string `json:"monitoring_controls,omitempty" label:"Monitoring controls" ref:"control"`
	// Owner is who answers for the vendor.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
}

// Validate checks the vendor alone.
func (v Vendor) Validate() []Problem { return examine(v).problems }

// CSOC is a complementary subservice organization control: one that the
// organization's management assumed, in designing the system, a carved-out
// subservice organization to have implemented and that is necessary for an
// objective.
type CSOC struct {
	// Code is the number printed in the report.
	Code string `json:"code" label:"Code" required:"true"`
	// Text is the control expected.
	Text string `json:"text" label:"Control expected" required:"true" multiline:"true"`
	// SubserviceOrganization is who is expected to have it.
	SubserviceOrganization string `json:"subservice_organization" label:"Subservice organization" ref:"subservice_organization" required:"true"`
	// Objectives are the objectives that need it.
	Objectives []string `json:"objectives,omitempty" label:"Control objectives" ref:"control_objective" help:"Only controls that an objective needs belong in the list."`
	// Order sorts the list in the report, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the complementary control alone.
func (x CSOC) Validate() []Problem { return examine(x).problems }

// CUEC is a complementary user entity control: one that management assumed
// user entities to have implemented and that is necessary for an objective.
// It is never a list of good practice.
type CUEC struct {
	// Code is the number printed in the report.
	Code string `json:"code" label:"Code" required:"true"`
	// Text is the control expected of user entities.
	Text string `json:"text" label:"Control expected" required:"true" multiline:"true"`
	// Objectives are the objectives that need it.
	Objectives []string `json:"objectives,omitempty" label:"Control objectives" ref:"control_objective" help:"Only controls that an objective needs belong in the list."`
	// Order sorts the list in the report, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the complementary control alone.
func (x CUEC) Validate() []Problem { return examine(x).problems }
