package evaluation

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"reperform/english"
	"reperform/sampling"
	"reperform/soc1"
)

// SampleFigures evaluate a sample on all its items together, those of every
// expansion included.
type SampleFigures struct {
	// Planned is the number of items of the plan, Allowed the number of
	// deviations up to which it supports reliance.
	Planned int64 `json:"planned"`
	Allowed int64 `json:"allowed"`
	// AboveAllowed says that more items deviate than the plan allows.
	AboveAllowed bool `json:"above_allowed"`
	// ZeroTolerance repeats the plan: any deviation means to expand or fail.
	ZeroTolerance bool `json:"zero_tolerance,omitempty"`
	// Expanded says that items were added; First is how many deviations the
	// items of the first draw hold.
	Expanded bool  `json:"expanded,omitempty"`
	First    int64 `json:"first_deviations"`
	// Stage is the decision of a plan of two stages: accept, extend or fail.
	Stage sampling.Decision `json:"stage,omitempty"`
	// Model and Confidence are those of the plan, else of the engagement.
	Model      sampling.Model `json:"model,omitempty"`
	Confidence *sampling.Rate `json:"confidence,omitempty"`
	// Upper is the upper limit as a fraction with 12 places, UpperPercent in
	// percent rounded up to a tenth; empty where no confidence is known.
	Upper        string `json:"upper,omitempty"`
	UpperPercent string `json:"upper_percent,omitempty"`
	// Tolerable is the rate compared with; nil where there is none. A size from
	// a frequency table promises no rate, so there it is only the plan's own.
	Tolerable *sampling.Rate `json:"tolerable,omitempty"`
	// Exceeds says whether the limit lies above the tolerable rate, exactly;
	// nil where one of the two is unknown.
	Exceeds *bool `json:"exceeds,omitempty"`
}

// Unsampled says what a sample of the planned size would have found where a
// census found deviations.
type Unsampled struct {
	// N is the planned size, Basis where it comes from.
	N     int64  `json:"n"`
	Basis string `json:"basis"`
	// Probability is the exact probability that N items drawn at random hold
	// none of the deviations, as a fraction; Text in percent.
	Probability string `json:"probability"`
	Text        string `json:"text"`
}

// rates computes the observed rate and, for a sample, its evaluation.
func (g *testFile) rates(out *Figures, deviating *itemSet) error {
	out.DeviationsAtLeast, out.DeviationItems = deviating.bounds(out.Tested)
	if out.DeviationsAtLeast < out.DeviationItems {
		out.Notes = append(out.Notes, fmt.Sprintf("Groups of exceptions may share items: between %d and %d items deviate.", out.DeviationsAtLeast, out.DeviationItems))
	}
	if out.Tested == 0 {
		return nil
	}
	if out.DeviationItems > out.Tested {
		out.Why = append(out.Why, fmt.Sprintf("%s %s and only %d counted as tested.", english.Count(out.DeviationItems, "item"), english.Choose(out.DeviationItems, "deviates", "deviate"), out.Tested))
		return nil
	}
	rate, err := sampling.NewRate(out.DeviationItems, out.Tested)
	if err != nil {
		return err
	}
	out.Rate = &rate
	if out.Method != soc1.SampleMethod {
		return nil
	}
	first := map[string]bool{}
	for _, key := range g.draw.items[:g.draw.first] {
		first[key] = true
	}
	plan := g.test.Value.SamplePlan
	s := &SampleFigures{Planned: int64(plan.N), Allowed: int64(plan.Allowed), ZeroTolerance: plan.ZeroTolerance, Expanded: g.draw.expanded(),
		AboveAllowed: out.DeviationItems > int64(plan.Allowed)}
	for key := range deviating.keys {
		if first[key] {
			s.First++
		}
	}
	out.Sample = s
	return g.evaluate(out, s)
}

