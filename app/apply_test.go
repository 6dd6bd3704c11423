package app_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/ascode"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// changes counts what a plan does.
func changes(p *app.Plan) [4]int {
	return [4]int{p.Count(app.Create), p.Count(app.Change), p.Count(app.Retire), p.Count(app.Unchanged)}
}

// TestApplyAllOrNothing has one wrong item among right ones, in one ledger and
// in two.
func TestApplyAllOrNothing(t *testing.T) {
	s := begin(t)
	s.open()
	for name, yaml := range map[string]string{
		"a reference to nothing":        risk("r-1", "") + strings.Replace(risk("r-2", ""), "it-1", "it-99", 1),
		"wrong in the other ledger":     risk("r-1", "") + attribute(exam, "t-none"),
		"a decision":                    risk("r-1", "") + "kind: population\nid: p\ntitle: P\nby: management\npurpose: auditor_population\nquery: Q\n---\n",
		"the wrong home":                risk("r-1", "") + strings.Replace(risk("r-2", ""), "id:", "ledger: "+exam+"\nid:", 1),
		"retired though never there":    risk("r-1", "") + "kind: risk\nid: r-2\nretired: true\n",
		"no right to write in that one": risk("r-1", "") + "kind: evidence\nid: ev-1\nledger: " + exam + "\ntitle: T\n",
	} {
		t.Run(name, func(t *testing.T) {
			before, examBefore := s.size("dana", app.OrganizationLedger), s.size("helen", exam)
			items, problems := ascode.Parse(record.Kinds, "files.yaml", []byte(yaml))
			if len(problems) > 0 {
				t.Fatalf("refused by reading already, so that applying is not tested: %v", problems)
			}
			if _, err := s.app.Apply(s.ctx, "dana", items, app.ApplyOptions{}); err == nil {
				t.Fatal("it was applied")
			}
			if s.size("dana", app.OrganizationLedger) != before || s.size("helen", exam) != examBefore {
				t.Error("something was recorded")
			}
		})
	}
}

// TestApplyOverTime goes through the versions of a record.
func TestApplyOverTime(t *testing.T) {
	s := begin(t)
	r := func(from, text string) string {
		return strings.Replace(strings.Replace(risk("r-1", ""), "2024-01-01", from, 1), "Something goes wrong.", text, 1)
	}
	step := func(want [4]int, yaml string) {
		t.Helper()
		dry, err := s.app.Apply(s.ctx, "dana", s.items(yaml), app.ApplyOptions{DryRun: true})
		s.must(err)
		before := s.size("dana", app.OrganizationLedger)
		wet, err := s.apply("dana", yaml)
		s.must(err)
		if changes(dry) != want || changes(wet) != want {
			t.Errorf("create, change, retire, unchanged: planned %v, done %v, expected %v\n%s", changes(dry), changes(wet), want, yaml)
		}
		grown := s.size("dana", app.OrganizationLedger) - before
		if moves := want[0]+want[1]+want[2] > 0; moves != (grown == 1) {
			t.Errorf("%d entries for %v", grown, want)
		}
	}
	on := func(date soc1.Date) string {
		t.Helper()
		v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{Effective: date})
		s.must(err)
		got, err := record.One[soc1.Risk](s.ctx, v, "risk", "r-1")
		if errors.Is(err, record.ErrNotFound) {
			return "none"
		}
		s.must(err)
		if got.Retired {
			return "none"
		}
		return got.Value.Text
	}
	step([4]int{1, 1, 0, 0}, r("2024-01-01", "First.")+r("2025-07-01", "Second."))
	step([4]int{0, 0, 0, 2}, r("2024-01-01", "First.")+r("2025-07-01", "Second."))
	// A version in between becomes known late.
	step([4]int{0, 1, 0, 0}, r("2025-01-01", "Between."))
	for date, want := range map[soc1.Date]string{"2023-12-31": "none", "2024-12-31": "First.", "2025-06-30": "Between.", "2025-07-01": "Second."} {
		if got := on(date); got != want {
			t.Errorf("on %s %q is in force, expected %q", date, got, want)
		}
	}
	h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "risk", "r-1")
	s.must(err)
	if len(h) != 3 || h[2].Effective != "2025-01-01" || h[2].RetroactiveDays != 415 {
		t.Errorf("the third revision became known %d days late, expected 415 (of %d revisions)", h[len(h)-1].RetroactiveDays, len(h))
	}
	step([4]int{0, 0, 1, 0}, "kind: risk\nid: r-1\neffective: '2026-01-01'\nretired: true\n")
	step([4]int{0, 0, 0, 1}, "kind: risk\nid: r-1\neffective: '2026-01-01'\nretired: true\n")
	if got := on("2026-01-01"); got != "none" {
		t.Errorf("after its end %q is in force", got)
	}
	// It begins again.
	p, err := s.apply("dana", r("2026-02-01", "Again."))
	s.must(err)
	if p.Count(app.Create)+p.Count(app.Change) != 1 || on("2026-01-15") != "none" || on("2026-02-01") != "Again." {
		t.Errorf("un-retired: %+v, in force on 2026-02-01: %q", changes(p), on("2026-02-01"))
	}
}

