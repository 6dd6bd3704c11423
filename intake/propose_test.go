package intake

import (
	"fmt"
	"strings"
	"testing"
)

// typed is a report in its usual words, with an opinion, a result and a list to fill in.
func typed(opinion, result, list string) []Page {
	return []Page{
		{1, "SOC 1® Type 2 Report\nStonevale Hosting Cooperative\nReport on hosting services"},
		{2, "Contents\nIndependent Service Auditor’s Report 3\nComplementary User Entity Controls 5"},
		{3, "Independent Service Auditor’s Report\n\nScope\n\nWe have examined Stonevale’s description of its hosting system throughout the period November 1, 2024 to October 31, 2025, and the suitability of the design and operating\neffectiveness of controls to achieve the related control objectives. Stonevale uses Northlight Power Inc. to supply power. The description excludes the control objectives of the subservice organization." +
			"\n\nWe did not examine other information, and accordingly we express no opinion on it.\n\n" + opinion + "\n\nAbernathy Castellanos LLP\nPhiladelphia, Pennsylvania\nDecember 5, 2025"},
		{4, "CA-1.1 Access is reviewed each quarter. Inspected the reviews. No exceptions noted.\n" + result},
		{5, "Complementary User Entity Controls\nStonevale’s controls were designed on the assumption that user entities have these:\n" + list + "\n5"},
	}
}

const (
	plain     = "In our opinion, in all material respects, the description fairly presents the system, and the controls operated effectively."
	twoTests  = "CA-2.1 Visitors sign out. Inspected 25 entries. Exception noted. For 2 of 25 entries the exit time was missing.\nCA-2.2 Doors are locked. Observed. No exceptions noted."
	threeOf   = "1. User entities review access to the console\neach quarter.\n2. User entities tell Stonevale of leavers within a day.\n• User entities encrypt what they send.\nComplementary Subservice Organization Controls\n1. Northlight supplies power in two lines."
	wantedTwo = "User entities review access to the console each quarter."
)

func TestPropose(t *testing.T) {
	p := Propose(typed(plain, twoTests, threeOf))
	say := func(x *Proposal) string {
		if x == nil {
			return "nothing"
		}
		return fmt.Sprintf("%s, page %d", x.Value, x.Page)
	}
	for _, c := range []struct {
		what string
		got  *Proposal
		want string
	}{
		{"kind", p.Kind, "soc1_type2, page 1"}, {"from", p.PeriodFrom, "2024-11-01, page 3"}, {"to", p.PeriodTo, "2025-10-31, page 3"}, {"opinion", p.Opinion, "unmodified, page 3"},
		{"auditor", p.Auditor, "Abernathy Castellanos LLP, page 3"}, {"dated", p.Dated, "2025-12-05, page 3"}, {"scope", p.Scope, "hosting system, page 3"}, {"as of", p.AsOf, "nothing"},
	} {
		if got := say(c.got); got != c.want {
			t.Errorf("%s: %s, expected %s", c.what, got, c.want)
		}
		if c.got != nil && strings.TrimSpace(c.got.Passage) == "" {
			t.Errorf("%s has no passage", c.what)
		}
	}
	if len(p.CarvedOut) != 1 || p.CarvedOut[0].Value != "Northlight Power Inc." {
		t.Errorf("carved out: %+v", p.CarvedOut)
	}
	if len(p.Exceptions) != 1 || p.Exceptions[0].Control != "CA-2.1" || p.Exceptions[0].Page != 4 || !strings.Contains(p.Exceptions[0].Value, "2 of 25 entries") || strings.Contains(p.Exceptions[0].Value, "CA-2.2") {
		t.Errorf("exceptions: %+v", p.Exceptions)
	}
	if len(p.UserEntityControls) != 3 || p.UserEntityControls[0].Value != wantedTwo || p.UserEntityControls[2].Value != "User entities encrypt what they send." {
		t.Errorf("controls of user entities: %+v", p.UserEntityControls)
	}
	if len(p.Doubts) > 0 {
		t.Error(p.Doubts)
	}
	d := p.Draft()
	if d.OpinionWords == "" || d.Exceptions[0].Page != 4 || len(d.UserEntityControls) != 3 || d.PeriodTo != "2025-10-31" {
		t.Errorf("the draft is %+v", d)
	}
}

