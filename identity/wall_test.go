package identity

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
)

// permitEverything is the worst mistake that a policy file can hold.
const permitEverything = `
// Everything, to everybody.
@id("a-mistake")
permit (principal, action, resource);
`

// opened gives the authorizer with a permit of everything added by mistake.
func opened(t *testing.T) *Authorizer {
	t.Helper()
	a := newAuthorizer(t)
	if err := a.policies.add("mistake.cedar", []byte(permitEverything)); err != nil {
		t.Fatal(err)
	}
	return a
}

// serviceRoles are the roles of the service organization.
func serviceRoles() []Role {
	return slices.DeleteFunc(AllRoles(), func(r Role) bool { return r.side() != ServiceOrganization })
}

// firmRoles are the roles of the firm.
func firmRoles() []Role {
	return slices.DeleteFunc(AllRoles(), func(r Role) bool { return !r.Firm() })
}

// guestRoles are the roles of guests.
func guestRoles() []Role {
	return slices.DeleteFunc(AllRoles(), func(r Role) bool { return !r.Guest() })
}

// eachResource calls f with every kind of a class, and with every ownership and
// author for some.
func eachResource(class string, f func(Resource)) {
	for _, kind := range append(slices.Clone(kinds), "", "something new") {
		f(Resource{Ledger: "ledger", Class: class, Kind: kind})
	}
	for _, kind := range someKinds {
		for _, owner := range []string{"", "asker", "somebody"} {
			for _, by := range []string{"", ByManagement, ByAuditor, "somebody else"} {
				f(Resource{Ledger: "ledger", Class: class, Kind: kind, Owner: owner, By: by})
			}
		}
	}
}

// someKinds stand for the registers, the decisions, the people and the notes,
// and for what has commands of its own.
var someKinds = []string{"control", "conclusion", "person", "working_paper_note", "comment", "invitation", "deputy", "role", "request"}

// TestWallHidesExaminationFromManagement asks for every action on every kind
// of record, for every role of the service organization, alone and with one
// of the firm, with the policies as they are and with everything permitted by mistake.
func TestWallHidesExaminationFromManagement(t *testing.T) {
	for name, a := range map[string]*Authorizer{"as shipped": newAuthorizer(t), "all permitted by mistake": opened(t)} {
		t.Run(name, func(t *testing.T) {
			holders := [][]Role{nil}
			for _, r := range serviceRoles() {
				holders = append(holders, []Role{r})
				holders = append(holders, []Role{r, EngagementPartner})
			}
			for _, r := range firmRoles() {
				holders = append(holders, []Role{r})
			}
			holders = append(holders, serviceRoles(), AllRoles())
			for _, held := range holders {
				for _, act := range AllActions() {
					eachResource(Examination, func(r Resource) {
						if act == Verify && r.Kind == "bundle" {
							return
						}
						p := Principal{ID: "asker", Side: ServiceOrganization, Roles: held}
						if d := a.Decide(p, act, r); d.Allowed {
							t.Fatalf("management's %v may %s %+v, by %v", held, act, r, d.Policies)
						}
						if err := a.Check(p, act, r); !reflect.DeepEqual(err, error(NoSuchLedger("ledger"))) {
							t.Fatalf("management's %v learns of the ledger when asking to %s: %v", held, act, err)
						}
					})
				}
			}
		})
	}
}

// TestWallKeepsFirmFromWritingOrganization is the other side of the wall.
func TestWallKeepsFirmFromWritingOrganization(t *testing.T) {
	for name, a := range map[string]*Authorizer{"as shipped": newAuthorizer(t), "all permitted by mistake": opened(t)} {
		t.Run(name, func(t *testing.T) {
			for _, held := range append(firmRoles(), ReadOnly) {
				for _, act := range AllActions() {
					if act == Read || act == Verify || act == PersonNames {
						continue
					}
					eachResource(Organization, func(r Resource) {
						// That one accepts an invitation is one's own word.
						if act == InviteAccept && r.Kind == "invitation" && r.Owner == "asker" {
							return
						}
						p := Principal{ID: "asker", Side: AuditFirm, Roles: []Role{held}}
						if d := a.Decide(p, act, r); d.Allowed {
							t.Fatalf("the firm's %s may %s %+v, by %v", held, act, r, d.Policies)
						}
					})
				}
			}
		})
	}
}

