package soc1_test

import (
	"strings"
	"testing"

	"reperform/soc1"
)

// TestTextsThatArePlain: what people write in any script passes, line ends of
// whatever system and the marks of right-to-left scripts included.
func TestTextsThatArePlain(t *testing.T) {
	for _, s := range []string{"", "Approved, à la carte – “signed”.", "one\ttwo\nthree", "line\r\nline\r\n", "אבג \u200fabc\u200e", "👩\u200d💻", "soft\u00adhyphen"} {
		if p := soc1.TextProblem("text", s); p != nil {
			t.Errorf("%q: %s", s, p)
		}
	}
}

// TestTextsThatAreObeyed: the place of the first character is named.
func TestTextsThatAreObeyed(t *testing.T) {
	for s, want := range map[string]string{
		"\x1b[31mred":                    "U+001B, which is a control character, as its 1st.",
		"ab\x00":                         "U+0000, which is a control character, as its 3rd.",
		"é\u0085":                        "U+0085, which is a control character, as its 2nd.",
		"line\rover":                     "U+000D, which is a control character, as its 5th.",
		"ends\r":                         "U+000D",
		"not ap\u202edevorp":             "U+202E, which turns the direction of the text, as its 7th.",
		"\u2066x":                        "U+2066, which turns",
		strings.Repeat("x", 20) + "\x7f": "U+007F, which is a control character, as its 21st.",
	} {
		p := soc1.TextProblem("text", s)
		if p == nil || p.Field != "text" || !strings.Contains(p.Message, want) || p.Remedy == "" {
			t.Errorf("%q: %v, want %q", s, p, want)
		}
	}
}
