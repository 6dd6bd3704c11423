package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/demo"
	"reperform/intake"
	"reperform/record"
	"reperform/soc1"
)

// sendReport sends the form of a report with a file.
func (g *guest) sendReport(id, of, name string, pdf []byte) reply {
	g.t.Helper()
	return g.sendForm("/subservice", url.Values{"id": {id}, "subservice_organization": {of}, "by": {"file"}}, "file", name, pdf)
}

// sendForm sends a form in parts, with a file under a name where there is one.
func (g *guest) sendForm(path string, v url.Values, field, name string, content []byte) reply {
	g.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, list := range v {
		for _, s := range list {
			if err := w.WriteField(k, s); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	if name != "" {
		f, err := w.CreateFormFile(field, name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		g.t.Fatal(err)
	}
	res, err := g.http.Post(g.srv.URL+path, w.FormDataContentType(), &b)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header.Get("Location"), string(text)}
}

// hostFixture is a subservice organization that somebody watches over.
func hostFixture(t *testing.T) *inn {
	i := newInn(t)
	x, err := record.One[soc1.SubserviceOrganization](t.Context(), i.view(manager), "subservice_organization", "fernbrook")
	if err != nil {
		t.Fatal(err)
	}
	x.Value.Name, x.Value.Owner, x.Value.LatestReport = "Fernbrook <b>", owner, soc1.SubserviceReport{}
	if err := i.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "subservice_organization", ID: x.ID, Revision: x.Revision, Effective: "2024-01-01", Value: x.Value, Reason: "Kept."}); err != nil {
		t.Fatal(err)
	}
	other := soc1.SubserviceOrganization{Name: "Elsewhere", ServicesProvided: "Storage.", Method: soc1.CarveOut}
	if err := i.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "subservice_organization", ID: "elsewhere", Effective: "2024-01-01", Value: other, Reason: "Kept."}); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *inn) line(t *testing.T) *intake.Line {
	t.Helper()
	r, err := i.app.Subservice(t.Context(), manager, app.SubserviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Line("fernbrook")
}

const firstID = "report-0123456789abcdef"

// Twice the same form is one report, and twice the same word one confirmation; what is
// missing is said at its field, with the form as it was typed.
func TestReportTakenInAndConfirmed(t *testing.T) {
	i := hostFixture(t)
	g := i.account(owner)
	name, pdf := demo.ObtainedReport("fernbrook", 2025)
	if page := g.shows("/subservice", "No confirmed Type II report", "Take in a report", "Fernbrook &lt;b&gt;", "Elsewhere", "Not part of this report"); strings.Contains(page, "Fernbrook <b>") {
		t.Error("a name is taken as markup")
	}
	a := g.sendReport(firstID, "fernbrook", name, pdf)
	if a.code != http.StatusSeeOther || a.to != "/subservice/"+firstID {
		t.Fatalf("%d to %s: %s", a.code, a.to, words(a.text))
	}
	if b := g.sendReport(firstID, "fernbrook", name, pdf); b.code != http.StatusSeeOther || b.to != a.to || len(i.line(t).Reports) != 1 {
		t.Errorf("sent again: %d to %s, %d reports", b.code, b.to, len(i.line(t).Reports))
	}
	// Another form with the same file is no second report.
	if b := g.sendReport("report-0123456789abcde0", "fernbrook", name, pdf); b.code != http.StatusUnprocessableEntity || !strings.Contains(b.text, "This very file is taken in already") || len(i.line(t).Reports) != 1 {
		t.Errorf("the same file again: %d %s, %d reports", b.code, words(b.text), len(i.line(t).Reports))
	}
	g.shows(a.to, "To be confirmed", "<mark>October 1, 2024</mark>", "<mark>June 30, 2025</mark>", "/raw/"+name+"#page=3", "<mark>Exception noted</mark>", `value="2025-06-30"`, "Not answered", "proposed from its text")
	for path, want := range map[string][]string{
		"/inbox": {"Read and confirm", `href="/subservice/` + firstID + `"`, "See what is open"}, "/": {`href="/subservice/` + firstID + `"`}, "/gaps?group=SUB": {`href="/subservice/` + firstID + `"`, `href="/subservice#sub-fernbrook"`},
	} {
		g.shows(path, want...)
	}
	v := url.Values{"_revision": {"1"}, "title": {"The bank’s report"}, "report_kind": {"soc1_type2"}, "auditor": {""}, "period_from": {"2024-10-01"}, "period_to": {"2025-06-30"}, "dated": {"2025-08-07"}, "opinion": {"unmodified"},
		"received_on": {"2025-08-12"}, "exceptions.0.control": {"PO-3.2"}, "exceptions.0.deviation": {"One of 25 was late."}, "exceptions.0.page": {"4"}, "exceptions.1.deviation": {"Never said."}, "drop": {"exceptions.1"},
		"user_entity_controls.0.text": {"We compare."}, "user_entity_controls.0.controls": {"pay-5-3"}, "do": {"confirm"}, "conclusion": {""}}
	again := g.post(http.StatusUnprocessableEntity, a.to, v)
	for _, want := range []string{"2 fields to put right", "This is missing. A report is confirmed", "Say what the report means for us.", "The bank’s report", "One of 25 was late."} {
		if !strings.Contains(again.text, want) {
			t.Errorf("the refusal does not say %q", want)
		}
	}
	if strings.Contains(again.text, "Never said.") || len(i.line(t).Reports[0].Value.Exceptions) != 1 {
		t.Error("what was left out is there")
	}
	v.Set("period_to", "2023-01-01")
	if x := g.post(http.StatusUnprocessableEntity, a.to, v); !strings.Contains(x.text, `value="2023-01-01"`) {
		t.Error("a wrong day is not shown as it was typed")
	}
	v.Set("period_to", "2025-06-30")
	v.Set("auditor", "Abernathy")
	v.Set("conclusion", "It can be relied on.")
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if x := g.do("POST", a.to, v); x.code != http.StatusSeeOther {
				t.Errorf("the confirmation: %d %s", x.code, words(x.text))
			}
		})
	}
	wait.Wait()
	l := i.line(t)
	r := l.Reports[0]
	if r.State != intake.Confirmed || r.Revision != 2 || r.Value.Auditor != "Abernathy" || len(r.Value.Exceptions) != 1 || len(r.Value.Files) != 1 || r.Confirmation.Value.By != owner {
		t.Errorf("recorded is %+v", r)
	}
	confirmations, err := record.All[soc1.SubserviceConfirmation](t.Context(), i.view(manager), "subservice_confirmation")
	if err != nil || len(confirmations) != 1 {
		t.Errorf("%d confirmations, %v", len(confirmations), err)
	}
	// A letter and what the exception means ask for no other word.
	v.Set("_revision", "2")
	v.Set("do", "save")
	v.Set("exceptions.0.affects", "no")
	v.Set("exceptions.0.why", "We compare ourselves.")
	v.Set("bridge_letters.0.from", "2025-07-01")
	v.Set("bridge_letters.0.to", "2025-09-30")
	// The letter comes with the form; one without its days waits in the form.
	letter := []byte("Dear customers: nothing changed.")
	v.Set("bridge_letters.0.to", "")
	v.Set("bridge_letters.0.from", "")
	x := g.sendForm(a.to, v, "bridge_letters.0.file", "letter.txt", letter)
	sent := regexp.MustCompile(`name="bridge_letters.0.sent" value="([^"]+)"`).FindStringSubmatch(x.text)
	if x.code != http.StatusUnprocessableEntity || sent == nil || !strings.Contains(x.text, "letter.txt") {
		t.Fatalf("a letter without days: %d %s", x.code, words(x.text))
	}
	v.Set("bridge_letters.0.from", "2025-07-01")
	v.Set("bridge_letters.0.to", "2025-09-30")
	v.Set("bridge_letters.0.sent", sent[1])
	g.post(http.StatusSeeOther, a.to, v)
	v.Del("bridge_letters.0.sent")
	if f := i.line(t).Reports[0].Value.BridgeLetters[0].File; f.Name != "letter.txt" || g.get("/r/subservice_report/"+firstID+"/files/"+f.SHA256).text != string(letter) {
		t.Errorf("the letter kept is %+v", f)
	}
	// Sent again without its file, the letter keeps it and nothing is recorded.
	g.post(http.StatusSeeOther, a.to, v)
	if r := i.line(t).Reports[0]; r.State != intake.Confirmed || r.Revision != 3 {
		t.Errorf("with the letter: %s, revision %d", r.State.Label(), r.Revision)
	}
	if page := g.shows("/subservice", "July to September 2025", "by bridge letter", "within a report"); !strings.Contains(page, "◐") {
		t.Error("the strip has no sign of a letter")
	}
	// Somebody else changes it meanwhile.
	stale := g.post(http.StatusConflict, a.to, url.Values{"_revision": {"2"}, "title": {"Typed before"}, "report_kind": {"soc1_type2"}, "do": {"save"}})
	if !strings.Contains(stale.text, "Typed before") || !strings.Contains(stale.text, "Somebody changed the report") {
		t.Error("who was slower loses what they typed")
	}
	// The pages and the records lead to each other.
	g.shows("/r/subservice_report/"+firstID, `href="/subservice/`+firstID+`"`, name)
	g.shows("/r/subservice_organization/fernbrook", `href="/subservice#sub-fernbrook"`)
	if a := g.get("/r/subservice_report/" + firstID + "/files/" + r.Value.Files[0].SHA256 + "/raw/" + name); a.code != http.StatusOK || !strings.HasPrefix(a.text, "%PDF-") {
		t.Errorf("the PDF: %d", a.code)
	}
	for _, kind := range []string{"subservice_report", "subservice_organization"} {
		for path, want := range map[string]int{"/export/" + kind + "/csv": 200} {
			if a := g.get(path); a.code != want {
				t.Errorf("%s: %d", path, a.code)
			}
		}
	}
	// A reader checks what was recorded against the same passages, and changes nothing.
	if page := i.account("elena-petrova").shows(a.to, "<mark>October 1, 2024</mark>", "/raw/"+name+"#page=3"); strings.Contains(page, `name="title"`) {
		t.Error("a reader is offered the form of a report")
	}
	for path, want := range map[string]int{"/subservice/nothing": 404, "/subservice?asof=2025-01-31": 200} {
		if a := g.get(path); a.code != want {
			t.Errorf("%s: %d", path, a.code)
		}
	}
}

