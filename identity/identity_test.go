package identity

import (
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"reperform/soc1"
)

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	text, err := fs.ReadFile(PolicyFiles(), name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRolesAreThoseOfPersonRecords holds the two spellings together.
func TestRolesAreThoseOfPersonRecords(t *testing.T) {
	stored := soc1.Role("").Values()
	if got := AllRoles(); !slices.Equal(got, RolesOf(stored)) {
		t.Errorf("this package knows %v, person records %v", got, stored)
	}
	for _, r := range AllRoles() {
		if r.Guest() != soc1.Role(r).OfGuest() {
			t.Errorf("%s: a role of guests here %t, in person records %t", r, r.Guest(), soc1.Role(r).OfGuest())
		}
		if r.Firm() != soc1.Role(r).OfFirm() {
			t.Errorf("%s: a role of the firm here %t, in person records %t", r, r.Firm(), soc1.Role(r).OfFirm())
		}
	}
	if string(soc1.SideServiceOrganization) != ServiceOrganization || string(soc1.SideAuditFirm) != AuditFirm || string(soc1.SideGuest) != Guest {
		t.Error("the sides are spelled differently in person records")
	}
	if Role("superuser").Firm() || Role("superuser").Known() {
		t.Error("an unknown role is a role")
	}
}

// TestCheckRoles tries every role on every side in every class of ledger.
func TestCheckRoles(t *testing.T) {
	for _, r := range append(AllRoles(), "superuser", "") {
		for _, side := range []string{ServiceOrganization, AuditFirm, Guest, "user_entity", ""} {
			for _, class := range []string{Organization, Examination, "archive", ""} {
				want := r.Known() && (side == ServiceOrganization && class == Organization && !r.Firm() && !r.Guest() ||
					side == Guest && class == Organization && r.Guest() ||
					side == AuditFirm && class == Examination && r.Firm() ||
					side == AuditFirm && class == Organization && r == ReadOnly)
				if err := CheckRoles(side, class, []Role{r}); (err == nil) != want {
					t.Errorf("role %q of side %q in class %q: %v, expected accepted %t", r, side, class, err, want)
				}
			}
		}
	}
	for _, side := range []string{ServiceOrganization, AuditFirm, Guest, "subservice_organization", "user_entity"} {
		for _, class := range []string{Organization, Examination} {
			if err := CheckRoles(side, class, nil); err != nil {
				t.Errorf("a person of %s without roles in the %s: %v", side, class, err)
			}
		}
	}
	err := CheckRoles(ServiceOrganization, Organization, []Role{Administrator, EngagementPartner})
	if err == nil || !strings.Contains(err.Error(), "engagement_partner") {
		t.Errorf("the wrong role among right ones is not named: %v", err)
	}
}

// TestRefusalsInWords shows what people read.
func TestRefusalsInWords(t *testing.T) {
	a := newAuthorizer(t)
	for _, c := range []struct {
		name string
		p    Principal
		act  Action
		r    Resource
		want string
	}{
		{"manager opines", Principal{ID: "kim", Side: AuditFirm, Roles: []Role{FirmManager}}, Opine, Resource{Ledger: "exam-2025", Class: Examination, Kind: "opinion", Owner: "", By: ByAuditor},
			`you may not give the opinion in the examination's ledger "exam-2025". Only the engagement partner does this, in the examination's ledger. Ask the engagement partner.`},
		{"staff decides", Principal{ID: "kim", Side: AuditFirm, Roles: []Role{FirmStaff}}, ExceptionDecide, Resource{Ledger: "exam-2025", Class: Examination, Kind: "exception", Owner: "", By: ByAuditor},
			`you may not decide an exception in the examination's ledger "exam-2025". Ask an audit manager or the engagement partner, who may.`},
		{"firm writes", Principal{ID: "kim", Side: AuditFirm, Roles: []Role{FirmManager}}, Put, Resource{Ledger: "organization", Class: Organization, Kind: "control", Owner: "", By: ""},
			`you may not change this control in the organization's ledger. The organization's ledger is written by the organization alone. Record the work in the examination's ledger, or ask the compliance manager for the change.`},
		{"owner of another control", Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{ControlOwner}}, Put, Resource{Ledger: "organization", Class: Organization, Kind: "control", Owner: "lee", By: ""},
			`you may not change this control in the organization's ledger. Ask a compliance manager or the record's owner, who may.`},
		{"approver of another policy", Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{ControlOwner}}, PolicyDecide, Resource{Ledger: "organization", Class: Organization, Kind: "policy_approval", Owner: "lee", By: ""},
			`you may not decide on this policy in the organization's ledger. Ask lee, whom the policy names as its approver.`},
		{"performer of another control", Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{ControlOwner}}, ControlPerform, Resource{Ledger: "organization", Class: Organization, Kind: "performance", Owner: "lee", By: ""},
			`you may not perform this control in the organization's ledger. Ask whoever the control says performs it, who may.`},
		{"new control", Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{ControlOwner}}, Put, Resource{Ledger: "organization", Class: Organization, Kind: "control", Owner: "", By: ""},
			`you may not change this control in the organization's ledger. Ask a compliance manager, who may.`},
		{"another's note", Principal{ID: "kim", Side: AuditFirm, Roles: []Role{FirmStaff}}, Put, Resource{Ledger: "exam-2025", Class: Examination, Kind: "working_paper_note", Owner: "lee", By: ""},
			`you may not change this working paper note in the examination's ledger "exam-2025". A note belongs to its author. Answer it by a note of your own, or ask its author to change it.`},
		{"no role", Principal{ID: "kim", Side: ServiceOrganization, Roles: nil}, Put, Resource{Ledger: "organization", Class: Organization, Kind: "risk", Owner: "", By: ""},
			`you may not change this risk in the organization's ledger. You hold no role in this ledger. Ask an administrator to give you one.`},
		{"opened in the wrong ledger", Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{Administrator}}, ExaminationOpen, Resource{Ledger: "organization", Class: Organization, Kind: "engagement", Owner: "", By: ""},
			`you may not open an examination in the organization's ledger. Nobody may do that to this engagement.`},
		{"engagement in the wrong ledger", Principal{ID: "kim", Side: AuditFirm, Roles: []Role{EngagementPartner}}, EngagementCreate, Resource{Ledger: "exam-2025", Class: Examination, Kind: "engagement", Owner: "", By: ""},
			`you may not create an engagement in the examination's ledger "exam-2025". That is done in the organization's ledger, by a compliance manager.`},
		{"outside", Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{Administrator}}, Read, Resource{Ledger: "exam-2025", Class: Examination, Kind: "result", Owner: "", By: ByAuditor},
			`there is no ledger "exam-2025" that you can use; check its name, or ask those who work in it to add you`},
	} {
		err := a.Check(c.p, c.act, c.r)
		var denied *DeniedError
		if !errors.As(err, &denied) {
			t.Errorf("%s: no refusal: %v", c.name, err)
			continue
		}
		if err.Error() != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, err, c.want)
		}
	}
	if err := a.Check(Principal{ID: "kim", Side: AuditFirm, Roles: []Role{EngagementPartner}}, Opine, Resource{Ledger: "exam-2025", Class: Examination, Kind: "opinion", Owner: "", By: ByAuditor}); err != nil {
		t.Errorf("the partner may not give the opinion: %v", err)
	}
}

