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
// Controls are found by the identifiers that they name, so that a pair that shares none
// is never looked at.
func (r *Register) proposals(f *Framework) []Proposal {
	// A control that is tied already is not proposed for another of the same program.
	tied := map[int]bool{}
	for _, i := range f.Theirs {
		tied[r.Theirs[i].Control] = true
	}
	named, byObjective := r.namedIDs(f.Name)
	naming := map[string][]int{}
	for i, ids := range named {
		if tied[i] {
			continue
		}
		for _, id := range ids {
			if l := naming[id]; len(l) == 0 || l[len(l)-1] != i {
				naming[id] = append(l, i)
			}
		}
	}
	var out []Proposal
	for _, place := range f.Theirs {
		t := &r.Theirs[place]
		if t.Control >= 0 {
			continue
		}
		var near []int
		for _, id := range t.Value.Identifiers {
			near = append(near, naming[id]...)
		}
		if len(near) == 0 {
			continue
		}
		slices.Sort(near)
		words := r.gist(t.Value.Text)
		var found []Proposal
		for _, i := range slices.Compact(near) {
			if slices.Contains(t.Value.NotControls, r.Controls[i].ID) {
				continue
			}
			ours := r.ours(i)
			p := Proposal{Their: place, Control: i, SameFrequency: t.Value.Frequency != "" && t.Value.Frequency == r.Controls[i].Value.Frequency}
			if n := len(words) + len(ours); n > 0 {
				p.Alike = 200 * inCommon(words, ours, nil) / n
			}
			if p.Alike < leastAlike {
				continue
			}
			found = append(found, p)
		}
		slices.SortStableFunc(found, func(a, b Proposal) int { return b.Alike - a.Alike })
		for _, p := range found[:min(len(found), mostFor)] {
			inCommon(words, r.ours(p.Control), func(w string) { p.Words = append(p.Words, w) })
			slices.Sort(p.Words)
			p.IDs, p.ByObjective = common(t.Value.Identifiers, named[p.Control]), byObjective[p.Control]
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Proposal) int { return b.Alike - a.Alike })
	return out
}

// namedIDs are the identifiers of a framework that each control here names, or where it
// names none, those of its objectives.
func (r *Register) namedIDs(framework string) (ids [][]string, byObjective []bool) {
	of := map[string][]string{}
	for n := range r.Objectives {
		of[r.Objectives[n].ID] = r.Objectives[n].Value.FrameworkIDs[framework]
	}
	ids, byObjective = make([][]string, len(r.Controls)), make([]bool, len(r.Controls))
	for i := range r.Controls {
		c := &r.Controls[i].Value
		if ids[i] = c.FrameworkIDs[framework]; len(ids[i]) > 0 {
			continue
		}
		byObjective[i] = true
		for _, o := range c.Objectives {
			ids[i] = append(ids[i], of[o]...)
		}
	}
	return ids, byObjective
}

// word is one that says something, with the number of its stem.
type word struct {
	stem int
	text string
}

// gist are the words of a statement that say something, by the numbers of their stems.
func (r *Register) gist(s string) []word {
	if r.stems == nil {
		r.stems = map[string]int{}
	}
	var out []word
	for st, text := range content(s) {
		n, ok := r.stems[st]
		if !ok {
			n = len(r.stems)
			r.stems[st] = n
		}
		out = append(out, word{n, text})
	}
	slices.SortFunc(out, func(a, b word) int { return a.stem - b.stem })
	return out
}

// ours is the gist of a control here, which is made once.
func (r *Register) ours(i int) []word {
	if r.gists == nil {
		r.gists = make([][]word, len(r.Controls))
	}
	if r.gists[i] == nil {
		r.gists[i] = r.gist(r.Controls[i].Value.Statement())
	}
	return r.gists[i]
}

// inCommon counts the words of both, and yields those of the first.
func inCommon(a, b []word, yield func(string)) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].stem < b[j].stem:
			i++
		case a[i].stem > b[j].stem:
			j++
		default:
			if n++; yield != nil {
				yield(a[i].text)
			}
			i, j = i+1, j+1
		}
	}
	return n
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
