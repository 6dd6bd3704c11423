package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/ascode"
	"reperform/desk"
	"reperform/opsdb"
	"reperform/record"
	"reperform/soc1"
)

const (
	executive = "ruth-villanueva"
	reader    = "elena-petrova"
	assessor  = "xavier-lund"
	staff     = "mei-rosario"
)

// talkHouse is a site over the example's organization, with an examination in
// which two people of the firm work, and an external assessor as a guest.
type talkHouse struct {
	*matrixHouse
	site *Site
	exam string
}

func newTalkHouse(t testing.TB) *talkHouse {
	t.Helper()
	h := &talkHouse{matrixHouse: newMatrixHouse(t)}
	var err error
	h.exam, err = h.app.OpenExamination(t.Context(), "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		t.Fatal(err)
	}
	h.apply(partner, "kind: person\nid: "+staff+"\nledger: "+h.exam+"\nname: Mei Rosario\nside: audit_firm\nroles: [firm_staff]\n")
	h.apply(partner, "kind: test_of_control\nid: t-1\nledger: "+h.exam+"\ncode: T-1\nby: auditor\nengagement: soc1-2025\ncontrol: itgc-1-1\nmethod: census\nprocedures: [{nature: inspection, text: Inspect.}]\nperformed_by: "+staff+"\n")
	h.apply("amara-osei", "kind: person\nid: "+assessor+"\neffective: '2024-01-01'\nname: Xavier Lund\nside: guest\nroles: [external_assessor]\n")
	db, err := opsdb.Open(t.Context(), filepath.Join(t.TempDir(), "operations.db"), desk.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	clock := func() time.Time { h.now = h.now.Add(time.Millisecond); return h.now }
	marks, err := desk.New(db, desk.Config{Key: [32]byte{1}, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	h.site, err = New(Options{App: h.app, Now: clock, Desk: marks, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	h.h = h.site.Handler()
	return h
}

func (h *talkHouse) apply(actor, yaml string) {
	h.t.Helper()
	items, problems := ascode.Parse(record.Kinds, "t.yaml", []byte(yaml))
	if len(problems) > 0 {
		h.t.Fatal(problems)
	}
	if res, err := h.app.Apply(context.Background(), actor, items, app.ApplyOptions{Reason: "For the test."}); err != nil {
		h.t.Fatal(err, res)
	}
}

// say posts a comment and wants a status.
func (h *talkHouse) say(want int, who, path string, v url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	w := h.post(who, path, v, "X-Part", "talk")
	if w.Code != want {
		h.t.Fatalf("%s says on %s: %d, expected %d: %s", who, path, w.Code, want, clipped(w.Body.String(), 300))
	}
	return w
}

func (h *talkHouse) comments(who string, subject soc1.Ref) []app.CommentLine {
	h.t.Helper()
	list, err := h.app.Comments(context.Background(), who, subject)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

const itgc = "/r/control/itgc-1-1"

var itgcRef = soc1.Ref{Kind: "control", ID: "itgc-1-1"}

// TestTalk tells a conversation in the pages.
func TestTalk(t *testing.T) {
	h := newTalkHouse(t)
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-1"}, "text": {"Who reviews **July**?\r\n@" + owner + ", @nobody, see control/itgc-1-2"}})
	c := h.comments(manager, itgcRef)
	if len(c) != 1 || strings.Join(c[0].Comment.Mentions, " ") != owner || strings.Contains(c[0].Comment.Text, "\r") {
		t.Fatalf("recorded is %+v", c)
	}
	page := h.page(owner, itgc)
	for _, want := range []string{`id="comment-c-1"`, "<strong>July</strong>", "@Fatima Boukhari</a>", "@nobody", ">control ITGC-1.2</a>", "20 Nov 2025, 09:00 CST", `data-key="c"`, `data-presence="org/control/itgc-1-1"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	// The owner of the record may settle what is said about it and not rewrite it.
	if !strings.Contains(page, "Resolve the comment of Daniel Krawczyk") || strings.Contains(page, "Edit your comment") {
		t.Error("the owner is offered the wrong things")
	}
	if page := h.page(reader, itgc); strings.Contains(page, "data-say") || strings.Contains(page, "/comments/resolve") || !strings.Contains(page, "<strong>July</strong>") {
		t.Error("a reader is offered to say something, or does not read")
	}
	// Sent again because the answer was lost, it is there once; another text is refused.
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-1"}, "text": {"Who reviews **July**?\r\n@" + owner + ", @nobody, see control/itgc-1-2"}})
	h.say(422, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-1"}, "text": {"Another."}})
	h.say(204, owner, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-2"}, "reply_to": {"c-1"}, "text": {"@" + manager + " Leila does."}})
	// Edits are made against what was read.
	h.say(404, owner, itgc+"/comments/edit", url.Values{"in": {"org"}, "comment": {"c-none"}, "revision": {"1"}, "text": {"x"}})
	h.say(403, owner, itgc+"/comments/edit", url.Values{"in": {"org"}, "comment": {"c-1"}, "revision": {"1"}, "text": {"x"}})
	h.say(204, manager, itgc+"/comments/edit", url.Values{"in": {"org"}, "comment": {"c-1"}, "revision": {"1"}, "text": {"Who reviews June? @" + owner}})
	w := h.say(409, manager, itgc+"/comments/edit", url.Values{"in": {"org"}, "comment": {"c-1"}, "revision": {"1"}, "text": {"Who?"}})
	var said struct{ Problem, Reference string }
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Problem == "" || said.Reference == "" {
		t.Errorf("a stale edit answers %s", w.Body)
	}
	if page := h.page(manager, itgc); !strings.Contains(page, "revision 2") || !strings.Contains(page, "Leila does") || !strings.Contains(page, "Edit your comment") {
		t.Error("the edit or the answer is not shown")
	}
	// Without a script, what was refused comes back in its form.
	w = h.post(manager, itgc+"/comments", url.Values{"in": {"org"}, "text": {"kept " + strings.Repeat("é", 10_000)}})
	if w.Code != 422 || !strings.Contains(w.Body.String(), "10005 characters") || !strings.Contains(w.Body.String(), ">kept é") {
		t.Errorf("a long comment answers %d", w.Code)
	}
	if w := h.post(manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-3"}, "text": {strings.Repeat("é", 10_000)}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != itgc+"#comment-c-3" {
		t.Errorf("a comment of 10,000 characters: %d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := h.post(manager, itgc+"/comments", url.Values{"in": {"org"}, "text": {"x"}, "back": {"//evil.example/"}}); !strings.HasPrefix(w.Header().Get("Location"), "/#comment-") {
		t.Errorf("sent to %s", w.Header().Get("Location"))
	}
	// Settling folds the thread, and may be undone.
	h.say(403, executive, itgc+"/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-1"}, "on": {"1"}})
	h.say(422, owner, itgc+"/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-2"}, "on": {"1"}})
	h.say(204, owner, itgc+"/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-1"}, "on": {"1"}})
	if page := h.page(manager, itgc); !strings.Contains(page, "1 resolved comment") || !strings.Contains(page, "Resolved by Fatima Boukhari on 20 Nov 2025") {
		t.Error("a settled thread is not folded")
	}
	h.say(204, manager, itgc+"/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-1"}, "on": {"0"}})
	if page := h.page(manager, itgc); strings.Contains(page, "resolved comment") {
		t.Error("a thread opened again is still folded")
	}
	// The activity leads to where it was said and counts it; so does the comment's own record.
	if page := h.page(manager, "/activity"); !strings.Contains(page, `href="/r/control/itgc-1-1#comment-c-1"`) {
		t.Error("the activity does not lead to the comment")
	}
	c1 := h.control("itgc-1-1").Value
	c1.Order++
	if err := h.app.PutRecord(context.Background(), manager, app.RecordChange{Kind: "control", ID: "itgc-1-1", Revision: -1, Value: c1, Reason: "Order."}); err != nil {
		t.Fatal(err)
	}
	if page := h.page(manager, "/activity?kind=control"); !regexp.MustCompile(`(?s)href="/r/control/itgc-1-1"[^>]*>[^<]*<span class="num said-n">.*?4`).MatchString(page) {
		t.Error("the activity does not count the comments of a record")
	}
	if page := h.page(manager, "/r/comment/c-2"); !strings.Contains(page, `href="/r/control/itgc-1-1#comment-c-2"`) || strings.Contains(page, "data-say") {
		t.Error("a comment's record does not lead to where it was said, or can be commented on")
	}
	// Beside the matrix it is the same conversation.
	if page := h.page(owner, "/matrix?open=itgc-1-1"); !strings.Contains(page, "Leila does") || !strings.Contains(page, `action="/r/control/itgc-1-1/comments"`) {
		t.Error("the matrix does not show the conversation")
	}
}

// Nothing is said in the past, and the past shows what had been said by then.
func TestTalkOfThePast(t *testing.T) {
	h := newTalkHouse(t)
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-1"}, "text": {"Early."}})
	v, err := h.app.View(context.Background(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	then := "?known=" + jsonText(v.AsOf().Known)
	h.say(204, manager, itgc+"/comments/edit", url.Values{"in": {"org"}, "comment": {"c-1"}, "revision": {"1"}, "text": {"Changed."}})
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-2"}, "text": {"Late."}})
	page := h.page(manager, itgc+then)
	if !strings.Contains(page, "Early.") || strings.Contains(page, "Changed.") || strings.Contains(page, "Late.") {
		t.Error("the past does not show what was said by then")
	}
	for _, no := range []string{"data-say", "data-talk", `class="live"`, "?ask=1", `data-presence="org`} {
		if strings.Contains(page, no) {
			t.Errorf("the past offers %s", no)
		}
	}
	for _, path := range []string{"/comments", "/comments/edit", "/comments/resolve", "/requests"} {
		if w := h.post(manager, itgc+path+then, url.Values{"in": {"org"}, "comment": {"c-1"}, "revision": {"2"}, "text": {"x"}, "to": {owner}, "title": {"x"}}); w.Code != 400 {
			t.Errorf("%s in the past: %d", path, w.Code)
		}
	}
}

func jsonText(v any) string { b, _ := json.Marshal(v); return string(b) }

// What people send that no page sends.
func TestTalkBadInput(t *testing.T) {
	h := newTalkHouse(t)
	h.say(204, manager, "/r/control/itgc-1-2/comments", url.Values{"in": {"org"}, "id": {"c-other"}, "text": {"Elsewhere."}})
	for _, c := range []struct {
		who, path string
		v         url.Values
		want      int
		says      string
	}{
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "text": {" \n "}}, 422, "missing"},
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "text": {"a\x1b[2Jb"}}, 422, "U+001B"},
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "text": {"a\x00b"}}, 422, "U+0000"},
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "text": {"\u202egnp.exe"}}, 422, "direction"},
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "text": {"\xff"}}, 422, "UTF-8"},
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "id": {"../x"}, "text": {"x"}}, 422, "is not an id"},
		{manager, itgc + "/comments", url.Values{"in": {h.exam}, "text": {"x"}}, 404, ""},
		{manager, itgc + "/comments", url.Values{"in": {"exam-none"}, "text": {"x"}}, 404, ""},
		{manager, "/x/" + h.exam + "/r/test_of_control/t-1/comments", url.Values{"text": {"x"}}, 404, ""},
		{manager, "/r/control/none/comments", url.Values{"in": {"org"}, "text": {"x"}}, 404, ""},
		{manager, "/r/spell/none/comments", url.Values{"in": {"org"}, "text": {"x"}}, 404, ""},
		{manager, "/r/comment/c-other/comments", url.Values{"in": {"org"}, "text": {"x"}}, 422, "answered, not commented on"},
		{manager, itgc + "/comments", url.Values{"in": {"org"}, "reply_to": {"c-other"}, "text": {"x"}}, 422, "is about"},
		{manager, itgc + "/comments/edit", url.Values{"in": {"org"}, "comment": {"c-other"}, "revision": {"1"}, "text": {"x"}}, 404, ""},
		{manager, itgc + "/comments/edit", url.Values{"in": {"org"}, "comment": {"c-other"}, "revision": {"-1"}, "text": {"x"}}, 400, ""},
		{manager, itgc + "/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-other"}, "on": {"1"}}, 404, ""},
		{reader, itgc + "/comments", url.Values{"in": {"org"}, "text": {"x"}}, 403, ""},
		{partner, itgc + "/comments", url.Values{"in": {"org"}, "text": {"x"}}, 403, "written by the organization alone"},
		{assessor, "/r/person/" + owner + "/comments", url.Values{"in": {"org"}, "text": {"x"}}, 403, ""},
		{"nobody", itgc + "/comments", url.Values{"in": {"org"}, "text": {"x"}}, 422, ""},
	} {
		w := h.post(c.who, c.path, c.v, "X-Part", "talk")
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s sends %.80v to %s: %d %s", c.who, c.v, c.path, w.Code, clipped(w.Body.String(), 160))
		}
	}
	if n := len(h.comments(manager, itgcRef)); n != 0 {
		t.Errorf("%d comments were recorded", n)
	}
	if w := h.post(manager, itgc+"/comments", url.Values{"in": {"org"}, "text": {"x"}}, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("a form of another site: %d", w.Code)
	}
	// Hostile text is text, wherever it is shown.
	evil := "<script>alert(1)</script> [x](javascript:alert(2)) @" + owner + " <img src=x onerror=alert(3)>"
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "text": {evil}})
	for who, paths := range map[string][]string{manager: {itgc, "/activity", "/palette?q=alert", "/matrix?open=itgc-1-1"}, owner: {"/inbox", "/"}} {
		for _, path := range paths {
			page := h.page(who, path)
			for _, no := range []string{"<script>alert", "=\"javascript:", "<img src=x", " style="} {
				if strings.Contains(page, no) {
					t.Errorf("%s has %s", path, no)
				}
			}
		}
	}
}

