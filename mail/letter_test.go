package mail_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"reperform/mail"
	"reperform/mail/mailtest"
)

// What people are called and what records say cannot become headers, addresses
// or markup.
func TestHostileNames(t *testing.T) {
	s := mailtest.Serve(t, mailtest.Config{})
	const evil = "Ann\r\nBcc: everybody@example.com\r\n\r\nHello <script>alert(1)</script>\u202e \"x\" <ben@example.com>"
	l := letter("ann@example.com")
	l.To.Name, l.Subject, l.From, l.Why = evil, evil, evil, evil
	l.Parts = []mail.Part{{Heading: evil, Text: evil, Items: []mail.Item{{Link: mail.Link{Text: evil, Href: "javascript:alert(1)"}, Note: evil}}}}
	for i, err := range deliver(t, server(t, s, "smtp", "", func(c *mail.ServerConfig) { c.From.Name = evil }), []mail.Mail{{ID: "id", Date: at, Letter: l}}) {
		if err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	m := s.Mails()[0]
	r := m.Read(t)
	if m.To != "ann@example.com" || s.Seen("RCPT") != 1 {
		t.Errorf("sent to %s", m.To)
	}
	for _, name := range []string{"Bcc", "Hello"} {
		if r.Header.Get(name) != "" {
			t.Errorf("there is a header %s: %s", name, r.Header.Get(name))
		}
	}
	if strings.ContainsAny(r.Subject, "\r\n\u202e") || !strings.HasPrefix(r.Subject, "Ann Bcc: everybody@example.com Hello") {
		t.Errorf("the subject is %q", r.Subject)
	}
	to, err := r.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ann@example.com" {
		t.Errorf("to %v, %v", to, err)
	}
	from, err := r.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "reperform@example.com" {
		t.Errorf("from %v, %v", from, err)
	}
	if strings.Contains(r.HTML(), "<script") || strings.Contains(r.HTML(), "javascript:") {
		t.Errorf("the page carries a script:\n%s", r.HTML())
	}
	if strings.Contains(r.Text(), "\nBcc") || strings.Contains(r.Text(), "\u202e") {
		t.Errorf("the text is turned or broken:\n%s", r.Text())
	}
	// A mailbox that is none reaches nobody.
	l = letter("ann@example.com>\r\nRCPT TO:<ben@example.com")
	got := deliver(t, server(t, s, "smtp", ""), []mail.Mail{{ID: "id2", Date: at, Letter: l}})
	if !mail.IsRefused(got[0]) || len(s.Mails()) != 1 || s.Seen("RCPT") != 1 {
		t.Errorf("a broken mailbox: %v", got[0])
	}
}

// Both forms say the same, and the page loads nothing and follows nobody.
func TestTextAndPageSayTheSame(t *testing.T) {
	l := letter("ann@example.com")
	page, err := l.HTML()
	if err != nil {
		t.Fatal(err)
	}
	text := l.Text()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	links, headings, lang := 0, "", ""
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title" {
			for _, w := range strings.Fields(n.Data) {
				if w := strings.Trim(w, "()."); !strings.Contains(text, w) && !strings.Contains(l.Subject, w) {
					t.Errorf("the text does not say %q", w)
				}
			}
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "h1", "h2":
			headings += n.Data
		case "a":
			links++
		case "img", "script", "link", "iframe", "object", "video", "form", "base":
			t.Errorf("the page has a %s", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "lang":
				lang = a.Val
			case a.Key == "src" || a.Key == "srcset" || a.Key == "background" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("the page has %s=%q", a.Key, a.Val)
			case a.Key == "href" && !strings.Contains(text, a.Val):
				t.Errorf("the text does not have the address %s", a.Val)
			}
		}
	}
	if links != 3 || headings != "h1h2" || lang != "en" || strings.Contains(page, "url(") || strings.Contains(page, "@import") {
		t.Errorf("%d links, headings %s, language %s", links, headings, lang)
	}
	const want = `Overdue
-------
* Answer the request (due 1 March 2026)
  https://r.example/r/request/1

Open what waits for you:
https://r.example/

-- 
Reperform of Wexmoor
You asked for a summary.
Choose which mails you get: https://r.example/settings/mail
`
	if text != want {
		t.Errorf("the text is\n%s", text)
	}
}

func TestParseAddress(t *testing.T) {
	for s, want := range map[string]string{
		"Reperform <r@example.com>":  `"Reperform" <r@example.com>`,
		"r@example.com":              "<r@example.com>",
		`"Lee, Ann" <a@example.com>`: `"Lee, Ann" <a@example.com>`,
		"nobody":                     "", "": "", "a@example.com, b@example.com": "", "Ann <a@example.com>\r\nBcc: b@example.com": "",
	} {
		a, err := mail.ParseAddress(s)
		if want == "" && err == nil || want != "" && (err != nil || a.String() != want) {
			t.Errorf("%q: %v, %v", s, a, err)
		}
	}
	if got := (mail.Address{Mailbox: "a@example.com"}).Domain(); got != "example.com" {
		t.Errorf("the domain is %s", got)
	}
}
