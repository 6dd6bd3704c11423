package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

// manager may change every control, owner those that are hers, reader none.
const (
	manager = "daniel-krawczyk"
	owner   = "fatima-boukhari"
	partner = "helen-marchetti"
)

// matrixHouse is a site over a workspace with the example's organization.
type matrixHouse struct {
	t    testing.TB
	app  *app.App
	site *Site
	h    http.Handler
	now  time.Time
}

func newMatrixHouse(t testing.TB) *matrixHouse {
	t.Helper()
	m := &matrixHouse{t: t, now: time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC)}
	clock := func() time.Time { m.now = m.now.Add(time.Millisecond); return m.now }
	var err error
	m.app, err = app.Init(t.Context(), filepath.Join(t.TempDir(), "w"), soc1.Organization{Name: "Wexmoor", LegalName: "Wexmoor Payroll, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Duluth", Country: "United States"},
		manager, soc1.Person{Name: "Daniel Krawczyk", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: clock, ReadPDF: readPDFCommand()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.app.Close() })
	items, err := ascode.Read(record.Kinds, []string{"../demo/example/org"})
	if err != nil {
		t.Fatal(err)
	}
	items = slices.DeleteFunc(items, func(it *ascode.Item) bool {
		return slices.Contains([]string{"assertion", "representation_letter", "organization"}, it.Kind)
	})
	if _, err := m.app.Apply(t.Context(), manager, items, app.ApplyOptions{Reason: "The example."}); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{App: m.app, Now: clock, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.site, m.h = s, s.Handler()
	s.trendPatience = time.Minute
	return m
}

func (m *matrixHouse) get(who, path string, header ...string) *httptest.ResponseRecorder {
	m.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-Who", who)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	return w
}

// page wants a page and gives its text.
func (m *matrixHouse) page(who, path string, header ...string) string {
	m.t.Helper()
	w := m.get(who, path, header...)
	if w.Code != http.StatusOK {
		m.t.Fatalf("%s as %s: %d %s", path, who, w.Code, w.Body)
	}
	return w.Body.String()
}

var rowPattern = regexp.MustCompile(`<tr class="r" id="m-([^"]*)" data-id="([^"]*)" data-rev="(\d+)"`)

func idsOf(html string) []string {
	var out []string
	for _, m := range rowPattern.FindAllStringSubmatch(html, -1) {
		out = append(out, m[2])
	}
	return out
}