var fresh = regexp.MustCompile(`c-[0-9a-f]{20}(-c-[0-9a-z-]+)?|data-last="[^"]*"`)

// TestTalkWall: what the firm says is in none of management's pages: neither
// the text, nor a count, nor that anybody is there.
func TestTalkWall(t *testing.T) {
	h := newTalkHouse(t)
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-1"}, "text": {"Ours. @" + owner}})
	look := map[string][]string{
		manager:  {itgc, "/activity", "/inbox", "/inbox/count", "/matrix?open=itgc-1-1", "/palette?q=kestrel", itgc + "/mentions?in=org", "/r/comment", "/"},
		owner:    {itgc, "/inbox", "/inbox/count", "/"},
		reader:   {itgc, "/activity"},
		assessor: {itgc, "/activity", "/inbox"},
	}
	pages := func() map[string]string {
		out := map[string]string{}
		for who, paths := range look {
			for _, p := range paths {
				out[who+" "+p] = fresh.ReplaceAllString(h.page(who, p), "")
			}
		}
		return out
	}
	pages() // What is made at first is kept.
	before := pages()
	h.say(204, partner, itgc+"/comments", url.Values{"in": {h.exam}, "id": {"c-2"}, "text": {"Kestrel: ask for July. @" + staff + " @" + owner}})
	h.say(204, staff, itgc+"/comments", url.Values{"in": {h.exam}, "id": {"c-3"}, "reply_to": {"c-2"}, "text": {"Kestrel asked."}})
	h.say(204, staff, "/x/"+h.exam+"/r/test_of_control/t-1/comments", url.Values{"in": {h.exam}, "id": {"c-4"}, "text": {"Kestrel again. @" + partner}})
	for _, at := range []string{"org/control/itgc-1-1", "org/control/"} {
		h.attend(partner, "tab-partner-1", at)
	}
	for key, was := range before {
		who, path, _ := strings.Cut(key, " ")
		if now := fresh.ReplaceAllString(h.page(who, path), ""); now != was {
			t.Errorf("%s tells %s that the firm said something", path, who)
		}
	}
	if got := h.attend(manager, "tab-manager-1", "org/control/itgc-1-1"); strings.Contains(got, partner) {
		t.Errorf("the partner is shown to management: %s", got)
	}
	// The firm reads both, is told which is whose, and calls its own people alone.
	page := h.page(staff, itgc)
	if !strings.Contains(page, "Ours.") || !strings.Contains(page, "Kestrel: ask") || !strings.Contains(page, "Kestrel asked.") || !strings.Contains(page, "Auditor’s file") || !strings.Contains(page, "Management does not see it") || !strings.Contains(page, "Helen Marchetti") {
		t.Error("the firm does not see its own conversation")
	}
	if c := h.comments(staff, itgcRef); strings.Join(c[1].Comment.Mentions, " ") != staff {
		t.Errorf("the partner's comment calls %v", c[1].Comment.Mentions)
	}
	if page := h.page(staff, "/inbox"); !strings.Contains(page, "Helen Marchetti mentions you") || !strings.Contains(page, "Perform test T-1") {
		t.Error("the staff's inbox does not say what waits")
	}
	for _, path := range []string{"/x/" + h.exam + "/r/test_of_control/t-1", "/x/" + h.exam + "/r/test_of_control/t-1/mentions"} {
		if w := h.get(manager, path); w.Code != 404 {
			t.Errorf("%s for management: %d", path, w.Code)
		}
	}
}

