package scoping

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// PeriodQuestion is for which user entities and within which bounds a period is
// wanted.
type PeriodQuestion struct {
	// Entities are the customers, Services those of the report; none mean all.
	Entities []record.Typed[soc1.UserEntity]
	Services []string
	// On is the day of the question.
	On soc1.Date
	// From is the earliest first day; Fixed says that the period begins on it.
	From  soc1.Date
	Fixed bool
	// Prior is the period of the Type II report before it, empty without one.
	Prior Window
	// Deadline is when the report is needed, empty without one.
	Deadline soc1.Date
	// Months is the length wanted, ShortestMonths to LongestMonths; zero asks for
	// every length.
	Months int
}

// Proposal is a period with what it means for user entities.
type Proposal struct {
	Window
	// Months is its length, begun months counted whole.
	Months int
	// ReportBy is about when the report is out.
	ReportBy soc1.Date
	// Late tells that this is after the deadline.
	Late bool
	// Coverage is by year-end.
	Coverage []Coverage
	// Entities is how many user entities there are; of them need Letters a bridge
	// letter, have Open a gap that no letter customarily spans, and have Whole every
	// day of their fiscal year within a report.
	Entities, Letters, Open, Whole int64
	// Without is how many months user entities are without a report, added up: from
	// the period's end to their year-ends, and, where there was no report before,
	// from the first possible end of a period to this one's.
	Without int64
	// Share is the mean share of their fiscal years within the period, exactly.
	Share *big.Rat
	// Reasons say what speaks for it and against it.
	Reasons []string
}

// ShareBP is the mean share in hundredths of a percent, rounded down.
func (p *Proposal) ShareBP() soc1.BasisPoints {
	if p.Share == nil {
		return 0
	}
	n := new(big.Int).Mul(p.Share.Num(), big.NewInt(10_000))
	return soc1.BasisPoints(n.Quo(n, p.Share.Denom()).Int64())
}

// ahead is how many months after the first possible end ends are tried.
const ahead = 14

