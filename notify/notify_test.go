package notify

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/mail"
	"reperform/mail/mailtest"
	"reperform/record"
	"reperform/soc1"
)

func (h *house) request(title, to string, due soc1.Date) string {
	h.t.Helper()
	id, err := h.app.Request(h.t.Context(), manager, app.Asking{Title: title, Text: "Confidential words of the request.", To: to, Due: due, Controls: []string{"itgc-1-1"}})
	h.must(err)
	return id
}

// change puts a field of a control.
func (h *house) change(id string, f func(*soc1.Control)) {
	h.t.Helper()
	x, err := h.app.Record(h.t.Context(), manager, app.OrganizationLedger, "control", id, record.AsOf{})
	h.must(err)
	c, err := record.Decode[soc1.Control](x)
	h.must(err)
	f(&c)
	h.must(h.app.PutRecord(h.t.Context(), manager, app.RecordChange{Kind: "control", ID: id, Revision: x.Revision, Effective: "2025-11-01", Value: c, Reason: "Handed over."}))
}

// problem waits until an attempt has failed.
func (h *house) problem() desk.OutboxState {
	h.t.Helper()
	for range 1000 {
		o, err := h.desk.Outbox(h.t.Context())
		h.must(err)
		if o.Problem != "" {
			return o
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.t.Fatal("after ten seconds, no attempt has failed")
	return desk.OutboxState{}
}

// What is asked of somebody is told at once: the comment that calls them, the
// request, the records that name them, and to who asked, the answer.
func TestAtOnce(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	h.run()
	h.comment(manager, "Secret words of the comment about **payroll**.", owner)
	request := h.request("Access list for November", owner, "2025-12-01")
	h.change("pay-5-1", func(c *soc1.Control) { c.Owner = owner })
	// What is done before anybody was told of it is told to nobody.
	h.server.Await(t, 3)
	h.must(h.app.AnswerRequest(t.Context(), owner, request, "Secret words of the answer.", nil))
	all := h.server.Await(t, 4)

	mine := to(t, all, owner)
	if len(mine) != 3 {
		t.Fatalf("%d mails to the control owner of 3", len(mine))
	}
	for i, c := range []struct{ subject, text, href string }{
		{"Daniel Krawczyk mentions you on control PAY-5.1", "mentions you in a comment on control PAY-5.1", "https://r.wexmoor.example/r/control/pay-5-1"},
		{"Asked of you: Access list for November", "Daniel Krawczyk asks this of you. It is due on 1 December 2025.", "https://r.wexmoor.example/r/request/" + request},
		{"You are now the owner of control PAY-5.1", "Daniel Krawczyk has named you", "https://r.wexmoor.example/r/control/pay-5-1"},
	} {
		m := mine[i]
		if !strings.HasPrefix(m.Subject, c.subject) || !strings.Contains(m.Text(), c.text) || !strings.Contains(m.Text(), c.href+"\n") || !strings.Contains(m.HTML(), `href="`+c.href+`"`) {
			t.Errorf("mail %d is %q:\n%s", i, m.Subject, m.Text())
		}
		if kind := h.turnsOff(m); kind != desk.AtOnceMail || !strings.Contains(m.Text(), "Reperform of Wexmoor") {
			t.Errorf("mail %d cannot be turned off or names nobody:\n%s", i, m.Text())
		}
	}
	answered := to(t, all, manager)
	if len(answered) != 1 || answered[0].Subject != "Answered: Access list for November" || !strings.Contains(answered[0].Text(), "has answered your request") {
		t.Errorf("to who asked: %d mails", len(answered))
	}
	// No redaction reaches a mailbox: what people wrote stays where it is.
	for _, m := range all {
		if s := whole(m.Read(t)); strings.Contains(s, "ecret words") || strings.Contains(s, "onfidential words") {
			t.Errorf("a mail quotes what somebody wrote:\n%s", s)
		}
	}
}

// Who is asked to take a course is told of it at once, and who has passed it is not.
func TestCourses(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	_, err := h.app.KeepCourse(t.Context(), manager, app.CourseKeeping{ID: "film", Course: soc1.Course{Title: "Call-backs", Owner: manager, Body: "Secret words of the course."}})
	h.must(err)
	h.run()
	for _, due := range []soc1.Date{"2025-12-19", "2025-12-20"} {
		_, err := h.app.AssignTraining(t.Context(), manager, app.Assigning{Course: "film", Audience: soc1.Audience{People: []string{owner, manager}}, Due: due, Reason: "Secret words of the reason."})
		h.must(err)
		h.server.Await(t, 1)
		_, err = h.app.TakeCourse(t.Context(), owner, app.CourseTaking{Course: "film", Read: true})
		h.must(err)
	}
	h.comment(manager, "Read this.", owner)
	all := to(t, h.server.Await(t, 2), owner)
	if len(all) != 2 || all[0].Subject != "Asked of you: course Call-backs" {
		t.Fatalf("%d mails, the first %q", len(all), all[0].Subject)
	}
	if s := all[0].Text(); !strings.Contains(s, "asks you to take this course. It is due on 19 December 2025.") || !strings.Contains(s, "https://r.wexmoor.example/training/film\n") || strings.Contains(s, "ecret words") {
		t.Errorf("it says:\n%s", s)
	}
}

// turnsOff is the kind of mail that a mail's header turns off.
func (h *house) turnsOff(m mailtest.Read) desk.MailKind {
	h.t.Helper()
	token, ok := strings.CutPrefix(m.Header.Get("List-Unsubscribe"), "<https://r.wexmoor.example/unsubscribe/")
	if !ok || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		h.t.Errorf("a mail cannot be turned off: %v", m.Header)
		return ""
	}
	kind, on, err := h.Subscription(h.t.Context(), strings.TrimSuffix(token, ">"))
	if err != nil || !on {
		h.t.Errorf("its link turns off %s, %t, %v", kind, on, err)
	}
	return kind
}

// A server that repeats a link while it refuses a mail gives nothing away by it.
func TestRefusalsTellNoLink(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	for said, want := range map[string]string{
		"550 5.7.1 blocked: https://r.wexmoor.example/invite/Secret-Token_1 is listed": "550 5.7.1 blocked: (an address of this site) is listed",
		"550 http://R.wexmoor.example/invite/x?y r.wexmoor.example/invite/x":           "550 (an address of this site) (an address of this site)",
		"550 see https://help.example/why":                                             "550 see https://help.example/why",
		"550 r.wexmoor.example is listed":                                              "550 r.wexmoor.example is listed",
	} {
		if got := h.withoutAddresses(said); got != want {
			t.Errorf("%q is told as %q", said, got)
		}
	}
}

// What a mail carries turns off mails of its kind, and no other; nobody else's
// token does, and none once it was cancelled.
func TestUnsubscribe(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	settings := func(person string) desk.MailSettings {
		t.Helper()
		m, _, err := h.Settings(t.Context(), person)
		h.must(err)
		return m
	}
	// What holds by default can be turned off, too.
	once, err := h.desk.UnsubscribeToken(t.Context(), owner, desk.AtOnceMail)
	h.must(err)
	summary, err := h.desk.UnsubscribeToken(t.Context(), owner, desk.SummaryMail)
	h.must(err)
	before, others := settings(owner), settings(manager)
	for range 2 {
		kind, err := h.Unsubscribe(t.Context(), once)
		h.must(err)
		if now := settings(owner); kind != desk.AtOnceMail || now.AtOnce || now.Digest != desk.Weekly || now.Hour != before.Hour {
			t.Errorf("turned off is %s: %+v", kind, now)
		}
	}
	if kind, on, err := h.Subscription(t.Context(), summary); kind != desk.SummaryMail || !on || err != nil {
		t.Errorf("the summary: %s, %t, %v", kind, on, err)
	}
	// Later, the token still does what it did.
	h.set("2031-01-01T00:00:00Z")
	h.want(owner, desk.MailSettings{AtOnce: true, Digest: desk.Daily, Hour: 7})
	_, err = h.Unsubscribe(t.Context(), summary)
	h.must(err)
	if now := settings(owner); !now.AtOnce || now.Digest != desk.Off {
		t.Errorf("left is %+v", now)
	}
	if now := settings(manager); now != others {
		t.Errorf("somebody else gets %+v", now)
	}
	h.must(h.desk.CancelUnsubscribeTokens(t.Context(), owner))
	if _, err := h.Unsubscribe(t.Context(), once); !errors.Is(err, desk.ErrLink) {
		t.Errorf("a cancelled token: %v", err)
	}
	if now := settings(owner); !now.AtOnce {
		t.Errorf("a cancelled token leaves %+v", now)
	}
}

// Nobody is told of what they did themselves, of what does not newly name them,
// or of anything when they do not want to.
func TestQuietness(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	h.want("elena-petrova", desk.MailSettings{Digest: desk.Off})
	h.run()
	h.change("itgc-1-1", func(c *soc1.Control) { c.Text += " Also on Fridays." }) // Hers already.
	h.change("pay-5-1", func(c *soc1.Control) { c.Owner = manager })              // By himself.
	h.comment(manager, "For one who wants no mail.", "elena-petrova")
	h.comment(owner, "For nobody.")
	id := h.comment(manager, "Look.", owner)
	h.must(h.app.EditComment(t.Context(), manager, app.OrganizationLedger, id, -1, "Look again.", []string{owner}))
	h.comment(owner, "And back.", manager)
	h.server.Await(t, 2)
	time.Sleep(50 * time.Millisecond)
	all := h.server.Await(t, 2)
	if len(all) != 2 || len(to(t, all, owner)) != 1 || len(to(t, all, manager)) != 1 {
		for _, m := range all {
			t.Errorf("to %s: %s", m.To, m.Read(t).Subject)
		}
	}
}

// An installation that was down for long does not tell at once what is old.
func TestOldNews(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	id := h.comment(manager, "Look.", owner)
	for at, want := range map[string]bool{"2025-11-17T14:00:00.000000Z": false, "2025-11-17T16:00:00.000000Z": true} {
		queued, err := h.happened(t.Context(), &app.Happening{Ledger: app.OrganizationLedger, Time: at, Actor: manager, Changes: []app.Happened{{Kind: "comment", ID: id, Revision: 1}}})
		h.must(err)
		if queued != want {
			t.Errorf("what happened at %s is told at once: %t", at, queued)
		}
	}
}

// One command that names somebody in many records sends one mail.
func TestManyAssignmentsAreOneMail(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	h.run()
	var changes []app.RecordChange
	all, err := h.app.Records(t.Context(), manager, app.OrganizationLedger, "control", record.AsOf{})
	h.must(err)
	for _, x := range all {
		c, err := record.Decode[soc1.Control](x)
		h.must(err)
		if c.Owner == owner {
			continue
		}
		c.Owner = owner
		changes = append(changes, app.RecordChange{Kind: "control", ID: x.ID, Revision: x.Revision, Effective: "2025-11-01", Value: c})
	}
	_, err = h.app.PutRecords(t.Context(), manager, changes, "A new owner for all.", false)
	h.must(err)
	h.comment(manager, "The end.", owner)
	got := to(t, h.server.Await(t, 2), owner)
	if len(got) != 2 || got[0].Subject != fmt.Sprintf("You are now named in %d records", len(changes)) {
		t.Fatalf("%d mails, the first is %q", len(got), got[0].Subject)
	}
	if n := strings.Count(got[0].Text(), "\n* "); n != mostItems+1 || !strings.Contains(got[0].Text(), fmt.Sprintf("* and %d more\n", len(changes)-mostItems)) {
		t.Errorf("%d lines for %d records", n, len(changes))
	}
}

// Nothing of the auditor's file is mailed to management, nor at once to anybody;
// its own people learn in a summary that something waits, and no more.
func TestTheAuditorsFile(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	daily := desk.MailSettings{AtOnce: true, Digest: desk.Daily, Hour: 8}
	for _, p := range []string{manager, owner, "elena-petrova", partner, staff} {
		h.want(p, daily)
	}
	h.run()
	// The firm talks in its file: about the organization's control and about its
	// own test; it names its own test's reviewer.
	const secret = "Weak, extend the sample"
	h.comment(partner, secret, staff)
	h.must(h.app.PutRecord(t.Context(), partner, app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: "t-secret", Reason: "Test.", Value: soc1.TestOfControl{Code: "SECRET-1", By: soc1.ByAuditor,
		Engagement: "soc1-2025", Control: "pay-5-1", Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: secret}}, Method: soc1.ObservationOnly, PerformedBy: partner, PerformedOn: "2025-11-19", Reviewer: staff}}))
	// A mention in the organization's records ends the test of what is at once.
	h.comment(manager, "The end.", owner)
	h.server.Await(t, 1)

	h.set("2025-11-21T14:00:01Z")
	waits, err := h.app.Waiting(t.Context(), staff)
	h.must(err)
	if len(waits) < 2 {
		t.Fatalf("%d things wait for the firm's staff, so that nothing is tested", len(waits))
	}
	h.must(h.summaries(t.Context(), map[string]time.Time{}))
	h.server.Await(t, 3)
	time.Sleep(50 * time.Millisecond)
	all := h.server.Mails()
	for _, m := range all {
		s := whole(m.Read(t))
		for _, word := range []string{secret, "SECRET", "t-secret", "Helen", "Review test", "test of control"} {
			if strings.Contains(s, word) {
				t.Errorf("the mail to %s says %q:\n%s", m.To, word, s)
			}
		}
	}
	for _, p := range []string{manager, owner, "elena-petrova"} {
		for _, m := range to(t, all, p) {
			if s := whole(m); strings.Contains(s, "examination") || strings.Contains(s, "exam-") {
				t.Errorf("the mail to %s speaks of an examination:\n%s", p, s)
			}
		}
	}
	got := to(t, all, staff)
	if len(got) != 1 {
		t.Fatalf("%d mails to the firm's staff, one summary is due", len(got))
	}
	if got[0].Subject != "Something waits for you in an examination" || !strings.Contains(got[0].Text(), "Something waits for you in the examination soc1-2025.") {
		t.Errorf("the summary is %q:\n%s", got[0].Subject, got[0].Text())
	}
	// The token in the link is sealed, and no figure.
	before, _, _ := strings.Cut(got[0].Text(), "/unsubscribe/")
	if strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(got[0].Subject+before, "soc1-2025", ""), "at 8:00", ""), "23456789") {
		t.Errorf("the summary counts:\n%s", got[0].Text())
	}
	if len(to(t, all, partner)) != 0 {
		t.Error("the partner, for whom nothing waits, got a mail")
	}
}