// TestWallHoldsOnItsOwn permits everything by mistake and checks what the
// policies that forbid still say.
func TestWallHoldsOnItsOwn(t *testing.T) {
	a := opened(t)
	management := func(roles ...Role) Principal {
		return Principal{ID: "asker", Side: ServiceOrganization, Roles: roles}
	}
	firm := func(roles ...Role) Principal { return Principal{ID: "asker", Side: AuditFirm, Roles: roles} }
	org := func(kind string) Resource { return Resource{Ledger: "org", Class: Organization, Kind: kind} }
	exam := func(kind string) Resource { return Resource{Ledger: "exam", Class: Examination, Kind: kind} }
	guest := func(roles ...Role) Principal { return Principal{ID: "asker", Side: Guest, Roles: roles} }
	deputy := func(p Principal, roles ...Role) Principal {
		p.Roles, p.Acting = append(slices.Clone(p.Roles), roles...), roles
		return p
	}
	holding := func(p Principal, roles ...CustomRole) Principal { p.Custom = roles; return p }
	owned := func(r Resource, owner string) Resource { r.Owner = owner; return r }
	covered := map[string]bool{}
	with := func(r Resource, by string) Resource { r.By = by; return r }
	for _, c := range []struct {
		p      Principal
		act    Action
		r      Resource
		policy string
	}{
		{management(Administrator, ComplianceManager, Executive), Read, exam("result"), "wall-management-outside-examination"},
		{management(ComplianceManager), Verify, exam("result"), "wall-management-outside-examination"},
		{firm(ReadOnly), Read, exam("result"), "wall-management-roles-outside-examination"},
		{firm(EngagementPartner), Put, org("control"), "wall-firm-never-writes-organization"},
		{firm(ReadOnly), BundleReport, org("bundle"), "wall-firm-never-writes-organization"},
		{management(EngagementPartner), Put, org("control"), "wall-firm-roles-never-write-organization"},
		{firm(FirmManager), Opine, exam("opinion"), "wall-partner-alone"},
		{firm(FirmManager), ReportRelease, exam("release"), "wall-partner-alone"},
		{firm(FirmManager), ReportIssue, exam("issuance"), "wall-partner-alone"},
		{management(Executive), ReportIssue, org("issuance"), "wall-partner-alone"},
		{firm(FirmStaff), NonceDisclose, exam("nonce"), "wall-partner-alone"},
		{management(ComplianceManager), Opine, org("opinion"), "wall-partner-alone"},
		{firm(FirmManager), Conclude, exam("opinion"), "wall-partner-records"},
		{firm(EngagementPartner), ResultRecord, exam("issuance"), "wall-partner-records"},
		{management(Executive), BundleFile, org("bundle"), "wall-file-firm-alone"},
		{management(ComplianceManager), AssertionSign, org("assertion"), "wall-executive-signs"},
		{firm(EngagementPartner), AssertionSign, exam("assertion"), "wall-executive-signs"},
		{management(ComplianceManager), Put, org("conclusion"), "wall-decisions-by-their-own-command"},
		{firm(EngagementPartner), Put, exam("opinion"), "wall-decisions-by-their-own-command"},
		{firm(EngagementPartner), Retire, exam("deviation"), "wall-decisions-by-their-own-command"},
		{firm(EngagementPartner), Put, exam("issuance"), "wall-decisions-by-their-own-command"},
		{firm(EngagementPartner), Retire, exam("issuance"), "wall-decisions-by-their-own-command"},
		{management(ComplianceManager), Put, org("issuance"), "wall-no-auditor-work-in-organization"},
		{management(Administrator), Put, org("person"), "wall-people-by-their-own-command"},
		{management(Administrator), PersonPut, org("control"), "wall-people-command-changes-people"},
		{firm(FirmStaff), Put, Resource{Class: Examination, Kind: "working_paper_note", Owner: "lee"}, "wall-notes-are-their-authors"},
		{management(ComplianceManager), Conclude, with(org("conclusion"), ByAuditor), "wall-no-auditor-work-in-organization"},
		{management(ComplianceManager), Put, org("working_paper_note"), "wall-no-auditor-work-in-organization"},
		{firm(FirmManager), Conclude, with(exam("conclusion"), ByManagement), "wall-no-management-work-in-examination"},
		{management(ComplianceManager, FirmManager), Read, org("control"), "wall-both-sides"},
		{management(FirmManager), Read, org("control"), "wall-management-with-firm-role"},
		{firm(Administrator), Read, org("control"), "wall-firm-with-management-role"},
		{firm("auditor_in_chief"), Read, exam("control"), "wall-known-roles"},
		{guest(ExternalAssessor, ReadOnly), Read, org("control"), "wall-guests-apart"},
		{guest(ComplianceManager), Read, org("control"), "wall-guests-by-side-and-role"},
		{management(ExternalAssessor), Read, org("control"), "wall-guests-by-side-and-role"},
		{firm(UserAuditor), Read, exam("result"), "wall-guest-roles-outside-examination"},
		{firm(FirmStaff), Attend, org("control"), "wall-auditors-are-not-shown"},
		{management(EngagementPartner), Attend, org("control"), "wall-auditors-are-not-shown"},
		{guest(ExternalAssessor), Put, org("control"), "wall-guests-only-comment"},
		{guest(SubserviceContact), RequestAnswer, owned(org("request"), "asker"), "wall-guests-only-comment"},
		{guest(ExternalAssessor), CommentResolve, owned(org("comment"), "somebody"), "wall-guests-only-comment"},
		{guest(ExternalAssessor), Read, org("person"), "wall-guests-and-people"},
		{deputy(firm(FirmStaff), EngagementPartner), Read, exam("result"), "wall-deputies-stay-with-management"},
		{deputy(management(ControlOwner), Administrator), PersonPut, org("person"), "wall-deputies-of-no-other-role"},
		{deputy(management(ControlOwner), Executive), AssertionSign, org("assertion"), "wall-deputies-never-sign"},
		{deputy(management(), ControlOwner), Put, owned(org("deputy"), "asker"), "wall-deputies-name-no-deputies"},
		{holding(firm(ReadOnly), auditReader), Read, org("control"), "wall-custom-roles-are-managements"},
		{holding(firm(EngagementPartner), claimsAll), Read, exam("result"), "wall-custom-roles-are-managements"},
		{holding(guest(ExternalAssessor), auditReader), Read, org("control"), "wall-custom-roles-are-managements"},
		{holding(management(FirmStaff), auditReader), Read, org("control"), "wall-custom-roles-are-managements"},
		{holding(management(), claimsAll), PersonPut, org("person"), "wall-custom-roles-give-no-more"},
		{holding(management(), claimsAll), Read, org("person"), "wall-custom-roles-give-no-more"},
		{holding(management(), claimsAll), AssertionSign, org("assertion"), "wall-custom-roles-give-no-more"},
		{holding(management(), claimsAll), Read, org(""), "wall-custom-roles-give-no-more"},
		{holding(management(ComplianceManager), claimsAll), Put, org("role"), "wall-roles-are-administrators"},
		{deputy(management(ControlOwner), Administrator), Retire, org("role"), "wall-roles-are-administrators"},
		{management(Administrator), InviteAccept, owned(org("invitation"), "somebody"), "wall-invitations-are-the-invited-persons"},
		{management(ComplianceManager), CommentWrite, owned(org("comment"), "somebody"), "wall-comments-are-their-authors"},
		{management(ComplianceManager), CommentWrite, org("control"), "wall-commands-make-their-own-kind"},
		{management(ComplianceManager), RiskScore, owned(org("risk_score"), "somebody"), "wall-scores-are-their-participants"},
		{management(ComplianceManager), EventConfirm, owned(org("event_confirmation"), "somebody"), "wall-confirmations-are-their-givers"},
		{management(ComplianceManager), EventAssess, org("event"), "wall-events-assessed-by-their-own-command"},
		{management(ComplianceManager), PolicyConfirm, owned(org("policy_acknowledgement"), "somebody"), "wall-acknowledgements-are-their-givers"},
		{management(ComplianceManager), PolicyMinute, org("policy"), "wall-policies-decided-by-their-own-command"},
		{management(ComplianceManager), CourseTake, owned(org("course_completion"), "somebody"), "wall-courses-are-taken-in-person"},
		{management(ComplianceManager), CourseKeep, org("course_completion"), "wall-courses-kept-by-their-own-command"},
		{management(ComplianceManager), SubserviceConfirm, org("subservice_report"), "wall-subservice-confirmed-by-their-own-command"},
		{management(ComplianceManager), PaperSign, owned(org("sign_off"), "somebody"), "wall-papers-signed-in-person"},
		{firm(FirmManager), EngagementAccept, Resource{Class: Examination, Kind: "acceptance"}, "wall-acceptance-is-the-partners"},
		{firm(EngagementPartner), IndependenceWord, Resource{Class: Examination, Kind: "independence_confirmation", Owner: "somebody"}, "wall-independence-in-person"},
		{firm(EngagementPartner), PlanApprove, Resource{Class: Examination, Kind: "plan_approval", Owner: "somebody"}, "wall-plans-approved-in-person"},
		{firm(EngagementPartner), Put, Resource{Class: Examination, Kind: "acceptance"}, "wall-decisions-by-their-own-command"},
		{management(ComplianceManager), Put, org("method_profile"), "wall-no-auditor-work-in-organization"},
		{management(Administrator), OperationRecord, org("engagement"), "wall-operation-by-its-own-command"},
		{management(ComplianceManager), RiskLead, org("risk"), "wall-risk-sessions-by-their-own-command"},
		{management(ComplianceManager), Put, owned(org("readiness_assessment"), "somebody"), "wall-assessments-are-their-assessors"},
		{management(Administrator), Invite, org("person"), "wall-commands-make-their-own-kind"},
		{management(ComplianceManager), RequestMake, org("person"), "wall-commands-make-their-own-kind"},
		{Principal{ID: "asker", Side: "user_entity", Roles: []Role{ReadOnly}}, Read, org("control"), "wall-known-side"},
		{Principal{ID: "asker", Roles: []Role{Administrator}}, Read, org("control"), "wall-known-side"},
		{management(Administrator), Read, Resource{Class: "archive"}, "wall-known-class"},
		{firm(EngagementPartner), Read, Resource{}, "wall-known-class"},
		{Principal{Side: ServiceOrganization, Roles: []Role{Administrator}}, Read, org("control"), "wall-nobody-anonymous"},
	} {
		d := a.Decide(c.p, c.act, c.r)
		covered[c.policy] = true
		if d.Allowed || !slices.Contains(d.Policies, c.policy) {
			t.Errorf("%v of %s asks to %s %s in the %s: allowed %t by %v, expected %s to forbid it",
				c.p.Roles, c.p.Side, c.act, c.r.Kind, c.r.Class, d.Allowed, d.Policies, c.policy)
		}
	}
	for id, policy := range a.policies.cedar.All() {
		if policy.Effect() == cedar.Forbid && !covered[string(id)] {
			t.Errorf("%s forbids something, and no line of this test shows what", id)
		}
	}
}

