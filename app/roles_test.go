package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/ascode"
	"reperform/bundle"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// everyRole is a custom role that names all that a role can.
var everyRole = fmt.Sprintf("kind: role\nid: r-all\nname: Everything\npurpose: To try.\nreads_all: true\nkeeps: [%s]\ncomments: true\nasks: true\nanswers: true\nbuilds_draft: true\n---\n",
	strings.Join(soc1.RoleKeeps("").Values(), ", "))

// customRole is a custom role in a file.
func customRole(id, gives string) string {
	return "kind: role\nid: " + id + "\nname: Role " + id + "\npurpose: For the story.\n" + gives + "\n---\n"
}

// customPerson is somebody who holds a custom role alone.
func customPerson(id string, roles ...string) string {
	return fmt.Sprintf("kind: person\nid: %s\neffective: '2024-01-01'\nname: Name of %s\nside: service_organization\ncustom_roles: [%s]\n---\n", id, id, strings.Join(roles, ", "))
}

// policy is a policy in a file.
func policy(id, more string) string {
	return "kind: policy\nid: " + id + "\neffective: '2024-01-01'\ntitle: Policy on " + id + "\nowner: omar\n" + more + "---\n"
}

// staffed is the story with a policy, evidence and two custom roles: ira reads
// controls, evidence and policies with what is said about them, paul keeps
// policies, comments and answers.
func staffed(t *testing.T) *story {
	t.Helper()
	s := begin(t)
	_, err := s.apply("dana", policy("access", "")+
		"kind: evidence\nid: ev-1\neffective: '2025-02-01'\ntitle: Review of the directory\ncontrols: [it-1-1]\n---\n"+
		customRole("audit-reader", "reads: [control, evidence, policy, comment]")+customRole("policy-keeper", "keeps: [policy]\ncomments: true\nanswers: true")+
		customPerson("ira", "audit-reader")+customPerson("paul", "policy-keeper")+person("rita", "", "service_organization", "read_only"))
	s.must(err)
	return s
}

// parsed reads a file, with what is wrong in it.
func (s *story) parsed(yaml string) ([]*ascode.Item, ascode.Problems) {
	return ascode.Parse(record.Kinds, "files.yaml", []byte(yaml))
}

// reads lists the kinds that somebody reads of the organization's ledger.
func (s *story) reads(a *app.App, actor string) []string {
	s.t.Helper()
	r, err := a.Reader(s.ctx, actor, app.OrganizationLedger)
	if err != nil {
		var denied *identity.DeniedError
		if !errors.As(err, &denied) {
			s.t.Fatal(err)
		}
		return nil
	}
	return slices.DeleteFunc(record.Kinds.Names(), func(k string) bool { return !r.Kind(k) })
}

// putPolicy revises the policy as somebody.
func (s *story) putPolicy(a *app.App, actor, title string, controls ...string) error {
	return a.PutRecord(s.ctx, actor, app.RecordChange{Kind: "policy", ID: "access", Revision: -1, Effective: "2025-01-01", Reason: "A try.",
		Value: soc1.Policy{Title: title, Owner: "omar", Controls: controls}})
}

