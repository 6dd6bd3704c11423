package mail_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"reperform/mail"
	"reperform/mail/mailtest"
)

var (
	sender = mail.Address{Name: "Reperform", Mailbox: "reperform@example.com"}
	at     = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
)

func letter(to string) mail.Letter {
	return mail.Letter{To: mail.Address{Name: "Ann Lee", Mailbox: to}, Subject: "2 things wait for you", From: "Reperform of Wexmoor",
		Parts:  []mail.Part{{Heading: "Overdue", Items: []mail.Item{{Link: mail.Link{Text: "Answer the request", Href: "https://r.example/r/request/1"}, Note: "due 1 March 2026"}}}},
		Action: mail.Link{Text: "Open what waits for you", Href: "https://r.example/"}, Why: "You asked for a summary.", Settings: "https://r.example/settings/mail"}
}

func mails(n int) []mail.Mail {
	var out []mail.Mail
	for i := range n {
		out = append(out, mail.Mail{ID: fmt.Sprintf("id%d", i), Date: at, Letter: letter(fmt.Sprintf("ann%d@example.com", i))})
	}
	return out
}

func server(t *testing.T, s *mailtest.Server, scheme, user string, change ...func(*mail.ServerConfig)) *mail.Server {
	t.Helper()
	c := mail.ServerConfig{URL: fmt.Sprintf("%s://%s127.0.0.1:%d", scheme, user, s.Port), From: sender, Roots: s.Roots, Timeout: 10 * time.Second, Hello: "r.example"}
	for _, f := range change {
		f(&c)
	}
	out, err := mail.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// deliver answers what became of each mail.
func deliver(t *testing.T, s *mail.Server, all []mail.Mail) map[int]error {
	t.Helper()
	out := map[int]error{}
	s.Deliver(t.Context(), all, func(i int, err error) {
		if _, twice := out[i]; twice {
			t.Errorf("mail %d was told of twice", i)
		}
		out[i] = err
	})
	return out
}

func TestDeliver(t *testing.T) {
	password := func(c *mail.ServerConfig) { c.Password = "correct horse" }
	for _, c := range []struct {
		name         string
		config       mailtest.Config
		scheme, user string
		change       []func(*mail.ServerConfig)
	}{
		{"in the open to this machine", mailtest.Config{}, "smtp", "", nil},
		{"TLS", mailtest.Config{Security: mailtest.TLS}, "smtps", "", nil},
		{"TLS with a user", mailtest.Config{Security: mailtest.TLS, User: "mailer", Password: "correct horse"}, "smtps", "mailer@", []func(*mail.ServerConfig){password}},
		{"a user on this machine", mailtest.Config{User: "mailer", Password: "correct horse"}, "smtp", "mailer@", []func(*mail.ServerConfig){password}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mailtest.Serve(t, c.config)
			for i, err := range deliver(t, server(t, s, c.scheme, c.user, c.change...), mails(3)) {
				if err != nil {
					t.Errorf("mail %d: %v", i, err)
				}
			}
			got := s.Mails()
			if len(got) != 3 || s.Seen("CONNECT") != 1 {
				t.Fatalf("%d mails over %d connections", len(got), s.Seen("CONNECT"))
			}
			m := got[1]
			if m.From != "reperform@example.com" || m.To != "ann1@example.com" || m.TLS != (c.scheme == "smtps") || m.User != c.config.User {
				t.Errorf("given as %+v", m)
			}
			r := m.Read(t)
			for name, want := range map[string]string{
				"From": `"Reperform" <reperform@example.com>`, "To": `"Ann Lee" <ann1@example.com>`, "Message-Id": "<id1@example.com>", "Date": "Mon, 02 Mar 2026 14:00:00 +0000",
				"List-Unsubscribe": "<https://r.example/settings/mail>", "Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": "",
			} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s is %q, not %q", name, got, want)
				}
			}
			if r.Subject != "2 things wait for you" || strings.Join(r.Order, " ") != "text/plain text/html" {
				t.Errorf("subject %q, parts %v", r.Subject, r.Order)
			}
		})
	}
}

