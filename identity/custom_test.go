package identity

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"reperform/soc1"
)

// neverKinds are the kinds that no custom role opens.
var neverKinds = []string{"", "person", "invitation", "deputy", "role", "bundle", "examination", "walkthrough", "opinion", "nonce", "release",
	"issuance", "working_paper_note", "acceptance", "independence_confirmation", "materiality", "timetable", "method_profile", "plan_approval"}

// walled tells whether the wall alone keeps an action from who holds custom roles
// and no other, whatever is permitted.
func walled(act Action, r Resource) bool {
	mine := r.Owner == "" || r.Owner == "asker"
	switch act {
	case Read, Put, Retire:
		return slices.Contains(neverKinds, r.Kind)
	case CommentWrite, CommentResolve, RequestAnswer, InviteAccept:
		return !mine
	case Verify:
		return r.Kind != "bundle"
	case PersonNames, Attend, ReportBuild, RequestMake:
		return false
	}
	return true
}

// closed tells whether no custom role may ever give an action on a record, with
// the policies as they are.
func closed(act Action, r Resource) bool {
	if walled(act, r) || r.Kind == "something new" && act != Attend && act != ReportBuild {
		return true
	}
	switch act {
	case Read:
		return r.Kind == "comment" && slices.Contains([]string{"", "person", "role", "something new"}, r.About)
	case Put, Retire:
		return r.By == ByAuditor || slices.Contains([]string{"population", "sample", "test_run", "result", "exception", "deviation", "conclusion", "comment", "request"}, r.Kind)
	case CommentWrite, CommentResolve:
		return r.Kind != "comment" || r.By == ByAuditor
	case RequestMake, RequestAnswer:
		return r.Kind != "request" || r.By == ByAuditor || act == RequestAnswer && r.Owner == ""
	case InviteAccept:
		return r.Kind != "invitation" || r.Owner == ""
	case PersonNames:
		return r.Kind != "person"
	}
	return false
}

// eachQuestion calls f with everything that can be asked about a class, with the
// kinds that a comment may be about.
func eachQuestion(class string, f func(Action, Resource)) {
	for _, act := range AllActions() {
		eachResource(class, func(r Resource) {
			f(act, r)
			if r.Kind == "comment" {
				for _, about := range []string{"control", "person", "role", "something new"} {
					r.About = about
					f(act, r)
				}
			}
		})
	}
}

// TestCustomRolesNeverGive asks for everything that there is with a role that
// claims everything, with the policies as they are and with everything permitted
// by mistake.
func TestCustomRolesNeverGive(t *testing.T) {
	for name, a := range map[string]*Authorizer{"as shipped": newAuthorizer(t), "all permitted by mistake": opened(t)} {
		t.Run(name, func(t *testing.T) {
			p := Principal{ID: "asker", Side: ServiceOrganization, Custom: []CustomRole{claimsAll}}
			never := closed
			if name != "as shipped" {
				never = walled
			}
			gained := 0
			eachQuestion(Organization, func(act Action, r Resource) {
				d := a.Decide(p, act, r)
				if d.Allowed && never(act, r) {
					t.Fatalf("a custom role may %s %+v, by %v", act, r, d.Policies)
				}
				if d.Allowed {
					gained++
				}
			})
			if gained == 0 {
				t.Error("the role gives nothing at all; does this test ask right?")
			}
			eachQuestion(Examination, func(act Action, r Resource) {
				if act == Verify && r.Kind == "bundle" {
					return
				}
				if d := a.Decide(p, act, r); d.Allowed {
					t.Fatalf("a custom role may %s %+v in an examination, by %v", act, r, d.Policies)
				}
				if err := a.Check(p, act, r); !reflect.DeepEqual(err, error(NoSuchLedger("ledger"))) {
					t.Fatalf("a custom role tells of the examination when asking to %s: %v", act, err)
				}
			})
		})
	}
}

// TestCustomRolesAddNothingClosed gives the role that claims everything to
// whoever holds a fixed role as well: what is closed to custom roles stays as
// the fixed role has it.
func TestCustomRolesAddNothingClosed(t *testing.T) {
	a := newAuthorizer(t)
	for _, held := range serviceRoles() {
		plain := Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{held}}
		both := plain
		both.Custom = []CustomRole{claimsAll}
		for _, class := range []string{Organization, Examination} {
			eachQuestion(class, func(act Action, r Resource) {
				was, is := a.Decide(plain, act, r), a.Decide(both, act, r)
				if is.Allowed && !was.Allowed && (class == Examination || closed(act, r)) {
					t.Fatalf("%s with a custom role may %s %+v, by %v", held, act, r, is.Policies)
				}
				if was.Allowed && !is.Allowed {
					t.Fatalf("%s loses %s %+v by a custom role, by %v", held, act, r, is.Policies)
				}
			})
		}
	}
}

// TestCustomRolesOfOtherSides gives custom roles to people of the firm and to
// guests, which nobody can record: they may do nothing at all.
func TestCustomRolesOfOtherSides(t *testing.T) {
	a := opened(t)
	for _, c := range columns {
		if c.side == ServiceOrganization {
			continue
		}
		p := c.holder()
		p.Custom = []CustomRole{auditReader}
		for _, class := range []string{Organization, Examination} {
			eachQuestion(class, func(act Action, r Resource) {
				if d := a.Decide(p, act, r); d.Allowed && (act != Verify || r.Kind != "bundle") {
					t.Fatalf("%s of %s with a custom role may %s %+v, by %v", c.role, c.side, act, r, d.Policies)
				}
			})
		}
	}
}

