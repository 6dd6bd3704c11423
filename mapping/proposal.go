package mapping

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"reperform/soc1/library"
)

// Proposal is a control of another program that could be one here: both answer the same
// identifiers, and their words are alike. Whether they are one, a person decides.
type Proposal struct {
	// Their and Control are places in the register.
	Their, Control int
	// IDs are the identifiers that both name. ByObjective says that the control here
	// names none of its own, and that these are of its objectives.
	IDs         []string
	ByObjective bool
	// Words are those that both statements use.
	Words []string
	// Alike is how much of the words they share, in percent.
	Alike int
	// SameFrequency says that both operate equally often.
	SameFrequency bool
}

// Bounds of what is proposed: how alike the words are at least, in percent, and how many
// are proposed for one control.
const (
	leastAlike = 22
	mostFor    = 3
)

// proposals are the pairs of a framework that could be one control, the most alike first.
func (r *Register) proposals(f *Framework) []Proposal {
	// A control that is tied already is not proposed for another of the same program.
	tied := map[int]bool{}
	for _, i := range f.Theirs {
		tied[r.Theirs[i].Control] = true
	}
	ours := make([]map[string]string, len(r.Controls))
	for i := range r.Controls {
		ours[i] = content(r.Controls[i].Value.Statement())
	}
	var out []Proposal
	for _, place := range f.Theirs {
		t := &r.Theirs[place]
		if t.Control >= 0 {
			continue
		}
		words := content(t.Value.Text)
		var found []Proposal
		for i := range r.Controls {
			if tied[i] || slices.Contains(t.Value.NotControls, r.Controls[i].ID) {
				continue
			}
			p := Proposal{Their: place, Control: i, SameFrequency: t.Value.Frequency != "" && t.Value.Frequency == r.Controls[i].Value.Frequency}
			p.IDs, p.ByObjective = r.sharedIDs(f.Name, t, i)
			if len(p.IDs) == 0 {
				continue
			}
			for stem, word := range words {
				if _, both := ours[i][stem]; both {
					p.Words = append(p.Words, word)
				}
			}
			if n := len(words) + len(ours[i]); n > 0 {
				p.Alike = 200 * len(p.Words) / n
			}
			if p.Alike < leastAlike {
				continue
			}
			slices.Sort(p.Words)
			found = append(found, p)
		}
		slices.SortStableFunc(found, func(a, b Proposal) int { return b.Alike - a.Alike })
		out = append(out, found[:min(len(found), mostFor)]...)
	}
	slices.SortStableFunc(out, func(a, b Proposal) int { return b.Alike - a.Alike })
	return out
}

// sharedIDs are the identifiers that a control of another program has in common with one
// here, or where that names none, with its objectives.
func (r *Register) sharedIDs(framework string, t *Their, i int) ([]string, bool) {
	c := &r.Controls[i].Value
	if own := c.FrameworkIDs[framework]; len(own) > 0 {
		return common(t.Value.Identifiers, own), false
	}
	var of []string
	for n := range r.Objectives {
		if slices.Contains(c.Objectives, r.Objectives[n].ID) {
			of = append(of, r.Objectives[n].Value.FrameworkIDs[framework]...)
		}
	}
	return common(t.Value.Identifiers, of), true
}

// content are the words of a statement that say something, by their stems.
func content(s string) map[string]string {
	out := map[string]string{}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return !unicode.IsLetter(c) }) {
		if len(w) < 3 || empty[w] {
			continue
		}
		st := stem(w)
		if was, ok := out[st]; !ok || w < was {
			out[st] = w
		}
	}
	return out
}

// stem takes the commonest endings from a word, so that "reviews" and "reviewed" are one.
func stem(w string) string {
	for _, end := range []string{"ing", "ies", "ied", "ed", "es", "s", "al", "e", "y"} {
		if rest, ok := strings.CutSuffix(w, end); ok && len(rest) >= 4 {
			return rest
		}
	}
	return w
}

// empty are words that are in every statement.
var empty = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("the and for with each every any all are was has have been from into that this these those their them they who which when where whose than then not nor but can may must will other than before after more less its one two control controls is of to in on by at as or an a be it performed documented evidenced performance") {
		out[w] = true
	}
	return out
}()

// shippedIDs are the identifiers that come with the program, by framework.
var shippedIDs = sync.OnceValue(func() map[string][]library.FrameworkID {
	out := map[string][]library.FrameworkID{}
	for _, f := range library.FrameworkIDs() {
		out[f.Framework] = append(out[f.Framework], f)
	}
	return out
})

// naturally orders codes as people do: numbers by their value.
func naturally(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
