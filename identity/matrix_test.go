package identity

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/matrix.txt; review the difference before committing it")

const matrixFile = "testdata/matrix.txt"

// kinds are the kinds of record that exist, and "bundle" for a bundle.
var kinds = []string{
	"account", "assertion", "assertion_relevance", "attribute", "bundle", "comment", "conclusion", "control", "control_objective", "course", "course_completion", "course_key",
	"bridge_letter", "business_calendar", "csoc", "cuec", "deputy", "description_section", "deviation", "engagement", "event", "event_assessment", "event_confirmation", "evidence", "examination", "exception", "framework_control", "framework_requirement", "gap_acceptance", "invitation", "issuance", "legal_entity", "location",
	"management_response", "nonce", "opinion", "organization", "other_information", "performance", "person", "policy", "policy_acknowledgement", "policy_approval", "policy_campaign", "policy_exception", "population", "readiness_assessment",
	"release", "remediation", "remediation_closing", "representation_letter", "request", "result", "risk", "risk_score", "risk_session", "role", "sample", "scope_freeze", "scope_interview", "service", "significant_change",
	"subservice_organization", "system", "test_of_control", "test_run", "training_assignment", "transaction_class", "user_entity", "vendor", "walkthrough", "subservice_confirmation", "subservice_report", "sign_off", "backup", "program_version",
	"working_paper_note", "acceptance", "independence_confirmation", "materiality", "timetable", "method_profile", "plan_approval",
}

// column is one kind of person in the matrix.
type column struct {
	head, side string
	role       Role
	// custom stands in the place of the role where the person holds only that.
	custom *CustomRole
}

// holder is a person of the column.
func (c column) holder() Principal {
	p := Principal{ID: "asker", Side: c.side, Represents: "theirs"}
	if c.custom != nil {
		p.Custom = []CustomRole{*c.custom}
		return p
	}
	p.Roles = []Role{c.role}
	return p
}

// columns are every role on its own side, and the one role that people of
// both sides can hold in the organization's ledger.
var columns = []column{
	{head: "AD", side: ServiceOrganization, role: Administrator},
	{head: "CM", side: ServiceOrganization, role: ComplianceManager},
	{head: "CO", side: ServiceOrganization, role: ControlOwner},
	{head: "EX", side: ServiceOrganization, role: Executive},
	{head: "RO", side: ServiceOrganization, role: ReadOnly},
	{head: "fs", side: AuditFirm, role: FirmStaff},
	{head: "fm", side: AuditFirm, role: FirmManager},
	{head: "ep", side: AuditFirm, role: EngagementPartner},
	{head: "qr", side: AuditFirm, role: QualityReviewer},
	{head: "fa", side: AuditFirm, role: FirmAdministrator},
	{head: "fr", side: AuditFirm, role: ReadOnly},
	{head: "xa", side: Guest, role: ExternalAssessor},
	{head: "so", side: Guest, role: SubserviceContact},
	{head: "ua", side: Guest, role: UserAuditor},
	{head: "ia", side: ServiceOrganization, custom: &auditReader},
	{head: "pk", side: ServiceOrganization, custom: &policyKeeper},
	{head: "c*", side: ServiceOrganization, custom: &claimsAll},
}

// Sample roles of an organization's own making: one that reads some registers,
// one that keeps one, and one that claims everything that there is.
var (
	auditReader  = CustomRole{Reads: []string{"control", "evidence", "policy"}}
	policyKeeper = CustomRole{Reads: []string{"control"}, Keeps: []string{"policy"}, Comments: true, Answers: true}
	claimsAll    = CustomRole{ReadsAll: true, Reads: kinds, Keeps: kinds, Comments: true, Asks: true, Answers: true, BuildsDraft: true}
)

const matrixHead = `Who may do what: every class of ledger, action, kind of record and role.

Service organization: AD administrator, CM compliance manager, CO control owner,
EX executive, RO reader. Audit firm: fs staff, fm manager, ep engagement
partner, qr quality reviewer, fa firm administrator, fr a person of the firm
whom management made a reader of its ledger. Guests: xa external assessor, so
subservice organization, ua user auditor. Custom roles of the service
organization, held alone: ia reads controls, evidence and policies; pk reads
controls, keeps policies, comments and answers requests; c* claims to read and
keep every kind and to do all that a custom role can.

Kinds that are decided alike share a line; a kind that stands on no line of an
action may be touched by nobody. Where ownership matters, kind+own is a record
that the person owns, kind+other one that somebody else owns, kind+new one
that nobody owns. kind+theirs is one about the subservice organization for which
a guest speaks; comment+control is a comment on a control, comment+person one on
the record of a person. A deputy has the lines of the roles that they have as a deputy,
except that they sign nothing and name no deputy.

Rewrite with: go test ./identity -run Matrix -update
`

