package web

import (
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

// lively records what a program has in the course of a year: evidence with holes,
// own tests, ratings, a request, a policy that is due.
func lively(m *matrixHouse) {
	m.t.Helper()
	put := func(reason string, cs ...app.RecordChange) {
		m.t.Helper()
		bulk, err := m.app.PutRecords(m.t.Context(), manager, cs, reason, false)
		if err != nil {
			for _, it := range bulk.Items {
				m.t.Log(it.ID, it.Problems)
			}
			m.t.Fatal(err)
		}
	}
	var cs []app.RecordChange
	evidence := func(control string, from, to soc1.Date) {
		cs = append(cs, app.RecordChange{Kind: "evidence", ID: fmt.Sprintf("ev-%s-%s", control, to), Value: soc1.Evidence{Title: "List", Controls: []string{control}, PeriodFrom: from, PeriodTo: to}})
	}
	for month := 1; month <= 10; month++ {
		from := soc1.NewDate(2025, month, 1)
		to := from.AddMonths(1).AddDays(-1)
		evidence("pay-5-4", from, to)
		if month != 4 && month != 9 {
			evidence("itgc-1-6", from, to)
		}
		if month < 9 {
			evidence("pay-6-2", from, to)
		}
	}
	for id, r := range map[string][2]int{"pay-1-r1": {2, 3}, "pay-1-r2": {2, 5}, "pay-2-r2": {3, 4}, "itgc-2-r1": {3, 4}} {
		v := m.view(manager)
		x, err := record.One[soc1.Risk](m.t.Context(), v, "risk", id)
		if err != nil {
			m.t.Fatal(err)
		}
		x.Value.ResidualLikelihood, x.Value.ResidualImpact = r[0], r[1]
		cs = append(cs, app.RecordChange{Kind: "risk", ID: id, Revision: x.Revision, Value: x.Value})
	}
	put("Evidence and ratings.", cs...)
	for id, outcome := range map[string]soc1.Outcome{"pay-1-1": soc1.Pass, "pay-2-3": soc1.Fail, "pay-6-4": soc1.Fail, "itgc-1-1": soc1.Pass} {
		put("A test.", app.RecordChange{Kind: "test_of_control", ID: "own-" + id, Value: soc1.TestOfControl{Code: "M-" + id, By: soc1.ByManagement, Engagement: "soc1-2025", Control: id, Method: soc1.ObservationOnly,
			Attributes: []string{"own-" + id + "-a"}, Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected one."}}, PerformedBy: manager, PerformedOn: "2025-10-10"}},
			app.RecordChange{Kind: "attribute", ID: "own-" + id + "-a", Value: soc1.Attribute{Test: "own-" + id, Code: "A", Manual: true, Text: "It is there."}})
		_, err := m.app.RunTests(m.t.Context(), manager, app.RunOptions{Ledger: app.OrganizationLedger, Tests: []string{"own-" + id},
			Results: []app.ResultRow{{File: "t", Test: "own-" + id, Cell: soc1.Result{ItemKey: "1", Attribute: "A", Outcome: outcome, Note: "Seen.", TestedOn: "2025-10-10"}}}})
		if err != nil {
			m.t.Fatal(err)
		}
	}
	err := m.app.Conclude(m.t.Context(), manager, app.OrganizationLedger, "c-1", soc1.Conclusion{Engagement: "soc1-2025", Subject: soc1.OnControl, SubjectID: "pay-1-1", Limb: soc1.ConcludeOperating, Outcome: soc1.Effective, Reasons: "Seen."})
	if err != nil {
		m.t.Fatal(err)
	}
	for id, due := range map[string]soc1.Date{"late": "2025-11-21", "soon": "2025-11-24"} {
		if _, err := m.app.Request(m.t.Context(), manager, app.Asking{ID: "req-" + id, Title: "The list, " + id, To: owner, Due: due, Controls: []string{"itgc-1-6"}}); err != nil {
			m.t.Fatal(err)
		}
	}
	v := m.view(manager)
	p, err := record.One[soc1.Policy](m.t.Context(), v, "policy", "pol-tax")
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.app.DecidePolicy(m.t.Context(), manager, app.PolicyDeciding{Policy: p.ID, Decision: soc1.PolicyApproved, By: p.Value.Approver, On: "2025-01-31", Minutes: "Meeting of January 31."}); err != nil {
		m.t.Fatal(err)
	}
	// Two days later the first request is late.
	m.now = m.now.AddDate(0, 0, 2)
}

func (m *matrixHouse) view(who string) *record.View {
	m.t.Helper()
	v, err := m.app.View(m.t.Context(), who, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		m.t.Fatal(err)
	}
	return v
}

var (
	numberLink = regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*data-n="(\d+)"`)
	legendLink = regexp.MustCompile(`<a href="([^"]*)"><i class="tone-[a-z]*" aria-hidden="true"></i><span>[^<]*</span><b class="num">(\d+)</b>`)
	heatLink   = regexp.MustCompile(`<td class="heat-\d"><a href="([^"]*)" aria-label="(\d+) risks?[^"]*">`)
	stripLink  = regexp.MustCompile(`<td class="strip-\d" title="[^"]*"><a href="([^"]*)" aria-label="[^"]*">(\d+)</a>`)
)

// numbersOf are the addresses that the numbers of a page lead to, with how many
// rows each promises.
func numbersOf(t testing.TB, page string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for name, re := range map[string]*regexp.Regexp{"numbers": numberLink, "legend": legendLink, "heat": heatLink, "strip": stripLink} {
		found := re.FindAllStringSubmatch(page, -1)
		if len(found) == 0 && name != "heat" && name != "strip" {
			t.Errorf("the page has no %s that lead anywhere", name)
		}
		for _, m := range found {
			n, err := strconv.Atoi(m[2])
			if err != nil {
				t.Fatal(err)
			}
			out[html.UnescapeString(m[1])] = n
		}
	}
	return out
}

var anyRow = regexp.MustCompile(`<tr class="r" `)

// rowsOf counts what a list shows, each record once.
func (m *matrixHouse) rowsOf(who, path string) int {
	m.t.Helper()
	page := m.page(who, path)
	if !strings.Contains(path, "/matrix") {
		return len(anyRow.FindAllString(page, -1))
	}
	ids := idsOf(page)
	slices.Sort(ids)
	return len(slices.Compact(ids))
}

// TestHomeNumbers follows every number of the home page and counts what is there.
func TestHomeNumbers(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	page := m.page(manager, "/")
	links := numbersOf(t, page)
	if len(links) < 25 || len(heatLink.FindAllString(page, -1)) != 3 || len(stripLink.FindAllString(page, -1)) == 0 {
		t.Errorf("%d numbers, %d of risks, %d of months", len(links), len(heatLink.FindAllString(page, -1)), len(stripLink.FindAllString(page, -1)))
	}
	for path, n := range links {
		if got := m.rowsOf(manager, path); got != n {
			t.Errorf("the home page says %d, and %s shows %d", n, path, got)
		}
	}
	// What is counted is what was recorded. Of sixteen controls that the calendar
	// expects by then, one has all of its evidence.
	for path, want := range map[string]int{"/behind/exceptions?engagement=soc1-2025": 2, "/matrix?engagement=soc1-2025&status=effective": 1, "/behind/requests.late": 1, "/behind/requests": 2, "/matrix?engagement=soc1-2025&overdue=any": 15,
		"/matrix?engagement=soc1-2025&status=in_testing": 1, "/matrix?engagement=soc1-2025&status=exception": 2} {
		if links[path] != want {
			t.Errorf("%s counts %d, want %d", path, links[path], want)
		}
	}
	// April and September are missing for one monthly control.
	for month, want := range map[string]bool{"2025-04": true, "2025-05": false, "2025-09": true, "2025-11": false} {
		ids := idsOf(m.page(manager, "/matrix?overdue="+month))
		if slices.Contains(ids, "itgc-1-6") != want {
			t.Errorf("in %s evidence is missing of %v", month, ids)
		}
	}
	if all := m.page(manager, "/behind/attention"); !strings.Contains(all, "Tax Operations Policy") || !strings.Contains(all, "Review overdue") {
		t.Error("a policy whose review was due needs nobody")
	}
	for _, words := range []string{"Evidence by month", "What readiness is made of", "Open exceptions"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if strings.Contains(page, " style=") || strings.Contains(page, "<script>") {
		t.Error("the page carries a style or a script of its own")
	}
	for _, c := range []struct {
		path string
		want int
	}{{"/behind/nothing", 404}, {"/behind/risks.9.1", 404}, {"/behind/readiness.none.met", 404}, {"/?engagement=none", 400}, {"/x/exam-none/behind/exceptions", 404}} {
		if w := m.get(manager, c.path); w.Code != c.want {
			t.Errorf("%s: %d", c.path, w.Code)
		}
	}
}

// TestHomeByRole looks at the page as each role has it.
func TestHomeByRole(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	err := m.app.PutRecord(t.Context(), "thomas-bergqvist", app.RecordChange{Kind: "deputy", ID: "dep", Effective: "2025-11-01", Value: soc1.Deputy{Person: "thomas-bergqvist", Deputy: owner, From: "2025-11-18", Until: "2025-11-28",
		Scope: []soc1.DeputyScope{soc1.DeputyOfControlOwner}, Controls: []string{"pay-5-4"}, Reason: "Leave"}})
	if err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]struct{ has, lacks []string }{
		manager: {[]string{"Needs attention", "Requests", "What readiness is made of", "What changed lately", "Forecast", "To sign"}, nil},
		owner: {[]string{"Waits for you", "Your controls", "Request: The list, late", "Evidence of ITGC-1.6", "Add evidence", "You stand in for <b>Thomas Bergqvist</b>"},
			[]string{"Readiness score", "Needs attention", "What changed lately"}},
		"ruth-villanueva": {[]string{"Readiness score", "To sign", "Not drafted yet", "Forecast", "What readiness is made of"}, []string{"Requests</h2>"}},
		"elena-petrova":   {[]string{"Readiness score", "Controls by status", "Timeline"}, []string{"Waits for you", "To sign", "Requests</h2>", "What readiness is made of", "Forecast"}},
	} {
		page := m.page(who, "/")
		for _, words := range c.has {
			if !strings.Contains(page, words) {
				t.Errorf("the page of %s does not say %q", who, words)
			}
		}
		for _, words := range c.lacks {
			if strings.Contains(page, words) {
				t.Errorf("the page of %s says %q", who, words)
			}
		}
		for path, n := range numbersOfAny(page) {
			if got := m.rowsOf(who, path); got != n {
				t.Errorf("%s reads %d, and %s shows %d", who, n, path, got)
			}
		}
	}
	// Who only signs is not offered what would be refused.
	ruth := m.page("ruth-villanueva", "/")
	if !strings.Contains(ruth, "Evidence of EL-3") || strings.Contains(ruth, "Add evidence") {
		t.Error("an executive who may not file evidence is offered to")
	}
	// The one click of the owner leads to a form with what is known.
	form := m.page(owner, "/r/evidence/new?controls=itgc-1-6&period_from=2025-09-01&period_to=2025-09-30&title=ITGC-1.6%2C+September+2025&nonsense=1")
	for _, want := range []string{`value="2025-09-01"`, `value="ITGC-1.6, September 2025"`, `value="itgc-1-6"`} {
		if !strings.Contains(form, want) {
			t.Errorf("the form does not begin with %s", want)
		}
	}
}

// numbersOfAny is numbersOf for pages that need not have all of them.
func numbersOfAny(page string) map[string]int {
	out := map[string]int{}
	for _, re := range []*regexp.Regexp{numberLink, legendLink, heatLink, stripLink} {
		for _, m := range re.FindAllStringSubmatch(page, -1) {
			out[html.UnescapeString(m[1])], _ = strconv.Atoi(m[2])
		}
	}
	return out
}

// TestHomeWall gives people of the firm their examination, and management nothing
// of it.
func TestHomeWall(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	before := m.page(manager, "/")
	ledger, err := m.app.OpenExamination(t.Context(), "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		t.Fatal(err)
	}
	items, problems := ascode.Parse(record.Kinds, "t.yaml", []byte(`kind: person
id: aud
ledger: `+ledger+`
name: Aud Itor
side: audit_firm
roles: [firm_staff]
---
kind: person
id: fad
ledger: `+ledger+`
name: Fay Dmin
side: audit_firm
roles: [firm_administrator]
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := m.app.Apply(t.Context(), partner, items, app.ApplyOptions{Reason: "Team."}); err != nil {
		t.Fatal(err)
	}
	for i, control := range []string{"pay-1-1", "pay-1-2", "pay-1-3"} {
		test := soc1.TestOfControl{Code: fmt.Sprintf("T-%d", i), Engagement: "soc1-2025", Control: control, By: soc1.ByAuditor, Method: soc1.ObservationOnly, Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected one."}}}
		if i == 0 {
			test.PerformedBy, test.PerformedOn = "aud", "2025-11-10"
		}
		if err := m.app.PutRecord(t.Context(), "aud", app.RecordChange{Ledger: ledger, Kind: "test_of_control", ID: fmt.Sprintf("t-%d", i), Value: test, Reason: "Test."}); err != nil {
			t.Fatal(err)
		}
	}
	page := m.page(partner, "/")
	links := numbersOf(t, page)
	for number, want := range map[string]int{"tests.looked": 1, "tests.left": 2, "conclusions.objectives": 12} {
		if got := links["/x/"+ledger+"/behind/"+number]; got != want {
			t.Errorf("the partner reads %d of %s, want %d", got, number, want)
		}
	}
	for path, n := range links {
		if got := m.rowsOf(partner, path); got != n {
			t.Errorf("the partner reads %d, and %s shows %d", n, path, got)
		}
	}
	if !strings.Contains(m.page("aud", "/"), "Tests with results") {
		t.Error("staff have no numbers of their examination")
	}
	// Who only manages the firm's people reads neither ledger's numbers, and is sent
	// to the people.
	if w := m.get("fad", "/"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/x/"+ledger+"/people" {
		t.Errorf("a firm administrator: %d to %s", w.Code, w.Header().Get("Location"))
	}
	if after := m.page(manager, "/"); after != before {
		t.Error("management's page changed with the auditor's file")
	}
	for _, path := range []string{"/", "/behind/attention"} {
		if strings.Contains(m.page(manager, path), ledger) {
			t.Errorf("%s names the auditor's file to management", path)
		}
	}
	if w := m.get(manager, "/x/"+ledger+"/behind/tests.left"); w.Code != http.StatusNotFound {
		t.Errorf("management asks what is behind a number of the auditor's: %d", w.Code)
	}
}

// TestHomeOfGuests lists what a guest may read, and refuses who may read nothing.
func TestHomeOfGuests(t *testing.T) {
	m := newMatrixHouse(t)
	page := m.page("nadia-brennan", "/")
	for _, words := range []string{"What the organization lets you read", ">Controls<", `href="/r/control"`} {
		if !strings.Contains(page, words) {
			t.Errorf("the guest's page does not say %q", words)
		}
	}
	for _, words := range []string{"Readiness", "href=\"/behind/"} {
		if strings.Contains(page, words) {
			t.Errorf("the guest's page says %q", words)
		}
	}
	if w := m.get("nobody", "/"); w.Code < 400 || strings.Contains(w.Body.String(), "Readiness") {
		t.Errorf("somebody without a role: %d", w.Code)
	}
}

// TestHomeEmpty teaches the first steps, and ticks off those that are done.
func TestHomeEmpty(t *testing.T) {
	m := &matrixHouse{t: t, now: time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC)}
	clock := func() time.Time { m.now = m.now.Add(time.Millisecond); return m.now }
	var err error
	m.app, err = app.Init(t.Context(), filepath.Join(t.TempDir(), "w"), soc1.Organization{Name: "New", LegalName: "New, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Duluth", Country: "United States"},
		manager, soc1.Person{Name: "Daniel Krawczyk", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.app.Close() })
	s, err := New(Options{App: m.app, Now: clock, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.h = s.Handler()
	link := regexp.MustCompile(`<a class="btn[^"]*" href="(/r/[^"]*)"`)
	steps := link.FindAllStringSubmatch(m.page(manager, "/"), -1)
	if len(steps) != 3 {
		t.Fatalf("%d steps", len(steps))
	}
	for _, s := range steps {
		m.page(manager, s[1])
	}
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control_objective", ID: "co", Value: soc1.ControlObjective{Code: "CO", Title: "T", Text: "Controls provide reasonable assurance that it is so."}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if page := m.page(manager, "/"); strings.Count(page, ">Done<") != 1 || !strings.Contains(page, "/r/control/new") {
		t.Error("the second step is not ticked off")
	}
}

// TestHomeKept keeps a page for one person until something is recorded.
func TestHomeKept(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	a, b := m.page(manager, "/"), m.page(owner, "/")
	if m.page(manager, "/") != a || m.page(owner, "/") != b || a == b {
		t.Error("a page that was kept is another one, or somebody else's")
	}
	if err := m.app.AnswerRequest(t.Context(), owner, "req-late", "Here it is.", nil); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.page(owner, "/"), "Request: The list, late") {
		t.Error("what was answered still waits")
	}
	if numbersOf(t, m.page(manager, "/"))["/behind/requests"] != 1 {
		t.Error("the number of requests is as before")
	}
	// The past is shown as it was, and is not kept for the present.
	if past := m.page(manager, "/?known=2025-11-20&asof=2025-11-20"); !strings.Contains(past, "You are looking at the past") || strings.Contains(past, "Requests</h2>") {
		t.Error("the past shows what waits now")
	}
	if strings.Contains(m.page(manager, "/"), "You are looking at the past") {
		t.Error("the present is taken for the past")
	}
}

// TestHomeTrend gives each month end the numbers that were known then.
func TestHomeTrend(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	// Two months later nothing more was recorded, so that more is overdue.
	m.now = time.Date(2026, 1, 20, 15, 0, 0, 0, time.UTC)
	page := m.page(manager, "/")
	if !strings.Contains(page, "since 31 Dec 2025") || !strings.Contains(page, `<svg class="spark"`) {
		t.Error("the page does not compare with the end of the month")
	}
	if !strings.Contains(page, "It does not rise") && !strings.Contains(page, "straight line") {
		t.Error("the forecast does not say how it is made")
	}
}

// TestBehindAsKnown lists what was behind a number at an earlier time.
func TestBehindAsKnown(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	then := m.view(manager).AsOf().Known
	if _, err := m.app.DecideExceptions(t.Context(), manager, app.ExceptionDecision{Ledger: app.OrganizationLedger, Test: "own-pay-2-3", Status: soc1.Confirmed, Reason: "It is so."}); err != nil {
		t.Fatal(err)
	}
	if now, was := m.rowsOf(manager, "/behind/exceptions"), m.rowsOf(manager, fmt.Sprintf("/behind/exceptions?known=%d", then)); now != 1 || was != 2 {
		t.Errorf("%d now, %d then", now, was)
	}
}
