package sampling_test

import (
	"fmt"
	"slices"

	"reperform/sampling"
)

// A control is planned for, one deviation is found, and the sample is evaluated
// and expanded.
func Example() {
	in := sampling.PlanInput{
		Model:      sampling.Binomial,
		Confidence: sampling.MustPercent("90"),
		Tolerable:  sampling.MustPercent("5"),
	}
	plan, err := sampling.Plan(in)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("test %d items, %d deviations allowed\n", plan.N, plan.AllowedDeviations)

	result, err := sampling.Evaluate(sampling.EvalInput{Model: in.Model, Confidence: in.Confidence, N: plan.N, K: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("observed %s, upper limit %s (%s), exceeds %s: %v\n",
		result.Observed, result.PercentCeil(), result.Upper, in.Tolerable, result.Exceeds(in.Tolerable))

	advice, err := in.Expand(plan, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("an expansion would add %d items, %d in all\n", advice.Additional, advice.Total)
	// Output:
	// test 45 items, 0 deviations allowed
	// observed 1/45, upper limit 8.4% (0.083709766156), exceeds 5%: true
	// an expansion would add 32 items, 77 in all
}

// Anyone who knows the seed input and the keys draws the same sample.
func ExampleSelect() {
	input := sampling.SeedInput{Algorithm: sampling.Algorithm, Engagement: "ENG-2025-001", Control: "PAY-5.3", PopulationHash: "3f1c"}
	seed, err := input.Seed()
	if err != nil {
		fmt.Println(err)
		return
	}
	var keys []string
	for i := range 60 {
		keys = append(keys, fmt.Sprintf("B%03d", i+1))
	}
	picks, err := sampling.Select(seed, slices.Values(keys), 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, pick := range picks {
		fmt.Printf("%d %s %x\n", pick.Rank, pick.Key, pick.HMAC[:4])
	}
	// Output:
	// 1 B009 01df70d2
	// 2 B049 0dbbfac6
	// 3 B010 0e2b0803
}
