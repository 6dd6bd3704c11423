package app_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// later reopens the workspace on a day.
func (s *story) later(day string) *app.App {
	s.t.Helper()
	opt := s.options()
	at, err := time.Parse(time.RFC3339, day+"T15:00:00Z")
	s.must(err)
	opt.Now = func() time.Time { return at }
	a, err := app.Open(s.ctx, s.dir, opt)
	s.must(err)
	s.t.Cleanup(func() { a.Close() })
	return a
}

// deputyOf is a deputy's record in a file.
func deputyOf(id, principal, deputy, more string) string {
	return "kind: deputy\nid: " + id + "\neffective: '2026-02-01'\nperson: " + principal + "\ndeputy: " + deputy + "\nfrom: 2026-02-10\nuntil: 2026-02-28\n" + more + "\n---\n"
}

// revise revises a control as somebody.
func (s *story) revise(a *app.App, actor, id string) error {
	v, err := a.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	c, err := record.One[soc1.Control](s.ctx, v, "control", id)
	s.must(err)
	c.Value.Precision = "Seen by " + actor + "."
	return a.PutRecord(s.ctx, actor, app.RecordChange{Kind: "control", ID: id, Revision: -1, Effective: "2026-02-20", Value: c.Value, Reason: "A try."})
}

// TestDeputiesStandIn names deputies, and asks what they may do, when, and what
// stays the principal's own.
func TestDeputiesStandIn(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("pat", "", "service_organization", "read_only")+person("rita", "", "service_organization", "read_only")+
		person("rob", "", "audit_firm", "read_only")+person("xavier", "", "guest", "external_assessor"))
	s.must(err)
	s.refused(s.revise(s.app, "pat", "it-1-1"), "you may not change")

	// Who is named, by whom, for what.
	for _, c := range []struct{ actor, yaml, want string }{
		{"pat", deputyOf("d-1", "omar", "pat", "scope: [control_owner]"), "you may not"},
		{"omar", deputyOf("d-1", "olive", "omar", "scope: [executive]"), "whoever is stood in for"},
		{"omar", deputyOf("d-1", "omar", "pat", "scope: [compliance_manager]"), "omar does not hold the role Compliance manager"},
		{"omar", deputyOf("d-1", "omar", "rob", "scope: [control_owner]"), "rob is not one of the organization's people"},
		{"omar", deputyOf("d-1", "omar", "xavier", "scope: [control_owner]"), "xavier is not one of the organization's people"},
		{"omar", deputyOf("d-1", "omar", "nobody", "scope: [control_owner]"), `no person "nobody"`},
		{"rob", deputyOf("d-1", "omar", "pat", "scope: [control_owner]"), "you may not"},
	} {
		_, err := s.apply(c.actor, c.yaml)
		s.refused(err, c.want)
	}
	_, err = s.apply("omar", deputyOf("d-1", "omar", "pat", "scope: [control_owner]\ncontrols: [it-1-1]"))
	s.must(err)

	// The deputy revises the control named and no other, within the days.
	s.must(s.revise(s.app, "pat", "it-1-1"))
	s.refused(s.revise(s.app, "pat", "pay-1-1"), "you may not change")
	s.refused(s.revise(s.later("2026-02-09"), "pat", "it-1-1"), "you may not change")
	s.must(s.revise(s.later("2026-02-28"), "pat", "it-1-1"))
	s.refused(s.revise(s.later("2026-03-01"), "pat", "it-1-1"), "you may not change")

	// No chains: what pat has as a deputy is not handed on, by pat or through pat.
	_, err = s.apply("pat", deputyOf("d-2", "pat", "rita", "scope: [control_owner]"))
	s.refused(err, "you may not")
	_, err = s.apply("pat", deputyOf("d-2", "omar", "rita", "scope: [control_owner]"))
	s.refused(err, "you may not")
	_, err = s.apply("dana", deputyOf("d-2", "pat", "rita", "scope: [control_owner]"))
	s.refused(err, "pat does not hold the role")

	// Taking a record over by naming another person is refused as well.
	_, err = s.apply("olive", deputyOf("d-1", "olive", "pat", "scope: [executive]"))
	s.refused(err, "you may not")

	// The deputy of an executive does not sign; the executive does.
	_, err = s.apply("olive", deputyOf("d-3", "olive", "pat", "scope: [executive]"))
	s.must(err)
	s.refused(s.app.Sign(s.ctx, "pat", app.Signature{Kind: "assertion", ID: "assertion-2025"}), "A deputy does not sign")
	s.refused(s.app.Sign(s.ctx, "pat", app.Signature{Kind: "representation_letter", ID: "letter-2025"}), "A deputy does not sign")
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025"}))

	// The deputy's right ends with the role of the person stood in for, and with
	// the record. The history tells of both.
	_, err = s.apply("dana", person("omar", "", "service_organization", "read_only"))
	s.must(err)
	s.refused(s.revise(s.app, "pat", "it-1-1"), "you may not change")
	_, err = s.apply("dana", person("omar", "", "service_organization", "control_owner"))
	s.must(err)
	s.must(s.revise(s.app, "pat", "it-1-1"))
	other := s.reopen()
	_, err = s.apply("omar", "kind: deputy\nid: d-1\nretired: true\neffective: '2026-02-20'\n")
	s.must(err)
	s.refused(s.revise(other, "pat", "it-1-1"), "you may not change")
	h, err := s.app.History(s.ctx, "rita", app.OrganizationLedger, "deputy", "d-1")
	s.must(err)
	if len(h) != 2 || h[0].Actor != "omar" || !h[1].Retired {
		t.Errorf("the history of the deputy: %+v", h)
	}
}