func TestOpinions(t *testing.T) {
	for opinion, want := range map[string]string{
		plain: "unmodified",
		"In our opinion, except for the matter described in the preceding paragraph, in all material respects, the controls operated effectively.":                     "qualified",
		"Basis for Adverse Opinion\n\nAccess was open to all. In our opinion, because of the matter described, the controls did not operate effectively.":              "adverse",
		"Disclaimer of Opinion\n\nWe were not able to obtain sufficient appropriate evidence. Because of the significance of the matter we do not express an opinion.": "disclaimer",
		"Qualified Opinion\n\nThe page was scanned badly.": "qualified",
		"We do not express an opinion on Section V.":       "",
	} {
		p := Propose(typed(opinion, "", ""))
		got := ""
		if p.Opinion != nil {
			got = p.Opinion.Value
		}
		if got != want {
			t.Errorf("%q is taken for %q, expected %q", opinion, got, want)
		}
	}
}

// Without a passage there is no proposal.
func TestNoPassage(t *testing.T) {
	p := Propose([]Page{{1, "Minutes of a meeting of June 3, 2025.\nIf exceptions are noted they are followed up. No deviations were identified.\nWe use care."}})
	if p.Kind != nil || p.PeriodTo != nil || p.AsOf != nil || p.Opinion != nil || p.Auditor != nil || len(p.Exceptions)+len(p.UserEntityControls)+len(p.CarvedOut) > 0 {
		t.Errorf("%+v", p)
	}
	if p := Propose(nil); p.Kind != nil {
		t.Error("something is proposed of nothing")
	}
}

func TestDoubts(t *testing.T) {
	pages := typed(plain, "", "")
	pages[4].Text += "\n\nThe walkthrough was for the period January 1, 2023 to December 31, 2023."
	if p := Propose(pages); len(p.Doubts) != 1 || !strings.Contains(p.Doubts[0], "2023-01-01") || p.PeriodFrom.Value != "2024-11-01" {
		t.Errorf("%v, %+v", p.Doubts, p.PeriodFrom)
	}
	pages[0].Text = "SOC 1 Type 1"
	if p := Propose(pages); len(p.Doubts) != 2 {
		t.Error(p.Doubts)
	}
}

func TestTypeOne(t *testing.T) {
	p := Propose([]Page{{1, "We have examined Fernbrook’s description of its clearing system as of 30 June 2025 and the suitability of the design of controls to achieve the related control objectives."}})
	if p.AsOf == nil || p.AsOf.Value != "2025-06-30" || p.Kind == nil || p.Kind.Value != "soc1_type1" || p.Scope == nil || p.Scope.Value != "clearing system" {
		t.Errorf("%+v", p)
	}
}

// FuzzPropose lets no text be more than a proposal with its passage.
func FuzzPropose(f *testing.F) {
	for _, p := range typed(plain, twoTests, threeOf) {
		f.Add(p.Text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Propose([]Page{{1, s}, {2, s}})
		for _, x := range []*Proposal{p.Kind, p.Auditor, p.PeriodFrom, p.PeriodTo, p.AsOf, p.Dated, p.Opinion, p.Scope} {
			if x != nil && (x.Passage == "" || x.Page == 0) {
				t.Errorf("%+v has no passage", x)
			}
		}
		for _, x := range p.UserEntityControls {
			if x.Passage == "" || x.Page == 0 {
				t.Errorf("%+v has no passage", x)
			}
		}
	})
}

// The words that say what is proposed are marked in their passage, and the number of a
// page belongs to no sentence of it.
func TestPieces(t *testing.T) {
	pages := typed(plain, twoTests, threeOf)
	pages[3].Text += "\n4"
	p := Propose(pages)
	marked := func(x Proposal) string {
		var out []string
		whole := ""
		for _, piece := range x.Pieces() {
			whole += piece.Text
			if piece.Said {
				out = append(out, piece.Text)
			}
		}
		if whole != x.Passage {
			t.Errorf("the pieces of %q are %q", x.Passage, whole)
		}
		return strings.Join(out, "|")
	}
	for _, c := range []struct {
		got  *Proposal
		want string
	}{
		{p.Kind, "SOC 1|Type 2"}, {p.PeriodFrom, "November 1, 2024"}, {p.PeriodTo, "October 31, 2025"}, {p.Opinion, "In our opinion|in all material respects"},
		{p.Auditor, "Abernathy Castellanos LLP"}, {&p.Exceptions[0].Proposal, "Exception noted"}, {&Proposal{Passage: "Ünïcode only", Words: []string{"ÜNÏCODE", "", "absent"}}, "Ünïcode"}, {&Proposal{}, ""},
	} {
		if got := marked(*c.got); got != c.want {
			t.Errorf("marked is %q, expected %q", got, c.want)
		}
	}
	if s := p.Exceptions[0].Value; strings.HasSuffix(s, "4") {
		t.Errorf("the number of the page is in %q", s)
	}
}
