package soc1

import "fmt"

// ReportType is what the report speaks about: a day or a period.
type ReportType string

// The two types of report of AT-C 320. Type I speaks of description and
// design on a day; Type II of these and of operating effectiveness throughout
// a period.
const (
	Type1 ReportType = "type_1"
	Type2 ReportType = "type_2"
)

var reportTypes = enumeration{{"type_1", "Type I"}, {"type_2", "Type II"}}

// Values lists the stored spellings.
func (ReportType) Values() []string { return reportTypes.values() }

// Label is the word a person reads.
func (t ReportType) Label() string { return reportTypes.label(string(t)) }

// StandardSet is the body of standards that governs the wording.
type StandardSet string

// The standards an engagement can follow.
const (
	// SSAE18And21 is AT-C 105, 205 and 320 as amended by SSAE 21.
	SSAE18And21 StandardSet = "ssae_18_21"
	// ISAE3402 is the international standard.
	ISAE3402 StandardSet = "isae_3402"
)

var standardSets = enumeration{{"ssae_18_21", "SSAE 18 and 21 (AT-C 105, 205, 320)"}, {"isae_3402", "ISAE 3402"}}

// Values lists the stored spellings.
func (StandardSet) Values() []string { return standardSets.values() }

// Label is the word a person reads.
func (s StandardSet) Label() string { return standardSets.label(string(s)) }

// SamplingModel is how a sample's size is planned and its result evaluated.
type SamplingModel string

// The models of the sampling package; a frequency table evaluates by the
// binomial model.
const (
	Binomial       SamplingModel = "binomial"
	Poisson        SamplingModel = "poisson"
	Hypergeometric SamplingModel = "hypergeometric"
	Sequential     SamplingModel = "sequential"
	FrequencyTable SamplingModel = "frequency_table"
)

var samplingModels = enumeration{
	{"binomial", "Binomial"}, {"poisson", "Poisson"}, {"hypergeometric", "Hypergeometric"},
	{"sequential", "Sequential"}, {"frequency_table", "Frequency table"},
}

// Values lists the stored spellings.
func (SamplingModel) Values() []string { return samplingModels.values() }

// Label is the word a person reads.
func (m SamplingModel) Label() string { return samplingModels.label(string(m)) }

// Statistical reports whether the model computes a size from rates.
func (m SamplingModel) Statistical() bool {
	return m == Binomial || m == Poisson || m == Hypergeometric || m == Sequential
}

// RiskLevel is how much an auditor needs from a test.
type RiskLevel string

// The two columns of a frequency table.
const (
	LowRisk  RiskLevel = "low"
	HighRisk RiskLevel = "high"
)

var riskLevels = enumeration{{"low", "Low"}, {"high", "High"}}

// Values lists the stored spellings.
func (RiskLevel) Values() []string { return riskLevels.values() }

// Label is the word a person reads.
func (r RiskLevel) Label() string { return riskLevels.label(string(r)) }

// Auditor is the firm that examines.
type Auditor struct {
	// Firm is the firm's name as it signs.
	Firm string `json:"firm,omitempty" label:"Firm"`
	// City is where it signs.
	City string `json:"city,omitempty" label:"City"`
	// Address is its postal address.
	Address string `json:"address,omitempty" label:"Address" multiline:"true"`
}

// Method is how samples are planned unless a test says otherwise.
type Method struct {
	// Confidence is one minus the risk of overreliance, 5000 to 9999.
	Confidence BasisPoints `json:"confidence_bp,omitempty" label:"Confidence (bp)" help:"Hundredths of a percent: 9500 means 95%."`
	// Tolerable is the rate of deviation that is still acceptable.
	Tolerable BasisPoints `json:"tolerable_bp,omitempty" label:"Tolerable rate (bp)" help:"Hundredths of a percent: 500 means 5%."`
	// Expected is the rate of deviation expected, below the tolerable rate.
	Expected BasisPoints `json:"expected_bp,omitempty" label:"Expected rate (bp)" help:"Hundredths of a percent; zero where no deviation is expected."`
	// Model is the model of planning.
	Model SamplingModel `json:"model,omitempty" label:"Model"`
	// Risk is the column of the frequency table.
	Risk RiskLevel `json:"risk,omitempty" label:"Risk"`
	// FrequencyTable is the name of the firm's table.
	FrequencyTable string `json:"frequency_table,omitempty" label:"Frequency table"`
}

// rates checks confidence, tolerable and expected rate together; all zero
// means that they are not given.
func (c *checker) rates(confidence, tolerable, expected BasisPoints, prefix string) {
	if confidence != 0 && (confidence < 5000 || confidence > 9999) {
		c.add(prefix+"confidence_bp", fmt.Sprintf("A confidence of %s supports no conclusion.", confidence.Percent()),
			"Give 5000 to 9999 basis points; 9500 means 95%.")
	}
	c.when(tolerable == 10000, prefix+"tolerable_bp", "A tolerable rate of 100% tolerates everything.",
		"Give the rate of deviation up to which the control can still be relied on, such as 500 for 5%.")
	c.when(tolerable > 0 && expected >= tolerable, prefix+"expected_bp",
		fmt.Sprintf("The expected rate %s is not below the tolerable rate %s.", expected.Percent(), tolerable.Percent()),
		"Lower the expected rate or do not plan to rely on the control.")
	c.when(tolerable == 0 && expected > 0, prefix+"tolerable_bp", "An expected rate is given without a tolerable rate.",
		"Give the tolerable rate too.")
}