// A summary comes at the person's hour, once, with what waits in order, and not
// at all when nothing does.
func TestSummaries(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	h.run()
	h.want(owner, desk.MailSettings{Digest: desk.Daily, Hour: 7, Zone: "Europe/Berlin"})
	h.invite("amara-osei", account.ServiceOrganization)
	h.want("amara-osei", desk.MailSettings{Digest: desk.Daily, Hour: 7, Zone: "Europe/Berlin"})
	h.want(manager, desk.MailSettings{Digest: desk.Off})
	h.request("Long ago", owner, "2025-11-20")
	h.request("This week", owner, "2025-11-25")
	h.request("At some time", owner, "")
	back := h.request("Once more", owner, "2025-11-24")
	h.must(h.app.AnswerRequest(t.Context(), owner, back, "Here.", nil))
	h.must(h.app.CloseRequest(t.Context(), manager, back, soc1.RequestReturned, "Unkind words of the reviewer"))
	h.comment(manager, "Secret words.", owner)

	done := map[string]time.Time{}
	look := func(at string, want int) {
		t.Helper()
		h.set(at)
		h.must(h.summaries(t.Context(), done))
		h.server.Await(t, want)
		time.Sleep(30 * time.Millisecond)
		if n := len(h.server.Mails()); n != want {
			t.Fatalf("at %s, %d mails were sent, not %d", at, n, want)
		}
	}
	look("2025-11-20T23:00:00Z", 0) // Her hour had passed when she chose it.
	look("2025-11-21T05:59:00Z", 0)
	look("2025-11-21T06:00:10Z", 1) // 7:00 in Berlin; nothing waits for the administrator.
	look("2025-11-21T06:30:00Z", 1)
	clear(done) // As after a start of the program.
	look("2025-11-21T07:00:00Z", 1)
	m := to(t, h.server.Mails(), owner)[0]
	if kind := h.turnsOff(m); kind != desk.SummaryMail {
		t.Errorf("the summary turns off %s", kind)
	}
	text := m.Text()
	for _, want := range []string{"Answer the request “Long ago” (due 20 November 2025)", "Answer the request “This week” (due 25 November 2025)", "Answer the request “At some time”",
		"Answer the request “Once more” again; it was returned (due 24 November 2025)", "Answer Daniel Krawczyk, who mentions you on control PAY-5.1", "https://r.wexmoor.example/r/control/pay-5-1", "https://r.wexmoor.example/inbox\n", "each day at 7:00"} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary does not say %q", want)
		}
	}
	if o, w, l := strings.Index(text, "Overdue\n"), strings.Index(text, "Due within a week\n"), strings.Index(text, "Later, or without a date\n"); o < 0 || w < o || l < w || !strings.Contains(text[o:w], "Long ago") || !strings.Contains(text[w:l], "This week") || !strings.Contains(text[l:], "At some time") {
		t.Errorf("the groups are wrong")
	}
	if strings.Contains(whole(m), "words") || !strings.HasSuffix(m.Subject, "wait for you, 4 overdue") {
		t.Errorf("the summary quotes, or is called %q", m.Subject)
	}
	if t.Failed() {
		t.Log(text)
	}
	look("2025-11-22T12:00:00Z", 2) // Five hours late, after a night off.
	look("2025-11-24T05:30:00Z", 2) // Sunday's is a day old: too late.
	look("2025-11-24T06:00:00Z", 3)
	// Who moves the hour back into the past waits for tomorrow's.
	h.set("2025-11-24T08:30:00Z")
	h.want(owner, desk.MailSettings{Digest: desk.Daily, Hour: 9, Zone: "Europe/Berlin"})
	look("2025-11-24T08:40:00Z", 3)
	look("2025-11-25T08:00:01Z", 4)
}

