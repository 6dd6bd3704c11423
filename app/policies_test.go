package app_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
)

const accessPolicy = "kind: policy\nid: pol\neffective: '2025-01-02'\ntitle: Access\nversion: '1.0'\ntext: Nobody approves their own access.\nowner: cora\napprover: olive\naudience: {everybody: true}\ncontrols: [it-1-1]\n"

// TestPolicyFromDraftToConfirmation writes a policy, has it approved by who may, asks
// people to confirm it, changes it, and asks again.
func TestPolicyFromDraftToConfirmation(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only")+person("xavier", "", "guest", "external_assessor"))
	s.must(err)
	_, err = s.apply("dana", accessPolicy)
	s.must(err)
	stands := func(who string) *policies.Line {
		t.Helper()
		r, err := s.app.Policies(s.ctx, who, record.AsOf{})
		s.must(err)
		return r.Line("pol")
	}
	if l := stands("rita"); l.State != policies.Draft {
		t.Errorf("a new policy is %s", l.State.Label())
	}
	yes := app.PolicyDeciding{Policy: "pol", Decision: soc1.PolicyApproved}
	with := func(change func(*app.PolicyDeciding)) app.PolicyDeciding {
		x := yes
		change(&x)
		return x
	}
	for _, c := range []struct {
		what, actor, field, text string
		x                        app.PolicyDeciding
	}{
		{"no answer", "olive", "decision", "approved or refused", with(func(x *app.PolicyDeciding) { x.Decision = "" })},
		{"a refusal without a reason", "olive", "note", "without a reason", with(func(x *app.PolicyDeciding) { x.Decision = soc1.PolicyRefused })},
		{"in force before it is decided", "olive", "from", "lies before", with(func(x *app.PolicyDeciding) { x.From = "2020-01-01" })},
		{"minutes of nobody", "dana", "minutes", "who decided", with(func(x *app.PolicyDeciding) { x.Minutes = "Meeting." })},
		{"minutes of tomorrow", "dana", "on", "still to come", with(func(x *app.PolicyDeciding) { x.Minutes, x.By, x.On = "Meeting.", "olive", "2999-01-01" })},
		{"minutes say that the owner approved", "dana", "by", "Whoever owns it", with(func(x *app.PolicyDeciding) { x.Minutes, x.By, x.On = "Meeting.", "cora", "2025-01-03" })},
		{"minutes of one's own decision", "dana", "by", "Whoever wrote it", with(func(x *app.PolicyDeciding) { x.Minutes, x.By, x.On = "Meeting.", "dana", "2025-01-03" })},
		{"minutes from before it was written", "dana", "on", "nobody decided on it before", with(func(x *app.PolicyDeciding) { x.Minutes, x.By, x.On = "Meeting.", "olive", "2025-01-01" })},
		{"minutes of a stranger", "dana", "by", "Nobody of the organization", with(func(x *app.PolicyDeciding) { x.Minutes, x.By, x.On = "Meeting.", "helen", "2025-01-03" })},
		{"another revision was read", "olive", "revision", "was changed since", with(func(x *app.PolicyDeciding) { x.Seen = 7 })},
	} {
		_, err := s.app.DecidePolicy(s.ctx, c.actor, c.x)
		var wrong *app.FieldError
		if !errors.As(err, &wrong) || wrong.Field != c.field || !strings.Contains(wrong.Text, c.text) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	var denied *identity.DeniedError
	for _, actor := range []string{"dana", "cora", "rita", "xavier"} {
		if _, err := s.app.DecidePolicy(s.ctx, actor, yes); !errors.As(err, &denied) {
			t.Errorf("%s approves: %v", actor, err)
		}
	}
	if _, err := s.apply("dana", "kind: policy_approval\nid: typed\npolicy: pol\nrevision: 1\nsha256: "+strings.Repeat("a", 64)+"\ndecision: approved\nby: olive\n'on': '2025-01-03'\n"); err == nil {
		t.Error("a decision is typed as a record")
	}
	_, err = s.app.DecidePolicy(s.ctx, "olive", with(func(x *app.PolicyDeciding) { x.Seen = 1 }))
	s.must(err)
	if l := stands("rita"); l.State != policies.InForce || l.InForce.Value.By != "olive" {
		t.Errorf("an approved policy is %s", l.State.Label())
	}

	_, err = s.apply("dana", "kind: policy_campaign\nid: spring\neffective: '2025-01-02'\ntitle: Spring\npolicies: [pol]\nopens: '2025-01-02'\ndue: '2999-12-31'\ncontrols: [conduct]\n")
	s.must(err)
	for _, c := range []struct {
		actor, campaign, policy, text string
		revision                      int64
	}{
		{"cora", "absent", "pol", "no such record", 1},
		{"cora", "spring", "absent", "does not ask about", 1},
		{"cora", "spring", "pol", "Another version", 9},
	} {
		if _, err := s.app.AcknowledgePolicies(s.ctx, c.actor, c.campaign, map[string]int64{c.policy: c.revision}); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := s.app.AcknowledgePolicies(s.ctx, "cora", "spring", nil); err == nil {
		t.Error("nothing is confirmed")
	}
	for _, actor := range []string{"xavier"} {
		if _, err := s.app.AcknowledgePolicies(s.ctx, actor, "spring", map[string]int64{"pol": 1}); !errors.As(err, &denied) {
			t.Errorf("%s confirms: %v", actor, err)
		}
	}
	waits := func(who string) []app.WaitingFor {
		all, err := s.app.Waiting(s.ctx, who)
		s.must(err)
		var out []app.WaitingFor
		for _, w := range all {
			out = append(out, w.For)
		}
		return out
	}
	if !slices.Contains(waits("cora"), app.WaitsPolicyWord) {
		t.Errorf("the campaign waits for %v", waits("cora"))
	}
	n, err := s.app.AcknowledgePolicies(s.ctx, "cora", "spring", map[string]int64{"pol": 1})
	if s.must(err); n != 1 || slices.Contains(waits("cora"), app.WaitsPolicyWord) {
		t.Error("a confirmed policy still waits")
	}
	if _, err := s.app.AcknowledgePolicies(s.ctx, "cora", "spring", map[string]int64{"pol": 1}); err == nil || !strings.Contains(err.Error(), "You confirmed") {
		t.Errorf("again: %v", err)
	}

	// What changed is not in force, waits for its approver, and then for everybody.
	_, err = s.apply("dana", strings.NewReplacer("1.0", "2.0", "Nobody", "Nobody at all").Replace(accessPolicy))
	s.must(err)
	if l := stands("cora"); l.State != policies.Changed || l.Confirmed() != 1 || !slices.Contains(waits("olive"), app.WaitsPolicyDecision) {
		t.Errorf("a changed policy is %s, confirmed by %d", l.State.Label(), l.Confirmed())
	}
	old, err := s.app.PolicyAt(s.ctx, "rita", "pol", stands("rita").InForce.Value.Revision)
	if s.must(err); !strings.HasPrefix(old.Value.Text, "Nobody approves") {
		t.Errorf("in force is %q", old.Value.Text)
	}
	if _, err := s.app.DecidePolicy(s.ctx, "olive", with(func(x *app.PolicyDeciding) { x.Seen = 1 })); err == nil || !strings.Contains(err.Error(), "Read it again") {
		t.Errorf("who read the first approves the second: %v", err)
	}
	_, err = s.app.DecidePolicy(s.ctx, "dana", app.PolicyDeciding{Policy: "pol", Decision: soc1.PolicyApproved, By: "olive", On: stands("dana").InForce.Value.On, Minutes: "Meeting, item 2.", Again: true})
	s.must(err)
	if l := stands("cora"); l.State != policies.InForce || l.InForce.Value.Version != "2.0" || l.InForce.Value.Minutes == "" {
		t.Errorf("after the minutes it is %s", l.State.Label())
	}

	// The list becomes evidence of the control that the campaign performs, and not of the
	// one that carries the policy out.
	for _, actor := range []string{"rita", "xavier"} {
		if _, err := s.app.FilePolicyCampaign(s.ctx, actor, "spring"); !errors.As(err, &denied) {
			t.Errorf("%s files it: %v", actor, err)
		}
	}
	id, err := s.app.FilePolicyCampaign(s.ctx, "dana", "spring")
	s.must(err)
	e := one[soc1.Evidence](s, "dana", app.OrganizationLedger, "evidence", id)
	if !slices.Equal(e.Value.Controls, []string{"conduct"}) || len(e.Value.Files) != 1 {
		t.Fatalf("filed as %+v", e.Value)
	}
	r, err := s.app.Policies(s.ctx, "dana", record.AsOf{})
	s.must(err)
	rows, err := csv.NewReader(bytes.NewReader(app.CampaignTable(r.Campaign("spring")))).ReadAll()
	if s.must(err); len(rows) != 1+r.Campaign("spring").Asked || !slices.ContainsFunc(rows, func(x []string) bool { return x[0] == "cora" && x[2] == "pol" && x[4] == "1.0" && x[6] != "" }) {
		t.Errorf("the table is %v", rows)
	}
}

// TestPolicyExceptions are asked for in one's own name and hold once the policy's
// approver has approved them as they stand.
func TestPolicyExceptions(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+accessPolicy)
	s.must(err)
	asked := "kind: policy_exception\nid: e\neffective: '2025-01-02'\ntitle: The mainframe\npolicy: pol\nwhat: A password alone.\nwhy: It has no other way.\nowner: cora\nfrom: '2025-01-02'\nuntil: '2026-12-31'\n"
	if _, err := s.apply("cora", strings.Replace(asked, "owner: cora", "owner: dana", 1)); err == nil {
		t.Error("cora asks in another's name")
	}
	_, err = s.apply("cora", asked)
	s.must(err)
	state := func() policies.ExceptionState {
		r, err := s.app.Policies(s.ctx, "dana", record.AsOf{})
		s.must(err)
		return r.Exceptions[0].State
	}
	if state() != policies.Unapproved {
		t.Errorf("nobody approved it, and it is %s", state().Label())
	}
	x := app.PolicyDeciding{Policy: "pol", Exception: "e", Seen: 1, Decision: soc1.PolicyApproved}
	for _, c := range []struct {
		text   string
		change func(*app.PolicyDeciding)
	}{
		{"does not exist", func(x *app.PolicyDeciding) { x.Exception = "absent" }},
		{"holds from the day that it names", func(x *app.PolicyDeciding) { x.Again = true }},
	} {
		y := x
		c.change(&y)
		if _, err := s.app.DecidePolicy(s.ctx, "olive", y); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	_, err = s.app.DecidePolicy(s.ctx, "olive", x)
	if s.must(err); state() != policies.Running {
		t.Errorf("approved, it is %s", state().Label())
	}
	_, err = s.apply("cora", strings.Replace(asked, "A password alone.", "No password at all.", 1))
	if s.must(err); state() != policies.Unapproved {
		t.Errorf("changed since, it is %s", state().Label())
	}
}

// TestAdoptPolicies takes over starters with the controls that are there, all or none.
func TestAdoptPolicies(t *testing.T) {
	s := begin(t)
	if _, err := s.app.AdoptPolicies(s.ctx, "dana", []string{"access-control", "absent"}, ""); err == nil || !strings.Contains(err.Error(), `no policy "absent"`) {
		t.Errorf("what is not there: %v", err)
	}
	ids, err := s.app.AdoptPolicies(s.ctx, "dana", []string{"access-control", "code-of-conduct"}, "")
	if s.must(err); !slices.Equal(ids, []string{"pol-access-control", "pol-code-of-conduct"}) {
		t.Errorf("taken over are %v", ids)
	}
	p := one[soc1.Policy](s, "dana", app.OrganizationLedger, "policy", "pol-access-control")
	if p.Value.Owner != "dana" || !strings.Contains(p.Value.Text, "# Purpose") {
		t.Errorf("it is %+v", p.Value)
	}
	if _, err := s.app.AdoptPolicies(s.ctx, "dana", []string{"access-control", "risk-management-and-control"}, ""); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("twice: %v", err)
	}
	var denied *identity.DeniedError
	if _, err := s.app.AdoptPolicies(s.ctx, "olive", []string{"incident-response"}, ""); !errors.As(err, &denied) {
		t.Errorf("who keeps no policies takes over: %v", err)
	}
}

// The owner of a policy writes it anew, and nothing but its text; what is written waits
// for the approver, who is never the owner.
func TestOwnerWritesTheirPolicy(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("carl", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only"))
	s.must(err)
	_, err = s.apply("dana", accessPolicy)
	s.must(err)
	_, err = s.app.DecidePolicy(s.ctx, "olive", app.PolicyDeciding{Policy: "pol", Decision: soc1.PolicyApproved})
	s.must(err)
	anew := strings.Replace(strings.Replace(accessPolicy, "'1.0'", "'1.1'", 1), "Nobody approves", "Nobody ever approves", 1)
	var denied *identity.DeniedError
	for _, actor := range []string{"carl", "rita"} {
		if _, err := s.apply(actor, anew); err == nil {
			t.Errorf("%s changes a policy that is not theirs", actor)
		}
	}
	for what, text := range map[string]string{
		"owner": strings.Replace(anew, "owner: cora", "owner: carl", 1), "approver": strings.Replace(anew, "olive", "dana", 1),
		"audience": strings.Replace(anew, "{everybody: true}", "{people: [cora]}", 1), "controls": strings.Replace(anew, "controls: [it-1-1]\n", "", 1),
	} {
		if _, err := s.apply("cora", text); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "writes its title") {
			t.Errorf("the owner changes %s: %v", what, err)
		}
	}
	if _, err := s.apply("cora", strings.Replace(anew, "id: pol\n", "id: pol-two\n", 1)); err == nil {
		t.Error("an owner records a new policy")
	}
	_, err = s.apply("cora", anew)
	s.must(err)
	r, err := s.app.Policies(s.ctx, "rita", record.AsOf{})
	s.must(err)
	if l := r.Line("pol"); l.State != policies.InForce && l.State != policies.Changed || l.InForce == nil || l.InForce.Value.Version != "1.0" {
		t.Errorf("what an owner wrote is in force by itself: %s", l.State.Label())
	}
	_, err = s.app.DecidePolicy(s.ctx, "cora", app.PolicyDeciding{Policy: "pol", Decision: soc1.PolicyApproved})
	if !errors.As(err, &denied) || strings.Contains(denied.Error(), "record's owner") || !strings.Contains(denied.Error(), "olive, whom the policy names as its approver") {
		t.Errorf("the owner approves: %v", err)
	}
	if _, err := s.app.DecidePolicy(s.ctx, "olive", app.PolicyDeciding{Policy: "pol", Seen: 2, Decision: soc1.PolicyApproved}); err != nil {
		t.Error(err)
	}
	// What is retired is not brought back by its owner.
	_, err = s.apply("dana", "kind: policy\nid: pol\neffective: '2025-03-01'\nretired: true\n")
	s.must(err)
	if _, err := s.apply("cora", strings.Replace(anew, "1.1", "1.2", 1)); err == nil {
		t.Error("the owner brings a retired policy back")
	}
}

// A starter that was taken over and retired is taken over anew, as another policy: what was
// approved and departed from before is not approved and departed from now.
func TestStarterTakenOverAgain(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner"))
	s.must(err)
	starter := app.StarterPolicies()[0]
	first, err := s.app.AdoptPolicies(s.ctx, "dana", []string{starter.ID}, "")
	s.must(err)
	_, err = s.apply("cora", "kind: policy_exception\nid: one\neffective: '2026-02-20'\ntitle: One\npolicy: "+first[0]+"\nwhat: w\nwhy: y\nowner: cora\nfrom: '2026-02-20'\nuntil: '2026-12-31'\n")
	s.must(err)
	if _, err := s.app.AdoptPolicies(s.ctx, "dana", []string{starter.ID}, ""); err == nil {
		t.Error("a policy that is there is taken over again")
	}
	_, err = s.apply("dana", "kind: policy\nid: "+first[0]+"\neffective: '2026-02-20'\nretired: true\n")
	s.must(err)
	waits, err := s.app.Waiting(s.ctx, "cora")
	s.must(err)
	if !slices.ContainsFunc(waits, func(w app.WaitingItem) bool {
		return w.For == app.WaitsPolicyException && w.Ref.ID == "one" && strings.Contains(w.What, "policy that was retired: end it")
	}) {
		t.Errorf("the exception leads nowhere: %+v", waits)
	}
	for _, want := range []string{first[0] + "-2", first[0] + "-3"} {
		again, err := s.app.AdoptPolicies(s.ctx, "dana", []string{starter.ID}, "")
		s.must(err)
		if again[0] != want {
			t.Errorf("taken over as %s, expected %s", again[0], want)
		}
		_, err = s.apply("dana", "kind: policy\nid: "+want+"\neffective: '2026-02-20'\nretired: true\n")
		s.must(err)
	}
}