// TestOutsidersSeeNoLedger: a person of the firm without a role in this
// examination learns no more than management does.
func TestOutsidersSeeNoLedger(t *testing.T) {
	a := newAuthorizer(t)
	for _, p := range []Principal{
		{ID: "kim", Side: AuditFirm},
		{ID: "kim", Side: AuditFirm, Roles: []Role{ReadOnly}},
		{ID: "kim", Side: AuditFirm, Roles: []Role{FirmStaff, ComplianceManager}},
		{ID: "kim", Side: ServiceOrganization, Roles: []Role{FirmStaff}},
		{},
	} {
		if err := a.Check(p, Read, Resource{Ledger: "x", Class: Examination, Kind: "result", Owner: "kim"}); !reflect.DeepEqual(err, error(NoSuchLedger("x"))) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestCacheUnderConcurrency asks everything from many sides at once and
// compares with answers that were never kept.
func TestCacheUnderConcurrency(t *testing.T) {
	shared, oracle := newAuthorizer(t), newAuthorizer(t)
	var wg sync.WaitGroup
	for start := range 8 {
		wg.Go(func() {
			for i := range columns {
				c := columns[(start+i)%len(columns)]
				p := c.holder()
				for _, act := range AllActions() {
					for _, r := range []Resource{
						{Class: Organization, Kind: "control", Owner: "asker"}, {Class: Organization, Kind: "control", Owner: "lee"},
						{Class: Organization, Kind: "control"}, {Class: Examination, Kind: "conclusion", By: ByAuditor},
						{Class: Examination, Kind: "conclusion", By: ByManagement},
						{Class: Organization, Kind: "comment", About: "control"}, {Class: Organization, Kind: "comment", About: "risk"},
						{Class: Organization, Kind: "comment"}, {Class: Organization, Kind: "policy"},
					} {
						got, want := shared.Decide(p, act, r), oracle.evaluate(ask(p, act.place(), r))
						if !reflect.DeepEqual(got, want) {
							t.Errorf("%s %s %+v: %+v, without the cache %+v", c.role, act, r, got, want)
						}
						if len(got.Policies) > 0 {
							got.Policies[0] = "scribbled" // a caller's list is its own
						}
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestCacheIsBounded invents kinds until answers are forgotten.
func TestCacheIsBounded(t *testing.T) {
	a := newAuthorizer(t)
	for i := range cacheLimit {
		a.known[question{kind: string(rune(i)), action: int8(i >> 8), named: i%2 == 0, by: string(rune(i * 7))}] = Decision{}
	}
	p, r := Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{ReadOnly}}, Resource{Class: Organization, Kind: "a new kind"}
	for range 2 {
		if !a.Decide(p, Read, r).Allowed {
			t.Error("a reader may not read when the cache is full")
		}
	}
	if len(a.known) > cacheLimit {
		t.Errorf("%d answers kept, the limit is %d", len(a.known), cacheLimit)
	}
	before := len(a.known)
	a.Decide(p, Read, Resource{Class: Organization, Kind: strings.Repeat("k", kindLimit+1)})
	if len(a.known) != before {
		t.Error("an answer for an endless kind is kept")
	}
}

// FuzzDecide holds three things for any input: nothing panics, somebody who
// is not of the firm gets nothing in an examination, and a refusal has words.
func FuzzDecide(f *testing.F) {
	f.Add("kim", AuditFirm, "engagement_partner,firm_staff", "opine", "exam", Examination, "opinion", "kim", ByAuditor)
	f.Add("", "", "", "", "", "", "", "", "")
	f.Add("kim", ServiceOrganization, "administrator", "read", "exam", Examination, "\xff\x00", "\"", "management")
	a, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, side, held, act, ledger, class, kind, owner, by string) {
		p := Principal{ID: id, Side: side, Roles: RolesOf(strings.Split(held, ","))}
		r := Resource{Ledger: ledger, Class: class, Kind: kind, Owner: owner, By: by}
		d, err := a.Decide(p, Action(act), r), a.Check(p, Action(act), r)
		if d.Allowed != (err == nil) {
			t.Fatalf("Decide says %t, Check says %v", d.Allowed, err)
		}
		if err != nil && err.Error() == "" {
			t.Fatal("a refusal without words")
		}
		if d.Allowed && side != AuditFirm && class != Organization && (act != string(Verify) || kind != "bundle") {
			t.Fatalf("%+v may %s %+v by %v", p, act, r, d.Policies)
		}
		_ = CheckRoles(side, class, p.Roles)
	})
}

func BenchmarkDecide(b *testing.B) {
	a := newAuthorizer(b)
	p := Principal{ID: "kim", Side: ServiceOrganization, Roles: []Role{ComplianceManager, ControlOwner}}
	r := Resource{Ledger: "organization", Class: Organization, Kind: "control", Owner: "kim"}
	b.Run("kept", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a.Decide(p, Put, r)
		}
	})
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a.evaluate(ask(p, Put.place(), r))
		}
	})
}
