package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reperform/account"
	"reperform/desk"
	"reperform/mail"
	"reperform/mail/mailtest"
	"reperform/notify"
	"reperform/opsdb"
	"reperform/soc1"
)

// newMailHouse is a site that sends mail to a server of the test.
func newMailHouse(t *testing.T) (*matrixHouse, *desk.Service, *Site, *mailtest.Server) {
	t.Helper()
	m := newMatrixHouse(t)
	db, err := opsdb.Open(t.Context(), filepath.Join(t.TempDir(), opsdb.FileName), account.Schema, desk.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	clock := func() time.Time { return m.now }
	accounts, err := account.New(db, account.Config{Key: [32]byte{1}, Now: clock, Random: rand.Reader, Directory: Directory{m.app}, Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost"}}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := desk.New(db, desk.Config{Key: [32]byte{1}, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.app.OpenExamination(t.Context(), "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		t.Fatal(err)
	}
	for id, side := range map[string]account.Side{owner: account.ServiceOrganization, partner: account.AuditFirm} {
		token, _, err := accounts.InviteFirst(t.Context(), account.Invitee{PersonID: id, Email: id + "@wexmoor.example", Name: "Somebody", Side: side})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Accept(t.Context(), token, "grebe plover curlew heron", account.Client{}); err != nil {
			t.Fatal(err)
		}
	}
	server := mailtest.Serve(t, mailtest.Config{})
	carrier, err := mail.NewServer(mail.ServerConfig{URL: fmt.Sprintf("smtp://localhost:%d", server.Port), From: mail.Address{Mailbox: "r@wexmoor.example"}})
	if err != nil {
		t.Fatal(err)
	}
	teller, err := notify.New(notify.Config{App: m.app, Accounts: accounts, Desk: d, Carrier: carrier, Public: "http://localhost", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan struct{})
	t.Cleanup(func() { <-ran })
	go func() { defer close(ran); _ = teller.Run(t.Context()) }()
	s, err := New(Options{App: m.app, Accounts: accounts, Desk: d, Mailer: teller, Now: clock, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.h = s.Handler()
	return m, d, s, server
}

func TestMailSettings(t *testing.T) {
	m, d, _, server := newMailHouse(t)
	page := m.page(owner, "/settings/mail")
	for _, want := range []string{"fatima-boukhari@wexmoor.example", "You have chosen nothing yet", `name="at_once" value="on" checked`, `value="weekly" checked`, "The next summary is due on Monday, 24 November 2025, 08:00 CST"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	form := url.Values{"digest": {"daily"}, "weekday": {"5"}, "hour": {"7"}, "zone": {" Europe/Berlin "}}
	if w := m.post(owner, "/settings/mail", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/settings/mail?done=mail" {
		t.Fatalf("saving: %d %s", w.Code, w.Body)
	}
	if got, _, _, err := d.Mail(t.Context(), owner); got != (desk.MailSettings{Digest: desk.Daily, Hour: 7, Weekday: time.Friday, Zone: "Europe/Berlin"}) || err != nil {
		t.Errorf("kept %+v, %v", got, err)
	}
	page = m.page(owner, "/settings/mail?done=mail")
	if strings.Contains(page, "chosen nothing") || !strings.Contains(page, "The next summary is due on Friday, 21 November 2025, 07:00 CET") || !strings.Contains(page, ">Saved.<") || strings.Contains(page, `value="on" checked`) {
		t.Error("the page does not show what was chosen")
	}
	for name, change := range map[string]string{"digest": "hourly", "hour": "24", "weekday": "x", "zone": "Mars/<b>Olympus</b>"} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(name, change)
		w := m.post(owner, "/settings/mail", bad)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "This is no time for a mail") || strings.Contains(w.Body.String(), "<b>Olympus") {
			t.Errorf("%s %s: %d", name, change, w.Code)
		}
	}
	// Where mails lead beside records.
	m.page(owner, "/inbox")
	// One's own settings alone: who asks is who is meant.
	if _, _, set, _ := d.Mail(t.Context(), partner); set {
		t.Error("another person's settings are set")
	}
	if page := m.page(partner, "/settings/mail"); strings.Contains(page, `name="at_once"`) || !strings.Contains(page, "Nothing of an examination is mailed at once") || !strings.Contains(page, `value="off" checked`) || strings.Contains(page, "next summary") {
		t.Error("the firm is offered what it does not get")
	}
	if w := m.post(owner, "/settings/mail/test", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("a test mail: %d %s", w.Code, w.Body)
	}
	if got := server.Await(t, 1)[0]; got.To != "fatima-boukhari@wexmoor.example" || !strings.Contains(got.Read(t).Text(), "http://localhost/settings/mail\n") {
		t.Errorf("the test mail went to %s", got.To)
	}
}

// A mail's link shows a page and changes nothing; the page's button, and what mail
// programs send, turn off that kind of mail without a sign-in.
func TestUnsubscribePage(t *testing.T) {
	m, d, _, _ := newMailHouse(t)
	token, err := d.UnsubscribeToken(t.Context(), owner, desk.SummaryMail)
	if err != nil {
		t.Fatal(err)
	}
	at := "/unsubscribe/" + token
	chosen := func() desk.MailSettings {
		t.Helper()
		got, _, _, err := d.Mail(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	on := desk.MailSettings{AtOnce: true, Digest: desk.Weekly, Hour: 8, Weekday: time.Monday}
	if err := d.SetMail(t.Context(), owner, on); err != nil {
		t.Fatal(err)
	}
	if page := m.page(nobody, at); !strings.Contains(page, "the summary of what waits for you") || !strings.Contains(page, "<button") || strings.Contains(page, owner) {
		t.Errorf("the page says %s", page)
	}
	if m.page(nobody, at); chosen() != on {
		t.Error("looking turns mails off")
	}
	for _, v := range []url.Values{{}, {"List-Unsubscribe": {"yes"}}} {
		if w := m.post(nobody, at, v); w.Code != http.StatusBadRequest || chosen() != on {
			t.Errorf("%v: %d", v, w.Code)
		}
	}
	// A mail program in a browser asks from another site, and as multipart.
	body := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
	r := httptest.NewRequest("POST", at, strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	off := on
	off.Digest = desk.Off
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Turned off") || chosen() != off {
		t.Errorf("one click: %d, left is %+v", w.Code, chosen())
	}
	one := url.Values{"List-Unsubscribe": {"One-Click"}}
	if w := m.post(nobody, at, one); w.Code != http.StatusOK {
		t.Errorf("twice: %d", w.Code)
	}
	if page := m.page(nobody, at); !strings.Contains(page, "Turned off already") || strings.Contains(page, "<button") {
		t.Error("the page does not say that it is done")
	}
	// The owner cancels; a made-up token is no better.
	if err := d.SetMail(t.Context(), owner, on); err != nil {
		t.Fatal(err)
	}
	if w := m.post(owner, "/settings/mail/links", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("cancelling: %d", w.Code)
	}
	for _, path := range []string{at, "/unsubscribe/x", "/unsubscribe/" + strings.Repeat("A", 80)} {
		if w := m.post(nobody, path, one); w.Code != http.StatusNotFound || chosen() != on {
			t.Errorf("%s: %d", path, w.Code)
		}
		if w := m.get(nobody, path); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "Nothing was turned off") {
			t.Errorf("looking at %s: %d", path, w.Code)
		}
	}
	// The wall against forms of other sites stands everywhere else.
	if w := m.post(owner, "/settings/mail/links", nil, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", w.Code)
	}
}

// Whoever operates the installation sees that mail does not get out.
func TestMailMetrics(t *testing.T) {
	_, d, s, server := newMailHouse(t)
	server.Close()
	if _, err := d.Enqueue(t.Context(), desk.Mail{Key: "a", Topic: "a", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"reperform_mail_waiting 1\n", "reperform_mail_given_up 0\n"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the figures do not say %q", want)
		}
	}
}

// Whoever manages accounts sees which mail to these people failed and why, tries
// it again and discards it; of mail to the other side nobody learns.
func TestMailTrouble(t *testing.T) {
	m, d, s, server := newMailHouse(t)
	server.Close()
	for _, x := range []desk.Mail{
		{Key: "a", Person: owner, Topic: "mention", Body: []byte(`{"subject":"Never shown"}`)},
		{Key: "b", Person: partner, Topic: "summary", Body: []byte(`{"subject":"Never shown"}`)},
		{Key: "c", Person: "unknown", Topic: "mention", Body: []byte(`{}`)},
	} {
		if _, err := d.Enqueue(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		if all, err := d.Troubles(t.Context()); err != nil || len(all) == 3 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	all, err := d.Troubles(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	ids := map[string]string{}
	for _, x := range all {
		ids[x.Addressee] = fmt.Sprint(x.ID)
	}
	page := m.page(administrator, "/mail")
	for _, want := range []string{"Fatima Boukhari", "fatima-boukhari@wexmoor.example", "A comment that mentions them", "1 attempt", "Next attempt 20 Nov 2025", "mail server"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "Marchetti") || strings.Contains(page, "Never shown") || strings.Contains(page, "Summary of what waits") || strings.Count(page, "Discard") != 2 {
		t.Error("the page tells of mail to the firm, or what is in mails")
	}
	if page := m.page(partner, "/mail"); !strings.Contains(page, "Marchetti") || strings.Contains(page, "Boukhari") {
		t.Error("the firm's administrator sees another's mail, or not the firm's")
	}
	if page := m.page(administrator, "/people"); !strings.Contains(page, `href="/mail"`) {
		t.Error("nothing leads to the page")
	}
	for _, who := range []string{owner, manager} {
		if w := m.get(who, "/mail"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", who, w.Code)
		}
		if w := m.post(who, "/mail", url.Values{"do": {"discard"}, "id": {ids[owner]}}); w.Code != http.StatusForbidden {
			t.Errorf("%s discards: %d", who, w.Code)
		}
		if strings.Contains(m.page(who, "/people"), `href="/mail"`) {
			t.Errorf("%s is led to the page", who)
		}
	}
	// Of the other side's mail, none is touched, whatever its number.
	for _, do := range []string{"retry", "discard"} {
		for _, id := range []string{ids[partner], ids["unknown"], "4711", "x"} {
			if w := m.post(administrator, "/mail", url.Values{"do": {do}, "id": {id}}); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s %s: %d", do, id, w.Code)
			}
		}
	}
	for _, v := range []url.Values{{"do": {"retry"}, "id": {ids[owner]}}, {"do": {"all"}}} {
		if w := m.post(administrator, "/mail", v); w.Code != http.StatusSeeOther {
			t.Errorf("%v: %d", v, w.Code)
		}
	}
	if w := m.post(administrator, "/mail", url.Values{"do": {"discard"}, "id": {ids[owner]}}); w.Code != http.StatusSeeOther {
		t.Errorf("discarding: %d", w.Code)
	}
	if page := m.page(administrator, "/mail"); !strings.Contains(page, "No mail has failed") {
		t.Error("what was discarded is still shown")
	}
	if left, err := d.Troubles(t.Context()); err != nil || len(left) != 2 {
		t.Errorf("left are %+v, %v", left, err)
	}
	// Without a mailer there is no such page.
	bare, err := New(Options{App: m.app, Accounts: s.opt.Accounts, Desk: d, Who: s.opt.Who})
	if err != nil {
		t.Fatal(err)
	}
	m.h = bare.Handler()
	if w := m.get(administrator, "/mail"); w.Code != http.StatusNotFound || strings.Contains(m.page(administrator, "/people"), `href="/mail"`) {
		t.Errorf("without a mailer: %d", w.Code)
	}
}

// A mail that is tried again has no number of attempts, and its answer is that of
// before.
func TestMailTriedAgain(t *testing.T) {
	next := time.Date(2025, 11, 20, 7, 15, 0, 0, time.UTC)
	at := func(x time.Time) string { return x.Format("15:04") }
	for _, c := range []struct {
		mail        desk.Trouble
		state, says string
	}{
		{desk.Trouble{NextAt: next}, "Being tried again", "07:00 · what the server said before:"},
		{desk.Trouble{NextAt: next, Attempts: 2}, "Next attempt 07:15", "07:00 · 2 attempts"},
		{desk.Trouble{EndedAt: next, Attempts: 9}, "Given up 07:15", "07:00 · 9 attempts"},
	} {
		l := troubleLine{Trouble: c.mail, When: "07:00", Waits: !c.mail.NextAt.IsZero()}
		if got := l.stands(at); got != c.state || triedText(l) != c.says {
			t.Errorf("%+v stands as %q, %q", c.mail, got, triedText(l))
		}
	}
}

// A site that sends no mail says so, and keeps nothing.
func TestNoMail(t *testing.T) {
	m, d, _, _ := newMailHouse(t)
	s, err := New(Options{App: m.app, Desk: d, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.h = s.Handler()
	if page := m.page(owner, "/settings/mail"); !strings.Contains(page, "No mail is sent") || strings.Contains(page, "<fieldset") {
		t.Error("the page offers what is not there")
	}
	for _, path := range []string{"/settings/mail", "/settings/mail/test"} {
		if w := m.post(owner, path, url.Values{"digest": {"off"}, "hour": {"1"}, "weekday": {"1"}}); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