func (m *matrixHouse) control(id string) record.Typed[soc1.Control] {
	m.t.Helper()
	v, err := m.app.View(context.Background(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		m.t.Fatal(err)
	}
	c, err := record.One[soc1.Control](context.Background(), v, "control", id)
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// change posts a change of the matrix and decodes the answer.
func (m *matrixHouse) change(who string, values url.Values) (int, matrixAnswer) {
	m.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/matrix/change", strings.NewReader(values.Encode()))
	r.Header.Set("X-Who", who)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	var a matrixAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		m.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Code, a
}

// TestMatrixFilters combines filters; each choice counts what it would show.
func TestMatrixFilters(t *testing.T) {
	m := newMatrixHouse(t)
	all := idsOf(m.page(manager, "/matrix"))
	if len(all) != 58 {
		t.Fatalf("%d rows", len(all))
	}
	for path, want := range map[string]func(c soc1.Control) bool{
		"/matrix?owner=" + owner:                                 func(c soc1.Control) bool { return c.Owner == owner },
		"/matrix?key=yes&nature=automated":                       func(c soc1.Control) bool { return c.Key && c.Nature == soc1.Automated },
		"/matrix?frequency=annual,quarterly":                     func(c soc1.Control) bool { return c.Frequency == soc1.Annual || c.Frequency == soc1.Quarterly },
		"/matrix?objective=none":                                 func(c soc1.Control) bool { return c.EntityLevel() },
		"/matrix?objective=pay-3&assertion=cutoff&q=CUTOFF+open": func(c soc1.Control) bool { return c.Code == "PAY-3.2" },
		"/matrix?status=exception":                               func(soc1.Control) bool { return false },
		"/matrix?status=not_tested&type=detective":               func(c soc1.Control) bool { return c.Type == soc1.Detective },
	} {
		got := idsOf(m.page(manager, path))
		var expected []string
		for _, id := range all {
			if want(m.control(id).Value) {
				expected = append(expected, id)
			}
		}
		if !slices.Equal(got, expected) {
			t.Errorf("%s shows %v, want %v", path, got, expected)
		}
	}
	html := m.page(manager, "/matrix?nature=automated")
	n := len(idsOf(m.page(manager, "/matrix?nature=automated&owner=gustavo-almeida")))
	if want := fmt.Sprintf(`<span class="tr">Gustavo Almeida</span> <span class="ct num">%d</span>`, n); n == 0 || !strings.Contains(html, want) {
		t.Errorf("the choice of an owner does not count %d", n)
	}
	for _, bad := range []string{"/matrix?view=x", "/matrix?rows=-1", "/matrix?from=x", "/matrix?engagement=none-such"} {
		if w := m.get(manager, bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	if w := m.get(manager, "/matrix?open=none-such"); w.Code != http.StatusNotFound {
		t.Errorf("a control that is not there: %d", w.Code)
	}
}

// TestMatrixPaging gives all rows once, in the same order, in parts.
func TestMatrixPaging(t *testing.T) {
	m := newMatrixHouse(t)
	all := idsOf(m.page(manager, "/matrix?rows=all"))
	first := m.page(manager, "/matrix?rows=20")
	got := idsOf(first)
	if len(got) != 20 || !strings.Contains(first, "Show more (38 left)") {
		t.Fatalf("%d rows at first", len(got))
	}
	for from := 20; from < len(all); from += 20 {
		part := m.page(manager, fmt.Sprintf("/matrix?rows=20&from=%d", from), "X-Part", "rows")
		if strings.Contains(part, "<html") || from == 40 == strings.Contains(part, "<tfoot") {
			t.Errorf("rows from %d: %.200s", from, part)
		}
		got = append(got, idsOf(part)...)
	}
	if !slices.Equal(got, all) {
		t.Errorf("in parts %v\nat once %v", got, all)
	}
	closed := m.page(manager, "/matrix?closed=pay-1")
	if slices.Contains(idsOf(closed), "pay-1-1") || !strings.Contains(closed, "PAY-1 ·") {
		t.Error("a closed group shows rows or is gone")
	}
}

// TestMatrixCross counts controls where two things meet, shows holes, and each
// number is the list that it links to.
func TestMatrixCross(t *testing.T) {
	m := newMatrixHouse(t)
	link := regexp.MustCompile(`<td class="(?:sum)?"><a href="([^"]*)">(\d+)<span`)
	for _, view := range []string{"assertions", "risks", "principles"} {
		html := m.page(manager, "/matrix?view="+view)
		cells := link.FindAllStringSubmatch(html, -1)
		if len(cells) < 20 || !strings.Contains(html, "No holes") {
			t.Errorf("%s: %d cells", view, len(cells))
		}
		for _, c := range cells[:20] {
			at := strings.ReplaceAll(c[1], "&amp;", "&")
			if n := len(idsOf(m.page(manager, at+"&rows=all"))); fmt.Sprint(n) != c[2] {
				t.Errorf("%s: %s says %s and lists %d", view, at, c[2], n)
			}
		}
	}
	c := m.control("pay-1-4")
	c.Value.Risks = nil
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-1-4", Revision: c.Revision, Value: c.Value, Effective: "2025-11-20", Reason: "Test."}); err != nil {
		t.Fatal(err)
	}
	html := m.page(manager, "/matrix?view=risks")
	if !strings.Contains(html, "1 hole") || !strings.Contains(html, `<td class="hole"><span>None</span>`) {
		t.Errorf("a risk without a control is no hole: %v", regexp.MustCompile(`<td class="hole.{60}`).FindAllString(html, -1))
	}
}

func rowAt(id string, revision int64) string { return fmt.Sprintf("%s:%d", id, revision) }

// TestMatrixEdit changes one cell, refuses a stale one with both versions, and
// undoes only what nobody changed since.
func TestMatrixEdit(t *testing.T) {
	m := newMatrixHouse(t)
	was := m.control("pay-1-1")
	set := func(rev int64, to string) url.Values {
		return url.Values{"_row": {rowAt("pay-1-1", rev)}, "_op": {"set"}, "_fields": {"owner"}, "owner": {to}, "_reason": {"Owner changed in the matrix."}}
	}
	code, a := m.change(manager, set(was.Revision, "hiroshi-tanabe"))
	now := m.control("pay-1-1")
	if code != 200 || !a.Done || now.Value.Owner != "hiroshi-tanabe" || now.Revision != was.Revision+1 || a.Items[0].Revision != now.Revision {
		t.Fatalf("%d %+v %+v", code, a, now)
	}
	if now.Effective != "2025-11-20" || now.Value.What != was.Value.What || now.Value.Statement() != was.Value.Statement() {
		t.Errorf("the rest of the control changed: %s %s", now.Effective, now.Body)
	}
	events, err := m.app.History(t.Context(), manager, app.OrganizationLedger, "control", "pay-1-1")
	if err != nil || events[len(events)-1].Reason != "Owner changed in the matrix." {
		t.Errorf("%v %+v", err, events)
	}
	if !strings.Contains(m.page(manager, "/matrix"), fmt.Sprintf(`data-id="pay-1-1" data-rev="%d"`, now.Revision)) {
		t.Error("the page shows an old revision")
	}

	code, a = m.change(manager, set(was.Revision, "leila-farahani"))
	if code != http.StatusConflict || a.Done || a.Stale == nil || a.Stale.Fields[0].Theirs != "Hiroshi Tanabe" || a.Stale.Fields[0].Mine != "Leila Farahani" || m.control("pay-1-1").Revision != now.Revision {
		t.Errorf("%d %+v %+v", code, a, a.Stale)
	}

	undo := url.Values{"_row": {rowAt("pay-1-1", now.Revision)}, "_op": {"undo"}, "_reason": {"Undone."}}
	if code, a = m.change(manager, undo); code != 200 || m.control("pay-1-1").Value.Owner != was.Value.Owner {
		t.Errorf("%d %+v", code, a)
	}
	if code, _ = m.change(manager, undo); code != http.StatusConflict {
		t.Errorf("undone twice: %d", code)
	}

	for name, v := range map[string]url.Values{
		"no reason":       {"_row": {rowAt("pay-1-1", 1)}, "_op": {"set"}, "_fields": {"owner"}, "owner": {"x"}},
		"no such field":   {"_row": {rowAt("pay-1-1", 1)}, "_op": {"set"}, "_fields": {"order"}, "order": {"3"}, "_reason": {"x"}},
		"a field unasked": {"_row": {rowAt("pay-1-1", 1)}, "_op": {"set"}, "_fields": {"owner"}, "code": {"X"}, "_reason": {"x"}},
		"no row":          {"_op": {"set"}, "_fields": {"owner"}, "_reason": {"x"}},
		"no such value":   {"_row": {rowAt("pay-1-2", m.control("pay-1-2").Revision)}, "_op": {"set"}, "_fields": {"frequency"}, "frequency": {"hourly"}, "_reason": {"x"}},
		"no statement":    {"_row": {rowAt("pay-1-2", m.control("pay-1-2").Revision)}, "_op": {"set"}, "_fields": {"what"}, "_reason": {"x"}},
		"nobody":          {"_row": {rowAt("pay-1-2", m.control("pay-1-2").Revision)}, "_op": {"set"}, "_fields": {"owner"}, "owner": {"no-such"}, "_reason": {"x"}},
	} {
		before := m.control("pay-1-2").Revision
		if code, a := m.change(manager, v); code < 400 || a.Problem == "" || a.Done || m.control("pay-1-2").Revision != before {
			t.Errorf("%s: %d %+v", name, code, a)
		}
	}
}

// TestMatrixBulk previews without recording, and records all or nothing.
func TestMatrixBulk(t *testing.T) {
	m := newMatrixHouse(t)
	r1, r2, r3 := m.control("pay-1-1").Revision, m.control("pay-1-2").Revision, m.control("pay-1-3").Revision
	move := url.Values{"_row": {rowAt("pay-1-1", r1), rowAt("pay-1-2", r2)}, "_op": {"move"}, "_from": {"pay-1"}, "_to": {"pay-4"}, "_dry": {"1"}}
	code, a := m.change(manager, move)
	if code != 200 || a.Done || len(a.Items) != 2 || a.Items[0].Changes[0].Before != "PAY-1" || a.Items[0].Changes[0].After != "PAY-4" || m.control("pay-1-1").Revision != r1 {
		t.Fatalf("preview: %d %+v", code, a)
	}
	move.Del("_dry")
	move.Set("_reason", "Moved.")
	if code, a = m.change(manager, move); code != 200 || !a.Done || !slices.Equal(m.control("pay-1-2").Value.Objectives, []string{"pay-4"}) {
		t.Fatalf("%d %+v", code, a)
	}
	// One of three is stale: none is recorded.
	fill := url.Values{"_row": {rowAt("pay-1-3", r3), rowAt("pay-1-1", r1)}, "_op": {"fill"}, "_source": {"pay-2-1"}, "_fields": {"owner"}, "_reason": {"Filled."}}
	if code, a = m.change(manager, fill); code != http.StatusConflict || a.Done || m.control("pay-1-3").Revision != r3 || a.Items[1].Problem == "" {
		t.Errorf("%d %+v", code, a)
	}
	fill["_row"] = []string{rowAt("pay-1-3", r3), rowAt("pay-1-1", r1+1)}
	if code, a = m.change(manager, fill); code != 200 || !a.Done || m.control("pay-1-3").Value.Owner != m.control("pay-2-1").Value.Owner {
		t.Errorf("%d %+v", code, a)
	}
	undo := url.Values{"_row": {rowAt("pay-1-3", r3+1), rowAt("pay-1-1", r1+2)}, "_op": {"undo"}, "_reason": {"Undone."}}
	if code, a = m.change(manager, undo); code != 200 || m.control("pay-1-3").Value.Owner == m.control("pay-2-1").Value.Owner {
		t.Errorf("%d %+v", code, a)
	}
}

// TestMatrixRights offers nothing that app would refuse.
func TestMatrixRights(t *testing.T) {
	m := newMatrixHouse(t)
	for who, want := range map[string][2]bool{manager: {true, true}, owner: {true, false}, "ruth-villanueva": {false, false}} {
		html := m.page(who, "/matrix")
		if got := strings.Contains(html, `data-edit="true"`); got != want[0] {
			t.Errorf("%s may edit: %v", who, got)
		}
		for _, id := range idsOf(html) {
			c := m.control(id)
			ro := regexp.MustCompile(`data-id="` + id + `" data-rev="\d+" data-ro`).MatchString(html)
			if may := want[1] || want[0] && c.Value.Owner == who; ro == may {
				t.Errorf("%s: %s read-only is %v", who, id, ro)
			}
		}
		v := url.Values{"_row": {rowAt("pay-1-1", m.control("pay-1-1").Revision)}, "_op": {"set"}, "_fields": {"type"}, "type": {"detective"}, "_reason": {"x"}}
		if code, a := m.change(who, v); (code == 200) != want[1] || a.Done != want[1] {
			t.Errorf("%s changes another's control: %d %+v", who, code, a)
		}
	}
	if html := m.page(owner, "/matrix"); !strings.Contains(html, "You may change the controls that you own") && !strings.Contains(html, `data-why="`) {
		t.Error("nothing says why the others are read-only")
	}
}

// TestMatrixTimeMachine shows the past and changes nothing there.
func TestMatrixTimeMachine(t *testing.T) {
	m := newMatrixHouse(t)
	v, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	size, was := v.AsOf().Known, m.control("pay-1-1")
	m.change(manager, url.Values{"_row": {rowAt("pay-1-1", was.Revision)}, "_op": {"set"}, "_fields": {"owner"}, "owner": {"hiroshi-tanabe"}, "_reason": {"x"}})
	cell := func(path string) string {
		html := m.page(manager, path)
		if strings.Contains(html, "x-matrix-bar") || strings.Contains(html, `data-edit="true"`) {
			t.Errorf("%s can be changed", path)
		}
		_, rest, _ := strings.Cut(html, `data-id="pay-1-1"`)
		return rest[:strings.Index(rest, "</tr>")]
	}
	known := fmt.Sprintf("/matrix?known=%d", size)
	if !strings.Contains(cell(known), "Marcus Delacroix") || !strings.Contains(cell("/matrix?asof=2025-11-19"), "Marcus Delacroix") {
		t.Error("the past shows the present")
	}
	if !strings.Contains(cell("/matrix?asof=2025-11-20"), "Hiroshi Tanabe") {
		t.Error("the day of the change does not show it")
	}
	for _, id := range idsOf(m.page(manager, known))[:3] {
		if !strings.Contains(m.page(manager, known), fmt.Sprintf("known=%d&amp;open=%s", size, id)) {
			t.Error("a link leaves the past")
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/matrix/change?asof=2025-01-01", strings.NewReader("_row=pay-1-1:1&_op=undo&_reason=x"))
	r.Header.Set("X-Who", manager)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("the past was changed: %d", w.Code)
	}
}

// TestMatrixWall shows the auditor's statuses to the auditor and to nobody else.
func TestMatrixWall(t *testing.T) {
	m := newMatrixHouse(t)
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
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := m.app.Apply(t.Context(), partner, items, app.ApplyOptions{Reason: "Team."}); err != nil {
		t.Fatal(err)
	}
	test := soc1.TestOfControl{Code: "T-1", Engagement: "soc1-2025", Control: "pay-1-1", By: soc1.ByAuditor, WindowFrom: "2025-01-01", WindowTo: "2025-12-31",
		Method: soc1.ObservationOnly, Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected one."}}, PerformedBy: "aud", PerformedOn: "2025-11-10"}
	if err := m.app.PutRecord(t.Context(), "aud", app.RecordChange{Ledger: ledger, Kind: "test_of_control", ID: "t-1", Value: test, Reason: "Test."}); err != nil {
		t.Fatal(err)
	}
	status := regexp.MustCompile(`(?s)data-id="pay-1-1".*?<span class="pill ?([a-z]*)"`)
	if got := status.FindStringSubmatch(m.page("aud", "/x/"+ledger+"/matrix")); got == nil || got[1] != "info" {
		t.Errorf("the auditor sees %v", got)
	}
	if got := status.FindStringSubmatch(m.page(manager, "/matrix")); got == nil || got[1] != "" {
		t.Errorf("management sees %v", got)
	}
	if html := m.page("aud", "/x/"+ledger+"/matrix"); strings.Contains(html, `data-edit="true"`) || !strings.Contains(html, "The service auditor’s statuses") {
		t.Error("the auditor may change controls, or the page does not say whose statuses it shows")
	}
	for _, path := range []string{"/matrix", "/matrix.xlsx", "/matrix.csv"} {
		if w := m.get(manager, "/x/"+ledger+path); w.Code != http.StatusNotFound {
			t.Errorf("management reads the auditor's %s: %d", path, w.Code)
		}
		there, absent := m.get(manager, "/x/"+ledger+path).Body.String(), m.get(manager, "/x/exam-none"+path).Body.String()
		reference := regexp.MustCompile(`[0-9a-f]{10}`)
		there, absent = strings.ReplaceAll(there, ledger, "L"), strings.ReplaceAll(absent, "exam-none", "L")
		if reference.ReplaceAllString(there, "") != reference.ReplaceAllString(absent, "") {
			t.Errorf("%s tells that the file exists", path)
		}
	}
	if html := m.page(manager, "/matrix"); strings.Contains(html, ledger) {
		t.Error("management's page names the auditor's file")
	}
}

// TestMatrixExport writes the whole of every statement, and no formula.
func TestMatrixExport(t *testing.T) {
	m := newMatrixHouse(t)
	c := m.control("pay-1-1")
	c.Value.Text = `=HYPERLINK("https://example.org","x")` + strings.Repeat(" and more", 40)
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-1-1", Revision: c.Revision, Value: c.Value, Effective: "2025-11-20", Reason: "Test."}); err != nil {
		t.Fatal(err)
	}
	w := m.get(manager, "/matrix.xlsx?objective=pay-1")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Content-Disposition"), "risk-control-matrix-soc1-2025-2025-11-20.xlsx") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	book, err := excelize.OpenReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows("Matrix")
	if err != nil || len(rows) != 6 || rows[0][3] != "Statement" || rows[1][0] != "PAY-1 · Client set-up" || rows[2][3] != c.Value.Text {
		t.Fatalf("%v %q", err, rows)
	}
	for r := range rows {
		for col := range rows[r] {
			cell, _ := excelize.CoordinatesToCellName(col+1, r+1)
			if f, _ := book.GetCellFormula("Matrix", cell); f != "" {
				t.Errorf("%s computes %s", cell, f)
			}
		}
	}
	if p, err := book.GetPanes("Matrix"); err != nil || !p.Freeze || p.YSplit != 1 {
		t.Errorf("%v %+v", err, p)
	}
	about, err := book.GetRows("About")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(about)
	for _, want := range []string{"Wexmoor", "2025-11-20", "Objective: PAY-1 · Client set-up", "4 of 58", "entries", "checkpoint", "Daniel Krawczyk"} {
		if !strings.Contains(text, want) {
			t.Errorf("the sheet About does not say %q: %s", want, text)
		}
	}
	body, _ := io.ReadAll(m.get(manager, "/matrix.csv?owner=marcus-delacroix").Body)
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))).ReadAll()
	if err != nil || len(lines) < 2 || lines[1][3] != "'"+c.Value.Text {
		t.Errorf("%v %q", err, lines)
	}
	for _, s := range []string{"=1", "+1", "-1", "@x", "\t=1", "\r=1"} {
		if app.PlainCell(s) != "'"+s {
			t.Errorf("%q stays a formula", s)
		}
	}
}

// TestMoved replaces one objective and keeps the order of the others.
func TestMoved(t *testing.T) {
	for _, c := range []struct{ was, from, to, want string }{
		{`["a","b","c"]`, "b", "d", "[a d c]"},
		{`["a","b"]`, "a", "b", "[b]"},
		{`["a"]`, "a", noValue, "<nil>"},
		{``, noValue, "a", "[a]"},
		{`["a"]`, "x", "b", "[a b]"},
	} {
		if got := fmt.Sprint(moved(json.RawMessage(c.was), c.from, c.to)); got != c.want {
			t.Errorf("%s from %s to %s: %s, want %s", c.was, c.from, c.to, got, c.want)
		}
	}
}

// TestMatrixKept serves the same matrix until a record changes that it rests
// on, and never one person's reading to another who reads less.
func TestMatrixKept(t *testing.T) {
	m := newMatrixHouse(t)
	first := m.page(manager, "/matrix?rows=1")
	if second := m.page(manager, "/matrix?rows=1"); second != first {
		t.Error("asked again, the page differs")
	}
	risk := soc1.Risk{Code: "NEW-R", Text: "Something else.", Objectives: []string{"pay-1"}, Likelihood: 5, Impact: 5}
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "risk", ID: "new-r", Effective: "2025-11-20", Value: risk, Reason: "Test."}); err != nil {
		t.Fatal(err)
	}
	if html := m.page(manager, "/matrix?view=risks"); !strings.Contains(html, "NEW-R") || !strings.Contains(html, "1 hole") {
		t.Error("a new risk is not seen")
	}
	c := m.control("pay-1-1")
	c.Value.Risks = append(c.Value.Risks, "new-r")
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-1-1", Revision: c.Revision, Effective: "2025-11-20", Value: c.Value, Reason: "Test."}); err != nil {
		t.Fatal(err)
	}
	if html := m.page(manager, "/matrix?rows=1"); !strings.Contains(html, `class="sq l4"`) || !strings.Contains(html, "+1") {
		t.Error("the worst risk of a control is not the one shown")
	}
}
