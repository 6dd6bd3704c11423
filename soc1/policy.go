package soc1

// Policy is a document in which the organization says how it wants things done. Its
// text is what is written now; what is in force is the revision that was approved last,
// see [PolicyApproval].
type Policy struct {
	// Title is the document's title.
	Title string `json:"title" label:"Title" required:"true"`
	// Version is the document's own version mark.
	Version string `json:"version,omitempty" label:"Version"`
	// Summary says what the policy demands.
	Summary string `json:"summary,omitempty" label:"Summary" multiline:"true"`
	// Text is the policy itself, as Markdown. Where it is kept as a file, this is empty.
	Text string `json:"text,omitempty" label:"Text" multiline:"true" help:"The policy itself, in Markdown. Leave it empty where the document is a file."`
	// Owner is who keeps it current.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// Approver is who approves it: somebody else than the owner.
	Approver string `json:"approver,omitempty" label:"Approver" ref:"person" help:"Who approves each version; somebody else than the owner."`
	// ReviewMonths is after how many months it is looked at again, 1 to 60; 0 is 12.
	ReviewMonths int `json:"review_months,omitempty" label:"Reviewed every … months" help:"1 to 60; every 12 months where nothing is given."`
	// Audience is who has to know it and confirms that they do.
	Audience Audience `json:"audience,omitzero" label:"Who confirms it"`
	// Controls are the controls that carry it out.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
	// Files are the document itself, where it is kept as files.
	Files []File `json:"files,omitempty" label:"Files"`
}

// Validate checks the policy alone.
func (p Policy) Validate() []Problem {
	c := examine(p)
	c.when(p.ReviewMonths < 0 || p.ReviewMonths > 60, "review_months", "The policy is looked at again after fewer than 1 or more than 60 months.", "Give 1 to 60 months, or nothing for 12.")
	p.Audience.problems(c, "audience")
	c.short(p.Title, TitleLimit, "title", "The title")
	c.short(p.Version, MarkLimit, "version", "The version")
	c.when(p.Owner != "" && p.Owner == p.Approver, "approver", "The owner would approve the policy.", "Name somebody else, who has the standing to say that it holds.")
	return c.problems
}

// Months is after how many months the policy is looked at again.
func (p Policy) Months() int {
	if p.ReviewMonths > 0 {
		return p.ReviewMonths
	}
	return 12
}

// PolicyDecision is what an approver says.
type PolicyDecision string

// The decisions.
const (
	PolicyApproved PolicyDecision = "approved"
	PolicyRefused  PolicyDecision = "refused"
)

var policyDecisions = enumeration{{"approved", "Approved"}, {"refused", "Refused"}}

// Values lists the stored spellings.
func (PolicyDecision) Values() []string { return policyDecisions.values() }

// Label is the word a person reads.
func (d PolicyDecision) Label() string { return policyDecisions.label(string(d)) }

// PolicyApproval is the decision on one revision of a policy, or of an exception from
// one. A policy that is approved again as it stands was reviewed: its next review is
// counted from there.
type PolicyApproval struct {
	// Policy is what was decided on.
	Policy string `json:"policy" label:"Policy" ref:"policy" required:"true"`
	// Exception is the exception from it that was decided on; empty where it was the
	// policy itself.
	Exception string `json:"exception,omitempty" label:"Exception" ref:"policy_exception"`
	// Revision is the one of the policy, or of the exception, that was read.
	Revision int64 `json:"revision" label:"Revision" required:"true"`
	// Version is the version mark that it bore.
	Version string `json:"version,omitempty" label:"Version"`
	// SHA256 is the digest of what was read: it tells whether that is what still stands.
	SHA256 string `json:"sha256" label:"Digest of what was read" required:"true"`
	// Decision is what was decided.
	Decision PolicyDecision `json:"decision" label:"Decided" required:"true"`
	// By is who decided.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// On is the day on which it was decided.
	On Date `json:"on" label:"Decided on" required:"true"`
	// From is the day from which it holds; that of the decision where nothing is given.
	From Date `json:"from,omitempty" label:"In force from"`
	// Again says that what changed has to be confirmed again by whoever confirmed an
	// earlier version.
	Again bool `json:"again,omitempty" label:"To be confirmed again"`
	// Note says what goes with the decision: what changed, or why it was refused.
	Note string `json:"note,omitempty" label:"Note" multiline:"true"`
	// Minutes says where the decision was made and can be read up, where somebody else
	// recorded it than who made it.
	Minutes string `json:"minutes,omitempty" label:"Minutes" multiline:"true"`
}

