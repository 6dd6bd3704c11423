package soc1

// RoleReads is a kind of record that a custom role may let its holders read.
// The kinds are named one by one: a new kind is closed to custom roles until it
// is added here and in the policies. People, their invitations, their deputies,
// roles themselves, and whatever lives in an examination are not among them.
type RoleReads string

// RoleKeeps is a kind of record that a custom role may let its holders create,
// change and retire: the registers that a compliance manager keeps.
type RoleKeeps string

// keptKinds are the registers of the program.
var keptKinds = enumeration{
	{"control", "Controls"}, {"control_objective", "Control objectives"}, {"risk", "Risks"}, {"evidence", "Evidence"}, {"policy", "Policies"},
	{"policy_campaign", "Policy campaigns"}, {"policy_exception", "Exceptions from policies"},
	{"framework_requirement", "Framework requirements"}, {"framework_control", "Controls of other frameworks"},
	{"engagement", "Engagements"}, {"service", "Services"}, {"system", "Systems"}, {"location", "Locations"}, {"business_calendar", "Business calendars"},
	{"transaction_class", "Classes of transactions"}, {"account", "Accounts"}, {"assertion_relevance", "Assertion relevance"},
	{"subservice_organization", "Subservice organizations"}, {"subservice_report", "Reports of subservice organizations"}, {"csoc", "Complementary subservice organization controls"},
	{"cuec", "Complementary user entity controls"}, {"vendor", "Vendors"},
	{"description_section", "Description sections"}, {"significant_change", "Significant changes"},
	{"management_response", "Management's responses"}, {"other_information", "Other information"},
	{"assertion", "Management's assertions"}, {"representation_letter", "Representation letters"}, {"organization", "Organizations"},
	{"test_of_control", "Tests of controls"}, {"attribute", "Attributes"},
}

// readKinds are those, what management's own tests leave, and what people say
// to and ask each other.
var readKinds = append(keptKinds[:len(keptKinds):len(keptKinds)], enumeration{
	{"population", "Populations"}, {"sample", "Samples"}, {"test_run", "Test runs"}, {"result", "Results"}, {"exception", "Exceptions"},
	{"deviation", "Deviations"}, {"conclusion", "Conclusions"}, {"performance", "Performances of controls"}, {"subservice_confirmation", "Confirmations of subservice organizations’ reports"}, {"policy_approval", "Decisions on policies"}, {"policy_acknowledgement", "Confirmations of policies"}, {"comment", "Comments"}, {"request", "Requests"},
}...)

// Values lists the stored spellings.
func (RoleReads) Values() []string { return readKinds.values() }

// Label is the word a person reads.
func (k RoleReads) Label() string { return readKinds.label(string(k)) }

// Values lists the stored spellings.
func (RoleKeeps) Values() []string { return keptKinds.values() }

// Label is the word a person reads.
func (k RoleKeeps) Label() string { return keptKinds.label(string(k)) }

// CustomRole is a role that the service organization makes itself, beside the
// fixed ones. It holds in the organization's ledger, for its own people, and
// from when it is known: changing it changes at once what its holders may do.
type CustomRole struct {
	// Name is what the role is called.
	Name string `json:"name" label:"Name" required:"true"`
	// Purpose says what the role is for.
	Purpose string `json:"purpose" label:"What it is for" required:"true" multiline:"true" help:"Who holds it and why. Whoever reviews access reads this."`
	// ReadsAll opens every kind that Reads may name, those included that a later
	// version of the program adds to it.
	ReadsAll bool `json:"reads_all,omitempty" label:"Reads all registers of the program" help:"Not people, invitations, deputies or roles."`
	// Reads are the kinds that holders read.
	Reads []RoleReads `json:"reads,omitempty" label:"Reads" help:"What is not chosen does not exist for the holders. Comments are shown on the records that they read, and on no others."`
	// Keeps are the kinds that holders create, change and retire, and so read.
	Keeps []RoleKeeps `json:"keeps,omitempty" label:"Keeps" help:"Holders create, change and retire these, and read them."`
	// Comments lets holders comment on what they read.
	Comments bool `json:"comments,omitempty" label:"Comments" help:"Holders read and write comments on the records that they read."`
	// Asks lets holders make requests of others, and accept, return and withdraw
	// requests, for which they read all of them.
	Asks bool `json:"asks,omitempty" label:"Asks people" help:"Holders make requests, accept and return answers, and read all requests."`
	// Answers lets holders answer the requests that are addressed to them.
	Answers bool `json:"answers,omitempty" label:"Answers requests" help:"Holders can be asked, and read and answer what they are asked."`
	// BuildsDraft lets holders build management's draft of the report, which
	// shows all registers.
	BuildsDraft bool `json:"builds_draft,omitempty" label:"Builds the draft report" help:"Only for a role that reads all registers: the draft shows them."`
}

// Validate checks the role alone.
func (r CustomRole) Validate() []Problem {
	c := examine(r)
	c.when(!r.ReadsAll && len(r.Reads) == 0 && len(r.Keeps) == 0, "reads", "The role reads nothing.",
		"Name the registers that its holders read or keep, or let them read all.")
	c.when(r.ReadsAll && len(r.Reads) > 0, "reads", "The role reads all registers, and some are named besides.",
		"Name none, or do not let it read all.")
	c.when(r.BuildsDraft && !r.ReadsAll, "builds_draft", "The draft report shows all registers, and the role reads only some.",
		"Let the role read all registers, or leave the draft to others.")
	return c.problems
}
