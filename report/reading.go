package report

import (
	"regexp"
	"slices"
	"strings"
)

// Reading is what the text of a report says, read from its pages and not from the
// records that they were made of: for whoever holds the report against itself.
type Reading struct {
	// UserEntityControls says that scope and opinion in Section I, and Section II,
	// speak of complementary user entity controls.
	UserEntityControls bool
	// RestrictedUse and Limitations say that Section I has these paragraphs.
	RestrictedUse, Limitations bool
	// OtherInformation says that Section I disclaims Section V.
	OtherInformation bool
	// Periods are the dates that Sections I to III state first, by section, as the
	// text has them.
	Periods map[string]string
	// Stated are the statements of controls that Section III repeats, by the code
	// of the control.
	Stated map[string]string
}

// sentenceWords is from how many words on a cell beside the code of a control is
// taken for a statement of it.
const sentenceWords = 8

var (
	spokenPeriod = regexp.MustCompile(`(?:throughout|for) the period ([A-Z][a-z]+ \d{1,2}, \d{4} to [A-Z][a-z]+ \d{1,2}, \d{4})`)
	spokenDay    = regexp.MustCompile(`\b[Aa]s of ([A-Z][a-z]+ \d{1,2}, \d{4})`)
	restricted   = []string{"Restricted Use", "Intended Users and Purpose"}
	limitations  = []string{"Inherent Limitations", "Limitations of Controls at a Service Organization"}
)

// Read reads what the report says. codes are those of its controls; type1 says that
// it speaks of a day.
func (m *Model) Read(codes []string, type1 bool) *Reading {
	out := &Reading{Periods: map[string]string{}, Stated: map[string]string{}}
	spoken := spokenPeriod
	if type1 {
		spoken = spokenDay
	}
	users := map[string]bool{}
	for i := range m.Sections {
		s := &m.Sections[i]
		w := &textWriter{}
		for _, b := range s.Blocks {
			w.block(b)
		}
		text := strings.Join(strings.Fields(strings.NewReplacer("*", "", "_", "").Replace(w.b.String())), " ")
		users[s.ID] = strings.Contains(strings.ToLower(text), "complementary user entity controls")
		if s.ID == "I" || s.ID == "II" || s.ID == "III" {
			if x := spoken.FindStringSubmatch(text); x != nil {
				out.Periods[s.ID] = x[1]
			}
		}
		switch s.ID {
		case "I":
			out.RestrictedUse, out.Limitations = s.headed(restricted), s.headed(limitations)
			out.OtherInformation = strings.Contains(text, "Section V") && strings.Contains(text, "no opinion on it")
		case "III":
			s.stated(codes, out.Stated)
		}
	}
	out.UserEntityControls = users["I"] && users["II"]
	return out
}

// headed tells whether a section has a heading with text below it.
func (s *Section) headed(titles []string) bool {
	for i, b := range s.Blocks {
		if b.Kind == KindHeading && slices.Contains(titles, plain(b.Text)) && i+1 < len(s.Blocks) && s.Blocks[i+1].Kind != KindHeading {
			return true
		}
	}
	return false
}

// stated finds what a section says that a control is: a line, or the next cell of a
// row, after its code.
func (s *Section) stated(codes []string, into map[string]string) {
	line := func(text string) {
		code, rest, ok := strings.Cut(text, ":")
		if code = strings.TrimSpace(code); ok && slices.Contains(codes, code) && strings.TrimSpace(rest) != "" {
			into[code] = strings.Join(strings.Fields(rest), " ")
		}
	}
	var items func(list []Item)
	items = func(list []Item) {
		for _, it := range list {
			line(plain(it.Text))
			items(it.Items)
		}
	}
	for _, b := range s.Blocks {
		switch b.Kind {
		case KindParagraph:
			line(plain(b.Text))
		case KindList:
			items(b.Items)
		case KindTable:
			for _, r := range b.Table.Rows {
				for i, c := range r.Cells[:max(0, len(r.Cells)-1)] {
					// A few words beside a code are a title or a frequency.
					said := r.Cells[i+1].text()
					if code := c.text(); slices.Contains(codes, code) && len(strings.Fields(said)) >= sentenceWords {
						into[code] = said
						break
					}
				}
			}
		}
	}
}

func (c Cell) text() string {
	var out []string
	for _, p := range c.Paras {
		out = append(out, plain(p.Text))
	}
	return strings.Join(strings.Fields(strings.Join(out, " ")), " ")
}