// modelOf is the model of a plan, else the engagement's; a plan that names a
// frequency table and no model is sized by the table.
func modelOf(p soc1.SamplePlan, m soc1.Method) soc1.SamplingModel {
	switch {
	case p.Model != "":
		return p.Model
	case p.FrequencyTable != "" || m.Model == "":
		return soc1.FrequencyTable
	}
	return m.Model
}

// evaluate computes the upper limit by the plan's model and confidence, else by
// the engagement's. A frequency table and a plan of two stages evaluate by the
// binomial model; the latter also by its own rule.
func (g *testFile) evaluate(out *Figures, s *SampleFigures) error {
	plan, method := g.test.Value.SamplePlan, g.Engagement.Value.Method
	confidence, tolerable, model := plan.Confidence, plan.Tolerable, modelOf(plan, method)
	if confidence == 0 {
		confidence = method.Confidence
	}
	if tolerable == 0 && model.Statistical() {
		tolerable = method.Tolerable
	}
	if confidence == 0 {
		out.Notes = append(out.Notes, "Neither the plan nor the engagement states a confidence, so there is no upper limit.")
		return nil
	}
	c, err := sampling.BasisPoints(int64(confidence))
	if err != nil {
		return err
	}
	in := sampling.EvalInput{Model: evaluationModel(model), Confidence: c, N: out.Tested, K: out.DeviationItems}
	if in.Model == sampling.Hypergeometric {
		in.Population = out.PopulationRows
		if in.Population < in.N {
			out.Notes = append(out.Notes, "The size of the population is not known, so the hypergeometric model gives no upper limit.")
			return nil
		}
	}
	e, err := sampling.Evaluate(in)
	if err != nil {
		return err
	}
	s.Model, s.Confidence, s.Upper, s.UpperPercent = in.Model, &c, e.Upper, e.PercentCeil()
	if tolerable == 0 {
		why := "neither the plan nor the engagement states one"
		if !model.Statistical() {
			why = "the size comes from a frequency table, which promises none"
		}
		out.Notes = append(out.Notes, fmt.Sprintf("The upper limit of %s at %s confidence is compared with no tolerable rate: %s.", s.UpperPercent, confidence.Percent(), why))
		return nil
	}
	t, err := sampling.BasisPoints(int64(tolerable))
	if err != nil {
		return err
	}
	exceeds := e.Exceeds(t)
	s.Tolerable, s.Exceeds = &t, &exceeds
	if model == soc1.Sequential {
		return g.stages(out, s, sampling.PlanInput{Model: sampling.Binomial, Confidence: c, Tolerable: t})
	}
	return nil
}

func evaluationModel(m soc1.SamplingModel) sampling.Model {
	switch m {
	case soc1.Poisson:
		return sampling.Poisson
	case soc1.Hypergeometric:
		return sampling.Hypergeometric
	}
	return sampling.Binomial
}

// stages applies the decision rule of a plan of two stages to the deviations of
// each. A failed plan exceeds, whatever the limit on all items says.
func (g *testFile) stages(out *Figures, s *SampleFigures, in sampling.PlanInput) error {
	plan, err := sampling.PlanSequential(in)
	if err != nil {
		return err
	}
	s.Stage = plan.Stages[0].Decide(s.First)
	if s.Stage == sampling.Extend && s.Expanded {
		s.Stage = plan.Stages[1].Decide(out.DeviationItems - s.First)
	}
	s.AboveAllowed = s.Stage == sampling.Fail
	exceeds := *s.Exceeds || s.Stage == sampling.Fail
	s.Exceeds = &exceeds
	return nil
}

// unsampled states what the planned sample would have found of the deviations
// of a census, in all and by attribute.
func (g *testFile) unsampled(out *Figures) {
	if !out.Census() || out.DeviationItems == 0 || out.Rate == nil {
		return
	}
	if out.DeviationsAtLeast == out.DeviationItems {
		out.Unsampled = g.missed(out, out.Tested, out.DeviationItems)
	}
	for i := range out.Attributes {
		a := &out.Attributes[i]
		if n := a.Total() - a.NotApplicable; a.Deviations > 0 && a.Deviations <= n {
			a.Unsampled = g.missed(out, n, a.Deviations)
		}
	}
}

