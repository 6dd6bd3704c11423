package web

import (
	"slices"

	"github.com/a-h/templ"
)

// sayField is a field in which somebody writes.
type sayField struct {
	ID, Name, Label, Placeholder string
	// Key jumps to it.
	Key  string
	Text string
}

func (x sayField) name() string {
	if x.Name == "" {
		return "text"
	}
	return x.Name
}

// keyOf is the shortcut of a field, where it has one.
func keyOf(key string) templ.Attributes {
	if key == "" {
		return templ.Attributes{}
	}
	return templ.Attributes{"data-key": key}
}

// text is what was written in a form and not recorded.
func (d draft) text(target string) string {
	if d.on(target) {
		return d.Text
	}
	return ""
}

// canWrite tells whether the person may answer in a ledger.
func canWrite(t *talk, ledger string) bool {
	return slices.ContainsFunc(t.Homes, func(o option) bool { return o.Value == ledger })
}

// replyText begins an answer by calling the person who is answered, who hears of
// it then.
func replyText(t *talk, x thread) string {
	if s := t.Draft.text("reply:" + x.Anchor); s != "" {
		return s
	}
	to := x.saying
	if n := len(x.Answers); n > 0 {
		to = x.Answers[n-1]
	}
	if to.MayEdit { // One's own.
		return ""
	}
	return "@" + to.Who.ID + " "
}

func editText(t *talk, s saying) string {
	if text := t.Draft.text("edit:" + s.Anchor); text != "" {
		return text
	}
	return s.Text
}

func resolvedText(n int) string { return count(n, "resolved comment") }

// presenceOf is the place at which others see who reads a record; none in the
// past.
func presenceOf(p *recordPage) string {
	if p.f.Past.On() {
		return ""
	}
	return spot{p.Record.Ledger, p.Kind.Name, p.Record.ID}.String()
}

// knownLabel names what stands beside the fields of a record.
func knownLabel(p *recordPage) string {
	if p.Talk == nil {
		return "History"
	}
	return "Comments and history"
}

func commentsWord(n int) string {
	if n == 1 {
		return "comment"
	}
	return "comments"
}

// askedText says who asked whom, when, and by when.
func askedText(a asked) string {
	s := a.By.Name + " asked " + a.To.Name + " on " + a.On
	if a.Due != "" {
		s += ", due " + a.Due
	}
	return s
}
