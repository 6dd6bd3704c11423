package policies

import (
	"fmt"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

func typed[T any](kind, id string, pos int64, v T) record.Typed[T] {
	return record.Typed[T]{Record: record.Record{Ledger: "org", Kind: kind, ID: id, Revision: 1, Pos: pos}, Value: v}
}

func text(version string) soc1.Policy {
	return soc1.Policy{Title: "Access", Version: version, Text: "# Access " + version, Owner: "ann", Approver: "bob", ReviewMonths: 6, Audience: soc1.Audience{Everybody: true}}
}

func decided(pos int64, of soc1.Policy, on soc1.Date, change func(*soc1.PolicyApproval)) Decision {
	a := soc1.PolicyApproval{Policy: "p", Revision: pos, Version: of.Version, SHA256: Digest(of), Decision: soc1.PolicyApproved, By: "bob", On: on}
	if change != nil {
		change(&a)
	}
	return typed("policy_approval", fmt.Sprintf("d%d", pos), pos, a)
}

// TestStanding follows a policy from its draft to its second version and past its
// review.
func TestStanding(t *testing.T) {
	first, second := text("1"), text("2")
	a := decided(1, first, "2025-01-10", nil)
	later := decided(2, second, "2025-03-01", func(a *soc1.PolicyApproval) { a.From, a.Again = "2025-04-01", true })
	refused := decided(3, second, "2025-02-20", func(a *soc1.PolicyApproval) { a.Decision, a.Note = soc1.PolicyRefused, "Too long." })
	owner := second
	owner.Owner, owner.Controls = "cyd", []string{"c"}
	for _, c := range []struct {
		name      string
		stands    soc1.Policy
		decisions []Decision
		today     soc1.Date
		state     State
		version   string
		due       soc1.Date
		since     soc1.Date
	}{
		{"nobody decided", first, nil, "2025-01-31", Draft, "", "", ""},
		{"approved", first, []Decision{a}, "2025-01-31", InForce, "1", "2025-07-10", "2025-01-10"},
		{"not yet decided on that day", first, []Decision{a}, "2025-01-09", Draft, "", "", ""},
		{"written anew", second, []Decision{a}, "2025-01-31", Changed, "1", "2025-07-10", "2025-01-10"},
		{"refused", second, []Decision{a, refused}, "2025-02-21", Refused, "1", "2025-07-10", "2025-01-10"},
		{"refused and then approved, recorded in another order", second, []Decision{later, refused, a}, "2025-03-02", InForce, "1", "2025-07-10", "2025-01-10"},
		{"the second is in force", second, []Decision{a, later}, "2025-04-01", InForce, "2", "2025-09-01", "2025-04-01"},
		{"its owner and its controls are not what was approved", owner, []Decision{a, later}, "2025-04-01", InForce, "2", "2025-09-01", "2025-04-01"},
		{"only to come", second, []Decision{later}, "2025-03-02", Coming, "", "", ""},
		{"approved for later and refused before", second, []Decision{a, decided(4, second, "2025-02-15", func(a *soc1.PolicyApproval) { a.From = "2025-03-01" }), refused}, "2025-03-02", Refused, "1", "2025-07-10", "2025-01-10"},
		{"its review comes near", second, []Decision{later}, "2025-08-02", Due, "2", "2025-09-01", "2025-04-01"},
		{"its review is late", second, []Decision{later}, "2025-09-02", Overdue, "2", "2025-09-01", "2025-04-01"},
	} {
		s := Stand(typed("policy", "p", 9, c.stands), c.decisions, c.today)
		version := ""
		if s.InForce != nil {
			version = s.InForce.Value.Version
		}
		if s.State != c.state || version != c.version || s.ReviewDue != c.due || s.Since != c.since {
			t.Errorf("%s: %s, version %q, review %s, since %s; want %s, %q, %s, %s", c.name, s.State.Label(), version, s.ReviewDue, s.Since, c.state.Label(), c.version, c.due, c.since)
		}
	}
}

func someone(id string, change func(*soc1.Person)) record.Typed[soc1.Person] {
	p := soc1.Person{Name: strings.ToUpper(id), Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.ControlOwner}}
	if change != nil {
		change(&p)
	}
	return typed("person", id, 1, p)
}

