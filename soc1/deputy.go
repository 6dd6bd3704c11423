package soc1

// DeputyScope is what a deputy may do in the place of the person stood in for.
type DeputyScope string

// The scopes, named for the roles whose work is handed over.
const (
	DeputyOfControlOwner      DeputyScope = "control_owner"
	DeputyOfComplianceManager DeputyScope = "compliance_manager"
	DeputyOfExecutive         DeputyScope = "executive"
)

var deputyScopes = enumeration{
	{"control_owner", "As control owner"}, {"compliance_manager", "As compliance manager"},
	{"executive", "As executive, without signing"},
}

// Values lists the stored spellings.
func (DeputyScope) Values() []string { return deputyScopes.values() }

// Label is the word a person reads.
func (s DeputyScope) Label() string { return deputyScopes.label(string(s)) }

// Role is the role whose work the scope hands over.
func (s DeputyScope) Role() Role { return Role(s) }

// Deputy names somebody who stands in for another person of the service
// organization for a span of days. Nobody stands in for what is somebody's own
// word: a deputy signs nothing, and hands nothing on to another deputy.
type Deputy struct {
	// Person is who is stood in for.
	Person string `json:"person" label:"Stands in for" ref:"person" required:"true"`
	// Deputy is who stands in.
	Deputy string `json:"deputy" label:"Deputy" ref:"person" required:"true"`
	// From is the first day.
	From Date `json:"from" label:"From" required:"true"`
	// Until is the last day.
	Until Date `json:"until" label:"Until" required:"true"`
	// Scope is what is handed over; the person must hold the roles.
	Scope []DeputyScope `json:"scope" label:"Scope" required:"true"`
	// Controls narrow the scope as control owner; empty means every control
	// of the person.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control" help:"Leave empty for all controls of the person."`
	// Reason says why, such as leave.
	Reason string `json:"reason,omitempty" label:"Reason"`
}

// Validate checks the deputy alone.
func (d Deputy) Validate() []Problem {
	c := examine(d)
	c.ordered(d.From, d.Until, "from", "until")
	c.when(d.Person != "" && d.Person == d.Deputy, "deputy", "Nobody is their own deputy.", "Name another person.")
	owner := false
	for _, s := range d.Scope {
		owner = owner || s == DeputyOfControlOwner
	}
	c.when(len(d.Controls) > 0 && !owner, "controls", "Controls are named, and the work of a control owner is not handed over.",
		"Add control_owner to the scope or remove the controls.")
	return c.problems
}

// On reports whether the deputy stands in on a day.
func (d Deputy) On(day Date) bool { return d.From <= day && day <= d.Until }
