package wording

import (
	"strings"
	"testing"
	"text/template"

	"reperform/soc1"
)

var standards = []soc1.StandardSet{soc1.SSAE18And21, soc1.ISAE3402}

var sections = []string{"section_1", "section_2", "section_3", "section_4", "section_5", "verify"}

// every fills in every sentence of a set.
func every(t *testing.T, s soc1.StandardSet, f *Facts) []Filled {
	t.Helper()
	set, err := Of(s)
	if err != nil {
		t.Fatal(err)
	}
	var out []Filled
	for _, name := range sections {
		blocks, err := set.Section(name, f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, blocks...)
	}
	return out
}

// TestEverySentenceIsWhole fills in all sentences for many combinations of
// facts and looks for what a badly closed condition leaves behind.
func TestEverySentenceIsWhole(t *testing.T) {
	opinions := []soc1.OpinionType{"", soc1.Unmodified, soc1.Qualified, soc1.Adverse, soc1.Disclaimer}
	for _, s := range standards {
		for bits := range 1 << 7 {
			on := func(i int) bool { return bits>>i&1 == 1 }
			f := &Facts{Org: "Org", OrgFull: "Org, Inc.", System: "System", Title: "Title", AsOf: "A", From: "F", To: "T",
				Type2: on(0), CUEC: on(1), CSOC: on(2), Other: on(3), Management: on(4), Census: on(5), Sampled: on(6), Ranked: on(5), ByRate: on(4), ByTable: on(3)}
			f.Opinions = soc1.OpinionLimbs{Description: opinions[bits%5], Design: opinions[bits/5%5]}
			if f.Type2 {
				f.Opinions.Operating = opinions[bits/25%5]
			}
			if on(2) {
				f.CarveOut = []Subservice{{Name: "One", Functions: "hosting"}, {Name: "Two"}}
			}
			if on(6) {
				f.Inclusive = []Subservice{{Name: "Three"}}
			}
			for _, b := range every(t, s, f) {
				for _, x := range b.Texts {
					for _, item := range x.Items {
						last := item[len(item)-1:]
						for _, bad := range []string{"<no value>", "  ", " .", " ,", " ;", "..", ",,", "()", "{{", "}}", ".;"} {
							if strings.Contains(item, bad) {
								t.Errorf("%s, block %s, %+v: %q in %q", s, b.ID, f, bad, item)
							}
						}
						if x.Kind != Paragraph && !strings.Contains(".;", last) && !strings.HasSuffix(item, "; and") {
							t.Errorf("%s, block %s: the item %q is not closed", s, b.ID, item)
						}
						if x.Kind == Paragraph && b.ID != "addressee" && !strings.Contains(".:", last) {
							t.Errorf("%s, block %s: the sentence %q is not closed", s, b.ID, item)
						}
					}
				}
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

// TestFactsStayText puts the marks of the files' own form, and those of
// templates, into every fact.
func TestFactsStayText(t *testing.T) {
	evil := "x\n\n# opinion | Opinion\n- item\n= when: never\n{{.Org}} {{template \"when\"}}"
	plainFacts := Facts{Org: "x", OrgFull: "x", System: "x", Title: "x", Users: "x", AsOf: "x", Excluded: []string{"x"}, CarveOut: []Subservice{{Name: "x", Functions: "x"}}}
	evilFacts := Facts{Org: evil, OrgFull: evil, System: evil, Title: evil, Users: evil, AsOf: "x", Excluded: []string{evil}, CarveOut: []Subservice{{Name: evil, Functions: evil}}}
	for _, s := range standards {
		a, b := every(t, s, &plainFacts), every(t, s, &evilFacts)
		for i := range a {
			if a[i].ID != b[i].ID || len(a[i].Texts) != len(b[i].Texts) {
				t.Fatalf("%s, block %s: facts changed the structure", s, a[i].ID)
			}
			for j := range a[i].Texts {
				if len(a[i].Texts[j].Items) != len(b[i].Texts[j].Items) {
					t.Fatalf("%s, block %s: facts changed a list", s, a[i].ID)
				}
			}
		}
	}
}

func TestMistakesInAFileNameTheirPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"## s\ntext", "f.txt:2: text before the first block"},
		{"## s\n# a | A\n\n# a | A\n", `f.txt:4: the block "a" of section "s" is there twice`},
		{"= phrase without text", "f.txt:1: a phrase has a name"},
		{"## s\n# a |\n{{if}}", "f.txt:3"},
	} {
		s := &Set{blocks: map[string][]Block{}}
		err := s.read(template.New("t").Funcs(functions), "f.txt", c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gives %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := Of("unknown"); err == nil || !strings.Contains(err.Error(), string(soc1.ISAE3402)) {
		t.Errorf("unknown standards: %v", err)
	}
}
