package soc1

import "testing"

func TestAudience(t *testing.T) {
	owner := Person{Name: "O", Side: SideServiceOrganization, Roles: []Role{ControlOwner}, ActiveTo: "2025-06-30"}
	keeper := Person{Name: "K", Side: SideServiceOrganization, CustomRoles: []string{"keeper"}}
	vendor := Person{Name: "V", Side: SideSubserviceOrganization, Roles: []Role{ControlOwner}}
	partner := Person{Name: "P", Side: SideAuditFirm, Roles: []Role{EngagementPartner}}
	for _, c := range []struct {
		what string
		a    Audience
		id   string
		p    Person
		day  Date
		want bool
	}{
		{"nobody is meant", Audience{}, "o", owner, "2025-06-01", false},
		{"everybody, on the last day", Audience{Everybody: true}, "o", owner, "2025-06-30", true},
		{"everybody, after leaving", Audience{Everybody: true}, "o", owner, "2025-07-01", false},
		{"everybody is the organization's own", Audience{Everybody: true}, "v", vendor, "2025-06-01", false},
		{"a role", Audience{Roles: []Role{ControlOwner}}, "o", owner, "2025-06-01", true},
		{"a role, of somebody else's people", Audience{Roles: []Role{ControlOwner}}, "v", vendor, "2025-06-01", false},
		{"another role", Audience{Roles: []Role{Executive}}, "o", owner, "2025-06-01", false},
		{"a role that the organization made", Audience{CustomRoles: []string{"keeper"}}, "k", keeper, "2025-06-01", true},
		{"another of those", Audience{CustomRoles: []string{"clerk"}}, "k", keeper, "2025-06-01", false},
		{"a person by name", Audience{People: []string{"o"}}, "o", owner, "2025-06-01", true},
		{"a guest by name", Audience{People: []string{"v"}}, "v", vendor, "2025-06-01", false},
		{"a person who left", Audience{People: []string{"o"}}, "o", owner, "2025-12-31", false},
		{"nobody of the firm, even by name", Audience{Everybody: true, People: []string{"p"}}, "p", partner, "2025-06-01", false},
	} {
		if got := c.a.Includes(c.id, c.p, c.day); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	if (Audience{CustomRoles: []string{"keeper"}}).None() || !(Audience{}).None() || (Audience{Everybody: true}).None() {
		t.Error("None does not tell nobody from everybody")
	}
}