// Propose lists the periods that are possible, the best first: those in time for the
// deadline; of these, those that leave user entities without a report for the fewest
// months, added up; then those that cover most of their fiscal years; then those with
// the fewest letters; then the longer and the earlier. Every period ends with a
// month. Without user entities there is nothing to propose by, and
// nothing is proposed.
func Propose(q PeriodQuestion) []Proposal {
	if !q.From.Valid() || !q.On.Valid() {
		return nil
	}
	lengths := [2]int{ShortestMonths, LongestMonths}
	if q.Months != 0 {
		lengths = [2]int{q.Months, q.Months}
	}
	var out []Proposal
	add := func(w Window, months int) {
		groups := Groups(q.Entities, q.Services, w.From, w.To)
		if len(groups) == 0 {
			return
		}
		out = append(out, q.weigh(w, months, groups))
	}
	first := monthEnd(q.From, lengths[0]-1)
	if !q.Fixed {
		// A period that ended long ago is of no use as a first one; after a report it
		// closes the gap.
		first = max(first, q.earliest())
	}
	for n := 0; n <= ahead; n++ {
		end := monthEnd(first, n)
		if q.Fixed {
			months := monthsOf(q.From, end)
			if months >= lengths[0] && months <= lengths[1] {
				add(Window{q.From, end}, months)
			}
			continue
		}
		for months := lengths[0]; months <= lengths[1]; months++ {
			if from := soc1.NewDate(end.Year(), end.Month(), 1).AddMonths(1 - months); from >= q.From {
				add(Window{from, end}, months)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Proposal) int {
		return cmp.Or(compareBool(a.Late, b.Late), cmp.Compare(a.Without, b.Without), -a.Share.Cmp(b.Share), cmp.Compare(a.Letters, b.Letters),
			-cmp.Compare(a.Months, b.Months), cmp.Compare(a.To, b.To))
	})
	return out
}

// earliest is the first month's end on which a period can end.
func (q PeriodQuestion) earliest() soc1.Date {
	return max(monthEnd(q.From, ShortestMonths-1), monthEnd(q.On, -1))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// monthsOf is the length of a period that ends with a month, in months; a month
// that is only begun counts whole.
func monthsOf(from, to soc1.Date) int {
	return (to.Year()-from.Year())*12 + to.Month() - from.Month() + 1
}

// Weigh is a period with what it means, as a proposal; for a period that somebody
// chose otherwise.
func (q PeriodQuestion) Weigh(w Window) Proposal {
	return q.weigh(w, monthsOf(w.From, w.To), Groups(q.Entities, q.Services, w.From, w.To))
}

func (q PeriodQuestion) weigh(w Window, months int, groups []YearGroup) Proposal {
	p := Proposal{Window: w, Months: months, ReportBy: monthsOn(w.To, ReportMonths), Coverage: Cover(groups, w, q.Prior), Share: new(big.Rat)}
	p.Late = q.Deadline != "" && p.ReportBy > q.Deadline
	wait := 0
	if !q.Fixed {
		wait = max(0, monthsOf(q.earliest(), w.To)-1)
	}
	for _, c := range p.Coverage {
		p.Entities += c.Entities
		p.Without += c.Entities * int64(c.GapMonths+wait)
		switch c.Bridge {
		case BridgeLetter:
			p.Letters += c.Entities
		case TooLong:
			p.Open += c.Entities
		}
		if c.Whole() {
			p.Whole += c.Entities
		}
		p.Share.Add(p.Share, new(big.Rat).Mul(big.NewRat(int64(c.Days), int64(c.Of)), new(big.Rat).SetInt64(c.Entities)))
	}
	if p.Entities > 0 {
		p.Share.Quo(p.Share, new(big.Rat).SetInt64(p.Entities))
	}
	q.reasons(&p)
	return p
}

// reasons say in words what a period means.
func (q PeriodQuestion) reasons(p *Proposal) {
	say := func(format string, args ...any) { p.Reasons = append(p.Reasons, fmt.Sprintf(format, args...)) }
	if q.Fixed {
		say("It begins on %s, the day after the last report: no day is without one.", p.From)
	}
	if p.Entities > 0 {
		say("It covers %s of user entities’ fiscal years on average; with the report before it, every day for %d of %d.", p.ShareBP().Percent(), p.Whole, p.Entities)
	}
	if p.Letters > 0 {
		say("%s a bridge letter of up to %s.", english.Count(p.Letters, "user entity")+english.Choose(p.Letters, " needs", " need"), monthsWord(longest(p.Coverage, BridgeLetter)))
	}
	if p.Open > 0 {
		say("For %s, up to %s lie between the period and the year-end, more than the %d that a bridge letter customarily spans.", english.Count(p.Open, "user entity"), monthsWord(longest(p.Coverage, TooLong)), BridgeMonths)
	}
	if p.Letters == 0 && p.Open == 0 && p.Entities > 0 {
		say("It reaches every year-end: no bridge letter is needed.")
	}
	switch {
	case p.Late:
		say("The report is out about %s, after %s, when it is needed.", p.ReportBy, q.Deadline)
	case q.Deadline != "":
		say("The report is out about %s, in time for %s.", p.ReportBy, q.Deadline)
	default:
		say("The report is out about %s.", p.ReportBy)
	}
	if p.To < q.On && p.Months >= ShortestMonths {
		say("The period is over: testing can begin at once.")
	}
}

// longest is the longest gap of one kind, in months.
func longest(list []Coverage, b Bridge) int {
	n := 0
	for _, c := range list {
		if c.Bridge == b {
			n = max(n, c.GapMonths)
		}
	}
	return n
}

// Question is the question about a period that follows from a recommendation.
func (r Recommendation) Question(entities []record.Typed[soc1.UserEntity], a soc1.InterviewAnswers, on soc1.Date, prior Window) PeriodQuestion {
	q := PeriodQuestion{Entities: entities, On: on, From: r.From, Fixed: r.Fixed, Prior: prior}
	if r.Type == soc1.AdviseType2 {
		// The first report that is needed is this one, and not a Type I before it.
		q.Deadline = a.Deadline
	}
	for i, s := range r.Services {
		if s.SOC1 && a.Services[i].Service != "" {
			q.Services = append(q.Services, a.Services[i].Service)
		}
	}
	return q
}
