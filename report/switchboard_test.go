package report

import (
	"fmt"
	"strings"
	"testing"

	"reperform/report/wording"
	"reperform/soc1"
)

const (
	un, qu, ad, di = soc1.Unmodified, soc1.Qualified, soc1.Adverse, soc1.Disclaimer
)

// TestSwitchboard pins what each combination of opinions makes of the service
// auditor's report: the parts that depend on it, under both standards.
func TestSwitchboard(t *testing.T) {
	var out strings.Builder
	for _, set := range []soc1.StandardSet{soc1.SSAE18And21, soc1.ISAE3402} {
		words, err := wording.Of(set)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			limbs soc1.OpinionLimbs
			bases map[soc1.OpinionType]int
			type1 bool
		}{
			{soc1.OpinionLimbs{Description: un, Design: un, Operating: un}, nil, false},
			{soc1.OpinionLimbs{Description: un, Design: qu, Operating: qu}, map[soc1.OpinionType]int{qu: 2}, false},
			{soc1.OpinionLimbs{Description: qu, Design: qu, Operating: qu}, map[soc1.OpinionType]int{qu: 3}, false},
			{soc1.OpinionLimbs{Description: ad, Design: un, Operating: un}, map[soc1.OpinionType]int{ad: 1}, false},
			{soc1.OpinionLimbs{Description: qu, Design: ad, Operating: ad}, map[soc1.OpinionType]int{qu: 1, ad: 2}, false},
			{soc1.OpinionLimbs{Description: ad, Design: ad, Operating: ad}, map[soc1.OpinionType]int{ad: 3}, false},
			{soc1.OpinionLimbs{Description: un, Design: un, Operating: di}, map[soc1.OpinionType]int{di: 1}, false},
			{soc1.OpinionLimbs{Description: di, Design: di, Operating: di}, map[soc1.OpinionType]int{di: 1}, false},
			{soc1.OpinionLimbs{Description: un, Design: qu}, map[soc1.OpinionType]int{qu: 1}, true},
			{soc1.OpinionLimbs{Description: di, Design: di}, map[soc1.OpinionType]int{di: 2}, true},
		} {
			f := &wording.Facts{Org: "Northgate", OrgFull: "Northgate, Inc.", System: "Payroll System", Title: "The Description", Type2: !c.type1,
				AsOf: "June 30, 2025", From: "January 1, 2025", To: "December 31, 2025", CUEC: true, Opinions: c.limbs, Bases: c.bases}
			fmt.Fprintf(&out, "\n======== %s: description %s, design %s, operating effectiveness %s\n", set, c.limbs.Description, c.limbs.Design, firstOf(string(c.limbs.Operating), "not reported on"))
			blocks, err := words.Section("section_1", f)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range blocks {
				switch b.ID {
				case "basis":
					for _, k := range f.Kinds() {
						fmt.Fprintf(&out, "### %s\n", f.BasisTitle(string(k)))
					}
				case "scope":
					fmt.Fprintf(&out, "### %s\n%s\n", b.Title, b.Texts[0].Items[0])
				case "auditor", "tests", "opinion":
					fmt.Fprintf(&out, "### %s\n", b.Title)
					for _, x := range b.Texts {
						for _, s := range x.Items {
							fmt.Fprintf(&out, "%s %s\n", map[wording.Kind]string{wording.Paragraph: "¶", wording.Bullets: "-", wording.Lettered: "()"}[x.Kind], s)
						}
					}
				}
			}
		}
	}
	golden(t, "switchboard", out.String())
	if strings.Contains(out.String(), "<no value>") || strings.Contains(out.String(), "  ") {
		t.Error("a sentence has a hole in it")
	}
}

// TestOpinionIsNeverPrefilled holds the words of an opinion back until a person
// entered one, in every scenario without it.
func TestOpinionIsNeverPrefilled(t *testing.T) {
	for _, s := range []func(*fixture) Source{noOpinion, management} {
		src := s(newFixture(t))
		text := build(t, src).PlainText()
		for _, phrase := range []string{"In our opinion", "do not express an opinion", "Halvorsen & Pike LLP\n  ~ Chicago"} {
			if strings.Contains(text, phrase) {
				t.Errorf("without an opinion on record the report says %q", phrase)
			}
		}
		for _, phrase := range []string{"No opinion has been entered.]", "[Signature of the service auditor]"} {
			if !strings.Contains(text, phrase) {
				t.Errorf("the report lacks %q", phrase)
			}
		}
		src.Released = true
		if _, err := Build(t.Context(), src); err == nil || !strings.Contains(err.Error(), "released") {
			t.Errorf("a report without an opinion was released: %v", err)
		}
	}
}

// TestSignatureNeedsRelease prints the firm as signatory only when the report
// was released with an opinion.
func TestSignatureNeedsRelease(t *testing.T) {
	src := qualified(newFixture(t))
	if text := build(t, src).PlainText(); !strings.Contains(text, "[Signature of the service auditor]") || !strings.Contains(text, DraftMark) {
		t.Error("an opinion that was entered and not released is printed as signed, or without the draft mark")
	}
	src.Released = true
	if text := build(t, src).PlainText(); strings.Contains(text, "[Signature of the service auditor]") || strings.Contains(text, "DRAFT") {
		t.Error("a released report still has draft marks")
	}
}

// TestComplementaryWordingFollowsRecords looks for the wording on complementary
// controls in scope, opinion, and assertion with and without such records.
func TestComplementaryWordingFollowsRecords(t *testing.T) {
	for _, c := range []struct{ cuec, csoc bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		f := newFixture(t)
		organization(f)
		carveOut(f, false)
		if c.cuec {
			f.put("org", "cuec", "cuec-1", first, soc1.CUEC{Code: "CUEC-1", Text: "User entities approve the preview.", Objectives: []string{"pay-1"}})
		}
		if c.csoc {
			f.put("org", "csoc", "csoc-1", first, soc1.CSOC{Code: "CSOC-1", Text: "Access is limited.", SubserviceOrganization: "skyhost", Objectives: []string{"it-1"}})
		}
		f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
		examination(f)
		opinion(f, soc1.Opinion{Limbs: soc1.OpinionLimbs{Description: un, Design: un, Operating: un}})
		m := build(t, f.source(true))
		for _, s := range m.Sections[:2] {
			text := (&Model{Sections: []Section{s}}).PlainText()
			if got := strings.Contains(text, "omplementary user entity control") || strings.Contains(text, "if user entities applied"); got != c.cuec {
				t.Errorf("%+v: section %s speaks of user entity controls: %v", c, s.ID, got)
			}
			if got := strings.Contains(text, "omplementary subservice organization control"); got != c.csoc {
				t.Errorf("%+v: section %s speaks of complementary subservice organization controls: %v", c, s.ID, got)
			}
		}
		limb := "if "
		switch {
		case c.cuec && c.csoc:
			limb = "if subservice organizations and user entities applied"
		case c.cuec:
			limb = "if user entities applied"
		case c.csoc:
			limb = "if subservice organizations applied"
		}
		if text := m.PlainText(); !strings.Contains(text, limb) {
			t.Errorf("%+v: neither opinion nor assertion says %q", c, limb)
		}
	}
}
