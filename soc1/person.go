package soc1

// Side says for whom a person works.
type Side string

// The sides of an examination.
const (
	SideServiceOrganization    Side = "service_organization"
	SideAuditFirm              Side = "audit_firm"
	SideSubserviceOrganization Side = "subservice_organization"
	SideUserEntity             Side = "user_entity"
	// SideGuest is whoever management lets in without being one of its people.
	SideGuest Side = "guest"
)

var sides = enumeration{
	{"service_organization", "Service organization"}, {"audit_firm", "Audit firm"},
	{"subservice_organization", "Subservice organization"}, {"user_entity", "User entity"},
	{"guest", "Guest"},
}

// Values lists the stored spellings.
func (Side) Values() []string { return sides.values() }

// Label is the word a person reads.
func (s Side) Label() string { return sides.label(string(s)) }

// Role is what a person may do; policies decide what follows from it.
type Role string

// The roles of both sides, and those of guests.
const (
	Administrator     Role = "administrator"
	ComplianceManager Role = "compliance_manager"
	ControlOwner      Role = "control_owner"
	Executive         Role = "executive"
	ReadOnly          Role = "read_only"
	FirmStaff         Role = "firm_staff"
	FirmManager       Role = "firm_manager"
	EngagementPartner Role = "engagement_partner"
	QualityReviewer   Role = "quality_reviewer"
	FirmAdministrator Role = "firm_administrator"
	ExternalAssessor  Role = "external_assessor"
	SubserviceContact Role = "subservice_organization"
	UserAuditor       Role = "user_auditor"
)

var roles = enumeration{
	{"administrator", "Administrator"}, {"compliance_manager", "Compliance manager"},
	{"control_owner", "Control owner"}, {"executive", "Executive"}, {"read_only", "Reader"},
	{"firm_staff", "Audit staff"}, {"firm_manager", "Audit manager"},
	{"engagement_partner", "Engagement partner"}, {"quality_reviewer", "Engagement quality reviewer"},
	{"firm_administrator", "Firm administrator"},
	{"external_assessor", "External assessor"}, {"subservice_organization", "Subservice organization"},
	{"user_auditor", "User auditor"},
}

// Values lists the stored spellings.
func (Role) Values() []string { return roles.values() }

// Label is the word a person reads.
func (r Role) Label() string { return roles.label(string(r)) }

// OfFirm reports whether only a person of the audit firm may hold the role.
func (r Role) OfFirm() bool {
	switch r {
	case FirmStaff, FirmManager, EngagementPartner, QualityReviewer, FirmAdministrator:
		return true
	}
	return false
}

// OfGuest reports whether only a guest may hold the role.
func (r Role) OfGuest() bool {
	return r == ExternalAssessor || r == SubserviceContact || r == UserAuditor
}

// Person is someone who acts in the workspace or is named in the report.
type Person struct {
	// Name is the person's name.
	Name string `json:"name" label:"Name" required:"true" sensitive:"personal"`
	// Title is the person's position, which the report may print.
	Title string `json:"title,omitempty" label:"Title" help:"The position, such as Payroll Operations Manager; the report prints this and not the name."`
	// Email is where the person is reached.
	Email string `json:"email,omitempty" label:"Email" sensitive:"personal"`
	// Side is for whom the person works.
	Side Side `json:"side" label:"Side" required:"true"`
	// Roles are what the person may do.
	Roles []Role `json:"roles,omitempty" label:"Roles"`
	// CustomRoles are roles that the service organization made itself.
	CustomRoles []string `json:"custom_roles,omitempty" label:"Custom roles" ref:"role"`
	// Represents is the subservice organization that a guest speaks for, and
	// the only one of which the guest reads anything.
	Represents string `json:"represents,omitempty" label:"Represents" ref:"subservice_organization"`
	// ActiveFrom is the first day in the position; empty means always.
	ActiveFrom Date `json:"active_from,omitempty" label:"Active from"`
	// ActiveTo is the last day in the position; empty means still.
	ActiveTo Date `json:"active_to,omitempty" label:"Active to"`
}

// Validate checks the person alone. The wall between the firm and everybody
// else begins here: nobody holds a role of the other side.
func (p Person) Validate() []Problem {
	c := examine(p)
	c.ordered(p.ActiveFrom, p.ActiveTo, "active_from", "active_to")
	c.when(p.Email != "" && !address(p.Email), "email", "This is not an email address.", "Give one address, such as name@example.com.")
	if p.Side == "" {
		return c.problems
	}
	c.when(len(p.CustomRoles) > 0 && p.Side != SideServiceOrganization, "custom_roles", "Side and role do not go together: "+p.Side.Label()+", a custom role.",
		"Custom roles are for people of the service organization; change the side or remove the role.")
	contact := false
	for i, role := range p.Roles {
		firm, guest := p.Side == SideAuditFirm, p.Side == SideGuest
		contact = contact || role == SubserviceContact
		if role.OfGuest() || guest {
			c.when(role.OfGuest() != guest, at("roles", i, ""), "Side and role do not go together: "+p.Side.Label()+", "+role.Label()+".",
				"A guest holds the roles of guests alone, and nobody else holds them; change the side or the role.")
			continue
		}
		c.when(role.OfFirm() && !firm, at("roles", i, ""), "Only a person of the audit firm holds the role "+role.Label()+".",
			"Change the side or the role; a service auditor is independent of the organization.")
		c.when(!role.OfFirm() && firm && role != ReadOnly, at("roles", i, ""), "A person of the audit firm cannot be "+role.Label()+".",
			"Change the side or the role; a service auditor is independent of the organization.")
	}
	c.when(contact && p.Represents == "", "represents", "The guest speaks for a subservice organization that is not named.",
		"Name its record; the guest reads what concerns it and nothing else.")
	c.when(!contact && p.Represents != "", "represents", "Only a guest with the role Subservice organization represents one.",
		"Add the role or remove the field.")
	return c.problems
}

// ActiveOn reports whether the person held the position on a day.
func (p Person) ActiveOn(d Date) bool {
	return (p.ActiveFrom == "" || p.ActiveFrom <= d) && (p.ActiveTo == "" || d <= p.ActiveTo)
}