// A server that is not this machine is spoken to under TLS, or not at all.
// A mail program turns mails off by one request where that is safe, and leads to
// a page elsewhere (RFC 8058).
func TestUnsubscribing(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Config{})
	long := strings.Repeat("Ab_-9", 40)
	for i, c := range []struct{ unsubscribe, list, post string }{
		{"https://r.example/unsubscribe/" + long, "<https://r.example/unsubscribe/" + long + ">", "List-Unsubscribe=One-Click"},
		{"http://localhost/unsubscribe/" + long, "<http://localhost/unsubscribe/" + long + ">", ""},
		{"", "<https://r.example/settings/mail>", ""},
	} {
		l := letter("ann@example.com")
		l.Unsubscribe = c.unsubscribe
		if got := deliver(t, server(t, s, "smtp", ""), []mail.Mail{{ID: fmt.Sprint("u", i), Date: at, Letter: l}}); got[0] != nil {
			t.Fatal(got[0])
		}
		r := s.Mails()[i].Read(t)
		if got := r.Header.Get("List-Unsubscribe"); got != c.list {
			t.Errorf("List-Unsubscribe is %q", got)
		}
		if got := r.Header.Get("List-Unsubscribe-Post"); got != c.post {
			t.Errorf("List-Unsubscribe-Post is %q", got)
		}
		said := strings.Contains(r.Text(), "Turn mails like this one off: "+c.unsubscribe+"\n") && strings.Contains(r.HTML(), `<a href="`+c.unsubscribe+`">Turn mails like this one off`)
		if said != (c.unsubscribe != "") {
			t.Errorf("the foot says\n%s", r.Text())
		}
	}
}

func TestSecurityIsDemanded(t *testing.T) {
	elsewhere := func(s *mailtest.Server, change ...func(*mail.ServerConfig)) *mail.Server {
		t.Helper()
		c := mail.ServerConfig{URL: "smtp://mailer@mail.example.com", Password: "correct horse", From: sender, Roots: s.Roots, Timeout: 10 * time.Second}
		for _, f := range change {
			f(&c)
		}
		out, err := mail.NewServer(c)
		if err != nil {
			t.Fatal(err)
		}
		return out.Through(s.Address())
	}
	start := mailtest.Serve(t, mailtest.Config{Security: mailtest.StartTLS, User: "mailer", Password: "correct horse"})
	if err := deliver(t, elsewhere(start), mails(1))[0]; err != nil {
		t.Fatalf("STARTTLS: %v", err)
	}
	if m := start.Mails(); len(m) != 1 || !m[0].TLS || m[0].User != "mailer" {
		t.Errorf("given as %+v", m)
	}
	// Nobody strips what protects the conversation.
	open := mailtest.Serve(t, mailtest.Config{User: "mailer", Password: "correct horse"})
	for name, s := range map[string]*mail.Server{"no STARTTLS": elsewhere(open), "no TLS": server(t, open, "smtps", "")} {
		if err := deliver(t, s, mails(1))[0]; err == nil || mail.IsRefused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(open.Mails()) != 0 || open.Seen("AUTH") != 0 || open.Seen("MAIL") != 0 {
		t.Error("something was said in the open")
	}
	for name, f := range map[string]func(*mail.ServerConfig){
		"a certificate of a stranger": func(c *mail.ServerConfig) { c.Roots = open.Roots },
		"one of another host":         func(c *mail.ServerConfig) { c.URL = "smtp://mailer@mail.example.net" },
	} {
		if err := deliver(t, elsewhere(start, f), mails(1))[0]; err == nil || mail.IsRefused(err) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	refuse := func(what, reply string, which int) mailtest.Config {
		return mailtest.Config{Reply: func(w, _ string, nth int) string {
			if w == what && nth == which {
				return reply
			}
			return ""
		}}
	}
	for _, c := range []struct {
		name   string
		config mailtest.Config
		// Of three mails, the middle one meets it.
		forGood bool
		others  bool
		says    string
	}{
		{"no such user", refuse("RCPT", "550 5.1.1 <ann1@example.com>: no such user", 2), true, true, "no such user"},
		{"greylisting", refuse("RCPT", "451 4.7.1 come back in five minutes", 2), false, true, "come back"},
		{"a full mailbox", refuse("RCPT", "452 4.2.2 mailbox full", 2), false, true, "mailbox full"},
		{"may not pass on", refuse("RCPT", "554 5.7.1 relay access denied", 2), false, true, "relay access denied"},
		{"the sender is refused", refuse("MAIL", "550 5.1.8 bad sender", 2), false, true, "bad sender"},
		{"the content is refused", refuse(".", "554 5.6.0 not wanted", 2), true, true, "not wanted"},
		{"the content later", refuse(".", "451 4.3.0 try later", 2), false, true, "try later"},
		{"hanging up at the recipient", refuse("RCPT", "-", 2), false, false, ""},
		{"hanging up after the content", refuse(".", "-", 2), false, false, ""},
		{"shutting down", refuse("MAIL", "421 4.3.2 shutting down", 2), false, true, "shutting down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mailtest.Serve(t, c.config)
			got := deliver(t, server(t, s, "smtp", ""), mails(3))
			if len(got) != 3 {
				t.Fatalf("told of %d mails of 3", len(got))
			}
			if got[0] != nil {
				t.Errorf("the first: %v", got[0])
			}
			if got[1] == nil || mail.IsRefused(got[1]) != c.forGood || !strings.Contains(got[1].Error(), c.says) || strings.Contains(got[1].Error(), "ann1@") {
				t.Errorf("the second (for good: %t): %v", c.forGood, got[1])
			}
			if (got[2] == nil) != c.others || mail.IsRefused(got[2]) {
				t.Errorf("the third: %v", got[2])
			}
		})
	}
}

// What fails after the server took a mail does not send it again.
func TestTakenIsTaken(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Config{Reply: func(what, _ string, nth int) string {
		if what == "RSET" && nth == 1 {
			return "-"
		}
		return ""
	}})
	got := deliver(t, server(t, s, "smtp", ""), mails(2))
	if got[0] != nil || got[1] == nil || mail.IsRefused(got[1]) || len(s.Mails()) != 1 {
		t.Errorf("taken %d: %v", len(s.Mails()), got)
	}
}