// PriorReport is the report before this one.
type PriorReport struct {
	// Title names it.
	Title string `json:"title,omitempty" label:"Title"`
	// PeriodFrom is the first day it covered.
	PeriodFrom Date `json:"period_from,omitempty" label:"Period from"`
	// PeriodTo is the last day it covered, or its as-of date.
	PeriodTo Date `json:"period_to,omitempty" label:"Period to"`
	// Auditor is the firm that issued it.
	Auditor string `json:"auditor,omitempty" label:"Auditor"`
}

// Engagement is management's record of one examination: what is examined, by
// which standards, for which day or period.
type Engagement struct {
	// Title is what people call the engagement.
	Title string `json:"title" label:"Title" required:"true"`
	// Type is Type I or Type II.
	Type ReportType `json:"type" label:"Type" required:"true"`
	// AsOf is the day of a Type I report.
	AsOf Date `json:"as_of,omitempty" label:"As of" help:"Type I only: the day that the report speaks of."`
	// PeriodStart is the first day of a Type II report.
	PeriodStart Date `json:"period_start,omitempty" label:"Period start" help:"Type II only: the first day of the period."`
	// PeriodEnd is the last day of a Type II report.
	PeriodEnd Date `json:"period_end,omitempty" label:"Period end" help:"Type II only: the last day of the period."`
	// StandardSet governs the wording.
	StandardSet StandardSet `json:"standard_set" label:"Standards" required:"true"`
	// Auditor is the firm that examines.
	Auditor Auditor `json:"auditor,omitzero" label:"Service auditor"`
	// SystemName is the system as the report names it.
	SystemName string `json:"system_name,omitempty" label:"System name" help:"As the opinion names it, for example: Payroll Processing System."`
	// DescriptionTitle is the title of Section III.
	DescriptionTitle string `json:"description_title,omitempty" label:"Title of the description"`
	// ReportTypeLabel is how the cover names the report, where the usual
	// wording is not wanted.
	ReportTypeLabel string `json:"report_type,omitempty" label:"Report type on the cover" help:"Only where the usual wording is not wanted."`
	// Services are the services examined; empty means all in scope.
	Services []string `json:"services,omitempty" label:"Services" ref:"service"`
	// Objectives are the objectives examined; empty means all that are not
	// omitted.
	Objectives []string `json:"objectives,omitempty" label:"Control objectives" ref:"control_objective" help:"Leave empty for all."`
	// SubserviceOrganizations are those that concern this report; empty means
	// all.
	SubserviceOrganizations []string `json:"subservice_organizations,omitempty" label:"Subservice organizations" ref:"subservice_organization" help:"Leave empty for all."`
	// Exclusions are what this report leaves out although it could be expected in
	// it, with the reasons.
	Exclusions []ScopeExclusion `json:"exclusions,omitempty" label:"Left out of this report" help:"Only where the record itself does not already say why it is out of scope."`
	// Method is how samples are planned.
	Method Method `json:"method,omitzero" label:"Sampling method"`
	// PriorReport is the report before this one.
	PriorReport PriorReport `json:"prior_report,omitzero" label:"Prior report"`
	// ShortPeriodReason justifies a period of less than six months.
	ShortPeriodReason string `json:"short_period_reason,omitempty" label:"Reason for a short period" multiline:"true" help:"Why a period under six months is still useful to user auditors."`
	// IntendedUsers names user entities when the report is meant for some
	// only.
	IntendedUsers string `json:"intended_users,omitempty" label:"Intended users" multiline:"true"`
	// OtherInformation says that the report has a Section V.
	OtherInformation bool `json:"other_information,omitempty" label:"Section V (other information)"`
	// LegalHold says why documents must be kept. While it stands, nothing is
	// redacted in the ledger of the organization or of this examination.
	LegalHold string `json:"legal_hold,omitempty" label:"Legal hold" multiline:"true" help:"Why every document must be kept. While this is set, nothing is redacted."`
}

// Validate checks the engagement alone.
func (e Engagement) Validate() []Problem {
	c := examine(e)
	switch e.Type {
	case Type1:
		c.when(e.AsOf == "", "as_of", "A Type I report speaks of one day, and none is given.", "Give the as-of date.")
		c.when(e.PeriodStart != "" || e.PeriodEnd != "", "period_start", "A Type I report has no period.",
			"Remove the period, or make it a Type II engagement.")
	case Type2:
		c.when(e.PeriodStart == "", "period_start", "A Type II report covers a period, and its first day is missing.", "Give both dates.")
		c.when(e.PeriodEnd == "", "period_end", "A Type II report covers a period, and its last day is missing.", "Give both dates.")
		c.when(e.AsOf != "", "as_of", "A Type II report has no as-of date.", "Remove it, or make it a Type I engagement.")
		c.when(e.PeriodStart.Valid() && e.PeriodEnd.Valid() && e.PeriodEnd <= e.PeriodStart, "period_end",
			fmt.Sprintf("The period ends on %s and does not begin before that day.", e.PeriodEnd), "Give the first day before the last.")
	}
	c.rates(e.Method.Confidence, e.Method.Tolerable, e.Method.Expected, "method.")
	c.ordered(e.PriorReport.PeriodFrom, e.PriorReport.PeriodTo, "prior_report.period_from", "prior_report.period_to")
	return c.problems
}

// Start is the first day that the report speaks of: the as-of date of a Type
// 1, the beginning of the period of a Type II.
func (e Engagement) Start() Date {
	if e.Type == Type1 {
		return e.AsOf
	}
	return e.PeriodStart
}

// End is the last day that the report speaks of.
func (e Engagement) End() Date {
	if e.Type == Type1 {
		return e.AsOf
	}
	return e.PeriodEnd
}

// Covers reports whether the report speaks of a day.
func (e Engagement) Covers(d Date) bool { return d.Within(e.Start(), e.End()) }