// TestAsking follows a request from its making to its end.
func TestAsking(t *testing.T) {
	h := newTalkHouse(t)
	ask := url.Values{"to": {owner}, "title": {"Leavers of June"}, "text": {"With **dates**."}, "due": {"2025-11-25"}}
	with := func(change ...string) url.Values {
		v := url.Values{}
		for name := range ask {
			v.Set(name, ask.Get(name))
		}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for _, c := range []struct {
		who  string
		v    url.Values
		want int
		says string
	}{
		{manager, with("title", " "), 422, "Title"}, {manager, with("to", "nobody"), 422, "nobody"}, {manager, with("due", "2025-11-01"), 422, "has passed"}, {manager, with("due", "soon"), 400, "soon"},
		{manager, with("text", "a\x07"), 422, "U+0007"}, {owner, ask, 403, ""}, {partner, ask, 403, ""}, {assessor, ask, 403, ""},
	} {
		w := h.post(c.who, itgc+"/requests", c.v)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s asks %v: %d", c.who, c.v, w.Code)
		}
	}
	if page := h.post(manager, itgc+"/requests", with("title", " ")).Body.String(); !strings.Contains(page, "With **dates**.</textarea>") || !strings.Contains(page, `value="2025-11-25"`) {
		t.Error("what was asked in vain is lost")
	}
	if page := h.page(manager, itgc+"?ask=1"); !strings.Contains(page, `<option value="`+owner+`" selected`) || strings.Contains(page, reader) {
		t.Error("the form does not propose the owner, or offers who cannot answer")
	}
	w := h.post(manager, itgc+"/requests", ask)
	to := w.Header().Get("Location")
	id, ok := strings.CutPrefix(to, itgc+"#request-")
	if w.Code != http.StatusSeeOther || !ok {
		t.Fatalf("asking: %d to %s", w.Code, to)
	}
	for who, want := range map[string]bool{owner: true, manager: false, executive: false, reader: false} {
		page := h.page(who, itgc)
		if !strings.Contains(page, "Leavers of June") || !strings.Contains(page, "<strong>dates</strong>") || strings.Contains(page, `action="/r/request/`+id+`/answer"`) != want {
			t.Errorf("the record shows %s something else", who)
		}
	}
	inbox := h.page(owner, "/inbox")
	if !strings.Contains(inbox, "Due 25 Nov 2025") || !strings.Contains(inbox, "Daniel Krawczyk asks you") || !strings.Contains(inbox, `action="/r/request/`+id+`/answer"`) {
		t.Error("the request is not in the inbox")
	}
	at := "/r/request/" + id
	h.say(422, owner, at+"/answer", url.Values{"answer": {" "}})
	h.say(422, owner, at+"/answer", url.Values{"answer": {"x"}, "evidence": {"none"}})
	h.say(403, executive, at+"/answer", url.Values{"answer": {"x"}})
	h.say(403, owner, "/r/request/none/answer", url.Values{"answer": {"x"}})
	h.say(204, owner, at+"/answer", url.Values{"answer": {"Attached."}})
	if page := h.page(manager, "/inbox"); !strings.Contains(page, "Attached.") || !strings.Contains(page, "Accept the answer") {
		t.Error("the answer does not wait for who asked")
	}
	h.say(422, manager, at+"/close", url.Values{"status": {"returned"}})
	h.say(422, manager, at+"/close", url.Values{"status": {"burnt"}})
	h.say(403, owner, at+"/close", url.Values{"status": {"accepted"}})
	h.say(204, manager, at+"/close", url.Values{"status": {"returned"}, "remark": {"July is missing."}})
	if page := h.page(owner, "/inbox"); !strings.Contains(page, "returned: July is missing.") {
		t.Error("a returned request does not wait again")
	}
	h.say(204, owner, at+"/answer", url.Values{"answer": {"With July."}})
	if w := h.post(manager, at+"/close", url.Values{"status": {"accepted"}, "back": {"/inbox"}}); w.Code != http.StatusSeeOther {
		t.Errorf("accepting: %d %s", w.Code, w.Body)
	}
	if page := h.page(owner, itgc); !strings.Contains(page, "Accepted") || strings.Contains(page, `action="`+at) {
		t.Error("an accepted request is still open")
	}
}

