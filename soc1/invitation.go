package soc1

// InvitationStatus is what became of an invitation.
type InvitationStatus string

// The states of an invitation. One that has expired stays open in the record;
// it can no longer be accepted.
const (
	InvitationOpen     InvitationStatus = "open"
	InvitationAccepted InvitationStatus = "accepted"
	InvitationRevoked  InvitationStatus = "revoked"
)

var invitationStatuses = enumeration{{"open", "Open"}, {"accepted", "Accepted"}, {"revoked", "Revoked"}}

// Values lists the stored spellings.
func (InvitationStatus) Values() []string { return invitationStatuses.values() }

// Label is the word a person reads.
func (s InvitationStatus) Label() string { return invitationStatuses.label(string(s)) }

// Invitation is who was let in by whom, with which roles, and whether they
// came. The secret in the link that was sent is no part of it.
type Invitation struct {
	// Person is who is invited.
	Person string `json:"person" label:"Person" ref:"person" required:"true"`
	// Email is where the invitation was sent.
	Email string `json:"email" label:"Email" required:"true" sensitive:"personal"`
	// Side is for whom the person works.
	Side Side `json:"side" label:"Side" required:"true"`
	// Roles are what the invitation gives.
	Roles []Role `json:"roles,omitempty" label:"Roles"`
	// CustomRoles are those of the organization's own roles that it gives.
	CustomRoles []string `json:"custom_roles,omitempty" label:"Custom roles" ref:"role"`
	// InvitedBy is who invited.
	InvitedBy string `json:"invited_by" label:"Invited by" ref:"person" required:"true"`
	// On is the day of the invitation.
	On Date `json:"on" label:"Invited on" required:"true"`
	// Expires is the last day on which it can be accepted.
	Expires Date `json:"expires" label:"Expires" required:"true"`
	// Status is what became of it.
	Status InvitationStatus `json:"status" label:"Status" required:"true"`
	// AcceptedOn is the day on which the person accepted.
	AcceptedOn Date `json:"accepted_on,omitempty" label:"Accepted on"`
	// RevokedBy is who took it back.
	RevokedBy string `json:"revoked_by,omitempty" label:"Revoked by" ref:"person"`
	// RevokedOn is the day on which it was taken back.
	RevokedOn Date `json:"revoked_on,omitempty" label:"Revoked on"`
}

// Validate checks the invitation alone.
func (v Invitation) Validate() []Problem {
	c := examine(v)
	c.ordered(v.On, v.Expires, "on", "expires")
	c.when(len(v.Roles) == 0 && len(v.CustomRoles) == 0, "roles", "The invitation gives no role.", "Name at least one role.")
	c.when(len(v.CustomRoles) > 0 && v.Side != SideServiceOrganization, "custom_roles", "Somebody of another side is given a custom role.",
		"Custom roles are for people of the service organization; change the side or remove the role.")
	c.when(v.Email != "" && !address(v.Email), "email", "The invitation goes to something that is no email address.", "Give one address, such as name@example.com.")
	c.when((v.Status == InvitationAccepted) != (v.AcceptedOn != ""), "accepted_on", "The day of acceptance and the status do not fit.",
		"An accepted invitation names the day, another does not.")
	c.when((v.Status == InvitationRevoked) != (v.RevokedOn != "" && v.RevokedBy != ""), "revoked_on", "The revocation and the status do not fit.",
		"A revoked invitation names who revoked it and the day, another does not.")
	return c.problems
}
