package gap

import (
	"strings"

	"reperform/soc1"
)

// Remark is what a rule would find in the statement of one control.
type Remark struct {
	Rule *Rule
	// Field is the field to correct.
	Field string
	// Text says what is lacking.
	Text string
}

// OfStatement tells whoever writes a control what the rules on statements, CTL-01,
// CTL-05 and CTL-10, would find in it. They read one control alone, so that this is
// what they find once it is recorded and in scope.
func OfStatement(c soc1.Control) []Remark {
	var out []Remark
	say := func(id, field, text string) {
		if r, ok := RuleOf(id); ok {
			out = append(out, Remark{r, field, text})
		}
	}
	if lacks := Parts(c); len(lacks) > 0 {
		say("CTL-01", partField(c, lacks[0]), "It does not say "+and(lacks)+".")
	}
	if hits := Vague(c.Statement()); len(hits) > 0 {
		say("CTL-05", statementField(c), "Nobody can measure these words: "+quoted(hits)+". Give a number, a day or a threshold in the same sentence, or leave them out.")
	}
	if Review(c) && !Precise(c) {
		say("CTL-10", "precision", "It is a review that says neither what is expected nor from which difference on something is followed up.")
	}
	return out
}

// partField is the field in which a part that is lacking is written.
func partField(c soc1.Control, part string) string {
	if strings.TrimSpace(c.Text) != "" {
		return "text"
	}
	for _, p := range parts {
		if p.Name == part {
			return p.Field
		}
	}
	return "what"
}

// parts are the four parts of a statement, with the field of each.
var parts = []struct{ Name, Field string }{{"who performs it", "who"}, {"what is done", "what"}, {"how often", "how_often"}, {"how it is evidenced", "evidence"}}

// PartNames name the four parts of a statement, in order, as Parts does.
func PartNames() []string {
	var out []string
	for _, p := range parts {
		out = append(out, p.Name)
	}
	return out
}