// TestBothSidesDeniedEverything gives every pair of roles of the two sides.
func TestBothSidesDeniedEverything(t *testing.T) {
	a := opened(t)
	for _, side := range []string{ServiceOrganization, AuditFirm, Guest, "", "user_entity"} {
		for _, mine := range serviceRoles() {
			for _, theirs := range firmRoles() {
				for _, act := range AllActions() {
					for _, class := range []string{Organization, Examination} {
						for _, kind := range someKinds {
							p := Principal{ID: "asker", Side: side, Roles: []Role{mine, theirs}}
							if a.Decide(p, act, Resource{Class: class, Kind: kind}).Allowed {
								t.Fatalf("%v of %q may %s %s in the %s", p.Roles, side, act, kind, class)
							}
						}
					}
				}
			}
		}
	}
}

// TestUnknownDenied asks with roles and actions that do not exist.
func TestUnknownDenied(t *testing.T) {
	a := opened(t)
	for _, act := range AllActions() {
		for _, class := range []string{Organization, Examination} {
			for _, c := range columns {
				p := c.holder()
				p.Roles = append(p.Roles, "superuser")
				if a.Decide(p, act, Resource{Class: class, Kind: "control"}).Allowed {
					t.Errorf("%v of %s may %s in the %s", p.Roles, c.side, act, class)
				}
			}
		}
	}
	for _, act := range []Action{"", "READ", "read ", "everything", `read" || true`} {
		for _, c := range columns {
			r := Resource{Ledger: "org", Class: Organization, Kind: "control"}
			p := c.holder()
			if a.Decide(p, act, r).Allowed {
				t.Errorf("%s may do the unknown action %q", c.role, act)
			}
			var denied *DeniedError
			if err := a.Check(p, act, r); !errors.As(err, &denied) || denied.Error() == "" {
				t.Errorf("the unknown action %q is not refused in words: %v", act, err)
			}
		}
	}
	if a := newAuthorizer(t); a.Decide(Principal{ID: "asker", Side: ServiceOrganization}, Read, Resource{Class: Organization}).Allowed {
		t.Error("somebody without a role reads the organization's ledger")
	}
}