// TestCustomRoleActsAtOnce defines a role, gives it, changes it and retires it:
// each holds at the next command and reading, in another process, too.
func TestCustomRoleActsAtOnce(t *testing.T) {
	s := staffed(t)
	other := s.reopen()
	both := func(actor string, want ...string) {
		t.Helper()
		for _, a := range []*app.App{s.app, other} {
			if got := s.reads(a, actor); !slices.Equal(got, want) {
				t.Errorf("%s reads %v, expected %v", actor, got, want)
			}
		}
	}
	both("ira", "control", "evidence", "policy")
	both("paul", "policy")
	for _, a := range []*app.App{s.app, other} {
		s.must(s.putPolicy(a, "paul", "Access, as paul has it"))
		s.refused(s.putPolicy(a, "ira", "Access, as ira has it"), "you may not change this policy")
		s.refused(s.revise(a, "paul", "it-1-1"), "you may not")
	}
	v, err := s.app.View(s.ctx, "ira", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	for kind, want := range map[string]int{"control": 3, "policy": 1, "risk": 0, "person": 0, "role": 0} {
		if l, err := v.List(s.ctx, kind); err != nil || len(l) != want {
			t.Errorf("ira sees %d of kind %s, expected %d: %v", len(l), kind, want, err)
		}
	}

	// The role changes: risks are opened, evidence is closed, policies are kept.
	_, err = s.apply("dana", customRole("audit-reader", "reads: [control, risk]\nkeeps: [policy]"))
	s.must(err)
	both("ira", "control", "policy", "risk")
	s.must(s.putPolicy(other, "ira", "Access, as ira has it"))
	if _, err := s.app.Record(s.ctx, "ira", app.OrganizationLedger, "evidence", "ev-1", record.AsOf{}); err == nil {
		t.Error("evidence that the role no longer names is read")
	}
	// What is known earlier is shown by the role as it is now.
	past, err := s.app.View(s.ctx, "ira", app.OrganizationLedger, record.AsOf{Known: 2})
	s.must(err)
	if l, err := past.List(s.ctx, "risk"); err != nil || len(l) == 0 {
		t.Errorf("the past shows %d risks: %v", len(l), err)
	}

	// It is retired: nothing is left of it, and its holder is nobody here.
	_, err = s.apply("dana", "kind: role\nid: audit-reader\nretired: true\n")
	s.must(err)
	both("ira")
	s.refused(s.putPolicy(other, "ira", "Access"), "You hold no role in this ledger")
	s.refused(func() error { _, err := s.app.Names(s.ctx, "ira", app.OrganizationLedger); return err }(), "you may not")
	both("paul", "policy")
	if held, err := s.app.OwnRoles(s.ctx, "ira"); err != nil || len(held) != 0 {
		t.Errorf("ira still holds %v: %v", held, err)
	}

	// Taken from the person, it ends as well.
	_, err = s.apply("dana", person("paul", "", "service_organization", ""))
	s.must(err)
	both("paul")
}

// TestCustomRoleIsGuarded changes a role while its holder writes: what is decided
// rests on the role as it stands when it is recorded.
func TestCustomRoleIsGuarded(t *testing.T) {
	s := staffed(t)
	other := s.reopen()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := other.Apply(s.ctx, "dana", s.items(customRole("policy-keeper", "reads: [policy]")), app.ApplyOptions{Reason: "Keeps no more."})
		s.must(err)
	})
	for i := range 20 {
		_ = s.putPolicy(s.app, "paul", fmt.Sprintf("Access %d", i))
	}
	wg.Wait()
	lines, err := s.app.Log(s.ctx, "rita", app.OrganizationLedger, 0, 0)
	s.must(err)
	changed := int64(-1)
	for _, l := range lines {
		for _, c := range l.Entry.Changes {
			if c.Kind == "role" && c.ID == "policy-keeper" && c.Revision == 2 {
				changed = l.Pos
			}
			if c.Kind == "policy" && l.Entry.Actor == "paul" && changed >= 0 {
				t.Errorf("entry %d is paul's, and entry %d took it from the role", l.Pos, changed)
			}
		}
	}
	s.refused(s.putPolicy(s.app, "paul", "Access at last"), "you may not change this policy")
}