// TestApplyExportedChangesNothing exports everything and applies it again.
func TestApplyExportedChangesNothing(t *testing.T) {
	s := begin(t)
	s.plan()
	for actor, name := range map[string]string{"dana": app.OrganizationLedger, "helen": exam} {
		files, err := s.app.Export(s.ctx, actor, name, record.AsOf{})
		s.must(err)
		yaml := ""
		for _, b := range files {
			yaml += string(b) + "---\n"
		}
		p, err := s.apply(actor, yaml)
		s.must(err)
		if c := changes(p); c[0]+c[1]+c[2] != 0 || c[3] == 0 {
			t.Errorf("applying the export of %s again: %v", name, c)
		}
	}
}

// TestApplyConcurrently applies overlapping files at once: each record ends at
// one of the two, and no revision is lost or counted twice.
func TestApplyConcurrently(t *testing.T) {
	s := begin(t)
	other := s.reopen()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		yaml := ""
		for _, id := range []string{"r-1", "r-2", "r-3"} {
			yaml += strings.Replace(risk(id, ""), "Something", "By "+string(rune('a'+i))+" something", 1)
		}
		items := s.items(yaml)
		wg.Go(func() {
			a := s.app
			if i%2 == 1 {
				a = other
			}
			_, errs[i] = a.Apply(s.ctx, "dana", items, app.ApplyOptions{Reason: "At once."})
		})
	}
	wg.Wait()
	s.must(errors.Join(errs...))
	text := ""
	for _, id := range []string{"r-1", "r-2", "r-3"} {
		h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "risk", id)
		s.must(err)
		if len(h) != len(errs) {
			t.Errorf("%s has %d revisions after %d applies", id, len(h), len(errs))
		}
		last := one[soc1.Risk](s, "dana", app.OrganizationLedger, "risk", id).Value.Text
		if text != "" && last != text {
			t.Errorf("one apply was torn: %q and %q", text, last)
		}
		text = last
	}
}

// TestApplyReferences refers across the wall and from files to files.
func TestApplyReferences(t *testing.T) {
	s := begin(t)
	s.plan()
	// The examination refers to the organization's records.
	_, err := s.apply("mei", "kind: evidence\nid: ev-2\nledger: "+exam+"\ntitle: T\ncontrols: [pay-1-1]\n")
	s.must(err)
	_, err = s.apply("mei", "kind: evidence\nid: ev-3\nledger: "+exam+"\ntitle: T\ncontrols: [pay-9]\n")
	s.refused(err, `There is no control "pay-9"`, "controls")
	// Management's own record cannot name what only the examination has, nor
	// learn whether it is there.
	_, first := s.apply("dana", attribute("", "t-it-1-1"))
	_, second := s.apply("dana", attribute("", "t-none"))
	s.refused(first, "There is no test_of_control")
	if strings.ReplaceAll(first.Error(), "t-it-1-1", "t-none") != second.Error() {
		t.Errorf("a reference tells what the examination has: %v; %v", first, second)
	}
}

// TestApplyOwners lets a control owner change what is theirs and nothing else.
func TestApplyOwners(t *testing.T) {
	s := begin(t)
	conduct := func(owner, text string) string {
		return "kind: control\nid: conduct\neffective: '2025-01-01'\ncode: ELC-1\ntext: " + text + "\nnature: manual\ntype: preventive\nfrequency: annual\ncoso_component: control_environment\nowner: " + owner + "\n---\n"
	}
	_, err := s.apply("dana", person("otto", "", "service_organization", "control_owner"))
	s.must(err)
	_, err = s.apply("omar", conduct("omar", "Everybody signs twice."))
	s.must(err)
	_, err = s.apply("otto", conduct("otto", "Nobody signs."))
	s.refused(err, "you may not change this control")
	// The same by the other way.
	c := one[soc1.Control](s, "dana", app.OrganizationLedger, "control", "conduct").Value
	c.Owner = "otto"
	err = s.app.PutRecord(s.ctx, "otto", app.RecordChange{Kind: "control", ID: "conduct", Revision: -1, Effective: "2025-01-01", Value: c})
	var denied *identity.DeniedError
	if !errors.As(err, &denied) {
		t.Errorf("taking over a control: %v", err)
	}
	c.Owner = "omar"
	c.Text = "Everybody signs."
	s.must(s.app.PutRecord(s.ctx, "omar", app.RecordChange{Kind: "control", ID: "conduct", Revision: -1, Effective: "2025-01-01", Value: c}))
	_, err = s.apply("omar", "kind: control\nid: conduct\neffective: '2026-01-01'\nretired: true\n")
	s.refused(err, "you may not retire this control")
	_, err = s.apply("omar", strings.Replace(conduct("omar", "New."), "id: conduct", "id: new", 1))
	s.refused(err, "you may not")
}