// People of the service organization get mail as long as they have chosen
// nothing; auditors and guests do not.
func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		side soc1.Side
		role soc1.Role
		want desk.MailSettings
	}{
		{soc1.SideServiceOrganization, soc1.ControlOwner, desk.MailSettings{AtOnce: true, Digest: desk.Weekly, Hour: 8, Weekday: time.Monday}},
		{soc1.SideServiceOrganization, soc1.Executive, desk.MailSettings{AtOnce: true, Digest: desk.Off, Hour: 8, Weekday: time.Monday}},
		{soc1.SideAuditFirm, soc1.EngagementPartner, desk.MailSettings{Digest: desk.Off, Hour: 8, Weekday: time.Monday}},
		{soc1.SideGuest, soc1.SubserviceContact, desk.MailSettings{Digest: desk.Off, Hour: 8, Weekday: time.Monday}},
	} {
		got := Default(c.side, []soc1.Role{c.role})
		if got != c.want || got.Check() != nil {
			t.Errorf("%s: %+v", c.role, got)
		}
	}
	for kind, fields := range naming {
		k, err := record.Kinds.Kind(kind)
		if err != nil {
			t.Fatal(err)
		}
		for field := range fields {
			if f, ok := k.Field(field); !ok || f.Ref != "person" {
				t.Errorf("%s.%s names no person", kind, field)
			}
		}
	}
}

