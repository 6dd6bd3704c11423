package overview

import "reperform/soc1"

// Fraction is a number of a whole, each with its records.
type Fraction struct {
	N, Of int
	// Refs are the records counted in N.
	Refs []soc1.Ref
}

// Figures are the numbers at the top of the home page.
type Figures struct {
	Readiness Readiness
	// Tested are controls on which testing came to an end, of all.
	Tested Fraction
	// OpenExceptions are exceptions that nobody decided, of all found; High
	// those of them that are high.
	OpenExceptions Fraction
	High           Fraction
	// Overdue are occurrences due that have no evidence, of all due; Refs are
	// the controls concerned.
	Overdue Fraction
}

// Figures works them out.
func (o *Overview) Figures() Figures {
	f := Figures{Readiness: o.Readiness()}
	f.Tested = Fraction{N: o.Mix.Tested(), Of: o.Mix.Total()}
	f.OpenExceptions.Of = len(o.Exceptions)
	for i := range o.Controls {
		line := &o.Controls[i]
		if line.Status == Effective || line.Status == Exception {
			f.Tested.Refs = append(f.Tested.Refs, line.Ref)
		}
		f.Overdue.Of += line.Evidence.Expected
		if n := line.Evidence.Overdue(); n > 0 {
			f.Overdue.N += n
			f.Overdue.Refs = append(f.Overdue.Refs, line.Ref)
		}
	}
	for i := range o.Exceptions {
		x := &o.Exceptions[i]
		if x.Status != soc1.Open {
			continue
		}
		f.OpenExceptions.N++
		f.OpenExceptions.Refs = append(f.OpenExceptions.Refs, x.Ref)
		if x.High {
			f.High.N++
			f.High.Refs = append(f.High.Refs, x.Ref)
		}
	}
	f.High.Of = f.OpenExceptions.N
	return f
}

// Point is one day of a trend.
type Point struct {
	Day            soc1.Date
	Readiness      int
	Tested         int
	OpenExceptions int
	Overdue        int
	// Findings are those of the rules that are open and critical or high; whoever
	// ran the rules sets it.
	Findings int
}

// Point is the overview as one day of a trend: the same numbers as Figures.
func (o *Overview) Point() Point {
	f := o.Figures()
	return Point{Day: o.Question.Today, Readiness: f.Readiness.Score, Tested: f.Tested.N, OpenExceptions: f.OpenExceptions.N, Overdue: f.Overdue.N}
}

// Trend asks the same question of several days, oldest first. at gives the
// records as they were known and in force on a day; the question's own Today is
// replaced by it. Points of days past never change and may be kept for ever.
func Trend(q Question, days []soc1.Date, at func(soc1.Date) (*Records, error)) ([]Point, error) {
	out := make([]Point, 0, len(days))
	for _, day := range days {
		r, err := at(day)
		if err != nil {
			return nil, err
		}
		q.Today = day
		o, err := r.Make(q)
		if err != nil {
			return nil, err
		}
		out = append(out, o.Point())
	}
	return out, nil
}

// MonthEnds lists the last days of the n months before today's, oldest first,
// and today itself: the days of a trend.
func MonthEnds(today soc1.Date, n int) []soc1.Date {
	first := soc1.NewDate(today.Year(), today.Month(), 1)
	out := make([]soc1.Date, 0, n+1)
	for i := n - 1; i >= 0; i-- {
		if d := first.AddMonths(-i).AddDays(-1); d != "" {
			out = append(out, d)
		}
	}
	return append(out, today)
}

// Forecast says when a score would reach a target at the pace of a trend.
type Forecast struct {
	// From and To are the points that the pace was taken from.
	From, To Point
	// Gain is the score gained between them, over Days days.
	Gain, Days int
	// On is the day on which the target is reached at that pace; empty when
	// the score does not rise, when there are fewer than two points, and when
	// the day is beyond the calendar.
	On soc1.Date
	// Reached says that the target is reached already.
	Reached bool
}

// Project continues the straight line from the oldest point of the last span
// days to the newest one: a rule of thumb that is shown with its two points,
// and no more than that. Points are in the order of their days.
func Project(points []Point, target, span int) Forecast {
	var f Forecast
	if len(points) == 0 {
		return f
	}
	f.To = points[len(points)-1]
	f.From = f.To
	for i := len(points) - 1; i >= 0 && points[i].Day.DaysUntil(f.To.Day) <= span; i-- {
		f.From = points[i]
	}
	f.Gain, f.Days = f.To.Readiness-f.From.Readiness, f.From.Day.DaysUntil(f.To.Day)
	if f.Reached = f.To.Readiness >= target; f.Reached {
		f.On = f.To.Day
		return f
	}
	if f.Gain <= 0 || f.Days <= 0 {
		return f
	}
	// Rounded up: on the day named the line has reached the target.
	f.On = f.To.Day.AddDays(((target-f.To.Readiness)*f.Days + f.Gain - 1) / f.Gain)
	return f
}
