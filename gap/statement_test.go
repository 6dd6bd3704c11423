package gap

import (
	"slices"
	"testing"

	"reperform/soc1"
)

// TestStatementsAsTheRulesReadThem holds the help for whoever writes a control to what
// the rules find once it is recorded.
func TestStatementsAsTheRulesReadThem(t *testing.T) {
	good := newProgram(t).first
	for what, change := range map[string]func(*soc1.Control){
		"in order":             func(*soc1.Control) {},
		"nobody":               func(c *soc1.Control) { c.Who = "" },
		"never":                func(c *soc1.Control) { c.HowOften = "" },
		"without a trace":      func(c *soc1.Control) { c.Evidence = " " },
		"nothing at all":       func(c *soc1.Control) { c.Who, c.What, c.HowOften, c.Evidence = "", "", "", "" },
		"vague":                func(c *soc1.Control) { c.HowOften = "on a timely basis as needed" },
		"vague and measured":   func(c *soc1.Control) { c.HowOften = "promptly, within two business days" },
		"a whole text":         func(c *soc1.Control) { c.Text = "The supervisor signs the register each month." },
		"a text of nobody":     func(c *soc1.Control) { c.Who, c.HowOften, c.Evidence, c.Text = "", "", "", "Registers are looked at." },
		"a review of anything": func(c *soc1.Control) { c.What, c.Exceptions, c.Precision = "reviews the list of accounts", "", "" },
		"a review with a limit": func(c *soc1.Control) {
			c.What, c.Exceptions, c.Precision = "reviews the list of accounts", "", "Each account without a leaver's form is asked about."
		},
	} {
		c := good
		change(&c)
		p := newProgram(t)
		p.control("c1", c)
		var want, got []string
		for _, f := range p.run() {
			if f.Subject.ID == "c1" && slices.Contains([]string{"CTL-01", "CTL-05", "CTL-10"}, f.Rule.ID) {
				want = append(want, f.Rule.ID+" "+f.Field)
			}
		}
		for _, r := range OfStatement(c) {
			got = append(got, r.Rule.ID+" "+r.Field)
			if r.Text == "" {
				t.Errorf("%s: %s says nothing", what, r.Rule.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: whoever writes it reads %v, the rules find %v", what, got, want)
		}
	}
	if names := PartNames(); !slices.Equal(names, Parts(soc1.Control{})) {
		t.Errorf("the parts are %v, and a control without any lacks %v", names, Parts(soc1.Control{}))
	}
}