// TestDeputyNeverCrossesTheWall lets somebody who works for the firm be named.
func TestDeputyNeverCrossesTheWall(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	_, err = s.apply("omar", deputyOf("d-1", "omar", "mei", "scope: [control_owner]"))
	s.refused(err, `no person "mei"`)
	_, err = s.apply("mei", deputyOf("d-1", "helen", "mei", "scope: [executive]\nledger: "+exam))
	s.refused(err, "live in the organization's ledger")
}

// TestInvitations tells an invitation's life, and that no administrator of
// either side gives what is not theirs to give.
func TestInvitations(t *testing.T) {
	s := begin(t)
	s.open()
	as := func(side soc1.Side, roles ...soc1.Role) soc1.Person {
		return soc1.Person{Name: "New Person", Email: "new@example.com", Side: side, Roles: roles}
	}
	own, firm, guest := soc1.SideServiceOrganization, soc1.SideAuditFirm, soc1.SideGuest
	_, err := s.apply("helen", person("carla", exam, "audit_firm", "firm_manager")+person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	for _, c := range []struct {
		actor string
		in    app.Inviting
		want  string
	}{
		// No administrator of the organization gives a role of the firm.
		{"dana", app.Inviting{Person: "eve", As: as(firm, "engagement_partner")}, "grants no role of the audit firm"},
		{"dana", app.Inviting{Person: "eve", As: as(own, "firm_administrator")}, "grants no role of the audit firm"},
		{"dana", app.Inviting{Ledger: exam, Person: "eve", As: as(firm, "engagement_partner")}, "there is no ledger"},
		{"omar", app.Inviting{Person: "eve", As: as(own, "control_owner")}, "you may not invite people"},
		{"dana", app.Inviting{Person: "dana", As: as(own, "executive")}, "nobody invites themselves"},
		{"dana", app.Inviting{Person: "eve", As: as(own)}, "at least one role"},
		{"dana", app.Inviting{Person: "eve", As: as(own, "user_auditor")}, "guests hold the roles of guests"},
		{"dana", app.Inviting{Person: "eve", As: as(guest, "read_only")}, "guests hold the roles of guests"},
		{"dana", app.Inviting{Person: "eve", As: soc1.Person{Name: "E", Side: own, Roles: []soc1.Role{"read_only"}}}, "Email"},
		{"dana", app.Inviting{Person: "no id", As: as(own, "read_only")}, "is not an id"},
		{"dana", app.Inviting{Person: "eve", As: as(own, "read_only"), Expires: "2026-02-19"}, "has passed"},
		// Nor does the firm bring in the organization's people, or a guest.
		{"helen", app.Inviting{Ledger: exam, Person: "omar", As: as(firm, "firm_staff")}, "independent"},
		{"helen", app.Inviting{Ledger: exam, Person: "eve", As: as(guest, "external_assessor")}, "grants no role of a guest"},
		{"helen", app.Inviting{Person: "eve", As: as(own, "administrator")}, "you may not"},
		{"mei", app.Inviting{Ledger: exam, Person: "eve", As: as(firm, "firm_staff")}, "you may not invite people"},
		// A manager's invitation is no way to a partner's role.
		{"carla", app.Inviting{Ledger: exam, Person: "eve", As: as(firm, "engagement_partner")}, "invites staff and managers"},
		{"carla", app.Inviting{Ledger: exam, Person: "mei", As: as(firm, "engagement_partner")}, "you may not change a person"},
	} {
		before := s.size("helen", exam) + s.size("dana", app.OrganizationLedger)
		_, err := s.app.Invite(s.ctx, c.actor, c.in)
		s.refused(err, c.want)
		if s.size("helen", exam)+s.size("dana", app.OrganizationLedger) != before {
			t.Errorf("%+v by %s was recorded", c.in, c.actor)
		}
	}

	id, err := s.app.Invite(s.ctx, "dana", app.Inviting{Person: "ivy", As: as(own, "control_owner"), Reason: "Joins in March."})
	s.must(err)
	events, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "person", "ivy")
	s.must(err)
	made, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "invitation", id)
	s.must(err)
	if events[0].Pos != made[0].Pos || events[0].Action != "person.invite" {
		t.Errorf("the roles were recorded apart from the invitation: %+v, %+v", events[0], made[0])
	}
	_, err = s.app.Invite(s.ctx, "dana", app.Inviting{Person: "ivy", As: as(own, "executive")})
	s.refused(err, "invited already")
	for _, actor := range []string{"dana", "omar", "helen", "zed", ""} {
		if s.app.AcceptInvitation(s.ctx, actor, "", id) == nil {
			t.Errorf("%q accepted in ivy's name", actor)
		}
	}
	s.refused(s.later("2026-03-07").AcceptInvitation(s.ctx, "ivy", "", id), "expired on 2026-03-06")
	s.must(s.app.AcceptInvitation(s.ctx, "ivy", "", id))
	s.refused(s.app.AcceptInvitation(s.ctx, "ivy", "", id), "it serves once")
	s.refused(s.app.RevokeInvitation(s.ctx, "dana", "", id, "Late."), "was accepted")

	// What is revoked takes back the person that it made, and not one who was there.
	id, err = s.app.Invite(s.ctx, "dana", app.Inviting{Person: "gus", As: as(guest, "external_assessor"), Expires: "2026-02-20"})
	s.must(err)
	s.refused(s.app.RevokeInvitation(s.ctx, "omar", "", id, "No."), "you may not")
	s.must(s.app.RevokeInvitation(s.ctx, "dana", "", id, "A mistake."))
	if _, err := s.app.Records(s.ctx, "gus", app.OrganizationLedger, "control", record.AsOf{}); err == nil {
		t.Error("who was invited by mistake still reads")
	}
	s.refused(s.app.AcceptInvitation(s.ctx, "gus", "", id), "no person \"gus\"")
	id, err = s.app.Invite(s.ctx, "dana", app.Inviting{Person: "olive", As: as(own, "executive")})
	s.must(err)
	s.must(s.app.RevokeInvitation(s.ctx, "dana", "", id, "Not needed."))
	if _, err := s.app.View(s.ctx, "olive", app.OrganizationLedger, record.AsOf{}); err != nil {
		t.Error("revoking an invitation took the role of somebody who was there before")
	}
	// In the examination, by its manager, for a colleague; a firm reader of the
	// organization's ledger accepts there.
	id, err = s.app.Invite(s.ctx, "carla", app.Inviting{Ledger: exam, Person: "nils", As: as(firm, "firm_staff")})
	s.must(err)
	s.refused(s.app.AcceptInvitation(s.ctx, "dana", exam, id), "there is no ledger")
	s.must(s.app.AcceptInvitation(s.ctx, "nils", exam, id))
	id, err = s.app.Invite(s.ctx, "dana", app.Inviting{Person: "rob", As: as(firm, "read_only")})
	s.must(err)
	s.must(s.app.AcceptInvitation(s.ctx, "rob", "", id))
}

