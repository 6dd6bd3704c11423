package soc1

import "fmt"

// Examination opens the service auditor's file: which engagement it examines,
// as of which state of the organization's records.
type Examination struct {
	// Engagement is the engagement in the organization's ledger.
	Engagement Ref `json:"engagement" label:"Engagement" required:"true"`
	// Firm is the audit firm.
	Firm string `json:"firm" label:"Firm" required:"true"`
	// OrganizationCheckpoint is the signed checkpoint of the organization's
	// ledger when the file was opened, verbatim.
	OrganizationCheckpoint string `json:"organization_checkpoint,omitempty" label:"Organization checkpoint" multiline:"true"`
	// OpenedOn is the day the file was opened.
	OpenedOn Date `json:"opened_on" label:"Opened on" required:"true"`
	// EngagementLetterOn is the date of the engagement letter.
	EngagementLetterOn Date `json:"engagement_letter_on,omitempty" label:"Engagement letter dated"`
	// IndependenceConcludedOn is the day on which the firm concluded that it
	// is independent and may accept.
	IndependenceConcludedOn Date `json:"independence_concluded_on,omitempty" label:"Independence concluded on"`
	// IndependenceConclusion records threats and safeguards.
	IndependenceConclusion string `json:"independence_conclusion,omitempty" label:"Independence and acceptance" multiline:"true" sensitive:"confidential"`
	// UnresolvedThreat says that a threat to independence is not resolved.
	UnresolvedThreat bool `json:"unresolved_threat,omitempty" label:"Unresolved threat"`
	// SubsequentEventsThrough is the day through which inquiry was made about
	// subsequent events.
	SubsequentEventsThrough Date `json:"subsequent_events_through,omitempty" label:"Subsequent events inquired through"`
	// SubsequentEvents records what was asked and found.
	SubsequentEvents string `json:"subsequent_events,omitempty" label:"Subsequent events" multiline:"true"`
	// ReleasedOn is the day the report was released.
	ReleasedOn Date `json:"released_on,omitempty" label:"Released on"`
	// AssembledOn is the day the file was assembled and locked, at most 60
	// days after release under AT-C 105.
	AssembledOn Date `json:"assembled_on,omitempty" label:"File assembled on"`
}

// Validate checks the examination alone.
func (e Examination) Validate() []Problem {
	c := examine(e)
	c.when(e.Engagement.Kind != "" && e.Engagement.Kind != "engagement", "engagement", "An examination examines an engagement.",
		"Name a record of kind engagement.")
	c.ordered(e.ReleasedOn, e.AssembledOn, "released_on", "assembled_on")
	return c.problems
}

// Walkthrough follows one item through a control from end to end, which shows
// its design and that it is implemented.
type Walkthrough struct {
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement"`
	// Control is the control walked through.
	Control string `json:"control" label:"Control" ref:"control" required:"true"`
	// PerformedOn is the day it was done.
	PerformedOn Date `json:"performed_on" label:"Performed on" required:"true"`
	// PerformedBy is who did it.
	PerformedBy string `json:"performed_by,omitempty" label:"Performed by" ref:"person"`
	// Item is the item followed.
	Item string `json:"item,omitempty" label:"Item followed" sensitive:"confidential"`
	// Steps are what was done at each stage.
	Steps []Procedure `json:"steps" label:"Steps" required:"true"`
	// People are who was spoken to.
	People []string `json:"people,omitempty" label:"People" ref:"person"`
	// Evidence is what was looked at.
	Evidence []string `json:"evidence,omitempty" label:"Evidence" ref:"evidence"`
	// Conclusion says whether the control is designed and in use as stated.
	Conclusion string `json:"conclusion,omitempty" label:"Conclusion" multiline:"true"`
}

// Validate checks the walkthrough alone.
func (w Walkthrough) Validate() []Problem { return examine(w).problems }

// InquiryOnly reports whether nothing but inquiry was done.
func (w Walkthrough) InquiryOnly() bool { return inquiryOnly(w.Steps) }

// InquiryOnly reports whether nothing but inquiry is planned, which is never
// enough.
func (t TestOfControl) InquiryOnly() bool { return inquiryOnly(t.Procedures) }

func inquiryOnly(procedures []Procedure) bool {
	for _, p := range procedures {
		if p.Nature != Inquiry {
			return false
		}
	}
	return len(procedures) > 0
}

// Release is the firm's act of letting management or others see exactly the
// revisions it names, and nothing else.
type Release struct {
	// Revisions are what is released, each with its revision.
	Revisions []Ref `json:"revisions" label:"Revisions" required:"true"`
	// What says what is released, in words.
	What string `json:"what" label:"What" required:"true"`
	// ToWhom says to whom.
	ToWhom string `json:"to_whom" label:"To whom" required:"true"`
	// OrganizationCheckpoint is the signed checkpoint of the organization's
	// ledger as of which the report was found to lack nothing, verbatim; only in
	// the release of the report.
	OrganizationCheckpoint string `json:"organization_checkpoint,omitempty" label:"Organization checkpoint" multiline:"true"`
	// By is who released it.
	By string `json:"by,omitempty" label:"Released by" ref:"person"`
	// On is the day of release.
	On Date `json:"on,omitempty" label:"Released on"`
}