// TestWhoMakesCustomRoles: an administrator, and nobody else; the ledger keeps who
// and why, also of administrators who help themselves.
func TestWhoMakesCustomRoles(t *testing.T) {
	s := staffed(t)
	_, err := s.apply("dana", person("amy", "", "service_organization", "administrator")+person("cora", "", "service_organization", "compliance_manager"))
	s.must(err)
	for _, actor := range []string{"cora", "omar", "olive", "rita", "ira", "paul"} {
		_, err := s.apply(actor, customRole("mine", "reads_all: true"))
		s.refused(err, "you may not")
		_, err = s.apply(actor, "kind: role\nid: audit-reader\nretired: true\n")
		s.refused(err, "you may not")
		s.refused(s.app.PutPerson(s.ctx, actor, app.RecordChange{ID: actor, Revision: -1, Value: soc1.Person{Name: "Me", Side: soc1.SideServiceOrganization, CustomRoles: []string{"audit-reader"}}}), "you may not")
	}
	// An administrator keeps no register, makes a role that keeps one, takes it:
	// three entries say so, with the reasons.
	s.refused(s.putPolicy(s.app, "amy", "Access, as amy has it"), "you may not change")
	s.must(s.app.PutRecord(s.ctx, "amy", app.RecordChange{Kind: "role", ID: "mine", Value: soc1.CustomRole{Name: "Mine", Purpose: "Because I can.", Keeps: []soc1.RoleKeeps{"policy"}}, Reason: "Wanted it."}))
	s.must(s.app.PutPerson(s.ctx, "amy", app.RecordChange{ID: "amy", Revision: -1, Value: soc1.Person{Name: "Amy", Side: soc1.SideServiceOrganization,
		Roles: []soc1.Role{soc1.Administrator}, CustomRoles: []string{"mine"}}, Reason: "Took it."}))
	s.must(s.putPolicy(s.app, "amy", "Access, as amy has it"))
	h, err := s.app.History(s.ctx, "rita", app.OrganizationLedger, "role", "mine")
	s.must(err)
	if len(h) != 1 || h[0].Actor != "amy" || h[0].Reason != "Wanted it." {
		t.Errorf("the history of the role: %+v", h)
	}
	h, err = s.app.History(s.ctx, "rita", app.OrganizationLedger, "person", "amy")
	s.must(err)
	if last := h[len(h)-1]; last.Actor != "amy" || last.Reason != "Took it." || !strings.Contains(string(last.Body), `"custom_roles":["mine"]`) {
		t.Errorf("the history of the person: %+v", last)
	}
	// The latest revision of a role is what its holders stand on.
	h, err = s.app.History(s.ctx, "rita", app.OrganizationLedger, "role", "mine")
	s.must(err)
	s.refused(s.app.RedactDocument(s.ctx, "amy", app.OrganizationLedger, h[0].Pos, h[0].Slot, "Away with it."), "latest revision of role mine")
}

// TestCustomRolesStayWithManagement tries to record them elsewhere.
func TestCustomRolesStayWithManagement(t *testing.T) {
	s := staffed(t)
	_, err := s.app.OpenExamination(s.ctx, engagement, "", "new", soc1.Person{Name: "New", Side: soc1.SideAuditFirm, Roles: []soc1.Role{soc1.EngagementPartner}, CustomRoles: []string{"audit-reader"}})
	s.refused(err, "ustom role")
	s.open()
	custom := "custom_roles: [audit-reader]\n---"
	for _, c := range []struct{ actor, yaml, want string }{
		{"dana", strings.Replace(person("rob", "", "audit_firm", "read_only"), "---", custom, 1), "Custom roles are for people of the service organization"},
		{"dana", strings.Replace(person("xavier", "", "guest", "external_assessor"), "---", custom, 1), "Custom roles are for people of the service organization"},
		{"dana", customPerson("eve", "no-such-role"), `There is no role "no-such-role"`},
		{"helen", strings.Replace(person("mei", exam, "audit_firm", "firm_staff"), "---", custom, 1), "Custom roles are for people of the service organization"},
		{"helen", "ledger: " + exam + "\n" + customRole("theirs", "reads_all: true"), "live in the organization's ledger"},
	} {
		items, problems := s.parsed(c.yaml)
		if len(problems) > 0 {
			s.refused(errors.New(problems[0].Message+" "+problems[0].Remedy), c.want)
			continue
		}
		_, err := s.app.Apply(s.ctx, c.actor, items, app.ApplyOptions{Reason: "A try."})
		s.refused(err, c.want)
	}
	// The command for people checks what a file's reader checks.
	firm := soc1.Person{Name: "Rob", Side: soc1.SideAuditFirm, Roles: []soc1.Role{soc1.ReadOnly}, CustomRoles: []string{"audit-reader"}}
	s.refused(s.app.PutPerson(s.ctx, "dana", app.RecordChange{ID: "rob", Value: firm}), "custom roles are for people of the service organization")
	firm.Roles = []soc1.Role{soc1.FirmStaff}
	s.refused(s.app.PutPerson(s.ctx, "helen", app.RecordChange{Ledger: exam, ID: "mei", Value: firm}), "counts in its own ledger alone")
	_, err = s.app.Invite(s.ctx, "helen", app.Inviting{Ledger: exam, Person: "mei", As: firm})
	s.refused(err, "counts in its own ledger alone")
	_, err = s.app.Invite(s.ctx, "dana", app.Inviting{Person: "gus", As: soc1.Person{Name: "Gus", Email: "gus@example.com", Side: soc1.SideGuest, Roles: []soc1.Role{soc1.ExternalAssessor}, CustomRoles: []string{"audit-reader"}}})
	s.refused(err, "custom roles are for people of the service organization")
}