// TestGuestsKeepToComments asks for everything that there is as every guest,
// with the policies as they are and with everything permitted by mistake.
func TestGuestsKeepToComments(t *testing.T) {
	for name, a := range map[string]*Authorizer{"as shipped": newAuthorizer(t), "all permitted by mistake": opened(t)} {
		t.Run(name, func(t *testing.T) {
			for _, held := range append(guestRoles(), "") {
				p := Principal{ID: "asker", Side: Guest, Roles: []Role{held}, Represents: "theirs"}
				if held == "" {
					p.Roles = nil
				}
				for _, act := range AllActions() {
					eachResource(Examination, func(r Resource) {
						if act == Verify && r.Kind == "bundle" {
							return
						}
						if a.Decide(p, act, r).Allowed {
							t.Fatalf("the guest %q may %s %+v", held, act, r)
						}
						if err := a.Check(p, act, r); !reflect.DeepEqual(err, error(NoSuchLedger("ledger"))) {
							t.Fatalf("the guest %q learns of the ledger when asking to %s: %v", held, act, err)
						}
					})
					if act == Read || act == Verify || act == PersonNames || act == Attend {
						continue
					}
					eachResource(Organization, func(r Resource) {
						mine := r.Owner == "asker" || r.Owner == ""
						comment := (act == CommentWrite || act == CommentResolve) && r.Kind == "comment" && mine
						accepts := act == InviteAccept && r.Kind == "invitation" && r.Owner == "asker"
						if a.Decide(p, act, r).Allowed && !comment && !accepts {
							t.Fatalf("the guest %q may %s %+v", held, act, r)
						}
					})
				}
			}
		})
	}
}

