package soc1

import (
	"fmt"
	"slices"
)

// Audience says whom something is for: who confirms a policy, who takes a course.
// Somebody of the service organization belongs who is named or holds one of the roles, or
// whoever it is where everybody is meant.
type Audience struct {
	// Everybody means all people of the service organization.
	Everybody bool `json:"everybody,omitempty" label:"Everybody" help:"All people of the service organization, whoever joins later among them."`
	// Roles are those whose holders are meant.
	Roles []Role `json:"roles,omitempty" label:"Roles"`
	// CustomRoles are roles that the organization made itself, whose holders are meant.
	CustomRoles []string `json:"custom_roles,omitempty" label:"Custom roles" ref:"role"`
	// People are meant whatever their role.
	People []string `json:"people,omitempty" label:"People" ref:"person"`
}

// None reports whether the audience is nobody at all.
func (a Audience) None() bool {
	return !a.Everybody && len(a.Roles) == 0 && len(a.CustomRoles) == 0 && len(a.People) == 0
}

// IsZero reports the same, so that an audience of nobody is not written.
func (a Audience) IsZero() bool { return a.None() }

// Includes reports whether the person of an id belongs to the audience on a day. Who
// does not hold the position on that day does not, and neither does anybody of the
// audit firm, who is independent of what management asks of its people, or a guest, who
// answers for nothing here.
func (a Audience) Includes(id string, p Person, day Date) bool {
	if p.Side != SideServiceOrganization || !p.ActiveOn(day) {
		return false
	}
	return slices.Contains(a.People, id) ||
		a.Everybody ||
		slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(p.Roles, r) }) ||
		slices.ContainsFunc(a.CustomRoles, func(r string) bool { return slices.Contains(p.CustomRoles, r) })
}

// problems refuses roles that nobody who is asked can hold.
func (a Audience) problems(c *checker, field string) {
	for i, r := range a.Roles {
		c.when(r.OfFirm() || r.OfGuest(), fmt.Sprintf("%s.roles[%d]", field, i), fmt.Sprintf("%s is no role of the service organization, whose people alone are asked.", r.Label()), "Choose roles of the service organization.")
	}
}
