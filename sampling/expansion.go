package sampling

import (
	"fmt"

	"reperform/english"
)

// PlanAllowing is the smallest sample that meets the confidence and tolerable
// rate of the input when as many deviations as allowed are found in it: a plan
// for a number of deviations. The expected rate of the input is not read. Errors
// are those of Plan.
func PlanAllowing(in PlanInput, allowed int64) (PlanResult, error) {
	if allowed < 0 || allowed >= MaxPlan {
		return PlanResult{}, fmt.Errorf("allowed: %s; give a number from 0 to %d", english.Count(allowed, "deviation"), MaxPlan-1)
	}
	in.Expected = Rate{}
	if err := in.check(); err != nil {
		return PlanResult{}, err
	}
	meets := func(n int64) bool { return in.meets(n, allowed) }
	last := in.largest()
	if !meets(last) {
		return PlanResult{}, fmt.Errorf("allowed: no %s sample of at most %d items shows with %s confidence that the rate is below %s when %d deviations are found; test every item, or do not rely on the control", in.Model, last, in.Confidence, in.Tolerable, allowed)
	}
	// The tail falls as n grows, so doubling and bisecting finds the smallest.
	high := min(allowed+1, last)
	for !meets(high) {
		high = min(2*high, last)
	}
	n := bisect(min(allowed+1, high), high, meets)
	if err := in.fits(n); err != nil {
		return PlanResult{}, err
	}
	return PlanResult{N: n, AllowedDeviations: allowed}, nil
}

// ExpansionRule is the rule of every Expansion, in words for a working paper.
const ExpansionRule = "The number of deviations allowed by the original plan is kept. " +
	"Items are added to the sample, never replaced; the sample is evaluated once, on all items together. " +
	"An expansion is planned before it is drawn, only where the cause suggests an isolated deviation, " +
	"and is not repeated until it succeeds."

// Expansion is advice as data about a sample that held more deviations than its
// plan allows. It decides nothing: whether to expand is a person's judgment.
type Expansion struct {
	Original   PlanResult `json:"original"`
	Found      int64      `json:"found"`      // deviations found in the original sample
	Needed     bool       `json:"needed"`     // Found is above what the plan allows
	Total      int64      `json:"total"`      // size that meets the plan's rates with Found deviations
	Additional int64      `json:"additional"` // Total less the items already drawn
	Rule       string     `json:"rule"`       // ExpansionRule
}

// Expand advises on the expansion of an original plan in whose sample found
// deviations were confirmed: the size with which the same model, confidence and
// tolerable rate still allow that many (at 90% confidence and 5% tolerable:
// 45, 77, 105 for 0, 1 and 2). When the plan allows what was found, nothing is
// added. Errors are those of PlanAllowing.
func (in PlanInput) Expand(original PlanResult, found int64) (Expansion, error) {
	if original.N < 1 || found < 0 || found > original.N {
		return Expansion{}, fmt.Errorf("found: %s not fit a sample of %s; correct one of them", english.Count(found, "deviation")+english.Choose(found, " does", " do"), english.Count(original.N, "item"))
	}
	advice := Expansion{Original: original, Found: found, Total: original.N, Rule: ExpansionRule}
	if found <= original.AllowedDeviations {
		return advice, nil
	}
	larger, err := PlanAllowing(in, found)
	if err != nil {
		return Expansion{}, err
	}
	advice.Needed = true
	advice.Total = max(larger.N, original.N)
	advice.Additional = advice.Total - original.N
	return advice, nil
}

// PublishedPlan is one cell of a published table of sample sizes.
type PublishedPlan struct {
	Source     string `json:"source"`
	Confidence Rate   `json:"confidence"`
	Tolerable  Rate   `json:"tolerable"`
	PlanResult
}

// FAM450 is the ladder of attribute sample sizes of the GAO/CIGIE Financial
// Audit Manual, section 450 (a public-domain document), at 90% confidence. Only
// 45/0 was confirmed against the manual; the other cells are recalled and
// verified to agree with the binomial model. Some sizes are an item or more
// above the smallest that meets the model (78 where 77 suffices).
func FAM450() []PublishedPlan {
	confidence := MustPercent("90")
	var plans []PublishedPlan
	for _, cell := range []struct {
		tolerable string
		n, k      int64
	}{
		{"5", 45, 0}, {"5", 78, 1}, {"5", 105, 2}, {"5", 132, 3}, {"5", 158, 4}, {"5", 209, 6},
		{"10", 45, 1}, {"10", 78, 4}, {"10", 105, 6}, {"10", 132, 8}, {"10", 158, 10}, {"10", 209, 14},
	} {
		plans = append(plans, PublishedPlan{
			Source:     "GAO FAM 450",
			Confidence: confidence,
			Tolerable:  MustPercent(cell.tolerable),
			PlanResult: PlanResult{N: cell.n, AllowedDeviations: cell.k},
		})
	}
	return plans
}