// TestMatrix pins every decision. A change of a policy shows as a change of
// the table, which somebody then has to agree with.
func TestMatrix(t *testing.T) {
	got := matrix(t, newAuthorizer(t))
	if *update {
		if err := os.WriteFile(matrixFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatalf("%v; write it with -update and review it", err)
	}
	want := string(stored)
	if got == want {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range wantLines {
		if !slices.Contains(gotLines, line) {
			t.Errorf("no longer decided: %s", line)
		}
	}
	for _, line := range gotLines {
		if !slices.Contains(wantLines, line) {
			t.Errorf("now decided:       %s", line)
		}
	}
	t.Error("the policies no longer decide as testdata/matrix.txt says; correct them, or run with -update and review the difference")
}

// matrix writes the whole table.
func matrix(t *testing.T, a *Authorizer) string {
	var out strings.Builder
	out.WriteString(matrixHead)
	for _, class := range []string{Organization, Examination} {
		fmt.Fprintf(&out, "\n%s LEDGER\n", strings.ToUpper(class))
		for _, act := range AllActions() {
			fmt.Fprintf(&out, "\n%-20s", act)
			for _, c := range columns {
				out.WriteString(" " + c.head)
			}
			out.WriteString("\n")
			writeAction(t, &out, a, class, act)
		}
	}
	return out.String()
}

// writeAction writes the lines of one action, those that most may do first.
func writeAction(t *testing.T, out *strings.Builder, a *Authorizer, class string, act Action) {
	alike := map[string][]string{}
	for _, kind := range kinds {
		lines := map[string]string{}
		for label, owner := range map[string]string{"new": "", "own": "asker", "other": "somebody"} {
			lines[label] = row(a, act, Resource{Ledger: "ledger", Class: class, Kind: kind, Owner: owner})
		}
		for _, about := range []string{"control", "person"} {
			if on := row(a, act, Resource{Ledger: "ledger", Class: class, Kind: kind, About: about}); kind == "comment" && on != lines["new"] {
				alike[on] = append(alike[on], kind+"+"+about)
			}
		}
		if theirs := row(a, act, Resource{Ledger: "ledger", Class: class, Kind: kind, Concerns: "theirs"}); theirs != lines["new"] {
			alike[theirs] = append(alike[theirs], kind+"+theirs")
		}
		if lines["new"] == lines["own"] && lines["own"] == lines["other"] {
			alike[lines["new"]] = append(alike[lines["new"]], kind)
			continue
		}
		for _, label := range []string{"new", "own", "other"} {
			alike[lines[label]] = append(alike[lines[label]], kind+"+"+label)
		}
	}
	delete(alike, strings.Repeat("  .", len(columns)))
	if len(alike) == 0 {
		fmt.Fprintf(out, "%-20s nobody, for any kind\n", "")
		return
	}
	var lines []string
	for line := range alike {
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(x, y string) int {
		if by := strings.Count(y, "X") - strings.Count(x, "X"); by != 0 {
			return by
		}
		return strings.Compare(alike[x][0], alike[y][0])
	})
	for _, line := range lines {
		writeWrapped(out, fmt.Sprintf("%-20s%s   ", "", line), listed(alike[line]))
	}
}

// listed names kinds, or where that is shorter those that are not meant.
func listed(names []string) string {
	missing := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return slices.Contains(names, kind) })
	ownership := slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, "+") })
	switch {
	case len(missing) == 0:
		return "every kind"
	case len(missing) < len(names) && !ownership:
		return "every kind but " + strings.Join(missing, " ")
	}
	return strings.Join(names, " ")
}

// row asks for every column and marks those allowed.
func row(a *Authorizer, act Action, r Resource) string {
	var out strings.Builder
	for _, c := range columns {
		if a.Decide(c.holder(), act, r).Allowed {
			out.WriteString("  X")
		} else {
			out.WriteString("  .")
		}
	}
	return out.String()
}

// writeWrapped writes words behind a prefix in lines that fit a page.
func writeWrapped(out *strings.Builder, prefix, words string) {
	const width = 120
	line := prefix
	for word := range strings.FieldsSeq(words) {
		if len(line)+len(word) > width {
			out.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", len(prefix))
		}
		line += word + " "
	}
	out.WriteString(strings.TrimRight(line, " ") + "\n")
}

func newAuthorizer(t testing.TB) *Authorizer {
	t.Helper()
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}
