package soc1

import (
	"slices"
	"strings"
	"testing"
)

func TestStatement(t *testing.T) {
	parts := Control{Who: "the payroll supervisor.", What: " compares the register with the client's totals ", HowOften: "each business day.",
		Exceptions: "differences are cleared before release", Evidence: "the signed comparison kept with the run."}
	for _, c := range []struct {
		name    string
		control Control
		want    string
	}{
		{"all parts", parts, "The payroll supervisor compares the register with the client's totals each business day. " +
			"Differences are cleared before release. The performance is evidenced by the signed comparison kept with the run."},
		{"the text wins", Control{Text: " The text. ", Who: "A", What: "does", HowOften: "daily"}, "The text."},
		{"three parts", Control{Who: "A", What: "does b", HowOften: "daily"}, "A does b daily."},
		{"too little", Control{Who: "A", What: "does b"}, ""},
		{"a question keeps its mark", Control{Who: "A", What: "asks", HowOften: "daily", Exceptions: "why?"}, "A asks daily. Why?"},
		{"letters beyond ASCII", Control{Who: "équipe de paie", What: "checks", HowOften: "daily"}, "Équipe de paie checks daily."},
	} {
		if got := c.control.Statement(); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestExpectedCount(t *testing.T) {
	for _, c := range []struct {
		f        Frequency
		from, to Date
		want     int
		ok       bool
	}{
		{Annual, "2025-01-01", "2025-12-31", 1, true},
		{Annual, "2025-01-01", "2025-06-30", 1, true},
		{Annual, "2025-01-01", "2025-05-31", 0, true},
		{SemiAnnual, "2025-01-01", "2025-12-31", 2, true},
		{Quarterly, "2025-01-01", "2025-12-31", 4, true},
		{Quarterly, "2024-10-01", "2025-06-30", 3, true},
		{Monthly, "2025-01-01", "2025-12-31", 12, true},
		{Monthly, "2025-01-15", "2025-02-14", 1, true},
		{Monthly, "2025-01-31", "2025-02-27", 1, true},
		{Monthly, "2024-02-29", "2025-02-28", 12, true},
		{Monthly, "2025-01-01", "2025-01-15", 0, true},
		{Monthly, "2025-01-01", "2025-01-16", 1, true},
		{Monthly, "2025-03-31", "2025-04-29", 1, true},
		{Weekly, "2025-01-01", "2025-12-31", 52, true},
		{Weekly, "2025-01-01", "2025-01-03", 0, true},
		{Weekly, "2025-01-01", "2025-01-04", 1, true},
		{Daily, "2025-01-01", "2025-12-31", 250, true},
		{MultiplePerDay, "2025-01-01", "2025-12-31", 0, false},
		{AsNeeded, "2025-01-01", "2025-12-31", 0, false},
		{AutomatedContinuous, "2025-01-01", "2025-12-31", 0, false},
		{Daily, "2025-12-31", "2025-01-01", 0, false},
		{Daily, "", "2025-01-01", 0, false},
	} {
		if got, ok := c.f.ExpectedCount(c.from, c.to, 250); got != c.want || ok != c.ok {
			t.Errorf("%s from %s to %s: %d, %v; want %d, %v", c.f, c.from, c.to, got, ok, c.want, c.ok)
		}
	}
}

func TestEngagementCovers(t *testing.T) {
	two, one := type2(), type1()
	for _, c := range []struct {
		e    Engagement
		d    Date
		want bool
	}{
		{two, "2025-01-01", true}, {two, "2025-12-31", true}, {two, "2024-12-31", false}, {two, "2026-01-01", false}, {two, "2025-02-30", false},
		{one, "2025-06-30", true}, {one, "2025-06-29", false}, {one, "2025-07-01", false}, {Engagement{}, "2025-07-01", false},
	} {
		if got := c.e.Covers(c.d); got != c.want {
			t.Errorf("%s covers %s: %v", c.e.Type, c.d, got)
		}
	}
	if two.Start() != "2025-01-01" || two.End() != "2025-12-31" || one.Start() != "2025-06-30" || one.End() != "2025-06-30" {
		t.Error("start or end is wrong")
	}
}

func TestPercent(t *testing.T) {
	for b, want := range map[BasisPoints]string{0: "0%", 500: "5%", 525: "5.25%", 550: "5.5%", 5: "0.05%", 10000: "100%", -50: "-0.5%"} {
		if got := b.Percent(); got != want {
			t.Errorf("%d is written %s, want %s", b, got, want)
		}
	}
}

func TestRefString(t *testing.T) {
	for want, r := range map[string]Ref{"control/pay-3-2": {Kind: "control", ID: "pay-3-2"}, "org/control/pay-3-2@4": {Ledger: "org", Kind: "control", ID: "pay-3-2", Revision: 4}} {
		if r.String() != want {
			t.Errorf("got %s, want %s", r, want)
		}
	}
}

func TestPrinciples(t *testing.T) {
	want := map[Principle]COSOComponent{"P1": ControlEnvironment, "P5": ControlEnvironment, "P6": RiskAssessment, "P9": RiskAssessment, "P10": ControlActivities,
		"P12": ControlActivities, "P13": InformationCommunication, "P15": InformationCommunication, "P16": Monitoring, "P17": Monitoring,
		"P18": "", "P0": "", "P": "", "10": "", "P010": "", "P+1": ""}
	for p, component := range want {
		if got := p.Component(); got != component {
			t.Errorf("%s belongs to %q, want %q", p, got, component)
		}
	}
	for _, p := range append(Principle("").Values(), "P0", "P18", "x") {
		if got, want := Principle(p).Topic() != "", Principle(p).Component() != ""; got != want {
			t.Errorf("%s: a topic %v, a component %v", p, got, want)
		}
	}
	if got := Principle("P10").Label(); got != "Principle 10 (Control activities)" {
		t.Errorf("got %q", got)
	}
}

func TestQuestionsOfNouns(t *testing.T) {
	k := aControl()
	p := aPerson()
	p.ActiveTo = "2025-06-30"
	incomplete := aPopulation()
	incomplete.Checks = append(incomplete.Checks, CompletenessCheck{Check: EmptyDay})
	for what, ok := range map[string]bool{
		"a control in operation":          k.OperatedOn("2025-05-05") && !k.OperatedOn("2026-01-01") && !k.OperatedOn("2023-12-31") && (Control{}).OperatedOn("2023-12-31"),
		"an entity-level control":         !k.EntityLevel() && (Control{}).EntityLevel(),
		"a person in position":            p.ActiveOn("2025-06-30") && !p.ActiveOn("2025-07-01") && !p.ActiveOn("2023-01-01"),
		"roles of the firm":               FirmStaff.OfFirm() && !Executive.OfFirm() && !ReadOnly.OfFirm(),
		"a risk's residual rating":        (Risk{ResidualLikelihood: 2, ResidualImpact: 3}).ResidualRating() == 6 && aRisk().ResidualRating() == 0,
		"a risk's rating":                 aRisk().Rating() == 10 && (Risk{Impact: 5}).Rating() == 0,
		"an omitted objective":            !anObjective().Omitted() && ControlObjective{OmittedReason: "None."}.Omitted(),
		"a statistical model":             Binomial.Statistical() && Sequential.Statistical() && !FrequencyTable.Statistical() && !SamplingModel("").Statistical(),
		"a complete population":           aPopulation().Complete() && !incomplete.Complete() && !(Population{}).Complete(),
		"the items of an exception":       anException().Count() == 2 && aGroup().Count() == 2000,
		"a test by inquiry alone":         !aTest().InquiryOnly() && TestOfControl{Procedures: []Procedure{{Inquiry, "a"}, {Inquiry, "b"}}}.InquiryOnly() && !(TestOfControl{}).InquiryOnly(),
		"a walkthrough by inquiry alone":  Walkthrough{Steps: []Procedure{{Inquiry, "a"}}}.InquiryOnly(),
		"a favorable verdict":             Effective.Favorable() && Achieved.Favorable() && !NotEffective.Favorable() && !NotAchieved.Favorable(),
		"a modified opinion":              anOpinion().Limbs.Modified() && !OpinionLimbs{Unmodified, Unmodified, ""}.Modified() && !OpinionType("").Modified(),
		"the opinion on no limb":          anOpinion().Limbs.Of("") == "" && anOpinion().Limbs.Of(LimbDesign) == Qualified,
		"an amount with a currency":       flawless(Money{Minor: -5, Currency: "USD"}),
		"a zone by its name":              zoneName("UTC") && zoneName("America/Argentina/Buenos_Aires") && !zoneName("/") && !zoneName("CST6CDT") && !zoneName("Europe/") && !zoneName(""),
		"one address":                     address("a@b.c") && !address("a@b@c") && !address("@b") && !address("a b@c") && !address("a@b,c@d"),
		"a decimal":                       isDecimal("0") && isDecimal("-1.50") && !isDecimal("") && !isDecimal("-") && !isDecimal(".5") && !isDecimal("1e5") && !isDecimal("1.2.3"),
		"an inclusive signer not on file": len(ManagementAssertion{Engagement: "e", SubserviceOrganization: "s", SignedOn: "2026-01-31", File: aFile()}.Validate()) == 0,
	} {
		if !ok {
			t.Errorf("%s: wrong answer", what)
		}
	}
}

func flawless(v selfChecked) bool {
	message, _ := v.flaw()
	return message == ""
}

// TestLongTextIsNoProblem guards against a limit that nobody promised.
func TestLongTextIsNoProblem(t *testing.T) {
	c := aControl()
	c.Text = strings.Repeat("The team works the dashboard. ", 10000)
	if p := c.Validate(); len(p) != 0 {
		t.Error(p)
	}
}

func BenchmarkValidateControl(b *testing.B) {
	c := aControl()
	for b.Loop() {
		if len(c.Validate()) != 0 {
			b.Fatal("the control has problems")
		}
	}
}

// What stands in every list is short.
func TestTitlesAreShort(t *testing.T) {
	long, mark := strings.Repeat("é", TitleLimit+1), strings.Repeat("1", MarkLimit+1)
	fields := func(ps []Problem) (out []string) {
		for _, p := range ps {
			out = append(out, p.Field)
		}
		return out
	}
	if got := fields(Policy{Title: long, Version: mark}.Validate()); !slices.Equal(got, []string{"title", "version"}) {
		t.Errorf("a policy: %v", got)
	}
	if got := fields(Course{Title: long, Edition: mark, Owner: "o", Body: "b"}.Validate()); !slices.Equal(got, []string{"title", "edition"}) {
		t.Errorf("a course: %v", got)
	}
	if got := fields(Policy{Title: long[:2*TitleLimit], Version: mark[1:]}.Validate()); len(got) > 0 {
		t.Errorf("as long as it may be: %v", got)
	}
}