// Validate checks the approval alone.
func (a PolicyApproval) Validate() []Problem {
	c := examine(a)
	c.when(a.Revision < 1, "revision", "The decision names no revision.", "Name the one that was read, 1 or more.")
	c.when(a.SHA256 != "" && !isDigest(a.SHA256), "sha256", "This is no SHA-256 value.", "Leave it to the command, which notes it.")
	c.when(a.Decision == PolicyRefused && a.Note == "", "note", "It is refused without a reason.", "Say what has to change.")
	c.when(a.Decision == PolicyRefused && (a.Again || a.From != ""), "decision", "What is refused does not come into force.", "Leave out the day and the confirmation.")
	c.ordered(a.On, a.From, "on", "from")
	return c.problems
}

// Holds is the first day on which what was approved is in force.
func (a PolicyApproval) Holds() Date {
	if a.From != "" {
		return a.From
	}
	return a.On
}

// PolicyCampaign asks people to confirm that they have read policies and follow them,
// each in the version in force on the day on which it opens.
type PolicyCampaign struct {
	// Title names it.
	Title string `json:"title" label:"Title" required:"true"`
	// Policies are those to be confirmed.
	Policies []string `json:"policies" label:"Policies" ref:"policy" required:"true"`
	// Audience is who is asked; where it is nobody, each policy's own audience is.
	Audience Audience `json:"audience,omitzero" label:"Who is asked" help:"Leave it empty to ask those whom each policy names."`
	// Opens is the first day.
	Opens Date `json:"opens" label:"Opens" required:"true"`
	// Due is the day by which everybody has confirmed.
	Due Date `json:"due" label:"Due" required:"true"`
	// Owner is who runs it.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// Controls are those that are performed by running it, such as a yearly confirmation
	// of the code of conduct: its list is evidence of these. The controls that carry the
	// policies out are others.
	Controls []string `json:"controls,omitempty" label:"Controls performed by it" ref:"control" help:"Such as the yearly confirmation of the code of conduct; the list of who confirmed is evidence of these, and not of the controls that carry the policies out."`
	// Why says why it is run: once a year, a change, somebody new.
	Why string `json:"why,omitempty" label:"Why" multiline:"true"`
	// Ended is the day on which it was ended, whoever was still missing.
	Ended Date `json:"ended,omitempty" label:"Ended on"`
}

// Validate checks the campaign alone.
func (p PolicyCampaign) Validate() []Problem {
	c := examine(p)
	p.Audience.problems(c, "audience")
	c.ordered(p.Opens, p.Due, "opens", "due")
	c.ordered(p.Opens, p.Ended, "opens", "ended")
	return c.problems
}

// PolicyAcknowledgement is somebody's word that they have read a policy and follow it.
type PolicyAcknowledgement struct {
	// Campaign is where they were asked.
	Campaign string `json:"campaign" label:"Campaign" ref:"policy_campaign" required:"true"`
	// Policy is what they read.
	Policy string `json:"policy" label:"Policy" ref:"policy" required:"true"`
	// Revision is the one of it that they read.
	Revision int64 `json:"revision" label:"Revision" required:"true"`
	// Version is the version mark that it bore.
	Version string `json:"version,omitempty" label:"Version"`
	// By is whose word it is.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// On is the day on which it was given.
	On Date `json:"on" label:"Confirmed on" required:"true"`
}

// Validate checks the acknowledgement alone.
func (a PolicyAcknowledgement) Validate() []Problem {
	c := examine(a)
	c.when(a.Revision < 1, "revision", "The confirmation names no revision of the policy.", "Name the one that was read, 1 or more.")
	return c.problems
}

// PolicyException lets somebody depart from a policy for a while. It holds once the
// policy's approver has approved it as it stands.
type PolicyException struct {
	// Title says what is departed from, in a few words.
	Title string `json:"title" label:"Title" required:"true"`
	// Policy is the policy.
	Policy string `json:"policy" label:"Policy" ref:"policy" required:"true"`
	// What says what is done otherwise, and where.
	What string `json:"what" label:"What is done otherwise" required:"true" multiline:"true"`
	// Why says why it has to be so.
	Why string `json:"why" label:"Why" required:"true" multiline:"true"`
	// Instead says what makes up for it meanwhile.
	Instead string `json:"instead,omitempty" label:"What makes up for it" multiline:"true"`
	// Controls are the controls that it touches, or that make up for it.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
	// Owner is who asked for it and ends it.
	Owner string `json:"owner" label:"Owner" ref:"person" required:"true"`
	// From is the first day.
	From Date `json:"from" label:"From" required:"true"`
	// Until is the last day: no exception is for ever.
	Until Date `json:"until" label:"Until" required:"true"`
	// Ended is the day on which it was ended, and things were as the policy says.
	Ended Date `json:"ended,omitempty" label:"Ended on"`
}

// Validate checks the exception alone.
func (e PolicyException) Validate() []Problem {
	c := examine(e)
	c.ordered(e.From, e.Until, "from", "until")
	c.ordered(e.From, e.Ended, "from", "ended")
	c.when(e.From.Valid() && e.Until.Valid() && e.Until > e.From.AddMonths(24), "until", "The exception is for more than two years.", "Give it a nearer end, or change the policy.")
	return c.problems
}