// A mail that is refused for the moment comes later, under the same name, and a
// process that dies between queueing and sending loses nothing.
func TestGreylistingAndRestart(t *testing.T) {
	h := newHouse(t, mailtest.Config{Reply: func(what, _ string, nth int) string {
		if what == "RCPT" && nth == 1 {
			return "451 4.7.1 greylisted, come back"
		}
		return ""
	}})
	stop := h.run()
	h.comment(manager, "Look.", owner)
	if o := h.problem(); o.Waiting != 1 || !strings.Contains(o.Problem, "greylisted") {
		t.Fatalf("the outbox stands at %+v", o)
	}
	stop()
	if strings.Contains(h.log.String(), owner+"@") {
		t.Errorf("the log names an address: %s", h.log.String())
	}
	// The process queues something more and dies before it is sent.
	h.comment(manager, "And look here.", owner)
	h.set("2025-11-20T15:10:00Z")
	h.Service = h.service(h.app, fmt.Sprintf("smtp://localhost:%d", h.server.Port))
	h.run()
	got := to(t, h.server.Await(t, 2), owner)
	time.Sleep(50 * time.Millisecond)
	if len(h.server.Mails()) != 2 || got[0].Header.Get("Message-Id") == got[1].Header.Get("Message-Id") {
		t.Errorf("%d mails", len(h.server.Mails()))
	}
}

