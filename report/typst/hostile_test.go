package typst

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// Text that comes as data must come out as it went in. The words are those
// that would do something if they were taken for markup, code or a path.
var hostile = []string{
	`#read("/etc/passwd")`,
	`#panic("reached")`,
	`#{ 1 + 1 } #let x = 1; #x`,
	`*bold* _italic_ = heading - item + item / term: x`,
	`<label> @reference $x^2$ ~ -- --- ... "quoted" 'quoted'`,
	`back\slash \n \u{41} \* \# ` + "`raw` ```raw```",
	`// comment /* comment */ https://example.com/#a_b`,
	`]) } } #import "@preview/x:1.0.0": *`,
	`(1) 100% & co. {brace} [bracket] ^ | ; ~tilde`,
	`<script>alert(1)</script> ${x} {{x}} %s`,
	"zero\u200bwidth soft\u00adhyphen nbsp\u00a0here",
	"combining e\u0301 and \u202eoverride\u202c",
}

func dataFile(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDataNeverBecomesMarkup(t *testing.T) {
	const template = `#set page(width: 400mm)
#set text(font: "IBM Plex Sans", hyphenate: false, lang: "en")
#show raw: set text(font: "IBM Plex Mono")
#for (i, s) in json("data.json").enumerate() [BEGIN#i #text(s) END#i

#table(columns: 1, s)
]`
	pdf := mustCompile(t, map[string]string{"main.typ": template, "data.json": dataFile(t, hostile)})
	got := text(t, pdf)
	for i, s := range hostile[:10] {
		want := strings.Join(strings.Fields(s), " ")
		if n := strings.Count(got, want); n != 2 {
			t.Errorf("text %d is there %d times, want it in a paragraph and in a table:\n%s\n\nall text:\n%s", i, n, want, got)
		}
	}
	for i := range hostile {
		for _, mark := range []string{"BEGIN", "END"} {
			if !strings.Contains(got, mark+string("0123456789"[i%10])) {
				t.Errorf("%s%d is missing", mark, i)
			}
		}
	}
}

// Scripts without a vendored font, broken text and huge text must neither crash
// the compiler nor spoil what stands around them.
func TestStrangeTextIsSurvived(t *testing.T) {
	for name, s := range map[string]string{
		"right to left":    "שלום עולם مرحبا بالعالم",
		"mixed directions": "abc שלום 123 مرحبا def (x) [y]",
		"emoji":            "🎉👩‍👩‍👧‍👦🇺🇸 ok",
		"east asian":       "漢字かな한글",
		"controls":         "a\x00b\x01c\x1bd\x7fe\u0085f\u2028g\ufeffh",
		"not characters":   "\uffff\ufffe\U0010ffff\ue000",
		"lone surrogate":   "\xed\xa0\x80 and \xff",
		"long word":        strings.Repeat("x", 100_000),
		"long text":        strings.Repeat("word ", 20_000),
		"long lines":       strings.Repeat("line\n", 20_000),
		"long brackets":    strings.Repeat("[({#", 25_000),
		"long marks":       "z" + strings.Repeat("\u0301", 20_000),
		"long emoji":       strings.Repeat("👍", 25_000),
		"empty":            "",
	} {
		t.Run(name, func(t *testing.T) {
			template := `#set text(font: ("IBM Plex Serif", "IBM Plex Sans"), lang: "en")
before #json("data.json").s #table(columns: (1fr, 1fr), json("data.json").s, [beside]) after`
			pdf := mustCompile(t, map[string]string{"main.typ": template, "data.json": dataFile(t, map[string]string{"s": s})})
			got := text(t, pdf)
			for _, want := range []string{"before", "beside", "after"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q is lost:\n%.300s", want, got)
				}
			}
			if _, err := Finish(pdf, Meta{Title: s[:min(len(s), 2000)], Author: s[:min(len(s), 2000)]}); err != nil {
				t.Errorf("finishing: %v", err)
			}
		})
	}
}

// Files that are no text, as a customer's logo may be.
func TestStrangeFilesAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"not an image":  "hello",
		"cut off":       "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
		"empty":         "",
		"not a graphic": "<svg",
		"xml bomb":      `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&c;</text>`,
	} {
		for _, file := range []string{"logo.png", "logo.svg", "logo.jpg"} {
			_, err := compile(t, map[string]string{"main.typ": "#image(\"" + file + "\")", file: content})
			if err == nil {
				t.Errorf("%s as %s: no error", name, file)
			}
		}
	}
	// An SVG cannot reach for files or the network: either it is refused, or what
	// it reaches for is left out.
	for name, link := range map[string]string{
		"absolute": "/etc/passwd",
		"file":     "file:///etc/passwd",
		"upwards":  "../../../../etc/passwd",
		"network":  "https://example.com/a.png",
	} {
		pdf, err := compile(t, map[string]string{
			"main.typ": "before #image(\"logo.svg\", alt: \"Logo\") after",
			"logo.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="` + link + `" width="9" height="9"/></svg>`,
		})
		var wrong *CompileError
		if errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := text(t, pdf); got != "before after" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
