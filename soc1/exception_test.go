package soc1

import (
	"strings"
	"testing"
)

// TestADismissalSaysWhatShowsIt tries what people write to have an exception out
// of the way.
func TestADismissalSaysWhatShowsIt(t *testing.T) {
	const reason = "The approval was given on paper on that day."
	for _, c := range []struct {
		name, evidence string
		refs           []string
		want           string
	}{
		{"a letter", "x", nil, "does not say"},
		{"one long word", "inspectedinspectedinspected", nil, "does not say"},
		{"one word again and again", "seen Seen seen SEEN seen seen", nil, "does not say"},
		{"nineteen characters", "form of 3 Jan, seen", nil, "does not say"},
		{"blanks do not count", "a      b              c", nil, "does not say"},
		{"the reason again", " the approval was  given on paper on that day.", nil, "repeats the reason"},
		{"a description", "Form of January 3, stamped on receipt.", nil, ""},
		{"in another script", "Форма от 3 января, проставлен штамп", nil, ""},
		{"a record", "", []string{"ev-1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := aDismissal()
			x.Reason, x.Evidence, x.EvidenceRefs = reason, c.evidence, c.refs
			ps := x.Unfounded()
			if c.want == "" && len(ps) > 0 || c.want != "" && (len(ps) != 1 || !strings.Contains(ps[0].Message, c.want) || ps[0].Field != "evidence") {
				t.Errorf("%v, want %q", ps, c.want)
			}
		})
	}
	x := aDismissal()
	x.Evidence = "x"
	if ps := x.Validate(); len(ps) > 0 {
		t.Errorf("a dismissal that was recorded before more was asked is refused: %v", ps)
	}
	x.Status = Confirmed
	if ps := x.Unfounded(); len(ps) > 0 {
		t.Errorf("a confirmed exception is asked for evidence of a dismissal: %v", ps)
	}
}
