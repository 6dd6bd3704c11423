package soc1

import "fmt"

// ObtainedKind is what kind of report a subservice organization gave.
type ObtainedKind string

// The kinds of reports.
const (
	ObtainedSOC1Type1 ObtainedKind = "soc1_type1"
	ObtainedSOC1Type2 ObtainedKind = "soc1_type2"
	ObtainedSOC2Type1 ObtainedKind = "soc2_type1"
	ObtainedSOC2Type2 ObtainedKind = "soc2_type2"
	ObtainedOther     ObtainedKind = "other"
)

var obtainedKinds = enumeration{{"soc1_type1", "SOC 1 Type I"}, {"soc1_type2", "SOC 1 Type II"}, {"soc2_type1", "SOC 2 Type I"}, {"soc2_type2", "SOC 2 Type II"}, {"other", "Another report"}}

// Values lists the stored spellings.
func (ObtainedKind) Values() []string { return obtainedKinds.values() }

// Label is the word a person reads.
func (k ObtainedKind) Label() string { return obtainedKinds.label(string(k)) }

// OverPeriod reports whether the report is about a period and not about one day.
func (k ObtainedKind) OverPeriod() bool { return k == ObtainedSOC1Type2 || k == ObtainedSOC2Type2 }

// Covers reports whether the report covers days of another SOC 1 report: it is about
// controls that matter to financial reporting, and about how they operated.
func (k ObtainedKind) Covers() bool { return k == ObtainedSOC1Type2 }

// ObtainedReport is a report on its own controls that a subservice organization gave.
// What it says is recorded here by hand or from its PDF; it counts once somebody has
// confirmed it, which is a SubserviceConfirmation.
type ObtainedReport struct {
	// SubserviceOrganization is whose report it is.
	SubserviceOrganization string `json:"subservice_organization" label:"Subservice organization" ref:"subservice_organization" required:"true"`
	// Title names the report.
	Title string `json:"title" label:"Title" required:"true"`
	// Kind is what kind of report it is.
	Kind ObtainedKind `json:"report_kind" label:"Kind of report" required:"true"`
	// Auditor is the firm that issued it.
	Auditor string `json:"auditor,omitempty" label:"Service auditor"`
	// PeriodFrom is the first day covered.
	PeriodFrom Date `json:"period_from,omitempty" label:"Period from"`
	// PeriodTo is the last day covered.
	PeriodTo Date `json:"period_to,omitempty" label:"Period to"`
	// AsOf is the day that a Type I report is about.
	AsOf Date `json:"as_of,omitempty" label:"As of"`
	// Dated is the date of the auditor's report.
	Dated Date `json:"dated,omitempty" label:"Dated"`
	// Opinion is what its auditor concluded.
	Opinion OpinionType `json:"opinion,omitempty" label:"Opinion"`
	// OpinionWords is the passage that says so.
	OpinionWords string `json:"opinion_words,omitempty" label:"Words of the opinion" multiline:"true"`
	// Scope says which of its services the report is about.
	Scope string `json:"scope,omitempty" label:"Services in its scope" multiline:"true"`
	// CarvedOut are subservice organizations of its own whose controls it leaves out.
	CarvedOut []string `json:"carved_out,omitempty" label:"Its own subservice organizations carved out"`
	// Exceptions are those that it notes.
	Exceptions []ReportedException `json:"exceptions,omitempty" label:"Exceptions noted"`
	// UserEntityControls are the complementary user entity controls that it expects of
	// its users, the organization among them.
	UserEntityControls []ExpectedOfUs `json:"user_entity_controls,omitempty" label:"Controls expected of us"`
	// BridgeLetters are the letters of its management for days after its period.
	BridgeLetters []ObtainedBridge `json:"bridge_letters,omitempty" label:"Bridge letters"`
	// ReceivedOn is the day the organization got it.
	ReceivedOn Date `json:"received_on,omitempty" label:"Received on"`
	// Owner is who reads it.
	Owner string `json:"owner,omitempty" label:"Read by" ref:"person"`
	// Files are the report as it came.
	Files []File `json:"files,omitempty" label:"Files"`
}

// ReportedException is an exception noted in somebody else's report, and what it means
// here.
type ReportedException struct {
	// Control is the control or objective, as that report names it.
	Control string `json:"control,omitempty" label:"Control or objective"`
	// Deviation is what was found.
	Deviation string `json:"deviation" label:"What was found" required:"true" multiline:"true"`
	// Page is where it stands.
	Page int `json:"page,omitempty" label:"Page"`
	// Affects is whether it bears on the organization's objectives; empty while nobody
	// has said.
	Affects Answer `json:"affects,omitempty" label:"Bears on us"`
	// Why says why it does or does not.
	Why string `json:"why,omitempty" label:"Why" multiline:"true"`
	// Action says what the organization does about it.
	Action string `json:"action,omitempty" label:"What we do" multiline:"true"`
}