// TestAcceptedOnce lets one person accept twice at the same moment.
func TestAcceptedOnce(t *testing.T) {
	s := begin(t)
	id, err := s.app.Invite(s.ctx, "dana", app.Inviting{Person: "ivy", As: soc1.Person{Name: "Ivy", Email: "ivy@example.com", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"read_only"}}})
	s.must(err)
	done := make(chan error, 8)
	for range cap(done) {
		go func() { done <- s.app.AcceptInvitation(s.ctx, "ivy", "", id) }()
	}
	accepted := 0
	for range cap(done) {
		if err := <-done; err == nil {
			accepted++
		}
	}
	if accepted != 1 {
		t.Errorf("accepted %d times", accepted)
	}
}

// TestGuestsRead asks what guests read.
func TestGuestsRead(t *testing.T) {
	s := begin(t)
	sub := func(id string) string {
		return "kind: subservice_organization\nid: " + id + "\neffective: '2024-01-01'\nname: Name " + id + "\nservices_provided: Hosts.\nmethod: carve_out\n---\n" +
			"kind: csoc\nid: csoc-" + id + "\neffective: '2024-01-01'\ncode: C-" + id + "\ntext: Backs up.\nsubservice_organization: " + id + "\nobjectives: [it-1]\n---\n"
	}
	_, err := s.apply("dana", sub("sub-1")+sub("sub-2")+person("xavier", "", "guest", "external_assessor")+person("uma", "", "guest", "user_auditor")+
		strings.Replace(person("sue", "", "guest", "subservice_organization"), "---", "represents: sub-1\n---", 1))
	s.must(err)
	for _, to := range []string{"sue", "omar"} {
		_, err = s.app.Request(s.ctx, "dana", app.Asking{ID: "req-" + to, Title: "Bridge letter", To: to})
		s.must(err)
	}
	ids := func(actor, kind string) string {
		rs, err := s.app.Records(s.ctx, actor, app.OrganizationLedger, kind, record.AsOf{})
		if err != nil {
			var d *identity.DeniedError
			if !errors.As(err, &d) {
				t.Errorf("%s of %s: %v", kind, actor, err)
			}
			return "refused"
		}
		var out []string
		for _, r := range rs {
			out = append(out, r.ID)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ actor, kind, want string }{
		{"xavier", "control", "conduct it-1-1 pay-1-1"}, {"xavier", "csoc", "csoc-sub-1 csoc-sub-2"},
		{"xavier", "person", "refused"}, {"xavier", "invitation", "refused"}, {"xavier", "deputy", "refused"},
		{"xavier", "request", "refused"}, {"xavier", "representation_letter", "refused"}, {"xavier", "assertion", "assertion-2025"},
		{"sue", "subservice_organization", "sub-1"}, {"sue", "csoc", "csoc-sub-1"}, {"sue", "request", "req-sue"},
		{"sue", "control", "refused"}, {"sue", "person", "refused"}, {"sue", "comment", "refused"},
		{"uma", "control", "refused"}, {"uma", "subservice_organization", "refused"}, {"uma", "request", "refused"},
		{"omar", "request", "req-omar req-sue"},
	} {
		if got := ids(c.actor, c.kind); got != c.want {
			t.Errorf("%s reads %s: %q, expected %q", c.actor, c.kind, got, c.want)
		}
	}
	_, err = s.app.Record(s.ctx, "sue", app.OrganizationLedger, "csoc", "csoc-sub-2", record.AsOf{})
	_, none := s.app.Record(s.ctx, "sue", app.OrganizationLedger, "csoc", "csoc-none", record.AsOf{})
	if err == nil || strings.ReplaceAll(err.Error(), "sub-2", "none") != none.Error() {
		t.Errorf("another's record and none differ: %v, %v", err, none)
	}
	for _, actor := range []string{"xavier", "sue", "uma"} {
		// An assessor's view and log hold the kinds that an assessor reads; the
		// others, who read some records of a kind, have neither.
		v, err := s.app.View(s.ctx, actor, app.OrganizationLedger, record.AsOf{})
		lines, lerr := s.app.Log(s.ctx, actor, app.OrganizationLedger, 0, 0)
		if actor != "xavier" {
			if err == nil || lerr == nil {
				t.Errorf("%s views the ledger, or reads who did what", actor)
			}
		} else {
			s.must(err)
			s.must(lerr)
			if !v.Shows("control") || v.Shows("person") || v.Shows("invitation") {
				t.Error("an assessor's view shows other kinds than an assessor reads")
			}
			for _, l := range lines {
				for _, c := range l.Entry.Changes {
					if !v.Shows(c.Kind) {
						t.Errorf("an assessor is told of %s %s", c.Kind, c.ID)
					}
				}
			}
		}
		names, err := s.app.Names(s.ctx, actor, app.OrganizationLedger)
		if (err == nil) != (actor == "xavier") || err == nil && !slices.ContainsFunc(names, func(n app.PersonName) bool { return n.ID == "dana" && n.Name == "Dana Pell" }) {
			t.Errorf("%s and the names: %v, %v", actor, names, err)
		}
	}
	s.refused(s.app.AnswerRequest(s.ctx, "sue", "req-sue", "Here.", nil), "A guest reads and comments")
}

// TestFirstRun makes a workspace as an adapter does.
func TestFirstRun(t *testing.T) {
	s := begin(t)
	for dir, want := range map[string]bool{s.dir: true, filepath.Join(s.dir, "none", "deeper"): false, t.TempDir(): false} {
		if got, err := app.Exists(dir); err != nil || got != want {
			t.Errorf("%s: a workspace %t, %v", dir, got, err)
		}
	}
	if _, err := app.Exists(filepath.Join(s.dir, "workspace.json")); err == nil {
		t.Error("a file counts as a folder")
	}
	org := soc1.Organization{Name: "Alder", Timezone: "America/Chicago"}
	first := soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator"}}
	_, err := app.Init(s.ctx, s.dir, org, "ann", first, s.options())
	if !errors.Is(err, app.ErrWorkspaceExists) {
		t.Errorf("a second workspace in a folder: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "new")
	for _, c := range []struct {
		id   string
		p    soc1.Person
		want string
	}{
		{"no id", first, "is not an id"},
		{"ann", soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"compliance_manager"}}, "must be an administrator"},
		{"ann", soc1.Person{Name: "Ann", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}}, "grants no role of the audit firm"},
	} {
		_, err := app.Init(s.ctx, empty, org, c.id, c.p, s.options())
		s.refused(err, c.want)
	}
	if there, err := app.Exists(empty); there || err != nil {
		t.Errorf("what was refused left a workspace: %t, %v", there, err)
	}
	a, err := app.Init(s.ctx, empty, org, "ann", first, s.options())
	s.must(err)
	s.must(a.Close())
}
