package overview

import (
	"math/big"
	"slices"
	"strings"

	"reperform/soc1"
)

// Component is one part of the readiness score.
type Component struct {
	Key, Label string
	// Rule says what is counted, as the page prints it beside the number.
	Rule string
	// Done of Of are counted; where Of is zero there is nothing to count, and
	// the component stays out of the score.
	Done, Of int
	// Weight is its part of 100 where all components count.
	Weight int
	// Points is what it adds to the score; Points of all components add up to
	// the score.
	Points int
	// Met and Missing are the records counted. For evidence, which counts
	// occurrences, they are the controls with all and with some overdue.
	Met, Missing []soc1.Ref
}

// Readiness is the readiness score with its make-up.
type Readiness struct {
	// Score is 0 to 100: the weighted mean of the components that have
	// something to count, rounded down, so that only a workspace without any
	// gap reads 100.
	Score      int
	Components []Component
}

// rulesWeight is what the rules weigh in the score.
const rulesWeight = 20

// Readiness works out the score. The weights are those that DECISIONS gives
// reasons for; the score decides nothing.
func (o *Overview) Readiness() Readiness {
	r := Readiness{Components: []Component{
		o.completeControls(), o.coveredObjectives(), o.activeOwners(), o.evidenceThere(),
		o.ownTests(), o.noOpenExceptions(), o.describedSystem(),
	}}
	if o.Rules != nil {
		c := *o.Rules
		c.Weight = rulesWeight
		if len(o.Controls)+len(o.Objectives)+len(o.Risks) == 0 {
			// Rules that look at nothing find nothing, which says nothing.
			c.Done, c.Of = 0, 0
		}
		r.Components = append(r.Components, c)
	}
	r.score()
	return r
}

func (r *Readiness) score() {
	weight := 0
	sum := new(big.Rat)
	parts := make([]*big.Rat, len(r.Components))
	for i, c := range r.Components {
		parts[i] = new(big.Rat)
		if c.Of == 0 {
			continue
		}
		weight += c.Weight
		parts[i].SetFrac64(int64(c.Weight)*int64(c.Done), int64(c.Of))
		sum.Add(sum, parts[i])
	}
	if weight == 0 {
		return
	}
	sum.Mul(sum, big.NewRat(100, int64(weight)))
	r.Score = int(new(big.Int).Quo(sum.Num(), sum.Denom()).Int64())
	for i, points := range sharesOf(int64(r.Score), parts) {
		r.Components[i].Points = points
	}
}

// count files a record under met or missing.
func (c *Component) count(ok bool, ref soc1.Ref) {
	c.Of++
	if ok {
		c.Done++
		c.Met = append(c.Met, ref)
	} else {
		c.Missing = append(c.Missing, ref)
	}
}

func filled(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(s string) bool { return strings.TrimSpace(s) == "" })
}

func (o *Overview) completeControls() Component {
	c := Component{Key: "controls", Label: "Controls complete", Weight: 10,
		Rule: "Controls that say who does what, how often, what happens to exceptions, and which evidence remains."}
	for i := range o.Controls {
		k := &o.Controls[i].Control
		c.count(filled(k.Who, k.What, k.HowOften, k.Exceptions, k.Evidence), o.Controls[i].Ref)
	}
	return c
}

func (o *Overview) coveredObjectives() Component {
	c := Component{Key: "coverage", Label: "Objectives and risks answered", Weight: 10,
		Rule: "Objectives with at least one control, and risks that a control or a stated response answers."}
	for i := range o.Objectives {
		if l := &o.Objectives[i]; !l.EntityLevel() {
			c.count(len(l.Controls) > 0, l.Ref)
		}
	}
	for i := range o.Risks {
		c.count(o.Risks[i].Answered(), o.Risks[i].Ref)
	}
	return c
}

func (o *Overview) activeOwners() Component {
	c := Component{Key: "owners", Label: "Owners active", Weight: 5,
		Rule: "Controls whose owner is named and holds the position today."}
	for i := range o.Controls {
		c.count(o.Controls[i].Owner.Active, o.Controls[i].Ref)
	}
	return c
}

func (o *Overview) evidenceThere() Component {
	c := Component{Key: "evidence", Label: "Evidence there", Weight: 20,
		Rule: "Occurrences expected of the controls before today that evidence covers."}
	for i := range o.Controls {
		e := &o.Controls[i].Evidence
		c.Done += e.Covered
		c.Of += e.Expected
		switch {
		case e.Overdue() > 0:
			c.Missing = append(c.Missing, o.Controls[i].Ref)
		case e.Expected > 0:
			c.Met = append(c.Met, o.Controls[i].Ref)
		}
	}
	return c
}

func (o *Overview) ownTests() Component {
	c := Component{Key: "tests", Label: "Controls tested", Weight: 20,
		Rule: "Controls on which testing came to an end: concluded effective, or with an exception."}
	if o.By == soc1.ByManagement {
		c.Label = "Own tests done"
	}
	for i := range o.Controls {
		s := o.Controls[i].Status
		c.count(s == Effective || s == Exception, o.Controls[i].Ref)
	}
	return c
}

func (o *Overview) noOpenExceptions() Component {
	c := Component{Key: "exceptions", Label: "Exceptions settled", Weight: 10,
		Rule: "Controls under test that are without an exception, or whose exceptions led to an effective conclusion."}
	for i := range o.Controls {
		if s := o.Controls[i].Status; s != NotTested {
			c.count(s != Exception, o.Controls[i].Ref)
		}
	}
	return c
}

// describedSystem asks for a section with text for each criterion of a fair
// description.
func (o *Overview) describedSystem() Component {
	c := Component{Key: "description", Label: "Description sections present", Weight: 5,
		Rule: "Criteria D1 to D8, and D9 for a Type II report, that have a section with text; D6 where there are subservice organizations."}
	for _, criterion := range o.criteria() {
		c.Of++
		met, missing := o.sections(criterion)
		c.Met, c.Missing = append(c.Met, met...), append(c.Missing, missing...)
		if len(met) > 0 {
			c.Done++
		}
	}
	return c
}

// Undescribed are the criteria that no section with text answers.
func (o *Overview) Undescribed() []soc1.Criterion {
	return slices.DeleteFunc(o.criteria(), func(c soc1.Criterion) bool { met, _ := o.sections(c); return len(met) > 0 })
}

// criteria are those that ask for a section. That nothing is omitted, D10, is
// no section, and D9 is asked of a period only.
func (o *Overview) criteria() []soc1.Criterion {
	out := []soc1.Criterion{soc1.D1, soc1.D2, soc1.D3, soc1.D4, soc1.D5}
	if len(o.records.Subservice) > 0 {
		out = append(out, soc1.D6)
	}
	out = append(out, soc1.D7, soc1.D8)
	if o.Engagement.Value.Type != soc1.Type1 {
		out = append(out, soc1.D9)
	}
	return out
}

// sections are those of a criterion, with and without text.
func (o *Overview) sections(criterion soc1.Criterion) (met, missing []soc1.Ref) {
	for i := range o.records.Sections {
		x := &o.records.Sections[i]
		switch {
		case x.Value.Criterion != criterion || !o.concerns(x.Value.Engagement):
		case filled(x.Value.Body):
			met = append(met, x.Ref())
		default:
			missing = append(missing, x.Ref())
		}
	}
	return met, missing
}

// concerns reports whether a record of an engagement belongs to the question;
// one that names none belongs to every report.
func (o *Overview) concerns(engagement string) bool {
	return engagement == "" || o.Question.Engagement == "" || engagement == o.Question.Engagement
}