// A server that takes a mail and dies before it says so is given it once more,
// under the same Message-ID.
func TestSentTwiceUnderOneName(t *testing.T) {
	h := newHouse(t, mailtest.Config{Reply: func(what, _ string, nth int) string {
		if what == "." && nth == 1 {
			return "-"
		}
		return ""
	}})
	stop := h.run()
	h.comment(manager, "Look.", owner)
	h.server.Await(t, 1)
	h.problem()
	stop()
	h.set("2025-11-20T15:10:00Z")
	h.run()
	got := to(t, h.server.Await(t, 2), owner)
	if got[0].Header.Get("Message-Id") == "" || got[0].Header.Get("Message-Id") != got[1].Header.Get("Message-Id") {
		t.Errorf("sent as %s and %s", got[0].Header.Get("Message-Id"), got[1].Header.Get("Message-Id"))
	}
}

// Who was shut out after a mail was queued does not get it.
func TestDisabledMeanwhile(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	a, err := h.accounts.ByPerson(t.Context(), owner)
	h.must(err)
	stop := h.run()
	stop()
	h.must(h.Test(t.Context(), owner))
	h.must(h.Test(t.Context(), manager))
	h.must(h.Test(t.Context(), manager)) // Within a minute, once.
	h.must(h.accounts.Disable(t.Context(), account.Requester{PersonID: manager, Side: account.ServiceOrganization, Roles: []string{"administrator"}}, a.ID))
	h.run()
	all := h.server.Await(t, 1)
	time.Sleep(30 * time.Millisecond)
	if len(h.server.Mails()) != 1 || to(t, all, manager)[0].Subject != "Mail from Reperform reaches you" {
		t.Errorf("%d mails", len(h.server.Mails()))
	}
}