// Answered reports whether it is said what the exception means here.
func (e ReportedException) Answered() bool {
	return !blank(e.Why) && (e.Affects == No || e.Affects == Yes && !blank(e.Action))
}

// ObtainedBridge is a letter of a subservice organization's management for days after
// the period of its report. Nobody examined it.
type ObtainedBridge struct {
	// From is the first day covered.
	From Date `json:"from" label:"Covers from" required:"true"`
	// To is the last day covered.
	To Date `json:"to" label:"Covers to" required:"true"`
	// Dated is the date of the letter.
	Dated Date `json:"dated,omitempty" label:"Dated"`
	// Changes says what changed in between, as the letter has it.
	Changes string `json:"changes,omitempty" label:"Changes since the report" multiline:"true"`
	// File is the letter as it came.
	File File `json:"file,omitzero" label:"Letter"`
}

// Validate checks the report alone.
func (r ObtainedReport) Validate() []Problem {
	c := examine(r)
	c.ordered(r.PeriodFrom, r.PeriodTo, "period_from", "period_to")
	over := r.Kind.OverPeriod() || r.Kind == ObtainedOther
	c.when(!over && (r.PeriodFrom != "" || r.PeriodTo != ""), "period_from", "A Type I report is about one day and covers no period.", "Give the day as the one that it is as of, or choose Type II.")
	c.when(r.Kind.OverPeriod() && r.AsOf != "", "as_of", "A Type II report is about a period and not about one day.", "Give its first and its last day.")
	c.ordered(r.PeriodTo, r.Dated, "period_to", "dated")
	c.ordered(r.AsOf, r.Dated, "as_of", "dated")
	for i, b := range r.BridgeLetters {
		at := fmt.Sprintf("bridge_letters[%d]", i)
		c.ordered(b.From, b.To, at+".from", at+".to")
		c.when(b.From.Valid() && r.PeriodTo.Valid() && b.From > r.PeriodTo.AddDays(1), at+".from", "Days lie between the report and the letter.", "A bridge letter begins the day after the report ends.")
	}
	for i, e := range r.Exceptions {
		c.when(e.Page < 0, fmt.Sprintf("exceptions[%d].page", i), "This is no page.", "Give the number of the page, or leave it out.")
	}
	return c.problems
}

// Wanting names the fields without which the report cannot be confirmed.
func (r ObtainedReport) Wanting() []string {
	var out []string
	need := func(missing bool, field string) {
		if missing {
			out = append(out, field)
		}
	}
	need(blank(r.Auditor), "auditor")
	need(r.Kind.OverPeriod() && r.PeriodFrom == "", "period_from")
	need(r.Kind.OverPeriod() && r.PeriodTo == "", "period_to")
	need((r.Kind == ObtainedSOC1Type1 || r.Kind == ObtainedSOC2Type1) && r.AsOf == "", "as_of")
	need(r.Opinion == "", "opinion")
	need(r.ReceivedOn == "", "received_on")
	return out
}

// SubserviceConfirmation is somebody's own word that they read a report of a
// subservice organization and that it says what the record has. Until then nothing of
// the record counts.
type SubserviceConfirmation struct {
	// Report is what was read.
	Report string `json:"report" label:"Report" ref:"subservice_report" required:"true"`
	// Revision is the one of its record.
	Revision int64 `json:"revision" label:"Revision" required:"true"`
	// SHA256 is the digest of what the record says of the report: it tells whether that
	// is what still stands.
	SHA256 string `json:"sha256" label:"Digest of what was confirmed" required:"true"`
	// By is whose word it is.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// On is the day on which it was given.
	On Date `json:"on" label:"Confirmed on" required:"true"`
	// Conclusion is what the report means for the organization.
	Conclusion string `json:"conclusion" label:"Conclusion" required:"true" multiline:"true"`
}

// Validate checks the confirmation alone.
func (s SubserviceConfirmation) Validate() []Problem {
	c := examine(s)
	c.when(s.Revision < 1, "revision", "The confirmation names no revision.", "Name the one that was read, 1 or more.")
	c.when(s.SHA256 != "" && !isDigest(s.SHA256), "sha256", "This is no SHA-256 value.", "Leave it to the command, which notes it.")
	return c.problems
}