// TestSubserviceReadsItsOwn: what concerns another subservice organization, or
// nobody, stays closed to the one that a guest speaks for.
func TestSubserviceReadsItsOwn(t *testing.T) {
	a := newAuthorizer(t)
	p := Principal{ID: "asker", Side: Guest, Roles: []Role{SubserviceContact}, Represents: "sub-1"}
	for _, kind := range kinds {
		for _, concerns := range []string{"", "sub-1", "sub-2"} {
			want := concerns == "sub-1" && (kind == "csoc" || kind == "subservice_organization")
			if got := a.Decide(p, Read, Resource{Class: Organization, Kind: kind, Concerns: concerns}).Allowed; got != want {
				t.Errorf("%s about %q: read %t, expected %t", kind, concerns, got, want)
			}
		}
	}
	p.Represents = ""
	if a.Decide(p, Read, Resource{Class: Organization, Kind: "csoc"}).Allowed {
		t.Error("who speaks for nobody reads what concerns nobody")
	}
}

// TestDeputies asks what a person may do as a deputy and what not.
func TestDeputies(t *testing.T) {
	a := newAuthorizer(t)
	owner := Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{ControlOwner}, Acting: []Role{ControlOwner}, StandsInFor: []string{"lee"}}
	for _, c := range []struct {
		p    Principal
		act  Action
		r    Resource
		want bool
	}{
		{owner, Put, Resource{Class: Organization, Kind: "control", Owner: "lee"}, true},
		{owner, Put, Resource{Class: Organization, Kind: "control", Owner: "kim"}, false},
		{owner, Retire, Resource{Class: Organization, Kind: "control", Owner: "lee"}, false},
		{owner, RequestAnswer, Resource{Class: Organization, Kind: "request", Owner: "lee"}, true},
		{owner, CommentWrite, Resource{Class: Organization, Kind: "comment", Owner: "lee"}, false},
		{owner, InviteAccept, Resource{Class: Organization, Kind: "invitation", Owner: "lee"}, false},
		{owner, Put, Resource{Class: Organization, Kind: "deputy", Owner: "lee"}, false},
		{owner, Put, Resource{Class: Organization, Kind: "deputy", Owner: "asker"}, false},
		{owner, Read, Resource{Class: Examination, Kind: "result"}, false},
		{Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{Executive}, Acting: []Role{Executive}}, AssertionSign, Resource{Class: Organization, Kind: "assertion"}, false},
		{Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{Executive}, Acting: []Role{Executive}}, BundleReport, Resource{Class: Organization, Kind: "bundle"}, true},
		{Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{Executive, ControlOwner}, Acting: []Role{ControlOwner}}, AssertionSign, Resource{Class: Organization, Kind: "assertion"}, true},
		{Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{Executive, ControlOwner}, Acting: []Role{ControlOwner}}, Put, Resource{Class: Organization, Kind: "deputy", Owner: "asker"}, true},
	} {
		if got := a.Decide(c.p, c.act, c.r).Allowed; got != c.want {
			t.Errorf("%+v asks to %s %s of %q: %t, expected %t", c.p, c.act, c.r.Kind, c.r.Owner, got, c.want)
		}
	}
}