// TestCampaign asks whom it should, counts what was confirmed, and says who lags.
func TestCampaign(t *testing.T) {
	first, second := text("1"), text("2")
	draft := text("0")
	draft.Title = "Draft"
	word := func(pos int64, by string, on soc1.Date) Acknowledgement {
		return typed("policy_acknowledgement", fmt.Sprint("w", pos), pos, soc1.PolicyAcknowledgement{Campaign: "c", Policy: "p", Revision: 1, By: by, On: on})
	}
	f := func(today soc1.Date, words ...Acknowledgement) *Facts {
		return &Facts{Today: today, Policies: []record.Typed[soc1.Policy]{typed("policy", "p", 1, second), typed("policy", "q", 1, draft)},
			Decisions: []Decision{decided(1, first, "2025-01-10", nil), decided(2, second, "2025-03-10", func(a *soc1.PolicyApproval) { a.Again = true })},
			Campaigns: []record.Typed[soc1.PolicyCampaign]{typed("policy_campaign", "c", 1, soc1.PolicyCampaign{Title: "2025", Policies: []string{"p", "q", "gone"}, Opens: "2025-02-01", Due: "2025-02-28"})},
			People: []record.Typed[soc1.Person]{someone("ann", nil), someone("bob", nil), someone("dan", func(p *soc1.Person) { p.ActiveFrom = "2025-03-05" }),
				someone("eve", func(p *soc1.Person) { p.Side = soc1.SideAuditFirm })},
			Acknowledgements: words}
	}
	for _, c := range []struct {
		name         string
		facts        *Facts
		state        CampaignState
		asked, given int
		waits        bool
		confirmed    string
	}{
		{"before", f("2025-01-31"), Planned, 2, 0, false, "0 of 2"},
		{"open", f("2025-02-02", word(1, "ann", "2025-02-02")), Open, 2, 1, true, "1 of 2"},
		{"late; who came after it is not asked", f("2025-03-06", word(1, "ann", "2025-02-02")), Late, 2, 1, true, "1 of 3"},
		{"everybody", f("2025-03-06", word(1, "ann", "2025-02-02"), word(2, "bob", "2025-03-01")), Complete, 2, 2, false, "2 of 3"},
		{"the second version is asked for again, the campaign was about the first", f("2025-03-11", word(1, "ann", "2025-02-02"), word(2, "bob", "2025-03-01")), Complete, 2, 2, false, "0 of 3"},
	} {
		r := Of(c.facts)
		x := r.Campaign("c")
		if x.State != c.state || x.Asked != c.asked || x.Given != c.given {
			t.Errorf("%s: %s, %d of %d; want %s, %d of %d", c.name, x.State.Label(), x.Given, x.Asked, c.state.Label(), c.given, c.asked)
		}
		if waits := len(r.Asking("bob")) == 1; waits != c.waits {
			t.Errorf("%s: it waits for bob: %t", c.name, waits)
		}
		if x.Policies[0].Approval.Value.Version != "1" || x.Policies[1].Approval != nil || len(x.Policies) != 2 || x.Of("eve") != nil {
			t.Errorf("%s: it asks about %v", c.name, x.Policies)
		}
		l := r.Line("p")
		if got := fmt.Sprintf("%d of %d", l.Confirmed(), len(l.Audience)); got != c.confirmed {
			t.Errorf("%s: the policy is confirmed by %s, want %s", c.name, got, c.confirmed)
		}
	}
	ended := f("2025-03-06", word(1, "ann", "2025-02-02"))
	ended.Campaigns[0].Value.Ended = "2025-03-01"
	if x := Of(ended).Campaign("c"); x.State != Over || x.Of("bob").Missing() != 1 || x.Finished() != "2025-03-01" {
		t.Errorf("an ended campaign is %s", x.State.Label())
	}
	// Who left and what was retired since stay in what was confirmed.
	left := f("2025-03-06", word(1, "ann", "2025-02-02"), word(2, "bob", "2025-03-01"))
	left.People, left.Policies = left.People[1:], nil
	if x := Of(left).Campaign("c"); x.State != Complete || x.Given != 2 || x.Finished() != "2025-03-01" {
		t.Errorf("after somebody left it is %s, %d given", x.State.Label(), x.Given)
	}
	// A text that was approved for later and refused before is asked about by nobody.
	refused := f("2025-03-12", word(1, "ann", "2025-02-02"))
	refused.Decisions = []Decision{refused.Decisions[0], decided(2, second, "2025-01-12", func(a *soc1.PolicyApproval) { a.From = "2025-01-30" }),
		decided(3, second, "2025-01-20", func(a *soc1.PolicyApproval) { a.Decision, a.Note = soc1.PolicyRefused, "Not yet." })}
	if x := Of(refused).Campaign("c"); x.Policies[0].Approval.Value.Version != "1" {
		t.Errorf("asked about is version %s", x.Policies[0].Approval.Value.Version)
	}
	nobody := f("2025-03-06")
	nobody.Decisions = nil
	if x := Of(nobody).Campaign("c"); x.State != Nobody {
		t.Errorf("a campaign about nothing in force is %s", x.State.Label())
	}
}