func TestDeadServers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone := mailtest.Serve(t, mailtest.Config{})
	gone.Close()
	for name, s := range map[string]*mail.Server{
		"nobody listens": server(t, gone, "smtp", ""),
		"nobody answers": server(t, &mailtest.Server{Port: silent.Addr().(*net.TCPAddr).Port}, "smtp", "", func(c *mail.ServerConfig) { c.Timeout = 200 * time.Millisecond }),
		"sent away":      server(t, mailtest.Serve(t, mailtest.Config{Reply: func(string, string, int) string { return "554 5.3.2 no service" }}), "smtp", ""),
		"hung up":        server(t, mailtest.Serve(t, mailtest.Config{Reply: func(string, string, int) string { return "-" }}), "smtp", ""),
		"a wrong password": server(t, mailtest.Serve(t, mailtest.Config{User: "mailer", Password: "right"}), "smtp", "mailer@", func(c *mail.ServerConfig) {
			c.Password = "top-secret-word"
		}),
	} {
		began := time.Now()
		got := deliver(t, s, mails(2))
		for i := range 2 {
			err := got[i]
			if err == nil || mail.IsRefused(err) {
				t.Errorf("%s: mail %d: %v", name, i, err)
			}
			if err != nil && strings.Contains(err.Error(), "top-secret") {
				t.Errorf("%s: the error tells the password: %v", name, err)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

func TestServerConfig(t *testing.T) {
	for url, want := range map[string]string{
		"mail.example.com":                           "does not name a mail server",
		"https://mail.example.com":                   "does not name a mail server",
		"smtp://":                                    "does not name a mail server",
		"smtp://mail.example.com/path":               "does not name a mail server",
		"smtp://mail.example.com?tls=none":           "does not name a mail server",
		"smtp://mail.example.com:0":                  "port",
		"smtp://mail.example.com:99999":              "port",
		"smtp://user:top-secret@mail.example.com":    "holds a password",
		"smtp://user:top-secret@mail example.com/%z": "cannot be read",
		"smtps://user@mail.example.com":              "no password for user",
	} {
		_, err := mail.NewServer(mail.ServerConfig{URL: url, From: sender})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "top-secret") {
			t.Errorf("%s: %v, expected %q", url, err, want)
		}
	}
	if _, err := mail.NewServer(mail.ServerConfig{URL: "smtp://localhost"}); err == nil || !strings.Contains(err.Error(), "sender") {
		t.Errorf("no sender: %v", err)
	}
	if _, err := mail.NewServer(mail.ServerConfig{URL: "smtp://localhost", From: sender, Password: "x"}); err == nil || !strings.Contains(err.Error(), "no user") {
		t.Errorf("a password without a user: %v", err)
	}
}