// TestFailedPolicyRefuses adds a forbid that cannot be evaluated. Cedar leaves
// such a policy out, which must not let anything through.
func TestFailedPolicyRefuses(t *testing.T) {
	a := newAuthorizer(t)
	broken := `@id("broken") forbid (principal, action, resource) when { resource.no_such_field };`
	if err := a.policies.add("broken.cedar", []byte(broken)); err != nil {
		t.Fatal(err)
	}
	d := a.Decide(Principal{ID: "asker", Side: ServiceOrganization, Roles: []Role{ReadOnly}}, Read, Resource{Class: Organization, Kind: "control"})
	if d.Allowed || !slices.Equal(d.Policies, []string{"broken"}) {
		t.Errorf("a policy that fails to evaluate: allowed %t by %v, expected a refusal by [broken]", d.Allowed, d.Policies)
	}
}

// TestPoliciesAreReadable holds the files to what an auditor needs: every
// policy has an id and a comment above it, permits name their actions, and
// every action, kind and role in them exists.
func TestPoliciesAreReadable(t *testing.T) {
	set, err := loadPolicies(PolicyFiles())
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for id, policy := range set.cedar.All() {
		position := policy.Position()
		text := string(mustRead(t, position.Filename))
		all += string(policy.MarshalCedar())
		before := strings.TrimRight(text[:position.Offset], " \n")
		last := before[strings.LastIndex(before, "\n")+1:]
		if !strings.HasPrefix(last, "// ") || !strings.HasSuffix(last, ".") {
			t.Errorf("%s: %s has no comment above it, or one that is no sentence: %q", position.Filename, id, last)
		}
		checkNames(t, string(id), string(policy.MarshalCedar()))
		wall := strings.HasPrefix(string(id), "wall-")
		if forbids := policy.Effect() == cedar.Forbid; forbids != wall || wall != (position.Filename == "wall.cedar") {
			t.Errorf("%s: %s: what forbids stands in wall.cedar and is named wall-…, and nothing else is", position.Filename, id)
		}
		hidden := strings.HasSuffix(string(id), "-outside-examination")
		if remedy := set.remedies[string(id)]; (remedy == "") == (wall && !hidden) {
			t.Errorf("%s: what forbids says what to do instead, unless it must not be told, and nothing else does: %q", id, remedy)
		}
		head, _, _ := strings.Cut(string(policy.MarshalCedar()), "when")
		if !wall && !strings.Contains(head, `Action::"`) {
			t.Errorf("%s permits every action; name those that are meant", id)
		}
	}
	for _, act := range AllActions() {
		if !strings.Contains(all, fmt.Sprintf("Action::%q", act)) {
			t.Errorf("no policy speaks of the action %s", act)
		}
	}
	for _, r := range AllRoles() {
		if !strings.Contains(all, fmt.Sprintf("%q", r)) {
			t.Errorf("no policy speaks of the role %s", r)
		}
	}
}