// TestCustomRolesGiveWhatTheyName makes roles at random and asks what they give:
// exactly the kinds named, as far as they can be named, and no other.
func TestCustomRolesGiveWhatTheyName(t *testing.T) {
	a := newAuthorizer(t)
	readable, keepable := soc1.RoleReads("").Values(), soc1.RoleKeeps("").Values()
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (out []string) {
		for _, kind := range kinds {
			if random.IntN(4) == 0 {
				out = append(out, kind)
			}
		}
		return out
	}
	for range 200 {
		c := CustomRole{ReadsAll: random.IntN(8) == 0, Reads: some(), Keeps: some(), Comments: random.IntN(2) == 0, Asks: random.IntN(2) == 0}
		p := Principal{ID: "asker", Side: ServiceOrganization, Custom: []CustomRole{c}}
		for _, kind := range kinds {
			r := Resource{Ledger: "org", Class: Organization, Kind: kind, Owner: "somebody"}
			keeps := slices.Contains(c.Keeps, kind) && slices.Contains(keepable, kind)
			named := c.ReadsAll || slices.Contains(c.Reads, kind) || slices.Contains(c.Keeps, kind)
			reads := named && slices.Contains(readable, kind) && kind != "comment" || kind == "request" && c.Asks
			for act, want := range map[Action]bool{Read: reads, Put: keeps, Retire: keeps, Redact: false} {
				if got := a.Decide(p, act, r).Allowed; got != want {
					t.Fatalf("%+v may %s %s: %t, expected %t", c, act, kind, got, want)
				}
			}
			talk := Resource{Ledger: "org", Class: Organization, Kind: "comment", About: kind}
			says := c.ReadsAll || c.Comments || slices.Contains(c.Reads, "comment") || slices.Contains(c.Keeps, "comment")
			if got, want := a.Decide(p, Read, talk).Allowed, says && named && slices.Contains(readable, kind) && kind != "comment"; got != want {
				t.Fatalf("%+v reads comments on %s: %t, expected %t", c, kind, got, want)
			}
		}
	}
}

// TestCustomKindsAreThose compares the lists that people choose from with those
// of the policies: what can be named is what is given, and nothing can be kept that
// a compliance manager does not keep.
func TestCustomKindsAreThose(t *testing.T) {
	a := newAuthorizer(t)
	for _, kind := range append(slices.Clone(kinds), "something new") {
		r := Resource{Class: Organization, Kind: kind}
		if kind == "comment" {
			r.About = "control"
		}
		p := Principal{ID: "asker", Side: ServiceOrganization, Custom: []CustomRole{{ReadsAll: true, Keeps: []string{kind}}}}
		if got, want := a.Decide(p, Read, r).Allowed, slices.Contains(soc1.RoleReads("").Values(), kind); got != want {
			t.Errorf("%s: the policies open it for reading %t, the register of roles offers it %t", kind, got, want)
		}
		keeps := slices.Contains(soc1.RoleKeeps("").Values(), kind)
		if got := a.Decide(p, Put, r).Allowed; got != keeps {
			t.Errorf("%s: the policies open it for keeping %t, the register of roles offers it %t", kind, got, keeps)
		}
		manager := Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{ComplianceManager}}
		if keeps && !a.Decide(manager, Put, Resource{Class: Organization, Kind: kind}).Allowed {
			t.Errorf("%s: a custom role can keep it, and a compliance manager does not", kind)
		}
	}
}

// TestCustomRoleAnswersAreKeptApart asks for people whose roles differ in one
// thing alone: a kept answer is never another's.
func TestCustomRoleAnswersAreKeptApart(t *testing.T) {
	a := newAuthorizer(t)
	r := Resource{Class: Organization, Kind: "policy"}
	for i, c := range []struct {
		role CustomRole
		act  Action
		want bool
	}{
		{CustomRole{Reads: []string{"policy"}}, Read, true}, {CustomRole{Reads: []string{"risk"}}, Read, false},
		{CustomRole{Reads: []string{"policy"}}, Put, false}, {CustomRole{Keeps: []string{"policy"}}, Put, true}, {CustomRole{Keeps: []string{"risk"}}, Put, false},
		{CustomRole{}, Read, false},
	} {
		if got := a.Decide(Principal{ID: "asker", Side: ServiceOrganization, Custom: []CustomRole{c.role}}, c.act, r).Allowed; got != c.want {
			t.Errorf("question %d: %t, expected %t", i, got, c.want)
		}
	}
	if a.Decide(Principal{ID: "asker", Side: ServiceOrganization}, Read, r).Allowed {
		t.Error("who holds no role reads what a custom role gave another")
	}
}

// TestCheckCustomRoles tries them on every side in every class of ledger.
func TestCheckCustomRoles(t *testing.T) {
	for _, side := range []string{ServiceOrganization, AuditFirm, Guest, "user_entity", ""} {
		for _, class := range []string{Organization, Examination, ""} {
			t.Run(fmt.Sprint(side, " ", class), func(t *testing.T) {
				if err := CheckCustomRoles(side, class, nil); err != nil {
					t.Errorf("without any: %v", err)
				}
				err := CheckCustomRoles(side, class, []string{"policy-keeper"})
				if want := side == ServiceOrganization && class == Organization; (err == nil) != want {
					t.Errorf("%v, expected accepted %t", err, want)
				}
			})
		}
	}
}
