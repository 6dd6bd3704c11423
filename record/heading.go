package record

import (
	"encoding/json"
	"strings"
)

// Heading is how a record is called where there is room for a line: its code,
// when its kind has codes, and its title or the beginning of its text.
type Heading struct {
	// Code is what a report prints, such as "PAY-3.2"; empty without one.
	Code string
	// Text is the title, name or first sentence; the id when there is none.
	Text string
}

// String is code and text in one line.
func (h Heading) String() string {
	switch {
	case h.Code == "":
		return h.Text
	case h.Text == "":
		return h.Code
	}
	return h.Code + " " + h.Text
}

// headed are the fields that name a record, whatever its kind.
type headed struct {
	Code     string `json:"code"`
	Title    string `json:"title"`
	Name     string `json:"name"`
	Text     string `json:"text"`
	Who      string `json:"who"`
	What     string `json:"what"`
	HowOften string `json:"how_often"`
	Fact     string `json:"fact"`
	Item     string `json:"item_key"`
}

// HeadingOf names a record. A redacted one has only its id left.
func HeadingOf(r Record) Heading {
	var h headed
	// A field of another type, such as a title that is a list, names nothing.
	_ = json.Unmarshal(r.Body, &h)
	out := Heading{Code: h.Code}
	if h.What != "" && h.Text == "" && h.Title == "" {
		h.Text = strings.TrimSpace(h.Who + " " + h.What + " " + h.HowOften)
	}
	if r.Kind == "person" {
		// A person's title is a position and names nobody.
		h.Title = ""
	}
	for _, s := range []string{h.Title, h.Name, h.Text, h.Fact, h.Item} {
		if s = firstLine(s); s != "" {
			out.Text = s
			return out
		}
	}
	if out.Code == "" {
		out.Text = r.ID
	}
	return out
}

func firstLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i]
	}
	return s
}