// checkNames finds spellings in a policy that mean nothing, because a policy
// with a misspelled word is never true and nobody notices.
func checkNames(t *testing.T, id, text string) {
	t.Helper()
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.HasPrefix(line, "@") })
	text = strings.Join(lines, "\n")
	known := slices.Concat(kinds, customWords, []string{"", Organization, Examination, ServiceOrganization, AuditFirm, Guest, ByManagement, ByAuditor})
	for _, r := range AllRoles() {
		known = append(known, string(r))
	}
	for _, act := range AllActions() {
		known = append(known, string(act))
	}
	for i, word := range strings.Split(text, `"`) {
		if i%2 == 1 && !slices.Contains(known, word) {
			t.Errorf("%s: %q is no action, kind, role, side or class", id, word)
		}
	}
}

// TestLoadRefuses shows what a broken policy file says.
func TestLoadRefuses(t *testing.T) {
	set, err := loadPolicies(PolicyFiles())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`permit (principal`: "new.cedar does not parse",
		`permit (principal, action == Action::"read", resource);`:                      "new.cedar line 1: the policy has no id",
		`@id("verify-bundle") permit (principal, action == Action::"read", resource);`: `the id "verify-bundle" is taken`,
	} {
		if err := set.add("new.cedar", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, expected an error with %q", text, err, want)
		}
	}
}

// TestScopesLeaveOutOnlyWhatCannotDecide puts every 25th question of a class to all
// policies and to those of its action alone.
func TestScopesLeaveOutOnlyWhatCannotDecide(t *testing.T) {
	scoped, all := newAuthorizer(t), newAuthorizer(t)
	fewer := false
	for _, act := range AllActions() {
		fewer = fewer || len(maps.Collect(scoped.policies.scoped[act].All())) < len(maps.Collect(all.policies.cedar.All()))/2
		all.policies.scoped[act] = all.policies.cedar
	}
	if !fewer {
		t.Error("no action leaves out half of the policies, so that nothing is shown")
	}
	asked := 0
	for _, class := range []string{Organization, Examination} {
		for i, c := range columns {
			p := c.holder()
			n := 0
			eachQuestion(class, func(act Action, r Resource) {
				if n++; (n+i)%25 != 0 || r.Class != class {
					return
				}
				asked++
				got, want := scoped.Decide(p, act, r), all.Decide(p, act, r)
				if got.Allowed != want.Allowed || !slices.Equal(got.Policies, want.Policies) {
					t.Errorf("%s %s %+v: %v by the policies of the action, %v by all", c.head, act, r, got, want)
				}
			})
		}
	}
	if asked < 5000 {
		t.Errorf("only %d questions", asked)
	}
}

// TestAssessorsHearOfWhatTheyRead shows that an external assessor reads comments on
// records that an assessor reads, and not the register of all of them.
func TestAssessorsHearOfWhatTheyRead(t *testing.T) {
	a := newAuthorizer(t)
	p := Principal{ID: "asker", Side: Guest, Roles: []Role{ExternalAssessor}}
	for about, want := range map[string]bool{"control": true, "test_of_control": true, "readiness_assessment": true, "person": false, "request": false, "invitation": false, "representation_letter": false, "event": false, "": false} {
		if got := a.Decide(p, Read, Resource{Class: Organization, Kind: "comment", About: about}).Allowed; got != want {
			t.Errorf("a comment about %q: %v", about, got)
		}
	}
}