// TestFilesSignNothing keeps signatures to their command.
func TestFilesSignNothing(t *testing.T) {
	s := begin(t)
	signed := "kind: assertion\nid: assertion-2025\neffective: '2025-01-01'\nengagement: soc1-2025\nsigned_by: olive\nsigned_title: Chief Executive Officer\nsigned_on: '2026-02-20'\n"
	_, err := s.apply("dana", signed)
	s.refused(err, "a file cannot sign for a person")
	v := soc1.ManagementAssertion{Engagement: engagement, SignedBy: "olive", SignedOn: "2026-02-20"}
	s.refused(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "assertion", ID: "assertion-2025", Revision: -1, Effective: "2025-01-01", Value: v}), "cannot sign")
	for _, actor := range []string{"dana", "omar"} {
		s.refused(s.app.Sign(s.ctx, actor, app.Signature{Kind: "assertion", ID: "assertion-2025"}), "executive")
	}
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", On: "2026-02-20"}))
	got := one[soc1.ManagementAssertion](s, "dana", app.OrganizationLedger, "assertion", "assertion-2025").Value
	if got.SignedBy != "olive" || got.SignedTitle != "Chief Executive Officer" {
		t.Errorf("signed: %+v", got)
	}
	files, err := s.app.Export(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	exported := string(files["assertion.yaml"])
	p, err := s.apply("dana", exported)
	s.must(err)
	if p.Count(app.Unchanged) != len(p.Steps) {
		t.Errorf("the signed assertion exported and applied again: %v", changes(p))
	}
	changed := got
	changed.Engagement = "soc1-other"
	s.refused(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "assertion", ID: "assertion-2025", Revision: -1, Effective: "2026-02-20", Value: changed}), "under the signature")
}

// TestRolesNotRaised keeps roles to those who hand them out, on both sides.
func TestRolesNotRaised(t *testing.T) {
	s := begin(t)
	s.open()
	_, err := s.apply("dana", person("cora", "", "service_organization", "compliance_manager"))
	s.must(err)
	_, err = s.apply("helen", person("mei", exam, "audit_firm", "firm_staff")+person("carla", exam, "audit_firm", "firm_manager"))
	s.must(err)
	for _, c := range []struct{ actor, yaml, want string }{
		{"cora", person("cora", "", "service_organization", "compliance_manager, executive"), "you may not"},
		{"cora", "kind: person\nid: dana\nretired: true\n", "you may not"},
		{"omar", person("omar", "", "service_organization", "administrator"), "you may not"},
		{"dana", person("dana", "", "service_organization", "administrator, engagement_partner"), "audit firm"},
		{"dana", person("rob", "", "audit_firm", "firm_staff"), "grants no role of the audit firm"},
		{"dana", person("rob", "", "audit_firm", "administrator"), "cannot be Administrator"},
		{"mei", person("mei", exam, "audit_firm", "engagement_partner"), "you may not"},
		{"carla", person("carla", exam, "audit_firm", "engagement_partner"), "you may not"},
		{"helen", person("omar", exam, "service_organization", "control_owner"), "grants no role of the service organization"},
	} {
		items, problems := ascode.Parse(record.Kinds, "files.yaml", []byte(c.yaml))
		err := problems.Err()
		if err == nil {
			_, err = s.app.Apply(s.ctx, c.actor, items, app.ApplyOptions{})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s applies %q: %v, expected %q", c.actor, c.yaml, err, c.want)
		}
	}
	s.refused(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "person", ID: "dana", Revision: -1, Effective: "2025-01-01",
		Value: soc1.Person{Name: "D", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Administrator}}}), "people are recorded by applying a file")
}

// TestOneOrganization: a second one would give its name to the report.
func TestOneOrganization(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", "kind: organization\nid: another\nname: Another\ntimezone: UTC\ncurrency: USD\n")
	s.refused(err, "files.yaml:2:", "of one service organization")
	_, err = s.apply("dana", "kind: organization\nid: organization\nretired: true\n")
	s.refused(err, "files.yaml:3:", "is not retired")
	_, err = s.apply("dana", "kind: organization\nid: organization\nname: Alder Group\ntimezone: UTC\ncurrency: USD\ncountry: United States\n")
	s.must(err)
}

// No new record gets the id under which its form is offered, in any way in.
func TestNoRecordIsCalledNew(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", "kind: system\nid: new\nname: X\nsystem_type: application\nin_scope: false\n")
	s.refused(err, `id "new" is taken by the form for a new record`)
	_, err = s.app.Invite(s.ctx, "dana", app.Inviting{Person: "new", As: soc1.Person{Name: "N", Email: "n@example.com", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.ReadOnly}}})
	s.refused(err, `the id "new" is taken`)
	_, err = s.app.ImportPopulation(s.ctx, "dana", app.ImportSpec{ID: "new"})
	s.refused(err, `the id "new" is taken`)
}
