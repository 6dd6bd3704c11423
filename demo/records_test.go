package demo

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

// company is everything of the embedded records, by kind and id.
type company struct {
	items []*ascode.Item
	by    map[string]map[string][]*ascode.Item
}

func readCompany(t *testing.T) company {
	t.Helper()
	items, err := ascode.Read(record.Kinds, []string{"example/org", "example/audit"})
	if err != nil {
		t.Fatal(err)
	}
	c := company{items, map[string]map[string][]*ascode.Item{}}
	for _, it := range items {
		if c.by[it.Kind] == nil {
			c.by[it.Kind] = map[string][]*ascode.Item{}
		}
		c.by[it.Kind][it.ID] = append(c.by[it.Kind][it.ID], it)
	}
	return c
}

func all[T any](c company, kind string) map[string]T {
	out := map[string]T{}
	for id, versions := range c.by[kind] {
		out[id] = *any(versions[len(versions)-1].Value).(*T)
	}
	return out
}

// TestReferencesResolve follows every reference of every record. Populations
// are no records of files: they are those of the plan.
func TestReferencesResolve(t *testing.T) {
	c := readCompany(t)
	plan := mustLoad(t)
	populations := map[string]bool{}
	for _, p := range plan.Populations {
		populations[p.ID] = true
	}
	for _, it := range c.items {
		kind, err := record.Kinds.Kind(it.Kind)
		if err != nil {
			t.Fatal(err)
		}
		refs, err := kind.References(it.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range refs {
			versions := c.by[r.Kind][r.ID]
			switch {
			case r.Kind == "population" && populations[r.ID]:
			case len(versions) == 0:
				t.Errorf("%s:%d: %s %s: %s names %s %q, which does not exist", it.File, it.Line, it.Kind, it.ID, r.Path, r.Kind, r.ID)
			case it.Ledger == "" && versions[0].Ledger != "":
				t.Errorf("%s %s of the organization refers to %s %s of the auditor's file", it.Kind, it.ID, r.Kind, r.ID)
			}
		}
	}
}

// TestLedgers holds the wall: the company's records in the organization's
// ledger, the auditor's in the examination's.
func TestLedgers(t *testing.T) {
	for _, it := range readCompany(t).items {
		want := ""
		if strings.Contains(it.File, "audit") {
			want = "exam-soc1-2025"
		}
		if it.Ledger != want {
			t.Errorf("%s:%d: %s %s is in ledger %q, want %q", it.File, it.Line, it.Kind, it.ID, it.Ledger, want)
		}
		if it.Effective == "" || it.Effective > "2025-12-31" {
			t.Errorf("%s %s is effective %q and would not be seen at the period's end", it.Kind, it.ID, it.Effective)
		}
	}
}

// TestSizeOfTheExample keeps the example within what a real report has.
func TestSizeOfTheExample(t *testing.T) {
	c := readCompany(t)
	for kind, bounds := range map[string][2]int{
		"control_objective": {11, 13}, "control": {55, 65}, "cuec": {6, 8}, "csoc": {6, 12}, "subservice_organization": {2, 2},
		"policy": {6, 10}, "person": {19, 25}, "significant_change": {1, 5}, "management_response": {6, 6}, "risk": {30, 40},
		"transaction_class": {3, 6}, "location": {2, 2}, "engagement": {1, 1}, "assertion": {1, 1}, "representation_letter": {1, 1},
	} {
		if n := len(c.by[kind]); n < bounds[0] || n > bounds[1] {
			t.Errorf("there are %d records of kind %s, want %d to %d", n, kind, bounds[0], bounds[1])
		}
	}
	natures, entity := map[soc1.ControlNature]int{}, 0
	for id, k := range all[soc1.Control](c, "control") {
		natures[k.Nature]++
		if k.EntityLevel() {
			entity++
		} else if len(k.Risks) == 0 || len(k.Systems) == 0 || k.Frequency == "" || len(k.FrameworkIDs) == 0 {
			t.Errorf("control %s lacks a risk, a system, a frequency or a framework reference", id)
		}
		if k.Owner == "" || k.Who == "" || k.What == "" || k.HowOften == "" || k.Exceptions == "" || k.Evidence == "" {
			t.Errorf("control %s lacks a part of the four-part pattern or its owner", id)
		}
	}
	if natures[soc1.Manual] < 10 || natures[soc1.Automated] < 10 || natures[soc1.ITDependentManual] < 10 || entity < 6 || entity > 10 {
		t.Errorf("the mix of controls is %v with %d at entity level", natures, entity)
	}
	if n := len(c.by["control"]["pay-5-2"]); n != 2 {
		t.Errorf("control pay-5-2 changed in the period and has %d versions, want 2", n)
	}
}

// TestEveryRiskIsAnswered demands a control for every risk and a risk for
// every objective.
func TestEveryRiskIsAnswered(t *testing.T) {
	c := readCompany(t)
	answered, threatened := map[string]bool{}, map[string]bool{}
	for _, k := range all[soc1.Control](c, "control") {
		for _, r := range k.Risks {
			answered[r] = true
		}
	}
	for id, r := range all[soc1.Risk](c, "risk") {
		if !answered[id] {
			t.Errorf("no control answers risk %s: %s", id, r.Text)
		}
		for _, o := range r.Objectives {
			threatened[o] = true
		}
	}
	for id := range c.by["control_objective"] {
		if !threatened[id] {
			t.Errorf("objective %s has no risk", id)
		}
	}
}

// TestEveryControlIsTested demands a walkthrough and a test for each control
// of an objective, more than inquiry in both, and tester, reviewer and owner
// who are different people.
func TestEveryControlIsTested(t *testing.T) {
	c := readCompany(t)
	tested, walked := map[string]int{}, map[string]bool{}
	attributes := all[soc1.Attribute](c, "attribute")
	for id, x := range all[soc1.TestOfControl](c, "test_of_control") {
		tested[x.Control]++
		if x.InquiryOnly() {
			t.Errorf("test %s is inquiry only", id)
		}
		if x.By != soc1.ByAuditor || x.PerformedBy == x.Reviewer || x.Reviewer == "" {
			t.Errorf("test %s has no reviewer other than the tester", id)
		}
		if len(x.Attributes) == 0 && x.Method != soc1.DidNotOperate {
			t.Errorf("test %s has no attributes", id)
		}
		for _, a := range x.Attributes {
			if v := attributes[a]; v.Test != id || v.Manual == (x.Method == soc1.Census) {
				t.Errorf("attribute %s does not fit test %s (%s)", a, id, x.Method)
			}
		}
	}
	for id, w := range all[soc1.Walkthrough](c, "walkthrough") {
		walked[w.Control] = true
		if w.InquiryOnly() || w.Item == "" || w.Conclusion == "" || len(w.Evidence) == 0 {
			t.Errorf("walkthrough %s lacks an item, evidence, a conclusion or more than inquiry", id)
		}
	}
	for id, k := range all[soc1.Control](c, "control") {
		if k.EntityLevel() {
			continue
		}
		if tested[id] == 0 || tested[id] > 2 || !walked[id] {
			t.Errorf("control %s has %d tests and walkthrough %v", id, tested[id], walked[id])
		}
	}
}

// TestDescriptionIsComplete demands text for every criterion and component,
// and as much of it as a real description has.
func TestDescriptionIsComplete(t *testing.T) {
	c := readCompany(t)
	seen, words := map[soc1.Criterion]bool{}, 0
	for id, s := range all[soc1.DescriptionSection](c, "description_section") {
		seen[s.Criterion] = true
		n := len(strings.Fields(s.Body))
		words += n
		if n < 80 && s.Criterion != soc1.CriterionOther {
			t.Errorf("section %s has only %d words", id, n)
		}
	}
	for _, want := range soc1.D1.Values() {
		if !seen[soc1.Criterion(want)] {
			t.Errorf("no section of the description answers %s", want)
		}
	}
	if words < 5500 {
		t.Errorf("the description has %d words, which is less than fifteen pages with its tables", words)
	}
}

var (
	address = regexp.MustCompile(`[\w.+-]+@[\w.-]+`)
	site    = regexp.MustCompile(`https?://|www\.`)
	praise  = regexp.MustCompile(`(?i)\b(best|leading|world-class|robust|seamless|state-of-the-art|cutting-edge|innovative|industry-standard|premier)\b`)
	vague   = regexp.MustCompile(`(?i)\b(periodically|timely|as appropriate|as needed|regularly|where applicable)\b`)
	unready = regexp.MustCompile(`(?i)\b(todo|tbd|lorem|placeholder)\b`)
)

// TestWords keeps real addresses, praise, vagueness and unfinished text out.
func TestWords(t *testing.T) {
	files := Records()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(b), "\n") {
			for _, a := range address.FindAllString(line, -1) {
				if !strings.HasSuffix(a, ".example") {
					t.Errorf("%s:%d: %s is not an address of a reserved domain", path, i+1, a)
				}
			}
			for what, re := range map[string]*regexp.Regexp{"an address of the web": site, "praise": praise, "a vague word": vague, "unfinished text": unready} {
				if m := re.FindString(line); m != "" {
					t.Errorf("%s:%d: %q is %s", path, i+1, m, what)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestExpressionsAreBalanced reads every SQL expression for parentheses and
// quotes; the engine's test runs them.
func TestExpressionsAreBalanced(t *testing.T) {
	for id, a := range all[soc1.Attribute](readCompany(t), "attribute") {
		for _, sql := range []string{a.Pass, a.NotApplicable} {
			if err := balanced(sql); err != nil {
				t.Errorf("attribute %s: %v in %s", id, err, sql)
			}
		}
	}
	for _, p := range mustLoad(t).Populations {
		if err := balanced(p.SQL); err != nil {
			t.Errorf("population %s: %v", p.ID, err)
		}
	}
}

func balanced(sql string) error {
	depth, quote := 0, rune(0)
	for _, r := range sql {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '(':
			depth++
		case r == ')':
			if depth--; depth < 0 {
				return fmt.Errorf("a parenthesis closes what was not opened")
			}
		}
	}
	if depth != 0 || quote != 0 {
		return fmt.Errorf("%d parentheses or a quote are open at the end", depth)
	}
	return nil
}

// TestAssertionAgreesWithOpinion demands that management states the exception
// that the auditor qualifies, and that each deviation has its response.
func TestAssertionAgreesWithOpinion(t *testing.T) {
	c, plan := readCompany(t), mustLoad(t)
	assertion := all[soc1.ManagementAssertion](c, "assertion")["assertion-2025"]
	if len(assertion.Modifications) != 1 || len(plan.Opinion.Basis) != 1 ||
		assertion.Modifications[0].Limb != plan.Opinion.Basis[0].Limb || assertion.Modifications[0].Objective != plan.Opinion.Basis[0].Objective {
		b, _ := json.Marshal(assertion.Modifications)
		t.Errorf("the assertion states %s, which does not agree with the opinion's basis", b)
	}
	letter := all[soc1.RepresentationLetter](c, "representation_letter")["letter-2025"]
	if letter.Dated != plan.Opinion.ReportDate || assertion.SignedOn > plan.Opinion.ReportDate {
		t.Errorf("letter %s, assertion %s and report %s are not dated consistently", letter.Dated, assertion.SignedOn, plan.Opinion.ReportDate)
	}
	answered := map[string]bool{}
	for _, r := range all[soc1.ManagementResponse](c, "management_response") {
		answered[r.Deviation.ID] = true
	}
	for _, d := range plan.Deviations {
		if !answered[d.ID] {
			t.Errorf("deviation %s has no response of management", d.ID)
		}
	}
}