// Validate checks the release alone.
func (r Release) Validate() []Problem {
	c := examine(r)
	for i, ref := range r.Revisions {
		c.when(ref.Revision == 0, at("revisions", i, "revision"), fmt.Sprintf("The release of %s does not name a revision.", ref),
			"Name the revision; a later one is not released with it.")
	}
	return c.problems
}

// Issuance is the engagement partner's act of issuing the report: it names the
// bytes that left and the state of both ledgers that they follow from. Issuing
// again makes another one; an earlier one stays, because somebody holds it.
type Issuance struct {
	// Engagement is the engagement whose report is issued.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Number is 1 for the first issue, 2 for the report issued again.
	Number int64 `json:"number" label:"Issue" required:"true"`
	// Position is the number of entries of the examination's ledger that the
	// report was built from.
	Position int64 `json:"position" label:"Entries of the examination" required:"true"`
	// Checkpoint is the signed checkpoint at that position, verbatim; the
	// report prints it.
	Checkpoint string `json:"checkpoint" label:"Checkpoint of the examination" required:"true" multiline:"true"`
	// OrganizationPosition is the same for the organization's ledger.
	OrganizationPosition int64 `json:"organization_position" label:"Entries of the organization" required:"true"`
	// OrganizationCheckpoint is the organization's signed checkpoint there,
	// verbatim.
	OrganizationCheckpoint string `json:"organization_checkpoint" label:"Checkpoint of the organization" required:"true" multiline:"true"`
	// Report is the PDF as issued.
	Report File `json:"report" label:"Report" required:"true"`
	// Content is the report as data, from which the PDF was typeset.
	Content File `json:"content" label:"Content of the report" required:"true"`
	// Program is the version of the program that made it.
	Program string `json:"program" label:"Program" required:"true"`
	// Wording is the version of the fixed sentences.
	Wording string `json:"wording" label:"Wording" required:"true"`
	// Typesetter is the version of the typesetter and its fonts.
	Typesetter string `json:"typesetter" label:"Typesetter" required:"true"`
	// ReportDate is the date that the report carries.
	ReportDate Date `json:"report_date" label:"Report date" required:"true"`
	// By is the engagement partner who issued it.
	By string `json:"by" label:"Issued by" ref:"person" required:"true"`
	// On is the day of issue.
	On Date `json:"on" label:"Issued on" required:"true"`
	// Reason says why the report was issued again.
	Reason string `json:"reason,omitempty" label:"Reason for issuing again" multiline:"true" help:"Only when the report was issued before."`
}

// Validate checks the issuance alone.
func (x Issuance) Validate() []Problem {
	c := examine(x)
	c.when(x.Number < 0, "number", "An issue has no number below 1.", "Number issues from 1.")
	c.when(x.Number == 1 && !blank(x.Reason), "reason", "A first issue needs no reason.", "Leave the reason out.")
	c.when(x.Number > 1 && blank(x.Reason), "reason", "The report was issued before, and nothing says why it is issued again.",
		"Say what became known since.")
	c.ordered(x.ReportDate, x.On, "report_date", "on")
	return c.problems
}

// WorkingPaperNote is a note in the auditor's file that belongs to no other
// record.
type WorkingPaperNote struct {
	// Title is the heading.
	Title string `json:"title" label:"Title" required:"true"`
	// Subject is the record that the note is about, when there is one.
	Subject Ref `json:"subject,omitzero" label:"About"`
	// Text is the note.
	Text string `json:"text" label:"Note" required:"true" multiline:"true" sensitive:"confidential"`
	// By is who wrote it.
	By string `json:"by,omitempty" label:"By" ref:"person"`
	// On is the day it was written.
	On Date `json:"on,omitempty" label:"On"`
	// ReviewedBy is who reviewed it, another person.
	ReviewedBy string `json:"reviewed_by,omitempty" label:"Reviewed by" ref:"person"`
	// ReviewedOn is the day of review.
	ReviewedOn Date `json:"reviewed_on,omitempty" label:"Reviewed on"`
	// Files are what it refers to.
	Files []File `json:"files,omitempty" label:"Files"`
}

// Validate checks the note alone.
func (w WorkingPaperNote) Validate() []Problem {
	c := examine(w)
	c.when(w.By != "" && w.By == w.ReviewedBy, "reviewed_by", "The author of the note also reviews it.", "Name another reviewer.")
	c.ordered(w.On, w.ReviewedOn, "on", "reviewed_on")
	return c.problems
}
