package soc1

// RequestStatus is how far a request is.
type RequestStatus string

// The states of a request.
const (
	RequestOpen      RequestStatus = "open"
	RequestAnswered  RequestStatus = "answered"
	RequestAccepted  RequestStatus = "accepted"
	RequestReturned  RequestStatus = "returned"
	RequestWithdrawn RequestStatus = "withdrawn"
)

var requestStatuses = enumeration{
	{"open", "Open"}, {"answered", "Answered"}, {"accepted", "Accepted"}, {"returned", "Returned"}, {"withdrawn", "Withdrawn"},
}

// Values lists the stored spellings.
func (RequestStatus) Values() []string { return requestStatuses.values() }

// Label is the word a person reads.
func (s RequestStatus) Label() string { return requestStatuses.label(string(s)) }

// Request asks one person for something by a day, most often evidence.
type Request struct {
	// Title says what is wanted in a few words.
	Title string `json:"title" label:"Title" required:"true"`
	// Text says what is wanted exactly.
	Text string `json:"text,omitempty" label:"Request" multiline:"true"`
	// To is who is asked.
	To string `json:"to" label:"To" ref:"person" required:"true"`
	// Due is the day by which an answer is wanted.
	Due Date `json:"due,omitempty" label:"Due"`
	// Subject is the record that it is about, where that is one.
	Subject Ref `json:"subject,omitzero" label:"About"`
	// Controls are those that it is about.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
	// By is who asks.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// On is the day on which it was asked.
	On Date `json:"on" label:"Asked on" required:"true"`
	// Status is how far it is.
	Status RequestStatus `json:"status" label:"Status" required:"true"`
	// Answer is what the person asked says.
	Answer string `json:"answer,omitempty" label:"Answer" multiline:"true"`
	// Evidence is what the person asked provides.
	Evidence []string `json:"evidence,omitempty" label:"Evidence" ref:"evidence"`
	// AnsweredBy is who answered: the person asked or a deputy.
	AnsweredBy string `json:"answered_by,omitempty" label:"Answered by" ref:"person"`
	// AnsweredOn is the day of the answer.
	AnsweredOn Date `json:"answered_on,omitempty" label:"Answered on"`
	// Remark says why the answer was returned or the request withdrawn.
	Remark string `json:"remark,omitempty" label:"Remark" multiline:"true"`
	// ClosedBy is who accepted, returned or withdrew.
	ClosedBy string `json:"closed_by,omitempty" label:"Closed by" ref:"person"`
	// ClosedOn is the day of that.
	ClosedOn Date `json:"closed_on,omitempty" label:"Closed on"`
}

// Validate checks the request alone.
func (r Request) Validate() []Problem {
	c := examine(r)
	answered := r.AnsweredBy != "" && r.AnsweredOn != "" && (!blank(r.Answer) || len(r.Evidence) > 0)
	c.when((r.Status == RequestAnswered || r.Status == RequestAccepted || r.Status == RequestReturned) && !answered, "answer",
		"The request counts as answered, and there is no answer.", "Give the answer or the evidence, who answered and the day.")
	closed := r.ClosedBy != "" && r.ClosedOn != ""
	c.when((r.Status == RequestAccepted || r.Status == RequestReturned || r.Status == RequestWithdrawn) && !closed, "closed_by",
		"Nobody is named who accepted, returned or withdrew the request.", "Name the person and the day.")
	c.when((r.Status == RequestReturned || r.Status == RequestWithdrawn) && blank(r.Remark), "remark",
		"The request is returned or withdrawn without saying why.", "Say why, so that the person asked knows what to do.")
	return c.problems
}

// Waits reports whether the person asked has something to do.
func (r Request) Waits() bool { return r.Status == RequestOpen || r.Status == RequestReturned }