// TestInbox groups what waits and remembers what was read.
func TestInbox(t *testing.T) {
	h := newTalkHouse(t)
	counted := func(who string) (n, late int) {
		var x struct{ Count, Late int }
		if err := json.Unmarshal([]byte(h.page(who, "/inbox/count")), &x); err != nil {
			t.Fatal(err)
		}
		return x.Count, x.Late
	}
	// group is what stands under a title.
	group := func(who, id string) string {
		_, rest, ok := strings.Cut(h.page(who, "/inbox"), `id="group-`+id+`"`)
		if !ok {
			return ""
		}
		rest, _, _ = strings.Cut(rest, `id="group-`)
		return rest
	}
	if g := group(reader, "late"); !strings.Contains(g, "Evidence of ") || strings.Contains(g, "/r/evidence/new") {
		t.Error("a reader who owns a control is offered to file evidence, or is not told of it")
	}
	if n, _ := counted(assessor); n != 0 || !strings.Contains(h.page(assessor, "/inbox"), "Nothing waits for you") {
		t.Errorf("%d things wait for a guest", n)
	}
	n, late := counted(owner)
	if late == 0 || n < late {
		t.Fatalf("%d things wait for the owner, %d late", n, late)
	}
	// Evidence is asked for by occurrence, and its form is filled in.
	overdue := group(owner, "late")
	m := regexp.MustCompile(`href="(/r/evidence/new\?controls=[^"]*period_from[^"]*)"`).FindStringSubmatch(overdue)
	if m == nil {
		t.Fatal("no evidence is asked for")
	}
	form := h.page(owner, strings.ReplaceAll(m[1], "&amp;", "&"))
	if !regexp.MustCompile(`name="period_to" type="date" value="2025-`).MatchString(form) || !regexp.MustCompile(`<option value="itgc-[^"]*" selected`).MatchString(form) {
		t.Error("the form for evidence is not filled in")
	}
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-1"}, "text": {"One. @" + owner}})
	h.say(204, manager, itgc+"/comments", url.Values{"in": {"org"}, "id": {"c-2"}, "text": {"Two. @" + owner}})
	if now, _ := counted(owner); now != n+2 {
		t.Errorf("%d things wait, expected %d", now, n+2)
	}
	if g := group(owner, "unread"); strings.Count(g, "mentions you") != 2 || !strings.Contains(g, "control ITGC-1.1") || !strings.Contains(g, `href="/r/control/itgc-1-1#comment-c-1"`) {
		t.Error("mentions are not unread")
	}
	// The count that pages carry is the one known last.
	if page := h.page(owner, itgc); !regexp.MustCompile(`data-from="/inbox/count">` + jsonText(n+2) + `<`).MatchString(page) {
		t.Error("the navigation does not count")
	}
	h.say(204, owner, "/inbox/read", url.Values{"item": {"org/comment/c-1"}, "on": {"1"}})
	if strings.Count(group(owner, "unread"), "mentions you") != 1 || strings.Count(group(owner, "read"), "mentions you") != 1 {
		t.Error("what was read is still unread")
	}
	if now, _ := counted(owner); now != n+1 {
		t.Errorf("%d things wait after reading one, expected %d", now, n+1)
	}
	h.say(204, owner, "/inbox/read", url.Values{"item": {"org/comment/c-1"}, "on": {"0"}})
	if strings.Count(group(owner, "unread"), "mentions you") != 2 {
		t.Error("what was made unread is not")
	}
	// Whoever answers has read; whoever resolves has settled.
	h.say(204, owner, itgc+"/comments", url.Values{"in": {"org"}, "reply_to": {"c-1"}, "text": {"Yes. @" + manager}})
	if strings.Count(group(owner, "unread"), "mentions you") != 1 || !strings.Contains(group(manager, "unread"), "Fatima Boukhari mentions you") {
		t.Error("an answer does not count as read, or does not call")
	}
	h.say(204, owner, "/inbox/read", url.Values{"all": {"1"}})
	if group(owner, "unread") != "" {
		t.Error("all are read and some are not")
	}
	h.say(204, owner, itgc+"/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-1"}, "on": {"1"}})
	h.say(204, owner, itgc+"/comments/resolve", url.Values{"in": {"org"}, "comment": {"c-2"}, "on": {"1"}})
	if group(owner, "read") != "" {
		t.Error("what is settled still waits")
	}
	// Only what waits for oneself is marked.
	for _, v := range []url.Values{{"item": {"org/comment/c-none"}}, {"item": {"org/comment/c-1"}}, {}} {
		h.say(400, owner, "/inbox/read", v)
	}
	h.apply(manager, "kind: assertion\nid: assertion-2025\neffective: '2025-11-01'\nengagement: soc1-2025\n")
	if g := group(executive, "undated"); !strings.Contains(g, "Read and sign") {
		t.Error("the executive has nothing to sign")
	}
}