// TestInvitedWithCustomRoles invites somebody to a custom role alone.
func TestInvitedWithCustomRoles(t *testing.T) {
	s := staffed(t)
	as := soc1.Person{Name: "Ivy", Email: "ivy@example.com", Side: soc1.SideServiceOrganization, CustomRoles: []string{"audit-reader"}}
	for _, bad := range []string{"nothing", ""} {
		x := as
		if x.CustomRoles = nil; bad != "" {
			x.CustomRoles = []string{bad}
		}
		_, err := s.app.Invite(s.ctx, "dana", app.Inviting{Person: "ivy", As: x})
		s.refused(err, "role")
	}
	_, err := s.app.Invite(s.ctx, "paul", app.Inviting{Person: "ivy", As: as})
	s.refused(err, "you may not invite people")
	id, err := s.app.Invite(s.ctx, "dana", app.Inviting{Person: "ivy", As: as})
	s.must(err)
	s.must(s.app.AcceptInvitations(s.ctx, "ivy"))
	v, err := s.app.View(s.ctx, "rita", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	inv, err := record.One[soc1.Invitation](s.ctx, v, "invitation", id)
	s.must(err)
	if inv.Value.Status != soc1.InvitationAccepted || !slices.Equal(inv.Value.CustomRoles, as.CustomRoles) || len(inv.Value.Roles) != 0 {
		t.Errorf("the invitation: %+v", inv.Value)
	}
	if got := s.reads(s.app, "ivy"); !slices.Equal(got, []string{"control", "evidence", "policy"}) {
		t.Errorf("ivy reads %v", got)
	}
	if held, err := s.app.OwnRoles(s.ctx, "ivy"); err != nil || len(held) != 1 || held[0].Role.Name != "Role audit-reader" {
		t.Errorf("ivy holds %v: %v", held, err)
	}
}

// TestCustomRoleTellsNothingElse makes every call of every method as somebody who
// reads one register, and as somebody who keeps one: nothing that stands in other
// registers alone is told, and nothing is recorded but what the role keeps.
func TestCustomRoleTellsNothingElse(t *testing.T) {
	s := staffed(t)
	_, err := s.apply("dana", risk("r-hidden", "")+customRole("one", "reads: [policy]")+customPerson("una", "one"))
	s.must(err)
	_, _, err = s.app.Comment(s.ctx, "dana", app.Commenting{ID: "c-control", Subject: soc1.Ref{Kind: "control", ID: "it-1-1"}, Text: "Said of the control in confidence.", Mentions: []string{"omar"}})
	s.must(err)
	_, err = s.app.Request(s.ctx, "dana", app.Asking{ID: "req-1", Title: "Asked of omar alone", To: "omar", Subject: soc1.Ref{Kind: "control", ID: "it-1-1"}})
	s.must(err)
	secrets := s.foreignTo("policy")
	if len(secrets) < 20 || !slices.Contains(secrets, "Said of the control in confidence.") {
		t.Fatalf("only %d texts to look for", len(secrets))
	}
	for name, cs := range calls() {
		for i, c := range cs {
			if c.slow {
				continue
			}
			for _, actor := range []string{"una", "paul"} {
				at := fmt.Sprintf("%s (call %d) by %s", name, i+1, actor)
				before := s.size("dana", app.OrganizationLedger)
				got, gotErr := c.do(s, actor, place{app.OrganizationLedger, engagement})
				if s.size("dana", app.OrganizationLedger) != before {
					t.Errorf("%s was recorded", at)
				}
				text := s.text(got, gotErr)
				for _, secret := range secrets {
					if strings.Contains(text, secret) {
						t.Errorf("%s tells %q: %.300s", at, secret, text)
					}
				}
			}
		}
	}
}

// foreignTo are the texts of the organization's records that no record of the
// kinds holds. Names and positions of people are known to everybody who works with
// records, and what an entry's header says is part of what may be seen of it.
func (s *story) foreignTo(kinds ...string) []string {
	s.t.Helper()
	v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	open, out := "", []string{}
	var gather func(x any)
	gather = func(x any) {
		switch y := x.(type) {
		case map[string]any:
			for _, z := range y {
				gather(z)
			}
		case []any:
			for _, z := range y {
				gather(z)
			}
		case string:
			if len(y) > 12 && strings.Contains(y, " ") && !slices.Contains(out, y) {
				out = append(out, y)
			}
		}
	}
	for _, kind := range record.Kinds.Names() {
		rs, err := v.List(s.ctx, kind)
		s.must(err)
		for _, r := range rs {
			if slices.Contains(kinds, kind) || kind == "person" || kind == "role" {
				open += string(r.Body)
				continue
			}
			var body any
			s.must(json.Unmarshal(r.Body, &body))
			gather(body)
		}
	}
	return slices.DeleteFunc(out, func(x string) bool { return strings.Contains(open, x) })
}

// TestCustomKeeperRefersToWhatItReads: naming a record is no way of asking
// whether there is one.
func TestCustomKeeperRefersToWhatItReads(t *testing.T) {
	s := staffed(t)
	there, absent := s.putPolicy(s.app, "paul", "Access", "it-1-1"), s.putPolicy(s.app, "paul", "Access", "it-9-9")
	s.refused(there, `There is no control "it-1-1" that you can read`)
	if strings.ReplaceAll(there.Error(), "it-1-1", "it-9-9") != absent.Error() {
		t.Errorf("a control that is there is told from one that is not:\n%v\n%v", there, absent)
	}
	// What stands in the record already may stay.
	s.must(s.putPolicy(s.app, "dana", "Access", "it-1-1"))
	s.must(s.putPolicy(s.app, "paul", "Access, revised", "it-1-1"))
	s.refused(s.putPolicy(s.app, "paul", "Access, revised", "it-1-1", "pay-1-1"), "pay-1-1")
	_, err := s.apply("dana", customRole("policy-keeper", "reads: [control]\nkeeps: [policy]"))
	s.must(err)
	s.must(s.putPolicy(s.app, "paul", "Access, revised", "it-1-1", "pay-1-1"))
	// Files and many changes at once follow the same rule, of two registers, too.
	_, err = s.apply("dana", customRole("policy-keeper", "keeps: [policy, vendor]"))
	s.must(err)
	_, err = s.apply("paul", policy("leave", "")+"kind: vendor\nid: v-1\nname: Couriers\n---\n")
	s.must(err)
	_, err = s.apply("paul", policy("leave", "controls: [it-1-1]\n"))
	s.refused(err, "that you can read")
}

// TestCustomRoleTalk comments, asks and answers by custom roles.
func TestCustomRoleTalk(t *testing.T) {
	s := staffed(t)
	on := func(kind, id string) soc1.Ref { return soc1.Ref{Kind: kind, ID: id} }
	for id, about := range map[string]soc1.Ref{"c-policy": on("policy", "access"), "c-control": on("control", "it-1-1"), "c-person": on("person", "ira"), "c-risk": on("risk", "it-1-r1")} {
		_, _, err := s.app.Comment(s.ctx, "dana", app.Commenting{ID: id, Subject: about, Text: "About " + about.String()})
		s.must(err)
	}
	ids := func(lines []app.CommentLine, err error) string {
		if err != nil {
			return "refused"
		}
		var out []string
		for _, l := range lines {
			out = append(out, l.ID)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		actor, kind, id, want string
	}{
		{"ira", "policy", "access", "c-policy"}, {"ira", "control", "it-1-1", "c-control"}, {"ira", "risk", "it-1-r1", "refused"}, {"ira", "person", "ira", "refused"},
		{"paul", "policy", "access", "c-policy"}, {"paul", "control", "it-1-1", "refused"},
	} {
		if got := ids(s.app.Comments(s.ctx, c.actor, on(c.kind, c.id))); got != c.want {
			t.Errorf("%s reads %q on %s %s, expected %q", c.actor, got, c.kind, c.id, c.want)
		}
	}
	counts, err := s.app.CommentCounts(s.ctx, "ira", []soc1.Ref{on("policy", "access"), on("risk", "it-1-r1"), on("person", "ira"), on("control", "it-1-1")})
	s.must(err)
	if len(counts) != 2 || counts[on("policy", "access")] != 1 || counts[on("control", "it-1-1")] != 1 {
		t.Errorf("ira counts %v", counts)
	}
	// No register of comments is opened by it, nor found by searching.
	if got := s.reads(s.app, "ira"); slices.Contains(got, "comment") {
		t.Errorf("ira reads %v", got)
	}
	found, err := s.app.Search(s.ctx, "ira", "About", 0)
	s.must(err)
	if len(found) != 0 {
		t.Errorf("a search finds %v", found)
	}

	// Who comments does so on what they read; who may not read is not mentioned.
	_, _, err = s.app.Comment(s.ctx, "ira", app.Commenting{Subject: on("policy", "access"), Text: "Seen."})
	s.refused(err, "you may not write this comment")
	_, _, err = s.app.Comment(s.ctx, "paul", app.Commenting{Subject: on("control", "it-1-1"), Text: "Seen."})
	s.refused(err, "you may not read")
	_, id, err := s.app.Comment(s.ctx, "paul", app.Commenting{Subject: on("policy", "access"), Text: "Please look, ira.", Mentions: []string{"ira"}})
	s.must(err)
	s.must(s.app.ResolveComment(s.ctx, "paul", app.OrganizationLedger, id, true))
	s.must(s.app.ResolveComment(s.ctx, "paul", app.OrganizationLedger, id, false))
	s.refused(s.app.ResolveComment(s.ctx, "paul", app.OrganizationLedger, "c-policy", true), "you may not")
	_, _, err = s.app.Comment(s.ctx, "dana", app.Commenting{Subject: on("control", "it-1-1"), Text: "Paul?", Mentions: []string{"paul"}})
	s.refused(err, `no "paul" who may read`)
	names, err := s.app.Mentionable(s.ctx, "dana", "", on("control", "it-1-1"))
	s.must(err)
	if !slices.ContainsFunc(names, func(p app.PersonName) bool { return p.ID == "ira" }) || slices.ContainsFunc(names, func(p app.PersonName) bool { return p.ID == "paul" }) {
		t.Errorf("who can be mentioned on a control: %v", names)
	}
	if got := ids(s.app.MentionsOf(s.ctx, "ira")); got != id {
		t.Errorf("ira is called by %q", got)
	}
	// The role ends, and so does the call.
	_, err = s.apply("dana", customRole("audit-reader", "reads: [control, comment]"))
	s.must(err)
	if got := ids(s.app.MentionsOf(s.ctx, "ira")); got != "" {
		t.Errorf("ira is still called by %q", got)
	}

	// Asking and answering.
	_, err = s.app.Request(s.ctx, "dana", app.Asking{ID: "req-1", Title: "Revise it", To: "paul", Subject: on("policy", "access")})
	s.must(err)
	_, err = s.app.Request(s.ctx, "dana", app.Asking{Title: "Revise it", To: "paul", Subject: on("control", "it-1-1")})
	s.refused(err, "may not read this record")
	_, err = s.app.Request(s.ctx, "dana", app.Asking{Title: "Look at it", To: "ira"})
	s.refused(err, "holds no role that reads a request")
	_, err = s.app.Request(s.ctx, "paul", app.Asking{Title: "More", To: "dana"})
	s.refused(err, "you may not make")
	list, err := s.app.Requests(s.ctx, "paul", on("policy", "access"))
	s.must(err)
	if len(list.Lines) != 1 || !list.Lines[0].MayAnswer || list.Lines[0].MayClose || list.MayAsk {
		t.Errorf("paul is asked %+v", list)
	}
	s.refused(s.app.AnswerRequest(s.ctx, "paul", "req-1", "Done.", []string{"ev-1"}), "does not exist")
	s.must(s.app.AnswerRequest(s.ctx, "paul", "req-1", "Done.", nil))
	waiting, err := s.app.Waiting(s.ctx, "dana")
	s.must(err)
	if !slices.ContainsFunc(waiting, func(w app.WaitingItem) bool { return w.For == app.WaitsClosing && w.Ref.ID == "req-1" }) {
		t.Errorf("nothing waits for dana: %+v", waiting)
	}
	_, err = s.apply("dana", customRole("asker", "reads: [policy]\nasks: true")+customPerson("asa", "asker"))
	s.must(err)
	_, err = s.app.Request(s.ctx, "asa", app.Asking{Title: "Show it", To: "omar", Subject: on("control", "it-1-1")})
	s.refused(err, "subject")
	_, err = s.app.Request(s.ctx, "asa", app.Asking{Title: "Show it", To: "omar", Controls: []string{"it-1-1"}})
	s.refused(err, "controls", "does not exist")
	_, err = s.app.Request(s.ctx, "asa", app.Asking{Title: "Show it", To: "omar", Subject: on("policy", "access")})
	s.must(err)
	s.must(s.app.CloseRequest(s.ctx, "asa", "req-1", soc1.RequestAccepted, ""))
}

// TestCustomRoleWatches: what is passed on of what happens is what the role reads,
// with comments where they are about that and requests where they are one's own.
func TestCustomRoleWatches(t *testing.T) {
	s := staffed(t)
	w := s.app.Watch(s.ctx, nil)
	heard := func(actor string, h *app.Happening) string {
		r, err := s.app.Reader(s.ctx, actor, app.OrganizationLedger)
		if err != nil {
			return "refused"
		}
		var out []string
		for _, c := range h.Changes {
			if r.Tells(c) {
				out = append(out, c.Kind+"/"+c.ID)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		do         func() error
		ira, paul  string
		rita, name string
	}{
		{func() error { return s.putPolicy(s.app, "dana", "Access") }, "policy/access", "policy/access", "policy/access", "a policy"},
		{func() error { return s.revise(s.app, "dana", "it-1-1") }, "control/it-1-1", "", "control/it-1-1", "a control"},
		{func() error {
			_, _, err := s.app.Comment(s.ctx, "dana", app.Commenting{ID: "c-1", Subject: soc1.Ref{Kind: "control", ID: "it-1-1"}, Text: "x"})
			return err
		}, "comment/c-1", "", "comment/c-1", "a comment on a control"},
		{func() error {
			_, _, err := s.app.Comment(s.ctx, "dana", app.Commenting{ID: "c-2", Subject: soc1.Ref{Kind: "risk", ID: "it-1-r1"}, Text: "x"})
			return err
		}, "", "", "comment/c-2", "a comment on a risk"},
		{func() error {
			_, err := s.app.Request(s.ctx, "dana", app.Asking{ID: "req-1", Title: "Revise", To: "paul"})
			return err
		}, "", "request/req-1", "request/req-1", "a request"},
		{func() error { _, err := s.apply("dana", customRole("audit-reader", "reads: [risk]")); return err }, "", "", "role/audit-reader", "the role itself"},
		{func() error { return s.putPolicy(s.app, "dana", "Access again") }, "", "policy/access", "policy/access", "a policy after the role changed"},
	} {
		s.must(c.do())
		h, err := w.Next()
		s.must(err)
		for actor, want := range map[string]string{"ira": c.ira, "paul": c.paul, "rita": c.rita} {
			if got := heard(actor, h); got != want {
				t.Errorf("%s: %s hears %q, expected %q", c.name, actor, got, want)
			}
		}
	}
	// Who hears different things has another label.
	labels := map[string]string{}
	for _, actor := range []string{"ira", "paul", "rita"} {
		r, err := s.app.Reader(s.ctx, actor, app.OrganizationLedger)
		s.must(err)
		if other, twice := labels[r.Label()]; twice {
			t.Errorf("%s and %s share the label %q", actor, other, r.Label())
		}
		labels[r.Label()] = actor
	}
}

// TestCustomRoleAsDeputy: who holds a custom role alone stands in for a control
// owner for some days, and reads as one no longer than that.
func TestCustomRoleAsDeputy(t *testing.T) {
	s := staffed(t)
	_, err := s.apply("omar", deputyOf("d-1", "omar", "paul", "scope: [control_owner]"))
	s.must(err)
	s.must(s.revise(s.app, "paul", "it-1-1"))
	if r, err := s.app.Reader(s.ctx, "paul", app.OrganizationLedger); err != nil || !r.Whole() {
		t.Errorf("the deputy of a control owner reads a part alone: %v", err)
	}
	after := s.later("2026-03-01")
	s.refused(s.revise(after, "paul", "it-1-1"), "you may not")
	if got := s.reads(after, "paul"); !slices.Equal(got, []string{"policy"}) {
		t.Errorf("after the last day paul reads %v", got)
	}
}

// TestCustomRoleBuildsDraft: a role that reads all registers may build management's
// draft and nothing that leaves the house.
func TestCustomRoleBuildsDraft(t *testing.T) {
	s := staffed(t)
	s.open()
	_, err := s.apply("dana", customRole("drafter", "reads_all: true\nbuilds_draft: true")+customRole("second-line", "reads_all: true")+
		customPerson("drew", "drafter")+customPerson("lena", "second-line"))
	s.must(err)
	m, err := s.app.ReportModel(s.ctx, "drew", engagement)
	s.must(err)
	if len(m.Sections) == 0 {
		t.Error("the draft is empty")
	}
	_, err = s.app.ReportModel(s.ctx, "lena", engagement)
	s.refused(err, "you may not build the report")
	for _, audience := range []bundle.Audience{bundle.ForReport, bundle.ForFile} {
		_, err := s.app.ExportBundle(s.ctx, "drew", engagement, audience, false, filepath.Join(t.TempDir(), "b"))
		s.refused(err, "you may not bundle")
	}
	s.refused(s.app.Sign(s.ctx, "drew", app.Signature{Kind: "assertion", ID: "assertion-2025"}), "you may not sign")
	_, err = s.app.VerifyLedgers(s.ctx, "drew", app.OrganizationLedger, nil, false)
	s.refused(err, "you may not verify")
}

// TestCustomRolesOfTwoWorkspaces: a role means what its own workspace says, and
// holding one elsewhere means nothing.
func TestCustomRolesOfTwoWorkspaces(t *testing.T) {
	here, there := staffed(t), begin(t)
	_, err := there.apply("dana", customRole("audit-reader", "reads: [risk]")+customPerson("ira", "audit-reader"))
	there.must(err)
	if got := here.reads(here.app, "ira"); !slices.Equal(got, []string{"control", "evidence", "policy"}) {
		t.Errorf("here ira reads %v", got)
	}
	if got := there.reads(there.app, "ira"); !slices.Equal(got, []string{"risk"}) {
		t.Errorf("there ira reads %v", got)
	}
	if _, err := there.app.Reader(there.ctx, "paul", app.OrganizationLedger); err == nil {
		t.Error("paul, who keeps policies here, reads something there")
	}
}
