package remediation

import (
	"maps"
	"slices"

	"reperform/soc1"
)

// Sum is what plans take, all together.
type Sum struct {
	// Open, Late and Closed are numbers of plans; Reopened of those closed before.
	Open, Late, Closed, Reopened int
	// HoursEstimated and HoursActual are hours of people's work.
	HoursEstimated, HoursActual int64
	// CostEstimated and CostActual are what others are paid, one amount for each
	// currency, in the order of the codes.
	CostEstimated, CostActual []soc1.Money
	// ClosedDays is how many days closed plans took from begin to closing, all
	// together; TimedPlans how many of them name a begin.
	ClosedDays, TimedPlans int
}

// SumOf adds plans up.
func SumOf(plans []*Plan) Sum {
	var s Sum
	estimated, actual := map[string]int64{}, map[string]int64{}
	for _, p := range plans {
		v := p.Value
		switch {
		case p.Stage == Closed:
			s.Closed++
			if v.Begin != "" && v.Begin <= p.ClosedOn {
				s.ClosedDays += v.Begin.DaysUntil(p.ClosedOn)
				s.TimedPlans++
			}
		default:
			s.Open++
			if p.LateDays > 0 {
				s.Late++
			}
			if p.Reopened() != "" {
				s.Reopened++
			}
		}
		s.HoursEstimated += v.HoursEstimated
		s.HoursActual += v.HoursActual
		if v.CostEstimated.Currency != "" {
			estimated[v.CostEstimated.Currency] += v.CostEstimated.Minor
		}
		if v.CostActual.Currency != "" {
			actual[v.CostActual.Currency] += v.CostActual.Minor
		}
	}
	s.CostEstimated, s.CostActual = amounts(estimated), amounts(actual)
	return s
}

func amounts(by map[string]int64) []soc1.Money {
	var out []soc1.Money
	for _, c := range slices.Sorted(maps.Keys(by)) {
		out = append(out, soc1.Money{Minor: by[c], Currency: c})
	}
	return out
}