// Links are mailed to the service organization's people, never into accounts of
// the firm, and leave no token behind.
func TestLinks(t *testing.T) {
	h := newHouse(t, mailtest.Config{})
	stop := h.run()
	if _, _, err := h.accounts.Invite(t.Context(), account.Requester{PersonID: manager, Side: account.ServiceOrganization, Roles: []string{"administrator"}},
		account.Invitee{PersonID: "leila-farahani", Email: "leila@wexmoor.example", Name: "Leila\r\nBcc: x@example.com", Side: account.ServiceOrganization}); err == nil {
		t.Fatal("a name with a line break is invited")
	}
	token, l, err := h.accounts.Invite(t.Context(), account.Requester{PersonID: manager, Side: account.ServiceOrganization, Roles: []string{"administrator"}},
		account.Invitee{PersonID: "leila-farahani", Email: "leila@wexmoor.example", Name: "Leila Farahani", Side: account.ServiceOrganization})
	h.must(err)
	for range 2 { // Pressing twice sends once.
		_, err := h.SendLink(t.Context(), l, "/invite/"+url.PathEscape(token))
		h.must(err)
	}
	m := h.server.Await(t, 1)[0]
	r := m.Read(t)
	if m.To != "leila@wexmoor.example" || r.Subject != "You are invited to Reperform of Wexmoor" || !strings.Contains(r.Text(), "https://r.wexmoor.example/invite/"+token+"\n") || !strings.Contains(r.Text(), "Daniel Krawczyk invites you") || r.Header.Get("List-Unsubscribe") != "" {
		t.Errorf("to %s: %s\n%s", m.To, r.Subject, r.Text())
	}
	reset, link, send, err := h.accounts.RequestReset(t.Context(), owner+"@wexmoor.example", account.Client{})
	if err != nil || !send {
		t.Fatal(send, err)
	}
	if queued, err := h.SendLink(t.Context(), link, "/reset/"+reset); !queued || err != nil {
		t.Errorf("a reset: %t, %v", queued, err)
	}
	if r := h.server.Await(t, 2)[1].Read(t); r.Subject != "Set a new password" || !strings.Contains(r.Text(), "/reset/"+reset) {
		t.Errorf("the reset:\n%s", r.Text())
	}

	h.must(h.app.PutPerson(t.Context(), partner, app.RecordChange{Ledger: exam, ID: "ines", Value: soc1.Person{Name: "Ines Ruiz", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"firm_staff"}}, Reason: "Joins."}))
	token, l, err = h.accounts.Invite(t.Context(), account.Requester{PersonID: partner, Side: account.AuditFirm, Roles: []string{"firm_administrator"}},
		account.Invitee{PersonID: "ines", Email: "ines@firm.example", Name: "Ines Ruiz", Side: account.AuditFirm})
	h.must(err)
	if queued, err := h.SendLink(t.Context(), l, "/invite/"+token); queued || err != nil || MayMail(l) {
		t.Errorf("a link into the firm: %t, %v", queued, err)
	}
	l.Side = account.Guest // A guest whom the firm keeps.
	if queued, err := h.SendLink(t.Context(), l, "/invite/"+token); queued || err != nil {
		t.Errorf("a link of the firm's: %t, %v", queued, err)
	}
	if _, err := h.SendLink(t.Context(), link, "https://elsewhere.example/"); err == nil {
		t.Error("a link leads elsewhere")
	}
	stop()
	if strings.Contains(h.log.String(), token) || strings.Contains(h.log.String(), reset) {
		t.Error("a token stands in the log")
	}
}

func TestConfig(t *testing.T) {
	for s, want := range map[string]string{
		"https://r.example": "https://r.example", "https://r.example/": "https://r.example", "http://localhost:8740/base/": "http://localhost:8740/base",
		"": "", "r.example": "", "ftp://r.example": "", "https://user@r.example": "", "https://r.example?x=1": "", "javascript:alert(1)": "",
	} {
		got, err := CheckPublic(s)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a service out of nothing")
	}
}

var _ Carrier = (*mail.Server)(nil)
