package sampling

import "fmt"

// PlanAllowing is the smallest sample that meets the confidence and tolerable
// rate of the input when as many deviations as allowed are found in it: a plan
// for a number of deviations. The expected rate of the input is not read. Errors
// are those of Plan.
func PlanAllowing(in PlanInput, allowed int64) (PlanResult, error) {
	if allowed < 0 || allowed >= MaxPlan {
		return PlanResult{}, fmt.Errorf("allowed: %d deviations; give a number from 0 to %d", allowed, MaxPlan-1)
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
