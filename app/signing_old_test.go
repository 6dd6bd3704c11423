package app

import (
	"path/filepath"
	"testing"

	"reperform/ascode"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// TestSignedWithoutHash reads a signature of the time before signatures noted
// what they stand under: what it read then is worked out from the records.
func TestSignedWithoutHash(t *testing.T) {
	a, err := Init(t.Context(), filepath.Join(t.TempDir(), "w"), soc1.Organization{Name: "Alder", LegalName: "Alder, Inc.", Timezone: "UTC", Currency: "USD", City: "Duluth", Country: "United States"},
		"olive", soc1.Person{Name: "Olive Tran", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager", "executive"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	apply := func(yaml string) {
		t.Helper()
		items, problems := ascode.Parse(record.Kinds, "f.yaml", []byte(yaml))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if _, err := a.Apply(t.Context(), "olive", items, ApplyOptions{Reason: "Because."}); err != nil {
			t.Fatal(err)
		}
	}
	engagement := func(system string) string {
		return "kind: engagement\nid: e\neffective: '2025-01-01'\ntitle: SOC 1\ntype: type_2\nperiod_start: '2025-01-01'\nperiod_end: '2025-12-31'\nstandard_set: ssae_18_21\nauditor: {firm: F, city: D}\nsystem_name: " + system + "\n"
	}
	apply(engagement("Payroll") + "---\nkind: assertion\nid: as\neffective: '2025-01-01'\nengagement: e\n")
	req := request{actor: "olive", ledger: OrganizationLedger, may: identity.AssertionSign, kind: "assertion", action: "sign", reason: "Signed."}
	if _, err := a.decide(t.Context(), req, func(tx *Tx) error {
		return tx.Put("assertion", "as", "2026-01-10", soc1.ManagementAssertion{Engagement: "e", SignedBy: "olive", SignedTitle: "CEO", SignedOn: "2026-01-10"})
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		system  string
		differs bool
	}{{"Payroll", false}, {"Payroll and Benefits", true}} {
		apply(engagement(c.system))
		s, err := a.Signing(t.Context(), "olive", "assertion", "as", 0)
		if err != nil {
			t.Fatal(err)
		}
		if s.Signed == nil || s.Signed.SHA256 != "" || s.Signed.Revision != 2 || s.Differs != c.differs {
			t.Errorf("with the system named %s: %+v, differs %v", c.system, s.Signed, s.Differs)
		}
	}
}
