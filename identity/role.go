package identity

import (
	"fmt"
	"strings"
)

// The sides that act in a ledger, as person records spell them. A guest is
// neither of the organization nor of the firm.
const (
	ServiceOrganization = "service_organization"
	AuditFirm           = "audit_firm"
	Guest               = "guest"
)

// The classes of ledger.
const (
	Organization = "organization" // management's ledger, one in a workspace
	Examination  = "examination"  // the service auditor's file, one an examination
)

// The authors of work that both sides do, as records spell them.
const (
	ByManagement = "management"
	ByAuditor    = "auditor"
)

// Role is what a person is in one ledger; the policies say what follows from
// it. A role held in one ledger means nothing in another.
type Role string

// The roles of the service organization.
const (
	Administrator     Role = "administrator"
	ComplianceManager Role = "compliance_manager"
	ControlOwner      Role = "control_owner"
	Executive         Role = "executive"
	ReadOnly          Role = "read_only"
)

// The roles of the audit firm.
const (
	FirmStaff         Role = "firm_staff"
	FirmManager       Role = "firm_manager"
	EngagementPartner Role = "engagement_partner"
	QualityReviewer   Role = "quality_reviewer"
	FirmAdministrator Role = "firm_administrator"
)

// The roles of guests.
const (
	ExternalAssessor  Role = "external_assessor"
	SubserviceContact Role = "subservice_organization"
	UserAuditor       Role = "user_auditor"
)

// roles lists every role with the words of a sentence, the service
// organization's first and those of guests last; a role's place is its bit in a
// question.
var roles = []struct {
	role  Role
	words string
}{
	{Administrator, "an administrator"},
	{ComplianceManager, "a compliance manager"},
	{ControlOwner, "a control owner"},
	{Executive, "an executive"},
	{ReadOnly, "a reader"},
	{FirmStaff, "the audit staff"},
	{FirmManager, "an audit manager"},
	{EngagementPartner, "the engagement partner"},
	{QualityReviewer, "the quality reviewer"},
	{FirmAdministrator, "a firm administrator"},
	{ExternalAssessor, "an external assessor"},
	{SubserviceContact, "a subservice organization"},
	{UserAuditor, "a user auditor"},
}

// The places at which the roles of the firm and those of guests begin.
const (
	firstFirmRole  = 5
	firstGuestRole = 10
)

// AllRoles lists every role, the service organization's first.
func AllRoles() []Role {
	out := make([]Role, len(roles))
	for i, r := range roles {
		out[i] = r.role
	}
	return out
}

// place gives the role's place in the list, or -1 for a role that this program
// does not know.
func (r Role) place() int {
	for i := range roles {
		if roles[i].role == r {
			return i
		}
	}
	return -1
}

// Known reports whether this program knows the role.
func (r Role) Known() bool { return r.place() >= 0 }

// Firm reports whether only a person of the audit firm may hold the role; it
// is false for a role that this program does not know.
func (r Role) Firm() bool { return r.place() >= firstFirmRole && r.place() < firstGuestRole }

// Guest reports whether only a guest may hold the role; it is false for a role
// that this program does not know.
func (r Role) Guest() bool { return r.place() >= firstGuestRole }

// side is the side on which the role is at home.
func (r Role) side() string {
	switch {
	case r.Firm():
		return AuditFirm
	case r.Guest():
		return Guest
	}
	return ServiceOrganization
}

// words is the role in a sentence: "the engagement partner".
func (r Role) words() string {
	if i := r.place(); i >= 0 {
		return roles[i].words
	}
	return fmt.Sprintf("a holder of the unknown role %q", string(r))
}

// RolesOf takes the roles of a stored person record as this package spells
// them. Roles that this program does not know are kept, so that their holder
// is refused and not mistaken for somebody without them.
func RolesOf[R ~string](stored []R) []Role {
	out := make([]Role, len(stored))
	for i, r := range stored {
		out[i] = Role(r)
	}
	return out
}

// CheckRoles says whether a person of a side may carry roles in the person
// record of a ledger of a class; every writer of person records asks it. An
// organization's ledger never carries a role of the firm, and an
// examination's never one of the service organization. A person of the firm
// may be a reader (read_only) of the organization's ledger and nothing more. A
// guest holds the roles of guests, in the organization's ledger alone. A person
// of any other side, such as a user entity's, is recorded without roles. The error names the first role that is wrong and the remedy.
func CheckRoles(side, class string, roles []Role) error {
	if class != Organization && class != Examination {
		return fmt.Errorf("roles: a ledger is of class %s or %s, not %q; name the ledger that the person record belongs to", Organization, Examination, class)
	}
	for _, r := range roles {
		if err := checkRole(side, class, r); err != nil {
			return err
		}
	}
	return nil
}

// checkRole says whether one role may stand in a person record.
func checkRole(side, class string, r Role) error {
	switch {
	case !r.Known():
		return fmt.Errorf("roles: %q is not a role; use one of %s", string(r), spelled(AllRoles()))
	case side != ServiceOrganization && side != AuditFirm && side != Guest:
		return fmt.Errorf("roles: a person of the side %q holds no role; remove %s, or record the side as %s, %s or %s", side, r, ServiceOrganization, AuditFirm, Guest)
	case class == Organization && r.Firm():
		return fmt.Errorf("roles: the organization's ledger grants no role of the audit firm, and %s is one; a firm administrator records it in the examination's ledger", r)
	case class == Examination && r.Guest():
		return fmt.Errorf("roles: the examination's ledger grants no role of a guest, and %s is one; guests are recorded in the organization's ledger", r)
	case r.Guest() != (side == Guest):
		return fmt.Errorf("roles: a person of the side %q cannot be %s, because guests hold the roles of guests and nobody else does; correct the side or the role", side, r.words())
	case class == Examination && !r.Firm():
		return fmt.Errorf("roles: the examination's ledger grants no role of the service organization, and %s is one; an administrator records it in the organization's ledger", r)
	case side == ServiceOrganization && r.Firm():
		return fmt.Errorf("roles: only a person of the audit firm can be %s; correct the side or the role", r.words())
	case side == AuditFirm && !r.Firm() && r != ReadOnly:
		return fmt.Errorf("roles: a person of the audit firm cannot be %s of the service organization; correct the side, or make the person a reader (%s)", r.words(), ReadOnly)
	}
	return nil
}

// spelled lists roles as they are stored.
func spelled(list []Role) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = string(r)
	}
	return strings.Join(out, ", ")
}

// orList joins the parts of a sentence: "the audit staff, an audit manager or
// the engagement partner".
func orList(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " or " + parts[last]
}
