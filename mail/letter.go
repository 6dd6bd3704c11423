package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/mail"
	"strings"
	"unicode"
)

// Letter is what a mail says.
type Letter struct {
	To      Address `json:"to"`
	Subject string  `json:"subject"`
	// From names in the foot which installation writes, such as the name of the
	// organization.
	From string `json:"from"`
	// Parts are what it says, in order.
	Parts []Part `json:"parts"`
	// Action is the one thing to do, shown prominently.
	Action Link `json:"action"`
	// Why says in the foot why the person gets the mail.
	Why string `json:"why"`
	// Settings is where the person turns such mails off; empty for a mail that
	// cannot be turned off because somebody asked for this very one.
	Settings string `json:"settings,omitempty"`
	// Unsubscribe is where such mails are turned off without signing in: a page
	// with a button for people, and a mail program's own button (RFC 8058) where
	// it is reached by TLS. Empty where there is no such place.
	Unsubscribe string `json:"unsubscribe,omitempty"`
}

// Part is a heading with text or a list below it; each may be missing.
type Part struct {
	Heading string `json:"heading,omitempty"`
	Text    string `json:"text,omitempty"`
	Items   []Item `json:"items,omitempty"`
}

// Item is one line of a list: what is to be done, with a link, and beside it
// by when or for whom.
type Item struct {
	Link
	Note string `json:"note,omitempty"`
}

// Link is a text with an address.
type Link struct {
	Text string `json:"text,omitempty"`
	Href string `json:"href,omitempty"`
}

// Address is a mailbox with the name of its owner.
type Address struct {
	Name    string `json:"name,omitempty"`
	Mailbox string `json:"mailbox"`
}

// ParseAddress reads `Name <mailbox@example.com>`, or a mailbox alone.
func ParseAddress(s string) (Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || strings.ContainsFunc(a.Address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return Address{}, fmt.Errorf("%q is not an address of a mailbox; write it as Reperform <reperform@example.com>", s)
	}
	return Address{Name: plain(a.Name), Mailbox: a.Address}, nil
}

func (a Address) String() string {
	return (&mail.Address{Name: plain(a.Name), Address: a.Mailbox}).String()
}

// Domain is what stands behind the @.
func (a Address) Domain() string { return a.Mailbox[strings.LastIndexByte(a.Mailbox, '@')+1:] }

// plain is a text on one line without characters that nobody sees: a line break
// would begin a header, and a mark that turns the direction of writing would let
// a name read as something else.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	return strings.Join(strings.Fields(s), " ")
}

// maxSubject is in characters; longer ones are cut where mail programs would.
const maxSubject = 150

func (l Letter) subject() string {
	s := plain(l.Subject)
	if r := []rune(s); len(r) > maxSubject {
		s = strings.TrimRight(string(r[:maxSubject]), " ") + "…"
	}
	return s
}

// Text is the letter as plain text.
func (l Letter) Text() string {
	var b strings.Builder
	for _, p := range l.Parts {
		if p.Heading != "" {
			h := plain(p.Heading)
			b.WriteString(h + "\n" + strings.Repeat("-", len([]rune(h))) + "\n")
		}
		if p.Text != "" {
			b.WriteString(plain(p.Text) + "\n")
		}
		for _, i := range p.Items {
			b.WriteString("* " + plain(i.Text))
			if i.Note != "" {
				b.WriteString(" (" + plain(i.Note) + ")")
			}
			b.WriteString("\n")
			if i.Href != "" {
				b.WriteString("  " + plain(i.Href) + "\n")
			}
		}
		b.WriteString("\n")
	}
	if l.Action.Href != "" {
		b.WriteString(plain(l.Action.Text) + ":\n" + plain(l.Action.Href) + "\n\n")
	}
	// The line that mail programs know as the beginning of a signature.
	b.WriteString("-- \n" + plain(l.From) + "\n" + plain(l.Why) + "\n")
	if l.Settings != "" {
		b.WriteString("Choose which mails you get: " + plain(l.Settings) + "\n")
	}
	if l.Unsubscribe != "" {
		b.WriteString("Turn mails like this one off: " + plain(l.Unsubscribe) + "\n")
	}
	return b.String()
}

//go:embed letter.html
var page string

var letterPage = template.Must(template.New("letter").Funcs(template.FuncMap{"plain": plain}).Parse(page))

// HTML is the letter as a page of its own.
func (l Letter) HTML() (string, error) {
	l.Subject = l.subject()
	var b bytes.Buffer
	if err := letterPage.Execute(&b, l); err != nil {
		return "", fmt.Errorf("the page of a mail: %w", err)
	}
	return b.String(), nil
}