// missed is the probability that the planned sample of so many items holds none
// of the deviations; nil with a note where no plan can be made.
func (g *testFile) missed(out *Figures, items, deviations int64) *Unsampled {
	n, basis, err := g.plannedSize(items)
	if err == nil {
		n = min(n, items)
		var p *big.Rat
		if p, err = sampling.ProbabilityNone(items, deviations, n); err == nil {
			return &Unsampled{N: n, Basis: basis, Probability: fraction(p), Text: sampling.ProbabilityText(p)}
		}
	}
	note := fmt.Sprintf("What a sample would have found is not stated: %v.", err)
	if !slices.Contains(out.Notes, note) {
		out.Notes = append(out.Notes, note)
	}
	return nil
}

// fraction writes a probability exactly while that is short enough to be read,
// and with 12 places otherwise.
func fraction(p *big.Rat) string {
	if s := p.RatString(); len(s) <= 40 {
		return s
	}
	return p.FloatString(12)
}

// Where a method states a statistical model and no rates, it means these.
const (
	usualConfidence soc1.BasisPoints = 9500
	usualTolerable  soc1.BasisPoints = 500
)

// plannedSize is the size that the engagement's method gives for the control: a
// statistical plan, else its frequency table, else the suggested one, in the
// column of low risk unless the method says high.
func (g *testFile) plannedSize(items int64) (int64, string, error) {
	m := g.Engagement.Value.Method
	if m.Model.Statistical() {
		return plannedByModel(m, items)
	}
	name := m.FrequencyTable
	if name == "" {
		name = sampling.SuggestedTable
	}
	table, err := g.table(name)
	if err != nil {
		return 0, "", err
	}
	risk := sampling.LowRisk
	if m.Risk == soc1.HighRisk {
		risk = sampling.HighRisk
	}
	frequency := sampling.Frequency(g.control.Value.Frequency)
	if frequency == "" {
		frequency = sampling.AsNeeded
	}
	size, err := table.Size(sampling.SizeInput{Frequency: frequency, Risk: risk, Population: items})
	if err != nil {
		return 0, "", err
	}
	return size.Items, fmt.Sprintf("%s, %s risk: %s", size.Table, risk, size.Basis), nil
}

func plannedByModel(m soc1.Method, rows int64) (int64, string, error) {
	in := sampling.PlanInput{Model: evaluationModel(m.Model)}
	m.Confidence, m.Tolerable = cmp.Or(m.Confidence, usualConfidence), cmp.Or(m.Tolerable, usualTolerable)
	var err error
	for _, r := range []struct {
		bp soc1.BasisPoints
		to *sampling.Rate
	}{{m.Confidence, &in.Confidence}, {m.Tolerable, &in.Tolerable}, {m.Expected, &in.Expected}} {
		if *r.to, err = sampling.BasisPoints(int64(r.bp)); err != nil {
			return 0, "", err
		}
	}
	if in.Model == sampling.Hypergeometric {
		in.Population = rows
	}
	basis := fmt.Sprintf("%s plan, %s confidence, tolerable %s, expected %s", m.Model, m.Confidence.Percent(), m.Tolerable.Percent(), m.Expected.Percent())
	if m.Model == soc1.Sequential {
		plan, err := sampling.PlanSequential(in)
		if err != nil {
			return 0, "", err
		}
		return plan.Stages[0].Items, basis + ", first stage", nil
	}
	plan, err := sampling.Plan(in)
	return plan.N, basis, err
}

// table finds a frequency table among the firm's own and the package's.
func (f *File) table(name string) (sampling.FrequencyTable, error) {
	if len(f.Tables) > 0 {
		if t, err := sampling.FindFrequencyTable(name, f.Tables...); err == nil {
			return t, nil
		}
	}
	return sampling.FindFrequencyTable(name)
}