// What is no report is refused or entered by hand, and says why.
func TestHostileReports(t *testing.T) {
	i := hostFixture(t)
	g := i.account(owner)
	_, pdf := demo.ObtainedReport("fernbrook", 2025)
	for what, c := range map[string]struct {
		name string
		pdf  []byte
		code int
		says string
	}{
		"no file":       {"", nil, 422, "Choose the PDF of the report"},
		"html":          {"report.pdf", []byte("<!doctype html><script>alert(1)</script>"), 422, "report.pdf is no PDF, whatever its name says"},
		"an empty file": {"report.pdf", nil, 422, "is no PDF"},
		"too large":     {"report.pdf", append(bytes.Clone(pdf), make([]byte, app.MostReportBytes+1<<20)...), 413, "larger than 64 MB"},
	} {
		a := g.sendReport(firstID, "fernbrook", c.name, c.pdf)
		if a.code != c.code || !strings.Contains(a.text, c.says) || !strings.Contains(a.text, firstID) || !strings.Contains(a.text, `value="fernbrook" selected`) {
			t.Errorf("%s: %d %s", what, a.code, words(a.text))
		}
	}
	if n := len(i.line(t).Reports); n != 0 {
		t.Fatalf("%d reports are recorded", n)
	}
	if a := g.sendReport(firstID, "nobody", "report.pdf", pdf); a.code != 422 || !strings.Contains(a.text, "Choose whose report it is") {
		t.Errorf("of nobody: %d %s", a.code, words(a.text))
	}
	ids := []string{"report-00000000000000aa", "report-00000000000000ab", "report-00000000000000ac", "report-00000000000000ad"}
	for n, c := range []struct {
		pdf  []byte
		says string
	}{
		{bytes.ReplaceAll(pdf, []byte(" Tj ET"), []byte("    ET")), "The PDF holds pictures of pages and no text. Enter by hand what the report says."},
		{bytes.Replace(pdf, []byte("/Root 1 0 R >>"), []byte("/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O (x) /U (x) /P 0 >> /ID [(a)(b)] >>"), 1), "Enter by hand what the report says."},
		{[]byte("%PDF-1.7\n" + strings.Repeat("garbage ", 4000)), "Enter by hand what the report says."},
	} {
		a := g.sendReport(ids[n], "fernbrook", "report.pdf", c.pdf)
		if a.code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", c.says, a.code, words(a.text))
		}
		page := g.shows(a.to, c.says, "To be confirmed")
		if strings.Contains(page, "No passage was found") {
			t.Error("an unread file has no passages to speak of")
		}
		if n == 1 && !strings.Contains(page, "locked by a password") {
			t.Errorf("a locked one: %s", words(page))
		}
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range [][2]string{{"id", ids[3]}, {"subservice_organization", "fernbrook"}, {"by", "hand"}, {"file", ""}} {
		if err := w.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	res, err := g.http.Post(g.srv.URL+"/subservice", w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if to := res.Header.Get("Location"); to != "/subservice/"+ids[3] {
		t.Fatal(res.StatusCode, to)
	}
	g.shows("/subservice/"+ids[3], "No file was taken in with this report. Enter by hand what it says.")
	// Who may take in nothing is offered nothing, and their form is refused.
	e := i.account("elena-petrova")
	if page := e.shows("/subservice", "Fernbrook"); strings.Contains(page, `id="take-in"`) {
		t.Error("a reader is offered the form")
	}
	if page := e.shows("/subservice/"+ids[3], "nothing of it counts yet"); strings.Contains(page, `name="title"`) {
		t.Error("a reader is offered the form of a report")
	}
	if a := e.sendReport("report-00000000000000ff", "fernbrook", "report.pdf", pdf); a.code != http.StatusForbidden {
		t.Errorf("a reader takes in a report: %d", a.code)
	}
	if a := e.do("POST", "/subservice/"+ids[3], url.Values{"_revision": {"1"}, "title": {"x"}, "report_kind": {"other"}}); a.code != http.StatusForbidden {
		t.Errorf("a reader changes a report: %d", a.code)
	}
}
