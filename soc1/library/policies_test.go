package library

import (
	"slices"
	"strings"
	"testing"

	"reperform/soc1"
)

// TestPolicies reads the starter set, holds every policy to what soc1 demands, every
// code to the library, and the texts to saying who does what by when.
func TestPolicies(t *testing.T) {
	codes := map[string]bool{}
	for _, s := range Services() {
		for _, o := range s.Objectives {
			for _, c := range o.Controls {
				codes[c.Code] = false
			}
		}
	}
	all := Policies()
	if len(all) < 10 {
		t.Fatalf("the starter set has %d policies", len(all))
	}
	for _, p := range all {
		v := soc1.Policy{Title: p.Title, Summary: p.Summary, Text: p.Text, ReviewMonths: p.ReviewMonths, Audience: p.Audience}
		for _, problem := range v.Validate() {
			t.Errorf("%s: %s", p.ID, problem.Message)
		}
		if p.Summary == "" || p.Audience.None() || len(p.Controls) == 0 {
			t.Errorf("%s says too little of itself", p.ID)
		}
		for _, c := range p.Controls {
			if _, ok := codes[c]; !ok {
				t.Errorf("%s: the library has no control %s", p.ID, c)
			}
			codes[c] = true
		}
		if n := len(strings.Fields(p.Text)); n < 350 || n > 1000 {
			t.Errorf("%s has %d words", p.ID, n)
		}
		for _, section := range []string{"Purpose", "Rules", "Exceptions", "Responsibilities", "Review"} {
			if !slices.ContainsFunc(strings.Split(p.Text, "\n"), func(l string) bool {
				return strings.HasPrefix(l, "#") && strings.Contains(l, section)
			}) {
				t.Errorf("%s has no section %q", p.ID, section)
			}
		}
		for _, vague := range []string{"appropriate", "periodic", "timely", "as needed", "[", "<"} {
			if i := strings.Index(strings.ToLower(p.Text), strings.ToLower(vague)); i >= 0 {
				t.Errorf("%s says %q: …%s…", p.ID, vague, p.Text[max(0, i-30):min(len(p.Text), i+30)])
			}
		}
	}
	for code, carried := range codes {
		if !carried && strings.HasPrefix(code, "ITGC-") {
			t.Errorf("no policy demands %s", code)
		}
	}
}

// TestPolicyHeads refuses what a head must not be.
func TestPolicyHeads(t *testing.T) {
	for _, s := range []string{"# Purpose\n", "---\ntitle\n---\nx", "---\nname: x\n---\nx", "---\nreview_months: x\n---\nx"} {
		if p, err := readPolicy(s); err == nil {
			t.Errorf("%q is read as %v", s, p)
		}
	}
}