// TestExceptions runs through an exception's life.
func TestExceptions(t *testing.T) {
	e := soc1.PolicyException{Title: "E", Policy: "p", What: "x", Why: "y", Owner: "ann", From: "2025-02-01", Until: "2025-06-30"}
	yes := typed("policy_approval", "d", 1, soc1.PolicyApproval{Policy: "p", Exception: "e", Revision: 1, SHA256: ExceptionDigest(e), Decision: soc1.PolicyApproved, By: "bob", On: "2025-01-20"})
	no := yes
	no.Value.Decision = soc1.PolicyRefused
	longer, ended := e, e
	longer.Until = "2025-12-31"
	ended.Ended = "2025-07-02"
	for _, c := range []struct {
		e     soc1.PolicyException
		by    []Decision
		today soc1.Date
		want  ExceptionState
	}{
		{e, nil, "2025-01-31", Asked},
		{e, nil, "2025-02-01", Unapproved},
		{e, []Decision{yes}, "2025-01-31", Ahead},
		{e, []Decision{yes}, "2025-06-30", Running},
		{e, []Decision{yes}, "2025-07-01", Expired},
		{longer, []Decision{yes}, "2025-07-01", Unapproved},
		{e, []Decision{no}, "2025-07-01", NotGranted},
		{ended, []Decision{yes}, "2025-07-01", Expired},
		{ended, []Decision{yes}, "2025-07-02", Ended},
	} {
		r := Of(&Facts{Today: c.today, Policies: []record.Typed[soc1.Policy]{typed("policy", "p", 1, text("1"))}, Decisions: c.by, Exceptions: []record.Typed[soc1.PolicyException]{typed("policy_exception", "e", 1, c.e)}})
		if got := r.Exceptions[0].State; got != c.want {
			t.Errorf("on %s until %s, %d decisions: %s, want %s", c.today, c.e.Until, len(c.by), got.Label(), c.want.Label())
		}
		// A decision on an exception is none on the policy.
		if l := r.Line("p"); l.State != Draft || (len(l.Exceptions) == 1) == (c.want == Ended || c.want == NotGranted) {
			t.Errorf("the policy is %s, with %d exceptions", l.State.Label(), len(l.Exceptions))
		}
	}
}

// An exception from a policy that was retired says so, unless it was ended or refused.
func TestExceptionFromARetiredPolicy(t *testing.T) {
	x := soc1.PolicyException{Title: "One", Policy: "p", What: "w", Why: "y", Owner: "ann", From: "2025-01-01", Until: "2025-12-31"}
	ended := x
	ended.Ended = "2025-02-01"
	f := &Facts{Today: "2025-03-01", Exceptions: []record.Typed[soc1.PolicyException]{typed("policy_exception", "a", 1, x), typed("policy_exception", "b", 2, ended)}}
	r := Of(f)
	if len(r.Exceptions) != 2 || r.Exceptions[0].State != Void || r.Exceptions[1].State != Ended || r.Exceptions[0].Asks() {
		t.Errorf("%+v", r.Exceptions)
	}
	f.Policies = []record.Typed[soc1.Policy]{typed("policy", "p", 3, text("1"))}
	if got := Of(f).Exceptions[0].State; got != Unapproved {
		t.Errorf("of a policy in use: %s", got.Label())
	}
}

// TestWhoCannotAnswer: custom roles open registers, and not the page of a campaign.
func TestWhoCannotAnswer(t *testing.T) {
	for want, roles := range map[bool][]soc1.Role{true: {soc1.ReadOnly}, false: nil} {
		p := CampaignPerson{Person: record.Typed[soc1.Person]{Value: soc1.Person{Roles: roles, CustomRoles: []string{"keeper"}}}}
		if p.Reaches() != want {
			t.Errorf("%v: %t, wanted %t", roles, p.Reaches(), want)
		}
	}
}
