package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

// alder makes a small workspace in a folder.
func (s *story) alder(dir string) error {
	a, err := app.Init(s.ctx, dir, soc1.Organization{Name: "Alder", Timezone: "America/Chicago"}, "ann",
		soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator"}}, s.options())
	if err != nil {
		return err
	}
	return a.Close()
}

// whole fails unless a folder holds a workspace that opens.
func (s *story) whole(dir, what string) {
	s.t.Helper()
	there, err := app.Exists(dir)
	s.must(err)
	if !there {
		s.t.Fatalf("%s: there is no workspace", what)
	}
	a, err := app.Open(s.ctx, dir, s.options())
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
	if a.DefaultActor() != "ann" {
		s.t.Errorf("%s: it is another's", what)
	}
	s.must(a.Close())
	if _, err := os.Stat(filepath.Join(dir, "established")); err == nil {
		s.t.Errorf("%s: what was moved is still there", what)
	}
}

// TestEstablish makes a workspace in several steps and lets it fail, or end, at
// each of them.
func TestEstablish(t *testing.T) {
	s := &story{t: t, ctx: context.Background()}
	dir := filepath.Join(t.TempDir(), "deeper", "w")
	broken := errors.New("the disk is full")
	// What fails leaves nothing.
	err := app.Establish(s.ctx, dir, func(tmp string) error {
		if err := s.alder(tmp); err != nil {
			return err
		}
		return broken
	})
	if there, _ := app.Exists(dir); there || !errors.Is(err, broken) {
		t.Fatalf("a workspace %t, %v", there, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// Somebody who was killed left a folder behind; it is in nobody's way.
	s.must(os.MkdirAll(filepath.Join(dir, "establishing-123", "keys"), 0o700))
	s.must(app.Establish(s.ctx, dir, s.alder))
	s.whole(dir, "established")
	if left, _ := filepath.Glob(filepath.Join(dir, "establish*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := app.Establish(s.ctx, dir, func(string) error { t.Error("built again"); return nil }); !errors.Is(err, app.ErrWorkspaceExists) {
		t.Errorf("established twice: %v", err)
	}

	// Killed while it is moved to its place, after each of the parts.
	parts := []string{"keys", "blobs", "tmp", "ledger.db", "ledger.db-wal", "ledger.db-shm", "workspace.json"}
	for n := range parts {
		dir := t.TempDir()
		from := filepath.Join(dir, "established")
		s.must(os.Mkdir(from, 0o700))
		s.must(s.alder(from))
		for _, name := range parts[:n] {
			if err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
		s.whole(dir, "killed before "+parts[n]+" was moved")
	}

	// Of two at a time one wins, and what it made stays.
	dir = filepath.Join(t.TempDir(), "w")
	other := app.Establish(s.ctx, dir, func(tmp string) error {
		s.must(app.Establish(s.ctx, dir, s.alder))
		return s.alder(tmp)
	})
	if !errors.Is(other, app.ErrWorkspaceExists) {
		t.Errorf("the second of two: %v", other)
	}
	s.whole(dir, "two at a time")

	// What looks like part of a backup is written over by nobody.
	dir = t.TempDir()
	s.must(os.WriteFile(filepath.Join(dir, "ledger.db"), []byte("old"), 0o600))
	if err := app.Establish(s.ctx, dir, s.alder); err == nil || !strings.Contains(err.Error(), "holds ledger.db") {
		t.Errorf("a folder with a ledger: %v", err)
	}
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	dir = filepath.Join(t.TempDir(), "w")
	if err := app.Establish(ended, dir, s.alder); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// TestLastAdministrator keeps the organization from being without one.
func TestLastAdministrator(t *testing.T) {
	s := begin(t)
	dana := func(roles ...soc1.Role) app.RecordChange {
		return app.RecordChange{ID: "dana", Revision: -1, Value: soc1.Person{Name: "Dana Pell", Side: soc1.SideServiceOrganization, Roles: roles}, Reason: "Steps down."}
	}
	s.refused(s.app.PutPerson(s.ctx, "dana", dana("compliance_manager")), "last administrator")
	s.refused(s.app.PutPerson(s.ctx, "dana", app.RecordChange{ID: "dana", Revision: -1, Retired: true, Reason: "Leaves."}), "last administrator")
	_, err := s.apply("dana", person("dana", "", "service_organization", "compliance_manager"))
	s.refused(err, "last administrator")
	s.must(s.app.PutPerson(s.ctx, "dana", dana("administrator")))
	s.must(s.app.PutPerson(s.ctx, "dana", app.RecordChange{ID: "nils", Value: soc1.Person{Name: "Nils", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator"}}, Reason: "Joins."}))
	s.must(s.app.PutPerson(s.ctx, "dana", dana("compliance_manager")))
}

// TestPeopleRights asks what is offered on the page of people.
func TestPeopleRights(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("carla", exam, "audit_firm", "firm_manager")+person("fay", exam, "audit_firm", "firm_administrator")+person("mei", exam, "audit_firm", "firm_staff"))
	s.must(err)
	for _, c := range []struct {
		actor, ledger string
		want          app.PeopleRights
	}{
		{"dana", app.OrganizationLedger, app.PeopleRights{Read: true, Change: true, Invite: true}},
		{"omar", app.OrganizationLedger, app.PeopleRights{Read: true}},
		{"mei", app.OrganizationLedger, app.PeopleRights{Read: true}},
		{"fay", app.OrganizationLedger, app.PeopleRights{}},
		{"fay", exam, app.PeopleRights{Read: true, Change: true, Invite: true}},
		{"carla", exam, app.PeopleRights{Read: true, Invite: true}},
		{"mei", exam, app.PeopleRights{Read: true}},
		{"dana", exam, app.PeopleRights{}},
		{"dana", "exam-none", app.PeopleRights{}},
	} {
		got, err := s.app.PeopleRights(s.ctx, c.actor, c.ledger)
		if err != nil || got != c.want {
			t.Errorf("%s in %s: %+v, %v", c.actor, c.ledger, got, err)
		}
	}
	if got := strings.Join(s.app.PeopleLedgers(s.ctx, "fay"), " "); got != exam {
		t.Errorf("fay reads people in %q", got)
	}
}

// TestStandingFirst lets neither side shut the other's people out by a record.
func TestStandingFirst(t *testing.T) {
	s := begin(t)
	s.open()
	s.must(s.app.PutPerson(s.ctx, "dana", app.RecordChange{ID: "helen", Value: soc1.Person{Name: "H", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"read_only"}}, Reason: "x"}))
	sides, roles, err := s.app.Standing(s.ctx, "helen")
	if err != nil || len(sides) != 1 || sides[0] != soc1.SideAuditFirm || len(roles) == 0 || roles[0] == "read_only" {
		t.Errorf("helen stands on %v as %v, %v", sides, roles, err)
	}
	sides, _, err = s.app.Standing(s.ctx, "omar")
	if err != nil || len(sides) != 1 || sides[0] != soc1.SideServiceOrganization {
		t.Errorf("omar stands on %v, %v", sides, err)
	}
}

// TestAcceptInvitations records that somebody came, once.
func TestAcceptInvitations(t *testing.T) {
	s := begin(t)
	id, err := s.app.Invite(s.ctx, "dana", app.Inviting{Person: "ivy", As: soc1.Person{Name: "Ivy", Email: "ivy@example.com", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"read_only"}}})
	s.must(err)
	before := s.size("dana", app.OrganizationLedger)
	s.must(s.app.AcceptInvitations(s.ctx, "omar"))
	if s.size("dana", app.OrganizationLedger) != before {
		t.Error("somebody else accepted")
	}
	s.must(s.app.AcceptInvitations(s.ctx, "ivy"))
	s.must(s.app.AcceptInvitations(s.ctx, "ivy"))
	h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "invitation", id)
	s.must(err)
	if len(h) != 2 || h[1].Actor != "ivy" || h[1].Action != "invitation.accept" {
		t.Errorf("recorded %+v", h)
	}
}
