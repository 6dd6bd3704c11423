package overview

import "reperform/soc1"

// Month is what one control's occurrences that ended in one month amount to.
type Month struct {
	// Expected are those that are due, Covered those of them with evidence.
	Expected, Covered int
	// Coming are those of the month that are not due yet.
	Coming int
}

// Missing is how many occurrences of the month are due and have no evidence.
func (m Month) Missing() int { return m.Expected - m.Covered }

// Months are the first days of the months of the period, in order.
func (o *Overview) Months() []soc1.Date {
	var out []soc1.Date
	if !o.Period.From.Valid() || !o.Period.To.Valid() {
		return nil
	}
	for m := soc1.NewDate(o.Period.From.Year(), o.Period.From.Month(), 1); m != "" && m <= o.Period.To; m = m.AddMonths(1) {
		out = append(out, m)
	}
	return out
}

// MonthsOf are the months of each control, in the order of Controls and Months:
// what Coverage counts, by the month in which each occurrence ended.
func (o *Overview) MonthsOf() [][]Month {
	months := o.Months()
	first := 0
	if len(months) > 0 {
		first = months[0].Year()*12 + months[0].Month()
	}
	room := make([]Month, len(months)*len(o.Controls))
	out := make([][]Month, len(o.Controls))
	for at := range o.Controls {
		line := room[at*len(months) : (at+1)*len(months)]
		o.cover.occurrences(at, func(s *segment, i int, due, covered bool) {
			end := s.days.to[i]
			m := &line[int(end/10000)*12+int(end/100%100)-first]
			switch {
			case !due:
				m.Coming++
			case covered:
				m.Expected++
				m.Covered++
			default:
				m.Expected++
			}
		})
		out[at] = line
	}
	return out
}
